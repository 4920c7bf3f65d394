//! `pg_stat_activity` and `pg_settings`: what the session knows.

use std::sync::Arc;

use arrow::array::RecordBatch;
use futures::FutureExt;

use super::virtual_table::{Rows, VirtualTable};
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::ScalarValue;
use crate::query::environment::Environment;
use crate::query::values;

/// The table of this name in `pg_catalog`.
pub fn table(name: &str) -> Option<Arc<VirtualTable>> {
    match name {
        "pg_stat_activity" => Some(make(name, activity_columns(), activity)),
        "pg_settings" => Some(make(name, settings_columns(), settings)),
        _ => None,
    }
}

type Columns = Vec<(&'static str, PgType)>;

/// A virtual table whose rows need nothing but the environment.
pub fn make(name: &str, columns: Columns, rows: fn(&Environment) -> Vec<Vec<ScalarValue>>) -> Arc<VirtualTable> {
    let types: Vec<PgType> = columns.iter().map(|(_, data_type)| data_type.clone()).collect();
    let names: Vec<&'static str> = columns.iter().map(|(name, _)| *name).collect();
    let produce: Rows = Arc::new(move |context| {
        let (types, names) = (types.clone(), names.clone());
        async move { batch(&names, &types, rows(&context.environment)) }.boxed()
    });
    VirtualTable::new(name, &columns, produce)
}

/// Rows as one batch.
///
/// # Errors
/// When a row does not have the columns' types.
pub fn batch(names: &[&str], types: &[PgType], rows: Vec<Vec<ScalarValue>>) -> Result<RecordBatch> {
    let mut columns: Vec<Vec<ScalarValue>> = vec![Vec::with_capacity(rows.len()); types.len()];
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    let fields: Vec<_> = names.iter().zip(types).map(|(name, data_type)| data_type.field(*name, true)).collect();
    let arrays = columns
        .into_iter()
        .zip(types)
        .map(|(column, data_type)| values::to_array(column, data_type))
        .collect::<Result<Vec<_>>>()?;
    let batch = RecordBatch::try_new(Arc::new(arrow::datatypes::Schema::new(fields)), arrays);
    batch.map_err(|error| crate::query::bind::errors::translate(error.into()))
}

/// A text value.
pub fn text(value: impl Into<String>) -> ScalarValue {
    ScalarValue::Utf8(Some(value.into()))
}

/// A point in time.
pub fn time(us: Option<i64>) -> ScalarValue {
    ScalarValue::TimestampMicrosecond(us, Some("UTC".into()))
}

fn activity_columns() -> Columns {
    use PgType::{Int4, Int8, Name, Oid, Text, Timestamptz};
    vec![
        ("datid", Oid),
        ("datname", Name),
        ("pid", Int4),
        ("leader_pid", Int4),
        ("usesysid", Oid),
        ("usename", Name),
        ("application_name", Text),
        ("client_addr", Text),
        ("client_hostname", Text),
        ("client_port", Int4),
        ("backend_start", Timestamptz),
        ("xact_start", Timestamptz),
        ("query_start", Timestamptz),
        ("state_change", Timestamptz),
        ("wait_event_type", Text),
        ("wait_event", Text),
        ("state", Text),
        ("query_id", Int8),
        ("query", Text),
        ("backend_type", Text),
    ]
}

fn activity(environment: &Environment) -> Vec<Vec<ScalarValue>> {
    environment
        .host
        .activity()
        .into_iter()
        .map(|row| {
            vec![
                ScalarValue::UInt32(Some(row.database_oid)),
                text(row.database),
                ScalarValue::Int32(Some(row.pid)),
                ScalarValue::Int32(None),
                ScalarValue::UInt32(None),
                text(row.user),
                text(row.application_name),
                ScalarValue::Utf8(row.client_address),
                ScalarValue::Utf8(None),
                ScalarValue::Int32(row.client_port),
                time(Some(row.backend_start_us)),
                time(row.transaction_start_us),
                time(row.query_start_us),
                time(row.state_change_us),
                ScalarValue::Utf8(None),
                ScalarValue::Utf8(None),
                text(row.state),
                ScalarValue::Int64(None),
                text(row.query),
                text("client backend"),
            ]
        })
        .collect()
}

fn settings_columns() -> Columns {
    use PgType::{Array, Bool, Int4, Text};
    vec![
        ("name", Text),
        ("setting", Text),
        ("unit", Text),
        ("category", Text),
        ("short_desc", Text),
        ("extra_desc", Text),
        ("context", Text),
        ("vartype", Text),
        ("source", Text),
        ("min_val", Text),
        ("max_val", Text),
        ("enumvals", Array(Box::new(Text))),
        ("boot_val", Text),
        ("reset_val", Text),
        ("sourcefile", Text),
        ("sourceline", Int4),
        ("pending_restart", Bool),
    ]
}

fn settings(environment: &Environment) -> Vec<Vec<ScalarValue>> {
    let none = || ScalarValue::Utf8(None);
    let null_list = || values::null_value(&PgType::Array(Box::new(PgType::Text))).unwrap_or(ScalarValue::Null);
    environment
        .host
        .settings()
        .into_iter()
        .map(|row| {
            vec![
                text(row.name),
                text(row.value),
                none(),
                none(),
                text(row.description),
                none(),
                text(row.context),
                text(row.kind),
                text(row.source),
                none(),
                none(),
                null_list(),
                text(row.default.clone()),
                text(row.default),
                none(),
                ScalarValue::Int32(None),
                ScalarValue::Boolean(Some(false)),
            ]
        })
        .collect()
}
