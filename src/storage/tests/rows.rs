//! Rows survive their encoding, and bytes that are not rows are errors, never panics.

use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::*;
use proptest::prelude::*;

use crate::base::ids::{Seq, TableId};
use crate::base::numeric::Numeric;
use crate::storage::row::{self, Header};
use crate::storage::row_builder::projected_schema;
use crate::storage::single_row::single_row;
use crate::storage::{RowBuilder, RowCodec, Shape};

fn shape() -> Shape {
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let types = [
        DataType::Boolean,
        DataType::Int16,
        DataType::Utf8,
        DataType::Int32,
        DataType::Int64,
        DataType::Float32,
        DataType::Float64,
        DataType::Binary,
        DataType::BinaryView,
        DataType::BinaryView,
        DataType::FixedSizeBinary(16),
        DataType::Date32,
        DataType::Time64(TimeUnit::Microsecond),
        DataType::Timestamp(TimeUnit::Microsecond, None),
        utc,
        DataType::Interval(IntervalUnit::MonthDayNano),
        DataType::UInt32,
        DataType::Utf8,
    ];
    let fields: Vec<_> =
        types.into_iter().enumerate().map(|(at, data_type)| Field::new(format!("c{at}"), data_type, true)).collect();
    Shape::new(TableId(1), Arc::new(Schema::new(fields)), vec![0])
}

type Values = (bool, i64, String, f64, Vec<u8>, i128, [u8; 16], u32);

fn numeric(value: i128, scale: u16, null: bool) -> ArrayRef {
    let mut bytes = Vec::new();
    Numeric::from_decimal(value, scale).encode(&mut bytes);
    Arc::new(BinaryViewArray::from(vec![(!null).then_some(bytes.as_slice())]))
}

/// One row; bit n of `nulls` makes column n NULL.
fn batch(shape: &Shape, (boolean, number, text, float, bytes, wide, uuid, small): &Values, nulls: u32) -> RecordBatch {
    fn some<T>(value: T, null: bool) -> Vec<Option<T>> {
        vec![(!null).then_some(value)]
    }
    let null = |column: u32| nulls & (1 << column) != 0;
    let interval = IntervalMonthDayNano::new(*number as i32, *small as i32, *number);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(BooleanArray::from(some(*boolean, null(0)))),
        Arc::new(Int16Array::from(some(*number as i16, null(1)))),
        Arc::new(StringArray::from(some(text.as_str(), null(2)))),
        Arc::new(Int32Array::from(some(*number as i32, null(3)))),
        Arc::new(Int64Array::from(some(*number, null(4)))),
        Arc::new(Float32Array::from(some(*float as f32, null(5)))),
        Arc::new(Float64Array::from(some(*float, null(6)))),
        Arc::new(BinaryArray::from(some(bytes.as_slice(), null(7)))),
        numeric(*wide, 4, null(8)),
        numeric(*number as i128, 0, null(9)),
        Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(some(*uuid, null(10)).into_iter(), 16).unwrap()),
        Arc::new(Date32Array::from(some(*number as i32, null(11)))),
        Arc::new(Time64MicrosecondArray::from(some(*number, null(12)))),
        Arc::new(TimestampMicrosecondArray::from(some(*number, null(13)))),
        Arc::new(TimestampMicrosecondArray::from(some(*number, null(14))).with_timezone("UTC")),
        Arc::new(IntervalMonthDayNanoArray::from(some(interval, null(15)))),
        Arc::new(UInt32Array::from(some(*small, null(16)))),
        Arc::new(StringArray::from(some("", null(17)))),
    ];
    RecordBatch::try_new(Arc::clone(&shape.schema), columns).unwrap()
}

fn encode(shape: &Shape, batch: &RecordBatch) -> Vec<u8> {
    let mut value = Vec::new();
    RowCodec::new(shape).encode(batch, 0, &mut value).unwrap();
    value
}

fn decode(shape: &Shape, projection: &[usize], value: &[u8]) -> crate::Result<RecordBatch> {
    let mut builder = RowBuilder::new(shape, projection, 1);
    builder.append(value)?;
    builder.finish()
}

