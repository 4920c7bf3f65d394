//! Files alone: what is written is read, in both directions, and pruning really skips.

use std::ops::Bound;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema, UInt64Type};
use futures::TryStreamExt;
use parquet::basic::LogicalType;
use parquet::file::reader::{FileReader, SerializedFileReader};
use proptest::prelude::*;

use super::fixture::{Row, SMALL, batch, conversation, key, keys, prefix, shape, versions, write};
use crate::base::ids::Seq;
use crate::storage::history::{Direction, HistoryFile, Limits, Reader, Scan, Writer};
use crate::storage::{ColumnRange, KeyRange, Shape};

const VERSION: usize = 2;
const BIG: usize = 6;
const SCORE: usize = 7;

fn rows(numbers: impl IntoIterator<Item = u32>) -> Vec<Row> {
    numbers.into_iter().map(|number| Row { number, version: number as i32 }).collect()
}

fn scan_of(range: KeyRange) -> Scan {
    Scan {
        projection: vec![VERSION],
        range,
        prune: Vec::new(),
        direction: Direction::Forward,
        hint_rows: None,
        with_identity: false,
        batch_rows: 10,
    }
}

async fn scan(reader: &Arc<Reader>, files: &[Arc<HistoryFile>], scan: &Scan) -> Vec<RecordBatch> {
    let mut batches = Vec::new();
    let mut files: Vec<_> = files.iter().collect();
    if scan.direction == Direction::Reverse {
        files.reverse();
    }
    for file in files {
        let rows: Vec<RecordBatch> = reader.scan(file, &shape(), scan.clone()).try_collect().await.unwrap();
        batches.extend(rows);
    }
    assert!(batches.iter().all(|batch| batch.num_rows() <= scan.batch_rows));
    batches
}

#[tokio::test]
async fn every_type_comes_back_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let rows = rows(0..300);
    let files = write(directory.path(), &rows, SMALL);
    assert!(files.len() > 2, "{} files", files.len());
    assert_eq!(files.iter().map(|file| file.rows).sum::<u64>(), 300);
    let reader = Reader::new(directory.path(), 1 << 20).unwrap();
    let everything = Scan {
        projection: (0..shape().schema.fields().len()).collect(),
        with_identity: true,
        ..scan_of(KeyRange::all())
    };
    let batches = scan(&reader, &files, &everything).await;
    let read = concat_batches(&batches[0].schema(), &batches).unwrap();
    let columns: Vec<usize> = (0..shape().schema.fields().len()).collect();
    assert_eq!(read.project(&columns).unwrap(), batch(&rows));
    let keys = read.column(columns.len()).as_binary::<i32>();
    let seqs = read.column(columns.len() + 1).as_primitive::<UInt64Type>();
    for (at, row) in rows.iter().enumerate() {
        assert_eq!(keys.value(at), key(*row));
        assert_eq!(seqs.value(at), at as u64 + 100);
    }
    assert_eq!((files[0].min_seq, files[0].min_key.clone()), (Seq(100), key(rows[0])));
    assert_eq!(files.last().unwrap().max_seq, Seq(399));
}

#[tokio::test]
async fn a_count_reads_no_page() {
    let directory = tempfile::tempdir().unwrap();
    let files = write(directory.path(), &rows(0..100), Limits { file_bytes: 1 << 20, ..SMALL });
    let reader = Reader::new(directory.path(), 1 << 20).unwrap();
    let count = Scan { projection: Vec::new(), ..scan_of(KeyRange::all()) };
    scan(&reader, &files, &count).await;
    let after_open = reader.counters().bytes_read();
    let batches = scan(&reader, &files, &count).await;
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 100);
    assert_eq!(reader.counters().bytes_read(), after_open);
    assert_eq!(reader.counters().files_opened(), files.len() as u64);
}

