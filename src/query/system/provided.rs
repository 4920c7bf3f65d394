//! The rows of what runs: sessions, settings, tenants, history files, flushes, subscriptions.

use crate::catalog::system::{Cell, role_oid};
use crate::error::Result;
use crate::query::environment::Environment;
use crate::query::scan::ScanContext;

/// A row as named values; a column that is not named is NULL.
pub type Row = Vec<(&'static str, Cell)>;

/// The rows of a table that [`crate::catalog::system`] leaves to this floor.
///
/// # Errors
/// Reading the manifest of the history files.
pub fn rows(schema: &str, name: &str, context: &ScanContext) -> Result<Vec<Row>> {
    let environment = &context.environment;
    Ok(match (schema, name) {
        ("pg_catalog", "pg_stat_activity") => activity(environment),
        ("pg_catalog", "pg_settings") => settings(environment),
        ("kalam", "tenants") => tenants(environment),
        ("kalam", "subscriptions") => subscriptions(environment),
        ("kalam", "flushes") => flushes(environment),
        ("kalam", "history_files") => return history_files(context),
        _ => Vec::new(),
    })
}

fn text(value: impl Into<String>) -> Cell {
    Cell::Text(value.into())
}

fn optional<T: Into<Cell>>(value: Option<T>) -> Cell {
    value.map_or(Cell::Null, Into::into)
}

fn count(value: u64) -> Cell {
    Cell::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

fn activity(environment: &Environment) -> Vec<Row> {
    let rows = environment.host.activity().into_iter();
    rows.map(|row| {
        vec![
            ("datid", row.database_oid.into()),
            ("datname", text(row.database)),
            ("pid", row.pid.into()),
            ("usesysid", role_oid(&row.user).into()),
            ("usename", text(row.user)),
            ("application_name", text(row.application_name)),
            ("client_addr", row.client_address.map_or(Cell::Null, Cell::Text)),
            ("client_port", optional(row.client_port)),
            ("backend_start", optional(row.backend_start_us)),
            ("xact_start", optional(row.transaction_start_us)),
            ("query_start", optional(row.query_start_us)),
            ("state_change", optional(row.state_change_us)),
            ("state", optional(row.state)),
            ("query", text(row.query)),
            ("backend_type", optional(row.backend_type)),
        ]
    })
    .collect()
}

fn settings(environment: &Environment) -> Vec<Row> {
    let rows = environment.host.settings().into_iter();
    rows.map(|row| {
        vec![
            ("name", text(row.name)),
            ("setting", text(row.value)),
            ("short_desc", row.description.into()),
            ("context", row.context.into()),
            ("vartype", row.kind.into()),
            ("source", row.source.into()),
            ("boot_val", text(row.default.clone())),
            ("reset_val", text(row.default)),
            ("pending_restart", false.into()),
        ]
    })
    .collect()
}

fn tenants(environment: &Environment) -> Vec<Row> {
    let tenants = environment.host.databases().into_iter();
    tenants
        .map(|tenant| {
            vec![
                ("name", text(tenant.name.clone())),
                ("id", tenant.id.0.into()),
                ("owner", text(tenant.owner.clone())),
                ("created_at", tenant.created_at_us.into()),
            ]
        })
        .collect()
}

fn subscriptions(environment: &Environment) -> Vec<Row> {
    let rows = environment.host.subscriptions().into_iter();
    rows.map(|row| vec![("pid", row.pid.into()), ("channel", text(row.channel)), ("queued", row.queued.into())])
        .collect()
}

fn flushes(environment: &Environment) -> Vec<Row> {
    let rows = environment.host.flushes().into_iter();
    rows.map(|row| {
        vec![
            ("table_name", text(row.table)),
            ("started_at", row.started_at_us.into()),
            ("duration", row.duration_us.into()),
            ("rows", row.rows.into()),
            ("files", row.files.into()),
            ("bytes", row.bytes.into()),
            ("error", row.error.map_or(Cell::Null, Cell::Text)),
        ]
    })
    .collect()
}

/// The files that the statement's own snapshot reads.
fn history_files(context: &ScanContext) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for table in context.environment.catalog.tables() {
        for file in context.store.history_files(&context.view.at, table.id)?.iter() {
            rows.push(vec![
                ("table_name", text(table.channel())),
                ("file", text(file.path())),
                ("rows", count(file.rows)),
                ("bytes", count(file.bytes)),
                ("min_seq", count(file.min_seq.0)),
                ("max_seq", count(file.max_seq.0)),
                ("created_at", file.created_at_us.into()),
            ]);
        }
    }
    Ok(rows)
}
