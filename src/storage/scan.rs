//! What a scan is asked for.

use super::range::{ColumnRange, KeyRange};
use crate::base::shutdown::CancellationToken;

/// Rows per batch, unless the caller wants another number.
pub const BATCH_ROWS: usize = 8192;

/// The order of a scan's rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScanOrder {
    #[default]
    Unordered,
    /// Ascending by key.
    Forward,
    /// Descending by key.
    Reverse,
}

/// A scan of one table.
#[derive(Clone, Debug)]
pub struct ScanRequest {
    /// Indexes into the shape's schema. May be empty (`count(*)`): batches then carry only a row count.
    pub projection: Vec<usize>,
    /// The keys to read.
    pub range: KeyRange,
    /// Hints to skip files and pages; not exact filters.
    pub prune: Vec<ColumnRange>,
    pub order: ScanOrder,
    /// At most so many rows; with an order, the first ones in that order. History is opened only if
    /// fresh rows cannot decide it.
    pub limit: Option<usize>,
    /// Appends two columns: `_key` Binary (the encoded key) and `_seq` UInt64.
    pub with_identity: bool,
    pub batch_rows: usize,
    /// Ends the stream with an error between batches.
    pub cancel: CancellationToken,
}

impl ScanRequest {
    /// All rows, these columns, in no order.
    pub fn all(projection: Vec<usize>) -> Self {
        Self {
            projection,
            range: KeyRange::all(),
            prune: Vec::new(),
            order: ScanOrder::Unordered,
            limit: None,
            with_identity: false,
            batch_rows: BATCH_ROWS,
            cancel: CancellationToken::new(),
        }
    }
}
