//! GROUP BY.

use datafusion::sql::sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr};

use super::clause::Clause;
use super::sorting::Rules;
use super::{Analyser, expression_of, oids, refuse};
use crate::error::{QueryError, Result};
use crate::query::bind::tree::{Expression, Grouping, GroupingSet, Kind, Position, Target};
use crate::query::marks;

/// Most arguments of GROUPING, whose answer is an integer of so many bits.
const MOST_GROUPING: usize = 31;
/// Most grouping sets of one query, as in PostgreSQL.
const MOST_SETS: usize = 4096;
/// Most elements of CUBE, as in PostgreSQL.
const MOST_CUBE: usize = 12;

impl Analyser<'_> {
    /// The keys by which rows are grouped; `None` without GROUP BY.
    pub(super) fn group_by(&mut self, group_by: &GroupByExpr, targets: &mut Vec<Target>) -> Result<Option<Grouping>> {
        let GroupByExpr::Expressions(items, _) = group_by else {
            return Err(refuse::not_supported("GROUP BY ALL"));
        };
        let (distinct, items) = match items.split_first() {
            Some((first, rest)) if marks::is_alone(first, marks::GROUP_DISTINCT) => (true, rest),
            _ => (false, items.as_slice()),
        };
        if items.is_empty() {
            return Ok(None);
        }
        let mut keys: Vec<usize> = Vec::new();
        // Every item has its own sets; all their combinations are the sets of the whole.
        let mut sets: Vec<GroupingSet> = vec![Vec::new()];
        for item in items {
            let own = self.grouping_item(item, targets, &mut keys)?;
            if sets.len().saturating_mul(own.len()) > MOST_SETS {
                let message = format!("too many grouping sets present (maximum {MOST_SETS})");
                return Err(QueryError::TooManyGroupingSets(message).into());
            }
            sets = sets
                .iter()
                .flat_map(|set| {
                    own.iter().map(|other| {
                        let mut set = set.clone();
                        other
                            .iter()
                            .filter(|key| !set.contains(key))
                            .copied()
                            .collect::<Vec<_>>()
                            .into_iter()
                            .for_each(|key| {
                                set.push(key);
                            });
                        set
                    })
                })
                .collect();
        }
        if distinct {
            let mut seen: Vec<GroupingSet> = Vec::with_capacity(sets.len());
            sets.retain(|set| {
                let mut sorted = set.clone();
                sorted.sort_unstable();
                let new = !seen.contains(&sorted);
                seen.push(sorted);
                new
            });
        }
        let expressions = keys.iter().map(|key| targets[*key].expression.clone()).collect();
        Ok(Some(Grouping { expressions, sets }))
    }

    /// `GROUPING(…)`. What it stands for is known when GROUP BY is, see [`number_groupings`](Self::number_groupings).
    pub(super) fn grouping_call(&mut self, arguments: &[Expr], at: Option<Position>) -> Result<Expression> {
        if arguments.len() > MOST_GROUPING {
            let message = format!("GROUPING must have fewer than {} arguments", MOST_GROUPING + 1);
            return Err(self.fail(QueryError::TooManyArguments(message), at));
        }
        let clause = self.clause();
        clause.allow_aggregate("grouping operations").map_err(|error| self.at(error, at))?;
        let arguments = self.expressions(arguments)?;
        let is_outer =
            |part: &Expression, depth: usize| matches!(&part.kind, Kind::Column(column) if column.levels_up > depth);
        if arguments.iter().any(|argument| argument.mentions(is_outer)) {
            return Err(self.fail(refuse::not_supported("GROUPING of an outer query"), at));
        }
        let level = self.level()?;
        level.has_aggregates = true;
        level.grouping_calls.push(arguments);
        let call = level.grouping_calls.len() - 1;
        Ok(expression_of(Kind::Grouping(vec![call]), oids::INT4, at))
    }

    /// Gives the calls of GROUPING in an expression the indexes of their arguments among the keys.
    pub(super) fn number_groupings(&self, expression: &mut Expression, keys: &[Expression]) -> Result<()> {
        if let Kind::Grouping(indexes) = &mut expression.kind {
            let calls = self.levels.last().map(|level| level.grouping_calls.as_slice()).unwrap_or_default();
            let call = indexes.first().and_then(|call| calls.get(*call));
            let Some(arguments) = call else { return Err(refuse::not_supported("GROUPING here")) };
            let mut found = Vec::with_capacity(arguments.len());
            for argument in arguments {
                let Some(index) = keys.iter().position(|key| key == argument) else {
                    let message = "arguments to GROUPING must be grouping expressions of the associated query level";
                    return Err(self.fail(QueryError::Grouping(message.into()), argument.position));
                };
                found.push(index);
            }
            *indexes = found;
        }
        expression.parts_mut().into_iter().try_for_each(|part| self.number_groupings(part, keys))
    }

    fn grouping_item(
        &mut self,
        item: &Expr,
        targets: &mut Vec<Target>,
        keys: &mut Vec<usize>,
    ) -> Result<Vec<GroupingSet>> {
        match item {
            Expr::GroupingSets(sets) => self.all_sets(sets, targets, keys),
            Expr::Function(_) if nested(item, "grouping sets").is_some() => {
                let sets = nested(item, "grouping sets").unwrap_or_default();
                self.all_sets(&sets, targets, keys)
            }
            Expr::Function(_) if nested(item, "rollup").is_some() => {
                self.grouping_item(&Expr::Rollup(nested(item, "rollup").unwrap_or_default()), targets, keys)
            }
            Expr::Function(_) if nested(item, "cube").is_some() => {
                self.grouping_item(&Expr::Cube(nested(item, "cube").unwrap_or_default()), targets, keys)
            }
            Expr::Rollup(parts) => {
                let parts = parts.iter().map(|part| self.grouping_set(part, targets, keys));
                let parts = parts.collect::<Result<Vec<_>>>()?;
                Ok((0..=parts.len()).rev().map(|length| joined(&parts[..length])).collect())
            }
            Expr::Cube(parts) => {
                if parts.len() > MOST_CUBE {
                    let message = format!("CUBE is limited to {MOST_CUBE} elements");
                    return Err(QueryError::TooManyColumns(message).into());
                }
                let parts = parts.iter().map(|part| self.grouping_set(part, targets, keys));
                let parts = parts.collect::<Result<Vec<_>>>()?;
                let chosen = |mask: usize| {
                    let last = parts.len();
                    let own = (0..last).filter(|index| mask & (1 << (last - 1 - index)) != 0);
                    joined(&own.map(|index| parts[index].clone()).collect::<Vec<_>>())
                };
                Ok((0..1usize << parts.len()).rev().map(chosen).collect())
            }
            Expr::Tuple(items) => Ok(vec![self.grouping_set(items, targets, keys)?]),
            other => Ok(vec![self.grouping_set(std::slice::from_ref(other), targets, keys)?]),
        }
    }

    /// `GROUPING SETS (…)`, whose items may have several sets themselves.
    fn all_sets(
        &mut self,
        sets: &[Vec<Expr>],
        targets: &mut Vec<Target>,
        keys: &mut Vec<usize>,
    ) -> Result<Vec<GroupingSet>> {
        let mut all = Vec::with_capacity(sets.len());
        for set in sets {
            match set.as_slice() {
                [item @ Expr::Function(_)] => all.extend(self.deeper(|this| this.grouping_item(item, targets, keys))?),
                items => all.push(self.grouping_set(items, targets, keys)?),
            }
            if all.len() > MOST_SETS {
                let message = format!("too many grouping sets present (maximum {MOST_SETS})");
                return Err(QueryError::TooManyGroupingSets(message).into());
            }
        }
        Ok(all)
    }

    /// Fails for output columns that are made of groups, which names and positions can mean.
    fn check_group_key(&self, key: &Expression) -> Result<()> {
        let (mut aggregate, mut window) = (None, None);
        key.walk(0, &mut |part, depth| {
            match &part.kind {
                Kind::Aggregate(own) if own.levels_up == depth => aggregate = aggregate.or(Some(part.position)),
                Kind::Window(_) if depth == 0 => window = window.or(Some(part.position)),
                _ => {}
            }
            true
        });
        if let Some(at) = aggregate {
            return Clause::GroupBy.allow_aggregate("aggregate functions").map_err(|error| self.at(error, at));
        }
        match window {
            Some(at) => Clause::GroupBy.allow_window().map_err(|error| self.at(error, at)),
            None => Ok(()),
        }
    }

    fn grouping_set(
        &mut self,
        items: &[Expr],
        targets: &mut Vec<Target>,
        keys: &mut Vec<usize>,
    ) -> Result<GroupingSet> {
        let mut set = Vec::with_capacity(items.len());
        for item in items {
            if matches!(item, Expr::GroupingSets(_) | Expr::Rollup(_) | Expr::Cube(_)) {
                return Err(refuse::not_supported("grouping sets inside of grouping sets"));
            }
            let found = self.target_of(item, targets, Clause::GroupBy, Rules::Input)?;
            let index = found.index;
            self.settle_target(&mut targets[index])?;
            self.check_group_key(&targets[index].expression)?;
            self.check_equality(&targets[index].expression, found.at)?;
            let place = match keys.iter().position(|key| *key == index) {
                Some(place) => place,
                None => {
                    keys.push(index);
                    keys.len() - 1
                }
            };
            if !set.contains(&place) {
                set.push(place);
            }
        }
        Ok(set)
    }
}

/// The items of a construct that sqlparser takes for the call of a function.
fn nested(item: &Expr, word: &str) -> Option<Vec<Vec<Expr>>> {
    let Expr::Function(function) = item else { return None };
    if !super::calls::is_keyword_call(function, word) {
        return None;
    }
    let FunctionArguments::List(list) = &function.args else { return None };
    let items = list.args.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Tuple(items))) => Some(items.clone()),
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Nested(inner))) => Some(vec![inner.as_ref().clone()]),
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(vec![expr.clone()]),
        _ => None,
    });
    items.collect()
}

/// Several sets as one, without repetition.
fn joined(parts: &[GroupingSet]) -> GroupingSet {
    let mut set = Vec::new();
    for key in parts.iter().flatten() {
        if !set.contains(key) {
            set.push(*key);
        }
    }
    set
}
