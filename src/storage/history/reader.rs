//! Reads history files: scans in key order or against it, and point lookups.
//!
//! ```text
//!   manifest entry   skipped by key range and column bounds, before any I/O
//!   open             footer, page index, key index: read once, cached
//!   plan             key index -> blocks; page index -> rows of blocks; -> chunks
//!   read             a chunk at a time: only the pages of its rows and columns
//! ```
//!
//! A scan reads chunks that start with one block and double: "the latest 50" stops after a few pages, a long
//! scan soon reads large pieces. Reverse scans read the same chunks from the end and turn each one around.
//!
//! A chunk of a long scan is decoded on a blocking thread, as many at a time as there are processors: on an async
//! worker it would keep everybody else waiting for milliseconds. Not more rows than a block has are decoded where
//! they are wanted: the way to another thread and back takes as long.
//!
//! Files never change, so nothing that is cached about them is ever stale.

use std::ops::Range;
use std::path::Path as FsPath;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::Schema;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use parquet::arrow::ParquetRecordBatchStreamBuilder;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, RowSelection};
use tokio::sync::Semaphore;

use super::bloom;
use super::columns::{Columns, Identity, reversed};
use super::errors::{arrow_error, parquet_error};
use super::manifest::{FileId, HistoryFile};
use super::open::{Cache, OpenFile};
use super::plan::{self, Chunk};
use super::source::{Counters, Source};
use super::writer::PAGE_ROWS;
use crate::base::ids::Seq;
use crate::error::{Result, StorageError};
use crate::storage::{ColumnRange, KeyRange, Shape};

/// What a scan of one file reads.
#[derive(Clone, Debug)]
pub struct Scan {
    /// Indexes into the shape's schema; may be empty: batches then carry only a row count.
    pub projection: Vec<usize>,
    /// Exactly the keys that come back.
    pub range: KeyRange,
    /// Hints to skip pages; rows outside of them may come back.
    pub prune: Vec<ColumnRange>,
    pub direction: Direction,
    /// About how many rows will be wanted; the scan goes on after them.
    pub hint_rows: Option<usize>,
    /// Appends `_key` Binary and `_seq` UInt64.
    pub with_identity: bool,
    /// Most rows of a batch.
    pub batch_rows: usize,
}

/// The order of a scan by key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Forward,
    Reverse,
}

/// Reads history files of all tables below one data directory.
pub struct Reader {
    store: Arc<dyn ObjectStore>,
    cache: Cache,
    counters: Arc<Counters>,
    /// One permit per processor: more chunks in the works would only take memory.
    decoders: Arc<Semaphore>,
}

