//! Functions of text that are small languages of their own: escapes, identifiers, normal forms, SQL's patterns.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListBuilder, StringBuilder};
use datafusion::logical_expr::Expr;
use unicode_normalization::{UnicodeNormalization, is_nfc, is_nfd, is_nfkc, is_nfkd};

use super::frame::{immutable, rows, texts, truths};
use super::{Call, patterns};
use crate::base::limits::IDENTIFIER_BYTES;
use crate::catalog::types::PgType;
use crate::error::{Error, QueryError, Result};
use crate::query::bind::refuse;
use crate::query::functions::convert;
use crate::query::values;

pub(super) fn plan(call: &mut Call<'_>) -> Option<Result<Expr>> {
    Some(Ok(match call.source.as_str() {
        "unistr" => immutable(call, |arrays| {
            let values = arrays[0].as_string::<i32>();
            texts(arrays, |row, out| unistr(values.value(row), out).map(|()| true))
        }),
        "unicode_normalize_func" => immutable(call, |arrays| {
            let (values, forms) = (arrays[0].as_string::<i32>(), arrays[1].as_string::<i32>());
            texts(arrays, |row, out| {
                let value = values.value(row);
                match form(forms.value(row))? {
                    Form::C => out.extend(value.nfc()),
                    Form::D => out.extend(value.nfd()),
                    Form::Kc => out.extend(value.nfkc()),
                    Form::Kd => out.extend(value.nfkd()),
                }
                Ok(true)
            })
        }),
        "unicode_is_normalized" => immutable(call, |arrays| {
            let (values, forms) = (arrays[0].as_string::<i32>(), arrays[1].as_string::<i32>());
            truths(arrays, |row| {
                let value = values.value(row);
                Ok(match form(forms.value(row))? {
                    Form::C => is_nfc(value),
                    Form::D => is_nfd(value),
                    Form::Kc => is_nfkc(value),
                    Form::Kd => is_nfkd(value),
                })
            })
        }),
        "similar_to_escape_1" => immutable(call, |arrays| {
            let values = arrays[0].as_string::<i32>();
            texts(arrays, |row, out| similar(values.value(row), "\\", out).map(|()| true))
        }),
        "similar_to_escape_2" => immutable(call, |arrays| {
            let (values, escapes) = (arrays[0].as_string::<i32>(), arrays[1].as_string::<i32>());
            texts(arrays, |row, out| similar(values.value(row), escapes.value(row), out).map(|()| true))
        }),
        // The old one of the name is not strict: without an escape character it is the backslash.
        "similar_escape" => immutable(call, |arrays| {
            let (values, escapes) = (arrays[0].as_string::<i32>(), arrays[1].as_string::<i32>());
            texts(&arrays[..1], |row, out| {
                let escape = if escapes.is_null(row) { "\\" } else { escapes.value(row) };
                similar(values.value(row), escape, out).map(|()| true)
            })
        }),
        "substring(text,text,text)" => {
            let mut arguments = call.take().into_iter();
            let (value, pattern, escape) = (arguments.next()?, arguments.next()?, arguments.next()?);
            let text = PgType::Text;
            let pattern = super::kernel_of("pg_similar_to_escape_2", &text, vec![pattern, escape], |arrays| {
                let (values, escapes) = (arrays[0].as_string::<i32>(), arrays[1].as_string::<i32>());
                texts(arrays, |row, out| similar(values.value(row), escapes.value(row), out).map(|()| true))
            });
            return Some(patterns::substring(value, pattern));
        }
        "parse_ident" => immutable(call, |arrays| {
            let (values, stricts) = (arrays[0].as_string::<i32>(), arrays[1].as_boolean());
            let mut lists = ListBuilder::new(StringBuilder::new());
            for row in 0..rows(arrays) {
                if super::frame::any_null(arrays, row) {
                    lists.append(false);
                    continue;
                }
                for part in identifiers(values.value(row), stricts.value(row))? {
                    lists.values().append_value(part);
                }
                lists.append(true);
            }
            Ok(Arc::new(lists.finish()) as ArrayRef)
        }),
        "pg_client_encoding" => match values::literal("UTF8", &PgType::Name, &Default::default()) {
            Ok(name) => name,
            Err(error) => return Some(Err(error)),
        },
        "to_ascii_default" => immutable(call, |arrays| {
            texts(arrays, |_, _| Err(refuse::not_supported("encoding conversion from UTF8 to ASCII")))
        }),
        "bit_length(text)" => immutable(call, |arrays| {
            let values = arrays[0].as_string::<i32>();
            super::frame::numbers::<arrow::datatypes::Int32Type>(arrays, |row| {
                Ok(i32::try_from(values.value(row).len().saturating_mul(8)).ok())
            })
        }),
        "split_part" => immutable(call, |arrays| {
            let (values, separators) = (arrays[0].as_string::<i32>(), arrays[1].as_string::<i32>());
            let numbers = convert::wide_integers(&arrays[2])?;
            texts(arrays, |row, out| {
                out.push_str(field(values.value(row), separators.value(row), numbers.value(row))?);
                Ok(true)
            })
        }),
        _ => return None,
    }))
}

