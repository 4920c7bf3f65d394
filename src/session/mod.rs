//! Floor 5: sessions. What a client says, statement by statement, and what it gets.
//!
//! The life of a statement on this floor:
//!
//! 1. [`Session::split`] cuts the text into statements ([`statement`]); each knows who parses it.
//! 2. [`Session::run`] (simple query) or [`Session::prepare`], [`Session::bind`] and
//!    [`Session::execute_portal`] (extended query) open a transaction if there is none and begin a
//!    statement in it: newest definitions, new read point.
//! 3. The plan is made by `query`, or found by its text; it is good for one version of the catalog.
//! 4. One file per statement family ([`statement`]) lets `query` compute rows and `transaction` apply them.
//! 5. The [`Outcome`] is a tag or a stream of Arrow batches.
//! 6. [`Session::sync`] commits what is not in a block. Only then is it acknowledged.

mod principal;
mod registry;

mod flushes;
mod services;
mod settings;

mod notices;
mod outcome;
mod portal;
mod prepared;
mod request;
mod shared;

mod embed;
mod extended;
mod run;
mod seed;
mod state;

pub mod statement;

/// The value of a parameter.
pub use datafusion::common::ScalarValue;
pub use embed::QueryResult;
pub use notices::{NoticeLevel, NoticeReport};
pub use outcome::{CopyIn, CopyLines, CopyOut, Outcome, Rows, RowsTag, TransactionStatus};
pub use portal::Portal;
pub use prepared::Prepared;
pub use principal::{Principal, Role};
pub use registry::{Entry, Registry};
pub(crate) use seed::tables as starting_tables;
pub use services::{Limits, Reauthenticate, Services, Tenants};
pub use settings::{SERVER_VERSION, Settings};
pub use state::Session;
pub use statement::command::Parsed;
