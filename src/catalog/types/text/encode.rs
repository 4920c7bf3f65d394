//! Output functions: a value of an Arrow array as PostgreSQL's text.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray};
use arrow::datatypes::*;

use super::array;
use crate::base::numeric::Numeric;
use crate::catalog::types::datetime::{self, calendar::DAY_US};
use crate::catalog::types::style::{IntervalStyle, ObjectNames};
use crate::catalog::types::{OutputStyle, PgType, bytea, number};
use crate::error::{CatalogError, Result};

const MEMORY: &str = "a Vec<u8> takes every write";

type WriteValue = Box<dyn Fn(&dyn Array, usize, &mut Vec<u8>) + Send + Sync>;

/// Writes values of one column as text.
pub struct TextEncoder {
    write: WriteValue,
}

impl std::fmt::Debug for TextEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TextEncoder")
    }
}

impl TextEncoder {
    /// The encoder of a column with this Arrow field and PostgreSQL type.
    ///
    /// # Errors
    /// 0A000 for an Arrow type that has no PostgreSQL form.
    pub fn new(field: &Field, pg: &PgType, style: &OutputStyle) -> Result<Self> {
        Ok(Self { write: resolve(field.data_type(), pg, style)? })
    }

    /// Appends the value of a row, which is not NULL, to `out`.
    pub fn write(&self, array: &dyn Array, row: usize, out: &mut Vec<u8>) {
        (self.write)(array, row, out);
    }
}

/// An encoder of a primitive array from a function of its native value.
fn primitive<T: ArrowPrimitiveType>(write: impl Fn(T::Native, &mut Vec<u8>) + Send + Sync + 'static) -> WriteValue {
    Box::new(move |array, row, out| write(array.as_primitive::<T>().value(row), out))
}

fn display<T: ArrowPrimitiveType>() -> WriteValue
where
    T::Native: std::fmt::Display,
{
    primitive::<T>(|value, out| write!(out, "{value}").expect(MEMORY))
}

fn resolve(data_type: &DataType, pg: &PgType, style: &OutputStyle) -> Result<WriteValue> {
    let extra = style.extra_float_digits;
    Ok(match data_type {
        DataType::Null => Box::new(|_, _, _| {}),
        DataType::Boolean => {
            Box::new(|array, row, out| out.push(if array.as_boolean().value(row) { b't' } else { b'f' }))
        }
        DataType::Int8 => primitive::<Int8Type>(|value, out| number::write_integer(value.into(), out)),
        DataType::Int16 => primitive::<Int16Type>(|value, out| number::write_integer(value.into(), out)),
        DataType::Int32 => primitive::<Int32Type>(|value, out| number::write_integer(value.into(), out)),
        DataType::Int64 => primitive::<Int64Type>(number::write_integer),
        DataType::UInt8 => primitive::<UInt8Type>(|value, out| number::write_integer(value.into(), out)),
        DataType::UInt16 => primitive::<UInt16Type>(|value, out| number::write_integer(value.into(), out)),
        DataType::UInt32 => object_id(pg, style.names.clone()),
        DataType::UInt64 => display::<UInt64Type>(),
        DataType::Float16 => primitive::<Float16Type>(move |value, out| number::write_float4(value.into(), extra, out)),
        DataType::Float32 => primitive::<Float32Type>(move |value, out| number::write_float4(value, extra, out)),
        DataType::Float64 => primitive::<Float64Type>(move |value, out| number::write_float8(value, extra, out)),
        DataType::BinaryView => Box::new(|array, row, out| {
            // Bytes that are no number were not written by us; nothing is better than a wrong number.
            if let Some(number) = Numeric::decode(array.as_binary_view().value(row)) {
                number.write(out);
            }
        }),
        DataType::Utf8 => {
            Box::new(|array, row, out| out.extend_from_slice(array.as_string::<i32>().value(row).as_bytes()))
        }
        DataType::LargeUtf8 => {
            Box::new(|array, row, out| out.extend_from_slice(array.as_string::<i64>().value(row).as_bytes()))
        }
        DataType::Utf8View => {
            Box::new(|array, row, out| out.extend_from_slice(array.as_string_view().value(row).as_bytes()))
        }
        DataType::FixedSizeBinary(16) if *pg != PgType::Bytea => {
            Box::new(|array, row, out| bytea::write_uuid(array.as_fixed_size_binary().value(row), out))
        }
        DataType::Binary | DataType::LargeBinary | DataType::FixedSizeBinary(_) => binary(data_type, style),
        DataType::Date32 => primitive::<Date32Type>(datetime::write_date),
        DataType::Date64 => primitive::<Date64Type>(|ms, out| {
            let days = ms.div_euclid(DAY_US / 1000);
            datetime::write_date(i32::try_from(days).unwrap_or(datetime::DATE_INFINITY), out);
        }),
        DataType::Time32(TimeUnit::Second) => {
            primitive::<Time32SecondType>(|value, out| datetime::write_time(i64::from(value) * 1_000_000, out))
        }
        DataType::Time32(_) => {
            primitive::<Time32MillisecondType>(|value, out| datetime::write_time(i64::from(value) * 1000, out))
        }
        DataType::Time64(TimeUnit::Nanosecond) => {
            primitive::<Time64NanosecondType>(|value, out| datetime::write_time(value / 1000, out))
        }
        DataType::Time64(_) => primitive::<Time64MicrosecondType>(datetime::write_time),
        DataType::Timestamp(unit, zone) => timestamp(*unit, zone.is_some() && *pg != PgType::Timestamp, style),
        DataType::Interval(unit) => interval(*unit, style),
        DataType::Duration(unit) => duration(*unit, style),
        DataType::List(element) | DataType::LargeList(element) | DataType::FixedSizeList(element, _) => {
            let element_type = pg.element().unwrap_or_else(|| PgType::of_field(element));
            let item = resolve(element.data_type(), &element_type, style)?;
            list(list_values(data_type), item, is_list(element.data_type()), pg)
        }
        DataType::Struct(fields) => record(fields, style)?,
        other => {
            let message = format!("values of the internal type {other} cannot be shown");
            return Err(CatalogError::NotSupported(message).into());
        }
    })
}

