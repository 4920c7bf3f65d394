//! Output in binary: a value of an Arrow array as the PostgreSQL type's send function gives it.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray};
use arrow::datatypes::*;

use super::{EPOCH_DAYS, EPOCH_US, numeric};
use crate::base::numeric::Numeric;
use crate::catalog::types::datetime::{
    DATE_INFINITY, DATE_MINUS_INFINITY, TIMESTAMP_INFINITY, TIMESTAMP_MINUS_INFINITY,
};
use crate::catalog::types::text::TextEncoder;
use crate::catalog::types::{OutputStyle, PgType};
use crate::error::{CatalogError, Result};

type WriteValue = Box<dyn Fn(&dyn Array, usize, &mut Vec<u8>) + Send + Sync>;

/// Writes values of one column in binary.
pub struct BinaryEncoder {
    write: WriteValue,
}

impl std::fmt::Debug for BinaryEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BinaryEncoder")
    }
}

impl BinaryEncoder {
    /// The encoder of a column with this Arrow field and PostgreSQL type.
    ///
    /// # Errors
    /// 0A000 for an Arrow type that is no form of the PostgreSQL type.
    pub fn new(field: &Field, pg: &PgType) -> Result<Self> {
        Ok(Self { write: resolve(field.data_type(), pg)? })
    }

    /// Appends the value of a row, which is not NULL, to `out`, without its length.
    pub fn write(&self, array: &dyn Array, row: usize, out: &mut Vec<u8>) {
        (self.write)(array, row, out);
    }
}

fn primitive<T: ArrowPrimitiveType>(write: impl Fn(T::Native, &mut Vec<u8>) + Send + Sync + 'static) -> WriteValue {
    Box::new(move |array, row, out| write(array.as_primitive::<T>().value(row), out))
}

fn resolve(data_type: &DataType, pg: &PgType) -> Result<WriteValue> {
    let found = match pg {
        PgType::Bool => boolean(data_type),
        PgType::Int2 => integer(data_type, |value, out| out.extend_from_slice(&clamp::<i16>(value).to_be_bytes())),
        PgType::Int4 => integer(data_type, |value, out| out.extend_from_slice(&clamp::<i32>(value).to_be_bytes())),
        PgType::Int8 => integer(data_type, |value, out| out.extend_from_slice(&clamp::<i64>(value).to_be_bytes())),
        PgType::Oid | PgType::Regclass | PgType::Regtype | PgType::Regproc | PgType::Regnamespace | PgType::Regrole => {
            integer(data_type, |value, out| out.extend_from_slice(&clamp::<u32>(value).to_be_bytes()))
        }
        PgType::Float4 => float(data_type, |value, out| {
            #[expect(clippy::cast_possible_truncation, reason = "a float4 column comes as f32 or smaller")]
            out.extend_from_slice(&(value as f32).to_be_bytes());
        }),
        PgType::Float8 => float(data_type, |value, out| out.extend_from_slice(&value.to_be_bytes())),
        PgType::Numeric(_) => numeric(data_type),
        PgType::Text | PgType::Varchar(_) | PgType::Name | PgType::Json | PgType::Unknown => text(data_type, false),
        // One byte, which is zero in an empty one.
        PgType::Char => {
            let write = text(data_type, false);
            write.map(|write| -> WriteValue {
                Box::new(move |array, row, out| {
                    let before = out.len();
                    write(array, row, out);
                    if out.len() == before {
                        out.push(0);
                    }
                })
            })
        }
        PgType::Jsonb | PgType::Jsonpath => text(data_type, true),
        PgType::Bytea | PgType::Uuid => bytes(data_type),
        PgType::Date => date(data_type),
        PgType::Time => time(data_type),
        PgType::Timestamp | PgType::Timestamptz => timestamp(data_type),
        PgType::Interval => interval(data_type),
        PgType::Int2vector | PgType::Oidvector | PgType::Array(_) => match data_type {
            DataType::List(element) | DataType::LargeList(element) | DataType::FixedSizeList(element, _) => {
                let element_type = pg.element().unwrap_or_else(|| PgType::of_field(element));
                let item = resolve(element.data_type(), &element_type)?;
                let lower_bound = if matches!(pg, PgType::Array(_)) { 1 } else { 0 };
                Some(list(crate::catalog::types::text::list_values(data_type), item, element_type.oid(), lower_bound))
            }
            _ => None,
        },
        PgType::Record(_) => match data_type {
            DataType::Struct(fields) => Some(record(fields)?),
            _ => None,
        },
        PgType::Void => Some(Box::new(|_: &dyn Array, _, _: &mut Vec<u8>| {}) as WriteValue),
    };
    let found = found.or_else(|| {
        (*data_type == DataType::Null).then(|| Box::new(|_: &dyn Array, _, _: &mut Vec<u8>| {}) as WriteValue)
    });
    match found {
        Some(write) => Ok(write),
        // A text column may hold anything that can be shown as text.
        None if matches!(pg, PgType::Text | PgType::Varchar(_)) => {
            let encoder = TextEncoder::new(&Field::new("", data_type.clone(), true), pg, &OutputStyle::default())?;
            Ok(Box::new(move |array, row, out| encoder.write(array, row, out)))
        }
        None => {
            let message = format!("values of the internal type {data_type} cannot be sent as {pg}");
            Err(CatalogError::NotSupported(message).into())
        }
    }
}

