//! Names of columns: how they fold, and what PostgreSQL calls a column that has none.

use datafusion::sql::sqlparser::ast::{
    AccessExpr, BinaryOperator, DataType, Expr, FunctionArguments, Ident, Query, SelectItem, SetExpr, TrimWhereField,
};

use super::types;
use crate::query::marks;

/// What PostgreSQL calls an expression that has no better name.
pub const UNNAMED: &str = "?column?";

/// An identifier as PostgreSQL reads it: folded unless it was quoted.
pub fn folded(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
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
            _ => (types::bare_name(&without_precision(data_type)), Strength::Weak),
        },
        Expr::TypedString(typed) => (types::bare_name(&without_precision(&typed.data_type)), Strength::Weak),
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
        Expr::Substring { shorthand: true, .. } => strong("substr"),
        Expr::Substring { .. } => strong("substring"),
        Expr::IsNormalized { negated: false, .. } => strong("is_normalized"),
        Expr::BinaryOp { op: BinaryOperator::Overlaps, .. } => strong("overlaps"),
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
/// A type of times without its modifier.
fn without_precision(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Timestamp(_, zone) => DataType::Timestamp(None, *zone),
        DataType::Time(_, zone) => DataType::Time(None, *zone),
        DataType::Interval { .. } => DataType::Interval { fields: None, precision: None },
        other => other.clone(),
    }
}

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
}
