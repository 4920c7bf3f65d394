//! The bytes of one history file, and the count of what was read.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use object_store::ObjectStore;
use object_store::path::Path;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ParquetMetaData;

/// What a [`super::Reader`] has read since it was made. Tests prove with it that pruning skips.
#[derive(Debug, Default)]
pub struct Counters {
    files_opened: AtomicU64,
    ranges_read: AtomicU64,
    bytes_read: AtomicU64,
    rows_decoded: AtomicU64,
    blooms_loaded: AtomicU64,
}

impl Counters {
    /// Files whose footer and indexes were read.
    pub fn files_opened(&self) -> u64 {
        self.files_opened.load(Ordering::Relaxed)
    }

    /// Byte ranges that were read: pages, dictionaries, footers, bloom filters.
    pub fn ranges_read(&self) -> u64 {
        self.ranges_read.load(Ordering::Relaxed)
    }

    /// Bytes of these ranges.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    /// Rows that were decoded, wanted or not.
    pub fn rows_decoded(&self) -> u64 {
        self.rows_decoded.load(Ordering::Relaxed)
    }

    /// Bloom filters that were read.
    pub fn blooms_loaded(&self) -> u64 {
        self.blooms_loaded.load(Ordering::Relaxed)
    }

    pub(super) fn opened(&self) {
        self.files_opened.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn decoded(&self, rows: usize) {
        self.rows_decoded.fetch_add(rows as u64, Ordering::Relaxed);
    }

    pub(super) fn bloom_loaded(&self) {
        self.blooms_loaded.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self, ranges: &[Range<u64>]) {
        self.ranges_read.fetch_add(ranges.len() as u64, Ordering::Relaxed);
        let bytes = ranges.iter().map(|range| range.end.saturating_sub(range.start)).sum();
        self.bytes_read.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// One file in the object store.
#[derive(Clone)]
pub(super) struct Source {
    store: Arc<dyn ObjectStore>,
    path: Path,
    counters: Arc<Counters>,
}

impl Source {
    pub fn new(store: Arc<dyn ObjectStore>, path: Path, counters: Arc<Counters>) -> Self {
        Self { store, path, counters }
    }

    pub fn counters(&self) -> &Counters {
        &self.counters
    }
}

impl AsyncFileReader for Source {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes>> {
        async move {
            let bytes = self.get_byte_ranges(vec![range]).await?.pop();
            bytes.ok_or_else(|| ParquetError::General("the object store returned no bytes".into()))
        }
        .boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, Result<Vec<Bytes>>> {
        async move {
            self.counters.read(&ranges);
            let bytes = self.store.get_ranges(&self.path, &ranges).await;
            bytes.map_err(|error| ParquetError::External(Box::new(error)))
        }
        .boxed()
    }

    /// Metadata is loaded once, by [`super::open::OpenFile::load`], and handed to every reader.
    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>>> {
        let error = ParquetError::General("the metadata of a history file comes from the cache".into());
        std::future::ready(Err(error)).boxed()
    }
}
