//! Floor 1: fresh rows in RocksDB, history in Parquet, one commit pipeline, one way to read.
//!
//! ```text
//!   writes                                  reads
//!   WriteSet -> Commit -> committer         View = ReadPoint (one RocksDB snapshot) + own WriteSet
//!                 | one WriteBatch          TenantStore::get / contains / scan / scan_parts
//!                 | one WAL sync              = (fresh + writes) merged over history files,
//!                 v                             minus the history rows that an overlay hides
//!   RocksDB: meta | rows | indexes | changes
//!                 ^ BeginFlush .. EndFlush: fresh rows become Parquet, in one synced batch
//! ```
//!
//! Arrow is the only representation of values; PostgreSQL's types are the business of floors above.

pub mod shape;

pub mod keys;
pub mod layout;
mod list_value;
pub mod row;
pub mod row_builder;
mod row_parts;
mod single_row;

pub mod commit;
pub mod events;
pub mod write_set;

mod address;
mod directory;
pub mod options;
mod rocks;

mod committer;
pub mod engine;
pub mod flushing;
pub mod meta;
mod overlay;
mod pipeline;
pub mod snapshot;

mod fresh;
mod hidden;
mod identity;
mod merge;
pub mod range;
mod read;
pub mod scan;
mod span;
pub mod store;

pub mod history;

#[cfg(test)]
mod tests;

pub use commit::{Commit, CommitLog};
pub use committer::Obsolete;
pub use engine::Engine;
pub use events::{CommitObserver, Events, Notice, Operation, RenderChange, RowChange, TableChanges};
pub use flushing::{FlushEnd, FlushTicket, ManifestChange};
pub use history::DECIMAL_METADATA;
pub use meta::MetaStore;
pub use options::{Durability, StorageOptions};
pub use range::{ColumnRange, KeyRange};
pub use row::RowCodec;
pub use row_builder::RowBuilder;
pub use scan::{BATCH_ROWS, ScanOrder, ScanRequest};
pub use shape::Shape;
pub use snapshot::{ReadPoint, View};
pub use store::{FoundRow, Source, TenantStore};
pub use write_set::{Write, WriteSet};
