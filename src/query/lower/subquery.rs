//! Subqueries in expressions.
//!
//! None of them is left to DataFusion. One becomes a join below the expression where that means the same
//! ([`super::semijoin`], [`super::joined`]); all others become columns that the [`Apply`] operator adds to the rows
//! that the expression is computed over.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::{Column as PlanColumn, DFSchema, JoinType, NullEquality};
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, Operator};

use super::expression::conjunction;
use super::outer::{mentions_own, mentions_subquery};
use super::{Lowering, build, column, pg_type};
use crate::catalog::facts::Facts;
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::apply::{Apply, Gives, Key, Test, Value, outer_columns};
use crate::query::bind::tree::{Expression, Kind, Query, Subquery, SubqueryKind};
use crate::query::bind::{errors, refuse};

/// Columns that the plan below an expression is yet to get.
pub(super) enum Pending {
    /// What a subquery gives for each row.
    Apply(Box<Value>),
    /// The columns of a relation, of which at most one row fits the conditions.
    Join { plan: LogicalPlan, conditions: Vec<Expr> },
}

impl Lowering<'_> {
    /// A subquery, or its negation.
    pub(super) fn subquery(&mut self, subquery: &Subquery, negated: bool) -> Result<Expr> {
        let not = |expr: Expr| if negated { Expr::Not(Box::new(expr)) } else { expr };
        match &subquery.kind {
            SubqueryKind::Exists => {
                let plan = self.query(&subquery.query)?;
                Ok(not(self.given(plan, Gives::Exists, Vec::new())?.swap_remove(0)))
            }
            SubqueryKind::Scalar => {
                if let Some(value) = self.joined(&subquery.query)? {
                    return Ok(not(value));
                }
                let plan = self.query(&subquery.query)?;
                Ok(not(self.given(plan, Gives::Row, Vec::new())?.swap_remove(0)))
            }
            SubqueryKind::Array => {
                let plan = self.query(&subquery.query)?;
                if matches!(plan.schema().field(0).data_type(), DataType::List(_)) {
                    return Err(refuse::not_supported("arrays of arrays"));
                }
                Ok(not(self.given(plan, Gives::Array, Vec::new())?.swap_remove(0)))
            }
            SubqueryKind::RowComparison { test } => {
                let plan = self.query(&subquery.query)?;
                let columns = self.given(plan, Gives::Row, Vec::new())?;
                self.tested.push(columns);
                let compared = self.expression(test);
                self.tested.pop();
                Ok(not(compared?))
            }
            SubqueryKind::Any { test } => Ok(not(self.any(test, &subquery.query, false)?)),
            SubqueryKind::All { test } => match equal_instead(test) {
                Some(equal) => self.any(&equal, &subquery.query, false).map(|any| match negated {
                    true => any,
                    false => Expr::Not(Box::new(any)),
                }),
                // For all of them it is true if it is false for none.
                None => self.any(test, &subquery.query, true).map(|any| match negated {
                    true => any,
                    false => Expr::Not(Box::new(any)),
                }),
            },
        }
    }

    /// Is a test true (with `negated`: false) for any row of a subquery?
    fn any(&mut self, test: &Expression, query: &Query, negated: bool) -> Result<Expr> {
        let mut parts = Vec::new();
        operands(test, &mut parts);
        let lowered = parts.iter().map(|operand| self.expression(operand)).collect::<Result<Vec<_>>>()?;
        let mut plan = self.query(query)?;
        let rights = equalities(test);
        let mut columns: Vec<Expr> = (0..plan.schema().fields().len()).map(|index| column(&plan, index)).collect();
        // What is compared for equality is computed once for each row of the subquery.
        if let Some(pairs) = &rights {
            self.tested.push(columns);
            let converted = pairs.iter().map(|(_, right)| self.expression(right)).collect::<Result<Vec<_>>>();
            self.tested.pop();
            let names = (0..pairs.len()).map(|index| format!("compared#{}#{index}", self.outputs));
            let converted: Vec<Expr> = converted?.into_iter().zip(names).map(|(expr, name)| expr.alias(name)).collect();
            self.outputs += 1;
            plan = build(LogicalPlanBuilder::from(plan).project(converted))?;
            columns = (0..pairs.len()).map(|index| column(&plan, index)).collect();
        }
        let qualifier = self.qualifier("operand");
        let mut fields = Vec::with_capacity(parts.len());
        for (index, operand) in lowered.iter().enumerate() {
            let (_, field) = operand.to_field(self.level().schema.as_ref()).map_err(errors::translate)?;
            let field = field.as_ref().clone().with_name(index.to_string()).with_nullable(true);
            fields.push((Some(qualifier.clone()), Arc::new(field)));
        }
        let own = DFSchema::new_with_metadata(fields, Default::default()).map_err(errors::translate)?;
        let schema = own.join(plan.schema()).map_err(errors::translate)?;
        let known = self.level().computed.len();
        let mut keys = Vec::new();
        if let Some(pairs) = &rights {
            for (index, (left, right)) in pairs.iter().enumerate() {
                self.level().computed.push(((*right).clone(), columns[index].clone()));
                let operand = parts.iter().position(|part| *part == *left);
                let data_type = compared_as(left, right);
                keys.extend(operand.zip(data_type).map(|(operand, data_type)| Key {
                    operand,
                    column: index,
                    data_type,
                }));
            }
        }
        for (index, part) in parts.iter().enumerate() {
            let operand = Expr::Column(PlanColumn::new(Some(qualifier.clone()), index.to_string()));
            self.level().computed.push(((*part).clone(), operand));
        }
        self.tested.push(columns);
        let condition = self.expression(test);
        self.tested.pop();
        self.level().computed.truncate(known);
        let mut condition = condition?;
        if condition.column_refs().iter().any(|column| !schema.has_column(column)) {
            return Err(refuse::not_supported("this comparison with a subquery"));
        }
        if negated {
            condition = Expr::Not(Box::new(condition));
        }
        let keys = rights.filter(|pairs| !negated && pairs.len() == keys.len()).map(|_| keys);
        let test = Test { condition, schema: Arc::new(schema), keys };
        Ok(self.given(plan, Gives::Any(Arc::new(test)), lowered)?.swap_remove(0))
    }

    /// The columns that hold what a subquery gives.
    fn given(&mut self, plan: LogicalPlan, gives: Gives, operands: Vec<Expr>) -> Result<Vec<Expr>> {
        let width = if gives == Gives::Row { plan.schema().fields().len() } else { 1 };
        let qualifier = self.qualifier("subquery");
        let mut names = Vec::with_capacity(width);
        for _ in 0..width {
            self.outputs += 1;
            names.push(format!("value#{}", self.outputs));
        }
        let columns = names.iter().map(|name| Expr::Column(PlanColumn::new(Some(qualifier.clone()), name))).collect();
        let guard = (!self.guards.is_empty()).then(|| conjunction(self.guards.clone(), Operator::And));
        let value = Value { plan, gives, qualifier, names, operands, guard };
        let schema = value.schema().map_err(errors::translate)?;
        self.await_columns(&schema)?;
        self.level().pending.push(Pending::Apply(Box::new(value)));
        Ok(columns)
    }

    /// Makes columns known that the plan is yet to get.
    pub(super) fn await_columns(&mut self, columns: &DFSchema) -> Result<()> {
        let both = self.level().schema.join(columns).map_err(errors::translate)?;
        self.level().schema = Arc::new(both);
        Ok(())
    }

    /// The plan with the columns that expressions over it are waiting for.
    pub(super) fn attached(&mut self, mut plan: LogicalPlan) -> Result<LogicalPlan> {
        let pending = std::mem::take(&mut self.level().pending);
        if pending.is_empty() {
            return Ok(plan);
        }
        for pending in pending {
            let all = Arc::clone(&self.level().schema);
            // In the condition of an outer join, columns of the other side are those of a row around.
            let within = |expr: Expr, plan: &LogicalPlan, more: &DFSchema| {
                let own = plan.schema().join(more)?;
                outer_columns(expr, &own, &all)
            };
            plan = match pending {
                Pending::Apply(mut value) => {
                    let none = DFSchema::empty();
                    let operands = std::mem::take(&mut value.operands).into_iter();
                    value.operands = operands
                        .map(|operand| within(operand, &plan, &none))
                        .collect::<datafusion::common::Result<_>>()
                        .map_err(errors::translate)?;
                    let guard = value.guard.take().map(|guard| within(guard, &plan, &none));
                    value.guard = guard.transpose().map_err(errors::translate)?;
                    Apply::value(plan, *value).map_err(errors::translate)?
                }
                Pending::Join { plan: right, conditions } => {
                    let conditions = conditions
                        .into_iter()
                        .map(|condition| within(condition, &plan, right.schema()))
                        .collect::<datafusion::common::Result<Vec<_>>>()
                        .map_err(errors::translate)?;
                    let condition = conjunction(conditions, Operator::And);
                    let none = || (Vec::<PlanColumn>::new(), Vec::<PlanColumn>::new());
                    let nulls = NullEquality::NullEqualsNothing;
                    let join = LogicalPlanBuilder::from(plan);
                    build(join.join_detailed(right, JoinType::Left, none(), Some(condition), nulls))?
                }
            };
        }
        self.see(&plan);
        Ok(plan)
    }

    /// Lowers something over rows of its own: what it is waiting for does not concern the plan of the query.
    pub(super) fn apart<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let empty = Arc::new(DFSchema::empty());
        let schema = std::mem::replace(&mut self.level().schema, empty);
        let pending = std::mem::take(&mut self.level().pending);
        let result = inner(self);
        self.level().schema = schema;
        self.level().pending = pending;
        result
    }

    /// Lowers something that is computed only for the rows for which a condition holds.
    pub(super) fn guarded<T>(
        &mut self,
        condition: Option<Expr>,
        inner: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let count = self.guards.len();
        self.guards.extend(condition.filter(|condition| !condition.is_volatile()));
        let result = inner(self);
        self.guards.truncate(count);
        result
    }
}

