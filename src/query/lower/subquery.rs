//! Subqueries in expressions.

use std::sync::Arc;

use datafusion::logical_expr::expr::{Exists, InSubquery};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Subquery as PlanSubquery};

use super::{Lowering, build, column, keys, pg_type};
use crate::catalog::facts::Facts;
use crate::error::Result;
use crate::query::bind::refuse;
use crate::query::bind::tree::{Expression, Kind, Subquery, SubqueryKind};

impl Lowering<'_> {
    /// A subquery, or its negation.
    pub(super) fn subquery(&mut self, subquery: &Subquery, negated: bool) -> Result<Expr> {
        let not = |expr: Expr| if negated { Expr::Not(Box::new(expr)) } else { expr };
        match &subquery.kind {
            SubqueryKind::Exists => {
                let plan = self.query(&subquery.query)?;
                Ok(Expr::Exists(Exists { subquery: wrapped(plan), negated }))
            }
            SubqueryKind::Scalar => {
                let plan = self.query(&subquery.query)?;
                Ok(not(Expr::ScalarSubquery(wrapped(plan))))
            }
            SubqueryKind::Any { test } => match equality(test, "=") {
                Some((left, right)) => self.membership(left, right, subquery, negated),
                None => Err(refuse::not_supported("ANY over a subquery with this operator")),
            },
            SubqueryKind::All { test } => match equality(test, "<>") {
                Some((left, right)) => self.membership(left, right, subquery, !negated),
                None => Err(refuse::not_supported("ALL over a subquery with this operator")),
            },
            SubqueryKind::Array => Err(refuse::not_supported("ARRAY over a subquery")),
            SubqueryKind::RowComparison { .. } => Err(refuse::not_supported("a comparison of a row with a subquery")),
        }
    }

    fn membership(
        &mut self,
        left: &Expression,
        right: &Expression,
        subquery: &Subquery,
        negated: bool,
    ) -> Result<Expr> {
        let value = self.expression(left)?;
        let mut plan = self.query(&subquery.query)?;
        if right.kind != Kind::SubqueryColumn(0) {
            let columns = (0..plan.schema().fields().len()).map(|index| column(&plan, index)).collect();
            self.tested.push(columns);
            let converted = self.expression(right);
            self.tested.pop();
            plan = build(LogicalPlanBuilder::from(plan).project([converted?]))?;
        }
        let data_type = pg_type(left.data_type)?;
        if keys::has(&data_type) {
            let key = keys::of(column(&plan, 0), &data_type);
            plan = build(LogicalPlanBuilder::from(plan).project([key]))?;
        }
        let value = keys::of(value, &data_type);
        Ok(Expr::InSubquery(InSubquery { expr: Box::new(value), subquery: wrapped(plan), negated }))
    }
}

/// The two sides of a test by `operator` whose right side is the subquery's column.
fn equality<'t>(test: &'t Expression, operator: &str) -> Option<(&'t Expression, &'t Expression)> {
    let Kind::Operator { operator: oid, arguments, .. } = &test.kind else { return None };
    let [left, right] = arguments.as_slice() else { return None };
    let is_named = Facts::shipped().operator(*oid).is_some_and(|fact| fact.name == operator);
    (is_named && mentions_column(right) && !mentions_column(left)).then_some((left, right))
}

/// Is it the subquery's column, perhaps converted?
fn mentions_column(expression: &Expression) -> bool {
    match &expression.kind {
        Kind::SubqueryColumn(_) => true,
        Kind::Coerce { argument, .. } => mentions_column(argument),
        Kind::Function { arguments, .. } => arguments.first().is_some_and(mentions_column),
        _ => false,
    }
}

fn wrapped(plan: LogicalPlan) -> PlanSubquery {
    let outer_ref_columns = plan.all_out_ref_exprs();
    PlanSubquery { subquery: Arc::new(plan), outer_ref_columns, spans: Default::default() }
}