/// The number of fields; for each its type, its length, -1 for NULL, and its bytes.
fn record(fields: &Fields) -> Result<WriteValue> {
    let items = fields.iter().map(|field| {
        let pg = PgType::of_field(field);
        Ok((pg.oid(), resolve(field.data_type(), &pg)?))
    });
    let items = items.collect::<Result<Vec<_>>>()?;
    Ok(Box::new(move |array, row, out| {
        out.extend_from_slice(&i32::try_from(items.len()).unwrap_or(i32::MAX).to_be_bytes());
        for ((oid, item), column) in items.iter().zip(array.as_struct().columns()) {
            out.extend_from_slice(&oid.to_be_bytes());
            let start = out.len();
            out.extend_from_slice(&(-1i32).to_be_bytes());
            if !column.is_null(row) {
                item(column.as_ref(), row, out);
                let length = i32::try_from(out.len() - start - 4).unwrap_or(i32::MAX);
                out[start..start + 4].copy_from_slice(&length.to_be_bytes());
            }
        }
    }))
}

/// The nearest value of the smaller type. Columns have the form of their type, so nothing is lost.
fn clamp<T: TryFrom<i64> + num_bounds::Bounds>(value: i64) -> T {
    T::try_from(value).unwrap_or(if value < 0 { T::MINIMUM } else { T::MAXIMUM })
}

mod num_bounds {
    /// The ends of an integer type.
    pub(super) trait Bounds {
        const MINIMUM: Self;
        const MAXIMUM: Self;
    }

    macro_rules! bounds {
        ($($t:ty),*) => {
            $(impl Bounds for $t {
                const MINIMUM: Self = <$t>::MIN;
                const MAXIMUM: Self = <$t>::MAX;
            })*
        };
    }
    bounds!(i16, i32, i64, u32);
}

fn boolean(data_type: &DataType) -> Option<WriteValue> {
    (*data_type == DataType::Boolean).then(|| {
        Box::new(|array: &dyn Array, row, out: &mut Vec<u8>| out.push(array.as_boolean().value(row).into()))
            as WriteValue
    })
}

fn integer(data_type: &DataType, write: impl Fn(i64, &mut Vec<u8>) + Send + Sync + 'static) -> Option<WriteValue> {
    Some(match data_type {
        DataType::Int8 => primitive::<Int8Type>(move |value, out| write(value.into(), out)),
        DataType::Int16 => primitive::<Int16Type>(move |value, out| write(value.into(), out)),
        DataType::Int32 => primitive::<Int32Type>(move |value, out| write(value.into(), out)),
        DataType::Int64 => primitive::<Int64Type>(write),
        DataType::UInt8 => primitive::<UInt8Type>(move |value, out| write(value.into(), out)),
        DataType::UInt16 => primitive::<UInt16Type>(move |value, out| write(value.into(), out)),
        DataType::UInt32 => primitive::<UInt32Type>(move |value, out| write(value.into(), out)),
        DataType::UInt64 => {
            primitive::<UInt64Type>(move |value, out| write(i64::try_from(value).unwrap_or(i64::MAX), out))
        }
        _ => return None,
    })
}

