//! `to_char`, `to_date`, `to_timestamp` and `to_number`: values by templates.
//!
//! This follows PostgreSQL's `formatting.c` step by step, because its leniency has no other specification: [`times`] is
//! the language of templates for times, [`write_time`] and [`read_time`] are its two directions; [`numbers`] is the
//! language for numbers, [`write_number`] and [`read_number`] its directions.

mod numbers;
mod read_number;
mod read_time;
mod times;
mod write_number;
mod write_time;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{
    Float32Type, Float64Type, Int32Type, Int64Type, IntervalMonthDayNanoType, TimestampMicrosecondType,
};
use datafusion::logical_expr::{Expr, Volatility};

use super::frame::{numbers as answers, stable, texts};
use super::{Call, casts, kernel_of};
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::environment::Environment;
use crate::query::functions::cast::Kind;
use crate::query::functions::kernel::{self, Kernel};

pub(super) fn plan(call: &mut Call<'_>) -> Option<Result<Expr>> {
    Some(Ok(match call.source.as_str() {
        "timestamp_to_char" => written(call, |arrays, row, template: &times::Template, out, _| {
            write_time::timestamp(arrays[0].as_primitive::<TimestampMicrosecondType>().value(row), None, template, out)
        }),
        "timestamptz_to_char" => written(call, |arrays, row, template: &times::Template, out, environment| {
            let us = arrays[0].as_primitive::<TimestampMicrosecondType>().value(row);
            write_time::timestamp(us, Some(&environment.style.time_zone), template, out)
        }),
        "interval_to_char" => written(call, |arrays, row, template: &times::Template, out, _| {
            write_time::interval(arrays[0].as_primitive::<IntervalMonthDayNanoType>().value(row), template, out)
        }),
        "int4_to_char" => written(call, |arrays, row, template: &numbers::Template, out, _| {
            write_number::int4(arrays[0].as_primitive::<Int32Type>().value(row), template, out)
        }),
        "int8_to_char" => written(call, |arrays, row, template: &numbers::Template, out, _| {
            write_number::int8(arrays[0].as_primitive::<Int64Type>().value(row), template, out)
        }),
        "float4_to_char" => written(call, |arrays, row, template: &numbers::Template, out, _| {
            write_number::float4(arrays[0].as_primitive::<Float32Type>().value(row), template, out)
        }),
        "float8_to_char" => written(call, |arrays, row, template: &numbers::Template, out, _| {
            write_number::float8(arrays[0].as_primitive::<Float64Type>().value(row), template, out)
        }),
        // A numeric comes as its text, which shows all of its digits.
        "numeric_to_char" => {
            let mut arguments = call.take();
            let number =
                casts::convert(std::mem::take(&mut arguments[0]), &call.kind(0), &PgType::Text, Kind::Explicit);
            arguments[0] = number;
            call.arguments = arguments;
            written(call, |arrays, row, template: &numbers::Template, out, _| {
                write_number::numeric(arrays[0].as_string::<i32>().value(row), template, out)
            })
        }
        "numeric_to_number" => {
            let arguments = call.take();
            let text = kernel_of("pg_numeric_to_number", &PgType::Text, arguments, |arrays| {
                let (values, templates) = (arrays[0].as_string::<i32>(), arrays[1].as_string::<i32>());
                let mut last = Last::default();
                texts(arrays, |row, out| {
                    let template = templates.value(row);
                    if template.is_empty() {
                        return Ok(false);
                    }
                    read_number::read(values.value(row), last.get(template)?, out).map(|()| true)
                })
            });
            casts::convert(text, &PgType::Text, call.result, Kind::Explicit)
        }
        "to_timestamp" => stable(call, |environment, arrays| {
            let (values, templates) = (arrays[0].as_string::<i32>(), arrays[1].as_string::<i32>());
            let mut last = Last::default();
            let times = answers::<TimestampMicrosecondType>(arrays, |row| {
                let template = last.get(templates.value(row))?;
                read_time::timestamp(values.value(row), template, &environment.style.time_zone).map(Some)
            })?;
            let times = times.as_primitive::<TimestampMicrosecondType>().clone().with_timezone("UTC");
            Ok(std::sync::Arc::new(times))
        }),
        "to_date" => stable(call, |_, arrays| {
            let (values, templates) = (arrays[0].as_string::<i32>(), arrays[1].as_string::<i32>());
            let mut last = Last::default();
            answers::<arrow::datatypes::Date32Type>(arrays, |row| {
                read_time::date(values.value(row), last.get(templates.value(row))?).map(Some)
            })
        }),
        _ => return None,
    }))
}

/// A language of templates.
trait Language: Sized {
    fn parse(text: &str) -> Result<Self>;
}

/// The template that was used last, which nearly always is the next one too.
struct Last<T>(Option<(String, T)>);

impl<T> Default for Last<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Language> Last<T> {
    fn get(&mut self, text: &str) -> Result<&T> {
        let known = matches!(&self.0, Some((known, _)) if known == text);
        let last = match self.0.take() {
            Some(last) if known => last,
            _ => (text.to_owned(), T::parse(text)?),
        };
        Ok(&self.0.insert(last).1)
    }
}

/// `to_char`. What is written may depend on the session's zone. `false` is NULL.
fn written<T: Language + 'static>(
    call: &mut Call<'_>,
    write: fn(&[ArrayRef], usize, &T, &mut String, &Environment) -> Result<bool>,
) -> Expr {
    let (name, arguments) = (format!("pg_{}", call.source), call.take());
    let work = move |environment: &Environment, arrays: &[ArrayRef]| {
        let templates = arrays[1].as_string::<i32>();
        let mut last = Last::<T>::default();
        texts(arrays, |row, out| write(arrays, row, last.get(templates.value(row))?, out, environment))
    };
    kernel::call(Kernel::new(name, 2, PgType::Text, Volatility::Stable, work), arguments)
}

/// The ending of an ordinal number, as in `1st`.
fn ordinal(digits: &str, upper: bool) -> Result<&'static str> {
    let bytes = digits.as_bytes();
    let Some(last) = bytes.last().filter(|last| last.is_ascii_digit()) else {
        return Err(crate::error::QueryError::InvalidText(format!("\"{digits}\" is not a number")).into());
    };
    let is_teen = bytes.len() > 1 && bytes[bytes.len() - 2] == b'1';
    Ok(match (last, is_teen, upper) {
        (b'1', false, true) => "ST",
        (b'1', false, false) => "st",
        (b'2', false, true) => "ND",
        (b'2', false, false) => "nd",
        (b'3', false, true) => "RD",
        (b'3', false, false) => "rd",
        (_, _, true) => "TH",
        _ => "th",
    })
}

/// A piece of text in a template: quoted or not, a backslash quotes the character behind it where it can.
/// `literal` is told each character and whether it was quoted. Returns what is left.
fn literal(text: &str, mut literal: impl FnMut(char, bool)) -> &str {
    let Some(mut rest) = text.strip_prefix('"') else {
        let text = if text.starts_with("\\\"") { &text[1..] } else { text };
        if let Some(character) = text.chars().next() {
            literal(character, false);
            return &text[character.len_utf8()..];
        }
        return text;
    };
    while let Some(mut character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        match character {
            '"' => break,
            '\\' => {
                if let Some(quoted) = rest.chars().next() {
                    character = quoted;
                    rest = &rest[quoted.len_utf8()..];
                }
            }
            _ => {}
        }
        literal(character, true);
    }
    rest
}
