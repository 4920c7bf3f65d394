//! `pg_attribute` and `pg_attrdef`.

use crate::base::ids::Oid;
use crate::catalog::describe;
use crate::catalog::facts::Facts;
use crate::catalog::system::cells::Row;
use crate::catalog::system::context::SystemContext;
use crate::catalog::system::tables;
use crate::catalog::types::PgType;

pub(super) fn attributes(context: &SystemContext<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for table in context.catalog.tables() {
        for column in &table.columns {
            let mut row = attribute(table.id.0, column.attnum, &column.name, &column.data_type);
            row.push(("attnotnull", column.not_null.into()));
            row.push(("atthasdef", column.default.is_some().into()));
            rows.push(row);
        }
        for (key, attnum) in
            table.primary_key.iter().flat_map(|key| key.columns.iter().map(move |at| (key, at)).zip(1..))
        {
            let column = &table.columns[*key.1];
            rows.push(attribute(key.0.oid, attnum, &column.name, &column.data_type));
        }
    }
    for table in tables() {
        for (column, attnum) in table.columns.iter().zip(1..) {
            let mut row = attribute(table.oid, attnum, column.name, &column.data_type);
            row.push(("attnotnull", column.not_null.into()));
            rows.push(row);
        }
    }
    rows
}

fn attribute(relation: Oid, attnum: i16, name: &str, data_type: &PgType) -> Row {
    let fact = Facts::shipped().type_of(data_type.oid());
    vec![
        ("attrelid", relation.into()),
        ("attname", name.into()),
        ("atttypid", data_type.oid().into()),
        ("attstattarget", (-1).into()),
        ("attlen", data_type.size().into()),
        ("attnum", attnum.into()),
        ("attndims", i32::from(matches!(data_type, PgType::Array(_))).into()),
        ("attcacheoff", (-1).into()),
        ("atttypmod", data_type.typmod().into()),
        ("attbyval", fact.is_some_and(|fact| fact.by_value).into()),
        ("attalign", fact.map_or('i', |fact| fact.align).into()),
        ("attstorage", fact.map_or('x', |fact| fact.storage).into()),
        ("attcollation", fact.map_or(0, |fact| fact.collation).into()),
        ("attislocal", true.into()),
    ]
}

pub(super) fn defaults(context: &SystemContext<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for table in context.catalog.tables() {
        for column in &table.columns {
            if let Some(default) = &column.default {
                rows.push(vec![
                    ("oid", column.default_oid.into()),
                    ("adrelid", table.id.0.into()),
                    ("adnum", column.attnum.into()),
                    ("adbin", describe::default_text(default, &column.data_type).into()),
                ]);
            }
        }
    }
    rows
}
