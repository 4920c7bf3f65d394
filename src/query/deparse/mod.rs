//! Stored expressions as PostgreSQL prints them: the text behind `\d` and `pg_get_constraintdef`.
//!
//! PostgreSQL prints what parse analysis made of an expression: literals with the type that they got, casts
//! that nobody wrote, `IN` as `= ANY (ARRAY[…])`. So an expression is read again here, typed by the rules that
//! matter for what CHECK and DEFAULT hold, and printed in one of PostgreSQL's two forms: exact, with all
//! parentheses, or pretty. An expression with anything else in it stays as it was written.

mod node;
mod read;
mod types;

pub use node::Form;
pub use read::deparse;
