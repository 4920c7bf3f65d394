//! Moves the fresh rows of a table into history files.
//!
//! ```text
//!   begin     the committer gives a read point and records the keys that are written from then on
//!   choose    files that hold a key of the overlay, and files that are too small, are written anew
//!   merge     fresh rows + chosen files, minus what the overlay hides, in key order
//!   write     new files, fsynced with their directory
//!   end       one synced batch of the committer: manifest, fresh rows gone, later writes put back
//!   after     the emptied range is compacted; replaced files go when the last older reader has gone
//! ```
//!
//! A kill before the end leaves orphan files, which the next start removes; after it, everything is done. A
//! flush runs as a task of its own: a client that goes away does not stop it half-way.
//!
//! Tombstones are not dropped, they are carried out: the files that hold their keys are written without them.
//! That is why a deleted row cannot come back with a later flush.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{AsArray, RecordBatch, UInt64Array};
use arrow::datatypes::UInt64Type;
use futures::StreamExt;
use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::activity::{Activity, Mark};
use super::manifest::{self, FileId, HistoryFile};
use super::orphans;
use super::reader::{Direction, Scan};
use super::recent::Recent;
use super::writer::{self, Limits, Place, Writer};
use crate::base::clock::Clock;
use crate::base::ids::{Seq, TableId, TenantId};
use crate::base::random::Random;
use crate::error::{Result, StorageError};
use crate::storage::address::Address;
use crate::storage::fresh::Fresh;
use crate::storage::hidden::Hidden;
use crate::storage::identity;
use crate::storage::merge::Merge;
use crate::storage::span::Span;
use crate::storage::{Engine, FlushEnd, FlushTicket, KeyRange, ManifestChange, ReadPoint, Shape};

/// Rows that are merged and written together.
const BATCH_ROWS: usize = 4096;
/// Batches between the merge and the writer's thread.
const QUEUED_BATCHES: usize = 2;

/// Who asked for a flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// `kalam.flush(table)`.
    Manual,
    /// The table's fresh rows are many, or old.
    Automatic,
}

impl Trigger {
    /// The word that `kalam.flushes` shows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Automatic => "automatic",
        }
    }
}

/// What a flush did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlushReport {
    pub tenant: TenantId,
    pub table: TableId,
    pub trigger: Trigger,
    /// Microseconds since the Unix epoch.
    pub started_at_us: i64,
    pub duration: Duration,
    /// Fresh rows that are in history now.
    pub rows: u64,
    pub files_added: usize,
    pub files_removed: usize,
    /// Size of the new files.
    pub bytes: u64,
    /// Every commit up to this one was looked at.
    pub seq: Seq,
    /// Why it failed; its rows are where they were.
    pub error: Option<String>,
}

impl FlushReport {
    /// The report of a flush that did nothing yet.
    pub(super) fn new(tenant: TenantId, table: TableId, trigger: Trigger, started_at_us: i64) -> Self {
        Self {
            tenant,
            table,
            trigger,
            started_at_us,
            duration: Duration::ZERO,
            rows: 0,
            files_added: 0,
            files_removed: 0,
            bytes: 0,
            seq: Seq(0),
            error: None,
        }
    }
}

/// Held by the running flush of a table.
type Gate = Arc<tokio::sync::Mutex<()>>;

/// What flushes of all tables share.
pub struct Flushes {
    /// One flush per table at a time; a second one waits for the first.
    gates: Mutex<HashMap<(TenantId, TableId), Gate>>,
    recent: Recent,
    activity: Activity,
    random: Random,
    /// New files of flushes whose end failed. The batch that names them may be in the torn end of the log, which
    /// is read if the process dies now; once a later batch is durable it never will be.
    doubtful: Mutex<Vec<PathBuf>>,
}

impl Flushes {
    pub(in crate::storage) fn new(clock: Arc<dyn Clock>) -> Self {
        let activity = Activity::new(clock);
        Self {
            gates: Mutex::default(),
            recent: Recent::default(),
            activity,
            random: Random::default(),
            doubtful: Mutex::default(),
        }
    }

    /// The last flushes of a tenant's tables, the oldest first. Forgotten at a restart.
    pub fn recent(&self, tenant: TenantId) -> Vec<FlushReport> {
        self.recent.of(tenant)
    }

    /// How much was written to which table since its last flush.
    pub fn activity(&self) -> &Activity {
        &self.activity
    }