impl Reader {
    /// A reader of the files below the data directory, which must exist. It keeps at most `cache_bytes` of
    /// what it knows about files: footers, indexes, bloom filters and columns that point reads decoded.
    ///
    /// # Errors
    /// When the directory cannot be used.
    pub fn new(directory: &FsPath, cache_bytes: u64) -> Result<Arc<Self>> {
        let store =
            LocalFileSystem::new_with_prefix(directory).map_err(|source| StorageError::ObjectStore { source })?;
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Arc::new(Self {
            store: Arc::new(store),
            cache: Cache::new(cache_bytes),
            counters: Arc::default(),
            decoders: Arc::new(Semaphore::new(processors)),
        }))
    }

    /// What was read since the start.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The places for chunks that are being decoded.
    #[cfg(test)]
    pub(super) fn decoders(&self) -> &Arc<Semaphore> {
        &self.decoders
    }

    /// The rows of a file, in the order of `scan.direction`. The caller checks the manifest entry first
    /// ([`HistoryFile::overlaps`], [`HistoryFile::may_match`]).
    pub fn scan(
        self: &Arc<Self>,
        file: &Arc<HistoryFile>,
        shape: &Arc<Shape>,
        scan: Scan,
    ) -> BoxStream<'static, Result<RecordBatch>> {
        let (reader, file, shape) = (Arc::clone(self), Arc::clone(file), Arc::clone(shape));
        stream::once(async move {
            let open = reader.open(&file).await?;
            let chunks = plan::chunks(&open, &file, &shape, &scan)?;
            let identity = if scan.with_identity { Identity::KeyAndSeq } else { Identity::None };
            let columns = Columns::new(&shape, scan.projection.clone(), identity);
            Ok::<_, crate::Error>(Run { reader, file, open, shape, scan, columns }.stream(chunks))
        })
        .try_flatten()
        .boxed()
    }

    /// The rows of `keys`, which are sorted and distinct: index into `keys`, commit, and one row of the
    /// projected columns. Keys that are not in the file are left out.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn lookup(
        self: &Arc<Self>,
        file: &Arc<HistoryFile>,
        shape: &Arc<Shape>,
        keys: &[&[u8]],
        projection: &[usize],
    ) -> Result<Vec<(usize, Seq, RecordBatch)>> {
        let mut found = Vec::new();
        let columns = Columns::new(shape, projection.to_vec(), Identity::KeyAndSeq);
        let wanted: Vec<usize> = (0..projection.len()).collect();
        self.find(file, shape, keys, &columns, |rows, matches| {
            let indexes: UInt32Array = matches.iter().map(|(row, _)| u32::try_from(*row).ok()).collect();
            // The rows are copied out, so that holding one does not hold its whole page.
            let rows = take_record_batch(&rows, &indexes).map_err(arrow_error)?;
            let seqs = columns.seqs(&rows)?;
            let rows_projected = columns.project(&rows, shape)?.project(&wanted).map_err(arrow_error)?;
            for (at, (_, key)) in matches.iter().enumerate() {
                found.push((*key, Seq(seqs.value(at)), rows_projected.slice(at, 1)));
            }
            Ok(())
        })
        .await?;
        Ok(found)
    }

    /// Which of `keys`, which are sorted and distinct, are in the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn contains(
        self: &Arc<Self>,
        file: &Arc<HistoryFile>,
        shape: &Arc<Shape>,
        keys: &[&[u8]],
    ) -> Result<Vec<bool>> {
        let mut contains = vec![false; keys.len()];
        let columns = Columns::new(shape, Vec::new(), Identity::Key);
        self.find(file, shape, keys, &columns, |_, matches| {
            matches.iter().for_each(|(_, key)| contains[*key] = true);
            Ok(())
        })
        .await?;
        Ok(contains)
    }

    /// Which of `keys` the file may hold, as its key bounds and bloom filters say. Never a wrong `false`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn may_contain(&self, file: &HistoryFile, shape: &Shape, keys: &[&[u8]]) -> Result<Vec<bool>> {
        if !keys.iter().any(|key| file.spans(key)) {
            return Ok(vec![false; keys.len()]);
        }
        let open = self.open(file).await?;
        let mut answers = Vec::with_capacity(keys.len());
        for key in keys {
            answers.push(file.spans(key) && self.bloom_admits(file, &open, shape, key).await?);
        }
        Ok(answers)
    }

    pub(super) async fn open(&self, file: &HistoryFile) -> Result<Arc<OpenFile>> {
        self.cache.open(file, || OpenFile::load(self.source(file), file)).await
    }

    fn source(&self, file: &HistoryFile) -> Source {
        Source::new(Arc::clone(&self.store), file.path().into(), Arc::clone(&self.counters))
    }

    async fn bloom_admits(&self, file: &HistoryFile, open: &OpenFile, shape: &Shape, key: &[u8]) -> Result<bool> {
        let row_group = open.blocks.get(open.blocks.of_key(key)).row_group;
        let Some(parts) = bloom::parts(shape, key) else { return Ok(true) };
        for (part, leaf) in bloom::leaves(shape) {
            let load = || open.load_bloom(self.source(file), row_group, leaf);
            let filter = self.cache.bloom(file, row_group, leaf, load).await?;
            if filter.is_some_and(|filter| !filter.check(parts[part].as_slice())) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Calls `visit` with the rows of every block that may hold one of `keys`, and with the pairs of
    /// (row, index into `keys`) that match.
    async fn find(
        self: &Arc<Self>,
        file: &Arc<HistoryFile>,
        shape: &Arc<Shape>,
        keys: &[&[u8]],
        columns: &Columns,
        mut visit: impl FnMut(RecordBatch, &[(usize, usize)]) -> Result<()>,
    ) -> Result<()> {
        debug_assert!(keys.is_sorted());
        let spanned = keys.partition_point(|key| *key < file.min_key.as_slice())
            ..keys.partition_point(|key| *key <= file.max_key.as_slice());
        if spanned.is_empty() {
            return Ok(());
        }
        let open = self.open(file).await?;
        let mut next = spanned.start;
        while next < spanned.end {
            let block = open.blocks.of_key(keys[next]);
            let mut wanted = Vec::new();
            while next < spanned.end && open.blocks.of_key(keys[next]) == block {
                if self.bloom_admits(file, &open, shape, keys[next]).await? {
                    wanted.push(next);
                }
                next += 1;
            }
            if wanted.is_empty() {
                continue;
            }
            let rows = self.block(file, &open, block, columns).await?;
            let sorted = columns.keys(&rows, shape)?;
            let mut matches = Vec::new();
            for &key in &wanted {
                let row = sorted.first_at_least(keys[key])?;
                if row < rows.num_rows() && sorted.at(row)? == keys[key] {
                    matches.push((row, key));
                }
            }
            if !matches.is_empty() {
                visit(rows, &matches)?;
            }
        }
        Ok(())
    }

    /// All rows of a block, with the columns that `columns` reads. Decoded columns are kept: point reads and the
    /// newest rows of a conversation come back to the same blocks.
    async fn block(&self, file: &HistoryFile, open: &OpenFile, index: usize, columns: &Columns) -> Result<RecordBatch> {
        let block = open.blocks.get(index);
        let roots = columns.roots(open);
        let mut arrays: Vec<_> = roots.iter().map(|root| self.cache.column(file, index, *root)).collect();
        let missing: Vec<usize> =
            roots.iter().zip(&arrays).filter(|(_, array)| array.is_none()).map(|(root, _)| *root).collect();
        if !missing.is_empty() {
            let ranges = vec![block.range()];
            let pages = self.fetch(file, open, block.row_group, ranges, missing.clone(), block.rows).await?;
            let batches = pages.decode()?;
            let [rows] = batches.as_slice() else { return Err(wrong_rows(file.id).into()) };
            for (root, array) in missing.into_iter().zip(rows.columns()) {
                self.cache.keep_column(file, index, root, Arc::clone(array));
                if let Ok(at) = roots.binary_search(&root) {
                    arrays[at] = Some(Arc::clone(array));
                }
            }
        }
        let fields = roots.iter().map(|root| Arc::clone(&open.metadata.schema().fields()[*root]));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let options = RecordBatchOptions::new().with_row_count(Some(block.rows));
        let arrays = arrays.into_iter().flatten().collect();
        Ok(RecordBatch::try_new_with_options(schema, arrays, &options).map_err(arrow_error)?)
    }

    /// The pages of `ranges` of a row group, with the root columns `roots`.
    async fn fetch(
        &self,
        file: &HistoryFile,
        open: &OpenFile,
        row_group: usize,
        ranges: Vec<Range<usize>>,
        roots: Vec<usize>,
        batch_rows: usize,
    ) -> Result<Pages> {
        let rows: usize = ranges.iter().map(ExactSizeIterator::len).sum();
        let file_id = file.id;
        if roots.is_empty() {
            return Ok(Pages { file: file_id, rows, reader: None });
        }
        self.counters.decoded(rows);
        let group_rows = open.group_rows(row_group);
        let mask = ProjectionMask::roots(open.metadata.parquet_schema(), roots);
        let mut stream = ParquetRecordBatchStreamBuilder::new_with_metadata(self.source(file), open.metadata.clone())
            .with_row_groups(vec![row_group])
            .with_projection(mask)
            .with_row_selection(RowSelection::from_consecutive_ranges(ranges.into_iter(), group_rows))
            .with_batch_size(batch_rows)
            .build()
            .map_err(parquet_error)?;
        let reader = stream.next_row_group().await.map_err(parquet_error)?;
        Ok(Pages { file: file_id, rows, reader: Some(reader.ok_or_else(|| wrong_rows(file_id))?) })
    }

    /// Runs work on decoded rows away from the async workers: a chunk takes milliseconds, in which a worker
    /// would answer nobody else. A scan that is dropped meanwhile loses one chunk's work and nothing else.
    async fn decoded<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let stopped = |_| StorageError::Stopped { reason: "a read was aborted".into() };
        let permit = Arc::clone(&self.decoders).acquire_owned().await;
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        done.await.map_err(stopped)?
    }
}

