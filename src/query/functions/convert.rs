//! The conversions behind the casts, array by array.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, ListArray, StringArray, StringBuilder,
};
use arrow::compute::{self, CastOptions};
use arrow::datatypes::{
    DataType, Date32Type, Field, Float32Type, Float64Type, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType,
    Time64MicrosecondType, TimestampMicrosecondType, UInt32Type,
};

use super::cast::Kind;
use super::json::build::scalars;
use super::{names, numbers};
use crate::base::limits::IDENTIFIER_BYTES;
use crate::base::numeric::Numeric;
use crate::catalog::types::text::{TextDecoder, TextEncoder};
use crate::catalog::types::{OutputStyle, PgType, Zone, json};
use crate::error::{CatalogError, QueryError, Result};
use crate::query::bind::errors;
use crate::query::environment::Environment;

const DAY_US: i64 = 86_400_000_000;

/// Does PostgreSQL have this cast?
pub fn is_possible(from: &PgType, to: &PgType, kind: Kind) -> bool {
    use PgType as T;
    let (from, to) = (from.without_typmod(), to.without_typmod());
    if from == to || from == T::Unknown {
        return true;
    }
    let explicit = kind == Kind::Explicit;
    // Everything has a text form; PostgreSQL assigns it to a text column without being asked.
    if is_text(&to) {
        return true;
    }
    if is_text(&from) {
        return explicit || to == T::Char;
    }
    if let (T::Array(from), T::Array(to)) = (&from, &to) {
        return is_possible(from, to, kind);
    }
    match (&from, &to) {
        (from, to) if is_number(from) && is_number(to) => true,
        (from, to) if is_oid(from) && is_oid(to) => true,
        (T::Int2 | T::Int4 | T::Int8, to) if is_oid(to) => true,
        (from, T::Int4 | T::Int8) if is_oid(from) => true,
        (T::Int4, T::Bool) | (T::Bool, T::Int4) => explicit,
        (T::Date | T::Timestamp | T::Timestamptz, T::Date | T::Timestamp | T::Timestamptz) => true,
        (T::Timestamp | T::Timestamptz | T::Interval, T::Time) => true,
        (T::Time, T::Interval) => true,
        (T::Json, T::Jsonb) | (T::Jsonb, T::Json) => true,
        (T::Jsonb, T::Bool) => explicit,
        (T::Jsonb, to) if is_number(to) => explicit,
        (T::Int2vector, T::Array(element)) => **element == T::Int2,
        (T::Oidvector, T::Array(element)) => **element == T::Oid,
        _ => false,
    }
}