/// `(a,"b c",)`.
fn record(fields: &Fields, style: &OutputStyle) -> Result<WriteValue> {
    let items = fields.iter().map(|field| resolve(field.data_type(), &PgType::of_field(field), style));
    let items = items.collect::<Result<Vec<_>>>()?;
    Ok(Box::new(move |array, row, out| {
        out.push(b'(');
        for (index, (item, column)) in items.iter().zip(array.as_struct().columns()).enumerate() {
            if index > 0 {
                out.push(b',');
            }
            if column.is_null(row) {
                continue;
            }
            let start = out.len();
            item(column.as_ref(), row, out);
            if super::record::needs_quotes(&out[start..]) {
                super::record::quote(out, start);
            }
        }
        out.push(b')');
    }))
}

/// OIDs as numbers, and those of `reg*` types by name if somebody knows names.
fn object_id(pg: &PgType, names: Option<Arc<dyn ObjectNames>>) -> WriteValue {
    let kind = pg.clone();
    match kind {
        PgType::Regclass | PgType::Regtype | PgType::Regproc | PgType::Regnamespace | PgType::Regrole => {
            primitive::<UInt32Type>(move |oid, out| {
                let name = names.as_ref().and_then(|names| names.name(&kind, oid));
                match name {
                    _ if oid == 0 => out.push(b'-'),
                    Some(name) => out.extend_from_slice(name.as_bytes()),
                    None => number::write_integer(oid.into(), out),
                }
            })
        }
        _ => primitive::<UInt32Type>(|oid, out| number::write_integer(oid.into(), out)),
    }
}

fn binary(data_type: &DataType, style: &OutputStyle) -> WriteValue {
    let form = style.bytea_output;
    match data_type {
        DataType::LargeBinary => {
            Box::new(move |array, row, out| bytea::write_bytea(array.as_binary::<i64>().value(row), form, out))
        }
        DataType::FixedSizeBinary(_) => {
            Box::new(move |array, row, out| bytea::write_bytea(array.as_fixed_size_binary().value(row), form, out))
        }
        _ => Box::new(move |array, row, out| bytea::write_bytea(array.as_binary::<i32>().value(row), form, out)),
    }
}