/// Pages of one row group that were read and not decoded yet.
struct Pages {
    file: FileId,
    rows: usize,
    /// `None` when no column is wanted.
    reader: Option<ParquetRecordBatchReader>,
}

impl Pages {
    /// The rows in the order of the file.
    fn decode(self) -> Result<Vec<RecordBatch>> {
        let Some(reader) = self.reader else {
            let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
            let batch = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options);
            return Ok(vec![batch.map_err(arrow_error)?]);
        };
        let batches = reader.collect::<std::result::Result<Vec<_>, _>>().map_err(arrow_error)?;
        if batches.iter().map(RecordBatch::num_rows).sum::<usize>() != self.rows {
            return Err(wrong_rows(self.file).into());
        }
        Ok(batches)
    }
}

fn wrong_rows(file: FileId) -> StorageError {
    StorageError::Corrupted { what: format!("history file {file} has other rows than its key index says") }
}

/// Rows of a chunk.
enum Piece {
    /// As they are in the file.
    Raw(RecordBatch),
    /// As the scan returns them.
    Done(RecordBatch),
}

/// A running scan of one file.
struct Run {
    reader: Arc<Reader>,
    file: Arc<HistoryFile>,
    open: Arc<OpenFile>,
    shape: Arc<Shape>,
    scan: Scan,
    columns: Columns,
}

