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
//!
//! # The main job, in-process
//!
//! ```
//! # #[cfg(feature = "query")]
//! # async fn run() -> kalam::Result<()> {
//! use kalam::arrow::array::AsArray;
//! use kalam::config::Config;
//! use kalam::{Database, Principal, Role};
//!
//! # let directory = tempfile::tempdir().unwrap();
//! let mut config = Config::default();
//! config.storage.directory = directory.path().join("data");
//! let database = Database::open(config).await?;
//! database.create_tenant("demo", "app").await?;
//!
//! // Every tenant starts with `messages` and `conversations`.
//! let mut session = database.session(Principal::embedded("app", "demo", Role::Owner))?;
//! session.execute("LISTEN messages").await?;
//! let inserted = session
//!     .execute("INSERT INTO messages (conversation_id, content) VALUES ('lobby', 'hello'), ('lobby', 'again')")
//!     .await?;
//! assert_eq!(inserted, 2);
//!
//! // A commit is a push.
//! let change = session.next_notification().await;
//! assert!(change.payload.contains(r#""op":"insert""#));
//!
//! // The fresh rows become Parquet, and nothing changes for readers.
//! session.query("SELECT kalam.flush('messages')").await?;
//! let latest = session
//!     .query("SELECT author, content FROM messages WHERE conversation_id = 'lobby' ORDER BY id DESC LIMIT 50")
//!     .await?;
//! assert_eq!(latest.rows(), 2);
//! assert_eq!(latest.batches[0].column(1).as_string::<i32>().value(0), "again");
//!
//! drop(session);
//! database.close().await;
//! # Ok(())
//! # }
//! # #[cfg(feature = "query")]
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
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

/// The Arrow that results are made of.
pub use arrow;
#[cfg(feature = "query")]
pub use database::Database;
pub use error::{Error, Result};
#[cfg(feature = "query")]
pub use session::{Principal, Role, Session};
