//! GROUP BY and aggregates.

use std::sync::Arc;

use arrow::compute::SortOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column as PlanColumn, ScalarValue};
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::functions_aggregate::grouping::grouping_udaf;
use datafusion::logical_expr::expr::{AggregateFunction, Sort};
use datafusion::logical_expr::{AggregateUDF, Expr, GroupingSet, LogicalPlan, LogicalPlanBuilder, lit};

use super::outer::shifted;
use super::{Lowering, build, column, in_form, keys, pg_type, without_repetition};
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::bind::tree::{Aggregate, Column, Expression, Grouping, Kind, Query, SortKey};
use crate::query::bind::{errors, refuse};
use crate::query::functions::grouped::ordered;
use crate::query::functions::interval::span;
use crate::query::functions::json;
use crate::query::functions::registry;

/// Aggregates that put values one after another.
const ORDERED: [&str; 7] =
    ["array_agg", "string_agg", "json_agg", "jsonb_agg", "json_object_agg", "jsonb_object_agg", "xmlagg"];

impl Lowering<'_> {
    /// Groups and aggregates, if the query has any. From here on they are columns.
    pub(super) fn aggregated(
        &mut self,
        plan: LogicalPlan,
        query: &Query,
        grouping: Option<&Grouping>,
        having: Option<&Expression>,
    ) -> Result<LogicalPlan> {
        let mut calls: Vec<Expression> = Vec::new();
        let mut groupings: Vec<Expression> = Vec::new();
        for expression in query.targets.iter().map(|target| &target.expression).chain(having) {
            expression.walk(0, &mut |found, depth| match &found.kind {
                Kind::Aggregate(aggregate) if aggregate.levels_up == depth => {
                    // From a subquery it is an outer column, and computed here all the same.
                    let depth = isize::try_from(depth).unwrap_or(isize::MAX);
                    let found = if depth == 0 { found.clone() } else { shifted(found, -depth) };
                    if !calls.contains(&found) {
                        calls.push(found);
                    }
                    false
                }
                Kind::Grouping(_) if depth == 0 => {
                    if !groupings.contains(found) {
                        groupings.push(found.clone());
                    }
                    false
                }
                _ => true,
            });
        }
        if calls.is_empty() && grouping.is_none() && having.is_none() {
            return Ok(plan);
        }
        let mut groups = grouping.map_or_else(Vec::new, |grouping| grouping.expressions.clone());
        if grouping.is_some_and(|grouping| grouping.sets.len() <= 1) {
            for expression in query.targets.iter().map(|target| &target.expression).chain(having) {
                add_dependent(expression, &mut groups);
            }
        }
        let mut group_keys: Vec<Expr> = Vec::with_capacity(groups.len());
        let mut places = Vec::with_capacity(groups.len());
        // Groups whose key is not what they show.
        let mut shown = Vec::new();
        for (index, group) in groups.iter().enumerate() {
            let value = self.expression(group)?;
            let key = keys::of(value.clone(), &pg_type(group.data_type)?);
            if key != value {
                shown.push((index, value));
            }
            let place = group_keys.iter().position(|known| *known == key).unwrap_or_else(|| {
                group_keys.push(key);
                group_keys.len() - 1
            });
            places.push(place);
        }
        let mut aggregates: Vec<Expr> = Vec::with_capacity(calls.len());
        let mut results = Vec::with_capacity(calls.len());
        for call in &calls {
            let Kind::Aggregate(aggregate) = &call.kind else { continue };
            let lowered = self.aggregate(aggregate)?;
            let place = aggregates.iter().position(|known| *known == lowered).unwrap_or_else(|| {
                aggregates.push(lowered);
                aggregates.len() - 1
            });
            results.push(place);
        }
        let shown: Vec<(usize, usize)> = shown
            .into_iter()
            .map(|(index, value)| {
                aggregates.push(keys::first(value));
                (index, aggregates.len() - 1)
            })
            .collect();
        let plan = self.attached(plan)?;
        let plan = self.settled(plan, &mut group_keys, &mut aggregates)?;
        let names: Vec<String> = group_keys.iter().map(|key| key.schema_name().to_string()).collect();
        let mut computed = Vec::with_capacity(groups.len() + calls.len());
        let sets = grouping.map_or(&[][..], |grouping| &grouping.sets);
        if sets.len() > 1 {
            let of_place = |index: &usize| group_keys[places[*index]].clone();
            let sets = sets.iter().map(|set| set.iter().map(of_place).collect()).collect();
            for call in &groupings {
                let Kind::Grouping(indexes) = &call.kind else { continue };
                let arguments = indexes.iter().map(of_place).collect();
                results.push(aggregates.len());
                let function = AggregateFunction::new_udf(grouping_udaf(), arguments, false, None, Vec::new(), None);
                aggregates.push(Expr::AggregateFunction(function));
            }
            calls.extend(groupings);
            group_keys = vec![Expr::GroupingSet(GroupingSet::GroupingSets(sets))];
        } else {
            // With one set, every expression is grouped by.
            for call in groupings {
                computed.push((call, Expr::Literal(ScalarValue::Int32(Some(0)), None)));
            }
        }
        let has_empty_set = if sets.len() > 1 { sets.iter().any(Vec::is_empty) } else { group_keys.is_empty() };
        if group_keys.is_empty() && aggregates.is_empty() {
            // HAVING alone makes one group as well.
            let rows = AggregateFunction::new_udf(count_udaf(), vec![lit(1i64)], false, None, Vec::new(), None);
            aggregates.push(Expr::AggregateFunction(rows));
        }
        let outputs: Vec<String> = aggregates.iter().map(|call| call.schema_name().to_string()).collect();
        let mut plan = build(LogicalPlanBuilder::from(plan).aggregate(group_keys, aggregates))?;
        if has_empty_set {
            // The group of all rows is there even without rows. DataFusion would move a filter without columns, such
            // as `HAVING false`, below it, but not below a limit.
            plan =
                build(LogicalPlanBuilder::from(plan).limit(0, Some(usize::try_from(i64::MAX).unwrap_or(usize::MAX))))?;
        }
        let named = |name: &String| {
            let mut found = plan.schema().iter().map(PlanColumn::from);
            // Grouping by sets hides the qualifier of a column, but not its name.
            let column = found.find(|column| column.flat_name() == *name || column.name == *name);
            column.map(Expr::Column).ok_or_else(|| refuse::not_supported("this GROUP BY"))
        };
        for (index, (group, place)) in groups.into_iter().zip(places).enumerate() {
            let key = named(&names[place])?;
            let column = match shown.iter().find(|(shown, _)| *shown == index) {
                None => key,
                // A set that does not group by it has no value of it.
                Some((_, first)) => {
                    let branch = (Box::new(Expr::IsNotNull(Box::new(key))), Box::new(named(&outputs[*first])?));
                    Expr::Case(datafusion::logical_expr::Case::new(None, vec![branch], None))
                }
            };
            computed.push((group, column));
        }
        let mut columns: Vec<Expr> = (0..plan.schema().fields().len()).map(|index| column(&plan, index)).collect();
        let width = columns.len();
        for (call, place) in calls.into_iter().zip(results) {
            let found = named(&outputs[place])?;
            let value = in_form(found.clone(), &plan, &pg_type(call.data_type)?)?;
            // A subquery can mention it as a column only.
            let value = if value == found {
                found
            } else {
                self.outputs += 1;
                let name = format!("aggregate#{}", self.outputs);
                columns.push(value.alias(&name));
                Expr::Column(PlanColumn::from_name(name))
            };
            computed.push((call, value));
        }
        if columns.len() > width {
            plan = build(LogicalPlanBuilder::from(plan).project(columns))?;
        }
        self.level().computed.extend(computed);
        Ok(plan)
    }

    /// Computes what mentions a query around this one in a projection below `keys` and the arguments of `calls`. The
    /// engine names their columns by what they compute, and that changes when values come in the place of outer columns.
    pub(super) fn settled(&mut self, plan: LogicalPlan, keys: &mut [Expr], calls: &mut [Expr]) -> Result<LogicalPlan> {
        let count = plan.schema().fields().len();
        let mut columns: Vec<Expr> = (0..count).map(|index| column(&plan, index)).collect();
        let mut outputs = self.outputs;
        let mut settle = |expr: Expr| {
            if !expr.contains_outer() {
                return Ok(Transformed::no(expr));
            }
            outputs += 1;
            let name = format!("settled#{outputs}");
            columns.push(expr.alias(&name));
            Ok(Transformed::yes(Expr::Column(PlanColumn::from_name(name))))
        };
        for key in keys {
            *key = settle(key.clone()).map_err(errors::translate)?.data;
        }
        for call in calls {
            *call = call.clone().map_children(&mut settle).map_err(errors::translate)?.data;
        }
        self.outputs = outputs;
        if columns.len() == count {
            return Ok(plan);
        }
        let plan = build(LogicalPlanBuilder::from(plan).project(columns))?;
        self.see(&plan);
        Ok(plan)
    }

    fn aggregate(&mut self, aggregate: &Aggregate) -> Result<Expr> {
        if aggregate.variadic {
            return Err(refuse::not_supported("this kind of aggregate"));
        }
        let fact = self.function_fact(aggregate.function)?;
        let types =
            aggregate.arguments.iter().map(|argument| pg_type(argument.data_type)).collect::<Result<Vec<_>>>()?;
        let mut arguments =
            aggregate.arguments.iter().map(|argument| self.expression(argument)).collect::<Result<Vec<_>>>()?;
        // `count(*)` counts something that is never NULL.
        if aggregate.star {
            arguments.push(lit(1i64));
        }
        if aggregate.distinct {
            arguments = of_distinct(fact.name.as_str(), arguments, &types);
        }
        let filter = aggregate.filter.as_ref().map(|filter| self.expression(filter)).transpose()?.map(Box::new);
        let (function, distinct) = if fact.aggregate_kind == 'n' {
            let function = registry::aggregate(fact, &types)?;
            arguments = registry::aggregated(fact, arguments, &types);
            self.arranged(function, &fact.name, aggregate, &types, &mut arguments)?
        } else {
            let direct = &aggregate.direct_arguments;
            let types = direct.iter().map(|argument| pg_type(argument.data_type)).collect::<Result<Vec<_>>>()?;
            let is_hypothetical = fact.aggregate_kind == 'h';
            // Of a hypothetical row only the place among the others matters.
            if is_hypothetical {
                arguments.clear();
            }
            for argument in &aggregate.arguments {
                arguments.push(self.sort_key(argument)?);
            }
            for argument in direct {
                arguments.push(if is_hypothetical { self.sort_key(argument)? } else { self.expression(argument)? });
            }
            let orders: Vec<SortOptions> = aggregate.order_by.iter().map(direction).collect();
            (registry::ordered_set(fact, &types, &orders)?, false)
        };
        let call = AggregateFunction::new_udf(function, arguments, distinct, filter, Vec::new(), None);
        Ok(Expr::AggregateFunction(call))
    }

    /// The aggregate over rows that come in order and without repetition, where this matters to it; and whether
    /// DataFusion has to see to DISTINCT. Keys that are no arguments become some.
    fn arranged(
        &mut self,
        function: Arc<AggregateUDF>,
        name: &str,
        aggregate: &Aggregate,
        types: &[PgType],
        arguments: &mut Vec<Expr>,
    ) -> Result<(Arc<AggregateUDF>, bool)> {
        if matches!(name, "min" | "max" | "bool_and" | "bool_or" | "every" | "bit_and" | "bit_or") {
            return Ok((function, false));
        }
        let is_exact = !matches!(types, [PgType::Float4 | PgType::Float8 | PgType::Interval]);
        if name == "count" || (matches!(name, "sum" | "avg" | "bit_xor") && is_exact) {
            return Ok((function, aggregate.distinct));
        }
        // What is put one after another comes as a subquery in FROM has sorted it.
        let outer = if ORDERED.contains(&name) { self.level().order.clone() } else { None };
        if aggregate.order_by.is_empty() && !aggregate.distinct && outer.is_none() {
            return Ok((function, false));
        }
        let count = arguments.len();
        let mut keys: Vec<(usize, SortOptions)> = Vec::with_capacity(aggregate.order_by.len());
        if let (true, false, Some(order)) = (aggregate.order_by.is_empty(), aggregate.distinct, outer) {
            keys.push((arguments.len(), SortOptions { descending: false, nulls_first: false }));
            arguments.push(order);
        }
        let mut place_of = |key: Expr| {
            arguments.iter().position(|argument| *argument == key).unwrap_or_else(|| {
                arguments.push(key);
                arguments.len() - 1
            })
        };
        for key in &aggregate.order_by {
            keys.push((place_of(self.sort_key(&key.expression)?), direction(key)));
        }
        if aggregate.distinct {
            for argument in &aggregate.arguments {
                let place = place_of(self.sort_key(argument)?);
                if !keys.iter().any(|(known, _)| *known == place) {
                    keys.push((place, SortOptions { descending: false, nulls_first: false }));
                }
            }
        }
        Ok((ordered::function(function, count, arguments.len(), keys, aggregate.distinct), false))
    }

    /// Does the result of an aggregate depend on the order of its input?
    pub(super) fn follows_order(&self, aggregate: &Aggregate) -> bool {
        let fact = self.function_fact(aggregate.function);
        fact.is_ok_and(|fact| ORDERED.contains(&fact.name.as_str()))
    }

    /// A value in a form that is sorted as PostgreSQL sorts the value.
    pub(super) fn sort_key(&mut self, value: &Expression) -> Result<Expr> {
        let lowered = self.expression(value)?;
        match pg_type(value.data_type)? {
            PgType::Interval => Ok(span(lowered)),
            PgType::Jsonb => Ok(json::order::key(lowered)),
            data_type @ PgType::Numeric(_) => Ok(keys::of(lowered, &data_type)),
            _ => Ok(lowered),
        }
    }

    pub(super) fn sort_keys(&mut self, keys: &[SortKey]) -> Result<Vec<Sort>> {
        let sort = keys
            .iter()
            .map(|key| {
                let value = keys::of(self.expression(&key.expression)?, &pg_type(key.expression.data_type)?);
                Ok(Sort::new(value, !key.descending, key.nulls_first))
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(without_repetition(sort))
    }
}

/// How a key sorts.
fn direction(key: &SortKey) -> SortOptions {
    SortOptions { descending: key.descending, nulls_first: key.nulls_first }
}

/// The arguments of an aggregate over different values: where only their number counts, their keys.
fn of_distinct(name: &str, arguments: Vec<Expr>, types: &[PgType]) -> Vec<Expr> {
    if name != "count" {
        return arguments;
    }
    arguments.into_iter().zip(types).map(|(value, data_type)| keys::of(value, data_type)).collect()
}

/// Columns that are neither grouped by nor inside an aggregate: the primary key among the groups decides them, and
/// grouping by them, too, changes nothing.
fn add_dependent(expression: &Expression, groups: &mut Vec<Expression>) {
    let mut dependent = Vec::new();
    expression.walk(0, &mut |found, depth| {
        if depth == 0 && groups.contains(found) {
            return false;
        }
        match &found.kind {
            Kind::Aggregate(aggregate) => aggregate.levels_up != depth,
            Kind::Column(column) if column.levels_up == depth => {
                let here = Column { levels_up: 0, ..*column };
                dependent.push(Expression { kind: Kind::Column(here), ..found.clone() });
                true
            }
            Kind::WholeRow { levels_up, relation } if *levels_up == depth => {
                let here = Kind::WholeRow { levels_up: 0, relation: *relation };
                dependent.push(Expression { kind: here, ..found.clone() });
                true
            }
            _ => true,
        }
    });
    for column in dependent {
        if !groups.contains(&column) {
            groups.push(column);
        }
    }
}