    fn gate(&self, tenant: TenantId, table: TableId) -> Gate {
        let mut gates = self.gates.lock();
        gates.retain(|_, gate| Arc::strong_count(gate) > 1);
        Arc::clone(gates.entry((tenant, table)).or_default())
    }
}

impl Engine {
    /// Moves the fresh rows of a table into history files and waits until that is durable. Nothing changes
    /// for readers. If the table is truncated or dropped meanwhile, nothing is flushed.
    ///
    /// # Errors
    /// `DiskFull` and other errors of the disk; all rows are where they were then.
    pub async fn flush(
        self: &Arc<Self>,
        tenant: TenantId,
        shape: &Arc<Shape>,
        trigger: Trigger,
    ) -> Result<FlushReport> {
        let (engine, shape) = (Arc::clone(self), Arc::clone(shape));
        let task = tokio::spawn(async move {
            let gate = engine.flushes().gate(tenant, shape.table);
            let _turn = gate.lock().await;
            let (started, started_at_us) = (Instant::now(), engine.clock().now_us());
            let empty =
                FlushReport { seq: engine.last_seq(), ..FlushReport::new(tenant, shape.table, trigger, started_at_us) };
            let result = Flush { engine: Arc::clone(&engine), tenant, shape }.run(empty.clone()).await;
            let mut report = match &result {
                Ok(report) => report.clone(),
                Err(error) => FlushReport { error: Some(error.to_string()), ..empty },
            };
            report.duration = started.elapsed();
            log(&report, result.as_ref().err());
            engine.flushes().recent.push(report.clone());
            result.map(|_| report)
        });
        task.await.map_err(|_| StorageError::Stopped { reason: "a flush was aborted".into() })?
    }
}

fn log(report: &FlushReport, error: Option<&crate::Error>) {
    let FlushReport { tenant, table, rows, files_added, files_removed, bytes, seq, .. } = report;
    let (trigger, duration_ms) = (report.trigger.name(), report.duration.as_millis());
    match error {
        None => tracing::info!(
            %tenant, %table, trigger, rows, files_added, files_removed, bytes, %seq, duration_ms, "flushed a table"
        ),
        Some(error) => tracing::error!(%tenant, %table, trigger, duration_ms, ?error, "a flush failed"),
    }
}

/// One flush of one table.
pub(super) struct Flush {
    pub engine: Arc<Engine>,
    pub tenant: TenantId,
    pub shape: Arc<Shape>,
}

/// A flush whose files are durable, and that nobody knows of yet.
pub(super) struct Prepared {
    ticket: FlushTicket,
    mark: Mark,
    seq: Seq,
    added: Vec<HistoryFile>,
    replaced: Vec<Arc<HistoryFile>>,
    /// Fresh rows in the new files.
    rows: u64,
}

impl Flush {
    async fn run(&self, report: FlushReport) -> Result<FlushReport> {
        match self.prepare().await? {
            Some(prepared) => self.finish(prepared, report).await,
            None => Ok(report),
        }
    }

    /// Writes the new files; `None` when there is nothing to flush.
    pub async fn prepare(&self) -> Result<Option<Prepared>> {
        let (tenant, table) = (self.tenant, self.shape.table);
        let activity = self.engine.flushes().activity();
        let mark = activity.mark(tenant, table);
        let Some(ticket) = self.engine.begin_flush(tenant, table).await? else {
            return Err(StorageError::Stopped { reason: "the table is being flushed already".into() }.into());
        };
        let seq = ticket.at.seq()?;
        let hidden = self.hidden(&ticket.at).await?;
        let (_, files) = self.engine.manifest(&ticket.at, tenant, table)?;
        let mut replaced = self.touched(&files, &hidden).await?;
        if hidden.is_empty() && is_empty(&mut self.fresh(&ticket.at)).await? {
            activity.flushed(tenant, table, mark);
            return Ok(None);
        }
        replaced.extend(too_small(&files, &replaced, self.limits().file_bytes));
        let (added, left_out) = self.write(&ticket.at, &replaced, &hidden).await?;
        let kept = replaced.iter().map(|file| file.rows).sum::<u64>() - left_out;
        let rows = added.iter().map(|file| file.rows).sum::<u64>() - kept;
        Ok(Some(Prepared { ticket, mark, seq, added, replaced, rows }))
    }

