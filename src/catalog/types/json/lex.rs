//! Tokens of JSON, and PostgreSQL's words for what is wrong with them (`jsonapi.c`).

use crate::error::{CatalogError, Result};

/// A token. Strings and numbers are spans of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    End,
    String,
    Number,
    ObjectStart,
    ObjectEnd,
    ArrayStart,
    ArrayEnd,
    Comma,
    Colon,
    True,
    False,
    Null,
}

/// Most bytes of the line before an error that CONTEXT shows.
const CONTEXT_BYTES: usize = 50;

/// Reads tokens from left to right; the current one is looked at, [`Lexer::advance`] goes on.
pub(super) struct Lexer<'a> {
    text: &'a str,
    /// Where the current token starts and ends.
    start: usize,
    end: usize,
    token: Token,
    decode: bool,
    /// The current token's characters, if it is a string and they are wanted.
    string: String,
}

impl<'a> Lexer<'a> {
    /// A lexer at the first token. With `decode`, strings are unescaped (jsonb), and `\u0000` is refused.
    pub(super) fn new(text: &'a str, decode: bool) -> Result<Self> {
        let mut lexer = Self { text, start: 0, end: 0, token: Token::End, decode, string: String::new() };
        lexer.advance()?;
        Ok(lexer)
    }

    pub(super) fn token(&self) -> Token {
        self.token
    }

