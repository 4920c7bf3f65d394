//! Rewrites a syntax tree into the shapes that DataFusion's planner reads, without changing its meaning.
//!
//! Every rewrite here is an identity of PostgreSQL's semantics: `FETCH FIRST n` is `LIMIT n`,
//! `OPERATOR(pg_catalog.~)` is `~`, `x AT TIME ZONE z` is `timezone(z, x)`, `CAST` is a call of our own
//! conversion function (so that `x::text` is PostgreSQL's output function, not Arrow's). What has no such
//! identity is refused in [`super::refuse`].

use std::collections::HashSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments,
    GroupByExpr, Ident, LimitClause, ObjectName, ObjectNamePart, OrderBy, OrderByKind, Query, Select, SelectItem,
    SetExpr, TableAlias, TableAliasColumnDef, TableFactor, UnaryOperator, Value, ValueWithSpan, VisitMut, VisitorMut,
};

use super::parameters::Parameters;
use super::provider::Functions;
use super::{array_query, literals, names, refuse, rows, types};
use crate::catalog::types::PgType;
use crate::error::{CatalogError, Error, QueryError};
use crate::query::functions::cast;

/// The operators that [`super::operators`] plans itself, in the form they have between here and there.
pub const DISTINCT_FROM: &str = "IS DISTINCT FROM";
pub const NOT_DISTINCT_FROM: &str = "IS NOT DISTINCT FROM";
/// `x = ANY (array)` is the operator `ANY =`.
pub const ANY: &str = "ANY ";
pub const ALL: &str = "ALL ";
/// Wraps the list that `ARRAY(SELECT …)` makes: no rows are an empty array, not NULL.
pub const ARRAY_OR_EMPTY: &str = "kalam_array_or_empty";

/// Functions that return sets of one column. In FROM their column is named as their alias, in a select list
/// they are expanded by `unnest`.
const SET_RETURNING: [&str; 5] =
    ["generate_series", "unnest", "pg_listening_channels", "pg_partition_ancestors", "generate_subscripts"];
/// Those whose scalar form returns a list that must be expanded.
const LIST_VALUED: [&str; 2] = ["generate_series", "pg_listening_channels"];

/// Rewrites a query in place.
pub fn query(query: &mut Query, parameters: &Parameters, functions: &dyn Functions) -> Result<(), Error> {
    finish(query.visit(&mut Normaliser::new(parameters, functions)))
}

/// Rewrites the query of a view, whose column names others use.
pub fn view(query: &mut Query, parameters: &Parameters, functions: &dyn Functions) -> Result<(), Error> {
    let mut normaliser = Normaliser::new(parameters, functions);
    normaliser.expose(query);
    finish(query.visit(&mut normaliser))
}

/// Rewrites an expression in place.
pub fn expression(expr: &mut Expr, parameters: &Parameters, functions: &dyn Functions) -> Result<(), Error> {
    finish(expr.visit(&mut Normaliser::new(parameters, functions)))
}

fn finish(flow: ControlFlow<Error>) -> Result<(), Error> {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Normaliser<'a> {
    parameters: &'a Parameters,
    functions: &'a dyn Functions,
    /// The queries, by address, whose column names can be used around them: derived tables, WITH, views.
    exposed: HashSet<usize>,
}

fn address(query: &Query) -> usize {
    std::ptr::from_ref(query) as usize
}

fn step(result: Result<(), Error>) -> ControlFlow<Error> {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(error),
    }
}