/// The set-returning ones: their rows as a list.
pub(super) fn set_returning(call: &mut Call<'_>) -> Option<Result<Expr>> {
    match call.source.as_str() {
        "text_to_table" | "text_to_table_null" => Some(Ok(immutable(call, parts))),
        _ => None,
    }
}

/// `split_part`: the field of this number, counted from 1, or from the end if it is negative.
fn field<'a>(value: &'a str, separator: &str, number: i64) -> Result<&'a str> {
    if number == 0 {
        return Err(QueryError::InvalidParameterValue("field position must not be zero".into()).into());
    }
    let index = usize::try_from(number.unsigned_abs() - 1).unwrap_or(usize::MAX);
    if value.is_empty() || separator.is_empty() {
        return Ok(if index == 0 { value } else { "" });
    }
    // Fields are found from the left also where they are counted from the right.
    if number > 0 {
        return Ok(value.split(separator).nth(index).unwrap_or(""));
    }
    let count = value.split(separator).count();
    Ok(count.checked_sub(index + 1).and_then(|index| value.split(separator).nth(index)).unwrap_or(""))
}

/// `string_to_table`: the rows as a list. Only a text and what stands for NULL may be NULL themselves.
fn parts(arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let (values, separators) = (arrays[0].as_string::<i32>(), arrays[1].as_string::<i32>());
    let nulls = arrays.get(2).map(|nulls| nulls.as_string::<i32>());
    let mut lists = ListBuilder::new(StringBuilder::new());
    for row in 0..values.len() {
        if values.is_null(row) {
            lists.append(false);
            continue;
        }
        let value = values.value(row);
        let null = nulls.and_then(|nulls| nulls.is_valid(row).then(|| nulls.value(row)));
        let builder = lists.values();
        let mut add = |part: &str| builder.append_option((Some(part) != null).then_some(part));
        if value.is_empty() {
        } else if separators.is_null(row) {
            let mut buffer = [0; 4];
            value.chars().for_each(|character| add(character.encode_utf8(&mut buffer)));
        } else if separators.value(row).is_empty() {
            add(value);
        } else {
            value.split(separators.value(row)).for_each(add);
        }
        lists.append(true);
    }
    Ok(Arc::new(lists.finish()))
}

enum Form {
    C,
    D,
    Kc,
    Kd,
}

fn form(name: &str) -> Result<Form> {
    Ok(match name.to_ascii_lowercase().as_str() {
        "nfc" => Form::C,
        "nfd" => Form::D,
        "nfkc" => Form::Kc,
        "nfkd" => Form::Kd,
        _ => {
            let message = format!("invalid normalization form: {name}");
            return Err(QueryError::InvalidParameterValue(message).into());
        }
    })
}