    /// The text of the current token.
    pub(super) fn lexeme(&self) -> &'a str {
        &self.text[self.start..self.end]
    }

    /// The characters of the current string.
    pub(super) fn take_string(&mut self) -> String {
        std::mem::take(&mut self.string)
    }

    /// Goes to the next token.
    pub(super) fn advance(&mut self) -> Result<()> {
        let bytes = self.text.as_bytes();
        self.start = self.end;
        while matches!(bytes.get(self.start), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.start += 1;
        }
        self.end = self.start + 1;
        // What the token is not yet known to be; anything but the end.
        self.token = Token::Null;
        self.token = match bytes.get(self.start) {
            None => {
                self.end = self.start;
                Token::End
            }
            Some(b'{') => Token::ObjectStart,
            Some(b'}') => Token::ObjectEnd,
            Some(b'[') => Token::ArrayStart,
            Some(b']') => Token::ArrayEnd,
            Some(b',') => Token::Comma,
            Some(b':') => Token::Colon,
            Some(b'"') => return self.string_token(),
            Some(b'-' | b'0'..=b'9') => return self.number_token(),
            Some(_) => return self.word_token(),
        };
        Ok(())
    }

    fn word_token(&mut self) -> Result<()> {
        let length = self.text[self.start..].bytes().take_while(|b| is_word(*b)).count();
        if length == 0 {
            // One character, which may have several bytes.
            let width = self.text[self.start..].chars().next().map_or(1, char::len_utf8);
            self.end = self.start + width;
            return Err(self.invalid_token());
        }
        self.end = self.start + length;
        self.token = match self.lexeme() {
            "true" => Token::True,
            "false" => Token::False,
            "null" => Token::Null,
            _ => return Err(self.invalid_token()),
        };
        Ok(())
    }

    fn number_token(&mut self) -> Result<()> {
        let bytes = self.text.as_bytes();
        let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
        let mut at = self.start + usize::from(bytes[self.start] == b'-');
        let mut wrong = false;
        // A zero in front stands alone.
        match bytes.get(at) {
            Some(b'0') => at += 1,
            Some(b'1'..=b'9') => at += digits(at),
            _ => wrong = true,
        }
        if bytes.get(at) == Some(&b'.') {
            let part = digits(at + 1);
            wrong |= part == 0;
            at += 1 + part;
        }
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
            let part = digits(at);
            wrong |= part == 0;
            at += part;
        }
        // What follows without a separator belongs to the token, and makes it wrong.
        let tail = bytes[at.min(bytes.len())..].iter().take_while(|b| is_word(**b)).count();
        self.end = (at + tail).min(bytes.len());
        self.token = Token::Number;
        if wrong || tail > 0 { Err(self.invalid_token()) } else { Ok(()) }
    }

    fn string_token(&mut self) -> Result<()> {
        self.string.clear();
        self.token = Token::String;
        let mut high_surrogate: Option<u32> = None;
        loop {
            let Some(next) = self.text[self.end..].chars().next() else {
                return Err(self.invalid_token());
            };
            if next == '\\' {
                self.end += 1;
                self.escape(&mut high_surrogate)?;
                continue;
            }
            if high_surrogate.is_some() {
                self.end += next.len_utf8();
                return Err(self.lone_surrogate(LOW_MUST_FOLLOW));
            }
            if next == '"' {
                self.end += 1;
                return Ok(());
            }
            if u32::from(next) < 0x20 {
                let detail = format!("Character with value 0x{:02x} must be escaped.", u32::from(next));
                return Err(self.error(detail));
            }
            self.end += next.len_utf8();
            if self.decode {
                self.string.push(next);
            }
        }
    }

    /// One escape; the backslash is behind us.
    fn escape(&mut self, high_surrogate: &mut Option<u32>) -> Result<()> {
        let Some(letter) = self.text[self.end..].chars().next() else {
            return Err(self.invalid_token());
        };
        self.end += letter.len_utf8();
        if letter == 'u' {
            return self.unicode_escape(high_surrogate);
        }
        if high_surrogate.is_some() && self.decode {
            return Err(self.lone_surrogate(LOW_MUST_FOLLOW));
        }
        let decoded = match letter {
            '"' | '\\' | '/' => letter,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            other => return Err(self.error(format!("Escape sequence \"\\{other}\" is invalid."))),
        };
        if self.decode {
            self.string.push(decoded);
        }
        Ok(())
    }

    fn unicode_escape(&mut self, high_surrogate: &mut Option<u32>) -> Result<()> {
        let mut code = 0;
        for _ in 0..4 {
            let Some(next) = self.text[self.end..].chars().next() else {
                return Err(self.invalid_token());
            };
            self.end += next.len_utf8();
            let Some(digit) = next.to_digit(16) else {
                return Err(self.error("\"\\u\" must be followed by four hexadecimal digits.".into()));
            };
            code = code * 16 + digit;
        }
        if !self.decode {
            return Ok(());
        }
        match (code, high_surrogate.take()) {
            (0xD800..=0xDBFF, Some(_)) => {
                Err(self.lone_surrogate("Unicode high surrogate must not follow a high surrogate."))
            }
            (0xD800..=0xDBFF, None) => {
                *high_surrogate = Some(code);
                Ok(())
            }
            (0xDC00..=0xDFFF, Some(high)) => {
                let joined = 0x10000 + ((high & 0x3ff) << 10) + (code & 0x3ff);
                self.string.push(char::from_u32(joined).expect("a pair of surrogates is a character"));
                Ok(())
            }
            (0xDC00..=0xDFFF, None) | (_, Some(_)) => Err(self.lone_surrogate(LOW_MUST_FOLLOW)),
            (0, None) => {
                let detail = "\\u0000 cannot be converted to text.".to_owned();
                Err(self.with_context(CatalogError::UnsupportedUnicode { detail }.into()))
            }
            (_, None) => {
                self.string.push(char::from_u32(code).expect("surrogates are handled above"));
                Ok(())
            }
        }
    }

    fn lone_surrogate(&self, detail: &str) -> crate::Error {
        self.error(detail.to_owned())
    }

    fn invalid_token(&self) -> crate::Error {
        self.error(format!("Token \"{}\" is invalid.", self.lexeme()))
    }

    /// The error of a token that is right in itself and wrong here.
    pub(super) fn unexpected(&self, expected: &str) -> crate::Error {
        let detail = if self.token == Token::End {
            "The input string ended unexpectedly.".to_owned()
        } else {
            format!("{expected}, but found \"{}\".", self.lexeme())
        };
        self.error(detail)
    }

    fn error(&self, detail: String) -> crate::Error {
        self.with_context(CatalogError::InvalidJson { detail }.into())
    }

    /// CONTEXT with the line up to the error.
    fn with_context(&self, error: crate::Error) -> crate::Error {
        let end = self.end.min(self.text.len());
        // A line ends only between tokens: inside of one, a line feed is itself the error.
        let before = &self.text[..self.start];
        let line = before.matches('\n').count() + 1;
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let mut start = line_start;
        while end - start >= CONTEXT_BYTES {
            start += self.text[start..].chars().next().map_or(1, char::len_utf8);
        }
        // A prefix of three bytes is not worth its dots.
        if start - line_start <= 3 {
            start = line_start;
        }
        let line_end = self.text[end..].find('\n').map_or(self.text.len(), |at| end + at);
        let prefix = if start > line_start { "..." } else { "" };
        let suffix = if self.token != Token::End && end < self.text.len() && end < line_end { "..." } else { "" };
        error.context(format!("JSON data, line {line}: {prefix}{}{suffix}", &self.text[start..end]))
    }
}

const LOW_MUST_FOLLOW: &str = "Unicode low surrogate must follow a high surrogate.";

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}
