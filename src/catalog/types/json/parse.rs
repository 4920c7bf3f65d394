//! The grammar of JSON.

use super::lex::{Lexer, Token};
use crate::error::{CatalogError, Result};

/// Deepest nesting. PostgreSQL stops at its stack's size, some six thousand levels.
const DEPTH: usize = 1_000;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Null,
    Bool(bool),
    /// As it was written.
    Number(String),
    String(String),
    Array(Vec<Value>),
    Object(Vec<(String, Value)>),
}

/// Checks a `json` text.
///
/// # Errors
/// 22P02 with PostgreSQL's DETAIL and CONTEXT; 54001 when nested too deep.
pub fn validate(text: &str) -> Result<()> {
    let mut lexer = Lexer::new(text, false)?;
    value::<()>(&mut lexer, DEPTH)?;
    end(&lexer)
}

/// Reads a `jsonb` text.
pub(super) fn parse(text: &str) -> Result<Value> {
    let mut lexer = Lexer::new(text, true)?;
    let parsed = value::<Value>(&mut lexer, DEPTH)?;
    end(&lexer)?;
    Ok(parsed)
}

/// What a parser builds: nothing for `json`, values for `jsonb`.
trait Build: Sized {
    fn scalar(lexer: &mut Lexer<'_>) -> Self;
    fn key(lexer: &mut Lexer<'_>) -> String;
    fn array(items: Vec<Self>) -> Self;
    fn object(members: Vec<(String, Self)>) -> Self;
}

impl Build for () {
    fn scalar(_: &mut Lexer<'_>) {}
    fn key(_: &mut Lexer<'_>) -> String {
        String::new()
    }
    fn array(_: Vec<()>) {}
    fn object(_: Vec<(String, ())>) {}
}

impl Build for Value {
    fn scalar(lexer: &mut Lexer<'_>) -> Self {
        match lexer.token() {
            Token::String => Self::String(lexer.take_string()),
            Token::Number => Self::Number(lexer.lexeme().to_owned()),
            Token::True => Self::Bool(true),
            Token::False => Self::Bool(false),
            _ => Self::Null,
        }
    }

    fn key(lexer: &mut Lexer<'_>) -> String {
        lexer.take_string()
    }

    fn array(items: Vec<Self>) -> Self {
        Self::Array(items)
    }

    fn object(members: Vec<(String, Self)>) -> Self {
        Self::Object(members)
    }
}

fn end(lexer: &Lexer<'_>) -> Result<()> {
    if lexer.token() == Token::End { Ok(()) } else { Err(lexer.unexpected("Expected end of input")) }
}

fn value<B: Build>(lexer: &mut Lexer<'_>, depth: usize) -> Result<B> {
    let depth = depth.checked_sub(1).ok_or(CatalogError::TooDeep)?;
    match lexer.token() {
        Token::ObjectStart => object(lexer, depth),
        Token::ArrayStart => array(lexer, depth),
        Token::String | Token::Number | Token::True | Token::False | Token::Null => {
            let scalar = B::scalar(lexer);
            lexer.advance()?;
            Ok(scalar)
        }
        _ => Err(lexer.unexpected("Expected JSON value")),
    }
}

fn array<B: Build>(lexer: &mut Lexer<'_>, depth: usize) -> Result<B> {
    lexer.advance()?;
    let mut items = Vec::new();
    if lexer.token() != Token::ArrayEnd {
        loop {
            items.push(value(lexer, depth)?);
            match lexer.token() {
                Token::Comma => lexer.advance()?,
                Token::ArrayEnd => break,
                _ => return Err(lexer.unexpected("Expected \",\" or \"]\"")),
            }
        }
    }
    lexer.advance()?;
    Ok(B::array(items))
}

fn object<B: Build>(lexer: &mut Lexer<'_>, depth: usize) -> Result<B> {
    lexer.advance()?;
    let mut members = Vec::new();
    if lexer.token() == Token::ObjectEnd {
        lexer.advance()?;
        return Ok(B::object(members));
    }
    let mut expected = "Expected string or \"}\"";
    loop {
        if lexer.token() != Token::String {
            return Err(lexer.unexpected(expected));
        }
        let key = B::key(lexer);
        lexer.advance()?;
        if lexer.token() != Token::Colon {
            return Err(lexer.unexpected("Expected \":\""));
        }
        lexer.advance()?;
        members.push((key, value(lexer, depth)?));
        match lexer.token() {
            Token::Comma => lexer.advance()?,
            Token::ObjectEnd => break,
            _ => return Err(lexer.unexpected("Expected \",\" or \"}\"")),
        }
        expected = "Expected string";
    }
    lexer.advance()?;
    Ok(B::object(members))
}