#[tokio::test]
async fn the_latest_rows_of_a_conversation_read_few_blocks() {
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits { file_bytes: 1 << 30, row_group_rows: 512, block_rows: 64 };
    let files = write(directory.path(), &rows(0..8192), limits);
    assert_eq!(files.len(), 1);
    let reader = Reader::new(directory.path(), 16 << 20).unwrap();
    let latest = Scan {
        direction: Direction::Reverse,
        hint_rows: Some(3),
        batch_rows: 64,
        ..scan_of(KeyRange::prefix(prefix(&conversation(400))))
    };
    let mut stream = reader.scan(&files[0], &shape(), latest.clone());
    let first = stream.try_next().await.unwrap().unwrap();
    assert_eq!(versions(&[first])[..3], [4009, 4008, 4007]);
    assert!(reader.counters().rows_decoded() <= 64, "{} rows", reader.counters().rows_decoded());
    drop(stream);

    // Decoded blocks are kept: the same question again reads nothing.
    let (decoded, bytes) = (reader.counters().rows_decoded(), reader.counters().bytes_read());
    let again: Vec<RecordBatch> = reader.scan(&files[0], &shape(), latest).try_collect().await.unwrap();
    assert_eq!(versions(&again), (4000..4010).rev().collect::<Vec<_>>());
    assert_eq!((reader.counters().rows_decoded(), reader.counters().bytes_read()), (decoded, bytes));

    let before = reader.counters().rows_decoded();
    let wanted = key(Row { number: 7777, version: 0 });
    let found = reader.lookup(&files[0], &shape(), &[&wanted], &[VERSION]).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].0, found[0].1, versions(&[found[0].2.clone()])), (0, Seq(7877), vec![7777]));
    assert_eq!(reader.counters().rows_decoded() - before, 64);
}

#[tokio::test]
async fn bloom_filters_spare_reading_pages() {
    let directory = tempfile::tempdir().unwrap();
    let even: Vec<Row> = rows((0..4000).filter(|number| number % 2 == 0));
    let files = write(directory.path(), &even, Limits { file_bytes: 1 << 30, ..SMALL });
    let reader = Reader::new(directory.path(), 1 << 20).unwrap();
    let absent: Vec<Vec<u8>> =
        (0..4000).filter(|number| number % 2 == 1).map(|number| key(Row { number, version: 0 })).collect();
    let absent: Vec<&[u8]> = absent.iter().map(Vec::as_slice).collect();
    let found = reader.contains(&files[0], &shape(), &absent).await.unwrap();
    assert!(!found.contains(&true));
    let may = reader.may_contain(&files[0], &shape(), &absent).await.unwrap();
    let wrong = may.iter().filter(|may| **may).count();
    assert!(wrong < 2000 / 20, "{wrong} of 2000 absent keys passed the filter");
    assert!(reader.counters().rows_decoded() <= wrong as u64 * 16);
    let present: Vec<Vec<u8>> = even.iter().map(|row| key(*row)).collect();
    let present: Vec<&[u8]> = present.iter().map(Vec::as_slice).collect();
    assert!(!reader.contains(&files[0], &shape(), &present).await.unwrap().contains(&false));
}

#[tokio::test]
async fn column_bounds_skip_files_and_pages() {
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits { file_bytes: 1 << 30, row_group_rows: 8192, block_rows: 2048 };
    let files = write(directory.path(), &rows(0..8192), limits);
    let reader = Reader::new(directory.path(), 1 << 20).unwrap();
    // `big` is 4 * number - 500, or NULL.
    let bound = |value: i64| -> Option<(ArrayRef, bool)> { Some((Arc::new(Int64Array::from(vec![value])), true)) };
    let narrow = ColumnRange { column: BIG, lower: bound(4 * 100 - 500), upper: bound(4 * 120 - 500) };
    assert!(files[0].may_match(&shape(), std::slice::from_ref(&narrow)));
    let read = scan(&reader, &files, &Scan { prune: vec![narrow], ..scan_of(KeyRange::all()) }).await;
    let versions = versions(&read);
    assert!((100..=120).all(|version| versions.contains(&version)));
    assert_eq!(versions.len(), 2048);
    assert_eq!(reader.counters().rows_decoded(), 2048);

    let beyond = ColumnRange { column: BIG, lower: bound(4 * 9000), upper: None };
    assert!(!files[0].may_match(&shape(), &[beyond]));
    // A bound of another type is not understood, and excludes nothing.
    let text: ArrayRef = Arc::new(StringArray::from(vec!["zzz"]));
    assert!(files[0].may_match(&shape(), &[ColumnRange { column: BIG, lower: Some((text, true)), upper: None }]));
}

#[tokio::test]
async fn nan_is_above_every_bound() {
    let directory = tempfile::tempdir().unwrap();
    let files = write(directory.path(), &rows(0..50), Limits { file_bytes: 1 << 30, ..SMALL });
    let reader = Reader::new(directory.path(), 1 << 20).unwrap();
    let huge: ArrayRef = Arc::new(Float64Array::from(vec![1e300]));
    let above = ColumnRange { column: SCORE, lower: Some((huge, false)), upper: None };
    assert!(files[0].may_match(&shape(), std::slice::from_ref(&above)));
    let scan_scores = Scan { projection: vec![SCORE], prune: vec![above], ..scan_of(KeyRange::all()) };
    let read = scan(&reader, &files, &scan_scores).await;
    let nans: usize = read
        .iter()
        .map(|batch| {
            batch
                .column(0)
                .as_primitive::<arrow::datatypes::Float64Type>()
                .iter()
                .flatten()
                .filter(|v| v.is_nan())
                .count()
        })
        .sum();
    let all = batch(&rows(0..50));
    let expected = all
        .column(SCORE)
        .as_primitive::<arrow::datatypes::Float64Type>()
        .iter()
        .flatten()
        .filter(|v| v.is_nan())
        .count();
    assert!(expected > 0);
    assert_eq!(nans, expected);
}

