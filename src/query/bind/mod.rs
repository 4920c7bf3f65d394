//! What SQL text means.
//!
//! A statement goes from the syntax tree to the bound tree ([`tree`]): [`analyse`] finds out which relation and which
//! column a name is, [`resolve`] chooses operators, functions and casts by PostgreSQL's rules. `query::lower` then
//! makes a plan of it. What one of them cannot do yet is 0A000.
//!
//! Three rules work on the plan before DataFusion's own: [`empty`] for relations without rows, [`intervals`] for comparisons that are not written, [`recursive`] for WITH RECURSIVE.
//! [`errors`] translates what DataFusion says into PostgreSQL's words.

pub mod analyse;
pub mod bound;
pub mod conflict;
pub mod dml;
pub mod empty;
pub mod errors;
pub mod expression;
pub mod intervals;
pub mod mistakes;
pub mod names;
pub mod output;
pub mod query;
pub mod recursive;
pub mod refuse;
pub mod relations;
pub mod resolve;
pub mod tree;
pub mod types;

pub use bound::{
    Bound, BoundDelete, BoundInsert, BoundStatement, BoundUpdate, ConflictAction, OutputColumn, Returning,
};
