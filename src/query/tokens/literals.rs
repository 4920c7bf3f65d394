//! Literals over several lines, and those with Unicode escapes.

use datafusion::sql::sqlparser::tokenizer::{Span, Token};

use super::Rewriting;
use crate::error::{CatalogError, Error, QueryError, Result};

impl Rewriting<'_> {
    /// A literal, with what it continues in on the next line.
    pub(super) fn text(&mut self, index: usize) -> Result<usize> {
        if self.in_query() && self.last_is("AS") {
            return Err(self.syntax(index));
        }
        if self.in_query() && self.last_is("FROM") && !self.distinguishes() {
            return Err(self.syntax(index));
        }
        if matches!(self.last(), Some(Token::Number(..))) {
            return Err(self.syntax(index));
        }
        let mut whole = self.string(index).unwrap_or_default().to_owned();
        let mut span = self.span(index);
        let mut next = index + 1;
        while let Some(part) = self.string(next).filter(|_| self.span(next).start.line > span.end.line) {
            whole.push_str(part);
            span = Span::new(span.start, self.span(next).end);
            next += 1;
        }
        self.push(Token::SingleQuotedString(whole), span);
        Ok(next)
    }

    /// `U&"…"`, which sqlparser takes for three tokens.
    pub(super) fn unicode_name(&mut self, index: usize) -> Result<usize> {
        let (start, name) = (self.span(index), self.span(index + 2));
        let adjacent = start.end == self.span(index + 1).start && self.span(index + 1).end == name.start;
        let quoted = matches!(self.at(index + 2), Some(Token::Word(word)) if word.quote_style == Some('"'));
        if !adjacent || !quoted {
            self.copy(index);
            return Ok(index + 1);
        }
        let span = Span::new(start.start, name.end);
        let has_escape = self.word(index + 3, "UESCAPE") && self.string(index + 4).is_some();
        let escape = if has_escape { self.string(index + 4).unwrap_or_default() } else { "\\" };
        let decoded = self.unicode(span, escape)?;
        self.push(Token::make_word(&decoded, Some('"')), span);
        Ok(index + if has_escape { 5 } else { 3 })
    }

    /// The text of `U&'…'` or `U&"…"`, which stands at `span`, by its escape character.
    pub(super) fn unicode(&self, span: Span, escape: &str) -> Result<String> {
        let position = self.lines.position(span.start);
        let invalid = |message: &str| Error::from(QueryError::Syntax(message.into())).at(position);
        let mut characters = escape.chars();
        let (Some(escape), None) = (characters.next(), characters.next()) else {
            return Err(invalid("invalid Unicode escape character"));
        };
        if escape.is_ascii_hexdigit() || matches!(escape, '+' | '\'' | '"') || escape.is_whitespace() {
            return Err(invalid("invalid Unicode escape character"));
        }
        let written = &self.sql[self.lines.byte(self.sql, span.start)..self.lines.byte(self.sql, span.end)];
        let body = written.get(3..written.len().saturating_sub(1)).unwrap_or_default();
        let quote = written.chars().nth(2).unwrap_or('\'');
        let mut decoded = String::with_capacity(body.len());
        let mut rest = body.chars().peekable();
        while let Some(character) = rest.next() {
            if character == quote {
                // It is written twice.
                rest.next();
                decoded.push(quote);
            } else if character != escape {
                decoded.push(character);
            } else if rest.peek() == Some(&escape) {
                rest.next();
                decoded.push(escape);
            } else {
                let length = if rest.peek() == Some(&'+') { 6 } else { 4 };
                if length == 6 {
                    rest.next();
                }
                let mut code = 0;
                for _ in 0..length {
                    let digit = rest.next().and_then(|digit| digit.to_digit(16));
                    code = code * 16 + digit.ok_or_else(|| invalid("invalid Unicode escape"))?;
                }
                match char::from_u32(code) {
                    Some('\0') => return Err(CatalogError::InvalidEncoding("0x00".into()).into()),
                    Some(character) => decoded.push(character),
                    None => return Err(invalid("invalid Unicode escape value")),
                }
            }
        }
        Ok(decoded)
    }
}