#[tokio::test]
async fn a_column_that_is_younger_than_the_file_reads_as_null() {
    let directory = tempfile::tempdir().unwrap();
    let files = write(directory.path(), &rows(0..20), Limits { file_bytes: 1 << 30, ..SMALL });
    let old = shape();
    let mut fields = old.schema.fields().to_vec();
    fields.push(Arc::new(Field::new("younger", DataType::Int64, true)));
    let new = Arc::new(Shape::new(old.table, Arc::new(Schema::new(fields)), old.key.clone()));
    let younger = new.schema.fields().len() - 1;
    let bound: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let range = ColumnRange { column: younger, lower: Some((bound, true)), upper: None };
    let reader = Reader::new(directory.path(), 1 << 20).unwrap();
    let scan = Scan { projection: vec![younger, VERSION], prune: vec![range], ..scan_of(KeyRange::all()) };
    let read: Vec<RecordBatch> = reader.scan(&files[0], &new, scan).try_collect().await.unwrap();
    assert_eq!(read.iter().map(|batch| batch.column(0).null_count()).sum::<usize>(), 20);
    let wanted = key(Row { number: 3, version: 0 });
    let found = reader.lookup(&files[0], &new, &[&wanted], &[younger]).await.unwrap();
    assert_eq!((found.len(), found[0].2.column(0).null_count()), (1, 1));
}

#[test]
fn the_file_is_plain_parquet() {
    let directory = tempfile::tempdir().unwrap();
    let files = write(directory.path(), &rows(0..100), Limits { file_bytes: 1 << 30, ..SMALL });
    let file = std::fs::File::open(directory.path().join(files[0].path())).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let metadata = reader.metadata();
    let schema = metadata.file_metadata().schema_descr();
    assert_eq!(schema.column(1).logical_type_ref(), Some(&LogicalType::Uuid));
    assert_eq!(schema.columns().last().unwrap().name(), "_seq");
    let group = metadata.row_group(0);
    let sorting: Vec<i32> = group.sorting_columns().unwrap().iter().map(|column| column.column_idx).collect();
    assert_eq!(sorting, [0, 1]);
    assert!(group.column(0).bloom_filter_offset().is_some() && group.column(1).bloom_filter_offset().is_some());
    assert!(group.column(3).bloom_filter_offset().is_none());
}

#[test]
fn a_writer_that_is_dropped_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let place =
        crate::storage::history::Place { directory: directory.path().to_owned(), tenant: super::fixture::TENANT };
    let mut next = 0;
    let mut writer = Writer::new(place, shape(), SMALL, || {
        next += 1;
        (crate::storage::history::FileId(uuid::Uuid::from_u128(next)), 1)
    });
    let rows = rows(0..200);
    let seqs = arrow::array::UInt64Array::from(vec![1; rows.len()]);
    writer.write(&batch(&rows), &keys(&rows), &seqs).unwrap();
    // The same rows again are not in order, nor are rows that are turned around.
    assert!(writer.write(&batch(&rows), &keys(&rows), &seqs).is_err());
    let later = [Row { number: 301, version: 0 }, Row { number: 300, version: 0 }];
    assert!(writer.write(&batch(&later), &keys(&later), &seqs.slice(0, 2)).is_err());
    drop(writer);
    let tables = directory.path().join(format!("history/{}/{}", super::fixture::TENANT, super::fixture::TABLE));
    assert_eq!(std::fs::read_dir(tables).unwrap().count(), 0);
}

#[tokio::test]
async fn a_file_that_is_cut_off_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let files = write(directory.path(), &rows(0..100), SMALL);
    let path = directory.path().join(files[0].path());
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let reader = Reader::new(directory.path(), 1 << 20).unwrap();
    let result: Result<Vec<RecordBatch>, _> =
        reader.scan(&files[0], &shape(), scan_of(KeyRange::all())).try_collect().await;
    assert!(result.is_err());
}

