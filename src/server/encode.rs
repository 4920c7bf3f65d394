//! Rows on the wire: DataRow messages from Arrow batches.
//!
//! What a column needs to be written is resolved once per result, by its type and its format; a value then
//! costs one call that appends bytes to the outgoing buffer.

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{DataType, Schema};
use pgwire::messages::data::FieldDescription;

use super::message::Format;
use super::output::Output;
use crate::catalog::types::binary::BinaryEncoder;
use crate::catalog::types::text::TextEncoder;
use crate::catalog::types::{OutputStyle, PgType};
use crate::error::{QueryError, Result};
use crate::query::OutputColumn;

/// Writes the rows of one result.
pub(super) struct RowEncoder {
    columns: Vec<Column>,
}

enum Column {
    /// Every value is NULL, although Arrow's null array says of none that it is.
    Null,
    /// What a function without a result answers: an empty text.
    Void,
    Text(TextEncoder),
    Binary(BinaryEncoder),
}

impl RowEncoder {
    /// Resolves the encoder of every column. `schema` is that of the batches, which says how values lie in
    /// memory; `columns` say which PostgreSQL types they are.
    ///
    /// # Errors
    /// A type has no binary form.
    pub(super) fn new(
        schema: &Schema,
        columns: &[OutputColumn],
        formats: &[Format],
        style: &OutputStyle,
    ) -> Result<Self> {
        if schema.fields().len() != columns.len() {
            let message = format!("a result of {} columns came with {}", columns.len(), schema.fields().len());
            return Err(QueryError::Engine { message }.into());
        }
        let columns = schema.fields().iter().zip(columns).enumerate().map(|(index, (field, column))| {
            Ok(match Format::of(formats, index) {
                _ if column.data_type == PgType::Void => Column::Void,
                _ if field.data_type() == &DataType::Null => Column::Null,
                Format::Text => Column::Text(TextEncoder::new(field, &column.data_type, style)?),
                Format::Binary => Column::Binary(BinaryEncoder::new(field, &column.data_type)?),
            })
        });
        Ok(Self { columns: columns.collect::<Result<_>>()? })
    }

    /// Writes one row as a DataRow.
    ///
    /// # Errors
    /// The row is longer than a message can be. Nothing of it stays in the buffer.
    pub(super) fn row(&self, batch: &RecordBatch, row: usize, output: &mut Output) -> Result<()> {
        let buffer = output.begin(b'D');
        self.values(batch, row, buffer);
        if output.seal() {
            return Ok(());
        }
        Err(QueryError::OutOfMemory { detail: "A row is longer than a message can be.".into() }.into())
    }

    fn values(&self, batch: &RecordBatch, row: usize, buffer: &mut Vec<u8>) {
        // PostgreSQL has at most 1664 columns in a result.
        buffer.extend_from_slice(&u16::try_from(self.columns.len()).unwrap_or(u16::MAX).to_be_bytes());
        for (column, array) in self.columns.iter().zip(batch.columns()) {
            if array.is_null(row) || matches!(column, Column::Null) {
                buffer.extend_from_slice(&(-1_i32).to_be_bytes());
                continue;
            }
            let start = buffer.len();
            buffer.extend_from_slice(&[0; 4]);
            match column {
                Column::Null | Column::Void => {}
                Column::Text(encoder) => encoder.write(array.as_ref(), row, buffer),
                Column::Binary(encoder) => encoder.write(array.as_ref(), row, buffer),
            }
            // A value that does not fit an i32 makes the message too long as well, which `seal` refuses.
            let length = i32::try_from(buffer.len() - start - 4).unwrap_or(i32::MAX);
            buffer[start..start + 4].copy_from_slice(&length.to_be_bytes());
        }
    }
}

/// The fields of a RowDescription.
pub(super) fn describe(columns: &[OutputColumn], formats: &[Format]) -> Vec<FieldDescription> {
    columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            FieldDescription::new(
                column.name.clone(),
                // The field is unsigned on the wire; pgwire has it signed.
                column.table.cast_signed(),
                column.attnum,
                column.data_type.oid(),
                column.data_type.size(),
                column.data_type.typmod(),
                Format::of(formats, index).code(),
            )
        })
        .collect()
}
