//! Equality that is not equality of bytes.
//!
//! `1.0` and `1.00` are one number, `1 mon` and `30 days` one interval, `-0` and `0` one float. The engine groups,
//! sorts and joins by what lies in its arrays. So wherever it does that, it is given the *key* of such a value, which
//! is the same for equal ones and ordered as they are, and where a group must be shown, the first of its originals.

use arrow::datatypes::DataType;
use datafusion::common::{JoinType, NullEquality};
use datafusion::functions_aggregate::first_last::first_value_udaf;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};

use super::{build, column, metadata};
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::bind::output::type_of_field;
use crate::query::bind::refuse;
use crate::query::functions::registry;

/// The key of a value; the value itself where that will do.
pub(super) fn of(expr: Expr, data_type: &PgType) -> Expr {
    registry::key(expr.clone(), data_type).unwrap_or(expr)
}

/// Do values of the type have keys of their own?
pub(super) fn has(data_type: &PgType) -> bool {
    registry::key(Expr::default(), data_type).is_some()
}

/// The type of each column of a plan.
fn types(plan: &LogicalPlan) -> Vec<PgType> {
    plan.schema().fields().iter().map(|field| type_of_field(field)).collect()
}

/// The keys of all columns of a plan.
///
/// # Errors
/// As [`check`].
pub(super) fn of_columns(plan: &LogicalPlan) -> Result<Vec<Expr>> {
    plan.schema().fields().iter().try_for_each(|field| check(field.data_type()))?;
    Ok(types(plan).iter().enumerate().map(|(index, data_type)| of(column(plan, index), data_type)).collect())
}

/// Fails with 0A000 for rows among whose fields is one with a key of its own: they are compared as they lie there.
pub(super) fn check(form: &DataType) -> Result<()> {
    let DataType::Struct(fields) = form else { return Ok(()) };
    fields.iter().try_for_each(|field| {
        let data_type = type_of_field(field);
        if matches!(data_type, PgType::Interval | PgType::Float4 | PgType::Float8 | PgType::Json | PgType::Array(_)) {
            return Err(refuse::not_supported(format!("grouping rows with fields of type {data_type}")));
        }
        check(field.data_type())
    })
}

/// Any value of a group: the first one.
pub(super) fn first(expr: Expr) -> Expr {
    Expr::AggregateFunction(AggregateFunction::new_udf(first_value_udaf(), vec![expr], false, None, Vec::new(), None))
}

/// The rows of a plan of which each differs from all others.
pub(super) fn distinct(plan: LogicalPlan) -> Result<LogicalPlan> {
    let types = types(&plan);
    if !types.iter().any(has) {
        return build(LogicalPlanBuilder::from(plan).distinct());
    }
    let width = types.len();
    let names: Vec<String> = plan.schema().fields().iter().map(|field| field.name().clone()).collect();
    let mut groups = Vec::with_capacity(width);
    let mut firsts = Vec::new();
    // Where each column is among the columns of the aggregate.
    let mut places = Vec::with_capacity(width);
    for (index, (key, data_type)) in of_columns(&plan)?.into_iter().zip(&types).enumerate() {
        if has(data_type) {
            places.push(width + firsts.len());
            groups.push(key.alias(format!("key#{index}")));
            firsts.push(first(column(&plan, index)).alias(format!("first#{index}")));
        } else {
            places.push(index);
            groups.push(key);
        }
    }
    let plan = build(LogicalPlanBuilder::from(plan).aggregate(groups, firsts))?;
    let columns =
        places.iter().zip(names).zip(&types).map(|((place, name), data_type)| {
            column(&plan, *place).alias_with_metadata(name, Some(metadata(data_type)))
        });
    let columns: Vec<Expr> = columns.collect();
    build(LogicalPlanBuilder::from(plan).project(columns))
}

/// The rows of `left` that are (`LeftSemi`) or are not (`LeftAnti`) among those of `right`, each once.
pub(super) fn members(left: LogicalPlan, right: LogicalPlan, join: JoinType) -> Result<LogicalPlan> {
    let left = distinct(left)?;
    let types = types(&left);
    let width = types.len();
    let named = |plan: &LogicalPlan, side: &str| -> Result<Vec<Expr>> {
        let keys = of_columns(plan)?.into_iter().enumerate();
        Ok(keys.map(|(index, key)| key.alias(format!("{side}#{index}"))).collect())
    };
    let originals = left.schema().fields().iter().enumerate().map(|(index, field)| {
        column(&left, index).alias_with_metadata(field.name().clone(), Some(metadata(&types[index])))
    });
    let originals: Vec<Expr> = originals.chain(named(&left, "left")?).collect();
    let keys = named(&right, "right")?;
    let left = build(LogicalPlanBuilder::from(left).project(originals))?;
    let right = build(LogicalPlanBuilder::from(right).project(keys))?;
    let columns = |plan: &LogicalPlan, from: usize| -> Vec<datafusion::common::Column> {
        let all = (from..from + width).map(|index| plan.schema().qualified_field(index));
        all.map(datafusion::common::Column::from).collect()
    };
    let on = (columns(&left, width), columns(&right, 0));
    let joined = LogicalPlanBuilder::from(left).join_detailed(right, join, on, None, NullEquality::NullEqualsNull);
    let plan = build(joined)?;
    let visible: Vec<Expr> = (0..width).map(|index| column(&plan, index)).collect();
    build(LogicalPlanBuilder::from(plan).project(visible))
}
