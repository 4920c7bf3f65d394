//! Functions of bytes, and the encodings of text as bytes.

use arrow::array::AsArray;
use arrow::datatypes::{Int32Type, Int64Type};
use datafusion::logical_expr::Expr;

use super::frame::{bytes, immutable, numbers, texts, truths};
use super::{Call, encodings};
use crate::error::{QueryError, Result};

pub(super) fn plan(call: &mut Call<'_>) -> Option<Result<Expr>> {
    Some(Ok(match call.source.as_str() {
        "bytea_substr" | "bytea_substr_no_len" => immutable(call, |arrays| {
            let (values, starts) = (arrays[0].as_binary::<i32>(), arrays[1].as_primitive::<Int32Type>());
            let counts = arrays.get(2).map(|counts| counts.as_primitive::<Int32Type>());
            bytes(arrays, |row, out| {
                let count = counts.map(|counts| counts.value(row));
                out.extend_from_slice(part(values.value(row), starts.value(row), count)?);
                Ok(())
            })
        }),
        "byteaoverlay" | "byteaoverlay_no_len" => immutable(call, |arrays| {
            let (values, news) = (arrays[0].as_binary::<i32>(), arrays[1].as_binary::<i32>());
            let starts = arrays[2].as_primitive::<Int32Type>();
            let counts = arrays.get(3).map(|counts| counts.as_primitive::<Int32Type>());
            bytes(arrays, |row, out| {
                let (value, new, start) = (values.value(row), news.value(row), starts.value(row));
                let own = i32::try_from(new.len()).unwrap_or(i32::MAX);
                let count = counts.map_or(own, |counts| counts.value(row));
                if start <= 0 {
                    return Err(QueryError::InvalidSubstring.into());
                }
                let behind = start.checked_add(count).ok_or_else(|| too_large("integer"))?;
                out.extend_from_slice(part(value, 1, Some(start - 1))?);
                out.extend_from_slice(new);
                out.extend_from_slice(part(value, behind, None)?);
                Ok(())
            })
        }),
        "byteapos" => immutable(call, |arrays| {
            let (values, wanted) = (arrays[0].as_binary::<i32>(), arrays[1].as_binary::<i32>());
            numbers::<Int32Type>(arrays, |row| Ok(i32::try_from(position(values.value(row), wanted.value(row))).ok()))
        }),
        "byteatrim" => trimmed(call, true, true),
        "bytealtrim" => trimmed(call, true, false),
        "byteartrim" => trimmed(call, false, true),
        "bytea_bit_count" => immutable(call, |arrays| {
            let values = arrays[0].as_binary::<i32>();
            numbers::<Int64Type>(arrays, |row| {
                Ok(Some(values.value(row).iter().map(|byte| i64::from(byte.count_ones())).sum()))
            })
        }),
        "bit_length(bytea)" => immutable(call, |arrays| {
            let values = arrays[0].as_binary::<i32>();
            numbers::<Int32Type>(arrays, |row| Ok(i32::try_from(values.value(row).len().saturating_mul(8)).ok()))
        }),
        "byteaGetByte" => immutable(call, |arrays| {
            let (values, places) = (arrays[0].as_binary::<i32>(), arrays[1].as_primitive::<Int32Type>());
            numbers::<Int32Type>(arrays, |row| {
                let value = values.value(row);
                Ok(Some(i32::from(value[byte_index(value.len(), i64::from(places.value(row)))?])))
            })
        }),
        "byteaSetByte" => immutable(call, |arrays| {
            let (values, places) = (arrays[0].as_binary::<i32>(), arrays[1].as_primitive::<Int32Type>());
            let news = arrays[2].as_primitive::<Int32Type>();
            bytes(arrays, |row, out| {
                out.extend_from_slice(values.value(row));
                let index = byte_index(out.len(), i64::from(places.value(row)))?;
                let [low, ..] = news.value(row).to_le_bytes();
                out[index] = low;
                Ok(())
            })
        }),
        "byteaGetBit" => immutable(call, |arrays| {
            let (values, places) = (arrays[0].as_binary::<i32>(), arrays[1].as_primitive::<Int64Type>());
            numbers::<Int32Type>(arrays, |row| {
                let value = values.value(row);
                let (index, bit) = bit_index(value.len(), places.value(row))?;
                Ok(Some(i32::from(value[index] >> bit & 1)))
            })
        }),
        "byteaSetBit" => immutable(call, |arrays| {
            let (values, places) = (arrays[0].as_binary::<i32>(), arrays[1].as_primitive::<Int64Type>());
            let news = arrays[2].as_primitive::<Int32Type>();
            bytes(arrays, |row, out| {
                out.extend_from_slice(values.value(row));
                let (index, bit) = bit_index(out.len(), places.value(row))?;
                match news.value(row) {
                    0 => out[index] &= !(1 << bit),
                    1 => out[index] |= 1 << bit,
                    _ => return Err(QueryError::InvalidParameterValue("new bit must be 0 or 1".into()).into()),
                }
                Ok(())
            })
        }),
        "bytealike" | "byteanlike" => {
            let negated = call.source == "byteanlike";
            immutable(call, move |arrays| {
                let (values, patterns) = (arrays[0].as_binary::<i32>(), arrays[1].as_binary::<i32>());
                truths(arrays, |row| Ok(is_like(values.value(row), patterns.value(row))? != negated))
            })
        }
        "like_escape_bytea" => immutable(call, |arrays| {
            let (patterns, escapes) = (arrays[0].as_binary::<i32>(), arrays[1].as_binary::<i32>());
            bytes(arrays, |row, out| escaped(patterns.value(row), escapes.value(row), out))
        }),
        "pg_convert_from" => immutable(call, |arrays| {
            let (values, names) = (arrays[0].as_binary::<i32>(), arrays[1].as_string::<i32>());
            texts(arrays, |row, out| {
                let encoding = encodings::Encoding::source(names.value(row))?;
                out.push_str(&encoding.decode(values.value(row))?);
                Ok(true)
            })
        }),
        "pg_convert_to" => immutable(call, |arrays| {
            let (values, names) = (arrays[0].as_string::<i32>(), arrays[1].as_string::<i32>());
            bytes(arrays, |row, out| encodings::Encoding::destination(names.value(row))?.encode(values.value(row), out))
        }),
        "pg_convert" => immutable(call, |arrays| {
            let (values, from) = (arrays[0].as_binary::<i32>(), arrays[1].as_string::<i32>());
            let to = arrays[2].as_string::<i32>();
            bytes(arrays, |row, out| {
                let from = encodings::Encoding::source(from.value(row))?;
                let to = encodings::Encoding::destination(to.value(row))?;
                if from == to {
                    from.check(values.value(row))?;
                    out.extend_from_slice(values.value(row));
                    return Ok(());
                }
                to.encode(&from.decode(values.value(row))?, out)
            })
        }),
        "length_in_encoding" => immutable(call, |arrays| {
            let (values, names) = (arrays[0].as_binary::<i32>(), arrays[1].as_string::<i32>());
            numbers::<Int32Type>(arrays, |row| {
                let encoding = encodings::Encoding::named(names.value(row))?;
                Ok(i32::try_from(encoding.length(values.value(row))?).ok())
            })
        }),
        _ => return None,
    }))
}

