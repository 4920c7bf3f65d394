//! The only handle to rows, bound to one tenant.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::stream::BoxStream;

use super::address::Address;
use super::engine::{Engine, Family};
use super::history::{self, HistoryFile};
use super::read::Scanner;
use super::row::Header;
use super::row_builder::projected_schema;
use super::scan::ScanRequest;
use super::shape::Shape;
use super::single_row::single_row;
use super::snapshot::{ReadPoint, View};
use super::span::may_hold;
use super::write_set::Write;
use crate::base::ids::{Seq, TableId, TenantId};
use crate::error::{Result, StorageError};

/// Where a row was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The transaction's own uncommitted writes.
    Writes,
    Fresh,
    History,
}

/// One row found by its key.
#[derive(Clone, Debug)]
pub struct FoundRow {
    /// The commit that wrote it; 0 for an uncommitted row.
    pub seq: Seq,
    /// One row, projected.
    pub batch: RecordBatch,
    pub source: Source,
}

/// The rows of one tenant. Builds every key, bounds every iterator, and re-checks the prefix of every
/// key that comes back.
#[derive(Clone)]
pub struct TenantStore {
    engine: Arc<Engine>,
    tenant: TenantId,
}

impl TenantStore {
    pub(super) fn new(engine: Arc<Engine>, tenant: TenantId) -> Self {
        Self { engine, tenant }
    }

    /// The tenant.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The engine that the store belongs to.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// What is committed now.
    pub fn read_point(&self) -> ReadPoint {
        self.engine.read_point()
    }

    /// The history files of a table as a read point sees them, sorted by their first key.
    ///
    /// # Errors
    /// A read error, or corrupted data.
    pub fn history_files(&self, at: &ReadPoint, table: TableId) -> Result<history::Files> {
        Ok(self.engine.manifest(at, self.tenant, table)?.1)
    }

    /// The rows of these keys, in the order of `keys`; `None` where there is no row.
    ///
    /// # Errors
    /// A read error, or corrupted data.
    pub async fn get(
        &self,
        view: &View,
        shape: &Arc<Shape>,
        keys: &[Vec<u8>],
        projection: &[usize],
    ) -> Result<Vec<Option<FoundRow>>> {
        let schema = projected_schema(shape, projection);
        let known = if keys.len() <= INLINE_KEYS {
            self.look_up_all(view, shape, keys, |value, source| found_row(shape, projection, &schema, value, source))?
        } else {
            let (shape, projection) = (Arc::clone(shape), projection.to_vec());
            let found =
                move |shape: &Shape, value: &[u8], source| found_row(shape, &projection, &schema, value, source);
            self.look_up_blocking(view, &shape, keys, found).await?
        };
        let missing = Missing::of(&known, keys);
        let mut rows: Vec<Option<FoundRow>> = known.into_iter().map(Option::flatten).collect();
        for (file, wanted) in self.files_of(view, shape, keys, &missing)? {
            let sought: Vec<&[u8]> = wanted.iter().map(|&at| keys[at].as_slice()).collect();
            for (index, seq, batch) in self.engine.history_reader().lookup(&file, shape, &sought, projection).await? {
                rows[wanted[index]] = Some(FoundRow { seq, batch, source: Source::History });
            }
        }
        for (copy, original) in missing.copies {
            rows[copy] = rows[original].clone();
        }
        Ok(rows)
    }

    /// Which of these keys exist; cheaper than [`Self::get`].
    ///
    /// # Errors
    /// A read error, or corrupted data.
    pub async fn contains(&self, view: &View, shape: &Arc<Shape>, keys: &[Vec<u8>]) -> Result<Vec<bool>> {
        let known = if keys.len() <= INLINE_KEYS {
            self.look_up_all(view, shape, keys, |_, _| Ok(()))?
        } else {
            self.look_up_blocking(view, shape, keys, |_: &Shape, _: &[u8], _| Ok(())).await?
        };
        let missing = Missing::of(&known, keys);
        let mut contains: Vec<bool> = known.into_iter().map(|known| known.flatten().is_some()).collect();
        for (file, wanted) in self.files_of(view, shape, keys, &missing)? {
            let sought: Vec<&[u8]> = wanted.iter().map(|&at| keys[at].as_slice()).collect();
            let answers = self.engine.history_reader().contains(&file, shape, &sought).await?;
            for (&at, answer) in wanted.iter().zip(answers) {
                contains[at] |= answer;
            }
        }
        for (copy, original) in missing.copies {
            contains[copy] = contains[original];
        }
        Ok(contains)
    }

