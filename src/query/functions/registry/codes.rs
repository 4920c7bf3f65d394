//! `encode` and `decode`: bytes as hexadecimal digits, base64 and escapes.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, StringArray};
use datafusion::logical_expr::{Expr, Volatility};

use super::Call;
use crate::error::{CatalogError, QueryError, Result};
use crate::query::environment::Environment;
use crate::query::functions::kernel::{self, Kernel};

/// Base64 is written in lines of so many characters.
const LINE: usize = 76;
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn plan(call: &mut Call<'_>) -> Option<Result<Expr>> {
    let encodes = match call.source.as_str() {
        "binary_encode" => true,
        "binary_decode" => false,
        _ => return None,
    };
    let (name, arguments) = (format!("pg_{}", call.source), call.take());
    let work = move |_: &Environment, arrays: &[ArrayRef]| {
        let formats = arrays[1].as_string::<i32>();
        let is_null = |row: usize| arrays.iter().any(|array| array.is_null(row));
        if encodes {
            let bytes = arrays[0].as_binary::<i32>();
            let encoded = (0..bytes.len()).map(|row| match is_null(row) {
                true => Ok(None),
                false => encode(bytes.value(row), formats.value(row)).map(Some),
            });
            return Ok(Arc::new(encoded.collect::<Result<StringArray>>()?) as ArrayRef);
        }
        let texts = arrays[0].as_string::<i32>();
        let decoded = (0..texts.len()).map(|row| match is_null(row) {
            true => Ok(None),
            false => decode(texts.value(row), formats.value(row)).map(Some),
        });
        Ok(Arc::new(decoded.collect::<Result<BinaryArray>>()?) as ArrayRef)
    };
    Some(Ok(kernel::call(Kernel::new(name, 2, call.result.clone(), Volatility::Immutable, work), arguments)))
}

fn refused(message: impl Into<String>) -> crate::Error {
    QueryError::InvalidParameterValue(message.into()).into()
}

fn unknown(format: &str) -> crate::Error {
    refused(format!("unrecognized encoding: \"{format}\""))
}

fn encode(bytes: &[u8], format: &str) -> Result<String> {
    match format.to_ascii_lowercase().as_str() {
        "hex" => Ok(bytes
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .map(|digit| b"0123456789abcdef"[usize::from(digit)] as char)
            .collect()),
        "base64" => Ok(to_base64(bytes)),
        "escape" => {
            let mut text = String::with_capacity(bytes.len());
            for byte in bytes {
                match byte {
                    0 | 128.. => text.push_str(&format!("\\{byte:03o}")),
                    b'\\' => text.push_str("\\\\"),
                    other => text.push(char::from(*other)),
                }
            }
            Ok(text)
        }
        _ => Err(unknown(format)),
    }
}

fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 4 / 3 + bytes.len() / 48 + 4);
    let mut column = 0;
    for chunk in bytes.chunks(3) {
        let mut bits = 0_usize;
        for index in 0..3 {
            bits = bits << 8 | usize::from(chunk.get(index).copied().unwrap_or(0));
        }
        for index in 0..4 {
            let is_there = index <= chunk.len();
            text.push(if is_there { char::from(LETTERS[bits >> (18 - 6 * index) & 63]) } else { '=' });
        }
        column += 4;
        if column == LINE {
            text.push('\n');
            column = 0;
        }
    }
    text
}

fn decode(text: &str, format: &str) -> Result<Vec<u8>> {
    match format.to_ascii_lowercase().as_str() {
        "hex" => from_hex(text),
        "base64" => from_base64(text),
        "escape" => from_escapes(text),
        _ => Err(unknown(format)),
    }
}

fn from_hex(text: &str) -> Result<Vec<u8>> {
    let mut digits = Vec::with_capacity(text.len());
    for character in text.chars().filter(|character| !matches!(character, ' ' | '\n' | '\t' | '\r')) {
        match character.to_digit(16).and_then(|digit| u8::try_from(digit).ok()) {
            Some(digit) => digits.push(digit),
            None => return Err(refused(format!("invalid hexadecimal digit: \"{character}\""))),
        }
    }
    if digits.len() % 2 != 0 {
        return Err(refused("invalid hexadecimal data: odd number of digits"));
    }
    Ok(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

fn from_base64(text: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count, mut padding) = (0_u32, 0, 0);
    for character in text.chars().filter(|character| !matches!(character, ' ' | '\n' | '\t' | '\r')) {
        let value = if character == '=' {
            // Only the last one or two of four characters fill up.
            if padding == 0 && count != 2 && count != 3 {
                return Err(refused("unexpected \"=\" while decoding base64 sequence"));
            }
            padding += 1;
            0
        } else {
            let place = u8::try_from(character).ok().and_then(|byte| LETTERS.iter().position(|letter| *letter == byte));
            match place.and_then(|place| u32::try_from(place).ok()) {
                Some(value) if padding == 0 => value,
                _ => {
                    let message = format!("invalid symbol \"{character}\" found while decoding base64 sequence");
                    return Err(refused(message));
                }
            }
        };
        bits = bits << 6 | value;
        count += 1;
        if count == 4 {
            let [_, first, second, third] = bits.to_be_bytes();
            bytes.extend(&[first, second, third][..3 - usize::min(padding, 2)]);
            (bits, count) = (0, 0);
        }
    }
    if count != 0 {
        return Err(refused("invalid base64 end sequence"));
    }
    Ok(bytes)
}

fn from_escapes(text: &str) -> Result<Vec<u8>> {
    let wrong = || CatalogError::BadText { message: "invalid input syntax for type bytea".into(), detail: None };
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        match rest {
            [b'\\', behind @ ..] => {
                bytes.push(b'\\');
                rest = behind;
            }
            [high @ b'0'..=b'3', middle @ b'0'..=b'7', low @ b'0'..=b'7', behind @ ..] => {
                bytes.push((high - b'0') << 6 | (middle - b'0') << 3 | (low - b'0'));
                rest = behind;
            }
            _ => return Err(wrong().into()),
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        for length in [0, 1, 2, 3, 57, 58, 256] {
            for format in ["hex", "base64", "escape"] {
                let text = encode(&bytes[..length], format).unwrap();
                assert_eq!(decode(&text, format).unwrap(), &bytes[..length], "{format}");
            }
        }
        assert_eq!(encode(b"\x00\xffa\\", "escape").unwrap(), "\\000\\377a\\\\");
        assert_eq!(encode(b"ab", "Base64").unwrap(), "YWI=");
        for (text, format) in [("6g", "hex"), ("abc", "hex"), ("YW", "base64"), ("Y=", "base64"), ("a", "none")] {
            assert!(decode(text, format).is_err(), "{text}");
        }
    }
}
