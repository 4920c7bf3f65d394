//! Functions and operators of text and bytes.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, Int32Array, StringArray, StringBuilder};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::Like;
use datafusion::logical_expr::{Expr, Volatility, lit};

use super::{Call, adapt, casts};
use crate::base::limits::{BATCH_BYTES, VALUE_BYTES};
use crate::catalog::types::PgType;
use crate::error::{QueryError, Result};
use crate::query::environment::Environment;
use crate::query::functions::cast::Kind;
use crate::query::functions::kernel::{self, Kernel};
use crate::query::functions::{bounded, convert};

/// PostgreSQL's functions that DataFusion has, or that we have under a name of its registry.
const NAMED: [(&str, &str); 29] = [
    ("initcap", "initcap"),
    ("ltrim", "ltrim"),
    ("rtrim", "rtrim"),
    ("btrim", "btrim"),
    ("ltrim1", "ltrim"),
    ("rtrim1", "rtrim"),
    ("btrim1", "btrim"),
    ("translate", "translate"),
    ("repeat", "repeat"),
    ("replace_text", "replace"),
    ("text_reverse", "reverse"),
    ("text_left", "left"),
    ("text_right", "right"),
    ("ascii", "ascii"),
    ("chr", "chr"),
    ("textlen", "character_length"),
    ("textoctetlen", "octet_length"),
    ("textpos", "strpos"),
    ("text_starts_with", "starts_with"),
    ("md5_text", "md5"),
    ("md5_bytea", "md5"),
    ("sha224_bytea", "sha224"),
    ("sha256_bytea", "sha256"),
    ("sha384_bytea", "sha384"),
    ("sha512_bytea", "sha512"),
    ("textoverlay", "overlay"),
    ("textoverlay_no_len", "overlay"),
    ("quote_ident", "quote_ident"),
    ("quote_literal", "quote_literal"),
];

pub(super) fn plan(call: &mut Call<'_>) -> Option<Result<Expr>> {
    if let Some((_, name)) = NAMED.iter().find(|(source, _)| *source == call.source) {
        return Some(adapt::call(call, name));
    }
    if let Some(matching) = matching(call) {
        return Some(Ok(matching));
    }
    Some(Ok(match call.source.as_str() {
        "textcat" => {
            let mut arguments = call.take().into_iter();
            bounded::concat(arguments.next()?, arguments.next()?)
        }
        "textanycat(text,anynonarray)" | "anytextcat(anynonarray,text)" => {
            let types = call.types;
            let mut texts =
                call.take().into_iter().zip(types).map(|(argument, data_type)| as_text(argument, data_type));
            bounded::concat(texts.next()?, texts.next()?)
        }
        "text_concat" | "text_concat_ws" => return Some(concatenation(call)),
        "quote_nullable" => return Some(adapt::call(call, "quote_nullable")),
        "quote_literal(anyelement)" | "quote_nullable(anyelement)" => {
            let data_type = call.kind(0);
            let argument = as_text(call.first(), &data_type);
            let function = match adapt::by_name(&call.fact.name) {
                Ok(function) => function,
                Err(error) => return Some(Err(error)),
            };
            kernel::call(function, vec![argument])
        }
        "text_substr" | "text_substr_no_len" => substring(call),
        "upper" => unary(call, |arrays| Ok(letters(&arrays[0], |letter| single(letter, letter.to_uppercase())))),
        "lower" => unary(call, |arrays| Ok(letters(&arrays[0], |letter| single(letter, letter.to_lowercase())))),
        "lpad" | "lpad(text,int4)" => padded(call, true),
        "rpad" | "rpad(text,int4)" => padded(call, false),
        "to_hex32" | "to_hex64" => {
            // The bits of an integer are 32.
            let mask = if call.source == "to_hex32" { i64::from(u32::MAX) } else { -1 };
            unary(call, move |arrays| {
                let numbers = convert::wide_integers(&arrays[0])?;
                let hex = |number: i64| format!("{:x}", number & mask);
                Ok(Arc::new(numbers.iter().map(|number| number.map(hex)).collect::<StringArray>()))
            })
        }
        "byteaoctetlen" => unary(call, |arrays| {
            let bytes = arrays[0].as_binary::<i32>();
            let length = |bytes: &[u8]| i32::try_from(bytes.len()).unwrap_or(i32::MAX);
            Ok(Arc::new(bytes.iter().map(|bytes| bytes.map(length)).collect::<Int32Array>()))
        }),
        "byteacat" => unary(call, |arrays| {
            let (left, right) = (arrays[0].as_binary::<i32>(), arrays[1].as_binary::<i32>());
            let both = left.iter().zip(right).map(|(left, right)| Some([left?, right?].concat()));
            Ok(Arc::new(both.collect::<BinaryArray>()))
        }),
        "like_escape" => unary(call, |arrays| {
            let (patterns, escapes) = (arrays[0].as_string::<i32>(), arrays[1].as_string::<i32>());
            let answers = patterns.iter().zip(escapes).map(|(pattern, escape)| match (pattern, escape) {
                (Some(pattern), Some(escape)) => escaped(pattern, escape).map(Some),
                _ => Ok(None),
            });
            Ok(Arc::new(answers.collect::<Result<StringArray>>()?))
        }),
        _ => return None,
    }))
}

