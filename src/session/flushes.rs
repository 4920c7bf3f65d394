//! `kalam.flush` and `kalam.flushes`: what sessions ask of history.

use std::sync::Arc;

use crate::Result;
use crate::base::ids::TenantId;
use crate::catalog::{Table, TenantCatalog};
use crate::query::FlushRow;
use crate::storage::Engine;
use crate::storage::history::{FlushReport, Trigger};

/// Moves the fresh rows of a table into history and answers how many were moved.
///
/// # Errors
/// Those of storage. Then nothing has changed.
pub(crate) async fn flush(engine: Arc<Engine>, tenant: TenantId, table: Arc<Table>) -> Result<i64> {
    let report = engine.flush(tenant, &table.shape, Trigger::Manual).await?;
    Ok(i64::try_from(report.rows).unwrap_or(i64::MAX))
}

/// The last flushes of a tenant, the oldest first. A table that was dropped since shows its OID.
pub(crate) fn rows(engine: &Engine, catalog: &TenantCatalog) -> Vec<FlushRow> {
    engine.flushes().recent(catalog.tenant.id).into_iter().map(|report| row(report, catalog)).collect()
}

fn row(report: FlushReport, catalog: &TenantCatalog) -> FlushRow {
    let table = catalog.table_by_id(report.table);
    FlushRow {
        table: table.map_or_else(|| report.table.to_string(), |table| table.channel()),
        started_at_us: report.started_at_us,
        duration_us: i64::try_from(report.duration.as_micros()).unwrap_or(i64::MAX),
        rows: i64::try_from(report.rows).unwrap_or(i64::MAX),
        files: i32::try_from(report.files_added).unwrap_or(i32::MAX),
        bytes: i64::try_from(report.bytes).unwrap_or(i64::MAX),
        error: report.error,
    }
}
