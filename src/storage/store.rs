//! The only handle to rows, bound to one tenant.

use std::sync::Arc;

use arrow::array::RecordBatch;
use futures::StreamExt;
use futures::stream::BoxStream;

use super::engine::Engine;
use super::scan::ScanRequest;
use super::shape::Shape;
use super::snapshot::{ReadPoint, View};
use crate::base::ids::{Seq, TenantId};
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
        let _ = (view, shape, keys, projection);
        Err(not_built())
    }

    /// Which of these keys exist; cheaper than [`Self::get`].
    ///
    /// # Errors
    /// A read error, or corrupted data.
    pub async fn contains(&self, view: &View, shape: &Arc<Shape>, keys: &[Vec<u8>]) -> Result<Vec<bool>> {
        let _ = (view, shape, keys);
        Err(not_built())
    }

    /// One merged stream of the rows of a table.
    pub fn scan(&self, view: View, shape: Arc<Shape>, request: ScanRequest) -> BoxStream<'static, Result<RecordBatch>> {
        let _ = (view, shape, request);
        futures::stream::once(async { Err(not_built()) }).boxed()
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
        let _ = (view, shape, request);
        Err(not_built())
    }
}

fn not_built() -> crate::Error {
    StorageError::Stopped { reason: "reads are not built yet".into() }.into()
}