    /// Puts the new files in the place of the fresh rows.
    pub async fn finish(&self, prepared: Prepared, mut report: FlushReport) -> Result<FlushReport> {
        let Prepared { ticket, mark, seq, added, replaced, rows } = prepared;
        let (tenant, table) = (self.tenant, self.shape.table);
        report.seq = seq;
        match self.end(ticket, &added, &replaced).await? {
            FlushEnd::Moved => self.remove(&added).await,
            FlushEnd::Done { version } => {
                self.engine.flushes().activity().flushed(tenant, table, mark);
                let paths = self.paths(replaced.iter().map(Arc::as_ref));
                tokio::spawn(orphans::remove_released(Arc::clone(self.engine.registry()), version, paths));
                let engine = Arc::clone(&self.engine);
                // Here and not in the background, so that nothing of a flush outlives it: whoever closes the
                // engine after a flush finds the data directory's lock free.
                blocking(move || engine.compact(tenant, table)).await?;
                report.rows = rows;
                report.files_added = added.len();
                report.files_removed = replaced.len();
                report.bytes = added.iter().map(|file| file.bytes).sum();
            }
        }
        Ok(report)
    }

    fn limits(&self) -> Limits {
        self.engine.options().history_limits
    }

    /// The keys of the overlay: rows of history that are newer, or deleted, in fresh rows.
    async fn hidden(&self, at: &ReadPoint) -> Result<Hidden> {
        let (at, address) = (at.clone(), Address::new(self.tenant, self.shape.table));
        let read = blocking(move || Hidden::read(&at, &address, &KeyRange::all(), None)).await?;
        Ok(read?)
    }

    /// The files that really hold a key of the overlay.
    async fn touched(&self, files: &[Arc<HistoryFile>], hidden: &Hidden) -> Result<Vec<Arc<HistoryFile>>> {
        let mut touched = Vec::new();
        for file in files {
            let of_file = hidden.of_file(file);
            let keys: Vec<&[u8]> = of_file.keys().iter().map(Vec::as_slice).collect();
            if self.engine.history_reader().contains(file, &self.shape, &keys).await?.contains(&true) {
                touched.push(Arc::clone(file));
            }
        }
        Ok(touched)
    }

    fn fresh(&self, at: &ReadPoint) -> Fresh {
        Fresh {
            at: at.clone(),
            address: Address::new(self.tenant, self.shape.table),
            shape: Arc::clone(&self.shape),
            writes: None,
            projection: (0..self.shape.schema.fields().len()).collect(),
            range: Some(KeyRange::all()),
            reverse: false,
            identity: true,
        }
    }

    /// Writes fresh rows and the rows of `replaced` that are not hidden. Returns the new files, durable, and
    /// how many rows of `replaced` were left out.
    async fn write(
        &self,
        at: &ReadPoint,
        replaced: &[Arc<HistoryFile>],
        hidden: &Hidden,
    ) -> Result<(Vec<HistoryFile>, u64)> {
        let left_out = Arc::new(std::sync::atomic::AtomicU64::new(0));
        let all = KeyRange::all();
        let spans = replaced.iter().filter_map(|file| Span::of(file, &self.shape, &all)).collect::<Vec<_>>();
        let open = {
            let (engine, shape) = (Arc::clone(&self.engine), Arc::clone(&self.shape));
            let (replaced, hidden, left_out) = (replaced.to_vec(), hidden.clone(), Arc::clone(&left_out));
            Box::new(move |file: usize| {
                let hidden = hidden.of_file(&replaced[file]);
                let left_out = Arc::clone(&left_out);
                let rows = engine.history_reader().scan(&replaced[file], &shape, everything(&shape));
                rows.map(move |rows| {
                    let rows = rows?;
                    let before = rows.num_rows();
                    let rows = hidden.filter(rows)?;
                    let gone = (before - rows.num_rows()) as u64;
                    left_out.fetch_add(gone, std::sync::atomic::Ordering::Relaxed);
                    Ok(rows)
                })
                .boxed()
            })
        };
        let mut merge = Merge::new(self.fresh(at), spans, open, BATCH_ROWS, None);
        let (send, receive) = mpsc::channel(QUEUED_BATCHES);
        let writing = {
            let (engine, shape) = (Arc::clone(&self.engine), Arc::clone(&self.shape));
            let place = Place { directory: engine.directory().to_owned(), tenant: self.tenant };
            tokio::task::spawn_blocking(move || write_files(&engine, place, shape, receive))
        };
        let mut result = Ok(());
        while let Some(batch) = merge.next().await.transpose() {
            let failed = batch.is_err();
            // The writer hangs up when it fails; its own result says why.
            if send.send(batch).await.is_err() || failed {
                result = Err(());
                break;
            }
        }
        if result.is_ok() {
            let _ = send.send(Ok(RecordBatch::new_empty(self.shape.schema.clone()))).await;
        }
        drop(send);
        let files = writing.await.map_err(|_| StorageError::Stopped { reason: "a flush was aborted".into() })??;
        Ok((files, left_out.load(std::sync::atomic::Ordering::Relaxed)))
    }

