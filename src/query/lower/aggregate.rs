//! GROUP BY and aggregates.

use datafusion::common::{Column as PlanColumn, ScalarValue};
use datafusion::functions_aggregate::grouping::grouping_udaf;
use datafusion::logical_expr::expr::{AggregateFunction, Sort};
use datafusion::logical_expr::{Expr, GroupingSet, LogicalPlan, LogicalPlanBuilder, lit};

use super::{Lowering, build, in_form, pg_type};
use crate::error::Result;
use crate::query::bind::refuse;
use crate::query::bind::tree::{Aggregate, Column, Expression, Grouping, Kind, Query, SortKey};
use crate::query::functions::registry;

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
                    if depth == 0 && !calls.contains(found) {
                        calls.push(found.clone());
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
        let mut keys: Vec<Expr> = Vec::with_capacity(groups.len());
        let mut places = Vec::with_capacity(groups.len());
        for group in &groups {
            let key = self.expression(group)?;
            let place = keys.iter().position(|known| *known == key).unwrap_or_else(|| {
                keys.push(key);
                keys.len() - 1
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
        let names: Vec<String> = keys.iter().map(|key| key.schema_name().to_string()).collect();
        let mut computed = Vec::with_capacity(groups.len() + calls.len());
        let sets = grouping.map_or(&[][..], |grouping| &grouping.sets);
        if sets.len() > 1 {
            let of_place = |index: &usize| keys[places[*index]].clone();
            let sets = sets.iter().map(|set| set.iter().map(of_place).collect()).collect();
            for call in &groupings {
                let Kind::Grouping(indexes) = &call.kind else { continue };
                let arguments = indexes.iter().map(of_place).collect();
                results.push(aggregates.len());
                let function = AggregateFunction::new_udf(grouping_udaf(), arguments, false, None, Vec::new(), None);
                aggregates.push(Expr::AggregateFunction(function));
            }
            calls.extend(groupings);
            keys = vec![Expr::GroupingSet(GroupingSet::GroupingSets(sets))];
        } else {
            // With one set, every expression is grouped by.
            for call in groupings {
                computed.push((call, Expr::Literal(ScalarValue::Int32(Some(0)), None)));
            }
        }
        let outputs: Vec<String> = aggregates.iter().map(|call| call.schema_name().to_string()).collect();
        let plan = build(LogicalPlanBuilder::from(plan).aggregate(keys, aggregates))?;
        let named = |name: &String| {
            let mut found = plan.schema().iter().map(PlanColumn::from);
            // Grouping by sets hides the qualifier of a column, but not its name.
            let column = found.find(|column| column.flat_name() == *name || column.name == *name);
            column.map(Expr::Column).ok_or_else(|| refuse::not_supported("this GROUP BY"))
        };
        for (group, place) in groups.into_iter().zip(places) {
            computed.push((group, named(&names[place])?));
        }
        for (call, place) in calls.into_iter().zip(results) {
            let column = in_form(named(&outputs[place])?, &plan, &pg_type(call.data_type)?)?;
            computed.push((call, column));
        }
        self.level().computed.extend(computed);
        Ok(plan)
    }

    fn aggregate(&mut self, aggregate: &Aggregate) -> Result<Expr> {
        if aggregate.variadic || !aggregate.direct_arguments.is_empty() {
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
        let filter = aggregate.filter.as_ref().map(|filter| self.expression(filter)).transpose()?.map(Box::new);
        let order_by = self.sort_keys(&aggregate.order_by)?;
        let function = registry::aggregate(fact, &types)?;
        Ok(Expr::AggregateFunction(AggregateFunction::new_udf(
            function,
            arguments,
            aggregate.distinct,
            filter,
            order_by,
            None,
        )))
    }

    pub(super) fn sort_keys(&mut self, keys: &[SortKey]) -> Result<Vec<Sort>> {
        keys.iter()
            .map(|key| Ok(Sort::new(self.expression(&key.expression)?, !key.descending, key.nulls_first)))
            .collect()
    }
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