fn float(data_type: &DataType, write: impl Fn(f64, &mut Vec<u8>) + Send + Sync + 'static) -> Option<WriteValue> {
    Some(match data_type {
        DataType::Float16 => primitive::<Float16Type>(move |value, out| write(value.into(), out)),
        DataType::Float32 => primitive::<Float32Type>(move |value, out| write(value.into(), out)),
        DataType::Float64 => primitive::<Float64Type>(write),
        _ => return None,
    })
}

fn numeric(data_type: &DataType) -> Option<WriteValue> {
    (*data_type == DataType::BinaryView).then(|| -> WriteValue {
        Box::new(|array, row, out| {
            if let Some(number) = Numeric::decode(array.as_binary_view().value(row)) {
                numeric::write(&number, out);
            }
        })
    })
}

/// Text; `jsonb` has a version byte before it.
fn text(data_type: &DataType, jsonb: bool) -> Option<WriteValue> {
    let put = move |text: &str, out: &mut Vec<u8>| {
        if jsonb {
            out.push(1);
        }
        out.extend_from_slice(text.as_bytes());
    };
    Some(match data_type {
        DataType::Utf8 => Box::new(move |array, row, out| put(array.as_string::<i32>().value(row), out)),
        DataType::LargeUtf8 => Box::new(move |array, row, out| put(array.as_string::<i64>().value(row), out)),
        DataType::Utf8View => Box::new(move |array, row, out| put(array.as_string_view().value(row), out)),
        _ => return None,
    })
}

fn bytes(data_type: &DataType) -> Option<WriteValue> {
    Some(match data_type {
        DataType::Binary => Box::new(|array, row, out| out.extend_from_slice(array.as_binary::<i32>().value(row))),
        DataType::LargeBinary => Box::new(|array, row, out| out.extend_from_slice(array.as_binary::<i64>().value(row))),
        DataType::FixedSizeBinary(_) => {
            Box::new(|array, row, out| out.extend_from_slice(array.as_fixed_size_binary().value(row)))
        }
        _ => return None,
    })
}

fn date(data_type: &DataType) -> Option<WriteValue> {
    let put = |days: i32, out: &mut Vec<u8>| {
        let days = match days {
            DATE_INFINITY | DATE_MINUS_INFINITY => days,
            _ => days.saturating_sub(EPOCH_DAYS),
        };
        out.extend_from_slice(&days.to_be_bytes());
    };
    Some(match data_type {
        DataType::Date32 => primitive::<Date32Type>(put),
        DataType::Date64 => primitive::<Date64Type>(move |ms, out| {
            put(i32::try_from(ms.div_euclid(86_400_000)).unwrap_or(DATE_INFINITY), out);
        }),
        _ => return None,
    })
}

fn time(data_type: &DataType) -> Option<WriteValue> {
    let put = |us: i64, out: &mut Vec<u8>| out.extend_from_slice(&us.to_be_bytes());
    Some(match data_type {
        DataType::Time32(TimeUnit::Second) => {
            primitive::<Time32SecondType>(move |value, out| put(i64::from(value) * 1_000_000, out))
        }
        DataType::Time32(_) => primitive::<Time32MillisecondType>(move |value, out| put(i64::from(value) * 1000, out)),
        DataType::Time64(TimeUnit::Microsecond) => primitive::<Time64MicrosecondType>(put),
        DataType::Time64(_) => primitive::<Time64NanosecondType>(move |value, out| put(value / 1000, out)),
        _ => return None,
    })
}

