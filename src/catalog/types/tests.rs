//! Input and output of every type against what PostgreSQL 15 answered for the same texts.

use std::fmt::Write;

use proptest::prelude::*;

use super::binary::{BinaryDecoder, BinaryEncoder};
use super::text::{TextDecoder, TextEncoder};
use super::*;

const SCALARS: &str = include_str!("cases/scalars.tsv");
const DATETIMES: &str = include_str!("cases/datetimes.tsv");

fn type_of(text: &str) -> PgType {
    if let Some(element) = text.strip_suffix("[]") {
        return PgType::Array(Box::new(PgType::from_sql(element, &[]).unwrap()));
    }
    match text.split_once('(') {
        Some((name, modifiers)) => {
            let modifiers: Vec<i64> =
                modifiers.trim_end_matches(')').split(',').map(|modifier| modifier.parse().unwrap()).collect();
            PgType::from_sql(name, &modifiers).unwrap()
        }
        None => PgType::from_sql(text, &[]).unwrap(),
    }
}

fn shown_error(error: &crate::Error) -> String {
    let report = error.report();
    let mut shown = format!("ERR {} {}", report.sqlstate, report.message);
    for more in [report.detail, report.hint, report.context].into_iter().flatten() {
        write!(shown, " | {more}").unwrap();
    }
    shown
}

/// The text and binary output of a text input, or its error.
fn answer(zone: &str, type_name: &str, input: &str) -> String {
    let pg = type_of(type_name);
    let style = OutputStyle { time_zone: Zone::parse(zone).unwrap(), ..OutputStyle::default() };
    let mut decoder = TextDecoder::new(&pg, &style);
    if let Err(error) = decoder.append(input) {
        return shown_error(&error);
    }
    let array = decoder.finish();
    let field = pg.field("c", true);
    let (mut text, mut binary) = (Vec::new(), Vec::new());
    TextEncoder::new(&field, &pg, &style).unwrap().write(&array, 0, &mut text);
    BinaryEncoder::new(&field, &pg).unwrap().write(&array, 0, &mut binary);
    let mut back = BinaryDecoder::new(&pg);
    back.append(&binary).unwrap();
    assert_eq!(&back.finish(), &array, "binary form of {type_name} {input:?}");
    let hex = binary.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    format!("{} # {hex}", String::from_utf8(text).unwrap())
}

fn check(cases: &str) {
    let unescape = |text: &str| text.replace("\\n", "\n").replace("\\t", "\t");
    let mut count = 0;
    for case in cases.lines().filter(|line| !line.starts_with('#')) {
        let (question, expected) = case.split_once("\t=>\t").unwrap();
        let mut parts = question.splitn(3, '\t');
        let (zone, type_name) = (parts.next().unwrap(), parts.next().unwrap());
        let input = unescape(parts.next().unwrap_or_default());
        assert_eq!(answer(zone, type_name, &input).replace('\n', "\\n"), expected, "{question:?}");
        count += 1;
    }
    assert!(count > 100);
}

#[test]
fn scalars_are_read_and_written_as_postgresql_does_it() {
    check(SCALARS);
}

#[test]
fn dates_times_and_intervals_are_read_and_written_as_postgresql_does_it() {
    check(DATETIMES);
}

