//! The catalog's functions beside PostgreSQL 15, whose answers `cases.tsv` holds: as constants and as columns.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema};
use datafusion::common::DFSchema;
use datafusion::logical_expr::{Expr, col};

use super::world::World;
use crate::base::ids::Oid;
use crate::catalog::facts::{Facts, FunctionFact};
use crate::catalog::types::PgType;
use crate::catalog::types::text::TextEncoder;
use crate::error::Result;
use crate::query::evaluate::Evaluation;
use crate::query::functions::registry;
use crate::query::{Environment, ScalarValue, values};

const CASES: &str = include_str!("../functions/registry/cases.tsv");

struct Case<'a> {
    fact: &'a FunctionFact,
    /// `!SQLSTATE`, `\N` or a text.
    answer: &'a str,
    types: Vec<PgType>,
    result: PgType,
    arguments: Vec<Option<String>>,
}

/// A type that a polymorphic one stands for in the cases.
fn concrete(oid: Oid) -> Option<PgType> {
    match oid {
        2283 | 2776 | 5077 | 5079 | 2276 => Some(PgType::Text),
        2277 | 5078 => Some(PgType::Array(Box::new(PgType::Text))),
        oid => PgType::from_oid(oid, -1),
    }
}

fn cases() -> impl Iterator<Item = Case<'static>> {
    CASES.lines().filter_map(|line| {
        let mut fields = line.split('\t');
        // A function that has left the catalog leaves its cases until they are written anew.
        let fact = Facts::shipped().function(fields.next()?.parse().unwrap())?;
        let answer = fields.next()?;
        let arguments: Vec<Option<String>> =
            fields.map(|text| (text != "\\N").then(|| text.replace("\\\\", "\\"))).collect();
        let types: Vec<PgType> = fact.arguments.iter().filter_map(|oid| concrete(*oid)).collect();
        Some(Case { fact, answer, types, result: concrete(fact.result)?, arguments })
    })
}

/// The value of an argument.
fn value(text: Option<&str>, data_type: &PgType, environment: &Environment) -> Result<(ScalarValue, PgType)> {
    let value = match text {
        None => values::null_value(data_type)?,
        Some(text) => values::parse(text, data_type, &environment.style)?,
    };
    Ok((value, data_type.clone()))
}

/// A text in the form that both sides have.
fn normal(text: &str, case: &Case<'_>) -> String {
    match &case.result {
        // The C library of the day decides the last digit.
        PgType::Float8 if case.fact.source == "dcbrt" => text.chars().take(12).collect(),
        _ => text.to_owned(),
    }
}

struct Bench<'a> {
    environment: &'a Arc<Environment>,
    evaluation: Evaluation<'a>,
}

impl Bench<'_> {
    /// The answer to a call, with its arguments as literals or as columns; `None` for what is not implemented.
    fn answer(&mut self, case: &Case<'_>, as_columns: bool) -> Option<String> {
        // A function that panics is one fault among others.
        let run = std::panic::AssertUnwindSafe(|| self.run(case, as_columns));
        let Ok(outcome) = std::panic::catch_unwind(run) else { return Some("a panic".into()) };
        match outcome {
            Ok(answer) => Some(answer),
            Err(error) if error.sqlstate().0 == "0A000" => None,
            Err(error) => Some(format!("!{}", error.sqlstate().0)),
        }
    }

    fn run(&mut self, case: &Case<'_>, as_columns: bool) -> Result<String> {
        let mut fields = Vec::new();
        let mut arguments = Vec::new();
        let mut arrays = Vec::new();
        for (index, (text, data_type)) in case.arguments.iter().zip(&case.types).enumerate() {
            let (value, own) = value(text.as_deref(), data_type, self.environment)?;
            let name = format!("c{index}");
            fields.push(own.field(&name, true));
            arguments.push(if as_columns { col(&name) } else { values::constant(value.clone(), &own) });
            arrays.push(value.to_array_of_size(2).unwrap());
        }
        let schema = Arc::new(Schema::new(fields));
        let rows = RecordBatch::try_new(Arc::clone(&schema), arrays).unwrap();
        let schema = DFSchema::try_from(schema.as_ref().clone()).unwrap();
        let expr: Expr = registry::call(case.fact, arguments, &case.types, &case.result)?;
        let data_type = case.result.clone();
        let array = self.evaluation.over(&expr, &schema, &rows, &data_type.arrow())?;
        let row = array.len() - 1;
        if array.is_null(row) {
            return Ok("\\N".into());
        }
        let field = Field::new("answer", array.data_type().clone(), true);
        let encoder = TextEncoder::new(&field, &data_type, &self.environment.style).unwrap();
        let mut text = Vec::new();
        encoder.write(array.as_ref(), row, &mut text);
        Ok(String::from_utf8(text).unwrap().replace('\n', " ").replace('\\', "\\\\"))
    }
}

#[tokio::test]
async fn functions_answer_as_postgresql_does() {
    let world = World::new().await;
    let transaction = world.begin().await;
    let environment = world.environment(&transaction, "");
    let mut bench = Bench { environment: &environment, evaluation: Evaluation::new(&world.planner, &environment) };
    let (mut faults, mut compared) = (Vec::new(), 0);
    for case in cases() {
        for as_columns in [false, true] {
            let Some(answer) = bench.answer(&case, as_columns) else { continue };
            compared += 1;
            if normal(&answer, &case) != normal(case.answer, &case) {
                let form = if as_columns { "columns" } else { "constants" };
                let (name, source) = (&case.fact.name, &case.fact.source);
                faults.push(format!(
                    "{name} {source} {:?} as {form}: {answer}, PostgreSQL: {}",
                    case.arguments, case.answer
                ));
            }
        }
    }
    assert!(compared > 2000, "only {compared} calls were compared");
    assert!(faults.is_empty(), "{} of {compared}:\n{}", faults.len(), faults.join("\n"));
}
