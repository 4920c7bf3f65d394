//! Calls of aggregates: which query they belong to, and what may stand in them.

use super::calls::{Extras, LATERAL_HINT};
use super::clause::Clause;
use super::sorting::without_coercion;
use super::{Analyser, refuse};
use crate::error::{QueryError, Result};
use crate::query::bind::resolve::Resolved;
use crate::query::bind::tree::{Aggregate, Expression, Kind, Position, SortKey};

/// The innermost queries that an expression depends on.
#[derive(Default)]
struct Reach {
    /// Of its columns, counted outwards.
    columns: Option<usize>,
    /// Of its aggregates, with the place of the first one.
    aggregates: Option<(usize, Option<Position>)>,
    window: Option<Option<Position>>,
}

fn reach<'e>(expressions: impl IntoIterator<Item = &'e Expression>) -> Reach {
    let mut reach = Reach::default();
    for expression in expressions {
        expression.walk(0, &mut |part, depth| {
            match &part.kind {
                Kind::Column(_) | Kind::WholeRow { .. } => {
                    if let Some(level) = part.kind.reaches().and_then(|level| level.checked_sub(depth)) {
                        reach.columns = Some(reach.columns.map_or(level, |other| other.min(level)));
                    }
                }
                Kind::Aggregate(aggregate) => {
                    if let Some(level) = aggregate.levels_up.checked_sub(depth) {
                        if reach.aggregates.is_none_or(|(other, _)| level < other) {
                            reach.aggregates = Some((level, part.position));
                        }
                        return false;
                    }
                }
                Kind::Window(_) if depth == 0 => reach.window = reach.window.or(Some(part.position)),
                _ => {}
            }
            true
        });
    }
    reach
}

impl Analyser<'_> {
    /// A call of an aggregate.
    pub(super) fn aggregate(
        &mut self,
        resolved: Resolved<'_>,
        extras: &Extras<'_>,
        filter: Option<Expression>,
        at: Option<Position>,
    ) -> Result<Expression> {
        let mut direct_arguments = resolved.arguments;
        let arguments = direct_arguments.split_off(resolved.direct_arguments.min(direct_arguments.len()));
        let order_by = if extras.within_group.is_empty() {
            self.argument_order(extras, &arguments)?
        } else {
            self.within_group_order(extras, &arguments)?
        };
        if extras.distinct {
            for argument in &arguments {
                self.check_equality(argument, argument.position)?;
            }
        }
        let message = "aggregate function calls cannot contain set-returning function calls";
        self.refuse_sets(&arguments, message, LATERAL_HINT)?;
        let inner = reach(arguments.iter().chain(order_by.iter().map(|key| &key.expression)).chain(&filter));
        if let Some(at) = inner.window {
            let message = "aggregate function calls cannot contain window function calls";
            return Err(self.fail(QueryError::Grouping(message.into()), at));
        }
        let level = match (inner.columns, inner.aggregates) {
            (None, None) => 0,
            (None, Some((level, _))) | (Some(level), None) => level,
            (Some(one), Some((other, _))) => one.min(other),
        };
        let nested = |found: Option<(usize, Option<Position>)>| found.filter(|(own, _)| *own == level);
        let direct = reach(&direct_arguments);
        if let Some((_, at)) = nested(inner.aggregates) {
            return Err(self.fail(QueryError::Grouping("aggregate function calls cannot be nested".into()), at));
        }
        if direct.columns.is_some_and(|own| own < level) {
            let message = "outer-level aggregate cannot contain a lower-level variable in its direct arguments";
            return Err(self.fail(QueryError::Grouping(message.into()), at));
        }
        if let Some((_, at)) = direct.aggregates.filter(|(own, _)| *own <= level) {
            return Err(self.fail(QueryError::Grouping("aggregate function calls cannot be nested".into()), at));
        }
        let depth = self.levels.len();
        let owner = depth.checked_sub(level + 1).and_then(|index| self.levels.get_mut(index));
        let Some(owner) = owner else { return Err(refuse::not_supported("this aggregate")) };
        let clause = owner.clause;
        owner.has_aggregates = true;
        clause.allow_aggregate("aggregate functions").map_err(|error| self.at(error, at))?;
        let aggregate = Aggregate {
            function: resolved.fact.oid,
            direct_arguments,
            arguments,
            variadic: resolved.variadic,
            star: extras.star,
            distinct: extras.distinct,
            order_by,
            filter: filter.map(Box::new),
            levels_up: level,
        };
        Ok(Expression { kind: Kind::Aggregate(aggregate), data_type: resolved.result, position: at })
    }

    /// ORDER BY inside the parentheses.
    fn argument_order(&mut self, extras: &Extras<'_>, arguments: &[Expression]) -> Result<Vec<SortKey>> {
        let mut keys = Vec::with_capacity(extras.order_by.len());
        for key in extras.order_by {
            let expression = self.expression_in(&key.expr, Clause::OrderBy)?;
            // The argument was converted to the function's type, its untouched self is what is sorted by.
            let expression = self.settle(expression)?;
            if extras.distinct && !arguments.iter().any(|argument| *without_coercion(argument) == expression) {
                let message = "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list";
                let at = expression.position;
                return Err(self.fail(QueryError::InvalidColumnReference(message.into()), at));
            }
            let at = expression.position;
            keys.push(self.sort_key(expression, key, at)?);
        }
        Ok(keys)
    }

    /// `WITHIN GROUP (ORDER BY …)`: the arguments themselves are the keys.
    fn within_group_order(&mut self, extras: &Extras<'_>, arguments: &[Expression]) -> Result<Vec<SortKey>> {
        let keys = arguments.iter().zip(extras.within_group);
        keys.map(|(argument, key)| self.sort_key(argument.clone(), key, argument.position)).collect()
    }
}
