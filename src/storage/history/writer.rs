//! Writes sorted rows to new history files.
//!
//! Everything is done to make a file durable before the manifest names it: the file is written under its
//! final name, fsynced, and so are the directories above it. A writer that is dropped before
//! [`Writer::finish`] removes what it wrote; after a crash the orphan collection does.
//!
//! The calls block. They belong on a blocking thread.

use std::collections::HashSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, RecordBatch, UInt64Array};
use arrow::datatypes::DataType;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::blocks::{self, Block, Blocks};
use super::bloom;
use super::errors::{io_error, parquet_error};
use super::format::{self, Format, SEQ_COLUMN};
use super::manifest::{self, FileId, HistoryFile};
use super::stats::ColumnStats;
use crate::base::ids::{Seq, TenantId};
use crate::error::{Result, StorageError};
use crate::storage::Shape;

/// Most rows of a row group: large enough to compress well, small enough to hold in memory while writing.
pub const ROW_GROUP_ROWS: usize = 128 * 1024;
/// Most rows of a page and of a block of the key index: what a point read has to decode.
pub const PAGE_ROWS: usize = 2048;
/// A block of wide rows ends earlier, so that decoding one never takes much memory.
const BLOCK_BYTES: usize = 1 << 20;
/// A row group of wide rows ends earlier, because the writer buffers it.
const ROW_GROUP_BYTES: usize = 64 << 20;
/// Bytes of a page before compression. Pages normally end at [`PAGE_ROWS`]; wide values end them here.
const PAGE_BYTES: usize = 1 << 20;
/// A dictionary is read by every point read of its column, so it is kept small.
const DICTIONARY_BYTES: usize = 64 << 10;
const COMPRESSION_LEVEL: i32 = 3;

/// How files are cut.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A file ends after the block that reaches this size.
    pub file_bytes: u64,
    pub row_group_rows: usize,
    pub block_rows: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes: 128 << 20, row_group_rows: ROW_GROUP_ROWS, block_rows: PAGE_ROWS }
    }
}

/// Where a writer's files belong.
#[derive(Clone, Debug)]
pub struct Place {
    /// The data directory.
    pub directory: PathBuf,
    pub tenant: TenantId,
}

/// Writes the rows of one table, in key order, to files of bounded size.
pub struct Writer<'a> {
    place: Place,
    shape: Arc<Shape>,
    format: Format,
    limits: Limits,
    /// Makes the id and the creation time of the next file.
    name: Box<dyn FnMut() -> (FileId, i64) + Send + 'a>,
    open: Option<Open>,
    finished: Vec<HistoryFile>,
    last_key: Vec<u8>,
    keep: bool,
}

/// The file that is being written.
struct Open {
    id: FileId,
    created_at_us: i64,
    path: PathBuf,
    file: File,
    parquet: ArrowWriter<File>,
    blocks: Vec<Block>,
    /// Rows of the current row group.
    group_rows: usize,
    rows: u64,
    min_seq: u64,
    max_seq: u64,
    min_key: Vec<u8>,
}

impl<'a> Writer<'a> {
    /// A writer of rows of `shape`; `name` makes the id and the creation time (µs) of each file.
    pub fn new(
        place: Place,
        shape: Arc<Shape>,
        limits: Limits,
        name: impl FnMut() -> (FileId, i64) + Send + 'a,
    ) -> Self {
        let format = Format::new(&shape);
        let name = Box::new(name);
        Self { place, shape, format, limits, name, open: None, finished: Vec::new(), last_key: Vec::new(), keep: false }
    }

    /// Appends rows: all columns of the shape, the encoded key of each row, and the commit that wrote it. Keys
    /// must be greater than all keys before them. Every one is looked at: a file that is not sorted would hide
    /// rows, after the flush has removed them elsewhere.
    ///
    /// # Errors
    /// `DiskFull`, `Io` or `Parquet`; `Corrupted` when the rows are not sorted by key.
    pub fn write(&mut self, batch: &RecordBatch, keys: &BinaryArray, seqs: &UInt64Array) -> Result<()> {
        let rows = batch.num_rows();
        if rows == 0 {
            return Ok(());
        }
        self.check(batch, keys, seqs)?;
        let row_bytes = decoded_bytes(batch).div_ceil(rows).max(1);
        let block_rows = self.limits.block_rows.min(BLOCK_BYTES / row_bytes).max(1);
        let batch_in_file = self.format.to_file(batch, seqs)?;
        let mut row = 0;
        while row < rows {
            if self.open.as_ref().is_some_and(|open| open.bytes() >= self.limits.file_bytes) {
                self.close()?;
            }
            let first_key = keys.value(row);
            if self.open.is_none() {
                self.open = Some(self.create(batch, first_key.to_vec())?);
            }
            let open = self.open.as_mut().expect("the file was created above");
            let count = open.room(block_rows, &self.limits, &self.last_key, first_key)?.min(rows - row);
            open.append(&batch_in_file.slice(row, count), &seqs.slice(row, count), count * row_bytes)?;
            row += count;
            self.last_key.clear();
            self.last_key.extend_from_slice(keys.value(row - 1));
        }
        Ok(())
    }

