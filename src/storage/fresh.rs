//! Reads fresh rows together with a transaction's own writes, a chunk at a time.
//!
//! Each chunk opens its own iterator and continues behind the last key of the chunk before: a seek per
//! chunk costs microseconds, while an iterator kept open would hold a thread for as long as a client
//! thinks about its next FETCH. The snapshot makes all chunks one moment.
//!
//! A chunk of few rows is read on the async worker, because a hop to a blocking thread costs more than
//! the rows; RocksDB stops such a read after some skipped tombstones, and then it hops after all.

use std::ops::Bound;
use std::sync::Arc;

use arrow::array::RecordBatch;
use rocksdb::{DBRawIterator, ErrorKind};

use super::address::Address;
use super::engine::Family;
use super::identity::IdentityBuilder;
use super::range::KeyRange;
use super::row::Header;
use super::row_builder::{RowBuilder, projected_schema};
use super::shape::Shape;
use super::snapshot::ReadPoint;
use super::write_set::{TableWrites, Write};
use crate::base::ids::Seq;
use crate::error::{Result, StorageError};

/// Most rows that are read without leaving the async worker.
const INLINE_ROWS: usize = 128;
/// Most entries, rows or not, that one chunk looks at: bounds the time until a cancel is noticed.
const CHUNK_ENTRIES: usize = 64 * 1024;
/// About how many bytes of rows one chunk holds, however many rows that is.
const CHUNK_BYTES: usize = 8 << 20;
/// Most entries that RocksDB may skip in a read on the async worker.
const INLINE_SKIPS: u64 = 1024;

/// A scan of the fresh rows of one table in key order, or against it.
#[derive(Clone)]
pub(super) struct Fresh {
    pub(super) at: ReadPoint,
    pub(super) address: Address,
    pub(super) shape: Arc<Shape>,
    /// The transaction's own writes to the table.
    pub(super) writes: Option<Arc<TableWrites>>,
    pub(super) projection: Arc<[usize]>,
    /// What is left to read; `None` at the end.
    pub(super) range: Option<KeyRange>,
    pub(super) reverse: bool,
    /// Whether to append `_key` and `_seq`.
    pub(super) identity: bool,
}

/// What a chunk is made of, and where the next one begins.
struct Chunk {
    batch: Option<RecordBatch>,
    /// The last key that was looked at; `None` when there is nothing behind the chunk.
    last: Option<Vec<u8>>,
}

impl Fresh {
    /// The next rows, at most `rows`; an empty batch when a chunk had none; `None` at the end.
    pub(super) async fn next(&mut self, rows: usize) -> Result<Option<RecordBatch>> {
        let Some(range) = self.range.clone() else { return Ok(None) };
        let inline = if rows <= INLINE_ROWS { self.chunk(&range, rows, true)? } else { None };
        let chunk = match inline {
            Some(chunk) => chunk,
            None => {
                let (this, range) = (self.clone(), range.clone());
                let read = tokio::task::spawn_blocking(move || this.chunk(&range, rows, false));
                let read = read.await.map_err(|_| StorageError::Stopped { reason: "a read was aborted".into() })?;
                read?.ok_or_else(|| super::row::corrupted("an unlimited read gave up"))?
            }
        };
        self.range = chunk.last.map(|last| match self.reverse {
            false => KeyRange { lower: Bound::Excluded(last), upper: range.upper },
            true => KeyRange { lower: range.lower, upper: Bound::Excluded(last) },
        });
        Ok(chunk.batch)
    }

    /// Reads one chunk; `None` when an inline read met too many tombstones.
    fn chunk(&self, range: &KeyRange, rows: usize, inline: bool) -> Result<Option<Chunk>> {
        if is_empty(range) {
            return Ok(Some(Chunk { batch: None, last: None }));
        }
        let mut options = self.address.options(range);
        if inline {
            options.set_max_skippable_internal_keys(INLINE_SKIPS);
        }
        let schema = projected_schema(&self.shape, &self.projection);
        let capacity = rows.min(super::scan::BATCH_ROWS);
        let mut out = Output {
            rows: RowBuilder::with_schema(&self.shape, &self.projection, schema, capacity),
            identity: self.identity.then(|| IdentityBuilder::new(capacity)),
            bytes: 0,
        };
        let truncated = self.writes.as_ref().is_some_and(|writes| writes.truncated);
        let limit = if inline { INLINE_SKIPS as usize } else { CHUNK_ENTRIES };
        let read = self.at.iterate(Family::Rows, options, |iterator| {
            let mut committed = Committed { iterator, address: &self.address, reverse: self.reverse };
            if !truncated {
                committed.start();
            }
            self.merge(range, (!truncated).then_some(&mut committed), &mut out, rows, limit)
        });
        let last = match read {
            Err(error) if inline && is_incomplete(&error) => return Ok(None),
            read => read?,
        };
        if inline && last.is_some() && out.rows.len() < rows && out.bytes < CHUNK_BYTES {
            // A long run of tombstones: its rest is read where it blocks nobody.
            return Ok(None);
        }
        let batch = if out.rows.is_empty() { None } else { Some(out.finish()?) };
        // An empty chunk that is not the last one still has to say that it is not the end.
        let batch = match batch {
            None if last.is_some() => {
                let empty = RowBuilder::new(&self.shape, &self.projection, 0);
                let identity = self.identity.then(|| IdentityBuilder::new(0));
                Some(Output { rows: empty, identity, bytes: 0 }.finish()?)
            }
            batch => batch,
        };
        Ok(Some(Chunk { batch, last }))
    }

