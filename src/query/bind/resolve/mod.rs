//! PostgreSQL's resolution of operators, functions, casts and common types over [`Facts`].
//!
//! The rules are those of the manual's chapter "Type Conversion": an exact match wins, then the candidates that
//! implicit casts reach are thinned out by exact matches, preferred types and the categories of untyped
//! literals. What comes out are nodes of [`super::tree`] with every conversion written out, or PostgreSQL's own
//! error. A literal without a type is read at once by the input function of the type that its use asks for; a
//! parameter without a type gets the one that its first use asks for.

mod calls;
mod parameters;

pub use calls::{Argument, Call, Callee, Resolved};
pub use parameters::Parameters;

use super::refuse;
use super::tree::{ArrayQuantifier, Expression, Form, Position, TypeRef};
use crate::base::ids::Oid;
use crate::catalog::facts::{CastContext, Facts};
use crate::catalog::types::OutputStyle;
use crate::error::Result;

/// Resolves names and types of one statement.
#[derive(Clone, Copy, Debug)]
#[allow(dead_code, reason = "the bodies come next")]
pub struct Resolver<'a> {
    facts: &'a Facts,
    style: &'a OutputStyle,
    parameters: &'a Parameters,
    /// The text of the statement, for the positions of errors.
    source: &'a str,
}

impl<'a> Resolver<'a> {
    /// A resolver for the statement `source`.
    pub fn new(facts: &'a Facts, style: &'a OutputStyle, parameters: &'a Parameters, source: &'a str) -> Self {
        Self { facts, style, parameters, source }
    }

    /// `left name right`, or `name right` for a prefix operator.
    ///
    /// # Errors
    /// 42883 without a fitting operator, 42725 with more than one, 42804 for polymorphic types that contradict
    /// each other, and what the input function of a literal says.
    pub fn operator(
        &self,
        name: &str,
        left: Option<Expression>,
        right: Expression,
        at: Option<Position>,
    ) -> Result<Expression> {
        let _ = (left, right, at);
        Err(refuse::not_supported(format!("operator {name}")))
    }

    /// `left name ANY|ALL (array)`.
    ///
    /// # Errors
    /// As [`operator`](Self::operator); 42809 without an array on the right side.
    pub fn array_operator(
        &self,
        quantifier: ArrayQuantifier,
        name: &str,
        left: Expression,
        array: Expression,
        at: Option<Position>,
    ) -> Result<Expression> {
        let _ = (quantifier, left, array, at);
        Err(refuse::not_supported(format!("operator {name} ANY/ALL")))
    }

    /// What a call in the notation of functions means.
    ///
    /// # Errors
    /// 42883 without a fitting function, 42725 with more than one, 42809 for a function of another kind, 42804
    /// for polymorphic types that contradict each other, and what the input function of a literal says.
    pub fn function(&self, call: Call) -> Result<Callee<'a>> {
        Err(refuse::not_supported(format!("function {}", call.name)))
    }

    /// Converts to a type with its modifier; `None` when there is no such conversion.
    ///
    /// # Errors
    /// What the input function of a literal says; 42P08 for a parameter that has another type already.
    pub fn coerce(
        &self,
        expression: Expression,
        target: TypeRef,
        context: CastContext,
        form: Form,
    ) -> Result<Option<Expression>> {
        let _ = (expression, target, context, form);
        Err(refuse::not_supported("this conversion"))
    }

    /// `expression::target`, `CAST(expression AS target)`.
    ///
    /// # Errors
    /// 42846 when there is no such cast, otherwise as [`coerce`](Self::coerce).
    pub fn cast(&self, expression: Expression, target: TypeRef, at: Option<Position>) -> Result<Expression> {
        let _ = (expression, target, at);
        Err(refuse::not_supported("this cast"))
    }

    /// May a value of the one type become one of the other?
    pub fn can_coerce(&self, source: Oid, target: Oid, context: CastContext) -> bool {
        let _ = context;
        source == target
    }

    /// The type that all the expressions can have, for a construct such as `CASE` or `UNION`.
    ///
    /// # Errors
    /// 42804 for types of different categories.
    pub fn common_type(&self, expressions: &[Expression], context: &str) -> Result<Oid> {
        let _ = expressions;
        Err(refuse::not_supported(context))
    }

    /// Converts to the common type.
    ///
    /// # Errors
    /// 42846 when there is no implicit cast.
    pub fn to_common(&self, expression: Expression, target: Oid, context: &str) -> Result<Expression> {
        let _ = (expression, target);
        Err(refuse::not_supported(context))
    }

    /// The expression as a boolean, for a construct such as `WHERE`.
    ///
    /// # Errors
    /// 42804 when it cannot be assigned to one.
    pub fn boolean(&self, expression: Expression, construct: &str) -> Result<Expression> {
        self.specific(expression, 16, construct)
    }

    /// The expression as a value of one type, for a construct such as `LIMIT`.
    ///
    /// # Errors
    /// 42804 when it cannot be assigned to one.
    pub fn specific(&self, expression: Expression, target: Oid, construct: &str) -> Result<Expression> {
        let _ = (expression, target);
        Err(refuse::not_supported(construct))
    }

    /// What is still unknown becomes text.
    ///
    /// # Errors
    /// As [`coerce`](Self::coerce).
    pub fn settle(&self, expression: Expression) -> Result<Expression> {
        Ok(expression)
    }
}
