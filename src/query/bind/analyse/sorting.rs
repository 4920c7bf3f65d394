//! ORDER BY, GROUP BY and DISTINCT: how their items find the select list, and what can be sorted.

use datafusion::sql::sqlparser::ast::{Expr, OrderByExpr, UnaryOperator, Value, ValueWithSpan};

use super::clause::Clause;
use super::{Analyser, oids};
use crate::base::ids::Oid;
use crate::catalog::facts::{CastContext, CastMethod, Facts, TypeFact};
use crate::error::{Error, QueryError, Result};
use crate::query::bind::names::folded;
use crate::query::bind::refuse;
use crate::query::bind::tree::{Expression, Form, Kind, Position, SortKey, Target};

/// An item of a clause: the target that it is, and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Item {
    pub(super) index: usize,
    pub(super) at: Option<Position>,
}

/// How items of a clause are found among the targets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    /// Names of output columns first.
    Output,
    /// Names of input columns first.
    Input,
}

impl Analyser<'_> {
    /// The target that an item of ORDER BY, GROUP BY or DISTINCT ON means; a new hidden one if there is none.
    pub(super) fn target_of(
        &mut self,
        expr: &Expr,
        targets: &mut Vec<Target>,
        clause: Clause,
        rules: Rules,
    ) -> Result<Item> {
        if let Expr::Identifier(ident) = expr {
            let name = folded(ident);
            let at = Some(ident.span.start);
            // In GROUP BY, a column of the input hides an output column of the same name.
            let hidden = rules == Rules::Input && self.find_here(&name, at)?;
            if !hidden {
                let mut found: Option<usize> = None;
                for (index, target) in targets.iter().enumerate() {
                    if target.hidden || target.name != name {
                        continue;
                    }
                    match found {
                        Some(other) if targets[other].expression != target.expression => {
                            let message = format!("{} \"{name}\" is ambiguous", clause.name());
                            return Err(self.fail(QueryError::AmbiguousTarget(message), at));
                        }
                        Some(_) => {}
                        None => found = Some(index),
                    }
                }
                if let Some(index) = found {
                    return Ok(Item { index, at });
                }
            }
        }
        if let Some((value, digits)) = constant(expr) {
            let sign = matches!(expr, Expr::UnaryOp { .. });
            let at = Some(value.span.start);
            let at = if sign { self.places.before(at, "-") } else { at };
            let digits = digits.map(|digits| if sign { format!("-{digits}") } else { digits.to_owned() });
            let Some(digits) = digits.filter(|digits| digits.parse::<i32>().is_ok()) else {
                let message = format!("non-integer constant in {}", clause.name());
                return Err(self.fail(QueryError::Syntax(message), at));
            };
            let visible = targets.iter().enumerate().filter(|(_, target)| !target.hidden).map(|(index, _)| index);
            let position = digits.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            return match position.and_then(|position| visible.clone().nth(position)) {
                Some(index) => Ok(Item { index, at }),
                None => {
                    let message = format!("{} position {digits} is not in select list", clause.name());
                    Err(self.fail(QueryError::InvalidColumnReference(message), at))
                }
            };
        }
        let expression = self.expression_in(expr, clause)?;
        let at = expression.position;
        let found = targets.iter().position(|target| *without_coercion(&target.expression) == expression);
        if let Some(index) = found {
            return Ok(Item { index, at });
        }
        let expression = self.settle(expression)?;
        if let Some(index) = targets.iter().position(|target| *without_coercion(&target.expression) == expression) {
            return Ok(Item { index, at });
        }
        targets.push(Target { expression, name: String::new(), hidden: true, origin: (0, 0) });
        Ok(Item { index: targets.len() - 1, at })
    }

    /// Is there a column of this name in the query itself, not further out?
    fn find_here(&self, name: &str, at: Option<Position>) -> Result<bool> {
        let found = self.find_column(name, at)?;
        Ok(found.is_some_and(|found| matches!(found.kind, Kind::Column(column) if column.levels_up == 0)))
    }

    /// A key with its order.
    pub(super) fn sort_key(&self, expression: Expression, key: &OrderByExpr, at: Option<Position>) -> Result<SortKey> {
        let oid = expression.data_type.oid;
        if !self.is_sortable(oid)? {
            let message = format!("could not identify an ordering operator for type {}", self.type_name(oid));
            let error = Error::from(QueryError::NoOrdering(message));
            let hint = "Use an explicit ordering operator or modify the query.";
            return Err(self.at(error.hint(hint), at));
        }
        let descending = key.options.asc == Some(false);
        Ok(SortKey { expression, descending, nulls_first: key.options.nulls_first.unwrap_or(descending) })
    }

    /// Fails for types whose values cannot be compared, such as json.
    pub(super) fn check_equality(&self, expression: &Expression, at: Option<Position>) -> Result<()> {
        let oid = expression.data_type.oid;
        if self.is_sortable(oid)? {
            return Ok(());
        }
        let message = format!("could not identify an equality operator for type {}", self.type_name(oid));
        Err(self.fail(QueryError::NoOrdering(message), at))
    }

    /// Has the type an order? An order that PostgreSQL has and is not there is 0A000.
    pub(super) fn is_sortable(&self, oid: Oid) -> Result<bool> {
        if oid == oids::UNKNOWN || self.is_row(oid) {
            return Ok(true);
        }
        let element = self.element_of(oid);
        if element != 0 && self.context.facts.type_of(element).is_none_or(TypeFact::is_array) {
            return Ok(false);
        }
        let compared = if element == 0 { oid } else { element };
        if has_order(self.context.facts, compared) {
            return Ok(true);
        }
        if has_order(self.resolver.everything(), compared) {
            return Err(refuse::not_supported(format!("ordering or grouping by {}", self.type_name(oid))));
        }
        Ok(false)
    }
}

fn has_order(facts: &Facts, oid: Oid) -> bool {
    let is_same = |other: Oid| {
        other == oid
            || facts
                .cast(oid, other)
                .is_some_and(|cast| cast.context == CastContext::Implicit && matches!(cast.method, CastMethod::Binary))
    };
    let mut operators = facts.operators_named("<");
    operators.any(|operator| operator.left == operator.right && is_same(operator.left))
}

/// A literal, with its digits if it is a number; a sign before it is part of it.
fn constant(expr: &Expr) -> Option<(&ValueWithSpan, Option<&str>)> {
    let value = match expr {
        Expr::Value(value) => value,
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match expr.as_ref() {
            Expr::Value(value) if matches!(value.value, Value::Number(..)) => value,
            _ => return None,
        },
        _ => return None,
    };
    match &value.value {
        Value::Number(digits, _) => Some((value, Some(digits))),
        Value::Placeholder(_) => None,
        _ => Some((value, None)),
    }
}

/// The expression below conversions that nobody wrote.
pub(super) fn without_coercion(expression: &Expression) -> &Expression {
    let mut expression = expression;
    loop {
        expression = match &expression.kind {
            Kind::Function { arguments, form: Form::ImplicitCast, .. } => match arguments.first() {
                Some(argument) => argument,
                None => return expression,
            },
            Kind::Coerce { argument, form: Form::ImplicitCast, .. } => argument,
            _ => return expression,
        };
    }
}
