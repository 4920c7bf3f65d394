//! Equality and order of intervals and of jsonb, where no operator is written.
//!
//! An interval is three numbers, months, days and time, and DataFusion compares them one after the other.
//! PostgreSQL compares lengths: a month is 30 days, a day 24 hours. A jsonb is its text, in which `1` and `1.0` are two
//! and 10 comes before 9; PostgreSQL's order is that of a key ([`order::key`]). Operators see to that themselves;
//! this rule does for everything that compares without one:
//!
//! - ORDER BY, in queries, aggregates and windows, and PARTITION BY use the length or the key;
//! - GROUP BY and DISTINCT group by it and show the first value that has it;
//! - `min` and `max` of intervals are PostgreSQL's;
//! - the keys of INTERSECT and EXCEPT are lengths and keys.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, ExprSchema, Result as DataFusionResult};
use datafusion::functions_aggregate::first_last::first_value_udaf;
use datafusion::logical_expr::expr::{AggregateFunction, Sort, WindowFunction, WindowFunctionDefinition};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Aggregate, Distinct, Expr, LogicalPlan, Projection};
use datafusion::optimizer::AnalyzerRule;

use super::output::type_of;
use crate::catalog::types::PgType;
use crate::query::functions::extremes::{self, Choice};
use crate::query::functions::interval::span;
use crate::query::functions::json::order;

/// The rule.
#[derive(Debug)]
pub struct Intervals;

impl AnalyzerRule for Intervals {
    fn name(&self) -> &'static str {
        "kalam_intervals"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> DataFusionResult<LogicalPlan> {
        Ok(plan.transform_up_with_subqueries(rewrite)?.data)
    }
}

fn rewrite(node: LogicalPlan) -> DataFusionResult<Transformed<LogicalPlan>> {
    let mut schema = merge_schema(&node.inputs());
    if let LogicalPlan::TableScan(scan) = &node {
        schema.merge(&scan.projected_schema);
    }
    let names = NamePreserver::new(&node);
    let node = node.map_expressions(|expr| {
        let name = names.save(&expr);
        let measured = expr.transform_up(|expr| measure(expr, &schema))?;
        Ok(if measured.transformed { measured.update_data(|expr| name.restore(expr)) } else { measured })
    })?;
    let node = if node.transformed { node.map_data(LogicalPlan::recompute_schema)? } else { node };
    node.transform_data(|node| match node {
        LogicalPlan::Sort(mut sort) => {
            let changed = measure_order(&mut sort.expr, &schema);
            Ok(if changed {
                Transformed::yes(LogicalPlan::Sort(sort))
            } else {
                Transformed::no(LogicalPlan::Sort(sort))
            })
        }
        LogicalPlan::Aggregate(aggregate) if aggregate.group_expr.iter().any(|expr| is_measured(expr, &schema)) => {
            group(aggregate).map(Transformed::yes)
        }
        LogicalPlan::Distinct(Distinct::All(input)) if has_measured(input.schema()) => {
            let columns = input.schema().columns().into_iter().map(Expr::Column).collect();
            group(Aggregate::try_new(input, columns, Vec::new())?).map(Transformed::yes)
        }
        LogicalPlan::Distinct(Distinct::On(mut on)) => {
            let mut changed = measure_order(on.sort_expr.get_or_insert_default(), &schema);
            if on.sort_expr.as_ref().is_some_and(Vec::is_empty) {
                on.sort_expr = None;
            }
            for expr in &mut on.on_expr {
                changed |= measure_in_place(expr, &schema);
            }
            let node = LogicalPlan::Distinct(Distinct::On(on));
            Ok(if changed { Transformed::yes(node) } else { Transformed::no(node) })
        }
        LogicalPlan::Join(mut join) => {
            let mut changed = false;
            for (left, right) in &mut join.on {
                changed |= measure_in_place(left, join.left.schema()) | measure_in_place(right, join.right.schema());
            }
            let node = LogicalPlan::Join(join);
            Ok(if changed { Transformed::yes(node) } else { Transformed::no(node) })
        }
        other => Ok(Transformed::no(other)),
    })
}

/// Aggregates and windows within an expression.
fn measure(expr: Expr, schema: &DFSchema) -> DataFusionResult<Transformed<Expr>> {
    Ok(match expr {
        Expr::AggregateFunction(mut call) => {
            let changed = measure_aggregate(&mut call, schema);
            let expr = Expr::AggregateFunction(call);
            if changed { Transformed::yes(expr) } else { Transformed::no(expr) }
        }
        Expr::WindowFunction(mut call) => {
            let changed = measure_window(&mut call, schema);
            let expr = Expr::WindowFunction(call);
            if changed { Transformed::yes(expr) } else { Transformed::no(expr) }
        }
        other => Transformed::no(other),
    })
}

