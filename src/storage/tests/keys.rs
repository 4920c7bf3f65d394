//! Keys sort as PostgreSQL sorts the values, and equal keys mean equal values.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::*;
use proptest::prelude::*;

use crate::base::ids::TableId;
use crate::base::numeric::Numeric;
use crate::storage::{KeyRange, Shape, keys};

fn encode(array: &dyn Array, row: usize) -> Vec<u8> {
    let mut key = Vec::new();
    keys::encode_value(array, row, &mut key).unwrap();
    key
}

fn compare(array: &dyn Array) -> Ordering {
    encode(array, 0).cmp(&encode(array, 1))
}

/// PostgreSQL's order of floats: NaN equals NaN and is above all others, -0 equals 0.
fn float_order(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

fn any_f64() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        Just(0.0),
        Just(-0.0),
        Just(f64::NAN),
        Just(-f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY)
    ]
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    // Few different bytes, the awkward ones among them, so that common prefixes are common.
    proptest::collection::vec(prop_oneof![Just(0u8), Just(1), Just(b'a'), Just(0xFE), Just(0xFF)], 0..6)
}

proptest! {
    #[test]
    fn integers(a: i64, b: i64) {
        let small = |value: i64| value as i16;
        prop_assert_eq!(compare(&Int64Array::from(vec![a, b])), a.cmp(&b));
        prop_assert_eq!(compare(&Int32Array::from(vec![a as i32, b as i32])), (a as i32).cmp(&(b as i32)));
        prop_assert_eq!(compare(&Int16Array::from(vec![small(a), small(b)])), small(a).cmp(&small(b)));
        prop_assert_eq!(compare(&UInt32Array::from(vec![a as u32, b as u32])), (a as u32).cmp(&(b as u32)));
        prop_assert_eq!(compare(&Date32Array::from(vec![a as i32, b as i32])), (a as i32).cmp(&(b as i32)));
        prop_assert_eq!(compare(&Time64MicrosecondArray::from(vec![a, b])), a.cmp(&b));
        let utc = TimestampMicrosecondArray::from(vec![a, b]).with_timezone("UTC");
        prop_assert_eq!(compare(&utc), a.cmp(&b));
    }

    #[test]
    fn floats(a in any_f64(), b in any_f64()) {
        prop_assert_eq!(compare(&Float64Array::from(vec![a, b])), float_order(a, b));
        let (a, b) = (a as f32, b as f32);
        prop_assert_eq!(compare(&Float32Array::from(vec![a, b])), float_order(a.into(), b.into()));
    }

    #[test]
    fn numerics(a: i128, b: i128) {
        let encoded = |value: i128, scale| {
            let mut bytes = Vec::new();
            Numeric::from_decimal(value, scale).encode(&mut bytes);
            bytes
        };
        let array = |left: &[u8], right: &[u8]| BinaryViewArray::from(vec![left, right]);
        prop_assert_eq!(compare(&array(&encoded(a, 3), &encoded(b, 3))), a.cmp(&b));
        // 1.0 and 1.00 are one key.
        let (short, long) = (encoded(a / 1000, 3), encoded(a / 1000 * 10, 4));
        prop_assert_eq!(compare(&array(&short, &long)), std::cmp::Ordering::Equal);
    }

    #[test]
    fn booleans_and_uuids(a: bool, b: bool, u: [u8; 16], v: [u8; 16]) {
        prop_assert_eq!(compare(&BooleanArray::from(vec![a, b])), a.cmp(&b));
        let uuids = FixedSizeBinaryArray::try_from_iter([u, v].into_iter()).unwrap();
        prop_assert_eq!(compare(&uuids), u.cmp(&v));
    }

    #[test]
    fn bytes_and_texts(a in text(), b in text(), s: String, t: String) {
        prop_assert_eq!(compare(&BinaryArray::from(vec![a.as_slice(), b.as_slice()])), a.cmp(&b));
        prop_assert_eq!(compare(&StringArray::from(vec![s.as_str(), t.as_str()])), s.as_bytes().cmp(t.as_bytes()));
    }

    #[test]
    fn intervals(a in (-30i32..30, -900i32..900, -9i64..9), b in (-30i32..30, -900i32..900, -9i64..9)) {
        let day = 86_400_000_000_000i64;
        let interval = |(months, days, eighths): (i32, i32, i64)| IntervalMonthDayNano::new(months, days, eighths * day / 8);
        let value = |(months, days, eighths): (i32, i32, i64)| (i64::from(months) * 30 + i64::from(days)) * 8 + eighths;
        let array = IntervalMonthDayNanoArray::from(vec![interval(a), interval(b)]);
        prop_assert_eq!(compare(&array), value(a).cmp(&value(b)));
    }

    /// A key of several columns sorts by the first, then the second; its pieces are the values; and a
    /// prefix range holds exactly the keys with these first values.
    #[test]
    fn compound(a in (text(), any::<i32>(), text()), b in (text(), any::<i32>(), text())) {
        let fields = vec![
            Field::new("x", DataType::Binary, false),
            Field::new("y", DataType::Int32, false),
            Field::new("z", DataType::Binary, false),
        ];
        let shape = Shape::new(TableId(1), Arc::new(Schema::new(fields)), vec![0, 1, 2]);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(BinaryArray::from(vec![a.0.as_slice(), b.0.as_slice()])),
            Arc::new(Int32Array::from(vec![a.1, b.1])),
            Arc::new(BinaryArray::from(vec![a.2.as_slice(), b.2.as_slice()])),
        ];
        let batch = RecordBatch::try_new(Arc::clone(&shape.schema), columns).unwrap();
        let key = |row| {
            let mut key = Vec::new();
            keys::encode_key(&shape, &batch, row, &mut key).unwrap();
            key
        };
        let (left, right) = (key(0), key(1));
        prop_assert_eq!(left.cmp(&right), a.cmp(&b));
        let pieces: Vec<Vec<u8>> = keys::pieces(&shape, &left).map(<[u8]>::to_vec).collect();
        let expected: Vec<Vec<u8>> = batch.columns().iter().map(|column| encode(column, 0)).collect();
        prop_assert_eq!(pieces, expected);

        let mut prefix = Vec::new();
        keys::encode_key_prefix(&shape, &[batch.column(0).slice(0, 1)], &mut prefix).unwrap();
        let range = KeyRange::prefix(prefix);
        prop_assert!(range.contains(&left));
        prop_assert_eq!(range.contains(&right), a.0 == b.0);
    }

    #[test]
    fn successors(prefix in text(), key in text()) {
        let inside = key.starts_with(&prefix);
        match keys::successor(&prefix) {
            Some(next) => {
                prop_assert!(next > prefix);
                prop_assert_eq!(inside, key >= prefix && key < next);
            }
            None => prop_assert!(prefix.iter().all(|byte| *byte == 0xFF)),
        }
    }
}

#[test]
fn a_null_or_a_key_that_is_too_long_is_refused() {
    let mut out = Vec::new();
    assert!(keys::encode_value(&Int32Array::from(vec![None]), 0, &mut out).is_err());
    let schema = Arc::new(Schema::new(vec![Field::new("x", DataType::Utf8, false)]));
    let shape = Shape::new(TableId(1), Arc::clone(&schema), vec![0]);
    let long = "x".repeat(crate::base::limits::KEY_BYTES);
    let batch = RecordBatch::try_new(schema, vec![Arc::new(StringArray::from(vec![long.as_str()]))]).unwrap();
    let error = keys::encode_key(&shape, &batch, 0, &mut out).unwrap_err();
    assert_eq!(error.sqlstate().0, "54000");
}
