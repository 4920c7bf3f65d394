//! Syntax of PostgreSQL that sqlparser does not read, as tokens that it does.
//!
//! One pass over a statement's tokens, before it is parsed. Where sqlparser lacks a construct, its tokens become
//! others of the same meaning, or hold one of the [`marks`] that analysis understands. Every token keeps the place of
//! what it stands for, so that errors point into the text as it was written.

mod clauses;
mod literals;

use datafusion::sql::sqlparser::tokenizer::{Span, Token, TokenWithSpan};

use super::marks;
use super::parse::{Lines, near};
use crate::error::{Error, QueryError, Result};

/// What is known of one level of parentheses.
#[derive(Clone, Copy, Default)]
struct Level {
    /// Where its first token goes in the output.
    start: usize,
    /// Has a query begun in it?
    query: bool,
    /// Has the frame of a window begun in it?
    frame: bool,
}

/// One statement on its way.
struct Rewriting<'a> {
    sql: &'a str,
    lines: &'a Lines,
    input: Vec<&'a TokenWithSpan>,
    output: Vec<TokenWithSpan>,
    levels: Vec<Level>,
    /// Locking clauses, which go behind the clauses that sqlparser wants before them.
    locks: Vec<(usize, Vec<TokenWithSpan>)>,
}

/// Words that end a select list without items.
const AFTER_TARGETS: [&str; 13] = [
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "WHERE",
    "GROUP",
    "HAVING",
    "WINDOW",
    "ORDER",
    "LIMIT",
    "OFFSET",
    "FETCH",
    "FOR",
    "FROM",
];

/// Functions of XML, which have a grammar of their own.
const XML: [&str; 8] =
    ["xmlconcat", "xmlelement", "xmlexists", "xmlforest", "xmlparse", "xmlpi", "xmlroot", "xmlserialize"];

/// The tokens of a statement as sqlparser reads them.
///
/// # Errors
/// 0A000 for constructs that are known and not there, 42601 for mistakes that sqlparser would read over.
pub fn readable(sql: &str, lines: &Lines, tokens: &[TokenWithSpan]) -> Result<Vec<TokenWithSpan>> {
    let input: Vec<_> = tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).collect();
    let mut rewriting = Rewriting {
        sql,
        lines,
        output: Vec::with_capacity(input.len() + 4),
        input,
        levels: vec![Level::default()],
        locks: Vec::new(),
    };
    let mut index = 0;
    while index < rewriting.input.len() {
        index = rewriting.step(index)?;
    }
    rewriting.flush_locks(0);
    Ok(rewriting.output)
}

fn is_word(token: &Token, text: &str) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text))
}

