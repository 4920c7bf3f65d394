//! Names of types, identifiers and literals as PostgreSQL's `format_type`, `quote_ident` and `quote_literal` print
//! them. The query floor makes SQL functions of them.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::facts::Facts;
use super::types::PgType;
use crate::base::ids::Oid;

/// PostgreSQL's keywords and their category: U may be any name, C, T and R need quotes.
const KEYWORDS: &str = include_str!("../../catalog/pg_catalog/keywords.csv");

/// PostgreSQL's keywords with their categories (`U`, `C`, `T`, `R`), and whether each may name a column without AS.
pub fn keywords() -> impl Iterator<Item = (&'static str, &'static str, bool)> {
    KEYWORDS.lines().skip(1).filter_map(|line| {
        let (word, rest) = line.split_once(',')?;
        let (category, bare) = rest.split_once(',')?;
        Some((word, category, bare == "t"))
    })
}

/// An identifier as it must be written in SQL: in double quotes unless it is plain lower case and no keyword.
pub fn quote_ident(name: &str) -> String {
    static RESERVED: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
        keywords().filter(|(_, category, _)| *category != "U").map(|(word, category, _)| (word, category)).collect()
    });
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if is_plain && !RESERVED.contains_key(name) {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

/// A text as a literal: `quote_literal`.
pub fn quote_literal(text: &str) -> String {
    let escape = if text.contains('\\') { "E" } else { "" };
    format!("{escape}'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// `format_type(oid, typmod)`. `None` as typmod is SQL's NULL.
pub fn format_type(oid: Oid, typmod: Option<i32>) -> String {
    match PgType::from_oid(oid, typmod.unwrap_or(-1)) {
        _ if oid == 0 => "-".to_owned(),
        Some(data_type) => data_type.format(),
        // Types that only functions of the system have.
        None => {
            let facts = Facts::shipped();
            match facts.type_of(oid) {
                Some(fact) if fact.is_array() => format!("{}[]", format_type(fact.element, None)),
                Some(fact) => quote_ident(&fact.name),
                None => "???".to_owned(),
            }
        }
    }
}

/// A default as PostgreSQL would print it after having parsed it: literals with their type, keywords in
/// capitals. Other expressions stay as they were written.
pub(super) fn default_text(expression: &str, data_type: &PgType) -> String {
    let expression = expression.trim();
    let type_name = data_type.without_typmod().format();
    if is_string(expression) {
        return format!("{expression}::{type_name}");
    }
    if let Some(digits) = expression.strip_prefix('-').map(str::trim_start)
        && is_number(digits)
    {
        // The sign is an operator to PostgreSQL, which folds it into a constant of the column's type.
        return format!("'-{digits}'::{type_name}");
    }
    let upper = expression.to_ascii_uppercase();
    match upper.as_str() {
        "TRUE" | "FALSE" => upper.to_ascii_lowercase(),
        "NULL" => format!("NULL::{type_name}"),
        "CURRENT_USER" | "SESSION_USER" | "USER" | "CURRENT_ROLE" | "CURRENT_DATE" | "CURRENT_TIME"
        | "CURRENT_TIMESTAMP" | "LOCALTIME" | "LOCALTIMESTAMP" | "CURRENT_CATALOG" | "CURRENT_SCHEMA" => upper,
        _ => match expression.strip_suffix("()") {
            Some(name) if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') => {
                format!("{}()", name.to_ascii_lowercase())
            }
            _ => expression.to_owned(),
        },
    }
}

/// The length of the string literal at the start of a text.
fn string_length(text: &str) -> Option<usize> {
    let body = text.strip_prefix('\'')?;
    let mut end = 0;
    loop {
        end += body[end..].find('\'')? + 1;
        match body[end..].starts_with('\'') {
            true => end += 1,
            false => return Some(1 + end),
        }
    }
}

fn is_string(text: &str) -> bool {
    string_length(text) == Some(text.len())
}

fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_quoted_when_they_must_be() {
        for (name, quoted) in [
            ("messages", "messages"),
            ("_x1", "_x1"),
            ("Messages", "\"Messages\""),
            ("1x", "\"1x\""),
            ("", "\"\""),
            ("a\"b", "\"a\"\"b\""),
            ("select", "\"select\""),
            ("between", "\"between\""),
            ("abort", "abort"),
            ("grün", "\"grün\""),
        ] {
            assert_eq!(quote_ident(name), quoted);
        }
        assert_eq!(quote_literal("it's"), "'it''s'");
        assert_eq!(quote_literal("a\\b"), "E'a\\\\b'");
    }

    #[test]
    fn types_are_formatted() {
        assert_eq!(format_type(23, None), "integer");
        assert_eq!(format_type(1043, Some(24)), "character varying(20)");
        assert_eq!(format_type(1009, Some(-1)), "text[]");
        assert_eq!(format_type(0, None), "-");
        assert_eq!(format_type(999_999, None), "???");
    }

    #[test]
    fn defaults_read_as_postgresql_prints_them() {
        for (expression, data_type, expected) in [
            ("'user'", PgType::Text, "'user'::text"),
            ("'it''s'", PgType::Varchar(Some(9)), "'it''s'::character varying"),
            ("'{}'", PgType::Jsonb, "'{}'::jsonb"),
            ("'a' || 'b'", PgType::Text, "'a' || 'b'"),
            ("0", PgType::Int4, "0"),
            ("-1", PgType::Int4, "'-1'::integer"),
            ("true", PgType::Bool, "true"),
            ("NULL", PgType::Text, "NULL::text"),
            ("current_user", PgType::Text, "CURRENT_USER"),
            ("NOW()", PgType::Timestamptz, "now()"),
            ("uuidv7()", PgType::Uuid, "uuidv7()"),
        ] {
            assert_eq!(default_text(expression, &data_type), expected);
        }
    }
}