fn too_large(what: &str) -> crate::Error {
    QueryError::NumberOutOfRange(format!("{what} out of range")).into()
}

/// The bytes from `start`, counted from 1; what lies outside is nothing.
fn part(value: &[u8], start: i32, count: Option<i32>) -> Result<&[u8]> {
    let length = i64::try_from(value.len()).unwrap_or(i64::MAX);
    let end = match count {
        None => length + 1,
        Some(count) if count < 0 => return Err(QueryError::InvalidSubstring.into()),
        Some(count) => i64::from(start) + i64::from(count),
    };
    let (from, to) = (i64::from(start).max(1), end.min(length + 1));
    let index = |place: i64| usize::try_from(place - 1).unwrap_or(0);
    Ok(if to <= from { &[] } else { &value[index(from)..index(to)] })
}

/// Where the bytes are first, counted from 1; 0 if they are not.
fn position(value: &[u8], wanted: &[u8]) -> usize {
    if wanted.is_empty() {
        return 1;
    }
    value.windows(wanted.len()).position(|window| window == wanted).map_or(0, |index| index + 1)
}

fn trimmed(call: &mut Call<'_>, left: bool, right: bool) -> Expr {
    immutable(call, move |arrays| {
        let (values, sets) = (arrays[0].as_binary::<i32>(), arrays[1].as_binary::<i32>());
        bytes(arrays, |row, out| {
            let (mut value, set) = (values.value(row), sets.value(row));
            while left && value.first().is_some_and(|byte| set.contains(byte)) {
                value = &value[1..];
            }
            while right && value.last().is_some_and(|byte| set.contains(byte)) {
                value = &value[..value.len() - 1];
            }
            out.extend_from_slice(value);
            Ok(())
        })
    })
}

