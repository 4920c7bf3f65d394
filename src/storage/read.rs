//! Scans of one table: fresh rows, own writes and history as one.

use std::sync::Arc;

use arrow::array::RecordBatch;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt, TryStreamExt};

use super::address::Address;
use super::engine::Engine;
use super::fresh::Fresh;
use super::hidden::Hidden;
use super::history::{self, HistoryFile};
use super::identity;
use super::merge::Merge;
use super::scan::{ScanOrder, ScanRequest};
use super::shape::Shape;
use super::snapshot::View;
use super::span::Span;
use super::write_set::TableWrites;
use crate::base::ids::TenantId;
use crate::base::shutdown::CancellationToken;
use crate::error::{Result, StorageError};

pub(super) type Rows = BoxStream<'static, Result<RecordBatch>>;

/// One scan: what every part of it needs.
#[derive(Clone)]
pub(super) struct Scanner {
    engine: Arc<Engine>,
    tenant: TenantId,
    view: View,
    shape: Arc<Shape>,
    request: Arc<ScanRequest>,
}

impl Scanner {
    pub(super) fn new(
        engine: Arc<Engine>,
        tenant: TenantId,
        view: View,
        shape: Arc<Shape>,
        request: ScanRequest,
    ) -> Self {
        Self { engine, tenant, view, shape, request: Arc::new(request) }
    }

    /// Everything as one stream, in the order that was asked for.
    pub(super) fn rows(self) -> Rows {
        let (limit, cancel) = (self.request.limit, self.request.cancel.clone());
        let rows = match self.request.order {
            ScanOrder::Unordered => self.unordered(),
            ScanOrder::Forward | ScanOrder::Reverse => self.ordered(),
        };
        guarded(limited(rows, limit), cancel)
    }

    /// Everything in parts without an order between them.
    pub(super) async fn parts(self) -> Result<Vec<Rows>> {
        let files = self.files()?;
        let mut parts = vec![self.fresh_rows()];
        if !files.is_empty() {
            let hidden = self.hidden().await?;
            parts.extend(files.iter().map(|(file, _)| self.file_rows(file, &hidden, self.request.with_identity)));
        }
        let (limit, cancel) = (self.request.limit, &self.request.cancel);
        Ok(parts.into_iter().map(|part| guarded(limited(part, limit), cancel.clone())).collect())
    }

    fn unordered(self) -> Rows {
        let fresh = self.fresh_rows();
        // Not before fresh rows have been read: a limit may be satisfied by them.
        let history = stream::once(async move {
            let files = self.files()?;
            let hidden = if files.is_empty() { None } else { Some(self.hidden().await?) };
            let rows = files.into_iter().zip(std::iter::repeat(hidden)).filter_map(move |((file, _), hidden)| {
                hidden.map(|hidden| self.file_rows(&file, &hidden, self.request.with_identity))
            });
            Ok::<_, crate::Error>(stream::iter(rows).flatten())
        });
        fresh.chain(history.try_flatten()).boxed()
    }

    fn ordered(self) -> Rows {
        stream::once(async move {
            let files = self.files()?;
            if files.is_empty() {
                return Ok::<_, crate::Error>(self.fresh_rows());
            }
            let hidden = self.hidden().await?;
            let (files, spans): (Vec<_>, Vec<_>) = files.into_iter().unzip();
            let with_identity = self.request.with_identity;
            let fresh = self.fresh(true);
            let (batch_rows, limit) = (self.batch_rows(), self.request.limit);
            let open = Box::new(move |file: usize| self.file_rows(&files[file], &hidden, true));
            let merge = Merge::new(fresh, spans, open, batch_rows, limit);
            let rows = stream::try_unfold(merge, |mut merge| async move {
                Ok::<_, crate::Error>(merge.next().await?.map(|rows| (rows, merge)))
            });
            Ok(rows.map(move |rows| if with_identity { rows } else { identity::remove(&rows?) }).boxed())
        })
        .try_flatten()
        .boxed()
    }

    fn fresh_rows(&self) -> Rows {
        let batch_rows = self.batch_rows();
        let state = (self.fresh(self.request.with_identity), self.request.limit);
        stream::try_unfold(state, move |(mut fresh, left)| async move {
            let rows = left.map_or(batch_rows, |left| left.min(batch_rows));
            if rows == 0 {
                return Ok(None);
            }
            let batch = fresh.next(rows).await?;
            Ok(batch.map(|batch| {
                let left = left.map(|left| left.saturating_sub(batch.num_rows()));
                (batch, (fresh, left))
            }))
        })
        .boxed()
    }

