//! Tokens of jsonpath, as `jsonpath_scan.l` has them.

use crate::error::{CatalogError, Result};

/// A token and where it ends.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    End,
    /// A name without quotes; keywords are names.
    Name(String),
    String(String),
    Variable(String),
    /// Digits only.
    Integer(String),
    Number(String),
    /// `$`, `&&`, `[` and others.
    Symbol(&'static str),
}

/// Longer ones first.
const SYMBOLS: [&str; 32] = [
    "&&", "||", "**", "<=", "<>", "==", "!=", ">=", "?", "%", "$", ".", "[", "]", "{", "}", "(", ")", "|", "&", "!",
    "=", "<", ">", "@", "#", ",", "*", ":", "-", "+", "/",
];

/// Reads tokens from left to right.
pub(super) struct Lexer<'a> {
    text: &'a str,
    /// Where the last token starts and ends.
    start: usize,
    end: usize,
}

fn is_blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r' | '\u{c}')
}

/// May it be part of a name?
fn is_other(letter: char) -> bool {
    !is_blank(letter) && !"?%$.[]{}()|&!=<>@#,*:-+/\\\"".contains(letter)
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, start: 0, end: 0 }
    }

    /// 42601 at the last token.
    pub(super) fn error(&self, message: &str) -> crate::Error {
        let near = &self.text[self.start..self.end];
        let message = if near.is_empty() {
            format!("{message} at end of jsonpath input")
        } else {
            format!("{message} at or near \"{near}\" of jsonpath input")
        };
        CatalogError::JsonPathSyntax(message).into()
    }

    fn rest(&self) -> &'a str {
        &self.text[self.end..]
    }

    /// The next token.
    pub(super) fn advance(&mut self) -> Result<Token> {
        loop {
            let rest = self.rest();
            let blanks = rest.len() - rest.trim_start_matches(is_blank).len();
            self.end += blanks;
            if !self.rest().starts_with("/*") {
                break;
            }
            self.start = self.end;
            match self.rest().find("*/") {
                Some(length) => self.end += length + 2,
                None => {
                    self.end = self.text.len();
                    self.start = self.end;
                    return Err(self.error("unexpected end of comment"));
                }
            }
        }
        self.start = self.end;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(Token::End) };
        let second = rest[first.len_utf8()..].chars().next();
        if first.is_ascii_digit() || (first == '.' && second.is_some_and(|next| next.is_ascii_digit())) {
            return self.number();
        }
        if first == '"' {
            return self.quoted().map(Token::String);
        }
        if first == '$' && second == Some('"') {
            self.end += 1;
            return self.quoted().map(Token::Variable);
        }
        if first == '$' && second.is_some_and(|next| is_other(next) || next == '\\') {
            self.end += 1;
            return self.name().map(Token::Variable);
        }
        if is_other(first) || first == '\\' {
            return self.name().map(Token::Name);
        }
        let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
        match symbol {
            Some(symbol) => {
                self.end += symbol.len();
                Ok(Token::Symbol(symbol))
            }
            None => Err(self.error("syntax error")),
        }
    }

    fn number(&mut self) -> Result<Token> {
        let bytes = self.text.as_bytes();
        let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let mut at = self.start;
        let mut is_integer = true;
        if bytes[at] == b'0' {
            at += 1;
        } else {
            at += digits(at);
        }
        if bytes.get(at) == Some(&b'.') {
            // `1.type()` is a number and a step, `1.` a number.
            is_integer = false;
            at += 1 + digits(at + 1);
        }
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
            let part = digits(at + 1 + sign);
            if part == 0 && sign == 1 {
                self.end = at + 2;
                return Err(self.error("invalid numeric literal"));
            }
            if part > 0 {
                is_integer = false;
                at += 1 + sign + part;
            }
        }
        self.end = at;
        let text = &self.text[self.start..at];
        if let Some(next) = self.rest().chars().next().filter(|next| is_other(*next) || *next == '\\') {
            self.end += next.len_utf8();
            return Err(self.error("trailing junk after numeric literal"));
        }
        Ok(if is_integer { Token::Integer(text.to_owned()) } else { Token::Number(text.to_owned()) })
    }

    fn name(&mut self) -> Result<String> {
        let mut name = String::new();
        while let Some(next) = self.rest().chars().next() {
            if next == '\\' {
                self.escape(&mut name)?;
            } else if is_other(next) {
                self.end += next.len_utf8();
                name.push(next);
            } else {
                break;
            }
        }
        Ok(name)
    }

    /// A string; the quote is next.
    fn quoted(&mut self) -> Result<String> {
        self.end += 1;
        let mut text = String::new();
        loop {
            match self.rest().chars().next() {
                None => {
                    self.start = self.end;
                    return Err(self.error("unterminated quoted string"));
                }
                Some('"') => {
                    self.end += 1;
                    return Ok(text);
                }
                Some('\\') => self.escape(&mut text)?,
                Some(next) => {
                    self.end += next.len_utf8();
                    text.push(next);
                }
            }
        }
    }

    /// One escape, or several that are one character.
    fn escape(&mut self, out: &mut String) -> Result<()> {
        self.end += 1;
        let Some(letter) = self.rest().chars().next() else {
            return Err(self.error("unexpected end after backslash"));
        };
        self.end += letter.len_utf8();
        let plain = match letter {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            'x' => {
                let code = self.hexadecimal(2).ok_or_else(|| self.error("invalid hexadecimal character sequence"))?;
                return self.push(code, out);
            }
            'u' => {
                let code = self.code()?;
                if !(0xD800..0xDC00).contains(&code) {
                    return self.push(code, out);
                }
                if !self.rest().starts_with("\\u") {
                    return Err(self.surrogate("Unicode low surrogate must follow a high surrogate."));
                }
                self.end += 2;
                let low = self.code()?;
                if !(0xDC00..0xE000).contains(&low) {
                    return Err(self.surrogate("Unicode low surrogate must follow a high surrogate."));
                }
                return self.push(0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff), out);
            }
            other => other,
        };
        out.push(plain);
        Ok(())
    }

    /// The code behind `\u`: four digits, or up to six in braces.
    fn code(&mut self) -> Result<u32> {
        let code = if self.rest().starts_with('{') {
            self.end += 1;
            let digits = self.rest().chars().take_while(char::is_ascii_hexdigit).count();
            let code = if (1..=6).contains(&digits) { self.hexadecimal(digits) } else { None };
            let closed = self.rest().starts_with('}');
            self.end += usize::from(closed);
            code.filter(|_| closed)
        } else {
            self.hexadecimal(4)
        };
        code.ok_or_else(|| self.error("invalid Unicode escape sequence"))
    }

    fn hexadecimal(&mut self, digits: usize) -> Option<u32> {
        let text = self.rest().get(..digits).filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        self.end += digits;
        u32::from_str_radix(text, 16).ok()
    }

    fn push(&self, code: u32, out: &mut String) -> Result<()> {
        if code == 0 {
            let detail = "\\u0000 cannot be converted to text.".to_owned();
            return Err(CatalogError::UnsupportedUnicode { detail }.into());
        }
        match char::from_u32(code) {
            Some(letter) => out.push(letter),
            None => return Err(self.surrogate("Unicode low surrogate must follow a high surrogate.")),
        }
        Ok(())
    }

    fn surrogate(&self, detail: &str) -> crate::Error {
        let message = "invalid input syntax for type jsonpath".to_owned();
        CatalogError::BadText { message, detail: Some(detail.to_owned()) }.into()
    }
}
