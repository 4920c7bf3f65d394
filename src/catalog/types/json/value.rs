//! A `jsonb` as a tree: what changes documents, compares them and walks paths works on it.

use std::cmp::Ordering;

use super::jsonb::write_string;
use super::parse::{Value, parse};
use crate::base::numeric::Numeric;
use crate::error::{CatalogError, Result};

/// Longest key or string in bytes.
const STRING_BYTES: usize = 0x0FFF_FFFF;

/// The order of the members of an object: by the length of the name, then by its bytes.
pub fn key_order(left: &str, right: &str) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| left.as_bytes().cmp(right.as_bytes()))
}

impl Value {
    /// Reads a text that is no `jsonb` yet, as the input function does.
    ///
    /// # Errors
    /// 22P02 for what is no JSON, 22P05 for `\u0000`, 22003 for a number beyond `numeric`, 54001 when nested too
    /// deep.
    pub fn read(text: &str) -> Result<Value> {
        parse(text)?.normalised()
    }

    /// Reads the canonical text of a `jsonb`.
    ///
    /// # Errors
    /// 54001 for a document that functions nested deeper than one may be written.
    pub fn of_jsonb(text: &str) -> Result<Value> {
        parse(text)
    }

    /// Numbers as `numeric` writes them, members in their order, of equal ones the last.
    fn normalised(self) -> Result<Value> {
        Ok(match self {
            Value::Number(text) => Value::Number(canonical_number(text)?),
            Value::Array(items) => Value::Array(items.into_iter().map(Value::normalised).collect::<Result<_>>()?),
            Value::Object(members) => {
                let members = members.into_iter().map(|(key, value)| {
                    if key.len() > STRING_BYTES {
                        let message = "string too long to represent as jsonb string";
                        return Err(CatalogError::NotSupported(message.into()).into());
                    }
                    Ok((key, value.normalised()?))
                });
                Value::object(members.collect::<Result<_>>()?)
            }
            other => other,
        })
    }

    /// An object of members in any order. Of equal names the last counts.
    pub fn object(mut members: Vec<(String, Value)>) -> Value {
        // The sort keeps the order of equal keys.
        members.sort_by(|(left, _), (right, _)| key_order(left, right));
        members.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                std::mem::swap(next, kept);
            }
            same
        });
        Value::Object(members)
    }

    /// The member of an object. Its members are in their order.
    pub fn member(&self, key: &str) -> Option<&Value> {
        let Value::Object(members) = self else { return None };
        let found = members.binary_search_by(|(own, _)| key_order(own, key)).ok()?;
        Some(&members[found].1)
    }

    /// Is it neither an object nor an array?
    pub fn is_scalar(&self) -> bool {
        !matches!(self, Value::Array(_) | Value::Object(_))
    }

    /// What `jsonb_typeof` answers.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        }
    }

    /// Writes the canonical text.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Value::Null => out.extend_from_slice(b"null"),
            Value::Bool(true) => out.extend_from_slice(b"true"),
            Value::Bool(false) => out.extend_from_slice(b"false"),
            Value::Number(text) => out.extend_from_slice(text.as_bytes()),
            Value::String(text) => write_string(text, out),
            Value::Array(items) => {
                out.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.extend_from_slice(b", ");
                    }
                    item.write(out);
                }
                out.push(b']');
            }
            Value::Object(members) => {
                out.push(b'{');
                for (index, (key, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.extend_from_slice(b", ");
                    }
                    write_string(key, out);
                    out.extend_from_slice(b": ");
                    value.write(out);
                }
                out.push(b'}');
            }
        }
    }

    /// The canonical text.
    pub fn to_text(&self) -> String {
        let mut out = Vec::new();
        self.write(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Equality as `=` has it: numbers by what they are, not by their digits.
    pub fn equals(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Number(left), Value::Number(right)) => compare_numbers(left, right).is_eq(),
            (Value::Array(left), Value::Array(right)) => {
                left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left.equals(right))
            }
            (Value::Object(left), Value::Object(right)) => {
                let same = |((left_key, left), (right_key, right)): (&(String, Value), &(String, Value))| {
                    left_key == right_key && left.equals(right)
                };
                left.len() == right.len() && left.iter().zip(right).all(same)
            }
            (left, right) => left == right,
        }
    }

    /// `self @> other`. Only at the top, an array also contains a scalar that is one of its elements.
    pub fn contains(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Array(items), scalar) if scalar.is_scalar() => items.iter().any(|item| item.equals(scalar)),
            _ => self.contains_deeply(other),
        }
    }

    fn contains_deeply(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Object(_), Value::Object(members)) => {
                members.iter().all(|(key, value)| self.member(key).is_some_and(|own| own.contains_deeply(value)))
            }
            (Value::Array(own), Value::Array(items)) => items.iter().all(|item| {
                if item.is_scalar() {
                    own.iter().any(|own| own.equals(item))
                } else {
                    own.iter().any(|own| own.contains_deeply(item))
                }
            }),
            (left, right) => left.is_scalar() && left.equals(right),
        }
    }
}

