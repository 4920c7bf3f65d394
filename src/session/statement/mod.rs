//! Statements: how each is read, and how each runs. One file per family.
//!
//! [`command`] cuts a query string into statements; [`lexer`], [`reader`], [`parse`] and [`copy_options`] read the small
//! ones. The others run what `query` has bound: it says which rows and which values, `transaction` applies them.

pub(crate) mod command;
pub(crate) mod lexer;
pub(crate) mod names;
pub(crate) mod parse;
pub(crate) mod reader;

pub(crate) mod by_key;
pub(crate) mod delete;
pub(crate) mod insert;
pub(crate) mod select;
pub(crate) mod update;

pub(crate) mod create_table;
pub(crate) mod database;
pub(crate) mod ddl;

pub(crate) mod copy_format;
pub(crate) mod copy_in;
pub(crate) mod copy_options;
pub(crate) mod copy_out;
pub(crate) mod copy_reader;

pub(crate) mod explain;
pub(crate) mod listen;
pub(crate) mod set;
pub(crate) mod transaction;
pub(crate) mod utility;

mod running;

pub(crate) use running::{Running, text_rows};

use crate::error::SessionError;

/// 0A000 for a feature by its name.
pub(crate) fn not_supported(feature: &str) -> crate::Error {
    SessionError::NotSupported(format!("{feature} is not supported")).into()
}
