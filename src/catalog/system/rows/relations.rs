//! `pg_namespace` and `pg_class`.

use crate::base::ids::Oid;
use crate::catalog::Table;
use crate::catalog::system::cells::{Cell, Row};
use crate::catalog::system::context::SystemContext;
use crate::catalog::system::roles::{SYSTEM_ROLE, role_oid};
use crate::catalog::system::{SCHEMAS, schema_oid, tables, views};

/// `heap` and `btree` in `pg_am`.
pub(super) const HEAP: Oid = 2;
pub(super) const BTREE: Oid = 403;

pub(super) fn namespaces(context: &SystemContext<'_>) -> Vec<Row> {
    let row = |oid: Oid, name: &str, owner: Oid| {
        vec![("oid", oid.into()), ("nspname", name.into()), ("nspowner", owner.into())]
    };
    let system = SCHEMAS.iter().map(|(name, oid)| row(*oid, name, SYSTEM_ROLE));
    let own = context.catalog.schemas().map(|schema| row(schema.oid, &schema.name, role_oid(&schema.owner)));
    system.chain(own).collect()
}

pub(super) fn classes(context: &SystemContext<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for table in context.catalog.tables() {
        let namespace = context.catalog.schema_oid(&table.schema).unwrap_or(0);
        rows.push(table_row(table, namespace));
        rows.extend(index_row(table, namespace));
    }
    rows.extend(tables().iter().map(|table| {
        let mut row = class(table.oid, table.name, schema_oid(table.schema).unwrap_or(0), SYSTEM_ROLE, 'r');
        row.extend([("relam", HEAP.into()), ("relnatts", table.columns.len().into()), ("relreplident", 'n'.into())]);
        row
    }));
    rows.extend(views().iter().map(|view| {
        let mut row = class(view.oid, view.name, schema_oid(view.schema).unwrap_or(0), SYSTEM_ROLE, 'v');
        row.push(("relreplident", 'n'.into()));
        row
    }));
    rows
}

fn class(oid: Oid, name: &str, namespace: Oid, owner: Oid, kind: char) -> Row {
    vec![
        ("oid", oid.into()),
        ("relname", name.into()),
        ("relnamespace", namespace.into()),
        ("relowner", owner.into()),
        ("relkind", kind.into()),
        ("relpersistence", 'p'.into()),
        ("relispopulated", true.into()),
        ("reltuples", Cell::Float(-1.0)),
    ]
}

fn table_row(table: &Table, namespace: Oid) -> Row {
    let mut row = class(table.id.0, &table.name, namespace, role_oid(&table.owner), 'r');
    row.extend([
        ("relam", HEAP.into()),
        ("relfilenode", table.id.0.into()),
        ("relhasindex", table.primary_key.is_some().into()),
        ("relnatts", table.columns.len().into()),
        ("relchecks", table.checks.len().into()),
        ("relreplident", 'd'.into()),
    ]);
    if table.changes {
        row.push(("reloptions", Cell::Texts(vec!["changes=on".into()])));
    }
    row
}

fn index_row(table: &Table, namespace: Oid) -> Option<Row> {
    let key = table.primary_key.as_ref()?;
    let mut row = class(key.oid, &key.name, namespace, role_oid(&table.owner), 'i');
    row.extend([
        ("relam", BTREE.into()),
        ("relfilenode", key.oid.into()),
        ("relnatts", key.columns.len().into()),
        ("relreplident", 'n'.into()),
    ]);
    Some(row)
}
