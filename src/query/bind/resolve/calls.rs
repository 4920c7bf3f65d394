//! Calls in the notation of functions.

use crate::catalog::facts::FunctionFact;
use crate::query::bind::tree::{Expression, Position, TypeRef};

/// An argument of a call.
#[derive(Clone, Debug)]
pub struct Argument {
    /// The name in `name => value`.
    pub name: Option<String>,
    pub value: Expression,
}

/// A call as it was written. The arguments of an ordered-set aggregate are the direct ones, followed by those of
/// WITHIN GROUP.
#[derive(Clone, Debug, Default)]
pub struct Call {
    pub schema: Option<String>,
    pub name: String,
    pub arguments: Vec<Argument>,
    /// Is the last argument marked VARIADIC?
    pub variadic: bool,
    /// `name(*)`.
    pub star: bool,
    pub distinct: bool,
    /// With WITHIN GROUP: how many arguments stand before it.
    pub direct_arguments: Option<usize>,
    /// How many keys ORDER BY has inside the parentheses.
    pub order_by: usize,
    /// Is there a FILTER?
    pub filter: bool,
    /// Is there an OVER?
    pub over: bool,
    pub at: Option<Position>,
}

/// What a call turned out to be.
#[derive(Clone, Debug)]
pub enum Callee<'a> {
    /// A function, an aggregate or a window function; see its kind.
    Function(Resolved<'a>),
    /// A conversion that is written like a call: `text(5)`.
    Coercion(Expression),
}

/// A call with everything found.
#[derive(Clone, Debug)]
pub struct Resolved<'a> {
    pub fact: &'a FunctionFact,
    /// In the order of the function's parameters, converted to their types, with defaults filled in. Values for a
    /// VARIADIC parameter are one array, except those of VARIADIC "any".
    pub arguments: Vec<Expression>,
    /// How many of the arguments stand before WITHIN GROUP.
    pub direct_arguments: usize,
    pub result: TypeRef,
    /// Is the last argument the array of a VARIADIC parameter?
    pub variadic: bool,
}
