//! One statement of a query string, cut out and parsed.
//!
//! Statements with expressions (SELECT, INSERT, UPDATE, DELETE, CREATE TABLE) are `query::parse`'s. The
//! many small ones have grammars of one line each; they are read here from PostgreSQL's tokens, because a
//! general SQL parser accepts other dialects' forms of them and refuses some of PostgreSQL's.

use std::sync::Arc;

use super::copy_options::Copy;
use super::lexer::{Kind, Lexer, Token, character};
use super::parse;
use crate::Result;
use crate::error::QueryError;
use crate::query;

/// One statement, parsed.
#[derive(Clone, Debug)]
pub struct Parsed {
    text: Arc<str>,
    offset: u32,
    pub(crate) body: Body,
}

impl Parsed {
    /// The statement's text, without the semicolon and what is around it.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn shared_text(&self) -> Arc<str> {
        self.text.clone()
    }

    /// How many characters of the query string come before the text: positions in errors count from there.
    pub fn offset(&self) -> u32 {
        self.offset
    }

    /// What an empty text parses to.
    pub(crate) fn empty(text: &str) -> Self {
        Self { text: Arc::from(text), offset: 0, body: Body::Utility(Utility::Nothing) }
    }

    /// Whether the statement may run in a block that has failed.
    pub(crate) fn ends_transaction(&self) -> bool {
        matches!(self.body, Body::Utility(Utility::Commit { .. } | Utility::Rollback { .. }))
    }
}

/// What a statement is.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Sql(Arc<query::Parsed>),
    Utility(Utility),
}

/// A name with up to three parts: `database.schema.name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub parts: Vec<String>,
    /// Where it stands in the statement's text: in characters, from 1.
    pub position: u32,
}

/// BEGIN's and SET TRANSACTION's modes; the last one of a kind counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Modes {
    pub isolation: Option<Isolation>,
    pub read_only: Option<bool>,
    pub deferrable: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Isolation {
    ReadUncommitted,
    ReadCommitted,
    RepeatableRead,
    Serializable,
}

impl Isolation {
    /// The value of the setting `transaction_isolation`.
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadUncommitted => "read uncommitted",
            Self::ReadCommitted => "read committed",
            Self::RepeatableRead => "repeatable read",
            Self::Serializable => "serializable",
        }
    }
}

/// What DISCARD throws away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Discard {
    All,
    Plans,
    Sequences,
    Temp,
}

/// What DROP drops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dropped {
    Table,
    Schema,
}

/// A statement that is read here.
#[derive(Clone, Debug)]
pub(crate) enum Utility {
    /// `start`: it was written START TRANSACTION, which has its own tag.
    Begin {
        modes: Modes,
        start: bool,
    },
    Commit {
        chain: bool,
    },
    Rollback {
        chain: bool,
    },
    SetTransaction {
        modes: Modes,
        session: bool,
    },
    /// `value: None` is DEFAULT.
    Set {
        name: String,
        local: bool,
        value: Option<Vec<String>>,
    },
    SetConstraints,
    /// `None`: all.
    Reset(Option<String>),
    Show(Option<String>),
    Listen(String),
    Unlisten(Option<String>),
    Notify {
        channel: String,
        payload: Option<String>,
    },
    Discard(Discard),
    Deallocate(Option<String>),
    /// `types` and `statement` are texts.
    Prepare {
        name: String,
        types: Vec<String>,
        statement: Box<Parsed>,
    },
    /// The arguments are texts of expressions.
    Execute {
        name: String,
        arguments: Vec<String>,
    },
    Close(Option<String>),
    CreateDatabase {
        name: String,
        /// Who makes it, when it is not named.
        owner: Option<String>,
    },
    DropDatabase {
        name: String,
        if_exists: bool,
        force: bool,
    },
    CreateSchema {
        name: String,
        if_not_exists: bool,
    },
    Drop {
        what: Dropped,
        names: Vec<Name>,
        if_exists: bool,
        cascade: bool,
    },
    Truncate {
        names: Vec<Name>,
    },
    Copy(Box<Copy>),
    Explain {
        options: Explain,
        statement: Box<Parsed>,
    },
    /// An empty text.
    Nothing,
    /// The feature's name.
    NotSupported(String),
}

/// EXPLAIN's options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Explain {
    pub analyze: bool,
    pub verbose: bool,
    pub json: bool,
}

/// Cuts a query string into its statements and parses each. A string with nothing in it gives no statement.
///
/// # Errors
/// 42601 with the place, for any of the statements: none of them runs then.
pub(crate) fn split(sql: &str) -> Result<Vec<Parsed>> {
    let mut lexer = Lexer::new(sql);
    let mut commands = Vec::new();
    let mut piece: Option<(usize, usize)> = None;
    // In a string with one statement the tokens are looked at once more by `parse_one`; most strings are short.
    loop {
        let token = lexer.next()?;
        match token {
            Some(token) if !token.is_symbol(";") => {
                piece = Some((piece.map_or(token.start, |(start, _)| start), token.end()));
            }
            ended => {
                if let Some((start, end)) = piece.take() {
                    let before = character(sql, start) - 1;
                    commands.push(parse_one(&sql[start..end], before).map_err(|error| error.moved_by(before))?);
                }
                if ended.is_none() {
                    return Ok(commands);
                }
            }
        }
    }
}

/// Parses one statement. Places in errors are those in `text`; `offset` is only kept.
pub(crate) fn parse_one(text: &str, offset: u32) -> Result<Parsed> {
    let body = match parse::utility(text)? {
        Some(utility) => Body::Utility(utility),
        None => {
            let mut statements = query::parse(text)?;
            match (statements.pop(), statements.is_empty()) {
                (Some(statement), true) => Body::Sql(Arc::new(statement)),
                // The text was cut at its semicolons before.
                _ => return Err(QueryError::Syntax("syntax error at end of input".into()).into()),
            }
        }
    };
    Ok(Parsed { text: Arc::from(text), offset, body })
}

/// The first words of a statement, in lower case: what decides who parses it.
pub(crate) fn first_words(text: &str, most: usize) -> Result<Vec<String>> {
    let mut lexer = Lexer::new(text);
    let mut words = Vec::with_capacity(most);
    while words.len() < most {
        match lexer.next()? {
            Some(Token { kind: Kind::Word, text, .. }) => words.push(text.to_ascii_lowercase()),
            _ => break,
        }
    }
    Ok(words)
}