/// Converts an array in the form of `from` into the form of `to`.
///
/// # Errors
/// The errors of PostgreSQL's cast.
pub fn convert(
    array: &ArrayRef,
    from: &PgType,
    to: &PgType,
    kind: Kind,
    environment: &Environment,
) -> Result<ArrayRef> {
    use PgType as T;
    let style = &environment.style;
    match (from, to) {
        (from, to) if from == to => Ok(Arc::clone(array)),
        (T::Unknown | T::Text | T::Varchar(_) | T::Name | T::Char, T::Varchar(Some(length))) => {
            limit(array, *length, kind)
        }
        (_, T::Varchar(Some(length))) => limit(&to_text(array, from, environment)?, *length, kind),
        (T::Unknown | T::Text | T::Varchar(_) | T::Name | T::Char, T::Text | T::Varchar(None)) => Ok(Arc::clone(array)),
        (_, T::Text | T::Varchar(None)) => to_text(array, from, environment),
        (_, T::Name) => Ok(map_text(&to_text(array, from, environment)?, |text| cut_bytes(text, IDENTIFIER_BYTES))),
        (_, T::Char) => {
            let texts = to_text(array, from, environment)?;
            texts.as_string::<i32>().iter().flatten().try_for_each(single_byte)?;
            Ok(map_text(&texts, |text| cut_bytes(text, 1)))
        }
        // Where bigint is checked, the smaller integers wrap around.
        (T::Int2 | T::Int4, to) if is_oid(to) => {
            let numbers = wide_integers(array)?;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as PostgreSQL's cast does")]
            Ok(Arc::new(numbers.unary::<_, UInt32Type>(|number| number as i32 as u32)))
        }
        (from, to) if is_oid(to) && is_text_like(from) => names::array_of_oids(array, to, environment),
        (from, to) if is_text_like(from) => from_text(array, to, style),
        (T::Array(from), T::Array(to)) => elements(array, from, to, kind, environment),
        (T::Int2vector | T::Oidvector, T::Array(_)) => Ok(Arc::clone(array)),
        (T::Jsonb, T::Json) => Ok(Arc::clone(array)),
        (T::Json, T::Jsonb) => canonical_json(array),
        (T::Jsonb, T::Bool | T::Float4 | T::Float8 | T::Numeric(_)) => from_text(&scalars(array, to)?, to, style),
        (T::Jsonb, T::Int2 | T::Int4 | T::Int8) => {
            let numbers = from_text(&scalars(array, to)?, &T::Numeric(None), style)?;
            convert(&numbers, &T::Numeric(None), to, kind, environment)
        }
        (T::Float4 | T::Float8, T::Int2 | T::Int4 | T::Int8) => {
            let wide = arrow(array, &DataType::Float64, to)?;
            let rounded: Float64Array = wide.as_primitive::<Float64Type>().unary(f64::round_ties_even);
            integers(&(Arc::new(rounded) as ArrayRef), to)
        }
        (T::Float4, T::Numeric(modifier)) => {
            let floats = array.as_primitive::<Float32Type>();
            to_numeric(environment, array, *modifier, |row| Ok(Numeric::from_float4(floats.value(row))))
        }
        (T::Float8, T::Numeric(modifier)) => {
            let floats = array.as_primitive::<Float64Type>();
            to_numeric(environment, array, *modifier, |row| Ok(Numeric::from_float8(floats.value(row))))
        }
        (T::Numeric(_), T::Numeric(modifier)) => {
            let values = array.as_binary_view();
            to_numeric(environment, array, *modifier, |row| numbers::value(values, row))
        }
        (T::Int2 | T::Int4 | T::Int8, T::Numeric(modifier)) => {
            let wide = wide_integers(array)?;
            to_numeric(environment, array, *modifier, |row| Ok(Numeric::from_integer(wide.value(row))))
        }
        // The nearest float of the digits; computed from the decimal's parts it would be off by one in the end.
        (T::Numeric(_), T::Float4 | T::Float8) => from_text(&encode(array, from, style)?, to, style),
        (T::Float8, T::Float4) => short_floats(array),
        (T::Numeric(_), T::Int2 | T::Int4 | T::Int8) => {
            let name = to.format();
            let values = array.as_binary_view().iter();
            let whole = values.map(|bytes| bytes.map(|bytes| numbers::decode(bytes)?.to_integer(&name)).transpose());
            let whole: ArrayRef = Arc::new(whole.collect::<Result<Int64Array>>()?);
            integers(&whole, to)
        }
        (_, T::Int2 | T::Int4 | T::Int8) => integers(array, to),
        (T::Date, T::Timestamp) => Ok(Arc::new(
            array.as_primitive::<Date32Type>().try_unary::<_, TimestampMicrosecondType, crate::Error>(midnight)?,
        )),
        (T::Date, T::Timestamptz) => {
            let zone = &style.time_zone;
            let days = array.as_primitive::<Date32Type>();
            Ok(zoned(days.try_unary(|day| midnight(day).map(|us| to_utc(us, zone)))?))
        }
        (T::Timestamp, T::Timestamptz) => {
            let zone = &style.time_zone;
            Ok(zoned(array.as_primitive::<TimestampMicrosecondType>().unary(|us| to_utc(us, zone))))
        }
        (T::Timestamptz, T::Timestamp) => {
            let zone = &style.time_zone;
            let local = array.as_primitive::<TimestampMicrosecondType>();
            Ok(Arc::new(local.unary::<_, TimestampMicrosecondType>(|us| to_local(us, zone))))
        }
        (T::Timestamp, T::Date) => Ok(days(array, |us| us)),
        (T::Timestamptz, T::Date) => Ok(days(array, |us| to_local(us, &style.time_zone))),
        (T::Timestamp, T::Time) => Ok(times(array, |us| us)),
        (T::Timestamptz, T::Time) => Ok(times(array, |us| to_local(us, &style.time_zone))),
        // An interval's days and months do not count.
        (T::Interval, T::Time) => {
            let times = array.as_primitive::<IntervalMonthDayNanoType>();
            let time = |span: IntervalMonthDayNano| (span.nanoseconds / 1000).rem_euclid(DAY_US);
            Ok(Arc::new(times.unary::<_, Time64MicrosecondType>(time)))
        }
        (T::Time, T::Interval) => {
            let times = array.as_primitive::<Time64MicrosecondType>();
            let span = |us: i64| IntervalMonthDayNano::new(0, 0, us * 1000);
            Ok(Arc::new(times.unary::<_, IntervalMonthDayNanoType>(span)))
        }
        _ => arrow(array, &to.arrow(), to),
    }
}

