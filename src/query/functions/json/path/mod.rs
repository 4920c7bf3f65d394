//! `jsonb_path_query` and its siblings, `@?` and `@@`: running a jsonpath over documents.

mod datetime;
mod execute;
mod item;
mod methods;
mod place;
mod predicates;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListBuilder, StringBuilder};

use super::{build, strings};
use crate::catalog::types::Zone;
use crate::catalog::types::json::Value;
use crate::catalog::types::json::path::{JsonPath, parse};
use crate::error::{JsonFault, Result};
use crate::query::functions::json::invalid;
use execute::{Execution, Fault};
use item::Item;

/// What is asked of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    Exists,
    Match,
    Array,
    First,
    /// All items, as a list.
    Rows,
}

/// How a path is run.
#[derive(Clone, Debug)]
pub struct Options {
    pub question: Question,
    /// As an operator: without variables, errors say nothing.
    pub operator: bool,
    /// The zone of the session for whoever may convert between times with and without a zone.
    pub zone: Option<Zone>,
}

enum Answers {
    Truths(Vec<Option<bool>>),
    Documents(StringBuilder),
    Rows(ListBuilder<StringBuilder>),
}

impl Answers {
    fn null(&mut self) {
        match self {
            Self::Truths(truths) => truths.push(None),
            Self::Documents(builder) => builder.append_null(),
            Self::Rows(builder) => builder.append(false),
        }
    }
}

/// The answers of a path: documents, paths, and unless it is an operator variables and whether errors say nothing.
///
/// # Errors
/// Those of SQL/JSON (2203x) unless they are silent, 42704 for a variable that is not there, 0A000 for what needs a
/// time zone.
pub fn run(options: &Options, arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let (documents, paths) = (strings(&arrays[0]), strings(&arrays[1]));
    let rows = documents.len();
    let mut answers = match options.question {
        Question::Exists | Question::Match => Answers::Truths(Vec::with_capacity(rows)),
        Question::Array | Question::First => Answers::Documents(StringBuilder::new()),
        Question::Rows => Answers::Rows(ListBuilder::new(StringBuilder::new())),
    };
    let mut known: Option<(&str, JsonPath)> = None;
    let mut variables: Option<(&str, Value)> = None;
    for row in 0..rows {
        if super::any_null(arrays, row) {
            answers.null();
            continue;
        }
        let text = paths.value(row);
        let path = match known.take() {
            Some((own, path)) if own == text => path,
            _ => parse(text)?,
        };
        let silent = options.operator || arrays[3].as_boolean().value(row);
        let given = if options.operator { "{}" } else { strings(&arrays[2]).value(row) };
        let values = match variables.take() {
            Some((own, values)) if own == given => values,
            _ => Value::of_jsonb(given)?,
        };
        if !matches!(values, Value::Object(_)) {
            return Err(invalid("\"vars\" argument is not an object")
                .detail("Jsonpath parameters should be encoded as key-value pairs of \"vars\" object."));
        }
        let document = Value::of_jsonb(documents.value(row))?;
        let execution = Execution::new(&path, &document, &values, options);
        answer(&mut answers, options.question, execution, &path, silent)?;
        known = Some((text, path));
        variables = Some((given, values));
    }
    Ok(match answers {
        Answers::Truths(truths) => Arc::new(BooleanArray::from(truths)),
        Answers::Documents(mut builder) => Arc::new(builder.finish()),
        Answers::Rows(mut builder) => Arc::new(builder.finish()),
    })
}

fn answer(
    answers: &mut Answers,
    question: Question,
    mut execution: Execution<'_>,
    path: &JsonPath,
    silent: bool,
) -> Result<()> {
    let suppressed = |fault: Fault| match fault {
        Fault::Item(_) if silent => Ok(()),
        Fault::Item(error) | Fault::Always(error) => Err(error),
    };
    match (answers, question) {
        (Answers::Truths(truths), Question::Exists) => match execution.exists(path) {
            Ok(exists) => truths.push(Some(exists)),
            Err(fault) => {
                suppressed(fault)?;
                truths.push(None);
            }
        },
        (Answers::Truths(truths), _) => {
            let mut found = Vec::new();
            execution.run(path, &mut found).or_else(suppressed)?;
            truths.push(match found.as_slice() {
                [Item::Json(value)] => match value.as_ref() {
                    Value::Bool(value) => Some(*value),
                    Value::Null => None,
                    _ => single_boolean(silent)?,
                },
                _ => single_boolean(silent)?,
            });
        }
        (Answers::Documents(builder), Question::First) => {
            let mut found = Vec::new();
            execution.run(path, &mut found).or_else(suppressed)?;
            builder.append_option(found.first().map(|item| item.to_value().to_text()));
        }
        (Answers::Documents(builder), _) => {
            let mut found = Vec::new();
            execution.run(path, &mut found).or_else(suppressed)?;
            let items = found.iter().map(|item| item.to_value().into_owned()).collect();
            builder.append_value(Value::Array(items).to_text());
        }
        (Answers::Rows(builder), _) => {
            let mut found = Vec::new();
            execution.run(path, &mut found).or_else(suppressed)?;
            found.iter().for_each(|item| builder.values().append_value(item.to_value().to_text()));
            builder.append(true);
        }
    }
    Ok(())
}

fn single_boolean(silent: bool) -> Result<Option<bool>> {
    if silent {
        return Ok(None);
    }
    Err(build::fault(JsonFault::SingletonRequired, "single boolean result is expected"))
}