fn measure_aggregate(call: &mut AggregateFunction, schema: &DFSchema) -> bool {
    let mut changed = measure_order(&mut call.params.order_by, schema);
    let [argument] = call.params.args.as_mut_slice() else { return changed };
    if !is_measured(argument, schema) {
        return changed;
    }
    match call.func.name() {
        "min" | "max" if is_interval(argument, schema) => {
            call.func = extremes::function(choice(call.func.name()));
            changed = true;
        }
        "count" if call.params.distinct => changed |= measure_in_place(argument, schema),
        _ => {}
    }
    changed
}

fn choice(name: &str) -> Choice {
    if name == "max" { Choice::Longest } else { Choice::Shortest }
}

fn measure_window(call: &mut WindowFunction, schema: &DFSchema) -> bool {
    let mut changed = measure_order(&mut call.params.order_by, schema);
    for expr in &mut call.params.partition_by {
        changed |= measure_in_place(expr, schema);
    }
    if let (WindowFunctionDefinition::AggregateUDF(function), [argument]) = (&call.fun, call.params.args.as_slice()) {
        if matches!(function.name(), "min" | "max") && is_interval(argument, schema) {
            let extreme = extremes::function(choice(function.name()));
            call.fun = WindowFunctionDefinition::AggregateUDF(extreme);
            changed = true;
        }
    }
    changed
}

fn measure_order(order: &mut [Sort], schema: &dyn ExprSchema) -> bool {
    let mut changed = false;
    for sort in order {
        changed |= measure_in_place(&mut sort.expr, schema);
    }
    changed
}

fn measure_in_place(expr: &mut Expr, schema: &dyn ExprSchema) -> bool {
    let key = match type_of(expr, schema) {
        PgType::Interval => span,
        PgType::Jsonb => order::key,
        _ => return false,
    };
    *expr = key(std::mem::take(expr));
    true
}

fn is_interval(expr: &Expr, schema: &dyn ExprSchema) -> bool {
    type_of(expr, schema) == PgType::Interval
}

fn is_measured(expr: &Expr, schema: &dyn ExprSchema) -> bool {
    matches!(type_of(expr, schema), PgType::Interval | PgType::Jsonb)
}

fn has_measured(schema: &DFSchema) -> bool {
    schema.columns().into_iter().any(|column| is_measured(&Expr::Column(column), schema))
}

/// Groups by lengths and keys, and shows one value of each.
fn group(aggregate: Aggregate) -> DataFusionResult<LogicalPlan> {
    let wanted = Arc::clone(&aggregate.schema);
    let schema = Arc::clone(aggregate.input.schema());
    if aggregate.group_expr.iter().any(|expr| matches!(expr, Expr::GroupingSet(_))) {
        return Ok(LogicalPlan::Aggregate(aggregate));
    }
    let mut groups = aggregate.group_expr;
    let groups_count = groups.len();
    let mut calls = aggregate.aggr_expr;
    let calls_count = calls.len();
    // For each group: is it measured, and which of the shown ones?
    let mut places = Vec::with_capacity(groups_count);
    for expr in &mut groups {
        if is_measured(expr, &schema) {
            places.push(groups_count + calls_count + places.iter().filter(|place| **place >= groups_count).count());
            let shown = expr.clone().unalias_nested().data;
            let first =
                if is_interval(&shown, &schema) { extremes::function(Choice::First) } else { first_value_udaf() };
            calls.push(first.call(vec![shown]));
            measure_in_place(expr, schema.as_ref());
        } else {
            places.push(places.len());
        }
    }
    let measured = Aggregate::try_new(aggregate.input, groups, calls)?;
    let columns: Vec<Column> = measured.schema.columns();
    places.extend(groups_count..groups_count + calls_count);
    let shown = places
        .iter()
        .enumerate()
        .map(|(index, place)| {
            let (qualifier, field) = wanted.qualified_field(index);
            Expr::Column(columns[*place].clone()).alias_qualified(qualifier.cloned(), field.name())
        })
        .collect();
    let input = Arc::new(LogicalPlan::Aggregate(measured));
    Ok(LogicalPlan::Projection(Projection::try_new(shown, input)?))
}