proptest! {
    #[test]
    fn a_row_survives(values: Values, nulls: u32, seq: u64, overlay: bool) {
        let shape = shape();
        let batch = batch(&shape, &values, nulls);
        let mut value = encode(&shape, &batch);
        row::stamp(&mut value, Seq(seq), overlay);
        let header = Header::read(&value).unwrap();
        let columns = shape.schema.fields().len();
        prop_assert_eq!(header, Header { tombstone: false, overlay, seq: Seq(seq), columns });
        let all: Vec<usize> = (0..columns).collect();
        prop_assert_eq!(&decode(&shape, &all, &value).unwrap(), &batch);
        // The point read builds its batch another way: the same row must come out.
        let single = |projection: &[usize]| {
            let schema = projected_schema(&shape, projection);
            single_row(&shape, projection, schema, &value).unwrap()
        };
        prop_assert_eq!(single(&all), batch.clone());
        let some = [16, 2, 9, 0];
        prop_assert_eq!(single(&some), batch.project(&some).unwrap());
        prop_assert_eq!(decode(&shape, &some, &value).unwrap(), batch.project(&some).unwrap());
    }

    /// A row from before ALTER TABLE ADD COLUMN reads as NULL in the new columns.
    #[test]
    fn a_row_with_fewer_columns_is_padded(values: Values, nulls: u32, columns in 1usize..18) {
        let shape = shape();
        let whole = batch(&shape, &values, nulls);
        let kept: Vec<usize> = (0..columns).collect();
        let old_schema = Arc::new(shape.schema.project(&kept).unwrap());
        let old = Shape::new(TableId(1), old_schema, vec![0]);
        let value = encode(&old, &whole.project(&kept).unwrap());
        let all: Vec<usize> = (0..18).collect();
        let read = decode(&shape, &all, &value).unwrap();
        for column in 0..18 {
            if column < columns {
                prop_assert_eq!(read.column(column), whole.column(column));
            } else {
                prop_assert!(read.column(column).is_null(0));
            }
        }
    }

    #[test]
    fn damage_is_an_error_or_another_row_but_never_a_panic(
        values: Values, nulls: u32, at: prop::sample::Index, byte: u8, cut: prop::sample::Index,
    ) {
        let shape = shape();
        let all: Vec<usize> = (0..18).collect();
        let mut value = encode(&shape, &batch(&shape, &values, nulls));
        let at = at.index(value.len());
        value[at] = byte;
        let _ = decode(&shape, &all, &value);
        let _ = single_row(&shape, &all, Arc::clone(&shape.schema), &value);
        value.truncate(cut.index(value.len()));
        let _ = decode(&shape, &all, &value);
        let _ = single_row(&shape, &all, Arc::clone(&shape.schema), &value);
    }

    #[test]
    fn a_cut_row_is_an_error(values: Values, cut: prop::sample::Index) {
        let shape = shape();
        let all: Vec<usize> = (0..18).collect();
        let value = encode(&shape, &batch(&shape, &values, 0));
        let variable = values.2.len() + values.4.len();
        let cut = cut.index(value.len() - variable);
        prop_assert!(decode(&shape, &all, &value[..cut]).is_err());
    }
}

#[test]
fn an_empty_projection_counts_rows() {
    let shape = shape();
    let values = (true, 1, "x".to_string(), 1.0, vec![1], 1, [1; 16], 1);
    let value = encode(&shape, &batch(&shape, &values, 0));
    let mut builder = RowBuilder::new(&shape, &[], 2);
    builder.append(&value).unwrap();
    builder.append(&value).unwrap();
    let batch = builder.finish().unwrap();
    assert_eq!((batch.num_rows(), batch.num_columns()), (2, 0));
}

#[test]
fn a_tombstone_is_not_a_row() {
    let value = row::tombstone(Seq(7));
    let header = Header::read(&value).unwrap();
    assert_eq!(header, Header { tombstone: true, overlay: true, seq: Seq(7), columns: 0 });
    assert!(decode(&shape(), &[0], &value).is_err());
}

#[test]
fn another_format_is_refused() {
    let mut value = row::tombstone(Seq(7));
    value[0] = 2;
    assert!(Header::read(&value).is_err());
}

/// Columns of lists, one row: `None` is NULL, as a list and as an element.
fn lists(texts: &Option<Vec<Option<String>>>, numbers: &Option<Vec<Option<i32>>>) -> (Shape, RecordBatch) {
    let fields = [
        Field::new("id", DataType::Int32, false),
        Field::new_list("texts", Field::new_list_field(DataType::Utf8, true), true),
        Field::new_list("numbers", Field::new_list_field(DataType::Int32, true), true),
        Field::new("last", DataType::Utf8, true),
    ];
    let shape = Shape::new(TableId(1), Arc::new(Schema::new(fields.to_vec())), vec![0]);
    let mut text_lists = ListBuilder::new(StringBuilder::new());
    if let Some(texts) = texts {
        texts.iter().for_each(|text| text_lists.values().append_option(text.as_ref()));
    }
    text_lists.append(texts.is_some());
    let mut number_lists = ListBuilder::new(Int32Builder::new());
    if let Some(numbers) = numbers {
        numbers.iter().for_each(|number| number_lists.values().append_option(*number));
    }
    number_lists.append(numbers.is_some());
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from(vec![1])),
        Arc::new(text_lists.finish()),
        Arc::new(number_lists.finish()),
        Arc::new(StringArray::from(vec!["behind the lists"])),
    ];
    let batch = RecordBatch::try_new(Arc::clone(&shape.schema), columns).unwrap();
    (shape, batch)
}

proptest! {
    #[test]
    fn lists_survive_and_their_damage_never_panics(
        texts: Option<Vec<Option<String>>>, numbers: Option<Vec<Option<i32>>>, at: prop::sample::Index, byte: u8,
        cut: prop::sample::Index,
    ) {
        let (shape, batch) = lists(&texts, &numbers);
        let mut value = encode(&shape, &batch);
        let all = [0, 1, 2, 3];
        prop_assert_eq!(&decode(&shape, &all, &value).unwrap(), &batch);
        prop_assert_eq!(&single_row(&shape, &all, Arc::clone(&shape.schema), &value).unwrap(), &batch);
        let some = [3, 1];
        let schema = projected_schema(&shape, &some);
        prop_assert_eq!(single_row(&shape, &some, schema, &value).unwrap(), batch.project(&some).unwrap());
        let at = at.index(value.len());
        value[at] = byte;
        let _ = decode(&shape, &all, &value);
        let _ = single_row(&shape, &all, Arc::clone(&shape.schema), &value);
        value.truncate(cut.index(value.len()));
        let _ = decode(&shape, &all, &value);
        let _ = single_row(&shape, &all, Arc::clone(&shape.schema), &value);
    }
}
