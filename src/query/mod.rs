//! From SQL text to a stream of Arrow batches: parse, bind, plan, scan.
//!
//! The life of a SELECT on this floor:
//!
//! 1. [`mod@parse`] cuts the text into statements and refuses what is too deep ([`guards`]).
//! 2. [`Planner::bind`] gives names, types and parameters their meaning against the tenant's catalog. A
//!    statement that only walks a primary key becomes a [`direct`] path; all others a DataFusion plan, made by
//!    [`bind`] and [`lower`].
//! 3. [`Planner::execute`] runs the bound statement on one [`View`](crate::storage::View): a direct path on
//!    the store itself, a plan through [`scan`] (rows of the tenant) and [`system`] (catalogs and
//!    statistics as tables).
//!
//! INSERT, UPDATE and DELETE are bound here too ([`bind::dml`]): this floor says *which rows and which
//! values*, the transaction below applies them.

pub mod apply;
pub mod bind;
pub mod checks;
pub mod deparse;
pub mod dialect;
pub mod direct;
pub mod environment;
pub mod evaluate;
pub mod execute;
pub mod explain;
mod extent;
pub mod functions;
pub mod guards;
pub mod lower;
mod marks;
mod operator;
mod order;
pub mod parse;
pub mod planner;
pub mod scan;
pub mod system;
mod tokens;
pub mod values;
pub mod watch;
pub mod window;
mod words;

#[cfg(test)]
mod tests;

pub use bind::types::{pg_type, pg_type_at};
pub use bind::{Bound, BoundDelete, BoundInsert, BoundStatement, BoundUpdate, ConflictAction, OutputColumn, Returning};
pub use datafusion::common::ScalarValue;
pub use datafusion::execution::SendableRecordBatchStream;
pub use datafusion::sql::sqlparser;
pub use datafusion::sql::sqlparser::ast;
pub use environment::{ActivityRow, Environment, FlushRow, Host, Known, Rights, SettingRow, Signal, SubscriptionRow};
pub use parse::{Parsed, parse};
pub use planner::{Planner, PlannerOptions};