/// A kernel that answers the declared type.
fn unary(call: &mut Call<'_>, work: impl Fn(&[ArrayRef]) -> Result<ArrayRef> + Send + Sync + 'static) -> Expr {
    let (name, arguments) = (format!("pg_{}", call.source), call.take());
    let work = move |_: &Environment, arrays: &[ArrayRef]| work(arrays);
    let function = Kernel::new(name, arguments.len(), call.result.clone(), Volatility::Immutable, work);
    kernel::call(function, arguments)
}

fn as_text(argument: Expr, data_type: &PgType) -> Expr {
    match data_type {
        PgType::Text | PgType::Varchar(_) | PgType::Name | PgType::Char | PgType::Unknown => argument,
        other => casts::convert(argument, other, &PgType::Text, Kind::Explicit),
    }
}

/// What the output function writes, in which `true` is `t`.
pub(super) fn as_output(argument: Expr, data_type: &PgType) -> Expr {
    if *data_type != PgType::Bool {
        return as_text(argument, data_type);
    }
    let when = |value: bool, letter: &str| {
        let test = if value { argument.clone().is_true() } else { argument.clone().is_false() };
        (Box::new(test), Box::new(lit(letter)))
    };
    Expr::Case(datafusion::logical_expr::expr::Case::new(None, vec![when(true, "t"), when(false, "f")], None))
}

/// `LIKE` and `ILIKE`.
fn matching(call: &mut Call<'_>) -> Option<Expr> {
    let operation = call.source.strip_prefix("text").or_else(|| call.source.strip_prefix("name"))?;
    let (negated, case_insensitive) = match operation {
        "like" => (false, false),
        "nlike" => (true, false),
        "iclike" => (false, true),
        "icnlike" => (true, true),
        _ => return None,
    };
    let mut arguments = call.take().into_iter();
    let (text, pattern) = (Box::new(arguments.next()?), Box::new(arguments.next()?));
    Some(Expr::Like(Like::new(negated, text, pattern, None, case_insensitive)))
}

/// `concat` and `concat_ws`, of values of any type by their output functions, in which `true` is `t`.
fn concatenation(call: &mut Call<'_>) -> Result<Expr> {
    let name = if call.source == "text_concat" { "concat" } else { "concat_ws" };
    let types = call.types;
    let separators = usize::from(name == "concat_ws");
    let texts = call.take().into_iter().zip(types).enumerate();
    let texts =
        texts.map(
            |(index, (argument, data_type))| {
                if index >= separators { as_output(argument, data_type) } else { as_text(argument, data_type) }
            },
        );
    let texts: Vec<Expr> = texts.collect();
    let own = vec![PgType::Text; texts.len()];
    let call =
        Call { fact: call.fact, source: call.source.clone(), arguments: Vec::new(), types: &own, result: call.result };
    adapt::wrap(&call, adapt::by_name(name)?, texts)
}

/// `substr(text, from [, count])`, counted in characters; what lies outside of the text is nothing.
fn substring(call: &mut Call<'_>) -> Expr {
    unary(call, |arrays| {
        let texts = arrays[0].as_string::<i32>();
        let starts = convert::wide_integers(&arrays[1])?;
        let counts = arrays.get(2).map(convert::wide_integers).transpose()?;
        let mut answers = Vec::with_capacity(texts.len());
        for row in 0..texts.len() {
            if texts.is_null(row) || starts.is_null(row) || counts.as_ref().is_some_and(|counts| counts.is_null(row)) {
                answers.push(None);
                continue;
            }
            let start = starts.value(row);
            let end = match &counts {
                None => i64::MAX,
                Some(counts) if counts.value(row) < 0 => return Err(negative_length()),
                Some(counts) => start + counts.value(row),
            };
            answers.push(Some(characters(texts.value(row), start, end)));
        }
        Ok(Arc::new(StringArray::from(answers)))
    })
}

