//! FROM: relations and joins.

use std::sync::Arc;

use ::recursive::recursive;
use datafusion::common::{Column as PlanColumn, JoinType, NullEquality};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, TableSource};

use super::outer::mentions_subquery;
use super::{Lowering, Names, build, column};
use crate::Result;
use crate::query::apply::Apply;
use crate::query::bind::tree::{Expression, Join, JoinKind, Kind, Query, Relation, RelationKind};
use crate::query::bind::{errors, refuse};
use crate::query::scan::{KEY_COLUMN, SEQ_COLUMN, TableScan};
use crate::query::system;

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
            // Inside of the condition are subqueries that see columns of both sides.
            Some(condition) if !self.level().pending.is_empty() => match kind {
                JoinType::Inner => {
                    let plan = beside(left, right)?;
                    let plan = self.attached(plan)?;
                    build(LogicalPlanBuilder::from(plan).filter(condition))?
                }
                JoinType::Left => {
                    let right = self.attached(right)?;
                    Apply::plan(left, right, true, Some(condition)).map_err(errors::translate)?
                }
                JoinType::Right if !is_lateral(&left, &right) => {
                    let left = self.attached(left)?;
                    Apply::plan(right, left, true, Some(condition)).map_err(errors::translate)?
                }
                _ => return Err(refuse::not_supported("a subquery in the condition of a FULL JOIN")),
            },
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

    /// The only relation of a query, if it is a subquery whose order the query's aggregates are to follow. Nobody
    /// promises it, but in PostgreSQL rows reach an aggregate as the subquery gave them.
    pub(super) fn ordered_input(&self, query: &Query, from: &[Join]) -> Option<usize> {
        let [Join::Relation(index)] = from else { return None };
        let RelationKind::Subquery(inner) = &query.relations[*index].kind else { return None };
        let ordered = !inner.order_by.is_empty()
            && !inner.limit.with_ties
            && inner.limit.offset.is_none()
            && !inner.limit.count.iter().chain(&inner.limit.offset).any(mentions_subquery);
        let follows = |found: &Expression| match &found.kind {
            Kind::Aggregate(aggregate) => aggregate.order_by.is_empty() && self.follows_order(aggregate),
            _ => false,
        };
        let has_one = query.targets.iter().any(|target| target.expression.mentions(|found, _| follows(found)));
        (ordered && has_one).then_some(*index)
    }

    pub(super) fn ordered_relation(&mut self, query: &Query, index: usize) -> Result<LogicalPlan> {
        let relation = &query.relations[index];
        let RelationKind::Subquery(inner) = &relation.kind else { return self.relation(query, index) };
        let plan = self.counted_query(inner)?;
        let (plan, names) = self.relation_of(plan, relation.alias.as_deref().unwrap_or("subquery"))?;
        let last = plan.schema().fields().len() - 1;
        self.level().relations[index] = names;
        self.level().order = Some(column(&plan, last));
        Ok(plan)
    }

    fn plan_of(&mut self, relation: &Relation) -> Result<(LogicalPlan, Names)> {
        let alias = |default: &str| relation.alias.clone().unwrap_or_else(|| default.to_owned());
        match &relation.kind {
            RelationKind::Table { table, sample } => {
                if sample.is_some() {
                    return Err(refuse::not_supported("TABLESAMPLE"));
                }
                let mut names: Vec<String> = table.0.columns.iter().map(|column| column.name.clone()).collect();
                // The target of UPDATE and DELETE has two columns more.
                let scan = if relation.columns.len() > names.len() {
                    names.extend([KEY_COLUMN, SEQ_COLUMN].map(str::to_owned));
                    TableScan::with_identity(Arc::clone(&table.0))
                } else {
                    TableScan::new(Arc::clone(&table.0))
                };
                let source = provider_as_source(Arc::new(scan));
                self.scan(&source, &alias(&table.0.name), names)
            }
            RelationKind::System { schema, name } => {
                let table = system::table(schema, name);
                let table = table.ok_or_else(|| refuse::not_supported(format!("the relation {schema}.{name}")))?;
                let source = provider_as_source(table);
                let names = source.schema().fields().iter().map(|field| field.name().clone()).collect();
                self.scan(&source, &alias(name), names)
            }
            RelationKind::Subquery(query) => {
                let plan = self.query(query)?;
                self.relation_of(plan, &alias("subquery"))
            }
            RelationKind::Values(rows) => {
                let outside = std::mem::replace(&mut self.beside, true);
                let plan = self.apart(|this| this.rows(rows));
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
