//! GROUP BY.

use datafusion::sql::sqlparser::ast::{Expr, GroupByExpr};

use super::clause::Clause;
use super::sorting::Rules;
use super::{Analyser, refuse};
use crate::error::{QueryError, Result};
use crate::query::bind::tree::{Grouping, GroupingSet, Target};

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
                        other.iter().filter(|key| !set.contains(key)).copied().collect::<Vec<_>>().into_iter().for_each(
                            |key| {
                                set.push(key);
                            },
                        );
                        set
                    })
                })
                .collect();
        }
        let expressions = keys.iter().map(|key| targets[*key].expression.clone()).collect();
        Ok(Some(Grouping { expressions, sets }))
    }

    fn grouping_item(
        &mut self,
        item: &Expr,
        targets: &mut Vec<Target>,
        keys: &mut Vec<usize>,
    ) -> Result<Vec<GroupingSet>> {
        match item {
            Expr::GroupingSets(sets) => sets.iter().map(|set| self.grouping_set(set, targets, keys)).collect(),
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