/// The parts of a test that do not depend on the subquery's row.
fn operands<'t>(test: &'t Expression, found: &mut Vec<&'t Expression>) {
    if !depends_on_row(test) {
        if !matches!(test.kind, Kind::Constant(_)) && !found.contains(&test) {
            found.push(test);
        }
        return;
    }
    for part in test.parts() {
        operands(part, found);
    }
}

/// Does it depend on the row of the subquery that it is the test of?
fn depends_on_row(expression: &Expression) -> bool {
    match &expression.kind {
        Kind::SubqueryColumn(_) => true,
        // What is in its own test is not ours.
        Kind::Subquery(_) => false,
        _ => expression.parts().into_iter().any(depends_on_row),
    }
}

/// The pairs of a test that compares columns of the subquery for equality.
pub(super) fn equalities(test: &Expression) -> Option<Vec<(&Expression, &Expression)>> {
    let pairs: Vec<(&Expression, &Expression)> = match &test.kind {
        Kind::Operator { operator, arguments, .. } if is_named(*operator, "=") => {
            let [left, right] = arguments.as_slice() else { return None };
            vec![(left, right)]
        }
        Kind::RowComparison { operator, left, right, .. } if operator == "=" => left.iter().zip(right).collect(),
        _ => return None,
    };
    let plain = |(left, right): &(&Expression, &Expression)| {
        !depends_on_row(left) && depends_on_row(right) && !mentions_own(right) && !mentions_subquery(right)
    };
    pairs.iter().all(plain).then_some(pairs)
}

