//! `pg_constraint` and `pg_index`.

use crate::catalog::Table;
use crate::catalog::facts::Facts;
use crate::catalog::system::cells::{Cell, Row};
use crate::catalog::system::context::SystemContext;
use crate::catalog::types::PgType;

/// The attribute numbers of columns given by index.
fn attnums(table: &Table, columns: &[usize]) -> Cell {
    Cell::Ints(columns.iter().map(|column| table.columns[*column].attnum.into()).collect())
}

pub(super) fn constraints(context: &SystemContext<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for table in context.catalog.tables() {
        let namespace = context.catalog.schema_oid(&table.schema).unwrap_or(0);
        let common = |oid: u32, name: &str, kind: char| -> Row {
            vec![
                ("oid", oid.into()),
                ("conname", name.into()),
                ("connamespace", namespace.into()),
                ("contype", kind.into()),
                ("convalidated", true.into()),
                ("conrelid", table.id.0.into()),
                ("confupdtype", ' '.into()),
                ("confdeltype", ' '.into()),
                ("confmatchtype", ' '.into()),
                ("conislocal", true.into()),
            ]
        };
        if let Some(key) = &table.primary_key {
            let mut row = common(key.constraint_oid, &key.name, 'p');
            row.extend([
                ("conindid", key.oid.into()),
                ("connoinherit", true.into()),
                ("conkey", attnums(table, &key.columns)),
            ]);
            rows.push(row);
        }
        for check in &table.checks {
            let mut row = common(check.oid, &check.name, 'c');
            row.extend([("conkey", attnums(table, &check.columns)), ("conbin", check.expression.as_str().into())]);
            rows.push(row);
        }
    }
    rows
}

pub(super) fn indexes(context: &SystemContext<'_>) -> Vec<Row> {
    let keys = context.catalog.tables().filter_map(|table| Some((table, table.primary_key.as_ref()?)));
    keys.map(|(table, key)| {
        let count = key.columns.len();
        let collation = |data_type: &PgType| Facts::shipped().type_of(data_type.oid()).map_or(0, |fact| fact.collation);
        let collations = key.columns.iter().map(|column| i64::from(collation(&table.columns[*column].data_type)));
        vec![
            ("indexrelid", key.oid.into()),
            ("indrelid", table.id.0.into()),
            ("indnatts", count.into()),
            ("indnkeyatts", count.into()),
            ("indisunique", true.into()),
            ("indisprimary", true.into()),
            ("indimmediate", true.into()),
            ("indisvalid", true.into()),
            ("indisready", true.into()),
            ("indislive", true.into()),
            ("indkey", attnums(table, &key.columns)),
            ("indcollation", Cell::Ints(collations.collect())),
            ("indclass", Cell::Ints(vec![0; count])),
            ("indoption", Cell::Ints(vec![0; count])),
        ]
    })
    .collect()
}