impl VisitorMut for Normaliser<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        step(refuse::query(query))?;
        step(self.limits(query))?;
        if let Some(with) = &query.with {
            with.cte_tables.iter().for_each(|cte| self.expose(&cte.query));
        }
        let exposed = self.exposed.contains(&address(query));
        let mut columns = Vec::new();
        name_body(&mut query.body, exposed, &mut columns);
        order_by_names(query, &columns);
        if let SetExpr::Values(values) = query.body.as_mut() {
            literals::values(&mut values.rows);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Error> {
        step(refuse::select(select))?;
        step(grouping_positions(select))
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        step(refuse::table_factor(factor))?;
        if let TableFactor::Derived { subquery, .. } = &*factor {
            self.expose(subquery);
        }
        table_function(factor);
        ControlFlow::Continue(())
    }

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<Error> {
        step(self.value(&mut value.value))
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        // The element query of ARRAY(SELECT …) must be rewritten before its own select list gets names.
        if let Expr::Function(function) = expr {
            if array_query::matches(function) {
                return match array_query::rewrite(function) {
                    Ok(rewritten) => {
                        *expr = rewritten;
                        ControlFlow::Continue(())
                    }
                    Err(error) => ControlFlow::Break(error),
                };
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        literals::wide_number(expr);
        step(self.expression(expr))
    }
}

impl<'a> Normaliser<'a> {
    fn new(parameters: &'a Parameters, functions: &'a dyn Functions) -> Self {
        Self { parameters, functions, exposed: HashSet::new() }
    }

    /// The names of this query's columns are used around it.
    fn expose(&mut self, query: &Query) {
        self.exposed.insert(address(query));
    }

    fn limits(&self, query: &mut Query) -> Result<(), Error> {
        if let Some(fetch) = query.fetch.take() {
            let quantity = fetch.quantity.unwrap_or_else(|| number("1"));
            match query.limit_clause.get_or_insert(LimitClause::LimitOffset {
                limit: None,
                offset: None,
                limit_by: Vec::new(),
            }) {
                LimitClause::LimitOffset { limit: limit @ None, .. } => *limit = Some(quantity),
                _ => return Err(QueryError::Syntax("multiple LIMIT clauses not allowed".into()).into()),
            }
        }
        let Some(LimitClause::LimitOffset { limit, offset, limit_by }) = &mut query.limit_clause else {
            return match &query.limit_clause {
                None => Ok(()),
                Some(_) => Err(QueryError::Syntax("LIMIT #,# syntax is not supported".into()).into()),
            };
        };
        if !limit_by.is_empty() {
            return Err(QueryError::Syntax("syntax error at or near \"BY\"".into()).into());
        }
        for quantity in limit.iter().chain(offset.as_ref().map(|offset| &offset.value)) {
            if let Expr::Value(ValueWithSpan { value: Value::Placeholder(name), .. }) = quantity {
                self.parameters.hint(name, &PgType::Int8);
            }
        }
        for quantity in limit.iter_mut().chain(offset.as_mut().map(|offset| &mut offset.value)) {
            literals::quantity(quantity)?;
            if let Expr::Value(ValueWithSpan { value: Value::Number(digits, _), .. }) = quantity {
                if digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<i64>().is_err() {
                    return Err(QueryError::NumberOutOfRange("bigint out of range".into()).into());
                }
            }
        }
        // LIMIT NULL and OFFSET NULL are as if they were not written.
        if limit.as_ref().is_some_and(is_null) {
            *limit = None;
        }
        if offset.as_ref().is_some_and(|offset| is_null(&offset.value)) {
            *offset = None;
        }
        Ok(())
    }

    fn value(&self, value: &mut Value) -> Result<(), Error> {
        let text = match value {
            Value::Placeholder(name) => return self.parameters.mention(name).map(|_| ()),
            Value::EscapedStringLiteral(text)
            | Value::UnicodeStringLiteral(text)
            | Value::NationalStringLiteral(text)
            | Value::SingleQuotedString(text) => std::mem::take(text),
            Value::DollarQuotedString(text) => std::mem::take(&mut text.value),
            Value::HexStringLiteral(_) | Value::SingleQuotedByteStringLiteral(_) => {
                return Err(refuse::not_supported("type bit"));
            }
            _ => return Ok(()),
        };
        if text.contains('\0') {
            return Err(CatalogError::InvalidEncoding("0x00".into()).into());
        }
        *value = Value::SingleQuotedString(text);
        Ok(())
    }

    fn expression(&self, expr: &mut Expr) -> Result<(), Error> {
        match expr {
            Expr::Cast { kind, expr: operand, data_type, format, .. } => {
                if format.is_some() || !matches!(kind, CastKind::Cast | CastKind::DoubleColon) {
                    return Err(QueryError::Syntax("syntax error at or near \"CAST\"".into()).into());
                }
                let target = types::pg_type(data_type)?;
                let operand = take(operand);
                self.suggest(&operand, &target);
                *expr = cast_call(operand, &target);
            }
            Expr::TypedString(typed) => {
                let target = types::pg_type(&typed.data_type)?;
                let literal = Expr::Value(typed.value.clone());
                *expr = cast_call(literal, &target);
            }
            Expr::Interval(interval) => {
                let text = match interval.value.as_ref() {
                    Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) => text.clone(),
                    _ => return Err(refuse::not_supported("INTERVAL of an expression")),
                };
                if interval.last_field.is_some() || interval.leading_precision.is_some() {
                    return Err(refuse::not_supported("an interval with a range of fields"));
                }
                let text = match &interval.leading_field {
                    Some(field) => format!("{text} {field}"),
                    None => text,
                };
                *expr = cast_call(string(text), &PgType::Interval);
            }
            Expr::Collate { expr: inner, collation } => {
                let name = collation.0.last().and_then(|part| part.as_ident()).map(names::folded).unwrap_or_default();
                if !matches!(name.as_str(), "default" | "C" | "POSIX" | "ucs_basic") {
                    return Err(refuse::not_supported(format!("collation \"{name}\"")));
                }
                *expr = take(inner);
            }
            Expr::AtTimeZone { timestamp, time_zone } => {
                let arguments = vec![take(time_zone), take(timestamp)];
                *expr = call("timezone", arguments);
            }
            Expr::IsDistinctFrom(left, right) => {
                *expr = binary(take(left), DISTINCT_FROM, take(right));
            }
            Expr::IsNotDistinctFrom(left, right) => {
                *expr = binary(take(left), NOT_DISTINCT_FROM, take(right));
            }
            Expr::AnyOp { left, compare_op, right, .. } if !is_subquery(right) => {
                let operator = format!("{ANY}{}", plain_operator(compare_op));
                *expr = binary(take(left), &operator, take(right));
            }
            Expr::AllOp { left, compare_op, right } if !is_subquery(right) => {
                let operator = format!("{ALL}{}", plain_operator(compare_op));
                *expr = binary(take(left), &operator, take(right));
            }
            Expr::Case { conditions, else_result, .. } => {
                literals::case_numbers(conditions, else_result.as_deref_mut())
            }
            Expr::UnaryOp { op: UnaryOperator::Minus, expr: operand } => {
                rows::sign_first(operand);
                literals::minus(expr);
            }
            Expr::BinaryOp { op, .. } => {
                if let BinaryOperator::PGCustomBinaryOperator(parts) = op {
                    *op = named_operator(parts)?;
                }
                rows::expression(expr)?;
            }
            Expr::IsNull(_) | Expr::IsNotNull(_) | Expr::InList { .. } => rows::expression(expr)?,
            Expr::SimilarTo { .. } => return Err(refuse::not_supported("SIMILAR TO")),
            Expr::RLike { .. } => return Err(QueryError::Syntax("syntax error at or near \"RLIKE\"".into()).into()),
            Expr::Function(function) => {
                if let Some(rewritten) = self.function(function)? {
                    *expr = rewritten;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn suggest(&self, operand: &Expr, data_type: &PgType) {
        if let Expr::Value(ValueWithSpan { value: Value::Placeholder(name), .. }) = operand {
            self.parameters.hint(name, data_type);
        }
    }

    fn function(&self, function: &mut Function) -> Result<Option<Expr>, Error> {
        let parts: Vec<String> = function.name.0.iter().filter_map(|part| part.as_ident()).map(names::folded).collect();
        let span = function.name.0.first().and_then(|part| part.as_ident()).map(|ident| ident.span);
        let name = match parts.as_slice() {
            [name] => name.clone(),
            [schema, name] if schema == "pg_catalog" => name.clone(),
            [schema, name] => format!("{schema}.{name}"),
            _ => return Err(QueryError::UndefinedFunction(format!("{}()", function.name)).into()),
        };
        let mut ident = names::quoted(name.clone());
        if let Some(span) = span {
            ident.span = span;
        }
        function.name = ObjectName(vec![ObjectNamePart::Identifier(ident)]);
        if self.functions.is_scalar(&name) {
            refuse::scalar_call(&name, function)?;
        }
        refuse::formatting_call(&name, function)?;
        if name == "array_remove" {
            // DataFusion's function of this name removes the first only.
            refuse::array_remove_null(function)?;
            function.name = ObjectName(vec![ObjectNamePart::Identifier(names::quoted("array_remove_all"))]);
        }
        if function.null_treatment.is_some() {
            return Err(refuse::not_supported("IGNORE NULLS"));
        }
        refuse::distinct_window(function)?;
        if literals::ADDING.contains(&name.as_str()) {
            literals::small_addends(function);
        }
        if LIST_VALUED.contains(&name.as_str()) {
            let inner = Expr::Function(function.clone());
            return Ok(Some(call("unnest", vec![inner])));
        }
        Ok(None)
    }
}

/// `'x'` as an expression.
pub fn string(text: impl Into<String>) -> Expr {
    Expr::value(Value::SingleQuotedString(text.into()))
}

fn number(digits: &str) -> Expr {
    Expr::value(Value::Number(digits.into(), false))
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(ValueWithSpan { value: Value::Null, .. }))
}

fn is_subquery(expr: &Expr) -> bool {
    matches!(expr, Expr::Subquery(_))
}

pub fn take(expr: &mut Expr) -> Expr {
    std::mem::replace(expr, Expr::value(Value::Null))
}

fn binary(left: Expr, operator: &str, right: Expr) -> Expr {
    Expr::Nested(Box::new(Expr::BinaryOp {
        left: Box::new(left),
        op: BinaryOperator::Custom(operator.to_owned()),
        right: Box::new(right),
    }))
}

/// A call of a function by its exact name.
pub fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    let args = arguments.into_iter().map(|expr| FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))).collect();
    Expr::Function(Function {
        name: ObjectName(vec![ObjectNamePart::Identifier(names::quoted(name))]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses: Vec::new() }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

/// An explicit cast as a call of our conversion.
pub fn cast_call(operand: Expr, target: &PgType) -> Expr {
    call(&cast::name(target, cast::Kind::Explicit), vec![operand])
}

/// The text of an operator without `OPERATOR(pg_catalog.…)` around it.
fn plain_operator(op: &BinaryOperator) -> String {
    match op {
        BinaryOperator::PGCustomBinaryOperator(parts) => parts.last().cloned().unwrap_or_default(),
        other => other.to_string(),
    }
}

/// `OPERATOR(pg_catalog.~)`: only operators of `pg_catalog` exist.
fn named_operator(parts: &[String]) -> Result<BinaryOperator, Error> {
    let (schema, name) = match parts {
        [name] => (None, name.as_str()),
        [schema, name] => (Some(schema.to_lowercase()), name.as_str()),
        _ => return Err(QueryError::UndefinedOperator(parts.join(".")).into()),
    };
    if schema.is_some_and(|schema| schema != "pg_catalog") {
        return Err(QueryError::UndefinedOperator(parts.join(".")).into());
    }
    Ok(match name {
        "=" => BinaryOperator::Eq,
        "<>" | "!=" => BinaryOperator::NotEq,
        "<" => BinaryOperator::Lt,
        "<=" => BinaryOperator::LtEq,
        ">" => BinaryOperator::Gt,
        ">=" => BinaryOperator::GtEq,
        "+" => BinaryOperator::Plus,
        "-" => BinaryOperator::Minus,
        "*" => BinaryOperator::Multiply,
        "/" => BinaryOperator::Divide,
        "%" => BinaryOperator::Modulo,
        "||" => BinaryOperator::StringConcat,
        "~" => BinaryOperator::PGRegexMatch,
        "~*" => BinaryOperator::PGRegexIMatch,
        "!~" => BinaryOperator::PGRegexNotMatch,
        "!~*" => BinaryOperator::PGRegexNotIMatch,
        "~~" => BinaryOperator::PGLikeMatch,
        "~~*" => BinaryOperator::PGILikeMatch,
        "!~~" => BinaryOperator::PGNotLikeMatch,
        "!~~*" => BinaryOperator::PGNotILikeMatch,
        "->" => BinaryOperator::Arrow,
        "->>" => BinaryOperator::LongArrow,
        "#>" => BinaryOperator::HashArrow,
        "#>>" => BinaryOperator::HashLongArrow,
        other => return Err(refuse::not_supported(format!("operator {other}"))),
    })
}

/// `GROUP BY 'x'` and the like are constants for DataFusion, errors for PostgreSQL.
fn grouping_positions(select: &Select) -> Result<(), Error> {
    let GroupByExpr::Expressions(expressions, _) = &select.group_by else { return Ok(()) };
    for expr in expressions {
        if let Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(_), .. }) = expr {
            return Err(QueryError::Syntax("non-integer constant in GROUP BY".into()).into());
        }
    }
    Ok(())
}

/// A column of a select list: the name it shows, and the name it has in the plan.
struct Named {
    shown: String,
    own: String,
}

/// Names the columns of all SELECTs of a query's body; `columns` are those of the first, which name the result.
fn name_body(body: &mut SetExpr, exposed: bool, columns: &mut Vec<Named>) {
    match body {
        SetExpr::Select(select) => {
            let named = name_columns(select, exposed);
            if columns.is_empty() {
                *columns = named;
            }
        }
        SetExpr::SetOperation { left, right, .. } => {
            name_body(left, exposed, columns);
            name_body(right, exposed, columns);
        }
        _ => {}
    }
}

/// Gives every column of a select list PostgreSQL's name, and a name that DataFusion can tell apart from all
/// others: not only from other columns of the list, also from those of FROM, with which it would confuse
/// them in ORDER BY. Where the names are used around the query, they must be the plain ones.
fn name_columns(select: &mut Select, exposed: bool) -> Vec<Named> {
    let is_wild = |item: &SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..));
    let has_wildcard = select.projection.iter().any(is_wild);
    let mut taken = if exposed { repeated(&select.projection) } else { HashSet::new() };
    let mut columns = Vec::new();
    for item in &mut select.projection {
        match item {
            SelectItem::UnnamedExpr(expr) => {
                let shown = names::of_expression(expr);
                let is_column = matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
                // `SELECT *, id`: what the wildcard brings is not known yet, so the explicit column steps aside.
                if has_wildcard || (!is_column && !exposed) {
                    taken.insert(shown.clone());
                }
                let own = names::unique(&shown, &mut taken);
                literals::small_integer(expr);
                if !is_column || own != shown {
                    *item = SelectItem::ExprWithAlias { expr: take(expr), alias: names::quoted(own.clone()) };
                }
                columns.push(Named { shown, own });
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                literals::small_integer(expr);
                let shown = names::folded(alias);
                let own = names::unique(&shown, &mut taken);
                if own != shown {
                    let span = alias.span;
                    *alias = Ident { span, ..names::quoted(own.clone()) };
                }
                columns.push(Named { shown, own });
            }
            _ => {}
        }
    }
    columns
}

