//! Input in binary: what a type's receive function takes, into an Arrow array.

use std::borrow::Cow;

use arrow::array::{BinaryBuilder, BinaryViewBuilder, BooleanBuilder, FixedSizeBinaryBuilder, StringBuilder};
use arrow::datatypes::*;

use super::{EPOCH_DAYS, EPOCH_US, numeric};
use crate::base::numeric::Numeric;
use crate::catalog::types::column::{
    Booleans, Bytes, Column, Decoder, Lists, Nulls, Numerics, Primitive, Strings, Uuids,
};
use crate::catalog::types::datetime::calendar::{DAY_US, FIRST_DAY, LAST_DAY};
use crate::catalog::types::encoding::utf8;
use crate::catalog::types::text::{fit_numeric, fit_varchar};
use crate::catalog::types::{PgType, json};
use crate::error::{CatalogError, Result};

/// Builds one column from binary values.
pub type BinaryDecoder = Decoder<[u8]>;

impl BinaryDecoder {
    /// A decoder into the Arrow form of a type.
    pub fn new(pg: &PgType) -> Self {
        Self::of(resolve(pg))
    }
}

/// Reads a value from its start; what is missing is an error, never a panic.
pub(super) struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let Some((head, tail)) = self.0.split_at_checked(length) else { return Err(wrong_length()) };
        self.0 = tail;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        Ok(self.take(N)?.try_into().expect("take gives N bytes"))
    }

    pub(super) fn i16(&mut self) -> Result<i16> {
        self.array().map(i16::from_be_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16> {
        self.array().map(u16::from_be_bytes)
    }

    fn i32(&mut self) -> Result<i32> {
        self.array().map(i32::from_be_bytes)
    }
}

fn wrong_length() -> crate::Error {
    CatalogError::InvalidBinary(String::new()).into()
}

/// A value of exactly N bytes.
fn exact<const N: usize>(bytes: &[u8]) -> Result<[u8; N]> {
    bytes.try_into().map_err(|_| wrong_length())
}

fn primitive<T: arrow::array::ArrowPrimitiveType>(
    pg: &PgType,
    parse: impl Fn(&[u8]) -> Result<T::Native> + Send + 'static,
) -> Box<dyn Column<[u8]>> {
    Box::new(Primitive::<T, _>::new(pg.arrow(), parse))
}

fn strings(check: impl for<'a> Fn(&'a [u8]) -> Result<Cow<'a, str>> + Send + 'static) -> Box<dyn Column<[u8]>> {
    Box::new(Strings { builder: StringBuilder::new(), check })
}

fn resolve(pg: &PgType) -> Box<dyn Column<[u8]>> {
    match pg {
        PgType::Bool => {
            let parse = |bytes: &[u8]| exact::<1>(bytes).map(|[byte]| byte != 0);
            Box::new(Booleans { builder: BooleanBuilder::new(), parse })
        }
        PgType::Int2 => primitive::<Int16Type>(pg, |bytes| exact(bytes).map(i16::from_be_bytes)),
        PgType::Int4 => primitive::<Int32Type>(pg, |bytes| exact(bytes).map(i32::from_be_bytes)),
        PgType::Int8 => primitive::<Int64Type>(pg, |bytes| exact(bytes).map(i64::from_be_bytes)),
        PgType::Float4 => primitive::<Float32Type>(pg, |bytes| exact(bytes).map(f32::from_be_bytes)),
        PgType::Float8 => primitive::<Float64Type>(pg, |bytes| exact(bytes).map(f64::from_be_bytes)),
        PgType::Oid | PgType::Regclass | PgType::Regtype | PgType::Regproc | PgType::Regnamespace | PgType::Regrole => {
            primitive::<UInt32Type>(pg, |bytes| exact(bytes).map(u32::from_be_bytes))
        }
        PgType::Numeric(modifier) => {
            let modifier = *modifier;
            Box::new(Numerics {
                builder: BinaryViewBuilder::new(),
                parse: move |bytes: &[u8]| fit_numeric(number(bytes)?, modifier),
            })
        }
        PgType::Text | PgType::Unknown | PgType::Name | PgType::Char => strings(|bytes| utf8(bytes).map(Cow::Borrowed)),
        PgType::Varchar(length) => {
            let length = *length;
            strings(move |bytes| fit_varchar(utf8(bytes)?, length).map(Cow::Borrowed))
        }
        PgType::Json => strings(|bytes| {
            let text = utf8(bytes)?;
            json::validate(text)?;
            Ok(Cow::Borrowed(text))
        }),
        PgType::Jsonb => strings(|bytes| match bytes {
            [1, text @ ..] => json::canonical(utf8(text)?).map(Cow::Owned),
            [version, ..] => {
                Err(CatalogError::NotSupported(format!("unsupported jsonb version number {version}")).into())
            }
            [] => Err(wrong_length()),
        }),
        PgType::Jsonpath => strings(|bytes| match bytes {
            [1, text @ ..] => json::path::canonical(utf8(text)?).map(Cow::Owned),
            [version, ..] => {
                Err(CatalogError::NotSupported(format!("unsupported jsonpath version number: {version}")).into())
            }
            [] => Err(wrong_length()),
        }),
        PgType::Bytea => Box::new(Bytes { builder: BinaryBuilder::new(), parse: |bytes: &[u8]| Ok(bytes.to_vec()) }),
        PgType::Uuid => {
            Box::new(Uuids { builder: FixedSizeBinaryBuilder::new(16), parse: |bytes: &[u8]| exact(bytes) })
        }
        PgType::Date => primitive::<Date32Type>(pg, date),
        PgType::Time => primitive::<Time64MicrosecondType>(pg, |bytes| {
            let us = exact(bytes).map(i64::from_be_bytes)?;
            if (0..=DAY_US).contains(&us) { Ok(us) } else { Err(overflow("time out of range")) }
        }),
        PgType::Timestamp | PgType::Timestamptz => primitive::<TimestampMicrosecondType>(pg, timestamp),
        PgType::Interval => primitive::<IntervalMonthDayNanoType>(pg, interval),
        PgType::Int2vector | PgType::Oidvector | PgType::Array(_) => {
            let element = pg.element().unwrap_or(PgType::Unknown);
            let oid = element.oid();
            let split = move |bytes: &[u8], items: &mut dyn Column<[u8]>| elements(bytes, oid, items);
            Box::new(Lists::new(element.arrow(), resolve(&element), split))
        }
        PgType::Record(_) => strings(|_| {
            Err(CatalogError::NotSupported("input of anonymous composite types is not implemented".into()).into())
        }),
        PgType::Void => Box::new(Nulls(0)),
    }
}