fn bound(kind: u8, number: u32) -> Bound<Vec<u8>> {
    let key = key(Row { number, version: 0 });
    match kind % 4 {
        0 => Bound::Included(key),
        1 => Bound::Excluded(key),
        2 => Bound::Included(prefix(&conversation(number / 10))),
        _ => Bound::Unbounded,
    }
}

/// A worker that decodes a chunk answers nobody else: long scans decode elsewhere, and wait there for their turn.
#[tokio::test]
async fn long_scans_decode_away_from_the_workers_and_short_reads_do_not_wait_for_them() {
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits { file_bytes: 1 << 30, row_group_rows: 1 << 20, block_rows: 1024 };
    let files = write(directory.path(), &rows(0..8192), limits);
    let reader = Reader::new(directory.path(), 16 << 20).unwrap();
    let places = u32::try_from(reader.decoders().available_permits()).unwrap();
    let all_places = Arc::clone(reader.decoders()).acquire_many_owned(places).await.unwrap();

    let everything = Scan { batch_rows: 8192, ..scan_of(KeyRange::all()) };
    let long = reader.scan(&files[0], &shape(), everything.clone());
    let running = tokio::spawn(async move { long.try_collect::<Vec<_>>().await });
    for conversation_number in 0..40 {
        let latest = Scan {
            direction: Direction::Reverse,
            hint_rows: Some(3),
            ..scan_of(KeyRange::prefix(prefix(&conversation(conversation_number * 20))))
        };
        let first = reader.scan(&files[0], &shape(), latest).try_next().await.unwrap().unwrap();
        assert!(first.num_rows() > 0);
    }
    assert!(!running.is_finished(), "it was decoded without a place");
    let little = Scan { batch_rows: 8192, ..scan_of(KeyRange::prefix(prefix(&conversation(77)))) };
    assert_eq!(scan(&reader, &files, &little).await.iter().map(RecordBatch::num_rows).sum::<usize>(), 10);

    // Who goes away gives back what it has, at once or when its chunk is done.
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    drop(all_places);
    for _ in 0..20 {
        let mut dropped = reader.scan(&files[0], &shape(), everything.clone());
        dropped.try_next().await.unwrap().unwrap();
        // Its next chunk is under way, or not even begun.
        let _ = futures::poll!(dropped.try_next());
        drop(dropped);
    }
    drop(Arc::clone(reader.decoders()).acquire_many_owned(places).await.unwrap());
    assert_eq!(scan(&reader, &files, &everything).await.iter().map(RecordBatch::num_rows).sum::<usize>(), 8192);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn a_scan_is_exact_in_both_directions(
        numbers in prop::collection::btree_set(0u32..600, 1..400),
        lower in (any::<u8>(), 0u32..600),
        upper in (any::<u8>(), 0u32..600),
        hint in prop::option::of(1usize..20),
        batch_rows in 1usize..40,
        block_rows in 1usize..40,
        identity: bool,
        sought in prop::collection::btree_set(0u32..600, 0..30),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let rows = rows(numbers.iter().copied());
            let limits = Limits { file_bytes: 20_000, row_group_rows: 100, block_rows };
            let files = write(directory.path(), &rows, limits);
            let reader = Reader::new(directory.path(), 1 << 20).unwrap();
            let range = KeyRange { lower: bound(lower.0, lower.1), upper: bound(upper.0, upper.1) };
            let mut expected: Vec<i32> =
                rows.iter().filter(|row| range.contains(&key(**row))).map(|row| row.version).collect();
            let mut wanted = Scan { hint_rows: hint, with_identity: identity, batch_rows, ..scan_of(range) };
            assert_eq!(versions(&scan(&reader, &files, &wanted).await), expected);
            wanted.direction = Direction::Reverse;
            expected.reverse();
            assert_eq!(versions(&scan(&reader, &files, &wanted).await), expected);

            let keys: Vec<Vec<u8>> = sought.iter().map(|number| key(Row { number: *number, version: 0 })).collect();
            let keys: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
            let mut found = vec![false; keys.len()];
            for file in &files {
                let contains = reader.contains(file, &shape(), &keys).await.unwrap();
                for (index, _, row) in reader.lookup(file, &shape(), &keys, &[VERSION]).await.unwrap() {
                    assert!(contains[index] && !found[index]);
                    found[index] = true;
                    assert_eq!(versions(&[row]), [*sought.iter().nth(index).unwrap() as i32]);
                }
            }
            let expected: Vec<bool> = sought.iter().map(|number| numbers.contains(number)).collect();
            assert_eq!(found, expected);
        });
    }
}