#[test]
fn the_words_of_today_need_a_clock() {
    let berlin = Zone::named("Europe/Berlin").unwrap();
    // 2023-11-14 23:13:20.123456 in Berlin.
    let style = OutputStyle { time_zone: berlin, now_us: Some(1_700_000_000_123_456), ..OutputStyle::default() };
    let shown = |pg: PgType, text: &str| {
        let mut decoder = TextDecoder::new(&pg, &style);
        decoder.append(text).unwrap();
        let mut out = Vec::new();
        TextEncoder::new(&pg.field("c", true), &pg, &style).unwrap().write(&decoder.finish(), 0, &mut out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(shown(PgType::Timestamptz, "now"), "2023-11-14 23:13:20.123456+01");
    assert_eq!(shown(PgType::Timestamp, "now"), "2023-11-14 23:13:20.123456");
    assert_eq!(shown(PgType::Timestamptz, "tomorrow"), "2023-11-15 00:00:00+01");
    assert_eq!(shown(PgType::Timestamp, "yesterday 04:05"), "2023-11-13 04:05:00");
    assert_eq!(shown(PgType::Date, "today"), "2023-11-14");
    assert_eq!(shown(PgType::Time, "now"), "23:13:20.123456");
    let error = TextDecoder::new(&PgType::Date, &OutputStyle::default()).append("today").unwrap_err();
    assert_eq!(error.sqlstate().0, "0A000");
}

#[test]
fn values_that_would_be_changed_silently_are_refused() {
    for (pg, text, sqlstate) in [
        (PgType::Numeric(None), &*"9".repeat(131_073), "22003"),
        (PgType::Numeric(Some((5, 2))), "1000", "22003"),
        (PgType::Numeric(Some((5, 2))), "Infinity", "22003"),
        (PgType::Text, "a\0b", "22021"),
        (PgType::Jsonb, "\"a\0b\"", "22021"),
        (PgType::Varchar(Some(3)), "abcd", "22001"),
        (PgType::Timestamp, "294250-01-01", "22008"),
        (PgType::Interval, "2562048:00:00", "22008"),
        (PgType::Jsonb, &*"[".repeat(1_000_000), "54001"),
        (PgType::Json, &*"{\"a\":".repeat(1_000_000), "54001"),
        (PgType::Regclass, "messages", "0A000"),
    ] {
        let error = TextDecoder::new(&pg, &OutputStyle::default()).append(text).unwrap_err();
        assert_eq!(error.sqlstate().0, sqlstate, "{pg} {:.40}", text);
    }
}

#[test]
fn numerics_keep_all_their_digits() {
    for text in ["0.12345678901234567890", &*"9".repeat(2000), "1.10", "NaN", "-Infinity"] {
        assert_eq!(answer("UTC", "numeric", text).split(" # ").next(), Some(text));
    }
}

#[test]
fn a_decoder_goes_on_after_an_error_and_a_finish() {
    let mut decoder = TextDecoder::new(&PgType::Int4, &OutputStyle::default());
    decoder.append("1").unwrap();
    decoder.append("x").unwrap_err();
    decoder.append_null();
    assert_eq!(decoder.len(), 2);
    assert_eq!(decoder.finish().len(), 2);
    assert!(decoder.is_empty());
}

#[test]
fn output_follows_the_sessions_style() {
    let shown = |pg: PgType, text: &str, style: &OutputStyle| {
        let mut decoder = TextDecoder::new(&pg, style);
        decoder.append(text).unwrap();
        let mut out = Vec::new();
        TextEncoder::new(&pg.field("c", true), &pg, style).unwrap().write(&decoder.finish(), 0, &mut out);
        String::from_utf8(out).unwrap()
    };
    let escape = OutputStyle { bytea_output: ByteaOutput::Escape, ..OutputStyle::default() };
    assert_eq!(shown(PgType::Bytea, "\\x615c00ff", &escape), "a\\\\\\000\\377");
    let iso = OutputStyle { interval_style: IntervalStyle::Iso8601, ..OutputStyle::default() };
    assert_eq!(shown(PgType::Interval, "1 year 2 days -03:04:05.6", &iso), "P1Y2DT-3H-4M-5.6S");
    assert_eq!(shown(PgType::Interval, "0", &iso), "PT0S");
    let rounded = OutputStyle { extra_float_digits: 0, ..OutputStyle::default() };
    assert_eq!(shown(PgType::Float8, "0.1234567890123456", &rounded), "0.123456789012346");
    assert_eq!(shown(PgType::Float4, "1234567", &rounded), "1.23457e+06");
    let dmy = OutputStyle { date_order: DateOrder::Dmy, ..OutputStyle::default() };
    assert_eq!(shown(PgType::Date, "1/2/2003", &dmy), "2003-02-01");
    let ymd = OutputStyle { date_order: DateOrder::Ymd, ..OutputStyle::default() };
    assert_eq!(shown(PgType::Date, "01-02-03", &ymd), "2001-02-03");
}

#[test]
fn arrow_forms_of_datafusion_are_written_too() {
    use arrow::array::*;
    use arrow::datatypes::{DataType, Field};
    let cases: Vec<(ArrayRef, PgType, &str)> = vec![
        (std::sync::Arc::new(StringViewArray::from(vec!["x"])), PgType::Text, "x"),
        (std::sync::Arc::new(LargeStringArray::from(vec!["x"])), PgType::Text, "x"),
        (std::sync::Arc::new(UInt64Array::from(vec![7])), PgType::Int8, "7"),
        (
            std::sync::Arc::new(TimestampNanosecondArray::from(vec![1_500])),
            PgType::Timestamp,
            "1970-01-01 00:00:00.000001",
        ),
        (std::sync::Arc::new(TimestampSecondArray::from(vec![-1])), PgType::Timestamp, "1969-12-31 23:59:59"),
        (std::sync::Arc::new(Date64Array::from(vec![-1])), PgType::Date, "1969-12-31"),
        (std::sync::Arc::new(DurationMillisecondArray::from(vec![1_500])), PgType::Interval, "00:00:01.5"),
    ];
    for (array, pg, expected) in cases {
        let field = Field::new("c", array.data_type().clone(), true);
        assert_eq!(PgType::of_field(&field), pg);
        let mut out = Vec::new();
        TextEncoder::new(&field, &pg, &OutputStyle::default()).unwrap().write(&array, 0, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        BinaryEncoder::new(&field, &pg).unwrap().write(&array, 0, &mut Vec::new());
    }
    let strange = Field::new("c", DataType::new_list(DataType::Null, true), true);
    assert!(TextEncoder::new(&strange, &PgType::of_field(&strange), &OutputStyle::default()).is_ok());
}

#[test]
fn binary_values_of_the_wrong_form_are_refused() {
    for (pg, bytes, sqlstate) in [
        (PgType::Int4, &[1_u8, 2, 3][..], "22P03"),
        (PgType::Uuid, &[0; 15], "22P03"),
        (PgType::Bool, &[], "22P03"),
        (PgType::Text, &[0xff], "22021"),
        (PgType::Text, &[0xe2, 0x82], "22021"),
        (PgType::Text, b"a\0", "22021"),
        (PgType::Jsonb, &[2, b'1'], "0A000"),
        (PgType::Jsonb, &[], "22P03"),
        (PgType::Numeric(None), &[0, 1, 0, 0, 0, 0, 0, 0], "22P03"),
        (PgType::Numeric(None), &[0, 1, 0, 0, 0, 0, 0, 0, 0x27, 0x10], "22P03"),
        (PgType::Numeric(None), &[0, 0, 0, 0, 0xE0, 0, 0, 0], "22P03"),
        (PgType::Time, &[0xff; 8], "22008"),
        (PgType::Date, &[0x7f, 0xff, 0xff, 0xfe], "22008"),
        (PgType::Timestamp, &[0x80, 0, 0, 0, 0, 0, 0, 1], "22008"),
        (
            PgType::Array(Box::new(PgType::Int4)),
            &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 23, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1],
            "22P03",
        ),
        (PgType::Array(Box::new(PgType::Int4)), &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25], "42804"),
    ] {
        let error = BinaryDecoder::new(&pg).append(bytes).unwrap_err();
        assert_eq!(error.sqlstate().0, sqlstate, "{pg} {bytes:?}");
    }
}

proptest! {
    #[test]
    fn floats_read_back_as_they_were(value in any::<f64>()) {
        let mut out = Vec::new();
        number::write_float8(value, 1, &mut out);
        let back = number::parse_float8(std::str::from_utf8(&out).unwrap()).unwrap();
        prop_assert!(back == value || back.is_nan() && value.is_nan());
    }

    #[test]
    fn timestamps_read_back_as_they_were(us in datetime::calendar::FIRST_DAY * datetime::calendar::DAY_US..i64::MAX) {
        let mut out = Vec::new();
        datetime::write_timestamp(us, &mut out);
        prop_assert_eq!(datetime::parse_timestamp(std::str::from_utf8(&out).unwrap(), &OutputStyle::default()).unwrap(), us);
    }

    #[test]
    fn intervals_read_back_as_they_were(months in any::<i32>(), days in any::<i32>(), us in -9_000_000_000_000_000_i64..9_000_000_000_000_000) {
        let interval = arrow::datatypes::IntervalMonthDayNano::new(months, days, us * 1000);
        let (mut postgres, mut iso) = (Vec::new(), Vec::new());
        datetime::write_interval(interval, &mut postgres);
        datetime::write_interval_iso(interval, &mut iso);
        for text in [postgres, iso] {
            prop_assert_eq!(datetime::parse_interval(std::str::from_utf8(&text).unwrap()).unwrap(), interval);
        }
    }

    #[test]
    fn canonical_jsonb_is_a_fixed_point(text in "[\\[\\]{}:,\"a-c0-9.e\\\\ -]{0,24}") {
        if let Ok(canonical) = json::canonical(&text) {
            prop_assert_eq!(json::canonical(&canonical).unwrap(), canonical.clone());
            prop_assert!(json::validate(&canonical).is_ok());
            prop_assert!(json::validate(&text).is_ok());
        }
    }

    #[test]
    fn decoders_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40), text in "\\PC{0,30}") {
        for pg in PgType::scalars() {
            for pg in [pg.clone(), PgType::Array(Box::new(pg.clone()))] {
                // Only that it comes back matters.
                let _ = BinaryDecoder::new(&pg).append(&bytes);
                let _ = TextDecoder::new(&pg, &OutputStyle::default()).append(&text);
            }
        }
    }

    #[test]
    fn date_texts_never_panic(text in "[0-9a-z:./+ -]{0,30}") {
        for pg in [PgType::Date, PgType::Time, PgType::Timestamp, PgType::Timestamptz, PgType::Interval] {
            let _ = TextDecoder::new(&pg, &OutputStyle::default()).append(&text);
        }
    }
}
