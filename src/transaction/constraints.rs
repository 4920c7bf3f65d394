//! NOT NULL, CHECK and the primary key: which row breaks which, in PostgreSQL's words.

use std::sync::Arc;

use arrow::array::{Array, RecordBatch};

use super::text;
use crate::catalog::types::OutputStyle;
use crate::catalog::{Column, Table};
use crate::error::TransactionError;
use crate::{Error, Result};

/// PostgreSQL cuts each value of a `Failing row contains` after this many bytes.
const FAILING_VALUE_BYTES: usize = 64;

/// Evaluates CHECK constraints. The query floor implements it, because expressions are its business.
pub trait RowCheck: Send + Sync {
    /// The first row, in order, for which a check of the table is false (unknown passes), and of its
    /// checks the first in the order of [`Table::checks`]. `rows` has the columns of the table in shape order.
    ///
    /// # Errors
    /// Those of evaluating the expressions.
    fn first_violation(&self, table: &Arc<Table>, rows: &RecordBatch) -> Result<Option<Violation>>;
}

/// A row that breaks a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub row: usize,
    /// The name of the constraint.
    pub constraint: String,
}

/// The first row that breaks NOT NULL or a CHECK, and the error it deserves. NOT NULL goes first.
pub(super) fn first_violation(
    table: &Arc<Table>,
    rows: &RecordBatch,
    checks: Option<&dyn RowCheck>,
    style: &OutputStyle,
) -> Result<Option<(usize, Error)>> {
    let null = first_null(table, rows);
    let before = null.map_or(rows.num_rows(), |(row, _)| row);
    if !table.checks.is_empty() && before > 0 {
        let checks = checks.ok_or(TransactionError::NoRowCheck)?;
        if let Some(violation) = checks.first_violation(table, &rows.slice(0, before))? {
            let error = TransactionError::Check {
                schema: table.schema.clone(),
                table: table.name.clone(),
                constraint: violation.constraint,
                detail: failing_row(table, rows, violation.row, style)?,
            };
            return Ok(Some((violation.row, error.into())));
        }
    }
    let Some((row, column)) = null else { return Ok(None) };
    let error = TransactionError::NotNull {
        schema: table.schema.clone(),
        table: table.name.clone(),
        column: table.columns[column].name.clone(),
        detail: failing_row(table, rows, row, style)?,
    };
    Ok(Some((row, error.into())))
}

/// The first row with a NULL where none may be, and the first such column in it.
fn first_null(table: &Table, rows: &RecordBatch) -> Option<(usize, usize)> {
    let columns = table.columns.iter().zip(rows.columns()).enumerate();
    let nulls = columns.filter(|(_, (column, values))| column.not_null && values.null_count() > 0);
    let firsts = nulls.filter_map(|(at, (_, values))| Some(((0..values.len()).find(|row| values.is_null(*row))?, at)));
    firsts.min()
}

/// 23505 for a row whose key exists.
pub(super) fn duplicate(table: &Table, rows: &RecordBatch, row: usize, style: &OutputStyle) -> Result<Error> {
    let (constraint, columns) = match &table.primary_key {
        Some(key) => (key.name.clone(), key.columns.as_slice()),
        // Row ids are unique by construction; if one repeats all the same, say which table it is.
        None => (table.name.clone(), &[][..]),
    };
    let names: Vec<&str> = columns.iter().map(|at| table.columns[*at].name.as_str()).collect();
    let mut values = Vec::with_capacity(columns.len());
    for at in columns {
        values.push(value(&table.columns[*at], rows, *at, row, style)?);
    }
    let detail = format!("Key ({})=({}) already exists.", names.join(", "), values.join(", "));
    let error =
        TransactionError::DuplicateKey { schema: table.schema.clone(), table: table.name.clone(), constraint, detail };
    Ok(error.into())
}

/// `Failing row contains (1, null, a long value that is cut...).`
fn failing_row(table: &Table, rows: &RecordBatch, row: usize, style: &OutputStyle) -> Result<String> {
    let mut values = Vec::with_capacity(table.columns.len());
    for (at, column) in table.columns.iter().enumerate() {
        let mut value = value(column, rows, at, row, style)?;
        if value.len() > FAILING_VALUE_BYTES {
            value.truncate(value.floor_char_boundary(FAILING_VALUE_BYTES));
            value.push_str("...");
        }
        values.push(value);
    }
    Ok(format!("Failing row contains ({}).", values.join(", ")))
}

fn value(column: &Column, rows: &RecordBatch, at: usize, row: usize, style: &OutputStyle) -> Result<String> {
    if rows.column(at).is_null(row) {
        return Ok("null".into());
    }
    text::of(rows, at, row, &column.data_type, style)
}