fn timestamp(unit: TimeUnit, has_zone: bool, style: &OutputStyle) -> WriteValue {
    let zone = style.time_zone.clone();
    let write = move |us: i64, out: &mut Vec<u8>| {
        if has_zone {
            datetime::write_timestamptz(us, &zone, out);
        } else {
            datetime::write_timestamp(us, out);
        }
    };
    match unit {
        TimeUnit::Second => {
            primitive::<TimestampSecondType>(move |value, out| write(value.saturating_mul(1_000_000), out))
        }
        TimeUnit::Millisecond => {
            primitive::<TimestampMillisecondType>(move |value, out| write(value.saturating_mul(1000), out))
        }
        TimeUnit::Microsecond => primitive::<TimestampMicrosecondType>(write),
        TimeUnit::Nanosecond => {
            primitive::<TimestampNanosecondType>(move |value, out| write(value.div_euclid(1000), out))
        }
    }
}

fn interval_writer(style: &OutputStyle) -> fn(IntervalMonthDayNano, &mut Vec<u8>) {
    match style.interval_style {
        IntervalStyle::Postgres => datetime::write_interval,
        IntervalStyle::Iso8601 => datetime::write_interval_iso,
    }
}

fn interval(unit: IntervalUnit, style: &OutputStyle) -> WriteValue {
    let write = interval_writer(style);
    match unit {
        IntervalUnit::MonthDayNano => primitive::<IntervalMonthDayNanoType>(write),
        IntervalUnit::YearMonth => {
            primitive::<IntervalYearMonthType>(move |months, out| write(IntervalMonthDayNano::new(months, 0, 0), out))
        }
        IntervalUnit::DayTime => primitive::<IntervalDayTimeType>(move |value, out| {
            write(IntervalMonthDayNano::new(0, value.days, i64::from(value.milliseconds) * 1_000_000), out);
        }),
    }
}

fn duration(unit: TimeUnit, style: &OutputStyle) -> WriteValue {
    let write = interval_writer(style);
    let time = move |ns: i64, out: &mut Vec<u8>| write(IntervalMonthDayNano::new(0, 0, ns), out);
    match unit {
        TimeUnit::Second => {
            primitive::<DurationSecondType>(move |value, out| time(value.saturating_mul(1_000_000_000), out))
        }
        TimeUnit::Millisecond => {
            primitive::<DurationMillisecondType>(move |value, out| time(value.saturating_mul(1_000_000), out))
        }
        TimeUnit::Microsecond => {
            primitive::<DurationMicrosecondType>(move |value, out| time(value.saturating_mul(1000), out))
        }
        TimeUnit::Nanosecond => primitive::<DurationNanosecondType>(time),
    }
}

pub(in crate::catalog::types) fn is_list(data_type: &DataType) -> bool {
    matches!(data_type, DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..))
}

/// The function that gives the elements of one row of a list array.
pub(in crate::catalog::types) fn list_values(data_type: &DataType) -> fn(&dyn Array, usize) -> ArrayRef {
    match data_type {
        DataType::LargeList(_) => |array, row| array.as_list::<i64>().value(row),
        DataType::FixedSizeList(..) => |array, row| array.as_fixed_size_list().value(row),
        _ => |array, row| array.as_list::<i32>().value(row),
    }
}

fn list(values: fn(&dyn Array, usize) -> ArrayRef, item: WriteValue, is_nested: bool, pg: &PgType) -> WriteValue {
    let is_vector = matches!(pg, PgType::Int2vector | PgType::Oidvector);
    Box::new(move |array, row, out| {
        let items = values(array, row);
        if !is_vector {
            out.push(b'{');
        }
        for index in 0..items.len() {
            if index > 0 {
                out.push(if is_vector { b' ' } else { b',' });
            }
            if items.is_null(index) {
                out.extend_from_slice(b"NULL");
                continue;
            }
            let start = out.len();
            item(&items, index, out);
            if !is_nested && !is_vector && array::needs_quotes(&out[start..]) {
                array::quote(out, start);
            }
        }
        if !is_vector {
            out.push(b'}');
        }
    })
}