    fn fresh(&self, identity: bool) -> Fresh {
        Fresh {
            at: self.view.at.clone(),
            address: Address::new(self.tenant, self.shape.table),
            shape: Arc::clone(&self.shape),
            writes: self.writes().cloned(),
            projection: self.request.projection.as_slice().into(),
            range: Some(self.request.range.clone()),
            reverse: self.request.order == ScanOrder::Reverse,
            identity,
        }
    }

    fn writes(&self) -> Option<&Arc<TableWrites>> {
        self.view.writes.as_ref()?.table(self.shape.table)
    }

    /// The history files that may have rows of the scan.
    fn files(&self) -> Result<Vec<(Arc<HistoryFile>, Span)>> {
        if self.writes().is_some_and(|writes| writes.truncated) {
            return Ok(Vec::new());
        }
        let (_, files) = self.engine.manifest(&self.view.at, self.tenant, self.shape.table)?;
        let wanted = files.iter().filter(|file| file.may_match(&self.shape, &self.request.prune));
        Ok(wanted
            .filter_map(|file| Some((Arc::clone(file), Span::of(file, &self.shape, &self.request.range)?)))
            .collect())
    }

    async fn hidden(&self) -> Result<Hidden> {
        let this = self.clone();
        let read = tokio::task::spawn_blocking(move || {
            let address = Address::new(this.tenant, this.shape.table);
            Hidden::read(&this.view.at, &address, &this.request.range, this.writes().map(Arc::as_ref))
        });
        Ok(read.await.map_err(|_| StorageError::Stopped { reason: "a read was aborted".into() })??)
    }

    /// The rows of a file that the view shows.
    fn file_rows(&self, file: &Arc<HistoryFile>, hidden: &Hidden, with_identity: bool) -> Rows {
        let hidden = hidden.of_file(file);
        let direction = match self.request.order {
            ScanOrder::Unordered | ScanOrder::Forward => history::Direction::Forward,
            ScanOrder::Reverse => history::Direction::Reverse,
        };
        let scan = history::Scan {
            projection: self.request.projection.clone(),
            range: self.request.range.clone(),
            prune: self.request.prune.clone(),
            direction,
            hint_rows: self.request.limit,
            // Keys cost time to compute: only where rows must be told apart by them.
            with_identity: with_identity || !hidden.is_empty(),
            batch_rows: self.batch_rows(),
        };
        let rows = self.engine.history_reader().scan(file, &self.shape, scan);
        if hidden.is_empty() {
            return rows;
        }
        rows.map(move |rows| {
            let shown = hidden.filter(rows?)?;
            if with_identity { Ok(shown) } else { identity::remove(&shown) }
        })
        .boxed()
    }

    fn batch_rows(&self) -> usize {
        self.request.batch_rows.max(1)
    }
}

/// Cuts a stream after `limit` rows.
fn limited(rows: Rows, limit: Option<usize>) -> Rows {
    let Some(limit) = limit else { return rows };
    stream::try_unfold((rows, limit), |(mut rows, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let Some(batch) = rows.try_next().await? else { return Ok(None) };
        let batch = if batch.num_rows() > left { batch.slice(0, left) } else { batch };
        let left = left - batch.num_rows();
        Ok(Some((batch, (rows, left))))
    })
    .boxed()
}

/// Leaves empty batches out, and ends with an error when the scan is canceled, also between two rows
/// that are far apart.
fn guarded(rows: impl Stream<Item = Result<RecordBatch>> + Send + 'static, cancel: CancellationToken) -> Rows {
    stream::unfold((rows.boxed(), cancel, false), |(mut rows, cancel, ended)| async move {
        if ended {
            return None;
        }
        loop {
            let next = cancel.run_until_cancelled(rows.next()).await;
            return match next {
                None => Some((Err(StorageError::Canceled.into()), (rows, cancel, true))),
                Some(None) => None,
                Some(Some(Ok(batch))) if batch.num_rows() == 0 => continue,
                Some(Some(Ok(batch))) => Some((Ok(batch), (rows, cancel, false))),
                Some(Some(Err(error))) => Some((Err(error), (rows, cancel, true))),
            };
        }
    })
    .boxed()
}