fn overflow(message: &str) -> crate::Error {
    CatalogError::DatetimeOverflow(message.to_owned()).into()
}

fn date(bytes: &[u8]) -> Result<i32> {
    let days = exact(bytes).map(i32::from_be_bytes)?;
    if days == i32::MAX || days == i32::MIN {
        return Ok(days);
    }
    let days = i64::from(days) + i64::from(EPOCH_DAYS);
    if !(FIRST_DAY..=LAST_DAY).contains(&days) {
        return Err(overflow("date out of range"));
    }
    i32::try_from(days).map_err(|_| overflow("date out of range"))
}

fn timestamp(bytes: &[u8]) -> Result<i64> {
    let us = exact(bytes).map(i64::from_be_bytes)?;
    if us == i64::MAX || us == i64::MIN {
        return Ok(us);
    }
    let us = us.checked_add(EPOCH_US).filter(|us| *us >= FIRST_DAY * DAY_US && *us < i64::MAX);
    us.ok_or_else(|| overflow("timestamp out of range"))
}

fn interval(bytes: &[u8]) -> Result<IntervalMonthDayNano> {
    let bytes: [u8; 16] = exact(bytes)?;
    let mut cursor = Cursor(&bytes);
    let us = cursor.array().map(i64::from_be_bytes)?;
    let (days, months) = (cursor.i32()?, cursor.i32()?);
    let ns = us.checked_mul(1000).ok_or_else(|| overflow("interval out of range"))?;
    Ok(IntervalMonthDayNano::new(months, days, ns))
}

fn number(bytes: &[u8]) -> Result<Numeric> {
    let mut cursor = Cursor(bytes);
    let number = numeric::read(&mut cursor)?;
    if cursor.0.is_empty() { Ok(number) } else { Err(wrong_length()) }
}

/// Gives the elements of a one-dimensional binary array to a column.
fn elements(bytes: &[u8], oid: u32, items: &mut dyn Column<[u8]>) -> Result<()> {
    let mut cursor = Cursor(bytes);
    let dimensions = cursor.i32()?;
    let flags = cursor.i32()?;
    let found = u32::from_be_bytes(cursor.array()?);
    if !(0..=1).contains(&flags) {
        return Err(CatalogError::BadBinaryNumeric("invalid array flags".into()).into());
    }
    if found != oid {
        return Err(CatalogError::WrongElementType { found, expected: oid }.into());
    }
    match dimensions {
        0 => {}
        1 => {
            let (length, _lower_bound) = (cursor.i32()?, cursor.i32()?);
            // No allocation by the length: each element must be there before the next one is looked at.
            for _ in 0..length.max(0) {
                match usize::try_from(cursor.i32()?) {
                    Ok(size) => items.append(cursor.take(size)?)?,
                    Err(_) => items.append_null(),
                }
            }
        }
        _ => return Err(CatalogError::NotSupported("multidimensional arrays are not supported".into()).into()),
    }
    if cursor.0.is_empty() { Ok(()) } else { Err(wrong_length()) }
}
