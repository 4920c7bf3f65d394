//! Definitions as text: what PostgreSQL's `format_type`, `pg_get_indexdef`, `pg_get_constraintdef`,
//! `pg_get_expr` and `quote_ident` print. The query floor makes SQL functions of them.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::TenantCatalog;
use super::facts::Facts;
use super::model::{Column, Table};
use super::types::PgType;
use crate::base::ids::Oid;

/// PostgreSQL's keywords and their category: U may be any name, C, T and R need quotes.
const KEYWORDS: &str = include_str!("../../catalog/pg_catalog/keywords.csv");

/// How a definition names its table, and how it spaces its parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form<'a> {
    /// Qualified names and all parentheses: can be run as it is.
    Exact,
    /// For people: schemas of this search path are left out.
    Pretty { search_path: &'a [String] },
}

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

/// The text of a column's default: what `pg_get_expr(adbin, adrelid)` prints.
pub fn column_default(column: &Column) -> Option<String> {
    column.default.as_ref().map(|default| default_text(default, &column.data_type))
}

/// `pg_get_indexdef(oid, column, pretty)`: the whole CREATE INDEX, or one of its columns (from 1).
pub fn index_definition(catalog: &TenantCatalog, index: Oid, column: i32, form: Form<'_>) -> Option<String> {
    let (table, key) = catalog.tables().find_map(|table| {
        let key = table.primary_key.as_ref().filter(|key| key.oid == index)?;
        Some((table, key))
    })?;
    let names: Vec<String> = key.columns.iter().map(|column| quote_ident(&table.columns[*column].name)).collect();
    if column != 0 {
        // PostgreSQL answers an empty text for a column that the index does not have.
        let name = usize::try_from(column - 1).ok().and_then(|column| names.get(column).cloned());
        return Some(name.unwrap_or_default());
    }
    let relation = relation_name(catalog, table, form);
    Some(format!("CREATE UNIQUE INDEX {} ON {relation} USING btree ({})", quote_ident(&key.name), names.join(", ")))
}

/// `pg_get_constraintdef(oid, pretty)`.
pub fn constraint_definition(catalog: &TenantCatalog, constraint: Oid, form: Form<'_>) -> Option<String> {
    catalog.tables().find_map(|table| {
        if let Some(key) = table.primary_key.as_ref().filter(|key| key.constraint_oid == constraint) {
            let names: Vec<String> =
                key.columns.iter().map(|column| quote_ident(&table.columns[*column].name)).collect();
            return Some(format!("PRIMARY KEY ({})", names.join(", ")));
        }
        let check = table.checks.iter().find(|check| check.oid == constraint)?;
        let expression = check_text(table, &check.expression);
        Some(match form {
            Form::Exact => format!("CHECK (({expression}))"),
            Form::Pretty { .. } => format!("CHECK ({expression})"),
        })
    })
}

fn relation_name(catalog: &TenantCatalog, table: &Table, form: Form<'_>) -> String {
    if let Form::Pretty { search_path } = form {
        let visible = catalog.resolve_table(search_path, None, &table.name);
        if visible.is_some_and(|visible| visible.id == table.id) {
            return quote_ident(&table.name);
        }
    }
    format!("{}.{}", quote_ident(&table.schema), quote_ident(&table.name))
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

/// A check as PostgreSQL would print it: `x IN ('a', 'b')` over text is `x = ANY (ARRAY['a'::text, …])`.
/// Other expressions stay as they were written.
pub(super) fn check_text(table: &Table, expression: &str) -> String {
    in_list(table, expression.trim()).unwrap_or_else(|| expression.trim().to_owned())
}

fn in_list(table: &Table, expression: &str) -> Option<String> {
    let list_at = expression.find('(')?;
    let list = expression[list_at + 1..].strip_suffix(')')?;
    let mut words = expression[..list_at].split_ascii_whitespace();
    let (name, operator) = (words.next()?, words.next()?);
    if words.next().is_some() || !operator.eq_ignore_ascii_case("in") {
        return None;
    }
    let column = table.columns.iter().find(|column| column.name == name.trim_matches('"'))?;
    if column.data_type != PgType::Text {
        return None;
    }
    let mut items = Vec::new();
    let mut rest = list.trim();
    loop {
        let length = string_length(rest)?;
        let (item, tail) = rest.split_at(length);
        items.push(format!("{item}::text"));
        match tail.trim_start().strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None if tail.trim().is_empty() => break,
            None => return None,
        }
    }
    Some(format!("{} = ANY (ARRAY[{}])", quote_ident(&column.name), items.join(", ")))
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
    use crate::catalog::tests::{messages, messages_definition, tenant};

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

    #[test]
    fn checks_read_as_postgresql_prints_them() {
        let table = messages();
        let expected = "role = ANY (ARRAY['system'::text, 'it''s'::text])";
        assert_eq!(check_text(&table, "role IN ('system', 'it''s')"), expected);
        assert_eq!(check_text(&table, "role in('system','it''s')"), expected);
        assert_eq!(check_text(&table, "length(role) > 3"), "length(role) > 3");
        assert_eq!(check_text(&table, "role IN ('a') OR role IN ('b')"), "role IN ('a') OR role IN ('b')");
        assert_eq!(check_text(&table, "created_at IN ('now')"), "created_at IN ('now')");
    }

    #[test]
    fn keys_and_constraints_have_definitions() {
        let (catalog, _) = tenant("acme").with_table(messages_definition()).unwrap();
        let table = catalog.table("public", "messages").unwrap();
        let key = table.primary_key.as_ref().unwrap();
        let path = ["public".to_owned()];
        let pretty = Form::Pretty { search_path: &path };
        assert_eq!(
            index_definition(&catalog, key.oid, 0, Form::Exact).unwrap(),
            "CREATE UNIQUE INDEX messages_pkey ON public.messages USING btree (conversation_id, id)"
        );
        assert_eq!(
            index_definition(&catalog, key.oid, 0, pretty).unwrap(),
            "CREATE UNIQUE INDEX messages_pkey ON messages USING btree (conversation_id, id)"
        );
        assert_eq!(index_definition(&catalog, key.oid, 2, pretty).as_deref(), Some("id"));
        assert_eq!(index_definition(&catalog, key.oid, 3, pretty).as_deref(), Some(""));
        assert_eq!(index_definition(&catalog, 1, 0, pretty), None);
        let definition = |oid, form| constraint_definition(&catalog, oid, form).unwrap();
        assert_eq!(definition(key.constraint_oid, pretty), "PRIMARY KEY (conversation_id, id)");
        let check = table.checks[0].oid;
        assert_eq!(definition(check, pretty), "CHECK (role = ANY (ARRAY['system'::text, 'user'::text]))");
        assert_eq!(definition(check, Form::Exact), "CHECK ((role = ANY (ARRAY['system'::text, 'user'::text])))");
        assert_eq!(column_default(&table.columns[1]).as_deref(), Some("uuidv7()"));
    }
}
