//! `ARRAY(SELECT …)`, which DataFusion does not plan, as an aggregate over the query.

use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArgumentClause, FunctionArguments, GroupByExpr, OrderByKind, SelectItem, SetExpr, Value,
    ValueWithSpan,
};

use super::normalise::{ARRAY_OR_EMPTY, call, take};
use super::{names, refuse};
use crate::error::Error;

/// Is it an `ARRAY(SELECT …)`?
pub fn matches(function: &Function) -> bool {
    let is_array = match function.name.0.as_slice() {
        [only] => only.as_ident().is_some_and(|ident| names::folded(ident) == "array"),
        _ => false,
    };
    is_array && matches!(function.args, FunctionArguments::Subquery(_))
}

/// `ARRAY(SELECT x … ORDER BY y)` → the list of `(SELECT array_agg(x ORDER BY y) …)`.
pub fn rewrite(function: &mut Function) -> Result<Expr, Error> {
    let FunctionArguments::Subquery(query) = &mut function.args else {
        return Err(refuse::not_supported("ARRAY of this form"));
    };
    let limited = query.limit_clause.is_some() || query.fetch.is_some() || query.with.is_some();
    let order = query.order_by.take();
    let SetExpr::Select(select) = query.body.as_mut() else {
        return Err(refuse::not_supported("ARRAY of a set operation"));
    };
    let plain = matches!(&select.group_by, GroupByExpr::Expressions(list, _) if list.is_empty())
        && select.distinct.is_none()
        && select.having.is_none()
        && !limited;
    let element = match select.projection.as_mut_slice() {
        [SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }] if plain => take(expr),
        _ => return Err(refuse::not_supported("ARRAY of this query")),
    };
    let mut clauses = Vec::new();
    if let Some(order) = order {
        let OrderByKind::Expressions(mut items) = order.kind else {
            return Err(refuse::not_supported("ARRAY of this query"));
        };
        for item in &mut items {
            // ORDER BY 1 is the element itself, the only column there is.
            if matches!(&item.expr, Expr::Value(ValueWithSpan { value: Value::Number(digits, _), .. }) if digits == "1")
            {
                item.expr = element.clone();
            }
        }
        clauses.push(FunctionArgumentClause::OrderBy(items));
    }
    let mut aggregate = call("array_agg", vec![element]);
    if let Expr::Function(Function { args: FunctionArguments::List(list), .. }) = &mut aggregate {
        list.clauses = clauses;
    }
    select.projection = vec![SelectItem::UnnamedExpr(aggregate)];
    Ok(call(ARRAY_OR_EMPTY, vec![Expr::Subquery(query.clone())]))
}
