//! `->`, `->>`, `#>` and `#>>` over json and jsonb.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder};
use arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, ScalarUDF, Volatility};

use super::convert::wide_integers;
use super::kernel::{Kernel, call};
use crate::catalog::types::{PgType, json};
use crate::error::Result;

/// The function that takes a member, element or path out of a document. `returns` is `text` for the
/// operators that answer text, else the type of the document.
pub fn extract(returns: PgType) -> Arc<ScalarUDF> {
    let name = format!("kalam_json_extract_{}", returns.name());
    let as_text = returns == PgType::Text;
    let canonical = returns == PgType::Jsonb;
    Kernel::new(name, 2, returns, Volatility::Immutable, move |_, arrays| {
        let documents = arrays[0].as_string::<i32>();
        let keys = Keys::new(&arrays[1])?;
        let mut builder = StringBuilder::with_capacity(documents.len(), documents.len() * 16);
        for row in 0..documents.len() {
            let found = if documents.is_null(row) { None } else { keys.find(documents.value(row), row) };
            match found {
                None => builder.append_null(),
                Some(found) if as_text => match text_of(&found) {
                    Some(text) => builder.append_value(text),
                    None => builder.append_null(),
                },
                Some(found) if canonical => builder.append_value(json::canonical(&found)?),
                Some(found) => builder.append_value(found),
            }
        }
        Ok(Arc::new(builder.finish()))
    })
}

/// A jsonb as a text that is the same for equal documents: `1` and `1.0` are one number.
pub fn key(document: Expr) -> Expr {
    let function = Kernel::new("kalam_json_key", 1, PgType::Text, Volatility::Immutable, |_, arrays| {
        let texts: StringArray = arrays[0].as_string::<i32>().iter().map(|text| text.map(key_of)).collect();
        Ok(Arc::new(texts))
    });
    call(function, vec![document])
}

/// The canonical text without the zeros at the end of fractions.
fn key_of(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            '-' | '0'..='9' => rest.find(|c: char| !matches!(c, '-' | '.' | '0'..='9')).unwrap_or(rest.len()),
            other => other.len_utf8(),
        };
        let (token, behind) = rest.split_at(length);
        let is_fraction = first != '"' && token.contains('.');
        key.push_str(if is_fraction { token.trim_end_matches('0').trim_end_matches('.') } else { token });
        rest = behind;
    }
    key
}

/// How many bytes the string that `text` begins with has, with its quotes.
fn string_length(text: &str) -> usize {
    let mut scanner = Scanner { text, at: 0 };
    scanner.string();
    scanner.at
}

/// What is looked for, row by row.
enum Keys {
    Members(ArrayRef),
    Elements(arrow::array::Int64Array),
    Paths(ArrayRef),
}

impl Keys {
    fn new(array: &ArrayRef) -> Result<Self> {
        Ok(match array.data_type() {
            DataType::List(_) => Self::Paths(Arc::clone(array)),
            DataType::Utf8 => Self::Members(Arc::clone(array)),
            _ => Self::Elements(wide_integers(array)?),
        })
    }

    fn find(&self, document: &str, row: usize) -> Option<String> {
        match self {
            Self::Members(keys) => {
                let keys = keys.as_string::<i32>();
                if keys.is_null(row) { None } else { member(document, keys.value(row)) }
            }
            Self::Elements(indexes) => {
                if indexes.is_null(row) {
                    None
                } else {
                    element(document, indexes.value(row))
                }
            }
            Self::Paths(paths) => {
                let paths = paths.as_list::<i32>();
                if paths.is_null(row) {
                    return None;
                }
                let steps = paths.value(row);
                let mut current = document.trim().to_owned();
                for step in steps.as_string::<i32>() {
                    let step = step?;
                    current = match current.bytes().next() {
                        Some(b'[') => element(&current, step.parse().ok()?)?,
                        _ => member(&current, step)?,
                    };
                }
                Some(current)
            }
        }
    }
}

