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
//! - `known`: the rows that PostgreSQL has and KalamDB has not take part, too.

mod calls;
mod candidates;
mod coerce;
mod common;
mod functions;
mod known;
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
use crate::catalog::TenantCatalog;
use crate::catalog::facts::Facts;
use crate::catalog::types::OutputStyle;

/// Reads the catalog's rows, which the first statement would otherwise wait for.
pub fn prepare() {
    known::everything();
}

/// Resolves names and types of one statement.
#[derive(Clone, Copy, Debug)]
pub struct Resolver<'a> {
    /// The rows among which names are resolved.
    facts: &'a Facts,
    /// The rows that are there, unless all of them are.
    shipped: Option<&'a Facts>,
    style: &'a OutputStyle,
    parameters: &'a Parameters,
    /// The text of the statement, for the positions of errors.
    source: &'a str,
    /// The tables whose rows have types.
    tables: Option<&'a TenantCatalog>,
}

impl<'a> Resolver<'a> {
    /// A resolver for the statement `source`. Names are resolved among all rows of PostgreSQL; what is found and
    /// is not in `shipped` is answered with 0A000.
    pub fn new(shipped: &'a Facts, style: &'a OutputStyle, parameters: &'a Parameters, source: &'a str) -> Self {
        Self { facts: known::everything(), shipped: Some(shipped), style, parameters, source, tables: None }
    }

    /// The same resolver, which can name the types of rows of tables.
    #[must_use]
    pub fn with_tables(self, tables: &'a TenantCatalog) -> Self {
        Self { tables: Some(tables), ..self }
    }

    /// The rows among which names are resolved: all that PostgreSQL has.
    pub fn everything(&self) -> &'a Facts {
        self.facts
    }

    /// A resolver over facts that lack nothing: what is not found does not exist.
    pub fn over(facts: &'a Facts, style: &'a OutputStyle, parameters: &'a Parameters, source: &'a str) -> Self {
        Self { facts, shipped: None, style, parameters, source, tables: None }
    }
}
