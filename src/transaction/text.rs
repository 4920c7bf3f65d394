//! One value of a batch in PostgreSQL's text form, for the DETAIL of errors.

use arrow::array::RecordBatch;

use crate::Result;
use crate::catalog::types::text::TextEncoder;
use crate::catalog::types::{OutputStyle, PgType};

/// The text of a value that is not NULL.
pub(super) fn of(batch: &RecordBatch, column: usize, row: usize, pg: &PgType, style: &OutputStyle) -> Result<String> {
    let mut out = Vec::new();
    let encoder = TextEncoder::new(batch.schema_ref().field(column), pg, style)?;
    encoder.write(batch.column(column).as_ref(), row, &mut out);
    Ok(String::from_utf8_lossy(&out).into_owned())
}