/// Numbers as a column with this modifier holds them.
fn to_numeric(
    environment: &Environment,
    array: &ArrayRef,
    modifier: Option<(u16, i16)>,
    number: impl Fn(usize) -> Result<Numeric>,
) -> Result<ArrayRef> {
    numbers::map(environment, std::slice::from_ref(array), |row| match modifier {
        Some((precision, scale)) => number(row)?.fitted(precision, scale),
        None => number(row),
    })
}

fn is_text(data_type: &PgType) -> bool {
    matches!(data_type, PgType::Text | PgType::Varchar(_) | PgType::Name)
}

fn is_text_like(data_type: &PgType) -> bool {
    is_text(data_type) || matches!(data_type, PgType::Char | PgType::Unknown)
}

fn is_number(data_type: &PgType) -> bool {
    matches!(
        data_type,
        PgType::Int2 | PgType::Int4 | PgType::Int8 | PgType::Float4 | PgType::Float8 | PgType::Numeric(_)
    )
}

/// The types that are OIDs.
pub fn is_oid(data_type: &PgType) -> bool {
    matches!(
        data_type,
        PgType::Oid | PgType::Regclass | PgType::Regtype | PgType::Regproc | PgType::Regnamespace | PgType::Regrole
    )
}

/// Arrow's own cast, which fails instead of making NULLs.
fn arrow(array: &ArrayRef, target: &DataType, to: &PgType) -> Result<ArrayRef> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    compute::cast_with_options(array, target, &options).map_err(|_| out_of_range(to))
}

/// Arrow makes infinity or zero of a number that a `real` cannot hold.
fn short_floats(array: &ArrayRef) -> Result<ArrayRef> {
    let fail = |what: &str| QueryError::NumberOutOfRange(format!("value out of range: {what}"));
    let short = array.as_primitive::<Float64Type>().try_unary::<_, Float32Type, QueryError>(|long| {
        #[expect(clippy::cast_possible_truncation, reason = "what does not survive it is refused")]
        let short = long as f32;
        match short {
            short if short.is_infinite() && !long.is_infinite() => Err(fail("overflow")),
            short if short == 0.0 && long != 0.0 => Err(fail("underflow")),
            short => Ok(short),
        }
    })?;
    Ok(Arc::new(short))
}

fn integers(array: &ArrayRef, to: &PgType) -> Result<ArrayRef> {
    arrow(array, &to.arrow(), to)
}

fn out_of_range(to: &PgType) -> crate::Error {
    let message = match to {
        PgType::Oid => "OID out of range".to_owned(),
        other => format!("{} out of range", other.without_typmod()),
    };
    QueryError::NumberOutOfRange(message).into()
}

fn from_text(array: &ArrayRef, to: &PgType, style: &OutputStyle) -> Result<ArrayRef> {
    let texts = array.as_string::<i32>();
    let mut decoder = TextDecoder::new(to, style);
    for text in texts {
        match text {
            Some(text) => decoder.append(text)?,
            None => decoder.append_null(),
        }
    }
    Ok(decoder.finish())
}

/// The text of every value, by the type's output function.
///
/// # Errors
/// For a type without one.
pub fn to_text(array: &ArrayRef, from: &PgType, environment: &Environment) -> Result<ArrayRef> {
    match from {
        from if is_text_like(from) => Ok(Arc::clone(array)),
        PgType::Json | PgType::Jsonb | PgType::Jsonpath => Ok(Arc::clone(array)),
        // `true::text` is the whole word, unlike the output function's `t`.
        PgType::Bool => {
            let words: StringArray = array
                .as_boolean()
                .iter()
                .map(|value| value.map(|value| if value { "true" } else { "false" }))
                .collect();
            Ok(Arc::new(words))
        }
        PgType::Regclass | PgType::Regtype | PgType::Regproc | PgType::Regnamespace | PgType::Regrole => {
            let oids = array.as_primitive::<UInt32Type>();
            let texts: StringArray =
                oids.iter().map(|oid| oid.map(|oid| names::name(environment, from, oid))).collect();
            Ok(Arc::new(texts))
        }
        _ => encode(array, from, &environment.style),
    }
}

fn encode(array: &ArrayRef, from: &PgType, style: &OutputStyle) -> Result<ArrayRef> {
    let field = Field::new("value", array.data_type().clone(), true);
    let encoder = TextEncoder::new(&field, from, style)?;
    let mut builder = StringBuilder::with_capacity(array.len(), array.len() * 16);
    let mut text = Vec::new();
    for row in 0..array.len() {
        if array.is_null(row) {
            builder.append_null();
            continue;
        }
        text.clear();
        encoder.write(array.as_ref(), row, &mut text);
        builder.append_value(String::from_utf8_lossy(&text));
    }
    Ok(Arc::new(builder.finish()))
}

