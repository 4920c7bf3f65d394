//! FROM: relations and joins.

use std::sync::Arc;

use ::recursive::recursive;
use datafusion::common::{Column as PlanColumn, JoinType, NullEquality};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, TableSource};

use super::{Lowering, Names, build};
use crate::Result;
use crate::query::apply::Apply;
use crate::query::bind::tree::{Join, JoinKind, Query, Relation, RelationKind};
use crate::query::bind::{errors, refuse, relations};
use crate::query::scan::TableScan;

impl Lowering<'_> {
    /// Everything in FROM, combined.
    pub(super) fn from(&mut self, query: &Query, from: &[Join]) -> Result<LogicalPlan> {
        let mut combined: Option<LogicalPlan> = None;
        for item in from {
            let plan = self.join(query, item)?;
            combined = Some(match combined {
                None => plan,
                Some(before) => beside(before, plan)?,
            });
        }
        match combined {
            Some(plan) => Ok(plan),
            None => build(Ok(LogicalPlanBuilder::empty(true))),
        }
    }

    #[recursive]
    fn join(&mut self, query: &Query, join: &Join) -> Result<LogicalPlan> {
        let (kind, left, right, condition, relation) = match join {
            Join::Relation(index) => return self.relation(query, *index),
            Join::Join { kind, left, right, condition, relation } => (kind, left, right, condition, relation),
        };
        let left = self.join(query, left)?;
        let right = self.join(query, right)?;
        let kind = match kind {
            JoinKind::Inner => JoinType::Inner,
            JoinKind::Left => JoinType::Left,
            JoinKind::Right => JoinType::Right,
            JoinKind::Full => JoinType::Full,
        };
        let both = left.schema().join(right.schema()).map_err(errors::translate)?;
        self.level().schema = Arc::new(both);
        let condition = condition.as_ref().map(|condition| self.expression(condition)).transpose()?;
        let plan = match condition {
            condition if is_lateral(&left, &right) => match kind {
                JoinType::Inner | JoinType::Left => {
                    Apply::plan(left, right, kind == JoinType::Left, condition).map_err(errors::translate)?
                }
                _ => return Err(refuse::not_supported("LATERAL in RIGHT and FULL JOIN")),
            },
            None if kind == JoinType::Inner => build(LogicalPlanBuilder::from(left).cross_join(right))?,
            condition => {
                let none = || (Vec::<PlanColumn>::new(), Vec::<PlanColumn>::new());
                let join = LogicalPlanBuilder::from(left);
                build(join.join_detailed(right, kind, none(), condition, NullEquality::NullEqualsNothing))?
            }
        };
        if let Some(index) = relation {
            if let RelationKind::Join { columns } = &query.relations[*index].kind {
                self.level().relations[*index] = Names::Join(columns.clone());
            }
        }
        Ok(plan)
    }

    fn relation(&mut self, query: &Query, index: usize) -> Result<LogicalPlan> {
        let relation = &query.relations[index];
        let (plan, names) = self.plan_of(relation)?;
        let (plan, names) = self.with_row(query, index, plan, names)?;
        self.level().relations[index] = names;
        Ok(plan)
    }

    fn plan_of(&mut self, relation: &Relation) -> Result<(LogicalPlan, Names)> {
        let alias = |default: &str| relation.alias.clone().unwrap_or_else(|| default.to_owned());
        match &relation.kind {
            RelationKind::Table { table, sample } => {
                if sample.is_some() {
                    return Err(refuse::not_supported("TABLESAMPLE"));
                }
                let source = provider_as_source(Arc::new(TableScan::new(Arc::clone(&table.0))));
                let names = table.0.columns.iter().map(|column| column.name.clone()).collect();
                self.scan(&source, &alias(&table.0.name), names)
            }
            RelationKind::System { schema, name } => {
                let source = relations::resolve(self.planner, self.environment, true, Some(schema), name)?;
                let names = source.schema().fields().iter().map(|field| field.name().clone()).collect();
                self.scan(&source, &alias(name), names)
            }
            RelationKind::Subquery(query) => {
                let plan = self.query(query)?;
                self.relation_of(plan, &alias("subquery"))
            }
            RelationKind::Values(rows) => {
                let outside = std::mem::replace(&mut self.beside, true);
                let plan = self.rows(rows);
                self.beside = outside;
                self.relation_of(plan?, &alias("values"))
            }
            RelationKind::Functions { items, ordinality } => self.functions(relation, items, *ordinality),
            RelationKind::Cte { levels_up, cte } => self.cte(*levels_up, *cte, &alias("cte")),
            RelationKind::Join { .. } | RelationKind::Result => Err(refuse::not_supported("this relation in FROM")),
        }
    }

    fn scan(
        &mut self,
        source: &Arc<dyn TableSource>,
        alias: &str,
        columns: Vec<String>,
    ) -> Result<(LogicalPlan, Names)> {
        let qualifier = self.qualifier(alias);
        let plan = build(LogicalPlanBuilder::scan(qualifier.clone(), Arc::clone(source), None))?;
        Ok((plan, Names::Plan { qualifier, columns, row: None }))
    }

    fn cte(&mut self, levels_up: usize, cte: usize, alias: &str) -> Result<(LogicalPlan, Names)> {
        let level = self.levels.len().checked_sub(1 + levels_up).ok_or_else(|| refuse::not_supported("this CTE"))?;
        if let Some(plan) = self.working_table(level, cte)? {
            return self.relation_of(plan, alias);
        }
        let definition = self.levels[level].ctes[cte].clone();
        // The definition sees what its WITH sees, which is not the query that reads it.
        let inner = self.levels.split_off(level + 1);
        let plan =
            if definition.recursive { self.recursive(level, cte, &definition) } else { self.query(&definition.query) };
        self.levels.extend(inner);
        self.relation_of(plan?, alias)
    }
}

/// Everything of two relations, of which the second may be lateral to the first.
fn beside(left: LogicalPlan, right: LogicalPlan) -> Result<LogicalPlan> {
    if is_lateral(&left, &right) {
        return Apply::plan(left, right, false, None).map_err(errors::translate);
    }
    build(LogicalPlanBuilder::from(left).cross_join(right))
}

/// Does the second plan mention columns of the first?
fn is_lateral(left: &LogicalPlan, right: &LogicalPlan) -> bool {
    right
        .all_out_ref_exprs()
        .iter()
        .any(|reference| matches!(reference, Expr::OuterReferenceColumn(_, column) if left.schema().has_column(column)))
}
