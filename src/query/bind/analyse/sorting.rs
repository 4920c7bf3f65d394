//! ORDER BY, GROUP BY and DISTINCT: how their items find the select list, and what can be sorted.

use datafusion::sql::sqlparser::ast::{Expr, OrderByExpr, Value, ValueWithSpan};

use super::clause::Clause;
use super::{Analyser, oids};
use crate::base::ids::Oid;
use crate::catalog::facts::{CastContext, CastMethod};
use crate::error::{Error, QueryError, Result};
use crate::query::bind::names::folded;
use crate::query::bind::tree::{Expression, Form, Kind, SortKey, Target};

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
    ) -> Result<usize> {
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
                if let Some(found) = found {
                    return Ok(found);
                }
            }
        }
        if let Some((value, digits)) = constant(expr) {
            let at = Some(value.span.start);
            let Some(digits) = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())) else {
                let message = format!("non-integer constant in {}", clause.name());
                return Err(self.fail(QueryError::Syntax(message), at));
            };
            let visible = targets.iter().enumerate().filter(|(_, target)| !target.hidden).map(|(index, _)| index);
            let position = digits.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            return match position.and_then(|position| visible.clone().nth(position)) {
                Some(found) => Ok(found),
                None => {
                    let message = format!("{} position {digits} is not in select list", clause.name());
                    Err(self.fail(QueryError::InvalidColumnReference(message), at))
                }
            };
        }
        let expression = self.expression_in(expr, clause)?;
        let found = targets.iter().position(|target| *without_coercion(&target.expression) == expression);
        if let Some(found) = found {
            return Ok(found);
        }
        let expression = self.settle(expression)?;
        if let Some(found) = targets.iter().position(|target| *without_coercion(&target.expression) == expression) {
            return Ok(found);
        }
        targets.push(Target { expression, name: String::new(), hidden: true, origin: (0, 0) });
        Ok(targets.len() - 1)
    }

    /// Is there a column of this name in the query itself, not further out?
    fn find_here(&self, name: &str, at: Option<crate::query::bind::tree::Position>) -> Result<bool> {
        let found = self.find_column(name, at)?;
        Ok(found.is_some_and(|found| matches!(found.kind, Kind::Column(column) if column.levels_up == 0)))
    }

    /// A key with its order.
    pub(super) fn sort_key(&self, expression: Expression, key: &OrderByExpr) -> Result<SortKey> {
        let oid = expression.data_type.oid;
        if !self.is_sortable(oid) {
            let message = format!("could not identify an ordering operator for type {}", self.type_name(oid));
            let error = Error::from(QueryError::NoOrdering(message));
            let hint = "Use an explicit ordering operator or modify the query.";
            return Err(self.at(error.hint(hint), expression.position));
        }
        let descending = key.options.asc == Some(false);
        Ok(SortKey { expression, descending, nulls_first: key.options.nulls_first.unwrap_or(descending) })
    }

    /// Fails for types whose values cannot be compared, such as json.
    pub(super) fn check_equality(&self, expression: &Expression) -> Result<()> {
        let oid = expression.data_type.oid;
        if self.is_sortable(oid) {
            return Ok(());
        }
        let message = format!("could not identify an equality operator for type {}", self.type_name(oid));
        Err(self.fail(QueryError::NoOrdering(message), expression.position))
    }

    /// Has the type an order?
    pub(super) fn is_sortable(&self, oid: Oid) -> bool {
        if matches!(oid, oids::UNKNOWN | oids::RECORD) {
            return true;
        }
        let element = self.element_of(oid);
        if element != 0 {
            return self.context.facts.type_of(element).is_some_and(|fact| !fact.is_array()) && self.has_order(element);
        }
        self.has_order(oid)
    }

    fn has_order(&self, oid: Oid) -> bool {
        let is_same = |other: Oid| {
            other == oid
                || self.context.facts.cast(oid, other).is_some_and(|cast| {
                    cast.context == CastContext::Implicit && matches!(cast.method, CastMethod::Binary)
                })
        };
        let mut operators = self.context.facts.operators_named("<");
        operators.any(|operator| operator.left == operator.right && is_same(operator.left))
    }
}

/// A literal, with its digits if it is a number.
fn constant(expr: &Expr) -> Option<(&ValueWithSpan, Option<&str>)> {
    let Expr::Value(value) = expr else { return None };
    match &value.value {
        Value::Number(digits, _) => Some((value, Some(digits))),
        // These are casts and parameters for PostgreSQL, not constants.
        Value::Boolean(_) | Value::Placeholder(_) => None,
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
