//! Functions that print definitions, and sizes of things.

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

use super::names;
use super::rowwise::Argument::{Any, Bool, Integer, Oid, Relation, Text};
use super::rowwise::{Body, Row, Rowwise};
use crate::base::ids::TableId;
use crate::catalog::describe::quote_ident;
use crate::catalog::types::PgType;
use crate::catalog::{PrimaryKey, Table, system};
use crate::error::{CatalogError, Result};
use crate::query::ScalarValue;
use crate::query::deparse::{Form, deparse};
use crate::query::environment::Environment;

/// All functions of this file.
pub fn functions() -> Vec<Arc<ScalarUDF>> {
    let mut all = vec![
        Rowwise::new("pg_get_expr", &[Text, Relation, Bool], PgType::Text, expression).optional(1).build(),
        Rowwise::new("pg_get_indexdef", &[Relation, Integer, Bool], PgType::Text, index_definition).optional(2).build(),
        Rowwise::new("pg_get_constraintdef", &[Oid, Bool], PgType::Text, constraint_definition).optional(1).build(),
        Rowwise::new("pg_size_pretty", &[Integer], PgType::Text, |_, row| {
            Ok(ScalarValue::Utf8(row.integer(0).map(pretty_size)))
        })
        .build(),
        Rowwise::new("pg_tablespace_location", &[Oid], PgType::Text, |_, _| Ok(text(""))).build(),
    ];
    for name in ["pg_table_size", "pg_total_relation_size", "pg_relation_size"] {
        all.push(Rowwise::new(name, &[Relation, Text], PgType::Int8, table_size).optional(1).build());
    }
    // The primary key is the order of the table itself.
    let nothing = |environment: &Environment, row: &Row<'_>| {
        let relation = row.oid(0, &PgType::Regclass)?.and_then(|oid| names::relation_by_oid(&environment.catalog, oid));
        Ok(ScalarValue::Int64(relation.map(|_| 0)))
    };
    all.push(Rowwise::new("pg_indexes_size", &[Relation], PgType::Int8, nothing).build());
    all.push(Rowwise::new("pg_database_size", &[Oid], PgType::Int8, database_size).build());
    let printed: [(&'static str, Body); 3] = [
        ("pg_get_function_result", |_, row| function(row, system::function_result)),
        ("pg_get_function_arguments", |_, row| function(row, system::function_arguments)),
        ("pg_get_function_identity_arguments", |_, row| function(row, system::function_identity)),
    ];
    all.extend(printed.map(|(name, body)| Rowwise::new(name, &[Oid], PgType::Text, body).build()));
    // Objects that have no comments, and definitions of objects that we do not have.
    let absent: [(&'static str, &[super::rowwise::Argument], usize); 12] = [
        ("obj_description", &[Oid, Text], 1),
        ("shobj_description", &[Oid, Text], 0),
        ("col_description", &[Relation, Integer], 0),
        ("pg_get_viewdef", &[Any, Any], 1),
        ("pg_get_ruledef", &[Oid, Bool], 1),
        ("pg_get_triggerdef", &[Oid, Bool], 1),
        ("pg_get_partkeydef", &[Oid], 0),
        ("pg_get_statisticsobjdef", &[Oid], 0),
        ("pg_get_statisticsobjdef_columns", &[Oid], 0),
        ("pg_get_functiondef", &[Oid], 0),
        ("pg_get_partition_constraintdef", &[Oid], 0),
        ("pg_describe_object", &[Oid, Oid, Integer], 0),
    ];
    for (name, arguments, optional) in absent {
        let function = Rowwise::new(name, arguments, PgType::Text, |_, _| Ok(ScalarValue::Utf8(None)));
        all.push(function.optional(optional).build());
    }
    all
}

fn text(value: impl Into<String>) -> ScalarValue {
    ScalarValue::Utf8(Some(value.into()))
}

/// Something printed of the function that the argument names.
fn function(row: &Row<'_>, print: fn(u32) -> Option<String>) -> Result<ScalarValue> {
    Ok(ScalarValue::Utf8(row.oid(0, &PgType::Regproc)?.and_then(print)))
}

/// The bytes of a table's history files at the statement's snapshot. Fresh rows are not counted: they share
/// their files with those of all other tables.
fn size_of(row: &Row<'_>, table: &Table) -> Result<i64> {
    let Some(context) = row.context() else { return Ok(0) };
    let files = context.store.history_files(&context.view.at, table.id)?;
    Ok(files.iter().map(|file| i64::try_from(file.bytes).unwrap_or(i64::MAX)).fold(0, i64::saturating_add))
}

fn table_size(environment: &Environment, row: &Row<'_>) -> Result<ScalarValue> {
    let Some(oid) = row.oid(0, &PgType::Regclass)? else { return Ok(ScalarValue::Int64(None)) };
    if let Some(table) = environment.catalog.table_by_id(TableId(oid)) {
        return Ok(ScalarValue::Int64(Some(size_of(row, table)?)));
    }
    let exists = names::relation_by_oid(&environment.catalog, oid).is_some();
    Ok(ScalarValue::Int64(exists.then_some(0)))
}

/// Of the own database; another tenant's size is nobody's business.
fn database_size(environment: &Environment, row: &Row<'_>) -> Result<ScalarValue> {
    let own = &environment.catalog.tenant;
    let asked = match row.text(0) {
        Some(name) => name == own.name || name == own.id.0.to_string(),
        None => row.oid(0, &PgType::Oid)? == Some(own.id.0),
    };
    if !asked {
        return match row.text(0) {
            Some(name) => Err(CatalogError::UnknownDatabase(name.to_owned()).into()),
            None => Ok(ScalarValue::Int64(None)),
        };
    }
    let mut bytes = 0i64;
    for table in environment.catalog.tables() {
        bytes = bytes.saturating_add(size_of(row, table)?);
    }
    Ok(ScalarValue::Int64(Some(bytes)))
}

/// Stored expressions are SQL text, which is printed as PostgreSQL prints it.
fn expression(environment: &Environment, row: &Row<'_>) -> Result<ScalarValue> {
    let Some(sql) = row.text(0) else { return Ok(ScalarValue::Utf8(None)) };
    let table = row.oid(1, &PgType::Regclass)?.and_then(|oid| environment.catalog.table_by_id(TableId(oid)));
    let printed = deparse(environment, table.map(AsRef::as_ref), sql, form(row, 2));
    Ok(ScalarValue::Utf8(Some(printed.unwrap_or_else(|| sql.to_owned()))))
}

fn form(row: &Row<'_>, argument: usize) -> Form {
    if row.boolean(argument) == Some(true) { Form::Pretty } else { Form::Exact }
}

fn index_definition(environment: &Environment, row: &Row<'_>) -> Result<ScalarValue> {
    let Some(oid) = row.oid(0, &PgType::Regclass)? else { return Ok(ScalarValue::Utf8(None)) };
    let column = row.integer(1).unwrap_or(0);
    let found = environment.catalog.tables().find_map(|table| {
        let key = table.primary_key.as_ref().filter(|key| key.oid == oid)?;
        Some(define_index(table, key, column))
    });
    Ok(ScalarValue::Utf8(found))
}

/// The whole definition, or one column of it.
fn define_index(table: &Table, key: &PrimaryKey, column: i64) -> String {
    if column > 0 {
        let index = usize::try_from(column - 1).ok().and_then(|index| key.columns.get(index));
        return index.map_or_else(String::new, |&index| quote_ident(&table.columns[index].name));
    }
    format!(
        "CREATE UNIQUE INDEX {} ON {}.{} USING btree ({})",
        quote_ident(&key.name),
        quote_ident(&table.schema),
        quote_ident(&table.name),
        key_columns(table, key)
    )
}

fn key_columns(table: &Table, key: &PrimaryKey) -> String {
    let names: Vec<String> = key.columns.iter().map(|&index| quote_ident(&table.columns[index].name)).collect();
    names.join(", ")
}

fn constraint_definition(environment: &Environment, row: &Row<'_>) -> Result<ScalarValue> {
    let Some(oid) = row.oid(0, &PgType::Oid)? else { return Ok(ScalarValue::Utf8(None)) };
    let found = environment.catalog.tables().find_map(|table| {
        if let Some(key) = table.primary_key.as_ref().filter(|key| key.constraint_oid == oid) {
            return Some(format!("PRIMARY KEY ({})", key_columns(table, key)));
        }
        let check = table.checks.iter().find(|check| check.oid == oid)?;
        let printed = deparse(environment, Some(table), &check.expression, form(row, 1));
        Some(format!("CHECK ({})", printed.unwrap_or_else(|| check.expression.clone())))
    });
    Ok(ScalarValue::Utf8(found))
}

/// Bytes as PostgreSQL prints them: the largest unit in which it is at most 10 of the next one.
fn pretty_size(bytes: i64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes.abs() < 10 * 1024 {
        return format!("{bytes} bytes");
    }
    // As PostgreSQL: halve down to one bit more than the unit, then round the last bit.
    let mut value = bytes >> 9;
    for (index, unit) in UNITS.iter().enumerate() {
        let rounded = (value + value.signum()) / 2;
        if rounded.abs() < 20 * 1024 / 2 || index == UNITS.len() - 1 {
            return format!("{rounded} {unit}");
        }
        value >>= 10;
    }
    format!("{bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_like_postgresql() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (10_239, "10239 bytes"),
            (10_240, "10 kB"),
            (8_192_000, "8000 kB"),
            (10_485_248, "10 MB"),
            (1_000_000_000, "954 MB"),
            (-20_480, "-20 kB"),
        ] {
            assert_eq!(pretty_size(bytes), text, "{bytes}");
        }
    }
}