    fn check(&self, batch: &RecordBatch, keys: &BinaryArray, seqs: &UInt64Array) -> Result<()> {
        let rows = batch.num_rows();
        let begun = self.open.is_some() || !self.finished.is_empty();
        let follows = !begun || keys.iter().next().flatten().is_some_and(|first| first > self.last_key.as_slice());
        let complete = keys.len() == rows && seqs.len() == rows && keys.null_count() == 0;
        if complete && follows && keys.iter().is_sorted_by(|a, b| a < b) {
            return Ok(());
        }
        Err(StorageError::Corrupted { what: "rows to be flushed are not sorted by key".into() }.into())
    }

    /// Makes everything durable and returns the manifest entries of the new files.
    ///
    /// # Errors
    /// As [`Writer::write`].
    pub fn finish(mut self) -> Result<Vec<HistoryFile>> {
        self.close()?;
        if !self.finished.is_empty() {
            self.sync_directories()?;
        }
        self.keep = true;
        Ok(std::mem::take(&mut self.finished))
    }

    fn create(&mut self, sample: &RecordBatch, min_key: Vec<u8>) -> Result<Open> {
        let (id, created_at_us) = (self.name)();
        let path = self.place.directory.join(manifest::path(self.place.tenant, self.shape.table, id));
        fs::create_dir_all(parent(&path)).map_err(io_error)?;
        let file = File::create_new(&path).map_err(io_error)?;
        let options = ArrowWriterOptions::new()
            .with_properties(properties(&self.shape, sample))
            .with_parquet_schema(self.format.parquet_schema()?);
        let parquet = file
            .try_clone()
            .map_err(io_error)
            .and_then(|sink| {
                ArrowWriter::try_new_with_options(sink, self.format.schema().clone(), options).map_err(parquet_error)
            })
            .inspect_err(|_| remove(&path))?;
        Ok(Open {
            id,
            created_at_us,
            path,
            file,
            parquet,
            blocks: Vec::new(),
            group_rows: 0,
            rows: 0,
            min_seq: u64::MAX,
            max_seq: 0,
            min_key,
        })
    }

    /// Ends the open file, if there is one.
    fn close(&mut self) -> Result<()> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        let result = open.close(&self.shape, &self.format);
        match result {
            Ok((columns, bytes)) => {
                self.finished.push(HistoryFile {
                    id: open.id,
                    tenant: self.place.tenant,
                    table: self.shape.table,
                    rows: open.rows,
                    bytes,
                    min_seq: Seq(open.min_seq),
                    max_seq: Seq(open.max_seq),
                    min_key: open.min_key,
                    max_key: self.last_key.clone(),
                    columns,
                    created_at_us: open.created_at_us,
                });
                Ok(())
            }
            Err(error) => {
                remove(&open.path);
                Err(error)
            }
        }
    }

    /// A new file's name is durable when its directory is; a new directory's name when its parent is.
    fn sync_directories(&self) -> Result<()> {
        let history = self.place.directory.join(manifest::DIRECTORY);
        let tenant = history.join(self.place.tenant.to_string());
        let table = tenant.join(self.shape.table.to_string());
        for directory in [&table, &tenant, &history, &self.place.directory] {
            sync_directory(directory)?;
        }
        Ok(())
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        for file in &self.finished {
            remove(&self.place.directory.join(file.path()));
        }
        if let Some(open) = self.open.take() {
            remove(&open.path);
        }
    }
}

impl Open {
    fn bytes(&self) -> u64 {
        (self.parquet.bytes_written() + self.parquet.in_progress_size()) as u64
    }

    /// How many rows may go into the current block; begins a new block, and a new row group, when it is full.
    fn room(&mut self, block_rows: usize, limits: &Limits, last_key: &[u8], first_key: &[u8]) -> Result<usize> {
        if let Some(block) = self.blocks.last()
            && block.rows < block_rows
            && block.bytes < BLOCK_BYTES
        {
            return Ok(block_rows - block.rows);
        }
        let full =
            self.group_rows + block_rows > limits.row_group_rows || self.parquet.in_progress_size() >= ROW_GROUP_BYTES;
        if full && self.group_rows > 0 {
            self.parquet.flush().map_err(parquet_error)?;
            self.group_rows = 0;
        }
        let row_group = self.parquet.flushed_row_groups().len();
        let separator = if self.blocks.is_empty() { Vec::new() } else { blocks::separator(last_key, first_key) };
        self.blocks.push(Block { row_group, first: self.group_rows, rows: 0, bytes: 0, separator });
        Ok(block_rows)
    }