/// `x = y` for `x <> y`, where that is its negation.
pub(super) fn equal_instead(test: &Expression) -> Option<Expression> {
    let equal = |operator: crate::base::ids::Oid| {
        let facts = Facts::shipped();
        let unequal = facts.operator(operator).filter(|fact| fact.name == "<>")?;
        facts.operators_named("=").find(|fact| fact.left == unequal.left && fact.right == unequal.right)
    };
    let kind = match &test.kind {
        Kind::Operator { operator, arguments, .. } => {
            let fact = equal(*operator)?;
            Kind::Operator { operator: fact.oid, function: fact.function, arguments: arguments.clone() }
        }
        Kind::RowComparison { operator, operators, left, right } if operator == "<>" => {
            let operators = operators
                .iter()
                .map(|(operator, _)| equal(*operator).map(|fact| (fact.oid, fact.function)))
                .collect::<Option<Vec<_>>>()?;
            Kind::RowComparison { operator: "=".into(), operators, left: left.clone(), right: right.clone() }
        }
        _ => return None,
    };
    Some(Expression { kind, ..test.clone() })
}

pub(super) fn is_named(operator: crate::base::ids::Oid, name: &str) -> bool {
    Facts::shipped().operator(operator).is_some_and(|fact| fact.name == name)
}

/// The Arrow type in which values of both are equal if their bytes are: `Some(None)` where that depends on the form of
/// the values, `None` where there is none.
pub(super) fn compared_as(left: &Expression, right: &Expression) -> Option<DataType> {
    use PgType as T;
    let (left, right) = (pg_type(left.data_type).ok()?, pg_type(right.data_type).ok()?);
    match (&left, &right) {
        (T::Int2 | T::Int4 | T::Int8, T::Int2 | T::Int4 | T::Int8) => Some(DataType::Int64),
        (T::Text | T::Varchar(_) | T::Name, T::Text | T::Varchar(_) | T::Name) => Some(DataType::Utf8),
        (T::Bool | T::Bytea | T::Date | T::Time | T::Timestamp | T::Timestamptz | T::Uuid | T::Oid, _)
            if left == right =>
        {
            Some(left.arrow())
        }
        _ => None,
    }
}
