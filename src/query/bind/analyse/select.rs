//! SELECT.

use datafusion::sql::sqlparser::ast::{Distinct as AstDistinct, Expr, GroupByExpr, Select};

use super::clause::Clause;
use super::queries::Clauses;
use super::sorting::{Item, Rules};
use super::{Analyser, refuse};
use crate::error::{QueryError, Result};
use crate::query::bind::tree::{Distinct, Expression, Grouping, Query, QueryBody, SortKey, Target};

impl Analyser<'_> {
    /// A SELECT in the scope that was made for it.
    pub(super) fn select(&mut self, select: &Select, clauses: &Clauses<'_>, settle: bool) -> Result<Query> {
        refuse_foreign(select)?;
        let from = self.from(&select.from)?;
        self.named_windows(&select.named_window)?;
        let mut targets = self.targets(&select.projection, Clause::SelectTarget)?;
        let filter = self.condition(select.selection.as_ref(), Clause::Where)?;
        let having = self.condition(select.having.as_ref(), Clause::Having)?;
        let (order_by, sorted) = self.order_by(clauses.order_by, &mut targets)?;
        let grouping = self.group_by(&select.group_by, &mut targets)?;
        let distinct = self.distinct(select, &mut targets, &order_by, &sorted)?;
        let limit = self.limit(clauses)?;
        if settle {
            for target in &mut targets {
                self.settle_target(target)?;
            }
        }
        let mut windows = std::mem::take(&mut self.level()?.windows);
        let (mut order_by, mut having) = (order_by, having);
        if !self.level()?.grouping_calls.is_empty() {
            let keys = grouping.as_ref().map(|grouping| grouping.expressions.clone()).unwrap_or_default();
            let mut mentions: Vec<&mut Expression> = targets.iter_mut().map(|target| &mut target.expression).collect();
            mentions.extend(having.iter_mut());
            mentions.extend(order_by.iter_mut().map(|key| &mut key.expression));
            for window in &mut windows {
                mentions.extend(window.partition_by.iter_mut());
                mentions.extend(window.order_by.iter_mut().map(|key| &mut key.expression));
            }
            mentions.into_iter().try_for_each(|expression| self.number_groupings(expression, &keys))?;
        }
        let has_aggregates = self.level()?.has_aggregates;
        let grouping = match grouping {
            None if has_aggregates || having.is_some() => {
                Some(Grouping { expressions: Vec::new(), sets: vec![Vec::new()] })
            }
            other => other,
        };
        let body = QueryBody::Select { from, filter, grouping, having, windows, distinct };
        let query = Query { ctes: Vec::new(), relations: Vec::new(), body, targets, order_by, limit };
        if has_aggregates {
            self.check_recursive_term(&query)?;
        }
        self.check_grouping(&query)?;
        Ok(query)
    }

    /// WHERE and HAVING.
    pub(super) fn condition(&mut self, condition: Option<&Expr>, clause: Clause) -> Result<Option<Expression>> {
        let Some(condition) = condition else { return Ok(None) };
        let bound = self.expression_in(condition, clause)?;
        self.boolean(bound, clause.name()).map(Some)
    }

    fn distinct(
        &mut self,
        select: &Select,
        targets: &mut Vec<Target>,
        order_by: &[SortKey],
        sorted: &[usize],
    ) -> Result<Option<Distinct>> {
        match &select.distinct {
            None | Some(AstDistinct::All) => Ok(None),
            Some(AstDistinct::Distinct) => {
                for (index, key) in sorted.iter().zip(order_by) {
                    if targets[*index].hidden {
                        let message = "for SELECT DISTINCT, ORDER BY expressions must appear in select list";
                        let error = QueryError::InvalidColumnReference(message.into());
                        return Err(self.fail(error, key.expression.position));
                    }
                }
                for target in targets.iter_mut().filter(|target| !target.hidden) {
                    self.settle_target(target)?;
                    self.check_equality(&target.expression, target.expression.position)?;
                }
                Ok(Some(Distinct::All))
            }
            Some(AstDistinct::On(expressions)) => {
                let mut items: Vec<Item> = Vec::with_capacity(expressions.len());
                for expr in expressions {
                    let item = self.target_of(expr, targets, Clause::DistinctOn, Rules::Output)?;
                    self.settle_target(&mut targets[item.index])?;
                    self.check_equality(&targets[item.index].expression, item.at)?;
                    if !items.iter().any(|other: &Item| other.index == item.index) {
                        items.push(item);
                    }
                }
                let mut matched: Vec<usize> = Vec::with_capacity(items.len());
                let mut skipped = false;
                let mismatch = |at| {
                    let message = "SELECT DISTINCT ON expressions must match initial ORDER BY expressions";
                    self.fail(QueryError::InvalidColumnReference(message.into()), at)
                };
                for index in sorted {
                    match items.iter().find(|item| item.index == *index) {
                        None => skipped = true,
                        Some(item) if skipped => return Err(mismatch(item.at)),
                        Some(item) => matched.push(item.index),
                    }
                }
                for item in &items {
                    if matched.contains(&item.index) {
                        continue;
                    }
                    if skipped {
                        return Err(mismatch(item.at));
                    }
                    matched.push(item.index);
                }
                let keys = matched.into_iter().map(|index| targets[index].expression.clone()).collect();
                Ok(Some(Distinct::On(keys)))
            }
        }
    }
}

fn refuse_foreign(select: &Select) -> Result<()> {
    if select.into.is_some() {
        return Err(refuse::not_supported("SELECT INTO"));
    }
    let foreign = select.top.is_some()
        || select.exclude.is_some()
        || select.select_modifiers.is_some()
        || !select.lateral_views.is_empty()
        || select.prewhere.is_some()
        || select.qualify.is_some()
        || !select.connect_by.is_empty()
        || !select.cluster_by.is_empty()
        || !select.distribute_by.is_empty()
        || !select.sort_by.is_empty()
        || select.value_table_mode.is_some()
        || match &select.group_by {
            GroupByExpr::All(_) => true,
            GroupByExpr::Expressions(_, modifiers) => !modifiers.is_empty(),
        };
    if foreign { Err(refuse::not_supported("a clause of SELECT that is written here")) } else { Ok(()) }
}
