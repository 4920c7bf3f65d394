//! The tables of a tenant as DataFusion reads them.
//!
//! A [`TableScan`] is made when a statement is bound; its rows come from the [`ScanContext`] of the execution,
//! so one bound plan can run on any number of snapshots.

mod context;
mod exec;
pub mod filters;
mod leaf;
mod table;

pub use context::ScanContext;
pub use exec::ScanExec;
pub(crate) use leaf::leaf_plan;
pub use table::{KEY_COLUMN, SEQ_COLUMN, TableScan};
