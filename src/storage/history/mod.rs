//! History: the flushed rows of a table, in immutable Parquet files that a manifest lists.
//!
//! ```text
//!   flush     fresh rows of a read point -> writer -> files -> one batch of the committer
//!   manifest  which files; key and column bounds of each, to skip it without opening it
//!   format    the columns of a file; blocks: its key index; bloom: its filters
//!   reader    open (cached) -> plan -> pages -> Arrow batches in key order
//!   automatic which tables are flushed by themselves
//!   orphans   files that no manifest names are removed
//! ```
//!
//! A history file never holds two versions of a key, and no two files of a manifest hold the same key: an
//! UPDATE or DELETE of a flushed row lies over it as a fresh entry until the next flush rewrites the file.

mod errors;

pub mod manifest;
pub mod stats;

mod blocks;
mod bloom;
mod decimal;
mod format;
pub mod writer;

mod columns;
mod open;
mod plan;
pub mod reader;
mod source;

pub mod activity;
pub mod automatic;
pub mod flush;
pub(super) mod orphans;
mod recent;

pub use activity::{Activity, FreshTable};
pub use automatic::{Policy, Shapes};
pub use decimal::DECIMAL_METADATA;
pub use flush::{FlushReport, Flushes, Trigger};
pub use format::{KEY_COLUMN, SEQ_COLUMN};
pub use manifest::{FileId, Files, HistoryFile, ManifestCache};
pub use reader::{Direction, Reader, Scan};
pub use source::Counters;
pub use stats::ColumnStats;
pub use writer::{Limits, Place, Writer};

#[cfg(test)]
mod tests;
