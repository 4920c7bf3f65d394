//! Names of columns: how they fold, and what PostgreSQL calls a column that has none.
//!
//! DataFusion refuses two output columns of one name, PostgreSQL does not (`SELECT 1, 1`). So every
//! duplicate gets a mark and a number behind its name ([`unique`]); whatever shows a name to a client cuts
//! it off again ([`shown`]). The mark is a character that no name from a statement can contain.

use std::collections::HashSet;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, Expr, FunctionArguments, Ident, Query, SelectItem, SetExpr, TrimWhereField,
};

use super::types;
use crate::query::marks;

/// What PostgreSQL calls an expression that has no better name.
pub const UNNAMED: &str = "?column?";
const MARK: char = '\u{1}';

/// An identifier as PostgreSQL reads it: folded unless it was quoted.
pub fn folded(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
}

/// A quoted identifier of exactly this name.
pub fn quoted(name: impl Into<String>) -> Ident {
    Ident::with_quote('"', name)
}

/// The name to show for a name of a plan.
pub fn shown(name: &str) -> &str {
    name.split(MARK).next().unwrap_or(name)
}

/// A plan's text without the marks in its names.
pub fn without_marks(text: &str) -> String {
    let mut parts = text.split(MARK);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        // Without a number it is no duplicate, but the relation that UPDATE and DELETE change.
        shown.push_str(if rest.len() == part.len() { "target" } else { "" });
        shown.push_str(rest);
    }
    shown
}

/// A name that `taken` does not have yet, which shows as `name`.
pub fn unique(name: &str, taken: &mut HashSet<String>) -> String {
    let mut candidate = name.to_owned();
    let mut number = 0;
    while !taken.insert(candidate.clone()) {
        number += 1;
        candidate = format!("{name}{MARK}{number}");
    }
    candidate
}

/// How sure a name is, as in PostgreSQL's `FigureColnameInternal`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    None,
    /// A type's or CASE's name: a name from further in wins.
    Weak,
    Strong,
}

/// The name PostgreSQL gives to a column of the select list without AS.
pub fn of_expression(expr: &Expr) -> String {
    match figure(expr) {
        (Some(name), strength) if strength > Strength::None => name,
        _ => UNNAMED.to_owned(),
    }
}

fn strong(name: impl Into<String>) -> (Option<String>, Strength) {
    (Some(name.into()), Strength::Strong)
}

fn figure(expr: &Expr) -> (Option<String>, Strength) {
    match expr {
        Expr::Identifier(ident) => strong(folded(ident)),
        Expr::CompoundIdentifier(idents) => match idents.iter().rfind(|ident| !marks::is(ident, marks::ALL_FIELDS)) {
            Some(last) => strong(folded(last)),
            None => (None, Strength::None),
        },
        Expr::CompoundFieldAccess { root, access_chain } => {
            let field = access_chain.iter().rev().find_map(|access| match access {
                AccessExpr::Dot(Expr::Identifier(ident)) => Some(folded(ident)),
                _ => None,
            });
            match field {
                Some(name) => strong(name),
                None => figure(root),
            }
        }
        Expr::Nested(inner) | Expr::Collate { expr: inner, .. } => figure(inner),
        Expr::Function(function) => {
            let name = function.name.0.last().and_then(|part| part.as_ident()).map(folded);
            match (name.as_deref(), &function.args) {
                (Some("array"), FunctionArguments::Subquery(_)) => strong("array"),
                (Some(name), _) => strong(name),
                (None, _) => (None, Strength::None),
            }
        }
        Expr::Cast { expr, data_type, .. } => match figure(expr) {
            (name, Strength::Strong) => (name, Strength::Strong),
            _ => (types::bare_name(data_type), Strength::Weak),
        },
        Expr::TypedString(typed) => (types::bare_name(&typed.data_type), Strength::Weak),
        Expr::Interval(_) => (Some("interval".into()), Strength::Weak),
        Expr::Case { else_result, .. } => match else_result.as_deref().map(figure) {
            Some((name, Strength::Strong)) => (name, Strength::Strong),
            _ => (Some("case".into()), Strength::Weak),
        },
        Expr::Exists { negated: false, .. } => strong("exists"),
        Expr::Array(_) => strong("array"),
        Expr::Tuple(_) => strong("row"),
        Expr::Subquery(query) => figure_query(query),
        Expr::Extract { .. } => strong("extract"),
        Expr::Position { .. } => strong("position"),
        Expr::Substring { .. } => strong("substring"),
        Expr::Overlay { .. } => strong("overlay"),
        Expr::Ceil { .. } => strong("ceil"),
        Expr::Floor { .. } => strong("floor"),
        Expr::AtTimeZone { .. } => strong("timezone"),
        Expr::Trim { trim_where, .. } => strong(match trim_where {
            Some(TrimWhereField::Leading) => "ltrim",
            Some(TrimWhereField::Trailing) => "rtrim",
            _ => "btrim",
        }),
        _ => (None, Strength::None),
    }
}

/// A scalar subquery is called as its only column.
fn figure_query(query: &Query) -> (Option<String>, Strength) {
    let mut body = query.body.as_ref();
    loop {
        match body {
            SetExpr::Select(select) => {
                return match select.projection.first() {
                    Some(SelectItem::ExprWithAlias { alias, .. }) => strong(folded(alias)),
                    Some(SelectItem::UnnamedExpr(expr)) => strong(of_expression(expr)),
                    _ => (None, Strength::None),
                };
            }
            SetExpr::Query(inner) => body = inner.body.as_ref(),
            SetExpr::SetOperation { left, .. } => body = left.as_ref(),
            SetExpr::Values(_) => return strong("column1"),
            _ => return (None, Strength::None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::parse::parse_expression;

    #[test]
    fn columns_are_called_as_in_postgresql() {
        for (sql, name) in [
            ("1", "?column?"),
            ("a", "a"),
            ("t.\"A\"", "A"),
            ("count(*)", "count"),
            ("pg_catalog.lower('x')", "lower"),
            ("'x'::text", "text"),
            ("a::text", "a"),
            ("now()::date", "now"),
            ("1::int", "int4"),
            ("case when a then 1 end", "case"),
            ("case when a then 1 else b end", "b"),
            ("exists(select 1)", "exists"),
            ("(select max(x) from t)", "max"),
            ("array(select 1)", "array"),
            ("current_user", "current_user"),
            ("true", "?column?"),
            ("not exists(select 1)", "?column?"),
            ("a + 1", "?column?"),
            ("-1", "?column?"),
            ("date '2020-01-01'", "date"),
            ("trim(a)", "btrim"),
            ("a at time zone 'UTC'", "timezone"),
            ("coalesce(a, b)", "coalesce"),
        ] {
            assert_eq!(of_expression(&parse_expression(sql).unwrap()), name, "{sql}");
        }
    }

    #[test]
    fn duplicates_show_the_same_name() {
        let mut taken = HashSet::new();
        let names: Vec<String> = (0..3).map(|_| unique("a", &mut taken)).collect();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), 3);
        assert!(names.iter().all(|name| shown(name) == "a"));
    }
}
