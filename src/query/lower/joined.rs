//! Scalar subqueries that are joins: aggregates over the rows whose columns equal values of the row around.
//!
//! `(SELECT f(sum(b)) FROM t WHERE t.a = o.a)` is a left join with `SELECT a, sum(b) FROM t GROUP BY a`, over which
//! `f` is computed. A row without a match gets what the aggregate is over no rows: NULL, or zero for a count.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::{Column as PlanColumn, ScalarValue};
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan};

use super::outer::{conjuncts, mentions_outer, mentions_own, mentions_subquery, reaches_out, shifted};
use super::subquery::{Pending, compared_as, is_named};
use super::{Lowering, Names, pg_type};
use crate::base::ids::Oid;
use crate::error::Result;
use crate::query::apply::is_volatile;
use crate::query::bind::errors;
use crate::query::bind::tree::{
    Column, Distinct, Expression, Grouping, Kind, Logic, Query, QueryBody, RelationKind, Target,
};

/// Aggregates that are NULL over no rows; `count` is zero.
const NULL_OVER_NOTHING: [&str; 7] = ["sum", "min", "max", "avg", "bool_and", "bool_or", "every"];

/// An equality of a column of the subquery with a value of the row around.
struct Link<'q> {
    own: &'q Expression,
    outer: &'q Expression,
    function: Oid,
    /// Does the column stand on the left side?
    own_first: bool,
}

impl Lowering<'_> {
    /// The value of a subquery that is such a join.
    pub(super) fn joined(&mut self, query: &Query) -> Result<Option<Expr>> {
        let QueryBody::Select { from, filter: Some(filter), grouping: None, having: None, windows, distinct } =
            &query.body
        else {
            return Ok(None);
        };
        let [target] = query.targets.as_slice() else { return Ok(None) };
        let plain = windows.is_empty()
            && !matches!(distinct, Some(Distinct::On(_)))
            && query.limit.count.is_none()
            && query.limit.offset.is_none()
            && query.ctes.is_empty()
            && !query.relations.iter().any(|relation| matches!(relation.kind, RelationKind::Cte { .. }));
        let mut aggregates: Vec<Expression> = Vec::new();
        if !plain || !self.is_over_aggregates(&target.expression, &mut aggregates) || aggregates.is_empty() {
            return Ok(None);
        }
        let (outer, own): (Vec<_>, Vec<_>) =
            conjuncts(filter).into_iter().partition(|condition| mentions_outer(condition));
        let Some(links) = outer.into_iter().map(link).collect::<Option<Vec<_>>>() else { return Ok(None) };
        if links.is_empty() {
            return Ok(None);
        }
        let visible = |expression: &Expression| Target {
            expression: expression.clone(),
            name: "joined".into(),
            hidden: false,
            origin: (0, 0),
        };
        let keys: Vec<Expression> = links.iter().map(|link| link.own.clone()).collect();
        let own: Vec<Expression> = own.into_iter().cloned().collect();
        let grouped = Query {
            body: QueryBody::Select {
                from: from.clone(),
                filter: combined(own, filter),
                grouping: Some(Grouping { sets: vec![(0..keys.len()).collect()], expressions: keys.clone() }),
                having: None,
                windows: Vec::new(),
                distinct: None,
            },
            targets: keys.iter().chain(&aggregates).map(visible).collect(),
            order_by: Vec::new(),
            ..query.clone()
        };
        if reaches_out(&grouped) {
            return Ok(None);
        }
        let plan = self.query(&grouped)?;
        if is_volatile(&plan).map_err(errors::translate)? {
            return Ok(None);
        }
        self.joined_with(plan, &links, &aggregates, target).map(Some)
    }

    fn joined_with(
        &mut self,
        plan: LogicalPlan,
        links: &[Link<'_>],
        aggregates: &[Expression],
        target: &Target,
    ) -> Result<Expr> {
        let (plan, names) = self.relation_of(plan, "subquery")?;
        let Names::Plan { qualifier, columns, .. } = names else {
            return Err(crate::query::bind::refuse::not_supported("this subquery"));
        };
        let column = |index: usize| Expr::Column(PlanColumn::new(Some(qualifier.clone()), columns[index].clone()));
        let mut conditions = Vec::with_capacity(links.len());
        for (index, link) in links.iter().enumerate() {
            let outer = (self.expression(&shifted(link.outer, -1))?, pg_type(link.outer.data_type)?);
            let own = (column(index), pg_type(link.own.data_type)?);
            let (left, right) = if link.own_first { (own, outer) } else { (outer, own) };
            conditions.push(self.compare(link.function, left, right)?);
        }
        let known = self.level().computed.len();
        let mut replaced = target.expression.clone();
        for (index, aggregate) in aggregates.iter().enumerate() {
            let mut value = column(links.len() + index);
            if self.aggregate_name(aggregate) == Some("count") {
                let zero = match value.get_type(plan.schema().as_ref()).map_err(errors::translate)? {
                    DataType::Int64 => ScalarValue::Int64(Some(0)),
                    other => ScalarValue::new_zero(&other).map_err(errors::translate)?,
                };
                value = coalesce(vec![value, Expr::Literal(zero, None)]);
            }
            // A column that no query has stands for the aggregate while what is around it is lowered.
            let stand_in = Expression {
                kind: Kind::Column(Column { levels_up: 0, relation: usize::MAX, column: index }),
                data_type: aggregate.data_type,
                position: None,
            };
            let inside = Expression {
                kind: Kind::Column(Column { levels_up: 1, relation: usize::MAX, column: index }),
                ..stand_in.clone()
            };
            replace(&mut replaced, aggregate, &inside);
            self.level().computed.push((stand_in, value));
        }
        let fields = plan
            .schema()
            .iter()
            .map(|(qualifier, field)| (qualifier.cloned(), Arc::new(field.as_ref().clone().with_nullable(true))));
        let schema = datafusion::common::DFSchema::new_with_metadata(fields.collect(), Default::default());
        self.await_columns(&schema.map_err(errors::translate)?)?;
        self.level().pending.push(Pending::Join { plan, conditions });
        let value = self.expression(&shifted(&replaced, -1));
        self.level().computed.truncate(known);
        value
    }

    /// Is it made of aggregates of its own query, whose values over no rows are known, and of values of queries
    /// around it?
    fn is_over_aggregates(&self, expression: &Expression, aggregates: &mut Vec<Expression>) -> bool {
        match &expression.kind {
            Kind::Aggregate(aggregate) => {
                let name = self.aggregate_name(expression);
                let known = name.is_some_and(|name| name == "count" || NULL_OVER_NOTHING.contains(&name));
                let plain =
                    known && aggregate.levels_up == 0 && !mentions_outer(expression) && !mentions_subquery(expression);
                if plain && !aggregates.contains(expression) {
                    aggregates.push(expression.clone());
                }
                plain
            }
            Kind::Column(column) => column.levels_up > 0,
            Kind::Subquery(_) | Kind::Window(_) | Kind::Grouping(_) | Kind::WholeRow { .. } => false,
            Kind::Function { function, .. } if self.function_fact(*function).map_or(true, |fact| fact.returns_set) => {
                false
            }
            _ => expression.parts().into_iter().all(|part| self.is_over_aggregates(part, aggregates)),
        }
    }

    fn aggregate_name(&self, expression: &Expression) -> Option<&'static str> {
        let Kind::Aggregate(aggregate) = &expression.kind else { return None };
        self.function_fact(aggregate.function).ok().map(|fact| fact.name.as_str())
    }
}

