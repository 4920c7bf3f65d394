//! Input functions: PostgreSQL's text into an Arrow array.

use std::borrow::Cow;

use arrow::array::{BinaryBuilder, BinaryViewBuilder, BooleanBuilder, FixedSizeBinaryBuilder, StringBuilder};
use arrow::datatypes::*;

use super::array;
use crate::base::limits::IDENTIFIER_BYTES;
use crate::base::numeric::Numeric;
use crate::catalog::types::column::{
    Booleans, Bytes, Column, Decoder, Lists, Nulls, Numerics, Primitive, Strings, Uuids,
};
use crate::catalog::types::encoding::without_nul;
use crate::catalog::types::{OutputStyle, PgType, bytea, datetime, json, number};
use crate::error::{CatalogError, Result};

/// Builds one column from texts.
pub type TextDecoder = Decoder<str>;

impl TextDecoder {
    /// A decoder into the Arrow form of a type.
    pub fn new(pg: &PgType, style: &OutputStyle) -> Self {
        Self::of(resolve(pg, style))
    }
}

fn primitive<T: arrow::array::ArrowPrimitiveType>(
    pg: &PgType,
    parse: impl Fn(&str) -> Result<T::Native> + Send + 'static,
) -> Box<dyn Column<str>> {
    Box::new(Primitive::<T, _>::new(pg.arrow(), parse))
}

fn strings(check: impl for<'a> Fn(&'a str) -> Result<Cow<'a, str>> + Send + 'static) -> Box<dyn Column<str>> {
    Box::new(Strings { builder: StringBuilder::new(), check })
}

fn resolve(pg: &PgType, style: &OutputStyle) -> Box<dyn Column<str>> {
    let style = style.clone();
    match pg {
        PgType::Bool => Box::new(Booleans { builder: BooleanBuilder::new(), parse: number::parse_bool }),
        PgType::Int2 => primitive::<Int16Type>(pg, |text| number::parse_integer(text, "smallint")),
        PgType::Int4 => primitive::<Int32Type>(pg, |text| number::parse_integer(text, "integer")),
        PgType::Int8 => primitive::<Int64Type>(pg, |text| number::parse_integer(text, "bigint")),
        PgType::Float4 => primitive::<Float32Type>(pg, number::parse_float4),
        PgType::Float8 => primitive::<Float64Type>(pg, number::parse_float8),
        PgType::Numeric(modifier) => {
            let modifier = *modifier;
            Box::new(Numerics {
                builder: BinaryViewBuilder::new(),
                parse: move |text: &str| fit_numeric(Numeric::parse(text)?, modifier),
            })
        }
        PgType::Text | PgType::Unknown => strings(|text| without_nul(text).map(Cow::Borrowed)),
        PgType::Varchar(length) => {
            let length = *length;
            strings(move |text| fit_varchar(without_nul(text)?, length).map(Cow::Borrowed))
        }
        PgType::Name => strings(|text| Ok(Cow::Borrowed(clip(without_nul(text)?, IDENTIFIER_BYTES)))),
        PgType::Char => strings(|text| match without_nul(text)?.chars().next() {
            Some(first) if !first.is_ascii() => {
                Err(CatalogError::NotSupported("bytes above 127 in \"char\" are not supported".into()).into())
            }
            _ => Ok(Cow::Borrowed(clip(text, 1))),
        }),
        PgType::Bytea => Box::new(Bytes { builder: BinaryBuilder::new(), parse: bytea::parse_bytea }),
        PgType::Uuid => Box::new(Uuids { builder: FixedSizeBinaryBuilder::new(16), parse: bytea::parse_uuid }),
        PgType::Date => primitive::<Date32Type>(pg, move |text| datetime::parse_date(text, &style)),
        PgType::Time => primitive::<Time64MicrosecondType>(pg, move |text| datetime::parse_time(text, &style)),
        PgType::Timestamp => {
            primitive::<TimestampMicrosecondType>(pg, move |text| datetime::parse_timestamp(text, &style))
        }
        PgType::Timestamptz => {
            primitive::<TimestampMicrosecondType>(pg, move |text| datetime::parse_timestamptz(text, &style))
        }
        PgType::Interval => primitive::<IntervalMonthDayNanoType>(pg, datetime::parse_interval),
        PgType::Json => strings(|text| {
            json::validate(without_nul(text)?)?;
            Ok(Cow::Borrowed(text))
        }),
        PgType::Jsonb => strings(|text| json::canonical(without_nul(text)?).map(Cow::Owned)),
        PgType::Jsonpath => strings(|text| json::path::canonical(without_nul(text)?).map(Cow::Owned)),
        PgType::Oid => primitive::<UInt32Type>(pg, number::parse_oid),
        PgType::Regclass | PgType::Regtype | PgType::Regproc | PgType::Regnamespace | PgType::Regrole => {
            let kind = pg.clone();
            primitive::<UInt32Type>(pg, move |text| object_id(&kind, text, &style))
        }
        PgType::Int2vector | PgType::Oidvector => {
            let element = pg.element().unwrap_or(PgType::Oid);
            let items = resolve(&element, &style);
            Box::new(Lists::new(element.arrow(), items, |text: &str, items: &mut dyn Column<str>| {
                text.split_ascii_whitespace().try_for_each(|item| items.append(item))
            }))
        }
        PgType::Array(element) => Box::new(Lists::new(
            element.arrow(),
            resolve(element, &style),
            |text: &str, items: &mut dyn Column<str>| array::split(text, items),
        )),
        PgType::Record(_) => strings(|_| {
            Err(CatalogError::NotSupported("input of anonymous composite types is not implemented".into()).into())
        }),
        PgType::Void => Box::new(Nulls(0)),
    }
}

/// A number as a column with this modifier holds it.
pub(in crate::catalog::types) fn fit_numeric(number: Numeric, modifier: Option<(u16, i16)>) -> Result<Numeric> {
    match modifier {
        Some((precision, scale)) => number.fitted(precision, scale),
        None => Ok(number),
    }
}

/// The text for a `varchar(n)`: too many spaces at the end are cut off, anything else is an error.
pub(in crate::catalog::types) fn fit_varchar(text: &str, length: Option<u32>) -> Result<&str> {
    let Some(length) = length else { return Ok(text) };
    let Some((end, _)) = text.char_indices().nth(length as usize) else { return Ok(text) };
    if text[end..].bytes().all(|b| b == b' ') {
        Ok(&text[..end])
    } else {
        Err(CatalogError::TooLong { type_name: format!("character varying({length})") }.into())
    }
}

/// The longest prefix of at most `bytes` bytes that ends between characters.
fn clip(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

fn object_id(kind: &PgType, text: &str, style: &OutputStyle) -> Result<u32> {
    if text == "-" {
        return Ok(0);
    }
    match &style.names {
        _ if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => number::parse_oid(text),
        Some(names) => names.oid(kind, text),
        None => {
            let message = format!("names of type {kind} are not supported here");
            Err(CatalogError::NotSupported(message).into())
        }
    }
}