    fn append(&mut self, rows: &RecordBatch, seqs: &UInt64Array, bytes: usize) -> Result<()> {
        self.parquet.write(rows).map_err(parquet_error)?;
        let block = self.blocks.last_mut().expect("a block is begun before rows are appended");
        block.rows += rows.num_rows();
        block.bytes += bytes;
        self.group_rows += rows.num_rows();
        self.rows += rows.num_rows() as u64;
        self.min_seq = self.min_seq.min(arrow::compute::min(seqs).unwrap_or(u64::MAX));
        self.max_seq = self.max_seq.max(arrow::compute::max(seqs).unwrap_or(0));
        Ok(())
    }

    fn close(&mut self, shape: &Shape, format: &Format) -> Result<(Vec<ColumnStats>, u64)> {
        let blocks = Blocks::encode(&self.blocks);
        self.parquet.append_key_value_metadata(KeyValue::new(blocks::METADATA_KEY.into(), blocks));
        let metadata = self.parquet.finish().map_err(parquet_error)?;
        self.file.sync_all().map_err(io_error)?;
        let bytes = self.file.metadata().map_err(io_error)?.len();
        Ok((ColumnStats::of_file(shape, format, &metadata)?, bytes))
    }
}

/// How each column is encoded, decided by its type and by the first rows.
fn properties(shape: &Shape, sample: &RecordBatch) -> WriterProperties {
    let path = |name: &str| ColumnPath::new(vec![name.into()]);
    let sorting = shape.key.iter().map(|&column| SortingColumn {
        column_idx: i32::try_from(format::leaf(shape, column)).expect("a table has at most 1600 columns"),
        descending: false,
        nulls_first: false,
    });
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("kalamdb ", env!("CARGO_PKG_VERSION")).into())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(COMPRESSION_LEVEL).expect("a level between 1 and 22")))
        .set_statistics_enabled(EnabledStatistics::Page)
        // The writer itself ends row groups, at the borders of blocks.
        .set_max_row_group_row_count(None)
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_data_page_size_limit(PAGE_BYTES)
        .set_dictionary_page_size_limit(DICTIONARY_BYTES)
        .set_sorting_columns(Some(sorting.collect()))
        .set_column_dictionary_enabled(path(SEQ_COLUMN), false)
        .set_column_encoding(path(SEQ_COLUMN), Encoding::DELTA_BINARY_PACKED);
    for (index, field) in shape.schema.fields().iter().enumerate() {
        let column = path(field.name());
        match field.data_type() {
            DataType::Utf8 | DataType::Binary => {
                let repeats = sample.columns().get(index).is_some_and(repeats);
                properties = properties.set_column_dictionary_enabled(column.clone(), repeats);
            }
            // Close to each other in key order, or small: differences are shorter than values.
            DataType::Int32 | DataType::Int64 | DataType::Timestamp(..) | DataType::Date32 => {
                properties = properties
                    .set_column_dictionary_enabled(column.clone(), false)
                    .set_column_encoding(column.clone(), Encoding::DELTA_BINARY_PACKED);
            }
            _ => properties = properties.set_column_dictionary_enabled(column.clone(), false),
        }
        if shape.key.contains(&index) && bloom::has_filter(field.data_type()) {
            properties = properties
                .set_column_bloom_filter_enabled(column.clone(), true)
                .set_column_bloom_filter_fpp(column.clone(), bloom::FALSE_POSITIVES)
                .set_column_bloom_filter_max_ndv(column, bloom::MAX_DISTINCT);
        }
    }
    properties.build()
}

/// Whether the first values of a column repeat often enough for a dictionary.
fn repeats(column: &ArrayRef) -> bool {
    let rows = column.len().min(PAGE_ROWS);
    let distinct = match column.data_type() {
        DataType::Utf8 => (0..rows).map(|row| column.as_string::<i32>().value(row).as_bytes()).collect::<HashSet<_>>(),
        DataType::Binary => (0..rows).map(|row| column.as_binary::<i32>().value(row)).collect(),
        _ => return false,
    };
    distinct.len() * 4 <= rows
}

/// About how much memory the rows take, without what a slice shares with its neighbours.
fn decoded_bytes(batch: &RecordBatch) -> usize {
    batch.columns().iter().map(|column| column.to_data().get_slice_memory_size().unwrap_or(0)).sum()
}

fn parent(path: &Path) -> &Path {
    path.parent().expect("a history file lies in its table's directory")
}

/// Makes the names in a directory durable.
pub(super) fn sync_directory(directory: &Path) -> Result<()> {
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(|error| io_error(error).into())
}

/// Removes a file that nothing refers to. What stays behind is an orphan, collected at the next start.
pub(super) fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::warn!(path = %path.display(), %error, "a history file could not be removed");
    }
}
