//! KalamDB: a PostgreSQL-compatible database for conversations.
//!
//! Fresh rows live in RocksDB, history in Parquet, one SQL reads both, and `LISTEN` turns a commit into
//! a push. The house has floors, and a module uses only floors below it (`tests/tidy.rs` keeps it so):
//!
//! | floor | module | what it knows |
//! | --- | --- | --- |
//! | 7 | [`server`] | sockets, TLS, tokens, PostgreSQL's wire protocol; the only user of pgwire |
//! | 6 | [`database`] | how the parts are wired together, and nothing else |
//! | 5 | [`session`] | session state, prepared statements, portals, one file per statement family |
//! | 4 | [`query`] | parse, bind, plan, scan, functions, system views; the only user of DataFusion with `session` |
//! | 3 | [`transaction`] | begin, locks, write set, constraints, commit |
//! | 2 | [`catalog`] | tenants, schemas, tables, columns, types, OIDs |
//! | 1 | [`storage`], [`notify`] | keys, rows, RocksDB, commit pipeline, Parquet history; the hub of LISTEN/NOTIFY |
//! | 0 | [`base`], [`error`], [`config`] | ids, clock, randomness, limits; errors and their SQLSTATE; settings |
pub mod base;
pub mod config;
pub mod error;

#[cfg(feature = "storage")]
pub mod notify;
#[cfg(feature = "storage")]
pub mod storage;

#[cfg(feature = "catalog")]
pub mod catalog;
#[cfg(feature = "catalog")]
pub mod transaction;

#[cfg(feature = "query")]
pub mod database;
#[cfg(feature = "query")]
pub mod query;
#[cfg(feature = "query")]
pub mod session;

#[cfg(feature = "server")]
pub mod server;

pub use error::{Error, Result};
