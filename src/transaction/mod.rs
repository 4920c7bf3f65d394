//! Floor 3: begin, locks, write set, constraints, commit.
//!
//! The life of a writing statement:
//!
//! ```text
//!  Manager::begin            one Transaction: locks, catalog, write set, events
//!  statement_begin           newest catalog, new read point (READ COMMITTED)
//!  │   (query computes which rows and which values, from view())
//!  insert / update / delete  table lock, constraints, row locks in key order,
//!  │                         uniqueness or "is the row still what the statement saw?"
//!  │                         at a read point taken after the locks → Applied::Retry if not
//!  statement_end             the statement's operations join the write set
//!  commit                    write set + events → commit pipeline → seq; LISTEN, new catalog; locks go
//! ```
//!
//! A statement's own operations wait in `statement::Statement` until it ends. That gives two things for
//! free: a statement does not see its own writes (no Halloween problem), and a statement that fails or must
//! run again leaves nothing behind.
//!
//! **Why no update is lost.** A writer re-reads every row after it got the row's lock. If the row is not
//! the version that the statement computed its new values from, the whole statement runs again on a new
//! read point while the locks stay held, so a second conflict on the same rows cannot happen.

pub mod locks;

pub mod manager;
pub mod transaction;

mod claim;
mod commit;
mod constraints;
mod ddl;
mod delete;
mod events;
mod insert;
mod statement;
mod text;
mod update;

#[cfg(test)]
mod tests;

pub use constraints::{RowCheck, Violation};
pub use ddl::DropBehavior;
pub use events::notice;
pub use insert::{Inserted, OnConflict};
pub use locks::{LockTable, Mode};
pub use manager::Manager;
pub use transaction::{Isolation, Transaction};
pub use update::{Applied, Changed};