    /// One merged stream of the rows of a table.
    pub fn scan(&self, view: View, shape: Arc<Shape>, request: ScanRequest) -> BoxStream<'static, Result<RecordBatch>> {
        self.scanner(view, shape, request).rows()
    }

    /// The rows of a table in parts that can be read in parallel: fresh rows, and one part per history
    /// file. Unordered; a limit holds for each part.
    ///
    /// # Errors
    /// A read error of the manifest.
    pub async fn scan_parts(
        &self,
        view: View,
        shape: Arc<Shape>,
        request: ScanRequest,
    ) -> Result<Vec<BoxStream<'static, Result<RecordBatch>>>> {
        self.scanner(view, shape, request).parts().await
    }

    fn scanner(&self, view: View, shape: Arc<Shape>, request: ScanRequest) -> Scanner {
        Scanner::new(Arc::clone(&self.engine), self.tenant, view, shape, request)
    }

    /// As [`Self::look_up`], for many keys, on a blocking thread: some of them may be on the disk.
    async fn look_up_blocking<T: Send + 'static>(
        &self,
        view: &View,
        shape: &Arc<Shape>,
        keys: &[Vec<u8>],
        found: impl Fn(&Shape, &[u8], Source) -> Result<T> + Send + 'static,
    ) -> Result<Vec<Option<Option<T>>>> {
        let (this, view, shape, keys) = (self.clone(), view.clone(), Arc::clone(shape), keys.to_vec());
        let read = tokio::task::spawn_blocking(move || {
            this.look_up_all(&view, &shape, &keys, |value, source| found(&shape, value, source))
        });
        read.await.map_err(|_| StorageError::Stopped { reason: "a read was aborted".into() })?
    }

    fn look_up_all<T>(
        &self,
        view: &View,
        shape: &Shape,
        keys: &[Vec<u8>],
        found: impl Fn(&[u8], Source) -> Result<T>,
    ) -> Result<Vec<Option<Option<T>>>> {
        keys.iter().map(|key| self.look_up(view, shape, key, &found)).collect()
    }

    /// Looks for a key outside of history: `None` when only history can tell, `Some(None)` when there is
    /// no row, otherwise what `found` makes of the encoded row.
    fn look_up<T>(
        &self,
        view: &View,
        shape: &Shape,
        key: &[u8],
        found: impl Fn(&[u8], Source) -> Result<T>,
    ) -> Result<Option<Option<T>>> {
        if let Some(writes) = view.writes.as_ref().and_then(|writes| writes.table(shape.table)) {
            match writes.rows.get(key) {
                Some(Write::Put { row, .. }) => return found(row, Source::Writes).map(|row| Some(Some(row))),
                Some(Write::Delete { .. }) => return Ok(Some(None)),
                None if writes.truncated => return Ok(Some(None)),
                None => {}
            }
        }
        Address::new(self.tenant, shape.table).with_key(key, |full| {
            view.at.get(Family::Rows, full, |value| match value {
                None => Ok(None),
                Some(value) if Header::read(&value)?.tombstone => Ok(Some(None)),
                Some(value) => found(&value, Source::Fresh).map(|row| Some(Some(row))),
            })
        })?
    }

    /// The history files that may hold some of the missing keys, each with the indexes of those keys.
    fn files_of(
        &self,
        view: &View,
        shape: &Shape,
        keys: &[Vec<u8>],
        missing: &Missing,
    ) -> Result<Vec<(Arc<HistoryFile>, Vec<usize>)>> {
        if missing.sorted.is_empty() {
            return Ok(Vec::new());
        }
        let files = self.history_files(&view.at, shape.table)?;
        let with_keys = files.iter().filter_map(|file| {
            let wanted = missing.sorted.iter().copied().filter(|&at| may_hold(file, shape, &keys[at]));
            let wanted: Vec<usize> = wanted.collect();
            (!wanted.is_empty()).then(|| (Arc::clone(file), wanted))
        });
        Ok(with_keys.collect())
    }
}

/// Most keys that are looked up without leaving the async worker.
const INLINE_KEYS: usize = 64;

/// The keys that only history can tell about, as indexes into the keys that were asked for.
struct Missing {
    /// Sorted by key, each key once: what a history file is asked.
    sorted: Vec<usize>,
    /// Keys that were asked for again: (index, index of the same key in `sorted`).
    copies: Vec<(usize, usize)>,
}

impl Missing {
    fn of<T>(known: &[Option<T>], keys: &[Vec<u8>]) -> Self {
        let mut all: Vec<usize> = (0..known.len()).filter(|&at| known[at].is_none()).collect();
        all.sort_by(|a, b| keys[*a].cmp(&keys[*b]));
        let (mut sorted, mut copies) = (Vec::<usize>::with_capacity(all.len()), Vec::new());
        for at in all {
            match sorted.last() {
                Some(&original) if keys[original] == keys[at] => copies.push((at, original)),
                _ => sorted.push(at),
            }
        }
        Self { sorted, copies }
    }
}

fn found_row(
    shape: &Shape,
    projection: &[usize],
    schema: &SchemaRef,
    value: &[u8],
    source: Source,
) -> Result<FoundRow> {
    let seq = Header::read(value)?.seq;
    Ok(FoundRow { seq, batch: single_row(shape, projection, Arc::clone(schema), value)?, source })
}
