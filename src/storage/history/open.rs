//! What stays in memory of a file once it was opened, and the cache of it.

use std::future::Future;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use bytes::Bytes;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::bloom_filter::Sbbf;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaDataReader};
use quick_cache::sync::DefaultLifecycle;
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use super::blocks::{self, Blocks};
use super::errors::parquet_error;
use super::manifest::{FileId, HistoryFile};
use super::source::Source;
use crate::error::{Result, StorageError};

/// How much of a file's end is read at once, in the hope that footer and indexes are in it.
const FOOTER_BYTES: usize = 64 << 10;

/// A file whose footer, page index and key index were read.
pub(super) struct OpenFile {
    pub metadata: ArrowReaderMetadata,
    pub blocks: Blocks,
    /// Columns of the table in the file: without `_seq`, which is the last one.
    pub columns: usize,
}

impl OpenFile {
    /// Reads footer and indexes.
    ///
    /// # Errors
    /// When the file cannot be read, or is not what its manifest entry says.
    pub async fn load(mut source: Source, file: &HistoryFile) -> Result<Self> {
        source.counters().opened();
        let metadata = ParquetMetaDataReader::new()
            .with_page_index_policy(PageIndexPolicy::Required)
            .with_prefetch_hint(Some(FOOTER_BYTES))
            .load_and_finish(&mut source, file.bytes)
            .await
            .map_err(parquet_error)?;
        let rows = |rows: i64| usize::try_from(rows).unwrap_or(0);
        let group_rows: Vec<usize> = metadata.row_groups().iter().map(|group| rows(group.num_rows())).collect();
        if group_rows.iter().sum::<usize>() as u64 != file.rows {
            return Err(corrupted(file, "has another number of rows than its manifest entry").into());
        }
        let index = metadata.file_metadata().key_value_metadata().into_iter().flatten();
        let index = index.filter(|pair| pair.key == blocks::METADATA_KEY).find_map(|pair| pair.value.as_deref());
        let blocks = Blocks::decode(index.ok_or_else(|| corrupted(file, "has no key index"))?, &group_rows)?;
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
        let metadata = ArrowReaderMetadata::try_new(Arc::new(metadata), options).map_err(parquet_error)?;
        let Some(columns) = metadata.schema().fields().len().checked_sub(1) else {
            return Err(corrupted(file, "has no columns").into());
        };
        Ok(Self { metadata, blocks, columns })
    }

    /// The index of the root column `_seq`.
    pub fn seq_root(&self) -> usize {
        self.columns
    }

    /// The number of rows of a row group.
    pub fn group_rows(&self, row_group: usize) -> usize {
        usize::try_from(self.metadata.metadata().row_group(row_group).num_rows()).unwrap_or(0)
    }

    /// Reads the bloom filter of a leaf column in a row group; `None` when the column has none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn load_bloom(&self, mut source: Source, row_group: usize, leaf: usize) -> Result<Option<Sbbf>> {
        let column = self.metadata.metadata().row_group(row_group).column(leaf);
        let (Some(offset), Some(length)) = (column.bloom_filter_offset(), column.bloom_filter_length()) else {
            return Ok(None);
        };
        let (Ok(offset), Ok(length)) = (u64::try_from(offset), u64::try_from(length)) else { return Ok(None) };
        source.counters().bloom_loaded();
        let bytes: Bytes = source.get_bytes(offset..offset + length).await.map_err(parquet_error)?;
        Ok(Some(Sbbf::from_bytes(&bytes).map_err(parquet_error)?))
    }

    fn memory_bytes(&self) -> usize {
        self.metadata.metadata().memory_size() + self.blocks.memory_bytes()
    }
}

fn corrupted(file: &HistoryFile, what: &str) -> StorageError {
    StorageError::Corrupted { what: format!("history file {} {what}", file.id) }
}

/// Footers, indexes, bloom filters and decoded columns of blocks, bounded by bytes.
pub(super) struct Cache(quick_cache::sync::Cache<Key, Entry, Bytewise>);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    File(FileId),
    /// A row group and a leaf.
    Bloom(FileId, usize, usize),
    /// A block and a root column.
    Column(FileId, usize, usize),
}

#[derive(Clone)]
enum Entry {
    File(Arc<OpenFile>),
    Bloom(Option<Arc<Sbbf>>),
    Column(ArrayRef),
}

#[derive(Clone)]
struct Bytewise;

impl Weighter<Key, Entry> for Bytewise {
    fn weight(&self, _key: &Key, entry: &Entry) -> u64 {
        let bytes = match entry {
            Entry::File(open) => open.memory_bytes(),
            // A block of a split block bloom filter is 32 bytes.
            Entry::Bloom(filter) => 64 + filter.as_ref().map_or(0, |filter| filter.num_blocks() * 32),
            Entry::Column(column) => column.get_array_memory_size(),
        };
        bytes as u64
    }
}

/// About how many entries are expected, to size the cache's tables.
const EXPECTED_ENTRIES: usize = 4096;
/// Parts of the cache with a lock each. Few, because an entry must fit into its part, and the footer and page
/// index of a large file take megabytes.
const SHARDS: usize = 4;

impl Cache {
    pub fn new(bytes: u64) -> Self {
        let options = OptionsBuilder::new()
            .estimated_items_capacity(EXPECTED_ENTRIES)
            .weight_capacity(bytes)
            .shards(SHARDS)
            .build()
            .expect("both capacities are given");
        let (hasher, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
        Self(quick_cache::sync::Cache::with_options(options, Bytewise, hasher, lifecycle))
    }

    /// The opened file; `load` opens it, once also when several ask at the same time.
    pub async fn open<F: Future<Output = Result<OpenFile>>>(
        &self,
        file: &HistoryFile,
        load: impl FnOnce() -> F,
    ) -> Result<Arc<OpenFile>> {
        let load = async { Ok::<_, crate::Error>(Entry::File(Arc::new(load().await?))) };
        match self.0.get_or_insert_async(&Key::File(file.id), load).await? {
            Entry::File(open) => Ok(open),
            _ => unreachable!("a file's key holds a file"),
        }
    }

    /// A bloom filter; `load` reads it.
    pub async fn bloom<F: Future<Output = Result<Option<Sbbf>>>>(
        &self,
        file: &HistoryFile,
        row_group: usize,
        leaf: usize,
        load: impl FnOnce() -> F,
    ) -> Result<Option<Arc<Sbbf>>> {
        let load = async { Ok::<_, crate::Error>(Entry::Bloom(load().await?.map(Arc::new))) };
        match self.0.get_or_insert_async(&Key::Bloom(file.id, row_group, leaf), load).await? {
            Entry::Bloom(filter) => Ok(filter),
            _ => unreachable!("a bloom filter's key holds a bloom filter"),
        }
    }

    /// A decoded column of a whole block, if it is there.
    pub fn column(&self, file: &HistoryFile, block: usize, root: usize) -> Option<ArrayRef> {
        match self.0.get(&Key::Column(file.id, block, root))? {
            Entry::Column(column) => Some(column),
            _ => unreachable!("a column's key holds a column"),
        }
    }

    /// Keeps a decoded column of a whole block.
    pub fn keep_column(&self, file: &HistoryFile, block: usize, root: usize, column: ArrayRef) {
        self.0.insert(Key::Column(file.id, block, root), Entry::Column(column));
    }
}
