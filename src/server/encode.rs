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

/// The length that stands for NULL.
const NULL: [u8; 4] = (-1_i32).to_be_bytes();

/// Writes the rows of one result.
pub(super) struct RowEncoder {
    columns: Vec<Column>,
}

enum Column {
    /// Every value is NULL, although Arrow's null array says of none that it is.
    Null,
    /// Functions that return nothing give the empty text, not NULL.
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
            match column {
                Column::Void => value(buffer, |_| {}),
                Column::Null => buffer.extend_from_slice(&NULL),
                _ if array.is_null(row) => buffer.extend_from_slice(&NULL),
                Column::Text(encoder) => value(buffer, |buffer| encoder.write(array.as_ref(), row, buffer)),
                Column::Binary(encoder) => value(buffer, |buffer| encoder.write(array.as_ref(), row, buffer)),
            }
        }
    }
}

/// Writes a value behind its length.
fn value(buffer: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; 4]);
    write(buffer);
    // A value that does not fit an i32 makes the message too long as well, which `seal` refuses.
    let length = i32::try_from(buffer.len() - start - 4).unwrap_or(i32::MAX);
    buffer[start..start + 4].copy_from_slice(&length.to_be_bytes());
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int32Array, NullArray, StringArray};

    use super::*;

    fn column(name: &str, data_type: PgType) -> OutputColumn {
        OutputColumn { name: name.into(), data_type, table: 0, attnum: 0 }
    }

    fn rows(formats: &[Format]) -> Vec<u8> {
        let columns = [
            column("id", PgType::Int4),
            column("v", PgType::Text),
            column("nothing", PgType::Void),
            column("unknown", PgType::Text),
        ];
        let batch = RecordBatch::try_from_iter([
            ("id", Arc::new(Int32Array::from(vec![258, -1])) as Arc<dyn Array>),
            ("v", Arc::new(StringArray::from(vec![Some("hi"), None]))),
            ("nothing", Arc::new(NullArray::new(2))),
            ("unknown", Arc::new(NullArray::new(2))),
        ])
        .unwrap();
        let encoder = RowEncoder::new(&batch.schema(), &columns, formats, &OutputStyle::default()).unwrap();
        let mut output = Output::default();
        encoder.row(&batch, 0, &mut output).unwrap();
        encoder.row(&batch, 1, &mut output).unwrap();
        output.pending().to_vec()
    }

    #[test]
    fn rows_are_written_in_the_formats_asked_for() {
        let null = "\u{ff}\u{ff}\u{ff}\u{ff}";
        let bytes = |text: String| text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect::<Vec<u8>>();
        let text = format!(
            "D\0\0\0\u{1b}\0\u{4}\0\0\0\u{3}258\0\0\0\u{2}hi\0\0\0\0{null}D\0\0\0\u{18}\0\u{4}\0\0\0\u{2}-1{null}\0\0\0\0{null}"
        );
        assert_eq!(rows(&[]), bytes(text));
        let mixed = format!(
            "D\0\0\0\u{1c}\0\u{4}\0\0\0\u{4}\0\0\u{1}\u{2}\0\0\0\u{2}hi\0\0\0\0{null}D\0\0\0\u{1a}\0\u{4}\0\0\0\u{4}{null}{null}\0\0\0\0{null}"
        );
        let formats = [Format::Binary, Format::Text, Format::Text, Format::Binary];
        assert_eq!(rows(&formats), bytes(mixed));
    }

    #[test]
    fn a_result_that_does_not_fit_its_description_is_refused() {
        let batch =
            RecordBatch::try_from_iter([("id", Arc::new(Int32Array::from(vec![1])) as Arc<dyn Array>)]).unwrap();
        assert!(RowEncoder::new(&batch.schema(), &[], &[], &OutputStyle::default()).is_err());
    }

    #[test]
    fn columns_are_described_with_their_formats() {
        let mut columns = [column("a", PgType::Int8), column("b", PgType::Varchar(Some(10)))];
        (columns[0].table, columns[0].attnum) = (u32::MAX, 3);
        let fields = describe(&columns, &[Format::Text, Format::Binary]);
        assert_eq!((fields[0].type_id, fields[0].type_size, fields[0].format_code), (20, 8, 0));
        assert_eq!((fields[0].table_id, fields[0].column_id), (-1, 3));
        assert_eq!((fields[1].type_id, fields[1].type_modifier, fields[1].format_code), (1043, 14, 1));
    }
}
