//! Grouped queries may mention only what their groups have in common: 42803 for everything else.

use super::Analyser;
use crate::error::{Error, QueryError, Result};
use crate::query::bind::tree::{
    Column, Expression, FrameBound, Grouping, Kind, Position, Query, QueryBody, RelationKind, SubqueryKind,
};

/// What the groups of a query have in common.
struct Groups<'q> {
    grouping: &'q Grouping,
    /// Keys that are in every grouping set, of which a primary key must consist to decide the rest of its row.
    common: Vec<Column>,
}

/// A column that is not the same in all rows of a group.
struct Fault {
    column: Column,
    at: Option<Position>,
    /// Queries between it and the grouped one.
    depth: usize,
    direct: bool,
}

impl Analyser<'_> {
    /// Checks the output and HAVING of a grouped query.
    pub(super) fn check_grouping(&self, query: &Query) -> Result<()> {
        let QueryBody::Select { grouping: Some(grouping), having, windows, .. } = &query.body else { return Ok(()) };
        let common = grouping.expressions.iter().enumerate();
        let common = common.filter(|(index, _)| grouping.sets.iter().all(|set| set.contains(index)));
        let common = common.filter_map(|(_, key)| match &key.kind {
            Kind::Column(column) if column.levels_up == 0 => Some(*column),
            _ => None,
        });
        let groups = Groups { grouping, common: common.collect() };
        for target in &query.targets {
            self.check_ungrouped(&target.expression, &groups)?;
        }
        for window in windows {
            let keys = window.order_by.iter().map(|key| &key.expression);
            for key in window.partition_by.iter().chain(keys) {
                self.check_ungrouped(key, &groups)?;
            }
            for bound in [&window.frame.start, &window.frame.end] {
                if let FrameBound::Preceding(offset) | FrameBound::Following(offset) = bound {
                    self.check_ungrouped(offset, &groups)?;
                }
            }
        }
        if let Some(condition) = having {
            self.check_ungrouped(condition, &groups)?;
        }
        Ok(())
    }

    fn check_ungrouped(&self, expression: &Expression, groups: &Groups<'_>) -> Result<()> {
        let mut fault = None;
        self.look(expression, groups, 0, false, &mut fault);
        let Some(fault) = fault else { return Ok(()) };
        let name = self.shown_column(&fault.column).unwrap_or_else(|| "?".into());
        let message = if fault.depth == 0 {
            format!("column \"{name}\" must appear in the GROUP BY clause or be used in an aggregate function")
        } else {
            format!("subquery uses ungrouped column \"{name}\" from outer query")
        };
        let mut error = Error::from(QueryError::Grouping(message));
        if fault.direct {
            error = error.detail("Direct arguments of an ordered-set aggregate must use only grouped columns.");
        }
        Err(self.at(error, fault.at))
    }

    fn look(
        &self,
        expression: &Expression,
        groups: &Groups<'_>,
        depth: usize,
        direct: bool,
        fault: &mut Option<Fault>,
    ) {
        if fault.is_some() || (depth == 0 && groups.grouping.expressions.contains(expression)) {
            return;
        }
        match &expression.kind {
            Kind::Column(column) if column.levels_up == depth => {
                if !self.is_grouped(column, groups) {
                    let column = Column { levels_up: 0, ..*column };
                    *fault = Some(Fault { column, at: expression.position, depth, direct });
                }
            }
            Kind::WholeRow { levels_up, relation } if *levels_up == depth => {
                let column = Column { levels_up: 0, relation: *relation, column: usize::MAX };
                if !self.is_grouped(&column, groups) {
                    *fault = Some(Fault { column, at: expression.position, depth, direct });
                }
            }
            Kind::Column(_) | Kind::WholeRow { .. } => {}
            Kind::Aggregate(aggregate) if aggregate.levels_up == depth => {
                aggregate.direct_arguments.iter().for_each(|argument| self.look(argument, groups, depth, true, fault));
            }
            Kind::Aggregate(aggregate) if aggregate.levels_up > depth => {}
            Kind::Subquery(subquery) => {
                if let SubqueryKind::Any { test } | SubqueryKind::All { test } | SubqueryKind::RowComparison { test } =
                    &subquery.kind
                {
                    self.look(test, groups, depth, direct, fault);
                }
                // Inside the query only columns count, whole expressions do not.
                subquery.query.walk(depth + 1, &mut |part, depth| {
                    match &part.kind {
                        Kind::WholeRow { levels_up, relation } if *levels_up == depth && fault.is_none() => {
                            let column = Column { levels_up: 0, relation: *relation, column: usize::MAX };
                            if !self.is_grouped(&column, groups) {
                                *fault = Some(Fault { column, at: part.position, depth, direct });
                            }
                        }
                        Kind::Column(column) if column.levels_up == depth && fault.is_none() => {
                            if !self.is_grouped(column, groups) {
                                let column = Column { levels_up: 0, ..*column };
                                *fault = Some(Fault { column, at: part.position, depth, direct });
                            }
                        }
                        Kind::Aggregate(aggregate) if aggregate.levels_up >= depth => return false,
                        _ => {}
                    }
                    fault.is_none()
                });
            }
            _ => expression.parts().into_iter().for_each(|part| self.look(part, groups, depth, direct, fault)),
        }
    }

    fn is_grouped(&self, column: &Column, groups: &Groups<'_>) -> bool {
        let here = Column { levels_up: 0, ..*column };
        let is_key = |key: &Expression| matches!(&key.kind, Kind::Column(key) if *key == here);
        if groups.grouping.expressions.iter().any(is_key) {
            return true;
        }
        // The columns of a table depend on its primary key.
        let relation = self.levels.last().and_then(|level| level.relations.get(here.relation));
        let Some(RelationKind::Table { table, .. }) = relation.map(|relation| &relation.kind) else { return false };
        table.0.primary_key.as_ref().is_some_and(|key| {
            key.columns.iter().all(|column| groups.common.contains(&Column::here(here.relation, *column)))
        })
    }
}
