//! What a statement gives: a tag, rows that arrive as they are computed, or a COPY.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::RecordBatch;
use futures::stream::BoxStream;

pub use super::statement::copy_in::CopyIn;
use crate::Result;
use crate::query::OutputColumn;

/// Rows as they are computed. It ends after the first error.
pub type Rows = BoxStream<'static, Result<RecordBatch>>;

/// The result of one statement.
pub enum Outcome {
    /// An empty query string.
    Empty,
    /// A statement without rows; `tag` is what CommandComplete says.
    Command { tag: String },
    /// Rows. What the statement changed is done when the rows arrive; the transaction ends later, in
    /// [`super::Session::sync`].
    Rows { columns: Arc<[OutputColumn]>, stream: Rows, tag: RowsTag },
    /// COPY FROM STDIN: data is awaited.
    CopyIn(Box<CopyIn>),
    /// COPY TO STDOUT.
    CopyOut(CopyOut),
}

impl std::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Command { tag } => f.debug_struct("Command").field("tag", tag).finish(),
            Self::Rows { columns, tag, .. } => {
                f.debug_struct("Rows").field("columns", columns).field("tag", tag).finish_non_exhaustive()
            }
            Self::CopyIn(_) => f.write_str("CopyIn"),
            Self::CopyOut(copy) => f.debug_struct("CopyOut").field("columns", &copy.columns).finish_non_exhaustive(),
        }
    }
}

/// How the tag of a statement with rows is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowsTag {
    Select,
    Insert,
    Update,
    Delete,
    Show,
    Explain,
}

impl RowsTag {
    /// The tag of CommandComplete after `rows` rows.
    pub fn finish(self, rows: u64) -> String {
        match self {
            Self::Select => format!("SELECT {rows}"),
            Self::Insert => format!("INSERT 0 {rows}"),
            Self::Update => format!("UPDATE {rows}"),
            Self::Delete => format!("DELETE {rows}"),
            Self::Show => "SHOW".to_owned(),
            Self::Explain => "EXPLAIN".to_owned(),
        }
    }
}

/// COPY TO STDOUT: the lines as they are made. All columns are text.
pub struct CopyOut {
    /// How many columns a line has.
    pub columns: usize,
    /// The lines, as many at a time as one batch has rows.
    pub stream: BoxStream<'static, Result<CopyLines>>,
    pub(crate) rows: Arc<AtomicU64>,
}

impl CopyOut {
    /// The tag of CommandComplete, once the stream has ended.
    pub fn tag(&self) -> String {
        format!("COPY {}", self.rows.load(Ordering::Relaxed))
    }
}

/// Lines of COPY TO STDOUT, one for the header and one for each row. A line ends with its line feed, and may
/// have more of them inside a quoted value: where lines end cannot be read off the bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CopyLines {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl CopyLines {
    /// Adds one line, which `write` appends to the bytes before it.
    pub(crate) fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.ends.push(self.bytes.len());
    }

    /// All lines, one behind the other.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The lines in their order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end])
    }
}

/// Where a session stands, as ReadyForQuery says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionStatus {
    /// Outside a transaction block.
    Idle,
    /// In a transaction block.
    InBlock,
    /// In a transaction block that has failed: only its end is accepted.
    Failed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_postgresqls() {
        for (tag, text) in [
            (RowsTag::Select, "SELECT 3"),
            (RowsTag::Insert, "INSERT 0 3"),
            (RowsTag::Update, "UPDATE 3"),
            (RowsTag::Delete, "DELETE 3"),
            (RowsTag::Show, "SHOW"),
            (RowsTag::Explain, "EXPLAIN"),
        ] {
            assert_eq!(tag.finish(3), text);
        }
    }
}
