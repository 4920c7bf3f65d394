//! One value of a batch in PostgreSQL's text form, for messages and notifications.

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::Result;
use crate::catalog::types::{OutputStyle, PgType};
use crate::error::StorageError;

/// The text of a value that is not NULL.
pub(super) fn of(batch: &RecordBatch, column: usize, row: usize, _: &PgType, _: &OutputStyle) -> Result<String> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(batch.column(column).as_ref(), &options)
        .map_err(|source| StorageError::Arrow { source })?;
    Ok(formatter.value(row).to_string())
}
