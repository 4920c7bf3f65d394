//! What SQL text means.
//!
//! A query goes from the syntax tree to the bound tree ([`tree`]): [`analyse`] finds out which relation and which
//! column a name is, [`resolve`] chooses operators, functions and casts by PostgreSQL's rules. `query::lower` then
//! makes a plan of it. What one of them cannot do yet is 0A000, and the query goes the older way, through DataFusion's
//! SQL planner, as expressions outside of queries still do:
//!
//! 1. [`refuse`] answers 0A000 to everything that DataFusion would silently ignore or that PostgreSQL
//!    does not have;
//! 2. [`normalise`] rewrites the syntax tree where PostgreSQL's shape and DataFusion's differ but their
//!    meaning is provably the same, and gives every output column PostgreSQL's name ([`names`]);
//! 3. `SqlToRel`, which nothing outside this module sees, builds a plan over [`provider`], which resolves relations,
//!    views and functions against the tenant's catalog, while [`operators`] gives untyped literals and parameters
//!    PostgreSQL's types;
//! 4. [`coerce`] does the same for what has no hook in the planner, [`intervals`] for comparisons that are
//!    not written, and correlated subqueries are rewritten;
//! 5. [`errors`] translates what DataFusion says into PostgreSQL's words.

pub mod analyse;
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

pub use bound::{
    Bound, BoundDelete, BoundInsert, BoundStatement, BoundUpdate, ConflictAction, OutputColumn, Returning,
};
