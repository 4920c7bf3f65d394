//! The border behind which DataFusion's SQL planner sits.
//!
//! Nothing outside this module sees `SqlToRel`. A query goes through it in five steps:
//!
//! 1. [`refuse`] answers 0A000 to everything that DataFusion would silently ignore or that PostgreSQL
//!    does not have;
//! 2. [`normalise`] rewrites the syntax tree where PostgreSQL's shape and DataFusion's differ but their
//!    meaning is provably the same, and gives every output column PostgreSQL's name ([`names`]);
//! 3. `SqlToRel` builds a plan over [`provider`], which resolves relations, views and functions against the
//!    tenant's catalog, while [`operators`] gives untyped literals and parameters PostgreSQL's types;
//! 4. [`coerce`] does the same for what has no hook in the planner, [`intervals`] for comparisons that are
//!    not written, and correlated subqueries are rewritten;
//! 5. [`errors`] translates what DataFusion says into PostgreSQL's words.
//!
//! A later version replaces steps 2 to 4 by a binder of its own; the types in [`bound`] stay.

pub mod array_query;
pub mod bound;
pub mod coerce;
pub mod conflict;
pub mod dml;
pub mod errors;
pub mod expression;
pub mod intervals;
pub mod literals;
pub mod mistakes;
pub mod names;
pub mod normalise;
pub mod operators;
pub mod output;
pub mod parameters;
pub mod provider;
pub mod query;
pub mod recursive;
pub mod refuse;
pub mod relations;
pub mod resolve;
pub mod rows;
pub mod subqueries;
pub mod tree;
pub mod types;
pub mod unify;
pub mod views;

pub use bound::{Bound, BoundDelete, BoundInsert, BoundUpdate, ConflictAction, OutputColumn, Returning};
