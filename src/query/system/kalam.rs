//! KalamDB's own views: tenants, history files, flushes, subscriptions.

use std::sync::Arc;

use futures::FutureExt;

use super::sessions::{batch, make, text, time};
use super::virtual_table::{Rows, VirtualTable};
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::ScalarValue;
use crate::query::environment::Environment;
use crate::query::scan::ScanContext;

/// The table of this name in `kalam`.
pub fn table(name: &str) -> Option<Arc<VirtualTable>> {
    use PgType::{Int4, Int8, Oid, Text, Timestamptz};
    match name {
        "tenants" => Some(make(
            name,
            vec![("id", Oid), ("name", Text), ("owner", Text), ("created_at", Timestamptz)],
            tenants,
        )),
        "subscriptions" => {
            Some(make(name, vec![("pid", Int4), ("channel", Text), ("queued", Int8)], subscriptions))
        }
        "flushes" => Some(make(
            name,
            vec![
                ("table_name", Text),
                ("started_at", Timestamptz),
                ("duration_us", Int8),
                ("rows", Int8),
                ("files", Int4),
                ("bytes", Int8),
                ("error", Text),
            ],
            flushes,
        )),
        "history_files" => Some(history_files()),
        _ => None,
    }
}

fn tenants(environment: &Environment) -> Vec<Vec<ScalarValue>> {
    let tenants = environment.host.databases().into_iter();
    tenants
        .map(|tenant| {
            vec![
                ScalarValue::UInt32(Some(tenant.id.0)),
                text(tenant.name.clone()),
                text(tenant.owner.clone()),
                time(Some(tenant.created_at_us)),
            ]
        })
        .collect()
}

fn subscriptions(environment: &Environment) -> Vec<Vec<ScalarValue>> {
    let rows = environment.host.subscriptions().into_iter();
    rows.map(|row| vec![ScalarValue::Int32(Some(row.pid)), text(row.channel), ScalarValue::Int64(Some(row.queued))])
        .collect()
}

fn flushes(environment: &Environment) -> Vec<Vec<ScalarValue>> {
    let rows = environment.host.flushes().into_iter();
    rows.map(|row| {
        vec![
            text(row.table),
            time(Some(row.started_at_us)),
            ScalarValue::Int64(Some(row.duration_us)),
            ScalarValue::Int64(Some(row.rows)),
            ScalarValue::Int32(Some(row.files)),
            ScalarValue::Int64(Some(row.bytes)),
            ScalarValue::Utf8(row.error),
        ]
    })
    .collect()
}

const HISTORY_COLUMNS: [(&str, PgType); 9] = [
    ("schema_name", PgType::Text),
    ("table_name", PgType::Text),
    ("table_oid", PgType::Oid),
    ("path", PgType::Text),
    ("rows", PgType::Int8),
    ("bytes", PgType::Int8),
    ("min_seq", PgType::Int8),
    ("max_seq", PgType::Int8),
    ("created_at", PgType::Timestamptz),
];

/// The files that the statement's own snapshot reads.
fn history_files() -> Arc<VirtualTable> {
    let rows: Rows = Arc::new(|context| async move { history_rows(&context) }.boxed());
    VirtualTable::new("history_files", &HISTORY_COLUMNS, rows)
}

fn history_rows(context: &ScanContext) -> Result<arrow::array::RecordBatch> {
    let mut rows = Vec::new();
    for table in context.environment.catalog.tables() {
        for file in context.store.history_files(&context.view.at, table.id)?.iter() {
            rows.push(vec![
                text(table.schema.clone()),
                text(table.name.clone()),
                ScalarValue::UInt32(Some(table.id.0)),
                text(file.path()),
                integer(file.rows),
                integer(file.bytes),
                integer(file.min_seq.0),
                integer(file.max_seq.0),
                time(Some(file.created_at_us)),
            ]);
        }
    }
    let names: Vec<&str> = HISTORY_COLUMNS.iter().map(|(name, _)| *name).collect();
    let types: Vec<PgType> = HISTORY_COLUMNS.iter().map(|(_, data_type)| data_type.clone()).collect();
    batch(&names, &types, rows)
}

fn integer(value: u64) -> ScalarValue {
    ScalarValue::Int64(Some(i64::try_from(value).unwrap_or(i64::MAX)))
}