/// The text of a member. Of several members of one name the last counts.
fn member(document: &str, key: &str) -> Option<String> {
    let mut scanner = Scanner::inside(document, b'{')?;
    let mut found = None;
    while let Some(name) = scanner.value() {
        scanner.skip(b':');
        let value = scanner.value()?;
        if serde_json::from_str::<String>(name).is_ok_and(|name| name == key) {
            found = Some(value.to_owned());
        }
        scanner.skip(b',');
    }
    found
}

/// The text of an element; negative indexes count from the end.
pub fn element(document: &str, index: i64) -> Option<String> {
    let mut scanner = Scanner::inside(document, b'[')?;
    let mut elements = Vec::new();
    while let Some(value) = scanner.value() {
        elements.push(value);
        scanner.skip(b',');
    }
    let index = if index < 0 { i64::try_from(elements.len()).ok()? + index } else { index };
    elements.get(usize::try_from(index).ok()?).map(|value| (*value).to_owned())
}

/// Walks over the values of a document that is known to be well formed, without building a tree: numbers
/// keep their text and objects their order.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    /// Behind the opening bracket of a document, if it opens with that one.
    fn inside(text: &'a str, open: u8) -> Option<Self> {
        let at = text.bytes().position(|byte| !byte.is_ascii_whitespace())?;
        (text.as_bytes()[at] == open).then_some(Self { text, at: at + 1 })
    }

    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn skip(&mut self, byte: u8) {
        if self.peek() == Some(byte) {
            self.at += 1;
        }
    }

    /// The next value's text; `None` at a closing bracket.
    fn value(&mut self) -> Option<&'a str> {
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'}' | b']' => return None,
            b'"' => self.string(),
            b'{' | b'[' => self.nested(),
            _ => {
                let rest = self.text.as_bytes()[start..].iter();
                let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b':') || byte.is_ascii_whitespace();
                self.at += rest.take_while(|byte| !ends(byte)).count();
            }
        }
        (self.at > start).then(|| &self.text[start..self.at])
    }

    fn string(&mut self) {
        let bytes = self.text.as_bytes();
        self.at += 1;
        while let Some(byte) = bytes.get(self.at) {
            self.at += if *byte == b'\\' { 2 } else { 1 };
            if *byte == b'"' {
                break;
            }
        }
        self.at = self.at.min(bytes.len());
    }

    fn nested(&mut self) {
        let bytes = self.text.as_bytes();
        let mut depth = 0usize;
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'"' => {
                    self.string();
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                break;
            }
        }
    }
}

/// A string without its quotes, NULL for null, everything else as it is written.
pub fn text_of(value: &str) -> Option<String> {
    match value.bytes().next() {
        Some(b'"') => serde_json::from_str(value).ok(),
        Some(b'n') => None,
        _ => Some(value.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_documents_have_one_key() {
        assert_eq!(
            key_of(r#"{"a1.0": [1.00, 0.50, "2.0\\"], "b": -10.0}"#),
            r#"{"a1.0": [1, 0.5, "2.0\\"], "b": -10}"#
        );
        assert_eq!(key_of("100"), "100");
    }

    #[test]
    fn members_elements_and_texts() {
        let document = r#"{"a": {"b": [1, "x", null]}, "n": 1.50}"#;
        assert_eq!(member(document, "n").as_deref(), Some("1.50"));
        assert_eq!(member(document, "z"), None);
        let list = member(&member(document, "a").unwrap(), "b").unwrap();
        assert_eq!(element(&list, 1).as_deref(), Some("\"x\""));
        assert_eq!(element(&list, -1).as_deref(), Some("null"));
        assert_eq!(element(&list, 3), None);
        assert_eq!(text_of("\"a\\nb\"").as_deref(), Some("a\nb"));
        assert_eq!(text_of("null"), None);
    }
}