impl Run {
    fn stream(self, chunks: Vec<Chunk>) -> impl futures::Stream<Item = Result<RecordBatch>> + Send + 'static {
        let run = Arc::new(self);
        stream::iter(chunks)
            .then(move |chunk| {
                let run = Arc::clone(&run);
                async move {
                    let (columns, pieces) = run.chunk(chunk).await?;
                    // Lazily, because a scan with a limit often stops within its first piece.
                    Ok::<_, crate::Error>(stream::iter(pieces).map(move |piece| run.result(&columns, piece)))
                }
            })
            .try_flatten()
    }

    /// The rows of a chunk that lie in the range, in pieces in the order of the scan.
    async fn chunk(self: &Arc<Self>, chunk: Chunk) -> Result<(Columns, Vec<Piece>)> {
        let columns = if chunk.trim { self.columns.with_key(&self.shape) } else { self.columns.clone() };
        let (trim, short) = (chunk.trim, self.scan.hint_rows.is_some());
        if let Some(block) = chunk.block.filter(|_| short) {
            let rows = self.reader.block(&self.file, &self.open, block, &columns).await?;
            let pieces = self.pieces(&columns, vec![rows], trim)?;
            return Ok((columns, pieces.into_iter().map(Piece::Raw).collect()));
        }
        let roots = columns.roots(&self.open);
        let (ranges, most) = (chunk.ranges, self.scan.batch_rows.max(1));
        let rows: usize = ranges.iter().map(ExactSizeIterator::len).sum();
        let pages = self.reader.fetch(&self.file, &self.open, chunk.row_group, ranges, roots, most).await?;
        let run = Arc::clone(self);
        let work = move || {
            let pieces = run.pieces(&columns, pages.decode()?, trim)?.into_iter().map(Piece::Raw);
            let pieces = match short {
                true => pieces.collect(),
                false => pieces.map(|piece| run.result(&columns, piece).map(Piece::Done)).collect::<Result<_>>()?,
            };
            Ok((columns, pieces))
        };
        if rows <= PAGE_ROWS { work() } else { self.reader.decoded(work).await }
    }

    /// The rows that lie in the range, as they are in the file, in pieces in the order of the scan.
    fn pieces(&self, columns: &Columns, mut batches: Vec<RecordBatch>, trim: bool) -> Result<Vec<RecordBatch>> {
        if self.scan.direction == Direction::Reverse {
            batches.reverse();
        }
        let mut pieces = Vec::with_capacity(batches.len() + 1);
        for batch in batches {
            let batch = if trim { self.trim(columns, batch)? } else { batch };
            self.cut(&batch, &mut pieces);
        }
        Ok(pieces)
    }

    /// Cuts rows into pieces in the order of the scan, the first one not larger than what may be wanted.
    fn cut(&self, batch: &RecordBatch, pieces: &mut Vec<RecordBatch>) {
        let most = self.scan.batch_rows.max(1);
        let mut left = batch.num_rows();
        while left > 0 {
            let hint = self.scan.hint_rows.filter(|_| pieces.is_empty());
            let rows = left.min(most).min(hint.unwrap_or(most).max(1));
            let start = match self.scan.direction {
                Direction::Forward => batch.num_rows() - left,
                Direction::Reverse => left - rows,
            };
            pieces.push(batch.slice(start, rows));
            left -= rows;
        }
    }

    /// A piece as the scan returns it.
    fn result(&self, columns: &Columns, piece: Piece) -> Result<RecordBatch> {
        let piece = match piece {
            Piece::Raw(piece) => piece,
            Piece::Done(rows) => return Ok(rows),
        };
        let rows = columns.project(&piece, &self.shape)?;
        match self.scan.direction {
            Direction::Forward => Ok(rows),
            Direction::Reverse => reversed(&rows),
        }
    }

    /// Cuts off the rows outside of the scanned range.
    fn trim(&self, columns: &Columns, batch: RecordBatch) -> Result<RecordBatch> {
        use std::ops::Bound::{Excluded, Included, Unbounded};
        let keys = columns.keys(&batch, &self.shape)?;
        let start = match &self.scan.range.lower {
            Included(lower) => keys.first_at_least(lower)?,
            Excluded(lower) => keys.first_greater(lower)?,
            Unbounded => 0,
        };
        let end = match &self.scan.range.upper {
            Included(upper) => keys.first_greater(upper)?,
            Excluded(upper) => keys.first_at_least(upper)?,
            Unbounded => batch.num_rows(),
        };
        Ok(batch.slice(start, end.saturating_sub(start)))
    }
}
