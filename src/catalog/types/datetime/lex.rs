//! Cuts a date/time text into fields by their look: PostgreSQL's `ParseDateTime`.

use super::fault::Fault;
use super::tokens;

/// Most fields of one text.
const FIELDS: usize = 25;
/// Most bytes of one text that are looked at (PostgreSQL: `MAXDATELEN` and its work buffer).
const TEXT_BYTES: usize = 128;

/// What a field looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Digits, perhaps with a decimal point.
    Number,
    /// Letters.
    String,
    /// Digits or letters with separators inside: a date, or the name of a zone.
    Date,
    /// Digits with colons.
    Time,
    /// A sign and digits.
    Zone,
    /// A sign and letters.
    Special,
}

/// The fields of a text, in lower case.
pub(super) fn fields(text: &str) -> Result<Vec<(Look, String)>, Fault> {
    if text.len() > TEXT_BYTES {
        return Err(Fault::BadFormat);
    }
    let mut cursor = Cursor { bytes: text.as_bytes(), at: 0 };
    let mut fields = Vec::new();
    while let Some(first) = cursor.peek() {
        if is_space(first) {
            cursor.at += 1;
            continue;
        }
        if fields.len() >= FIELDS {
            return Err(Fault::BadFormat);
        }
        let mut field = String::new();
        let look = if first.is_ascii_digit() {
            number_like(&mut cursor, &mut field)
        } else if first == b'.' {
            cursor.take(&mut field);
            cursor.take_while(&mut field, |b| b.is_ascii_digit());
            Look::Number
        } else if first.is_ascii_alphabetic() {
            word_like(&mut cursor, &mut field)
        } else if first == b'+' || first == b'-' {
            signed(&mut cursor, &mut field)?
        } else if first.is_ascii_punctuation() {
            // Other punctuation only separates.
            cursor.at += 1;
            continue;
        } else {
            return Err(Fault::BadFormat);
        };
        fields.push((look, field));
    }
    Ok(fields)
}

pub(super) fn is_space(byte: u8) -> bool {
    byte == b' ' || (9..=13).contains(&byte)
}

fn number_like(cursor: &mut Cursor<'_>, field: &mut String) -> Look {
    cursor.take_while(field, |b| b.is_ascii_digit());
    match cursor.peek() {
        Some(b':') => {
            cursor.take(field);
            cursor.take_while(field, |b| b.is_ascii_digit() || b == b':' || b == b'.');
            Look::Time
        }
        Some(separator @ (b'-' | b'/' | b'.')) => {
            cursor.take(field);
            if !cursor.peek().is_some_and(|b| b.is_ascii_digit()) {
                cursor.take_while(field, |b| b.is_ascii_alphanumeric() || b == separator);
                return Look::Date;
            }
            cursor.take_while(field, |b| b.is_ascii_digit());
            if cursor.peek() == Some(separator) {
                cursor.take(field);
                cursor.take_while(field, |b| b.is_ascii_digit() || b == separator);
                Look::Date
            } else if separator == b'.' {
                Look::Number
            } else {
                Look::Date
            }
        }
        _ => Look::Number,
    }
}

fn word_like(cursor: &mut Cursor<'_>, field: &mut String) -> Look {
    cursor.take_while(field, |b| b.is_ascii_alphabetic());
    let is_date = match cursor.peek() {
        Some(b'-' | b'/' | b'.') => true,
        Some(byte) if byte == b'+' || byte.is_ascii_digit() => tokens::special(field).is_none(),
        _ => false,
    };
    if is_date {
        cursor.take_while(field, |b| b.is_ascii_alphanumeric() || b"+-/_.:".contains(&b));
        Look::Date
    } else {
        Look::String
    }
}

fn signed(cursor: &mut Cursor<'_>, field: &mut String) -> Result<Look, Fault> {
    cursor.take(field);
    while cursor.peek().is_some_and(is_space) {
        cursor.at += 1;
    }
    match cursor.peek() {
        Some(byte) if byte.is_ascii_digit() => {
            cursor.take_while(field, |b| b.is_ascii_digit() || b":.-".contains(&b));
            Ok(Look::Zone)
        }
        Some(byte) if byte.is_ascii_alphabetic() => {
            cursor.take_while(field, |b| b.is_ascii_alphabetic());
            Ok(Look::Special)
        }
        _ => Err(Fault::BadFormat),
    }
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, field: &mut String) {
        if let Some(byte) = self.peek() {
            field.push(char::from(byte.to_ascii_lowercase()));
            self.at += 1;
        }
    }

    fn take_while(&mut self, field: &mut String, accepts: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&accepts) {
            self.take(field);
        }
    }
}
