//! Flushing tables, and the memory of the last flushes: what `kalam.flush` and the automatic flush share.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;

use crate::Result;
use crate::base::clock::Clock;
use crate::base::ids::TenantId;
use crate::catalog::Table;
use crate::query::FlushRow;
use crate::storage::Engine;

/// Flushes remembered for each tenant.
pub const REMEMBERED_FLUSHES: usize = 100;

/// Flushes tables and remembers how it went.
#[derive(Debug)]
pub struct Flushes {
    engine: Arc<Engine>,
    clock: Arc<dyn Clock>,
    last: Mutex<HashMap<TenantId, VecDeque<FlushRow>>>,
}

impl Flushes {
    pub(crate) fn new(engine: Arc<Engine>, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { engine, clock, last: Mutex::default() })
    }

    /// Moves the fresh rows of a table into history and answers how many were moved.
    ///
    /// # Errors
    /// Those of storage. Then nothing has changed.
    pub(crate) async fn flush(&self, tenant: TenantId, table: &Table) -> Result<i64> {
        let started_at_us = self.clock.now_us();
        let started = Instant::now();
        let outcome = self.engine.flush(tenant, &table.shape).await;
        let duration_us = i64::try_from(started.elapsed().as_micros()).unwrap_or(i64::MAX);
        let mut row = FlushRow {
            table: table.channel(),
            started_at_us,
            duration_us,
            rows: 0,
            files: 0,
            bytes: 0,
            error: None,
        };
        match &outcome {
            Ok(report) => {
                row.rows = i64::try_from(report.rows).unwrap_or(i64::MAX);
                row.files = i32::try_from(report.files).unwrap_or(i32::MAX);
                row.bytes = i64::try_from(report.bytes).unwrap_or(i64::MAX);
                tracing::info!(%tenant, table = row.table, rows = row.rows, files = row.files, duration_us, "flushed");
            }
            Err(error) => {
                row.error = Some(error.to_string());
                tracing::warn!(%tenant, table = row.table, %error, "flush failed");
            }
        }
        let rows = row.rows;
        self.remember(tenant, row);
        outcome?;
        Ok(rows)
    }

    fn remember(&self, tenant: TenantId, row: FlushRow) {
        let mut last = self.last.lock();
        let rows = last.entry(tenant).or_default();
        if rows.len() == REMEMBERED_FLUSHES {
            rows.pop_front();
        }
        rows.push_back(row);
    }

    /// The last flushes of a tenant, the oldest first.
    pub(crate) fn rows(&self, tenant: TenantId) -> Vec<FlushRow> {
        self.last.lock().get(&tenant).into_iter().flatten().cloned().collect()
    }

    /// Forgets a tenant that was dropped.
    pub(crate) fn forget(&self, tenant: TenantId) {
        self.last.lock().remove(&tenant);
    }
}
