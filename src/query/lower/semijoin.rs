//! Subqueries in WHERE that are joins: EXISTS, IN, ANY and ALL keep or drop rows there, and false is the same as NULL.

use std::sync::Arc;

use datafusion::common::{Column as PlanColumn, JoinType, NullEquality};
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, Operator};

use super::expression::conjunction;
use super::outer::{conjuncts, mentions_outer, mentions_subquery, reaches_out};
use super::subquery::{equal_instead, equalities};
use super::{Level, Lowering, build, column};
use crate::error::Result;
use crate::query::apply::{is_volatile, own_columns};
use crate::query::bind::tree::{
    Distinct, Expression, Kind, Logic, Query, QueryBody, RelationKind, Subquery, SubqueryKind,
};
use crate::query::bind::{errors, refuse};

/// A test of a subquery's rows and what it is to be for a row to be kept.
struct Condition {
    test: Option<Expression>,
    /// Does one row that fits drop the row, rather than keep it?
    anti: bool,
    /// Is it false, rather than true, that makes a row fit? With `anti` NULL makes it fit as well.
    falsified: bool,
}

/// The rows of a subquery, the conditions that mention the query around it, and its columns.
type Parts = (LogicalPlan, Vec<Expr>, Vec<Expr>);

impl Lowering<'_> {
    /// The rows of a plan for which a condition holds.
    pub(super) fn filtered(&mut self, mut plan: LogicalPlan, condition: &Expression) -> Result<LogicalPlan> {
        let (with_subquery, plain): (Vec<_>, Vec<_>) =
            conjuncts(condition).into_iter().partition(|part| mentions_subquery(part));
        if !plain.is_empty() {
            let plain = plain.into_iter().map(|part| self.expression(part)).collect::<Result<Vec<_>>>()?;
            plan = self.filter(plan, plain)?;
        }
        let mut others = Vec::new();
        for part in with_subquery {
            match self.semijoin(&plan, part)? {
                Some(joined) => {
                    plan = joined;
                    self.see(&plan);
                }
                None => others.push(part),
            }
        }
        for part in others {
            let condition = self.expression(part)?;
            plan = self.attached(plan)?;
            plan = self.filter(plan, vec![condition])?;
        }
        Ok(plan)
    }

    /// A filter. One that is volatile must not be moved below what counts rows, which DataFusion would do.
    fn filter(&mut self, plan: LogicalPlan, conditions: Vec<Expr>) -> Result<LogicalPlan> {
        let (volatile, timeless): (Vec<_>, Vec<_>) = conditions.into_iter().partition(Expr::is_volatile);
        let mut plan = plan;
        if !timeless.is_empty() {
            plan = build(LogicalPlanBuilder::from(plan).filter(conjunction(timeless, Operator::And)))?;
        }
        if !volatile.is_empty() {
            let mut columns: Vec<Expr> = (0..plan.schema().fields().len()).map(|index| column(&plan, index)).collect();
            let kept = columns.clone();
            self.outputs += 1;
            let name = format!("condition#{}", self.outputs);
            columns.push(conjunction(volatile, Operator::And).alias(&name));
            let condition = Expr::Column(PlanColumn::from_name(name));
            let step = LogicalPlanBuilder::from(plan).project(columns).and_then(|plan| plan.filter(condition));
            plan = build(step.and_then(|plan| plan.project(kept)))?;
        }
        Ok(plan)
    }

    /// The join that a condition is, if it is one.
    fn semijoin(&mut self, plan: &LogicalPlan, condition: &Expression) -> Result<Option<LogicalPlan>> {
        let Some((subquery, condition)) = recognised(condition) else { return Ok(None) };
        let operands_have_subqueries = condition.test.as_ref().is_some_and(mentions_subquery);
        if operands_have_subqueries {
            return Ok(None);
        }
        let query = subquery.query.as_ref();
        let (inner, mut conditions, columns) = if reaches_out(query) {
            let Some(parts) = self.correlated_parts(plan, query, condition.test.is_some())? else { return Ok(None) };
            parts
        } else {
            if condition.test.is_none() {
                return Ok(None);
            }
            let inner = self.query(query)?;
            let columns = (0..inner.schema().fields().len()).map(|index| column(&inner, index)).collect();
            (inner, Vec::new(), columns)
        };
        if is_volatile(&inner).map_err(errors::translate)? && !conditions.is_empty() {
            return Ok(None);
        }
        if let Some(test) = &condition.test {
            let uncorrelated = conditions.is_empty();
            let pairs = equalities(test);
            let wait = self.level().pending.len();
            self.tested.push(columns);
            let lowered = self.expression(test);
            let sides =
                pairs.iter().flatten().map(|(left, right)| Ok((self.expression(left)?, self.expression(right)?)));
            let sides = sides.collect::<Result<Vec<_>>>();
            self.tested.pop();
            let (lowered, sides) = (lowered?, sides?);
            if self.level().pending.len() != wait || lowered.is_volatile() {
                return Err(refuse::not_supported("a subquery in this comparison"));
            }
            let never_null =
                sides.iter().all(|(left, right)| is_never_null(left, plan) && is_never_null(right, &inner));
            let condition = match (condition.anti, condition.falsified) {
                (false, false) => lowered,
                (false, true) => Expr::Not(Box::new(lowered)),
                (true, false) if pairs.is_some() && uncorrelated && never_null => lowered,
                // A hash table with NULLs in it answers this much faster than a join that looks at all pairs.
                (true, false) if pairs.is_some() && uncorrelated => return Ok(None),
                (true, false) => Expr::IsNotFalse(Box::new(lowered)),
                (true, true) => Expr::IsNotTrue(Box::new(lowered)),
            };
            conditions.push(condition);
        }
        let kind = if condition.anti { JoinType::LeftAnti } else { JoinType::LeftSemi };
        let condition = conjunction(conditions, Operator::And);
        let none = || (Vec::<PlanColumn>::new(), Vec::<PlanColumn>::new());
        let join = LogicalPlanBuilder::from(plan.clone());
        let nulls = NullEquality::NullEqualsNothing;
        build(join.join_detailed(inner, kind, none(), Some(condition), nulls)).map(Some)
    }

    /// The rows of a subquery that mentions the query around it in conditions of its WHERE only: without these, these,
    /// and its columns.
    fn correlated_parts(&mut self, plan: &LogicalPlan, query: &Query, is_tested: bool) -> Result<Option<Parts>> {
        let QueryBody::Select { from, filter, grouping: None, having: None, windows, distinct } = &query.body else {
            return Ok(None);
        };
        let plain = windows.is_empty()
            && !matches!(distinct, Some(Distinct::On(_)))
            && query.limit.count.is_none()
            && query.limit.offset.is_none()
            && query.ctes.is_empty()
            && !query.targets.iter().any(|target| self.is_special(&target.expression))
            // A CTE around it may mention anything.
            && !query.relations.iter().any(|relation| matches!(relation.kind, RelationKind::Cte { .. }));
        let targets = query.targets.iter().filter(|target| !target.hidden);
        let targets_reach = targets.clone().any(|target| mentions_outer(&target.expression));
        let (outer, own): (Vec<_>, Vec<_>) =
            filter.iter().flat_map(conjuncts).partition(|condition| mentions_outer(condition));
        let rest = Query {
            body: QueryBody::Select {
                from: from.clone(),
                filter: None,
                grouping: None,
                having: None,
                windows: Vec::new(),
                distinct: None,
            },
            targets: Vec::new(),
            order_by: Vec::new(),
            ..query.clone()
        };
        if !plain
            || (is_tested && targets_reach)
            || reaches_out(&rest)
            || outer.is_empty()
            || outer.iter().any(|condition| mentions_subquery(condition))
        {
            return Ok(None);
        }
        self.levels.push(Level::new(query));
        let outside = std::mem::replace(&mut self.beside, false);
        let guards = std::mem::take(&mut self.guards);
        let inside = || {
            let mut inner = self.from(query, from)?;
            self.see(&inner);
            for condition in own {
                inner = self.filtered(inner, condition)?;
                self.see(&inner);
            }
            let conditions = outer.iter().map(|condition| self.expression(condition)).collect::<Result<Vec<_>>>()?;
            let columns = match is_tested {
                true => targets.map(|target| self.expression(&target.expression)).collect::<Result<Vec<_>>>()?,
                false => Vec::new(),
            };
            let inner = self.attached(inner)?;
            Ok::<_, crate::Error>((inner, conditions, columns))
        };
        let parts = inside();
        self.guards = guards;
        self.beside = outside;
        self.levels.pop();
        let (inner, conditions, columns) = parts?;
        let schema = Arc::clone(plan.schema());
        let conditions = conditions
            .into_iter()
            .map(|condition| own_columns(condition, &schema))
            .collect::<datafusion::common::Result<Vec<_>>>()
            .map_err(errors::translate)?;
        let volatile = conditions.iter().chain(&columns).any(Expr::is_volatile);
        Ok((!volatile).then_some((inner, conditions, columns)))
    }

    /// Is there an aggregate, a window function or a set-returning function in it?
    pub(super) fn is_special(&self, expression: &Expression) -> bool {
        expression.mentions(|part, depth| match &part.kind {
            Kind::Aggregate(_) => true,
            Kind::Window(_) | Kind::Grouping(_) => depth == 0,
            Kind::Function { function, .. } => {
                depth == 0 && self.function_fact(*function).is_ok_and(|fact| fact.returns_set)
            }
            _ => false,
        })
    }
}

/// The subquery and the test of a condition that consists of nothing else.
fn recognised(condition: &Expression) -> Option<(&Subquery, Condition)> {
    let (mut inner, mut negated) = (condition, false);
    while let Kind::Logic { logic: Logic::Not, arguments } = &inner.kind {
        inner = arguments.first()?;
        negated = !negated;
    }
    let Kind::Subquery(subquery) = &inner.kind else { return None };
    let condition = match &subquery.kind {
        SubqueryKind::Exists => Condition { test: None, anti: negated, falsified: false },
        SubqueryKind::Any { test } => Condition { test: Some(test.as_ref().clone()), anti: negated, falsified: false },
        SubqueryKind::All { test } => match equal_instead(test) {
            Some(equal) => Condition { test: Some(equal), anti: !negated, falsified: false },
            None => Condition { test: Some(test.as_ref().clone()), anti: !negated, falsified: true },
        },
        _ => return None,
    };
    Some((subquery, condition))
}

fn is_never_null(expr: &Expr, plan: &LogicalPlan) -> bool {
    match expr {
        Expr::Column(_) => expr.nullable(plan.schema().as_ref()).is_ok_and(|nullable| !nullable),
        Expr::Literal(value, _) => !value.is_null(),
        _ => false,
    }
}