/// The names that several columns of a list have. Around the query none of them may be meant by its name.
fn repeated(projection: &[SelectItem]) -> HashSet<String> {
    let (mut seen, mut repeated) = (HashSet::new(), HashSet::new());
    for item in projection {
        let name = match item {
            SelectItem::UnnamedExpr(expr) => names::of_expression(expr),
            SelectItem::ExprWithAlias { alias, .. } => names::folded(alias),
            _ => continue,
        };
        if !seen.insert(name.clone()) {
            repeated.insert(name);
        }
    }
    repeated
}

/// A bare name in ORDER BY is an output column's, as PostgreSQL has it.
fn order_by_names(query: &mut Query, columns: &[Named]) {
    let Some(OrderBy { kind: OrderByKind::Expressions(items), .. }) = &mut query.order_by else { return };
    for item in items {
        let Expr::Identifier(ident) = &mut item.expr else { continue };
        let name = names::folded(ident);
        let mut named = columns.iter().filter(|column| column.shown == name);
        if let (Some(only), None) = (named.next(), named.next()) {
            if only.own != name {
                *ident = Ident { span: ident.span, ..names::quoted(only.own.clone()) };
            }
        }
    }
}

/// Set-returning functions in FROM: their schema, and the name of their column.
fn table_function(factor: &mut TableFactor) {
    unnest(factor);
    let (name, alias) = match factor {
        TableFactor::Table { name, args: Some(_), alias, .. } | TableFactor::Function { name, alias, .. } => {
            if name.0.len() == 2 {
                let schema = name.0[0].as_ident().map(names::folded);
                if schema.as_deref() == Some("pg_catalog") {
                    name.0.remove(0);
                }
            }
            (name.0.last().and_then(|part| part.as_ident()).map(names::folded).unwrap_or_default(), alias)
        }
        TableFactor::UNNEST { alias, .. } => ("unnest".to_owned(), alias),
        _ => return,
    };
    if !SET_RETURNING.contains(&name.as_str()) {
        return;
    }
    let alias = alias.get_or_insert_with(|| TableAlias {
        explicit: true,
        name: names::quoted(name),
        columns: Vec::new(),
        at: None,
    });
    if alias.columns.is_empty() {
        alias.columns = vec![TableAliasColumnDef { name: alias.name.clone(), data_type: None }];
    }
}

/// `pg_catalog.unnest(…)` is the UNNEST of the grammar.
fn unnest(factor: &mut TableFactor) {
    let TableFactor::Table { name, args: Some(arguments), alias, .. } = factor else { return };
    let parts: Vec<String> = name.0.iter().filter_map(|part| part.as_ident()).map(names::folded).collect();
    if !matches!(parts.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), ["pg_catalog", "unnest"]) {
        return;
    }
    let array_exprs = arguments
        .args
        .iter()
        .filter_map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
            _ => None,
        })
        .collect();
    *factor = TableFactor::UNNEST {
        alias: alias.take(),
        array_exprs,
        with_offset: false,
        with_offset_alias: None,
        with_ordinality: false,
    };
}