impl<'a> Rewriting<'a> {
    fn at(&self, index: usize) -> Option<&'a Token> {
        self.input.get(index).map(|token| &token.token)
    }

    fn word(&self, index: usize, text: &str) -> bool {
        self.at(index).is_some_and(|token| is_word(token, text))
    }

    fn one_of(&self, index: usize, texts: &[&str]) -> bool {
        texts.iter().any(|text| self.word(index, text))
    }

    fn words(&self, index: usize, texts: &[&str]) -> bool {
        texts.iter().enumerate().all(|(offset, text)| self.word(index + offset, text))
    }

    fn is(&self, index: usize, token: &Token) -> bool {
        self.at(index) == Some(token)
    }

    fn any_word(&self, index: usize) -> bool {
        matches!(self.at(index), Some(Token::Word(_)))
    }

    fn string(&self, index: usize) -> Option<&'a str> {
        match self.at(index) {
            Some(Token::SingleQuotedString(text)) => Some(text),
            _ => None,
        }
    }

    /// Nothing more of the statement, or of the parentheses.
    fn ends(&self, index: usize) -> bool {
        matches!(self.at(index), None | Some(Token::RParen | Token::EOF | Token::SemiColon))
    }

    fn span(&self, index: usize) -> Span {
        self.input.get(index).or(self.input.last()).map_or_else(Span::empty, |token| token.span)
    }

    fn last(&self) -> Option<&Token> {
        self.output.last().map(|token| &token.token)
    }

    fn last_is(&self, text: &str) -> bool {
        self.last().is_some_and(|token| is_word(token, text))
    }

    fn last_is_one_of(&self, texts: &[&str]) -> bool {
        texts.iter().any(|text| self.last_is(text))
    }

    fn level(&mut self) -> &mut Level {
        if self.levels.is_empty() {
            self.levels.push(Level::default());
        }
        let last = self.levels.len() - 1;
        &mut self.levels[last]
    }

    fn in_query(&self) -> bool {
        self.levels.last().is_some_and(|level| level.query)
    }

    fn push(&mut self, token: Token, span: Span) {
        self.output.push(TokenWithSpan { token, span });
    }

    fn push_word(&mut self, text: &str, span: Span) {
        self.push(Token::make_keyword(text), span);
    }

    fn mark(&mut self, mark: impl Into<String>, span: Span) {
        self.output.push(marks::token(mark, span));
    }

    fn copy(&mut self, index: usize) {
        self.output.extend(self.input.get(index).map(|token| (*token).clone()));
    }

    fn syntax(&self, index: usize) -> Error {
        match self.input.get(index) {
            Some(token) => near(self.sql, self.lines, token),
            None => super::parse::end_of_input(self.sql),
        }
    }

    fn refused(&self, what: &str, index: usize) -> Error {
        let position = self.lines.position(self.span(index).start);
        Error::from(QueryError::NotSupported(format!("{what} is not supported"))).at(position)
    }

    /// The index behind the parenthesis that closes the one at `index`.
    fn behind(&self, index: usize) -> usize {
        let mut depth = 0usize;
        let mut index = index;
        while let Some(token) = self.at(index) {
            match token {
                Token::LParen => depth += 1,
                Token::RParen => depth -= 1,
                _ => {}
            }
            index += 1;
            if depth == 0 {
                break;
            }
        }
        index
    }

    /// Copies one token, or what stands for some; answers the index of the next one.
    fn step(&mut self, index: usize) -> Result<usize> {
        let Some(token) = self.at(index) else { return Ok(index + 1) };
        match token {
            Token::LParen => {
                self.copy(index);
                self.levels.push(Level { start: self.output.len(), ..Level::default() });
                Ok(index + 1)
            }
            Token::RParen => {
                self.flush_locks(self.levels.len().saturating_sub(1));
                self.levels.pop();
                self.copy(index);
                self.behind_parenthesis(index)
            }
            Token::SingleQuotedString(_) => self.text(index),
            Token::UnicodeStringLiteral(text)
                if self.word(index + 1, "UESCAPE") && self.string(index + 2).is_some() =>
            {
                let decoded = self.unicode(self.span(index), self.string(index + 2).unwrap_or_default());
                let _ = text;
                self.push(Token::UnicodeStringLiteral(decoded?), self.span(index));
                Ok(index + 3)
            }
            Token::Period if self.is(index + 1, &Token::Mul) => {
                let after_row = matches!(self.last(), Some(Token::RParen | Token::RBracket));
                if after_row || self.continues(index + 2) {
                    self.copy(index);
                    self.mark(marks::ALL_FIELDS, self.span(index + 1));
                    return Ok(index + 2);
                }
                self.copy(index);
                self.copy(index + 1);
                Ok(index + 2)
            }
            Token::DoubleEq => {
                self.push(Token::CustomBinaryOperator("==".into()), self.span(index));
                Ok(index + 1)
            }
            Token::Placeholder(name) if !name.starts_with('$') => {
                let position = self.lines.position(self.span(index).start);
                let sign: String = name.chars().take(1).collect();
                Err(Error::from(QueryError::Syntax(format!("syntax error at or near \"{sign}\""))).at(position))
            }
            Token::Word(word) if word.quote_style.is_none() => self.plain_word(index),
            _ => {
                self.copy(index);
                Ok(index + 1)
            }
        }
    }

    /// Is what stands behind `.*` part of an expression?
    fn continues(&self, index: usize) -> bool {
        match self.at(index) {
            None | Some(Token::Comma | Token::RParen | Token::SemiColon | Token::EOF | Token::LParen) => false,
            Some(Token::Word(_)) => {
                self.one_of(index, &["IS", "IN", "NOT", "AND", "OR", "BETWEEN", "LIKE", "ILIKE", "AS", "OPERATOR"])
            }
            Some(_) => true,
        }
    }

    /// Is the FROM that was just written that of `IS DISTINCT FROM`?
    fn distinguishes(&self) -> bool {
        let before = self.output.len().checked_sub(2).and_then(|index| self.output.get(index));
        before.is_some_and(|token| is_word(&token.token, "DISTINCT"))
    }

    /// Does the operand before this token go on with it?
    fn continues_operand(&self, index: usize) -> bool {
        match self.at(index) {
            None | Some(Token::Comma | Token::RParen | Token::RBracket | Token::SemiColon | Token::EOF) => false,
            Some(Token::Word(_)) => self.one_of(index, &["COLLATE", "OPERATOR"]),
            Some(_) => true,
        }
    }

    /// What may follow a closing parenthesis.
    fn behind_parenthesis(&mut self, index: usize) -> Result<usize> {
        let next = index + 1;
        let begins_query = |rewriting: &Self, index| {
            rewriting.one_of(index, &["SELECT", "VALUES", "WITH", "TABLE", "INSERT", "UPDATE", "DELETE", "NOT"])
        };
        if self.word(next, "AS") && self.is(next + 1, &Token::LParen) && self.in_query() {
            let typed = self.any_word(next + 2) && self.any_word(next + 3) && !begins_query(self, next + 2);
            let window = self.one_of(next + 2, &["PARTITION", "ORDER", "ROWS", "RANGE", "GROUPS"]);
            if typed && !window {
                self.copy(next);
                self.mark(marks::NO_ALIAS, self.span(next + 1));
                return Ok(next + 1);
            }
        }
        if self.word(next, "SEARCH") && self.one_of(next + 1, &["DEPTH", "BREADTH"]) {
            return Err(self.refused("SEARCH of a WITH query", next));
        }
        if self.word(next, "CYCLE") && self.any_word(next + 1) {
            return Err(self.refused("CYCLE of a WITH query", next));
        }
        Ok(next)
    }

    fn plain_word(&mut self, index: usize) -> Result<usize> {
        let Some(Token::Word(word)) = self.at(index) else { return Ok(index + 1) };
        let span = self.span(index);
        match word.value.to_ascii_uppercase().as_str() {
            // Behind a period every word is a name.
            _ if matches!(self.last(), Some(Token::Period)) => {}
            "SELECT" if self.in_query() && self.last_is("AS") => {}
            "SELECT" => return self.select(index),
            "ESCAPE" if self.in_query() && self.string(index + 1).is_some() && self.continues_operand(index + 2) => {
                return Err(self.refused("ESCAPE with a computed character", index));
            }
            "COLLATION" if self.word(index + 1, "FOR") && self.is(index + 2, &Token::LParen) => {
                self.push_word("pg_collation_for", Span::new(span.start, self.span(index + 1).end));
                return Ok(index + 2);
            }
            "TREAT" if self.is(index + 1, &Token::LParen) => return Err(self.refused("TREAT", index)),
            "CAST" if self.in_query() && self.last_is("FROM") && !self.distinguishes() => {
                return Err(self.refused("CAST in FROM", index));
            }
            "UNIQUE" if self.is(index + 1, &Token::LParen) && self.word(index + 2, "SELECT") => {
                let message = "UNIQUE predicate is not yet implemented";
                let position = self.lines.position(span.start);
                return Err(Error::from(QueryError::NotSupported(message.into())).at(position));
            }
            "IS" if self.word(index + 1, "DOCUMENT") || self.words(index + 1, &["NOT", "DOCUMENT"]) => {
                return Err(self.refused("XML", index));
            }
            "VALUES" => self.level().query = true,
            "ROWS" if self.word(index + 1, "FROM") && self.is(index + 2, &Token::LParen) => {
                self.mark(marks::ROWS_FROM, Span::new(span.start, self.span(index + 1).end));
                return Ok(index + 2);
            }
            "ROWS" | "RANGE" | "GROUPS" => self.level().frame = true,
            "BETWEEN" if self.word(index + 1, "ASYMMETRIC") => {
                self.copy(index);
                return Ok(index + 2);
            }
            "EXCLUDE" if self.levels.last().is_some_and(|level| level.frame) => return self.exclude(index),
            "TABLE" if self.begins_query(index) => {
                self.level().query = true;
                self.push_word("SELECT", span);
                // The columns of `TABLE t` have no place.
                self.push(Token::Mul, Span::empty());
                self.push_word("FROM", span);
                return Ok(index + 1);
            }
            "ONLY"
                if matches!(self.last(), Some(Token::Comma))
                    || self.last_is_one_of(&["FROM", "JOIN", "UPDATE", "USING"]) =>
            {
                return self.only(index);
            }
            "FROM" | "JOIN" if self.in_query() => return self.from(index),
            "FOR" if self.in_query() => return self.lock(index),
            "FETCH" if self.in_query() => return self.fetch(index),
            "GROUP" if self.word(index + 1, "BY") => {
                self.copy(index);
                self.copy(index + 1);
                if self.word(index + 2, "DISTINCT") {
                    self.mark(marks::GROUP_DISTINCT, self.span(index + 2));
                    self.push(Token::Comma, self.span(index + 2));
                    return Ok(index + 3);
                }
                if self.word(index + 2, "ALL") && !self.ends(index + 3) {
                    return Ok(index + 3);
                }
                return Ok(index + 2);
            }
            "GROUPING" if self.word(index + 1, "SETS") && !self.last_is("BY") && !self.in_query() => {
                self.mark(marks::GROUPING_SETS, Span::new(span.start, self.span(index + 1).end));
                return Ok(index + 2);
            }
            "LIMIT" if self.in_query() && self.is(index + 2, &Token::Comma) => {
                let error = Error::from(QueryError::Syntax("LIMIT #,# syntax is not supported".into()));
                let position = self.lines.position(span.start);
                return Err(error.hint("Use separate LIMIT and OFFSET clauses.").at(position));
            }
            "USING" => return self.using(index),
            "ISNULL" if !self.last_is("AS") && !self.output.is_empty() => {
                self.push_word("IS", span);
                self.push_word("NULL", span);
                return Ok(index + 1);
            }
            "TABLESAMPLE" => return self.sample(index),
            "U" if self.is(index + 1, &Token::Ampersand) => return self.unicode_name(index),
            "N" if self.string(index + 1).is_some() => {}
            xml if self.is(index + 1, &Token::LParen) && XML.contains(&xml.to_ascii_lowercase().as_str()) => {
                return Err(self.refused("XML", index));
            }
            _ => {}
        }
        self.copy(index);
        Ok(index + 1)
    }

    /// May a query begin at this word?
    fn begins_query(&self, index: usize) -> bool {
        if !(self.any_word(index + 1)) {
            return false;
        }
        match self.last() {
            None | Some(Token::LParen | Token::RParen) => true,
            Some(_) => {
                self.last_is_one_of(&["UNION", "INTERSECT", "EXCEPT"])
                    || (self.in_query() && self.last_is_one_of(&["ALL", "DISTINCT"]))
            }
        }
    }

    /// SELECT, with a mark for a select list that is empty.
    fn select(&mut self, index: usize) -> Result<usize> {
        self.level().query = true;
        self.copy(index);
        let mut next = index + 1;
        if self.word(next, "ALL") {
            if self.word(next + 1, "DISTINCT") {
                return Err(self.syntax(next + 1));
            }
            if self.ends(next + 1) || self.one_of(next + 1, &AFTER_TARGETS) {
                next += 1;
            }
        }
        let distinct = self.word(next, "DISTINCT");
        if distinct && (self.ends(next + 1) || self.word(next + 1, "ALL") || self.one_of(next + 1, &AFTER_TARGETS)) {
            return Err(self.syntax(next + 1));
        }
        if self.ends(next) || self.one_of(next, &AFTER_TARGETS) {
            self.mark(marks::NO_COLUMNS, self.span(next));
        }
        Ok(next)
    }
}