fn timestamp(data_type: &DataType) -> Option<WriteValue> {
    let put = |us: i64, out: &mut Vec<u8>| {
        let us = match us {
            TIMESTAMP_INFINITY | TIMESTAMP_MINUS_INFINITY => us,
            _ => us.saturating_sub(EPOCH_US),
        };
        out.extend_from_slice(&us.to_be_bytes());
    };
    let DataType::Timestamp(unit, _) = data_type else { return None };
    Some(match unit {
        TimeUnit::Second => {
            primitive::<TimestampSecondType>(move |value, out| put(value.saturating_mul(1_000_000), out))
        }
        TimeUnit::Millisecond => {
            primitive::<TimestampMillisecondType>(move |value, out| put(value.saturating_mul(1000), out))
        }
        TimeUnit::Microsecond => primitive::<TimestampMicrosecondType>(put),
        TimeUnit::Nanosecond => {
            primitive::<TimestampNanosecondType>(move |value, out| put(value.div_euclid(1000), out))
        }
    })
}

fn interval(data_type: &DataType) -> Option<WriteValue> {
    let put = |value: IntervalMonthDayNano, out: &mut Vec<u8>| {
        out.extend_from_slice(&(value.nanoseconds / 1000).to_be_bytes());
        out.extend_from_slice(&value.days.to_be_bytes());
        out.extend_from_slice(&value.months.to_be_bytes());
    };
    let time = move |ns: i64, out: &mut Vec<u8>| put(IntervalMonthDayNano::new(0, 0, ns), out);
    Some(match data_type {
        DataType::Interval(IntervalUnit::MonthDayNano) => primitive::<IntervalMonthDayNanoType>(put),
        DataType::Interval(IntervalUnit::YearMonth) => {
            primitive::<IntervalYearMonthType>(move |months, out| put(IntervalMonthDayNano::new(months, 0, 0), out))
        }
        DataType::Interval(IntervalUnit::DayTime) => primitive::<IntervalDayTimeType>(move |value, out| {
            put(IntervalMonthDayNano::new(0, value.days, i64::from(value.milliseconds) * 1_000_000), out);
        }),
        DataType::Duration(TimeUnit::Second) => {
            primitive::<DurationSecondType>(move |value, out| time(value.saturating_mul(1_000_000_000), out))
        }
        DataType::Duration(TimeUnit::Millisecond) => {
            primitive::<DurationMillisecondType>(move |value, out| time(value.saturating_mul(1_000_000), out))
        }
        DataType::Duration(TimeUnit::Microsecond) => {
            primitive::<DurationMicrosecondType>(move |value, out| time(value.saturating_mul(1000), out))
        }
        DataType::Duration(TimeUnit::Nanosecond) => primitive::<DurationNanosecondType>(time),
        _ => return None,
    })
}

/// `ndim | has nulls | element oid | length | lower bound | (length, bytes) per element`.
fn list(values: fn(&dyn Array, usize) -> ArrayRef, item: WriteValue, oid: u32, lower_bound: i32) -> WriteValue {
    Box::new(move |array, row, out| {
        let items = values(array, row);
        let dimensions = i32::from(!items.is_empty());
        out.extend_from_slice(&dimensions.to_be_bytes());
        out.extend_from_slice(&i32::from(items.null_count() > 0).to_be_bytes());
        out.extend_from_slice(&oid.to_be_bytes());
        if items.is_empty() {
            return;
        }
        out.extend_from_slice(&i32::try_from(items.len()).unwrap_or(i32::MAX).to_be_bytes());
        out.extend_from_slice(&lower_bound.to_be_bytes());
        for index in 0..items.len() {
            if items.is_null(index) {
                out.extend_from_slice(&(-1_i32).to_be_bytes());
                continue;
            }
            let start = out.len();
            out.extend_from_slice(&[0; 4]);
            item(&items, index, out);
            let length = i32::try_from(out.len() - start - 4).unwrap_or(i32::MAX);
            out[start..start + 4].copy_from_slice(&length.to_be_bytes());
        }
    })
}