fn replace(expression: &mut Expression, what: &Expression, by: &Expression) {
    if expression == what {
        *expression = by.clone();
        return;
    }
    for part in expression.parts_mut() {
        replace(part, what, by);
    }
}

/// Conditions as one, or none.
fn combined(mut conditions: Vec<Expression>, like: &Expression) -> Option<Expression> {
    if conditions.len() > 1 {
        let kind = Kind::Logic { logic: Logic::And, arguments: conditions };
        return Some(Expression { kind, data_type: like.data_type, position: None });
    }
    conditions.pop()
}

fn link(condition: &Expression) -> Option<Link<'_>> {
    let Kind::Operator { operator, function, arguments } = &condition.kind else { return None };
    let [left, right] = arguments.as_slice() else { return None };
    if !is_named(*operator, "=") || mentions_subquery(condition) {
        return None;
    }
    let is_own = |side: &Expression| mentions_own(side) && !mentions_outer(side);
    let is_outer = |side: &Expression| mentions_outer(side) && !mentions_own(side);
    let (own, outer, own_first) = if is_own(left) && is_outer(right) {
        (left, right, true)
    } else if is_own(right) && is_outer(left) {
        (right, left, false)
    } else {
        return None;
    };
    // Groups are of equal bytes: what is equal otherwise would find several.
    compared_as(own, outer)?;
    Some(Link { own, outer, function: *function, own_first })
}