fn outside(index: i64, length: usize) -> crate::Error {
    let last = i64::try_from(length).unwrap_or(i64::MAX) - 1;
    QueryError::SubscriptOutOfRange(format!("index {index} out of valid range, 0..{last}")).into()
}

fn byte_index(length: usize, place: i64) -> Result<usize> {
    usize::try_from(place).ok().filter(|index| *index < length).ok_or_else(|| outside(place, length))
}

fn bit_index(length: usize, place: i64) -> Result<(usize, usize)> {
    let bits = length.saturating_mul(8);
    let index = usize::try_from(place).ok().filter(|index| *index < bits).ok_or_else(|| outside(place, bits))?;
    Ok((index / 8, index % 8))
}

/// `LIKE` over bytes. A `%` goes back only to itself: what was before it has matched and stays so.
fn is_like(value: &[u8], pattern: &[u8]) -> Result<bool> {
    let (mut at, mut place) = (0, 0);
    let mut again: Option<(usize, usize)> = None;
    while at < value.len() {
        let (matched, width) = match pattern.get(place) {
            Some(b'%') => {
                place += 1;
                again = Some((place, at));
                continue;
            }
            Some(b'_') => (true, 1),
            Some(b'\\') => match pattern.get(place + 1) {
                Some(literal) => (*literal == value[at], 2),
                None => {
                    return Err(
                        QueryError::InvalidEscape("LIKE pattern must not end with escape character".into()).into()
                    );
                }
            },
            Some(literal) => (*literal == value[at], 1),
            None => (false, 0),
        };
        if matched {
            place += width;
            at += 1;
        } else if let Some((behind, tried)) = again {
            again = Some((behind, tried + 1));
            (place, at) = (behind, tried + 1);
        } else {
            return Ok(false);
        }
    }
    Ok(pattern[place..].iter().all(|byte| *byte == b'%'))
}

/// A pattern with another escape byte as one with backslashes.
fn escaped(pattern: &[u8], escape: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let escape = match escape {
        [] => None,
        [b'\\'] => {
            out.extend_from_slice(pattern);
            return Ok(());
        }
        [only] => Some(*only),
        _ => return Err(QueryError::InvalidEscape("invalid escape string".into()).into()),
    };
    let mut after_escape = false;
    for byte in pattern {
        if Some(*byte) == escape && !after_escape {
            out.push(b'\\');
            after_escape = true;
            continue;
        }
        if *byte == b'\\' && !after_escape {
            out.push(b'\\');
        }
        out.push(*byte);
        after_escape = false;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_goes_back_to_the_last_percent_sign() {
        for (value, pattern, wanted) in [
            ("abcabd", "%abd", true),
            ("abc", "a_c", true),
            ("abc", "a%", true),
            ("a%", "a\\%", true),
            ("ab", "a\\%", false),
            ("", "%%", true),
            ("abc", "%b", false),
        ] {
            assert_eq!(is_like(value.as_bytes(), pattern.as_bytes()).unwrap(), wanted, "{value} {pattern}");
        }
        assert!(is_like(b"ab", b"a\\").is_err());
    }
}
