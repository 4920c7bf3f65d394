//! A table like `messages`, with a column of every stored type, and rows made from numbers.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, BinaryArray, BinaryViewBuilder, BooleanArray, Date32Array, FixedSizeBinaryArray, Float64Array,
    Int16Array, Int32Array, Int64Array, IntervalMonthDayNanoArray, RecordBatch, StringArray, Time64MicrosecondArray,
    TimestampMicrosecondArray, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Int32Type, IntervalMonthDayNano, IntervalUnit, Schema, TimeUnit};
use uuid::Uuid;

use crate::base::clock::ManualClock;
use crate::base::ids::{SessionId, TableId, TenantId};
use crate::base::numeric::Numeric;
use crate::storage::history::{FileId, HistoryFile, Limits, Place, Writer};
use crate::storage::{
    Commit, CommitLog, CommitObserver, Durability, Engine, Events, RowCodec, Shape, StorageOptions, WriteSet,
    keys as encoding,
};

pub(super) const TENANT: TenantId = TenantId(16384);
pub(super) const TABLE: TableId = TableId(20000);

/// Limits so small that a few hundred rows make several files, row groups and blocks.
pub(super) const SMALL: Limits = Limits { file_bytes: 6_000, row_group_rows: 64, block_rows: 16 };

/// Numerics of coefficients and scales.
fn numerics(values: impl Iterator<Item = Option<(i128, u16)>>) -> ArrayRef {
    let mut builder = BinaryViewBuilder::new();
    for value in values {
        builder.append_option(value.map(|(coefficient, scale)| {
            let mut bytes = Vec::new();
            Numeric::from_decimal(coefficient, scale).encode(&mut bytes);
            bytes
        }));
    }
    Arc::new(builder.finish())
}

/// Columns: conversation, id (the key), version, and one of every other type, nullable.
pub(super) fn shape() -> Arc<Shape> {
    let nullable = |name: &str, data_type| Field::new(name, data_type, true);
    let fields = vec![
        Field::new("conversation", DataType::Utf8, false),
        Field::new("id", DataType::FixedSizeBinary(16), false),
        Field::new("version", DataType::Int32, false),
        nullable("content", DataType::Utf8),
        nullable("created_at", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))),
        nullable("small", DataType::Int16),
        nullable("big", DataType::Int64),
        nullable("score", DataType::Float64),
        nullable("price", DataType::BinaryView)
            .with_metadata([(crate::storage::DECIMAL_METADATA.to_owned(), "12,2".to_owned())].into_iter().collect()),
        nullable("huge", DataType::BinaryView),
        nullable("flag", DataType::Boolean),
        nullable("bytes", DataType::Binary),
        nullable("day", DataType::Date32),
        nullable("time", DataType::Time64(TimeUnit::Microsecond)),
        nullable("wait", DataType::Interval(IntervalUnit::MonthDayNano)),
        nullable("reply_to", DataType::FixedSizeBinary(16)),
    ];
    Arc::new(Shape::new(TABLE, Arc::new(Schema::new(fields)), vec![0, 1]))
}

/// A row: `number` decides the key, `version` everything else that may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub number: u32,
    pub version: i32,
}

impl Row {
    /// Rows of ten follow each other in one conversation.
    pub fn conversation(self) -> String {
        conversation(self.number / 10)
    }

    pub fn id(self) -> [u8; 16] {
        // Not random: ids of one conversation grow with the number, as UUIDv7 do.
        Uuid::from_u128(u128::from(self.number) << 64 | 7).into_bytes()
    }

    fn null(self, column: u32) -> bool {
        (self.number + column).is_multiple_of(5)
    }
}

pub(super) fn conversation(number: u32) -> String {
    format!("room {number:06}\u{0}x")
}

