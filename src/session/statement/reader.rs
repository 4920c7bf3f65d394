//! Reads a small statement token by token, and makes PostgreSQL's syntax error of the token that does not fit.

use super::command::Name;
use super::lexer::{Kind, Lexer, Token, character};
use crate::Result;
use crate::error::QueryError;

/// The tokens of one statement and the place reached in them.
pub(crate) struct Reader<'a> {
    text: &'a str,
    tokens: Vec<Token<'a>>,
    at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a str) -> Result<Self> {
        let mut lexer = Lexer::new(text);
        let mut tokens = Vec::new();
        while let Some(token) = lexer.next()? {
            tokens.push(token);
        }
        Ok(Self { text, tokens, at: 0 })
    }

    pub fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    pub fn peek_second(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at + 1).copied()
    }

    pub fn peek_is(&self, word: &str) -> bool {
        self.peek().is_some_and(|token| token.is(word))
    }

    pub fn next(&mut self) -> Option<Token<'a>> {
        let token = self.peek();
        self.at += usize::from(token.is_some());
        token
    }

    pub fn accept(&mut self, word: &str) -> bool {
        let found = self.peek_is(word);
        self.at += usize::from(found);
        found
    }

    pub fn accept_symbol(&mut self, symbol: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is_symbol(symbol));
        self.at += usize::from(found);
        found
    }

    pub fn expect(&mut self, word: &str) -> Result<()> {
        if self.accept(word) { Ok(()) } else { Err(self.unexpected()) }
    }

    pub fn expect_symbol(&mut self, symbol: &str) -> Result<()> {
        if self.accept_symbol(symbol) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// The next token as a name.
    pub fn name(&mut self) -> Result<String> {
        match self.peek().and_then(|token| token.name()) {
            Some(name) => {
                self.at += 1;
                Ok(name)
            }
            None => Err(self.unexpected()),
        }
    }

    pub fn qualified(&mut self) -> Result<Name> {
        let position = self.position();
        let mut parts = vec![self.name()?];
        while self.accept_symbol(".") {
            parts.push(self.name()?);
        }
        if parts.len() > 3 {
            let message = format!("improper qualified name (too many dotted names): {}", parts.join("."));
            return Err(crate::Error::from(QueryError::Syntax(message)).at(position));
        }
        Ok(Name { parts, position })
    }

    pub fn names(&mut self) -> Result<Vec<Name>> {
        let mut names = vec![self.qualified()?];
        while self.accept_symbol(",") {
            names.push(self.qualified()?);
        }
        Ok(names)
    }

    pub fn string(&mut self) -> Result<String> {
        match self.peek().and_then(|token| token.string()) {
            Some(text) => {
                self.at += 1;
                Ok(text)
            }
            None => Err(self.unexpected()),
        }
    }

    /// Where the next token stands: in characters, from 1.
    pub fn position(&self) -> u32 {
        character(self.text, self.peek().map_or(self.text.len(), |token| token.start))
    }

    /// The text up to the `)` that closes an opened `(`, which is read too; with the number of characters before.
    pub fn parenthesised(&mut self) -> Result<(&'a str, u32)> {
        let start = self.peek().map_or(self.text.len(), |token| token.start);
        let mut depth = 1_usize;
        while let Some(token) = self.next() {
            match token.text {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok((&self.text[start..token.start], character(self.text, start) - 1));
            }
        }
        Err(self.unexpected())
    }

    /// The parts of a list in parentheses, cut at its own commas. The `(` was read.
    pub fn list(&mut self) -> Result<Vec<String>> {
        let mut parts = Vec::new();
        let mut depth = 1_usize;
        let mut start = self.peek().map(|token| token.start);
        while let Some(token) = self.next() {
            match token.text {
                "(" | "[" => depth += 1,
                ")" | "]" => depth -= 1,
                _ => {}
            }
            if depth == 0 || (depth == 1 && token.is_symbol(",")) {
                let part = self.text[start.unwrap_or(token.start)..token.start].trim();
                if part.is_empty() {
                    self.at -= 1;
                    return Err(self.unexpected());
                }
                parts.push(part.to_owned());
                start = self.peek().map(|token| token.start);
            }
            if depth == 0 {
                return Ok(parts);
            }
        }
        Err(self.unexpected())
    }

    /// The rest of the text, and how many characters come before it.
    pub fn rest(&mut self) -> Result<(&'a str, u32)> {
        let start = self.peek().ok_or_else(|| self.unexpected())?.start;
        self.at = self.tokens.len();
        Ok((&self.text[start..], character(self.text, start) - 1))
    }

    pub fn end(&self) -> Result<()> {
        if self.peek().is_none() { Ok(()) } else { Err(self.unexpected()) }
    }

    /// PostgreSQL's syntax error for the next token.
    pub fn unexpected(&self) -> crate::Error {
        let message = match self.peek() {
            Some(token) => format!("syntax error at or near \"{}\"", token.text),
            None => "syntax error at end of input".to_owned(),
        };
        crate::Error::from(QueryError::Syntax(message)).at(self.position())
    }

    /// The name of a setting, dots and all.
    pub fn setting(&mut self) -> Result<String> {
        let mut name = self.name()?;
        while self.accept_symbol(".") {
            name = format!("{name}.{}", self.name()?);
        }
        Ok(name)
    }

    /// One value of SET: a string, a word, or a number with its sign.
    pub fn value(&mut self) -> Result<String> {
        if let Ok(text) = self.string() {
            return Ok(text);
        }
        let sign = if self.accept_symbol("-") { "-" } else { "" };
        let sign = if sign.is_empty() && self.accept_symbol("+") { "" } else { sign };
        match self.peek() {
            Some(token) if token.kind == Kind::Number => {
                self.at += 1;
                Ok(format!("{sign}{}", token.text))
            }
            Some(token) if sign.is_empty() && matches!(token.kind, Kind::Word | Kind::Quoted) => self.name(),
            _ => Err(self.unexpected()),
        }
    }
}
