//! GROUP BY and aggregates.

use datafusion::logical_expr::expr::{AggregateFunction, Sort};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};

use super::{Lowering, build, column, pg_type};
use crate::error::Result;
use crate::query::bind::refuse;
use crate::query::bind::tree::{Aggregate, Expression, Grouping, Kind, Query, SortKey};
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
        for expression in query.targets.iter().map(|target| &target.expression).chain(having) {
            expression.walk(0, &mut |found, depth| match &found.kind {
                Kind::Aggregate(aggregate) if aggregate.levels_up == depth => {
                    if depth == 0 && !calls.contains(found) {
                        calls.push(found.clone());
                    }
                    false
                }
                _ => true,
            });
        }
        if calls.is_empty() && grouping.is_none() && having.is_none() {
            return Ok(plan);
        }
        let groups = grouping.map_or(&[][..], |grouping| &grouping.expressions);
        if grouping.is_some_and(|grouping| grouping.sets.len() > 1) {
            return Err(refuse::not_supported("GROUPING SETS"));
        }
        let mut keys: Vec<Expr> = Vec::with_capacity(groups.len());
        let mut places = Vec::with_capacity(groups.len());
        for group in groups {
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
            let lowered = self.aggregate(aggregate, call)?;
            let place = aggregates.iter().position(|known| *known == lowered).unwrap_or_else(|| {
                aggregates.push(lowered);
                aggregates.len() - 1
            });
            results.push(place);
        }
        let key_count = keys.len();
        let plan = build(LogicalPlanBuilder::from(plan).aggregate(keys, aggregates))?;
        let mut computed = Vec::with_capacity(groups.len() + calls.len());
        for (group, place) in groups.iter().zip(places) {
            computed.push((group.clone(), column(&plan, place)));
        }
        for (call, place) in calls.into_iter().zip(results) {
            computed.push((call, column(&plan, key_count + place)));
        }
        self.level().computed.extend(computed);
        Ok(plan)
    }

    fn aggregate(&mut self, aggregate: &Aggregate, call: &Expression) -> Result<Expr> {
        if aggregate.variadic || !aggregate.direct_arguments.is_empty() {
            return Err(refuse::not_supported("this kind of aggregate"));
        }
        let fact = self.function_fact(aggregate.function)?;
        let types =
            aggregate.arguments.iter().map(|argument| pg_type(argument.data_type)).collect::<Result<Vec<_>>>()?;
        let arguments =
            aggregate.arguments.iter().map(|argument| self.expression(argument)).collect::<Result<Vec<_>>>()?;
        let filter = aggregate.filter.as_ref().map(|filter| self.expression(filter)).transpose()?.map(Box::new);
        let order_by = self.sort_keys(&aggregate.order_by)?;
        let (function, arguments) = registry::aggregate(fact, arguments, &types, &pg_type(call.data_type)?)?;
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
