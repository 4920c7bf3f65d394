//! Binding of single expressions: defaults, checks, RETURNING lists.

use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, TableReference};
use datafusion::logical_expr::Expr;
use datafusion::sql::planner::{PlannerContext, SqlToRel};
use datafusion::sql::sqlparser::ast;

use super::output::type_of;
use super::parameters::Parameters;
use super::provider::Provider;
use super::{coerce, errors, normalise, operators};
use crate::catalog::types::PgType;
use crate::error::{QueryError, Result};
use crate::query::environment::Environment;
use crate::query::functions::cast::{self, Kind};
use crate::query::functions::convert;
use crate::query::planner::Planner;

/// Binds an expression over the columns of `schema`.
///
/// # Errors
/// PostgreSQL's errors of parse analysis; 0A000 for subqueries, which such expressions may not have.
pub fn bind(
    planner: &Planner,
    environment: &Arc<Environment>,
    expression: &ast::Expr,
    schema: &DFSchema,
    parameters: &Parameters,
    complete: bool,
) -> Result<Expr> {
    let mut expression = expression.clone();
    normalise::expression(&mut expression, parameters, planner)?;
    let provider = Provider::new(planner, environment);
    let mut context = PlannerContext::new().with_prepare_param_data_types(parameters.fields(complete));
    let bound = SqlToRel::new(&provider).sql_to_expr(expression, schema, &mut context).map_err(errors::translate)?;
    refuse_subqueries(&bound)?;
    coerce::expression(bound, schema, &environment.style)
}

fn refuse_subqueries(expr: &Expr) -> Result<()> {
    let mut found = None;
    expr.apply(|expr| {
        match expr {
            Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_) | Expr::SetComparison(_) => {
                found = Some("a subquery in this place");
            }
            Expr::AggregateFunction(_) => found = Some("an aggregate function in this place"),
            Expr::WindowFunction(_) => found = Some("a window function in this place"),
            _ => return Ok(TreeNodeRecursion::Continue),
        }
        Ok(TreeNodeRecursion::Stop)
    })
    .map_err(errors::translate)?;
    match found {
        Some(what) => Err(super::refuse::not_supported(what)),
        None => Ok(()),
    }
}

/// Converts an expression to the type of the column it goes into, as PostgreSQL's assignment does.
///
/// # Errors
/// 42804 when there is no such conversion; 22P02 and the like for literals.
pub fn assign(expr: Expr, schema: &DFSchema, column: &str, target: &PgType, environment: &Environment) -> Result<Expr> {
    let source = type_of(&expr, schema);
    if source == PgType::Unknown {
        // The input function refuses long text, the assignment cuts white space off it first.
        let reading = match target {
            PgType::Varchar(_) => PgType::Text,
            other => other.clone(),
        };
        let expr = operators::coerce_unknown(expr, &reading, &environment.style)?;
        return Ok(if reading == *target { expr } else { cast::expression(expr, target, Kind::Assignment) });
    }
    // A name is a text of bounded length: nothing has to be done to make it one.
    if source == *target || (source == PgType::Name && *target == PgType::Text) {
        return Ok(expr);
    }
    if !convert::is_possible(&source, target, Kind::Assignment) {
        return Err(QueryError::DatatypeMismatch(format!(
            "column \"{column}\" is of type {} but expression is of type {}",
            target.without_typmod(),
            source.without_typmod()
        ))
        .into());
    }
    Ok(cast::expression(expr, target, Kind::Assignment))
}

/// A schema of columns under one qualifier.
///
/// # Errors
/// When two columns have one name.
pub fn schema(qualifier: &str, columns: &[(String, PgType)]) -> Result<DFSchema> {
    let fields: Vec<_> = columns.iter().map(|(name, data_type)| data_type.field(name, true)).collect();
    let schema = arrow::datatypes::Schema::new(fields);
    DFSchema::try_from_qualified_schema(TableReference::bare(qualifier.to_owned()), &schema).map_err(errors::translate)
}
