//! Where things stand in the text that the syntax tree does not tell the place of.
//!
//! sqlparser knows where names and values stand, but neither operators nor keywords. They are found among the
//! text's tokens between the parts whose places are known.

use std::cell::OnceCell;

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use crate::query::bind::tree::Position;
use crate::query::dialect::PostgreSql;

/// The tokens of one text, read when the first place is asked for.
pub(super) struct Places<'a> {
    source: Option<&'a str>,
    tokens: OnceCell<Vec<TokenWithSpan>>,
}

impl<'a> Places<'a> {
    pub(super) fn new(source: Option<&'a str>) -> Self {
        Self { source, tokens: OnceCell::new() }
    }

    /// The tokens without white space and comments.
    fn tokens(&self) -> &[TokenWithSpan] {
        self.tokens.get_or_init(|| {
            let tokens = self.source.map(|source| Tokenizer::new(&PostgreSql, source).tokenize_with_location());
            let mut tokens = tokens.and_then(Result::ok).unwrap_or_default();
            tokens.retain(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF));
            tokens
        })
    }

    /// The first token at or behind `start` that reads `text` and does not stand in parentheses which are opened
    /// behind `start`.
    pub(super) fn after(&self, start: Option<Position>, text: &str) -> Option<Position> {
        let start = known(start)?;
        let tokens = self.tokens();
        let first = tokens.partition_point(|token| token.span.start < start);
        let mut depth = 0i32;
        for token in &tokens[first..] {
            match token.token {
                Token::LParen | Token::LBracket => depth += 1,
                Token::RParen | Token::RBracket => depth -= 1,
                _ => {}
            }
            // An opening bracket may itself be what is looked for.
            let own = i32::from(matches!(token.token, Token::LParen | Token::LBracket));
            if depth - own <= 0 && reads(&token.token, text) {
                return Some(token.span.start);
            }
        }
        None
    }

    /// Where these tokens stand one behind the other for the first time.
    pub(super) fn sequence(&self, texts: &[&str]) -> Option<Position> {
        let mut windows = self.tokens().windows(texts.len());
        let found = windows.find(|window| window.iter().zip(texts).all(|(token, text)| reads(&token.token, text)))?;
        found.first().map(|token| token.span.start)
    }

    /// What stands at or behind `end`, and where; no text for the end of the statement.
    pub(super) fn error_behind(&self, end: Option<Position>) -> Option<(Option<String>, Position)> {
        let end = known(end)?;
        let tokens = self.tokens();
        match tokens.iter().find(|token| token.span.start >= end) {
            Some(token) if token.token == Token::SemiColon => Some((Some(";".into()), token.span.start)),
            Some(token) => Some((Some(token.token.to_string()), token.span.start)),
            None => tokens.last().map(|token| (None, token.span.end)),
        }
    }

    /// The token behind the one at `start`.
    pub(super) fn next(&self, start: Option<Position>) -> Option<Position> {
        let start = known(start)?;
        self.tokens().iter().map(|token| token.span.start).find(|place| *place > start)
    }

    /// Does the token just before `end` read `text`?
    pub(super) fn follows(&self, end: Option<Position>, text: &str) -> bool {
        let Some(end) = known(end) else { return false };
        let tokens = self.tokens();
        let last = tokens.partition_point(|token| token.span.start < end);
        tokens[..last].last().is_some_and(|token| reads(&token.token, text))
    }

    /// The last token before `end` that reads `text`.
    pub(super) fn before(&self, end: Option<Position>, text: &str) -> Option<Position> {
        let end = known(end)?;
        let tokens = self.tokens();
        let last = tokens.partition_point(|token| token.span.start < end);
        tokens[..last].iter().rev().find(|token| reads(&token.token, text)).map(|token| token.span.start)
    }

    /// The opening parenthesis before `end` that is not closed before it.
    pub(super) fn opening(&self, end: Option<Position>) -> Option<Position> {
        let end = known(end)?;
        let tokens = self.tokens();
        let last = tokens.partition_point(|token| token.span.start < end);
        let mut depth = 0i32;
        for token in tokens[..last].iter().rev() {
            match token.token {
                Token::RParen => depth += 1,
                Token::LParen if depth == 0 => return Some(token.span.start),
                Token::LParen => depth -= 1,
                _ => {}
            }
        }
        None
    }
}

/// A place that is one: nodes without a place say line 0.
pub(super) fn known(place: Option<Position>) -> Option<Position> {
    place.filter(|place| place.line > 0)
}

fn reads(token: &Token, text: &str) -> bool {
    match token {
        Token::Word(word) => word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text),
        Token::Neq => matches!(text, "<>" | "!="),
        other => other.to_string() == text,
    }
}