    /// Merges committed entries and own writes into `out`. Returns the last key when there may be more.
    fn merge(
        &self,
        range: &KeyRange,
        mut committed: Option<&mut Committed<'_>>,
        out: &mut Output<'_>,
        rows: usize,
        mut entries: usize,
    ) -> Result<Option<Vec<u8>>> {
        let bounds = (range.lower.as_ref().map(Vec::as_slice), range.upper.as_ref().map(Vec::as_slice));
        let mut own = self.writes.as_ref().map(|writes| writes.rows.range::<[u8], _>(bounds));
        let mut step = || match &mut own {
            Some(own) if self.reverse => own.next_back(),
            Some(own) => own.next(),
            None => None,
        };
        let mut write = step();
        loop {
            let stored = match &committed {
                Some(committed) => committed.item()?,
                None => None,
            };
            let before = |a: &[u8], b: &[u8]| if self.reverse { a > b } else { a < b };
            // Which of the two comes first; an own write replaces the committed entry of its key.
            let (key, both) = match (&stored, write) {
                (None, None) => return Ok(None),
                (Some((key, _)), None) => (*key, false),
                (None, Some((key, _))) => (key.as_slice(), false),
                (Some((stored, _)), Some((own, _))) if before(stored, own) => (*stored, false),
                (Some((stored, _)), Some((own, _))) => (own.as_slice(), *stored == own.as_slice()),
            };
            let is_own = write.is_some_and(|(own, _)| own.as_slice() == key);
            if let (true, Some((_, own))) = (is_own, write) {
                if let Write::Put { row, .. } = own {
                    out.append(key, row)?;
                }
            } else if let Some((_, value)) = stored {
                out.append(key, value)?;
            }
            entries -= 1;
            let full = out.rows.len() >= rows || out.bytes >= CHUNK_BYTES || entries == 0;
            let last = full.then(|| key.to_vec());
            if full {
                return Ok(last);
            }
            if let Some(committed) = &mut committed
                && (both || !is_own)
            {
                committed.step();
            }
            if is_own {
                write = step();
            }
        }
    }
}

/// The committed entries of a range, in the order of the scan.
struct Committed<'a> {
    iterator: DBRawIterator<'a>,
    address: &'a Address,
    reverse: bool,
}

impl Committed<'_> {
    fn start(&mut self) {
        if self.reverse { self.iterator.seek_to_last() } else { self.iterator.seek_to_first() }
    }

    fn step(&mut self) {
        if self.reverse { self.iterator.prev() } else { self.iterator.next() }
    }

    /// The primary key and the value at the iterator; `None` at the end.
    fn item(&self) -> Result<Option<(&[u8], &[u8])>> {
        match self.iterator.item() {
            Some((key, value)) => Ok(Some((self.address.strip(key)?, value))),
            None => {
                self.iterator.status().map_err(StorageError::from)?;
                Ok(None)
            }
        }
    }
}

struct Output<'a> {
    rows: RowBuilder<'a>,
    bytes: usize,
    identity: Option<IdentityBuilder>,
}

impl Output<'_> {
    fn append(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let header = Header::read(value)?;
        if header.tombstone {
            return Ok(());
        }
        self.rows.append(value)?;
        self.bytes += value.len();
        if let Some(identity) = &mut self.identity {
            identity.append(key, Seq(header.seq.0));
        }
        Ok(())
    }

    fn finish(self) -> Result<RecordBatch> {
        let rows = self.rows.finish()?;
        match self.identity {
            Some(identity) => identity.append_to(&rows),
            None => Ok(rows),
        }
    }
}

/// Whether no key can lie in the range. Standard maps and RocksDB both refuse to be asked for such ranges.
fn is_empty(range: &KeyRange) -> bool {
    match (&range.lower, &range.upper) {
        (Bound::Included(lower), Bound::Included(upper)) => lower > upper,
        (Bound::Included(lower) | Bound::Excluded(lower), Bound::Excluded(upper))
        | (Bound::Excluded(lower), Bound::Included(upper)) => lower >= upper,
        _ => false,
    }
}

fn is_incomplete(error: &crate::Error) -> bool {
    use crate::error::ErrorKind as Kind;
    matches!(error.kind(), Kind::Storage(StorageError::RocksDb { source }) if source.kind() == ErrorKind::Incomplete)
}
