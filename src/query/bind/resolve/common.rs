//! The common type of several expressions, and what a construct asks of one.

use super::Resolver;
use super::oids::{self, category, is_preferred};
use super::pathway::can_coerce;
use super::wording::{is_unknown, mismatch, unresolved};
use crate::base::ids::Oid;
use crate::catalog::facts::{CastContext, Facts};
use crate::error::{Result, Unresolved};
use crate::query::bind::tree::{Expression, Form, TypeRef};

/// The common type of several types, or the index of the one that does not fit with the type found before it.
fn choose(facts: &Facts, types: &[Oid]) -> Result<Oid, (Oid, usize)> {
    let mut chosen = types.first().copied().unwrap_or(oids::UNKNOWN);
    if chosen != oids::UNKNOWN && types.iter().all(|oid| *oid == chosen) {
        return Ok(chosen);
    }
    for (index, next) in types.iter().copied().enumerate().skip(1) {
        if next == oids::UNKNOWN || next == chosen {
            continue;
        }
        if chosen == oids::UNKNOWN {
            chosen = next;
        } else if category(facts, next) != category(facts, chosen) {
            return Err((chosen, index));
        } else if !is_preferred(facts, chosen)
            && can_coerce(facts, &[chosen], &[next], CastContext::Implicit)
            && !can_coerce(facts, &[next], &[chosen], CastContext::Implicit)
        {
            chosen = next;
        }
    }
    Ok(if chosen == oids::UNKNOWN { oids::TEXT } else { chosen })
}

/// The common type of several types, or the two that have none.
pub(super) fn of_types(facts: &Facts, types: &[Oid]) -> Result<Oid, (Oid, Oid)> {
    choose(facts, types).map_err(|(chosen, index)| (chosen, types[index]))
}

/// Can all these types become `target` without being asked?
pub(super) fn all_become(facts: &Facts, types: &[Oid], target: Oid) -> bool {
    types.iter().all(|oid| can_coerce(facts, &[*oid], &[target], CastContext::Implicit))
}

impl Resolver<'_> {
    /// The type that all the expressions can have, for a construct such as `CASE` or `UNION`.
    ///
    /// # Errors
    /// 42804 for types of different categories.
    pub fn common_type(&self, expressions: &[Expression], context: &str) -> Result<Oid> {
        let types: Vec<Oid> = expressions.iter().map(|expression| expression.data_type.oid).collect();
        choose(self.facts, &types).map_err(|(chosen, index)| {
            let (one, other) = (self.type_name(chosen), self.type_name(types[index]));
            let error = mismatch(format!("{context} types {one} and {other} cannot be matched"));
            self.at(error, expressions[index].position)
        })
    }

    /// The modifier that all the expressions of the common type share; -1 when they differ.
    pub fn common_typmod(&self, expressions: &[Expression], common: Oid) -> i32 {
        let mut typmods = expressions.iter().map(|expression| {
            // Another type has another kind of modifier.
            if expression.data_type.oid == common { expression.data_type.typmod } else { -1 }
        });
        let first = typmods.next().unwrap_or(-1);
        if typmods.all(|typmod| typmod == first) { first } else { -1 }
    }

    /// Converts to the common type.
    ///
    /// # Errors
    /// 42846 when there is no implicit cast.
    pub fn to_common(&self, expression: Expression, target: Oid, context: &str) -> Result<Expression> {
        let source = expression.data_type.oid;
        if source == target {
            return Ok(expression);
        }
        if !self.can_coerce(source, target, CastContext::Implicit) {
            let (from, to) = (self.type_name(source), self.type_name(target));
            let error = unresolved(Unresolved::CannotCast, format!("{context} could not convert type {from} to {to}"));
            return Err(self.at(error, expression.position));
        }
        self.convert(expression, TypeRef::plain(target), CastContext::Implicit, Form::ImplicitCast)
    }

    /// The expression as a boolean, for a construct such as `WHERE`.
    ///
    /// # Errors
    /// 42804 when it cannot be assigned to one.
    pub fn boolean(&self, expression: Expression, construct: &str) -> Result<Expression> {
        self.specific(expression, oids::BOOLEAN, construct)
    }

    /// The expression as a value of one type, for a construct such as `LIMIT`.
    ///
    /// # Errors
    /// 42804 when it cannot be assigned to one.
    pub fn specific(&self, expression: Expression, target: Oid, construct: &str) -> Result<Expression> {
        let (source, position) = (expression.data_type.oid, expression.position);
        if source == target {
            return Ok(expression);
        }
        let wanted = TypeRef::plain(target);
        match self.coerce(expression, wanted, CastContext::Assignment, Form::ImplicitCast)? {
            Some(expression) => Ok(expression),
            None => {
                let (wanted, found) = (self.type_name(target), self.type_name(source));
                let error = mismatch(format!("argument of {construct} must be type {wanted}, not type {found}"));
                Err(self.at(error, position))
            }
        }
    }

    /// What is still unknown becomes text.
    ///
    /// # Errors
    /// As [`coerce`](Self::coerce).
    pub fn settle(&self, expression: Expression) -> Result<Expression> {
        if !is_unknown(&expression) {
            return Ok(expression);
        }
        self.convert(expression, TypeRef::plain(oids::TEXT), CastContext::Implicit, Form::ImplicitCast)
    }
}