/// A number as `numeric` writes it.
fn canonical_number(text: String) -> Result<String> {
    // Most numbers are written as they are printed.
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') && text.len() < 100 && text != "-0";
    if plain {
        return Ok(text);
    }
    Ok(Numeric::parse(&text)?.to_string())
}

/// Sign, digits without zeros at either end, and the place of the point before the first of them.
fn parts(number: &str) -> (bool, String, i64) {
    let (negative, number) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let whole = whole.trim_start_matches('0');
    let mut digits = String::with_capacity(whole.len() + part.len());
    digits.push_str(whole);
    digits.push_str(part);
    let zeros = digits.len() - digits.trim_start_matches('0').len();
    let point = i64::try_from(whole.len()).unwrap_or(i64::MAX) - i64::try_from(zeros).unwrap_or(0);
    let digits = digits.trim_start_matches('0').trim_end_matches('0').to_owned();
    (negative, digits, point)
}

/// The order of two numbers in the form of [`Value::Number`].
pub fn compare_numbers(left: &str, right: &str) -> Ordering {
    if left == right {
        return Ordering::Equal;
    }
    let (left, right) = (parts(left), parts(right));
    let sign = |(negative, digits, _): &(bool, String, i64)| match (digits.is_empty(), negative) {
        (true, _) => 0,
        (false, true) => -1,
        (false, false) => 1,
    };
    let (left_sign, right_sign) = (sign(&left), sign(&right));
    let magnitudes = || left.2.cmp(&right.2).then_with(|| left.1.cmp(&right.1));
    left_sign.cmp(&right_sign).then_with(|| match left_sign {
        0 => Ordering::Equal,
        1 => magnitudes(),
        _ => magnitudes().reverse(),
    })
}

/// Bytes whose order is the order of documents: PostgreSQL's, in which containers compare first by how many
/// elements they have, and scalars by their kind (null, string, number, boolean) before they do by their value.
pub fn order_key(value: &Value, out: &mut Vec<u8>) {
    const TOP_SCALAR: u8 = 0;
    const TOP_ARRAY: u8 = 1;
    match value {
        // A scalar at the top is an array of one element, less than every other array of one.
        scalar if scalar.is_scalar() => {
            out.push(ARRAY);
            out.extend_from_slice(&1u32.to_be_bytes());
            out.push(TOP_SCALAR);
            nested_key(scalar, out);
        }
        Value::Array(items) => {
            out.push(ARRAY);
            out.extend_from_slice(&count(items.len()));
            out.push(TOP_ARRAY);
            items.iter().for_each(|item| nested_key(item, out));
        }
        object => nested_key(object, out),
    }
}

const ARRAY: u8 = 0x10;

fn count(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes()
}