/// Brings text to at most `length` characters: cuts it, or refuses it when what is cut is not white space.
fn limit(array: &ArrayRef, length: u32, kind: Kind) -> Result<ArrayRef> {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let mut builder = StringBuilder::with_capacity(array.len(), array.len() * 16);
    for text in array.as_string::<i32>() {
        let Some(text) = text else {
            builder.append_null();
            continue;
        };
        match text.char_indices().nth(length) {
            None => builder.append_value(text),
            Some((end, _)) => {
                if kind == Kind::Assignment && !text[end..].bytes().all(|byte| byte == b' ') {
                    return Err(CatalogError::TooLong { type_name: format!("character varying({length})") }.into());
                }
                builder.append_value(&text[..end]);
            }
        }
    }
    Ok(Arc::new(builder.finish()))
}

fn map_text(array: &ArrayRef, change: impl Fn(&str) -> &str) -> ArrayRef {
    let texts: StringArray = array.as_string::<i32>().iter().map(|text| text.map(&change)).collect();
    Arc::new(texts)
}

/// The longest beginning of a text that has at most so many bytes.
/// A `"char"` is one byte, of which we keep those that are a character by themselves.
fn single_byte(text: &str) -> Result<()> {
    match text.chars().next() {
        Some(first) if !first.is_ascii() => {
            Err(CatalogError::NotSupported("bytes above 127 in \"char\" are not supported".into()).into())
        }
        _ => Ok(()),
    }
}

fn cut_bytes(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

fn canonical_json(array: &ArrayRef) -> Result<ArrayRef> {
    let mut builder = StringBuilder::with_capacity(array.len(), array.len() * 16);
    for text in array.as_string::<i32>() {
        match text {
            Some(text) => builder.append_value(json::canonical(text)?),
            None => builder.append_null(),
        }
    }
    Ok(Arc::new(builder.finish()))
}

fn elements(array: &ArrayRef, from: &PgType, to: &PgType, kind: Kind, environment: &Environment) -> Result<ArrayRef> {
    let list = array.as_list::<i32>();
    let values = convert(list.values(), from, to, kind, environment)?;
    let field = Arc::new(Field::new_list_field(values.data_type().clone(), true));
    let list = ListArray::try_new(field, list.offsets().clone(), values, list.nulls().cloned());
    Ok(Arc::new(list.map_err(|error| errors::translate(error.into()))?))
}

fn midnight(day: i32) -> Result<i64> {
    match day {
        i32::MAX => Ok(i64::MAX),
        i32::MIN => Ok(i64::MIN),
        day => i64::from(day)
            .checked_mul(DAY_US)
            .ok_or_else(|| CatalogError::DatetimeOverflow("date out of range for timestamp".into()).into()),
    }
}

/// A local time of a zone as a point in time.
pub fn to_utc(local_us: i64, zone: &Zone) -> i64 {
    match local_us {
        i64::MAX | i64::MIN => local_us,
        us => us - i64::from(zone.offset_of_local(us)) * 1_000_000,
    }
}

/// A point in time as the local time of a zone.
pub fn to_local(utc_us: i64, zone: &Zone) -> i64 {
    match utc_us {
        i64::MAX | i64::MIN => utc_us,
        us => us + i64::from(zone.offset_at(us)) * 1_000_000,
    }
}

fn zoned(array: arrow::array::TimestampMicrosecondArray) -> ArrayRef {
    Arc::new(array.with_timezone("UTC"))
}

fn days(array: &ArrayRef, local: impl Fn(i64) -> i64) -> ArrayRef {
    let times = array.as_primitive::<TimestampMicrosecondType>();
    Arc::new(times.unary::<_, Date32Type>(|us| match local(us) {
        i64::MAX => i32::MAX,
        i64::MIN => i32::MIN,
        us => i32::try_from(us.div_euclid(DAY_US)).unwrap_or(i32::MAX),
    }))
}

fn times(array: &ArrayRef, local: impl Fn(i64) -> i64) -> ArrayRef {
    let times = array.as_primitive::<TimestampMicrosecondType>();
    // Infinity has no time of day.
    Arc::new(times.unary_opt::<_, Time64MicrosecondType>(|us| match us {
        i64::MAX | i64::MIN => None,
        us => Some(local(us).rem_euclid(DAY_US)),
    }))
}

/// Helpers that other functions share.
pub fn booleans(values: Vec<Option<bool>>) -> ArrayRef {
    Arc::new(BooleanArray::from(values))
}

/// The values of an integer array of any width as 64 bits.
///
/// # Errors
/// When it is not an array of integers.
pub fn wide_integers(array: &ArrayRef) -> Result<arrow::array::Int64Array> {
    let wide = arrow(array, &DataType::Int64, &PgType::Int8)?;
    Ok(wide.as_primitive::<Int64Type>().clone())
}
