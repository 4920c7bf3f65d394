//! PostgreSQL's resolution of operators, functions, casts and common types over [`Facts`].
//!
//! The rules are those of the manual's chapter "Type Conversion": an exact match wins, then the candidates that
//! implicit casts reach are thinned out by exact matches, preferred types and the categories of untyped
//! literals. What comes out are nodes of [`super::tree`] with every conversion written out, or PostgreSQL's own
//! error. A literal without a type is read at once by the input function of the type that its use asks for; a
//! parameter without a type gets the one that its first use asks for.
//!
//! - [`pathway`](self): which conversions exist, and [`coerce`](Resolver::coerce) makes nodes of them;
//! - `candidates`: the choice between several operators or functions, `polymorphic`: what `anyelement` stands for;
//! - [`operator`](Resolver::operator), [`function`](Resolver::function), [`common_type`](Resolver::common_type)
//!   put these together;
//! - `left_out`: what PostgreSQL has and the facts have not, where a failure to find something proves nothing.

mod calls;
mod candidates;
mod coerce;
mod common;
mod functions;
mod left_out;
mod oids;
mod operators;
mod parameters;
mod pathway;
mod polymorphic;
mod wording;

#[cfg(test)]
mod tests;

pub use calls::{Argument, Call, Callee, Resolved};
pub use parameters::Parameters;

use super::refuse;
use crate::catalog::facts::Facts;
use crate::catalog::types::OutputStyle;

/// Resolves names and types of one statement.
#[derive(Clone, Copy, Debug)]
pub struct Resolver<'a> {
    facts: &'a Facts,
    style: &'a OutputStyle,
    parameters: &'a Parameters,
    /// The text of the statement, for the positions of errors.
    source: &'a str,
    /// Are the facts all that PostgreSQL has?
    complete: bool,
}

impl<'a> Resolver<'a> {
    /// A resolver for the statement `source`. What is not found is answered with 0A000 when PostgreSQL might find
    /// it in rows that these facts lack.
    pub fn new(facts: &'a Facts, style: &'a OutputStyle, parameters: &'a Parameters, source: &'a str) -> Self {
        Self { facts, style, parameters, source, complete: false }
    }

    /// The same over facts that lack nothing: what is not found does not exist.
    #[must_use]
    pub fn over_complete_facts(self) -> Self {
        Self { complete: true, ..self }
    }
}
