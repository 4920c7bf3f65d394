//! Merges sources that are each in key order into one stream in key order.
//!
//! A history file joins only when it must: until every row that is certain to come before its first
//! possible key has been given out, it stays closed. "The latest 50" of a conversation whose fresh rows
//! number 50 or more never opens one.
//!
//! ```text
//!   fresh    k9 k8 k7 k6 ...          opened
//!   file a   [ . . . k5 ... ]         span ends at k6: stays closed while rows above it are wanted
//!   file b   [ ... k8 ... ]           opened, because k8 could be next
//! ```

use arrow::array::{Array, RecordBatch};
use arrow::compute::concat_batches;
use futures::StreamExt;
use futures::stream::BoxStream;

use super::fresh::Fresh;
use super::identity::{self, first_not_before};
use super::span::Span;
use crate::error::{Result, StorageError};

/// About how many bytes one batch holds, however many rows that is.
const BATCH_BYTES: usize = 32 << 20;

/// Opens the file of an index; called at most once for each.
pub(super) type Open = Box<dyn FnMut(usize) -> BoxStream<'static, Result<RecordBatch>> + Send>;

/// A merge under way. All rows carry their identity; keys are distinct over all sources.
pub(super) struct Merge {
    heads: Vec<Head>,
    open: Open,
    reverse: bool,
    batch_rows: usize,
    /// How many rows are wanted, if that is known: the first chunk of fresh rows is no larger.
    wanted: Option<usize>,
}

/// One source, and its rows that were read and not given out yet.
struct Head {
    source: Source,
    rows: Option<RecordBatch>,
    at: usize,
}

enum Source {
    Closed { file: usize, span: Span },
    File(BoxStream<'static, Result<RecordBatch>>),
    Fresh(Fresh),
    Ended,
}

impl Head {
    fn new(source: Source) -> Self {
        Self { source, rows: None, at: 0 }
    }

    /// The key of the next row.
    fn key(&self) -> Result<Option<&[u8]>> {
        self.rows.as_ref().map(|rows| Ok(identity::keys(rows)?.value(self.at))).transpose()
    }

    /// Reads until there is a row or the source has ended.
    async fn fill(&mut self, chunk_rows: usize) -> Result<()> {
        while self.rows.is_none() {
            let next = match &mut self.source {
                Source::Closed { .. } | Source::Ended => return Ok(()),
                Source::File(stream) => stream.next().await.transpose()?,
                Source::Fresh(fresh) => fresh.next(chunk_rows).await?,
            };
            match next {
                Some(rows) if rows.num_rows() == 0 => {}
                Some(rows) => (self.rows, self.at) = (Some(rows), 0),
                None => self.source = Source::Ended,
            }
        }
        Ok(())
    }

    /// About how many bytes the next `count` rows have.
    fn bytes_of(&self, count: usize) -> usize {
        self.rows.as_ref().map_or(0, |rows| rows.get_array_memory_size() / rows.num_rows().max(1) * count)
    }

    /// Takes the next `count` rows.
    fn take(&mut self, count: usize) -> Option<RecordBatch> {
        let rows = self.rows.as_ref()?;
        let taken = rows.slice(self.at, count);
        self.at += count;
        if self.at == rows.num_rows() {
            self.rows = None;
        }
        Some(taken)
    }
}

impl Merge {
    pub(super) fn new(
        fresh: Fresh,
        files: impl IntoIterator<Item = Span>,
        open: Open,
        batch_rows: usize,
        wanted: Option<usize>,
    ) -> Self {
        let reverse = fresh.reverse;
        let files = files.into_iter().enumerate().map(|(file, span)| Source::Closed { file, span });
        let heads = std::iter::once(Source::Fresh(fresh)).chain(files).map(Head::new).collect();
        Self { heads, open, reverse, batch_rows, wanted }
    }

    /// The next rows, at most one batch; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<RecordBatch>> {
        let rows = self.wanted.map_or(self.batch_rows, |wanted| wanted.min(self.batch_rows));
        let mut runs: Vec<RecordBatch> = Vec::new();
        let (mut count, mut bytes) = (0, 0);
        while count < rows && bytes < BATCH_BYTES {
            let Some(best) = self.best(rows - count).await? else { break };
            let end = self.run_end(best)?;
            let head = &mut self.heads[best];
            let length = (end - head.at).min(rows - count);
            count += length;
            bytes += head.bytes_of(length);
            runs.extend(head.take(length));
        }
        self.wanted = self.wanted.map(|wanted| wanted.saturating_sub(count));
        match runs.as_slice() {
            [] => Ok(None),
            [run] => Ok(Some(run.clone())),
            [first, ..] => {
                concat_batches(&first.schema(), &runs).map(Some).map_err(|source| StorageError::Arrow { source }.into())
            }
        }
    }

    /// The source with the next row, after opening every file that could have an earlier one.
    async fn best(&mut self, rows: usize) -> Result<Option<usize>> {
        loop {
            for head in &mut self.heads {
                head.fill(rows).await?;
            }
            let mut best: Option<(usize, &[u8])> = None;
            for (index, head) in self.heads.iter().enumerate() {
                if let Some(key) = head.key()?
                    && best.is_none_or(|(_, first)| if self.reverse { key > first } else { key < first })
                {
                    best = Some((index, key));
                }
            }
            let reverse = self.reverse;
            let due = self.heads.iter().position(|head| match &head.source {
                Source::Closed { span, .. } => best.is_none_or(|(_, key)| !span.is_after(key, reverse)),
                _ => false,
            });
            let Some(due) = due else { return Ok(best.map(|(index, _)| index)) };
            if let Source::Closed { file, .. } = self.heads[due].source {
                self.heads[due].source = Source::File((self.open)(file));
            }
        }
    }

    /// The end of the run of rows of a source that come before the rows of all others.
    fn run_end(&self, best: usize) -> Result<usize> {
        let head = &self.heads[best];
        let Some(rows) = &head.rows else { return Ok(head.at) };
        let keys = identity::keys(rows)?;
        let mut end = keys.len();
        for (index, other) in self.heads.iter().enumerate() {
            let edge = match &other.source {
                _ if index == best => None,
                Source::Closed { span, .. } => Some(span.edge(self.reverse)),
                _ => other.key()?,
            };
            if let Some(edge) = edge {
                end = end.min(first_not_before(keys, edge, self.reverse));
            }
        }
        // The first row was found to be before all others; an edge may only be too careful.
        Ok(end.max(head.at + 1))
    }
}