/// Reads escapes as in `\0061`, `\+000061`, `\u0061` and `\U00000061`.
fn unistr(text: &str, out: &mut String) -> Result<()> {
    let wrong_pair = || Error::from(QueryError::Syntax("invalid Unicode surrogate pair".into()));
    let mut rest = text;
    let mut high: Option<u32> = None;
    while let Some(first) = rest.chars().next() {
        if first != '\\' {
            if high.is_some() {
                return Err(wrong_pair());
            }
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let behind = &rest[1..];
        if let Some(behind) = behind.strip_prefix('\\') {
            if high.is_some() {
                return Err(wrong_pair());
            }
            out.push('\\');
            rest = behind;
            continue;
        }
        let digits = |skipped: usize, count: usize| -> Option<(u32, usize)> {
            let digits = behind.get(skipped..skipped + count)?;
            let all = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            all.then(|| u32::from_str_radix(digits, 16).ok()).flatten().map(|number| (number, skipped + count))
        };
        let found = digits(0, 4)
            .or_else(|| behind.starts_with('u').then(|| digits(1, 4)).flatten())
            .or_else(|| behind.starts_with('+').then(|| digits(1, 6)).flatten())
            .or_else(|| behind.starts_with('U').then(|| digits(1, 8)).flatten());
        let Some((number, length)) = found else {
            let error = Error::from(QueryError::Syntax("invalid Unicode escape".into()));
            return Err(error.hint("Unicode escapes must be \\XXXX, \\+XXXXXX, \\uXXXX, or \\UXXXXXXXX."));
        };
        rest = &behind[length..];
        if number == 0 || number > 0x10_ffff {
            return Err(QueryError::Syntax(format!("invalid Unicode code point: {number:04X}")).into());
        }
        let number = match (high.take(), number) {
            (Some(high), 0xdc00..0xe000) => 0x1_0000 + ((high - 0xd800) << 10) + (number - 0xdc00),
            (None, 0xd800..0xdc00) => {
                high = Some(number);
                continue;
            }
            (Some(_), _) | (None, 0xdc00..0xe000) => return Err(wrong_pair()),
            (None, number) => number,
        };
        out.push(char::from_u32(number).ok_or_else(wrong_pair)?);
    }
    if high.is_some() { Err(wrong_pair()) } else { Ok(()) }
}

/// A pattern of `SIMILAR TO` as a regular expression.
fn similar(pattern: &str, escape: &str, out: &mut String) -> Result<()> {
    let mut letters = escape.chars();
    let escape = letters.next();
    if letters.next().is_some() {
        let error = Error::from(QueryError::InvalidEscape("invalid escape string".into()));
        return Err(error.hint("Escape string must be empty or one character."));
    }
    let (mut after_escape, mut in_class, mut quotes) = (false, false, 0);
    out.push_str("^(?:");
    for character in pattern.chars() {
        if after_escape {
            after_escape = false;
            if character != '"' || in_class {
                out.extend(['\\', character]);
                continue;
            }
            // `#"` parts the pattern in three: what is before, what is asked for, what is behind.
            out.push_str(match quotes {
                0 => "){1,1}?(",
                1 => "){1,1}(?:",
                _ => {
                    let message = "SQL regular expression may not contain more than two escape-double-quote separators";
                    return Err(QueryError::InvalidEscapeUse(message.into()).into());
                }
            });
            quotes += 1;
            continue;
        }
        match character {
            character if Some(character) == escape => after_escape = true,
            '\\' if in_class => out.push_str("\\\\"),
            character if in_class => {
                out.push(character);
                in_class = character != ']';
            }
            '[' => {
                out.push('[');
                in_class = true;
            }
            '%' => out.push_str(".*"),
            '_' => out.push('.'),
            '(' => out.push_str("(?:"),
            '\\' | '.' | '^' | '$' => out.extend(['\\', character]),
            other => out.push(other),
        }
    }
    out.push_str(")$");
    Ok(())
}

/// The parts of a qualified name, as they are without quotes.
fn identifiers(text: &str, strict: bool) -> Result<Vec<String>> {
    let wrong = |detail: Option<&str>| {
        let message = format!("string is not a valid identifier: \"{text}\"");
        let error = Error::from(QueryError::InvalidParameterValue(message));
        match detail {
            Some(detail) => error.detail(detail),
            None => error,
        }
    };
    let is_space = |character: char| matches!(character, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}');
    let is_start = |character: char| character == '_' || character.is_ascii_alphabetic() || !character.is_ascii();
    let mut parts = Vec::new();
    let mut rest = text.trim_start_matches(is_space);
    let mut after_dot = false;
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut part = String::new();
            let mut from = quoted;
            loop {
                let Some(end) = from.find('"') else { return Err(wrong(Some("String has unclosed double quotes."))) };
                part.push_str(&from[..end]);
                from = &from[end + 1..];
                match from.strip_prefix('"') {
                    Some(more) => {
                        part.push('"');
                        from = more;
                    }
                    None => break,
                }
            }
            if part.is_empty() {
                return Err(wrong(Some("Quoted identifier must not be empty.")));
            }
            parts.push(part);
            rest = from;
        } else if rest.starts_with(is_start) {
            let is_part = |character: char| is_start(character) || character.is_ascii_digit() || character == '$';
            let end = rest.find(|character| !is_part(character)).unwrap_or(rest.len());
            let name = rest[..end].to_ascii_lowercase();
            parts.push(name[..name.floor_char_boundary(IDENTIFIER_BYTES)].to_owned());
            rest = &rest[end..];
        } else if rest.starts_with('.') {
            return Err(wrong(Some("No valid identifier before \".\".")));
        } else if after_dot {
            return Err(wrong(Some("No valid identifier after \".\".")));
        } else {
            return Err(wrong(None));
        }
        rest = rest.trim_start_matches(is_space);
        match rest.strip_prefix('.') {
            Some(behind) => {
                after_dot = true;
                rest = behind.trim_start_matches(is_space);
            }
            None if rest.is_empty() || !strict => return Ok(parts),
            None => return Err(wrong(None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_characters() {
        let read = |text: &str| {
            let mut out = String::new();
            unistr(text, &mut out).map(|()| out)
        };
        assert_eq!(read("d\\0061t\\+000061 \\u0441 \\U0001F600 \\D83D\\DE00 \\\\").unwrap(), "data \u{441} 😀 😀 \\");
        for wrong in ["\\", "\\00", "\\D83D", "\\DE00", "\\D83Da", "\\0000", "\\U00110000"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_are_taken_apart() {
        assert_eq!(identifiers("\"SomeSchema\".someTable", true).unwrap(), ["SomeSchema", "sometable"]);
        assert_eq!(identifiers(" a . \"b\"\"c\" ", true).unwrap(), ["a", "b\"c"]);
        assert_eq!(identifiers("foo.boo[]", false).unwrap(), ["foo", "boo"]);
        for wrong in ["", "a b", "\"a", "a.", ".a", "a.\"\"", "1a"] {
            assert!(identifiers(wrong, true).is_err(), "{wrong}");
        }
    }

    #[test]
    fn fields_count_from_both_ends() {
        assert_eq!(field("a,b,c", ",", 2).unwrap(), "b");
        assert_eq!(field("a,b,c", ",", -1).unwrap(), "c");
        assert_eq!(field("a,b,c", ",", -4).unwrap(), "");
        assert_eq!(field("abc", "", -1).unwrap(), "abc");
        assert!(field("a", ",", 0).is_err());
    }
}