    async fn end(&self, ticket: FlushTicket, added: &[HistoryFile], replaced: &[Arc<HistoryFile>]) -> Result<FlushEnd> {
        let change = ManifestChange {
            add: added.iter().map(|file| (manifest::file_key(file), manifest::encode(file))).collect(),
            remove: replaced.iter().map(|file| manifest::file_key(file)).collect(),
        };
        let ended = self.engine.end_flush(ticket, change).await;
        let mut doubtful = self.engine.flushes().doubtful.lock();
        match &ended {
            Err(_) => doubtful.extend(self.paths(added)),
            Ok(FlushEnd::Moved) => {}
            Ok(FlushEnd::Done { .. }) => doubtful.drain(..).for_each(|path| writer::remove(&path)),
        }
        Ok(ended?)
    }

    fn paths<'a>(&self, files: impl IntoIterator<Item = &'a HistoryFile>) -> Vec<PathBuf> {
        files.into_iter().map(|file| self.engine.directory().join(file.path())).collect()
    }

    async fn remove(&self, files: &[HistoryFile]) {
        let paths = self.paths(files);
        // An aborted task leaves orphans, which the next start removes.
        let _ = blocking(move || paths.iter().for_each(|path| writer::remove(path))).await;
    }
}

/// Writes what arrives to files. Only the empty batch at the end makes them stay: a channel that closes
/// before it means that the flush was given up.
fn write_files(
    engine: &Engine,
    place: Place,
    shape: Arc<Shape>,
    mut batches: mpsc::Receiver<Result<RecordBatch>>,
) -> Result<Vec<HistoryFile>> {
    let name = || {
        let now_us = engine.clock().now_us();
        (FileId(engine.flushes().random.uuid_v7(now_us)), now_us)
    };
    let mut writer = Writer::new(place, Arc::clone(&shape), engine.options().history_limits, name);
    let columns: Vec<usize> = (0..shape.schema.fields().len()).collect();
    while let Some(batch) = batches.blocking_recv() {
        let batch = batch?;
        if batch.num_rows() == 0 {
            return writer.finish();
        }
        let rows = batch.project(&columns).map_err(|source| StorageError::Arrow { source })?;
        writer.write(&rows, identity::keys(&batch)?, seqs(&batch)?)?;
    }
    Err(StorageError::Stopped { reason: "a flush was given up".into() }.into())
}

/// The commits of rows with identity.
fn seqs(rows: &RecordBatch) -> Result<&UInt64Array> {
    let column = rows.columns().last().and_then(|column| column.as_primitive_opt::<UInt64Type>());
    Ok(column.ok_or_else(|| StorageError::Corrupted { what: "rows to be flushed have no `_seq`".into() })?)
}

fn everything(shape: &Shape) -> Scan {
    Scan {
        projection: (0..shape.schema.fields().len()).collect(),
        range: KeyRange::all(),
        prune: Vec::new(),
        direction: Direction::Forward,
        hint_rows: None,
        with_identity: true,
        batch_rows: BATCH_ROWS,
    }
}

/// Whether there is no live row. Consumes the scan's beginning.
async fn is_empty(fresh: &mut Fresh) -> Result<bool> {
    while let Some(rows) = fresh.next(1).await? {
        if rows.num_rows() > 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How many small files may gather before they are joined.
const SMALL_FILES: usize = 8;

/// Small files that are to be joined with this flush. A table that is flushed often would otherwise have
/// thousands of them, and every read of its newest rows would have to look into each.
fn too_small(files: &[Arc<HistoryFile>], replaced: &[Arc<HistoryFile>], file_bytes: u64) -> Vec<Arc<HistoryFile>> {
    let chosen = |file: &Arc<HistoryFile>| replaced.iter().any(|other| other.id == file.id);
    let small: Vec<_> = files.iter().filter(|file| file.bytes < file_bytes / 2 && !chosen(file)).cloned().collect();
    if small.len() >= SMALL_FILES { small } else { Vec::new() }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|_| StorageError::Stopped { reason: "a flush was aborted".into() })?)
}