pub(super) fn batch(rows: &[Row]) -> RecordBatch {
    let shape = shape();
    let some =
        |row: &Row, column: u32| (!row.null(column)).then_some(i64::from(row.number) * 3 + i64::from(row.version));
    let ints = |column: u32| rows.iter().map(move |row| some(row, column));
    let uuid = |bytes: Vec<Option<[u8; 16]>>| -> ArrayRef {
        Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(bytes.into_iter(), 16).unwrap())
    };
    let texts: Vec<Option<String>> = rows
        .iter()
        .map(|row| some(row, 3).map(|value| format!("message {value} {}", "ab".repeat(row.number as usize % 40))))
        .collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.conversation()))),
        uuid(rows.iter().map(|row| Some(row.id())).collect()),
        Arc::new(Int32Array::from_iter_values(rows.iter().map(|row| row.version))),
        Arc::new(StringArray::from(texts.clone())),
        Arc::new(TimestampMicrosecondArray::from_iter(ints(4)).with_timezone("UTC")),
        Arc::new(ints(5).map(|value| value.map(|value| value as i16)).collect::<Int16Array>()),
        Arc::new(ints(6).map(|value| value.map(|value| value - 500)).collect::<Int64Array>()),
        Arc::new(ints(7).map(|value| value.map(score)).collect::<Float64Array>()),
        numerics(ints(8).map(|value| value.map(|value| (i128::from(value), 2)))),
        numerics(ints(9).map(|value| value.map(|value| (-i128::from(value), 20)))),
        Arc::new(ints(10).map(|value| value.map(|value| value % 2 == 0)).collect::<BooleanArray>()),
        Arc::new(BinaryArray::from_iter(texts.iter().map(|text| text.as_ref().map(|text| text.as_bytes())))),
        Arc::new(ints(12).map(|value| value.map(|value| value as i32)).collect::<Date32Array>()),
        Arc::new(Time64MicrosecondArray::from_iter(ints(13))),
        Arc::new(IntervalMonthDayNanoArray::from_iter(
            ints(14).map(|v| v.map(|v| IntervalMonthDayNano::new(v as i32, -(v as i32), v * 1001))),
        )),
        uuid(rows.iter().map(|row| some(row, 15).map(|value| Uuid::from_u128(value as u128).into_bytes())).collect()),
    ];
    RecordBatch::try_new(shape.schema.clone(), columns).unwrap()
}

/// Floats with the values that statistics get wrong.
fn score(value: i64) -> f64 {
    match value % 7 {
        0 => f64::NAN,
        1 => -0.0,
        2 => f64::NEG_INFINITY,
        _ => value as f64 / 4.0,
    }
}

pub(super) fn key(row: Row) -> Vec<u8> {
    let mut key = Vec::new();
    encoding::encode_key(&shape(), &batch(&[row]), 0, &mut key).unwrap();
    key
}

/// The keys of rows, as a scan returns them.
pub(super) fn keys(rows: &[Row]) -> BinaryArray {
    BinaryArray::from_iter_values(rows.iter().map(|row| key(*row)))
}

pub(super) fn prefix(conversation: &str) -> Vec<u8> {
    let mut key = Vec::new();
    let value: ArrayRef = Arc::new(StringArray::from(vec![conversation]));
    encoding::encode_key_prefix(&shape(), &[value], &mut key).unwrap();
    key
}

/// The version column of batches whose first column it is.
pub(super) fn versions(batches: &[RecordBatch]) -> Vec<i32> {
    let version = |batch: &RecordBatch| batch.column(0).as_primitive::<Int32Type>().values().to_vec();
    batches.iter().flat_map(version).collect()
}

/// Writes rows, which must be sorted, in pieces of seven to files. Row n has the commit n + 100.
pub(super) fn write(directory: &Path, rows: &[Row], limits: Limits) -> Vec<Arc<HistoryFile>> {
    let place = Place { directory: directory.to_owned(), tenant: TENANT };
    let mut next = 0;
    let name = || {
        next += 1;
        (FileId(Uuid::from_u128(next)), 1)
    };
    let mut writer = Writer::new(place, shape(), limits, name);
    for (at, piece) in rows.chunks(7).enumerate() {
        let seqs = UInt64Array::from_iter_values((0..piece.len()).map(|row| (at * 7 + row + 100) as u64));
        writer.write(&batch(piece), &keys(piece), &seqs).unwrap();
    }
    writer.finish().unwrap().into_iter().map(Arc::new).collect()
}

struct Nobody;

impl CommitObserver for Nobody {
    fn committed(&self, _tenant: TenantId, _seq: crate::base::ids::Seq, _events: &Events) {}
}

/// Opens an engine; history files are cut as in [`SMALL`].
pub(super) fn open(directory: &Path) -> Arc<Engine> {
    open_with(directory, SMALL)
}

pub(super) fn open_with(directory: &Path, limits: Limits) -> Arc<Engine> {
    let mut options = StorageOptions::new(directory);
    options.durability = Durability::Os;
    options.write_buffer_bytes = 8 << 20;
    options.block_cache_bytes = 8 << 20;
    options.history_limits = limits;
    Engine::open(options, ManualClock::at(1_700_000_000_000_000), Arc::new(Nobody)).unwrap()
}

/// Commits what `write` puts into a write set.
pub(super) async fn commit(engine: &Arc<Engine>, write: impl FnOnce(&mut WriteSet)) {
    let read = engine.read_point();
    let mut writes = WriteSet::default();
    write(&mut writes);
    let events = Events { sender: Some(SessionId(1)), ..Events::default() };
    engine.commit(Commit { tenant: TENANT, writes: Arc::new(writes), read, events }).await.unwrap();
}

pub(super) fn encoded(row: Row) -> Vec<u8> {
    let mut value = Vec::new();
    RowCodec::new(&shape()).encode(&batch(&[row]), 0, &mut value).unwrap();
    value
}
