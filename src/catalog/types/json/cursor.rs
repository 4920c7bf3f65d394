//! Walks over the text of a document without building it.
//!
//! A part of a well-formed document is a part of its text, and a part of a canonical `jsonb` text is canonical
//! itself: what takes something out of a document copies bytes once, or not at all.

use std::borrow::Cow;

use super::lex::{Lexer, Token};
use crate::error::Result;

/// What a document is, which its first character says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Object,
    Array,
    String,
    Number,
    Boolean,
    Null,
}

impl Shape {
    /// The shape of a well-formed document.
    pub fn of(text: &str) -> Self {
        match text.bytes().find(|byte| !is_space(*byte)) {
            Some(b'{') => Self::Object,
            Some(b'[') => Self::Array,
            Some(b'"') => Self::String,
            Some(b't' | b'f') => Self::Boolean,
            Some(b'n') => Self::Null,
            _ => Self::Number,
        }
    }

    /// What `json_typeof` answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Null => "null",
        }
    }

    /// Is it neither an object nor an array?
    pub fn is_scalar(self) -> bool {
        !matches!(self, Self::Object | Self::Array)
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The text of a document without the spaces around it.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r'])
}

/// The elements of an array, or nothing of anything else.
pub fn elements(document: &str) -> Elements<'_> {
    Elements(Scanner::inside(document, b'['))
}

/// The members of an object, or nothing of anything else: the name with its quotes, and the value.
pub fn members(document: &str) -> Members<'_> {
    Members(Scanner::inside(document, b'{'))
}

/// The elements of an array, as their texts.
#[derive(Debug)]
pub struct Elements<'a>(Option<Scanner<'a>>);

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let scanner = self.0.as_mut()?;
        let value = scanner.value()?;
        scanner.skip(b',');
        Some(value)
    }
}

/// The members of an object, as their texts.
#[derive(Debug)]
pub struct Members<'a>(Option<Scanner<'a>>);

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        let scanner = self.0.as_mut()?;
        let name = scanner.value()?;
        scanner.skip(b':');
        let value = scanner.value()?;
        scanner.skip(b',');
        Some((name, value))
    }
}

/// The value of a member. Of several members of one name the last counts.
pub fn member<'a>(document: &'a str, name: &str) -> Option<&'a str> {
    let is_it = |quoted: &str| {
        let inner = &quoted[1..quoted.len() - 1];
        if inner.contains('\\') { unquoted(quoted).is_ok_and(|text| text == name) } else { inner == name }
    };
    members(document).filter(|(quoted, _)| is_it(quoted)).map(|(_, value)| value).last()
}

/// An element; negative indexes count from the end.
pub fn element(document: &str, index: i64) -> Option<&str> {
    let index = if index < 0 {
        let count = i64::try_from(elements(document).count()).ok()?;
        count + index
    } else {
        index
    };
    elements(document).nth(usize::try_from(index).ok()?)
}

/// What the steps of a path lead to: names of members, places of elements.
pub fn at_path<'a, 's>(document: &'a str, steps: impl Iterator<Item = Option<&'s str>>) -> Option<&'a str> {
    let mut current = trimmed(document);
    for step in steps {
        let step = step?;
        current = match Shape::of(current) {
            Shape::Object => member(current, step)?,
            Shape::Array => element(current, step_index(step)?)?,
            _ => return None,
        };
    }
    Some(current)
}

/// A step of a path as a place, as C's `strtol` reads one.
pub fn step_index(step: &str) -> Option<i64> {
    let digits = step.trim_start_matches([' ', '\t', '\n', '\r', '\u{b}', '\u{c}']);
    digits.parse::<i32>().ok().map(i64::from)
}

/// The characters of a string that is given with its quotes.
///
/// # Errors
/// 22P05 for `\u0000` and 22P02 for half of a surrogate pair: a `json` may hold them, a text may not.
pub fn unquoted(quoted: &str) -> Result<Cow<'_, str>> {
    let inner = &quoted[1..quoted.len() - 1];
    if !inner.contains('\\') {
        return Ok(Cow::Borrowed(inner));
    }
    Ok(Cow::Owned(Lexer::new(quoted, true)?.take_string()))
}

/// Checks that a `json` has no string that a text cannot hold, as functions that read its strings do.
///
/// # Errors
/// As [`unquoted`].
pub fn check_strings(document: &str) -> Result<()> {
    // Only escapes of this kind may be wrong in a document that is well formed.
    if !document.contains("\\u") {
        return Ok(());
    }
    let mut lexer = Lexer::new(document, true)?;
    while lexer.token() != Token::End {
        lexer.advance()?;
    }
    Ok(())
}

/// A document as text: a string without its quotes, NULL for null, everything else as it is written.
///
/// # Errors
/// As [`unquoted`].
pub fn as_text(document: &str) -> Result<Option<Cow<'_, str>>> {
    let document = trimmed(document);
    match Shape::of(document) {
        Shape::String => unquoted(document).map(Some),
        Shape::Null => Ok(None),
        _ => Ok(Some(Cow::Borrowed(document))),
    }
}

/// A place in a document that is known to be well formed.
#[derive(Debug)]
struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    /// Behind the opening bracket of a document, if it opens with that one.
    fn inside(text: &'a str, open: u8) -> Option<Self> {
        let at = text.bytes().position(|byte| !is_space(byte))?;
        (text.as_bytes()[at] == open).then_some(Self { text, at: at + 1 })
    }

    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(|byte| is_space(*byte)) {
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
                let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b':') || is_space(*byte);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_elements_and_texts() {
        let document = r#" {"a": {"b": [1, "x", null]}, "n": 1.50, "n": 2, "\u0061\"": 3} "#;
        assert_eq!(member(document, "n"), Some("2"));
        assert_eq!(member(document, "z"), None);
        assert_eq!(member(document, "a\""), Some("3"));
        let list = at_path(document, [Some("a"), Some("b")].into_iter()).unwrap();
        assert_eq!(element(list, 1), Some("\"x\""));
        assert_eq!(element(list, -1), Some("null"));
        assert_eq!(element(list, -4), None);
        assert_eq!(at_path(document, [Some("a"), Some("b"), Some(" +1")].into_iter()), Some("\"x\""));
        assert_eq!(at_path(document, [Some("a"), None].into_iter()), None);
        assert_eq!(as_text("\"a\\nb\"").unwrap().as_deref(), Some("a\nb"));
        assert_eq!(as_text(" null ").unwrap(), None);
        assert_eq!(as_text("[1 ]").unwrap().as_deref(), Some("[1 ]"));
        assert!(as_text("\"\\u0000\"").is_err());
    }
}