fn letters(array: &ArrayRef, change: impl Fn(char) -> char) -> ArrayRef {
    let texts = array.as_string::<i32>().iter();
    Arc::new(texts.map(|text| text.map(|text| text.chars().map(&change).collect::<String>())).collect::<StringArray>())
}

/// A letter becomes one other letter, or stays as it is, as PostgreSQL's libc has it.
fn single(letter: char, mut changed: impl Iterator<Item = char>) -> char {
    match (changed.next(), changed.next()) {
        (Some(changed), None) => changed,
        _ => letter,
    }
}

/// `lpad` and `rpad`: a text of so many characters, filled up with another text.
fn padded(call: &mut Call<'_>, before: bool) -> Expr {
    // Much out of little is not computed before the plan runs: it would be a literal of its size in every step.
    let is_short = matches!(&call.arguments[1], Expr::Literal(ScalarValue::Int32(Some(..1000)), _));
    let volatility = if is_short { Volatility::Immutable } else { Volatility::Volatile };
    let (name, arguments) = (format!("pg_{}", call.source), call.take());
    let work = move |_: &Environment, arrays: &[ArrayRef]| {
        let texts = arrays[0].as_string::<i32>();
        let lengths = convert::wide_integers(&arrays[1])?;
        let fills = arrays.get(2).map(|fills| fills.as_string::<i32>());
        let mut builder = StringBuilder::new();
        let mut sum = 0;
        for row in 0..texts.len() {
            if texts.is_null(row) || lengths.is_null(row) || fills.is_some_and(|fills| fills.is_null(row)) {
                builder.append_null();
                continue;
            }
            let (text, fill) = (texts.value(row), fills.map_or(" ", |fills| fills.value(row)));
            let length = usize::try_from(lengths.value(row)).unwrap_or(0);
            let own = characters(text, 1, i64::try_from(length).unwrap_or(i64::MAX).saturating_add(1));
            let missing = if fill.is_empty() { 0 } else { length - own.chars().count() };
            let widest = fill.chars().map(char::len_utf8).max().unwrap_or(0);
            let bytes = (missing as u64).saturating_mul(widest as u64).saturating_add(own.len() as u64);
            sum += bytes;
            if bytes > VALUE_BYTES || sum > BATCH_BYTES {
                return Err(QueryError::LimitExceeded("requested length too large".into()).into());
            }
            let filling: String = fill.chars().cycle().take(missing).collect();
            builder.append_value(if before { filling + own } else { own.to_owned() + &filling });
        }
        Ok(Arc::new(builder.finish()) as ArrayRef)
    };
    kernel::call(Kernel::new(name, arguments.len(), PgType::Text, volatility, work), arguments)
}

fn negative_length() -> crate::Error {
    QueryError::InvalidSubstring.into()
}

/// The characters from `start`, counted from 1, to before `end`.
fn characters(text: &str, start: i64, end: i64) -> &str {
    let start = start.max(1);
    if end <= start {
        return "";
    }
    let place = |character: i64| {
        let index = usize::try_from(character - 1).unwrap_or(usize::MAX);
        if text.is_ascii() {
            index.min(text.len())
        } else {
            text.char_indices().nth(index).map_or(text.len(), |(at, _)| at)
        }
    };
    &text[place(start)..place(end)]
}

/// A pattern with another escape character as one with backslashes.
fn escaped(pattern: &str, escape: &str) -> Result<String> {
    let mut characters = escape.chars();
    let escape = characters.next();
    if characters.next().is_some() {
        return Err(QueryError::InvalidEscape("invalid escape string".into()).into());
    }
    if escape == Some('\\') {
        return Ok(pattern.to_owned());
    }
    let mut answer = String::with_capacity(pattern.len() + 8);
    let mut after_escape = false;
    for character in pattern.chars() {
        if Some(character) == escape && !after_escape {
            answer.push('\\');
            after_escape = true;
            continue;
        }
        // A backslash means itself unless it was escaped, which doubled it already.
        if character == '\\' && !after_escape {
            answer.push('\\');
        }
        answer.push(character);
        after_escape = false;
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn substrings_count_characters() {
        assert_eq!(characters("äöü", 2, 3), "ö");
        assert_eq!(characters("abc", -1, 2), "a");
        assert_eq!(characters("abc", 2, i64::MAX), "bc");
        assert_eq!(characters("abc", 5, 7), "");
    }

    #[test]
    fn escapes_become_backslashes() {
        assert_eq!(escaped("a!%b", "!").unwrap(), "a\\%b");
        assert_eq!(escaped("a!!b\\", "!").unwrap(), "a\\!b\\\\");
        assert_eq!(escaped("a\\%", "").unwrap(), "a\\\\%");
        assert!(escaped("a", "ab").is_err());
    }
}