fn nested_key(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(0),
        Value::String(text) => {
            out.push(1);
            string_key(text, out);
        }
        Value::Number(text) => {
            out.push(2);
            number_key(text, out);
        }
        Value::Bool(value) => out.extend_from_slice(&[3, u8::from(*value)]),
        Value::Array(items) => {
            out.push(ARRAY);
            out.extend_from_slice(&count(items.len()));
            items.iter().for_each(|item| nested_key(item, out));
        }
        Value::Object(members) => {
            out.push(0x11);
            out.extend_from_slice(&count(members.len()));
            for (key, value) in members {
                string_key(key, out);
                nested_key(value, out);
            }
        }
    }
}

/// No string has a NUL, so that one ends it.
fn string_key(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(text.as_bytes());
    out.push(0);
}

fn number_key(text: &str, out: &mut Vec<u8>) {
    let (negative, digits, point) = parts(text);
    if digits.is_empty() {
        out.push(1);
        return;
    }
    out.push(if negative { 0 } else { 2 });
    let start = out.len();
    let point = i32::try_from(point).unwrap_or(i32::MAX).wrapping_sub(i32::MIN).cast_unsigned();
    out.extend_from_slice(&point.to_be_bytes());
    out.extend_from_slice(digits.as_bytes());
    out.push(0);
    if negative {
        out[start..].iter_mut().for_each(|byte| *byte = !*byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        order_key(&Value::read(text).unwrap(), &mut out);
        out
    }

    /// From PostgreSQL 15.
    #[test]
    fn keys_order_as_postgresql_does() {
        let ordered = [
            "[]",
            "null",
            r#""""#,
            r#""a""#,
            r#""ab""#,
            r#""b""#,
            "-100",
            "-99.5",
            "-0.01",
            "0",
            "0.001",
            "0.01",
            "1",
            "9",
            "10",
            "1e30",
            "false",
            "true",
            "[null]",
            r#"["a"]"#,
            "[1]",
            "[true]",
            "[[]]",
            "[[1]]",
            "[{}]",
            "[1, 2]",
            "{}",
            r#"{"a": 1}"#,
            r#"{"a": 2}"#,
            r#"{"aa": 1}"#,
            r#"{"b": 1}"#,
            r#"{"a": 1, "b": 1}"#,
        ];
        for pair in ordered.windows(2) {
            assert!(key(pair[0]) < key(pair[1]), "{} < {}", pair[0], pair[1]);
        }
        for (left, right) in
            [("1", "1.0"), ("100", "1e2"), ("[0]", "[0.00]"), (r#"{"a":1,"b":2}"#, r#"{"b":2.0,"a":1}"#)]
        {
            assert_eq!(key(left), key(right));
            assert!(Value::read(left).unwrap().equals(&Value::read(right).unwrap()));
        }
    }

    #[test]
    fn numbers_compare_by_value() {
        for (left, right, wanted) in [
            ("1", "1.00", Ordering::Equal),
            ("-1", "1", Ordering::Less),
            ("-2", "-10", Ordering::Greater),
            ("0.1", "0.09", Ordering::Greater),
            ("0", "0.000", Ordering::Equal),
            ("123456789012345678901234567890", "123456789012345678901234567891", Ordering::Less),
        ] {
            assert_eq!(compare_numbers(left, right), wanted, "{left} {right}");
        }
    }

    #[test]
    fn containment() {
        let contains = |left: &str, right: &str| Value::read(left).unwrap().contains(&Value::read(right).unwrap());
        assert!(contains("[1, 2, 3]", "[3, 1]"));
        assert!(contains("[1, [1, 3]]", "[[1]]"));
        assert!(!contains("[1, [1, 3]]", "[3]"));
        assert!(contains(r#"["foo", "bar"]"#, r#""bar""#));
        assert!(!contains(r#""bar""#, r#"["bar"]"#));
        assert!(contains(r#"{"a": {"b": 1.0, "c": 2}}"#, r#"{"a": {"b": 1}}"#));
        assert!(!contains(r#"{"a": [1]}"#, r#"{"a": 1}"#));
        assert!(contains("[1, 1]", "[1, 1, 1]"));
    }
}
