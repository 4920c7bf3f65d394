//! Constructs that sqlparser has no node for, as names that no text can write.
//!
//! [`super::tokens`] and [`super::dialect`] put them into the tokens and the tree, analysis takes them out. Each is a
//! word without quotes that holds a space, which no such word of a text does.

use datafusion::sql::sqlparser::ast::{Expr, Ident};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Span, Token, TokenWithSpan, Word};

/// The name of the function whose arguments are the functions of `ROWS FROM (…)`.
pub const ROWS_FROM: &str = "ROWS FROM";
/// The alias that a column definition list without an alias stands behind.
pub const NO_ALIAS: &str = "NO ALIAS";
/// The only item of an empty select list.
pub const NO_COLUMNS: &str = "NO COLUMNS";
/// All fields of a row, in the place of a field's name: `(row).*`.
pub const ALL_FIELDS: &str = "ALL FIELDS";
/// The first item of `GROUP BY DISTINCT`.
pub const GROUP_DISTINCT: &str = "GROUP DISTINCT";
/// The name of the function whose arguments are the items of `GROUPING SETS (…)` inside of another one.
pub const GROUPING_SETS: &str = "GROUPING SETS";
/// The last column of `USING (…) AS alias`, which the alias qualifies.
pub const JOIN_ALIAS: &str = "JOIN ALIAS";
/// The first part of the names of a locking clause; behind it stands the strength.
pub const LOCK: &str = "LOCK ";
/// The beginning of a window's base name when its frame excludes rows: `EXCLUDE TIES` and then the name, if any.
pub const EXCLUDE: &str = "EXCLUDE ";
/// The schema of a sampling method.
pub const SAMPLE: &str = "SAMPLE METHOD";
/// The note at an argument marked VARIADIC.
pub const VARIADIC: &str = "VARIADIC ARGUMENT";
/// The note at BETWEEN SYMMETRIC.
pub const SYMMETRIC: &str = "BETWEEN SYMMETRIC";
/// The beginning of the note at the operand of a prefix operator that sqlparser does not know.
pub const PREFIX: &str = "PREFIX ";

/// A mark as a token at a place of the text.
pub fn token(mark: impl Into<String>, span: Span) -> TokenWithSpan {
    let word = Word { value: mark.into(), quote_style: None, keyword: Keyword::NoKeyword };
    TokenWithSpan { token: Token::Word(word), span }
}

/// Is the name this mark?
pub fn is(ident: &Ident, mark: &str) -> bool {
    ident.quote_style.is_none() && ident.value == mark
}

/// What stands behind a mark that is only the beginning of a name.
pub fn behind<'n>(ident: &'n Ident, mark: &str) -> Option<&'n str> {
    if ident.quote_style.is_some() { None } else { ident.value.strip_prefix(mark) }
}

/// An expression with a note at it.
pub fn note(expr: Expr, mark: impl Into<String>, span: Span) -> Expr {
    Expr::Named { expr: Box::new(expr), name: Ident { value: mark.into(), quote_style: None, span } }
}

/// The expression that has this note.
pub fn noted<'e>(expr: &'e Expr, mark: &str) -> Option<&'e Expr> {
    match expr {
        Expr::Named { expr, name } if is(name, mark) => Some(expr),
        _ => None,
    }
}

/// Is it nothing but this mark?
pub fn is_alone(expr: &Expr, mark: &str) -> bool {
    matches!(expr, Expr::Identifier(ident) if is(ident, mark))
}
