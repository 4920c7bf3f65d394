//! Calls of functions.

use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, Ident,
    OrderByExpr,
};

use super::clause::Clause;
use super::queries::common_typmod;
use super::scope::parts;
use super::{Analyser, expression_of, oids, refuse};
use crate::catalog::facts::FunctionKind;
use crate::error::{CatalogError, Error, QueryError, Result};
use crate::query::bind::names::folded;
use crate::query::bind::resolve::{Argument, Call, Callee, Resolved};
use crate::query::bind::tree::{Expression, Form, Kind, Position, TypeRef, ValueFunction};
use crate::query::marks;

/// Types that the grammar knows by their own words.
const TYPE_WORDS: [&str; 17] = [
    "bigint",
    "bit",
    "boolean",
    "char",
    "character",
    "dec",
    "decimal",
    "float",
    "int",
    "integer",
    "national",
    "nchar",
    "numeric",
    "real",
    "smallint",
    "time",
    "varchar",
];

/// What PostgreSQL advises where a set may not stand.
pub(super) const LATERAL_HINT: &str = "You might be able to move the set-returning function into a LATERAL FROM item.";

/// The parts of a call that only aggregates and window functions may have.
pub(super) struct Extras<'q> {
    pub(super) star: bool,
    pub(super) distinct: bool,
    pub(super) order_by: &'q [OrderByExpr],
    pub(super) within_group: &'q [OrderByExpr],
}

/// Is it a call of the unquoted, unqualified `word`, which the grammar may give a meaning of its own?
pub(super) fn is_keyword_call(function: &Function, word: &str) -> bool {
    match function.name.0.as_slice() {
        [only] => {
            only.as_ident().is_some_and(|ident| ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case(word))
        }
        _ => false,
    }
}

impl Analyser<'_> {
    /// A call as an expression.
    pub(super) fn call(&mut self, function: &Function) -> Result<Expression> {
        self.call_at(function, false)
    }

    /// A call; at the `top` of an item in FROM it may answer a set.
    pub(super) fn call_at(&mut self, function: &Function, top: bool) -> Result<Expression> {
        let idents: Vec<Ident> = function.name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
        let at = idents.first().map(|ident| ident.span.start);
        if idents.len() != function.name.0.len() || !matches!(function.parameters, FunctionArguments::None) {
            return Err(self.fail(refuse::not_supported("a call of this form"), at));
        }
        if let Some(treatment) = &function.null_treatment {
            return Err(self.fail(refuse::not_supported(treatment), at));
        }
        if let [ident] = idents.as_slice() {
            if ident.quote_style.is_none() {
                if let Some(found) = self.keyword_call(&folded(ident), function, at)? {
                    return Ok(found);
                }
            }
        }
        let FunctionArguments::List(list) = &function.args else {
            return Err(self.fail(refuse::not_supported("a call without parentheses"), at));
        };
        let mut order_by: &[OrderByExpr] = &[];
        for clause in &list.clauses {
            match clause {
                FunctionArgumentClause::OrderBy(keys) => order_by = keys,
                other => return Err(self.fail(refuse::not_supported(format!("{other} in a call")), at)),
            }
        }
        let mut star = false;
        let mut variadic = false;
        let mut arguments = Vec::with_capacity(list.args.len());
        for argument in &list.args {
            let (name, value) = match argument {
                FunctionArg::Named { name, arg, .. } => (Some(folded(name)), arg),
                FunctionArg::Unnamed(value) => (None, value),
                FunctionArg::ExprNamed { .. } => return Err(refuse::not_supported("an argument with a computed name")),
            };
            match value {
                FunctionArgExpr::Expr(value) => {
                    let value = match marks::noted(value, marks::VARIADIC) {
                        Some(array) => {
                            variadic = true;
                            array
                        }
                        None => value,
                    };
                    let value = match value {
                        Expr::QualifiedWildcard(name, _) => {
                            let idents: Vec<Ident> =
                                name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
                            self.whole_row_named(&idents)?
                        }
                        value => self.expression(value)?,
                    };
                    arguments.push(Argument { name, value });
                }
                FunctionArgExpr::QualifiedWildcard(table) => {
                    let idents: Vec<Ident> = table.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
                    arguments.push(Argument { name, value: self.whole_row_named(&idents)? });
                }
                FunctionArgExpr::Wildcard if list.args.len() == 1 && name.is_none() => star = true,
                _ => return Err(self.fail(refuse::not_supported("a row as an argument"), at)),
            }
        }
        if star && list.duplicate_treatment.is_some() {
            let star = self.places.after(self.places.next(self.places.after(at, "(")), "*");
            return Err(self.fail(QueryError::Syntax("syntax error at or near \"*\"".into()), star));
        }
        let extras = Extras {
            star,
            distinct: matches!(list.duplicate_treatment, Some(DuplicateTreatment::Distinct)),
            order_by,
            within_group: &function.within_group,
        };
        let direct_arguments = (!extras.within_group.is_empty()).then_some(arguments.len());
        for key in extras.within_group {
            let value = self.expression_in(&key.expr, Clause::OrderBy)?;
            arguments.push(Argument { name: None, value });
        }
        let filter = match &function.filter {
            Some(filter) => {
                let filter = self.expression_in(filter, Clause::Filter)?;
                Some(self.boolean(filter, "FILTER")?)
            }
            None => None,
        };
        let mut names = parts(&idents);
        let name = names.pop().unwrap_or_default();
        let schema = names.pop();
        if let Some(catalog) = names.pop() {
            self.check_catalog(&catalog, &parts(&idents), at)?;
        }
        if let Some(schema) = schema.as_ref().filter(|schema| !self.context.environment.catalog.has_schema(schema)) {
            return Err(self.fail(CatalogError::UnknownSchema(schema.clone()), at));
        }
        if let ([Argument { name: None, value }], None, true) = (
            arguments.as_slice(),
            &schema,
            !star && !variadic && function.over.is_none() && filter.is_none() && extras.order_by.is_empty(),
        ) {
            // `f(row)` is the field of that name first.
            if self.is_row(value.data_type.oid) {
                if let Some(found) = self.field_named(value, &name) {
                    return Ok(found);
                }
            }
        }
        let over_system = self.over_system(arguments.iter().map(|argument| &argument.value));
        let call = Call {
            schema,
            name: name.clone(),
            arguments,
            variadic,
            star,
            distinct: extras.distinct,
            direct_arguments,
            order_by: extras.order_by.len(),
            filter: filter.is_some(),
            over: function.over.is_some(),
            at,
        };
        let nested = self.nested_aggregate(&call);
        let callee = match (self.resolver.function(call), nested) {
            // What we do not have would not be right in this place either.
            (Err(error), Some(at)) if error.sqlstate().0 == "0A000" => {
                return Err(self.fail(QueryError::Grouping("aggregate function calls cannot be nested".into()), at));
            }
            (callee, _) => callee.map_err(|error| self.unresolved(error, over_system, at))?,
        };
        let resolved = match callee {
            Callee::Coercion(bound) => return Ok(bound),
            Callee::Function(resolved) => resolved,
        };
        match (resolved.fact.kind, &function.over) {
            (FunctionKind::Aggregate, None) => self.aggregate(resolved, &extras, filter, at),
            (FunctionKind::Aggregate | FunctionKind::Window, Some(over)) => {
                self.window_call(resolved, &extras, filter, over, at)
            }
            (FunctionKind::Window, None) => {
                let message = format!("window function {name} requires an OVER clause");
                Err(self.fail(QueryError::WrongObject(message), at))
            }
            (FunctionKind::Function, None) => {
                let allowed = matches!(
                    self.clause(),
                    Clause::SelectTarget | Clause::OrderBy | Clause::GroupBy | Clause::DistinctOn | Clause::ValuesRow
                );
                if resolved.fact.returns_set && !top && !allowed {
                    return Err(self.misplaced_set(at));
                }
                Ok(plain(resolved, Form::Call, at))
            }
            _ => Err(self.fail(refuse::not_supported(format!("{name} with OVER")), at)),
        }
    }

    /// The place of an aggregate of this query inside the call of another one.
    fn nested_aggregate(&self, call: &Call) -> Option<Option<Position>> {
        let mut named = self.resolver.everything().functions_named(&call.name);
        if call.over || !named.any(|fact| fact.kind == FunctionKind::Aggregate) {
            return None;
        }
        let mut found = None;
        for argument in &call.arguments {
            argument.value.walk(0, &mut |part, depth| {
                if matches!(&part.kind, Kind::Aggregate(inner) if inner.levels_up == depth) {
                    found = found.or(Some(part.position));
                }
                found.is_none()
            });
        }
        found
    }

    /// A set where a single value belongs.
    fn misplaced_set(&self, at: Option<Position>) -> Error {
        let place = match self.clause() {
            Clause::FromFunction => {
                let message = "set-returning functions must appear at top level of FROM";
                return self.fail(QueryError::NotSupported(message.into()), at);
            }
            Clause::JoinOn => "JOIN conditions",
            Clause::PartitionBy | Clause::WindowOrder | Clause::WindowFrame(_) => "window definitions",
            Clause::Default => "DEFAULT expressions",
            Clause::Check => "check constraints",
            other => other.name(),
        };
        let message = format!("set-returning functions are not allowed in {place}");
        self.fail(QueryError::NotSupported(message), at)
    }

    /// Fails for functions that answer sets inside of constructs that cannot do anything with them.
    pub(super) fn refuse_sets<'e>(
        &self,
        expressions: impl IntoIterator<Item = &'e Expression>,
        message: &str,
        hint: &str,
    ) -> Result<()> {
        let mut found = None;
        for expression in expressions {
            expression.walk(0, &mut |part, depth| {
                if let Kind::Function { function, .. } = &part.kind {
                    if depth == 0 && self.context.facts.function(*function).is_some_and(|fact| fact.returns_set) {
                        found = found.or(Some(part.position));
                    }
                }
                depth == 0
            });
        }
        match found {
            None => Ok(()),
            Some(at) => {
                let error = Error::from(QueryError::NotSupported(message.into()));
                Err(self.at(if hint.is_empty() { error } else { error.hint(hint) }, at))
            }
        }
    }

    /// A function of `pg_catalog` that syntax stands for.
    pub(super) fn system_function(
        &mut self,
        name: &str,
        arguments: Vec<Expression>,
        at: Option<Position>,
    ) -> Result<Expression> {
        let arguments = arguments.into_iter().map(|value| Argument { name: None, value }).collect();
        let call = Call { schema: Some("pg_catalog".into()), name: name.into(), arguments, at, ..Call::default() };
        match self.resolver.function(call)? {
            Callee::Coercion(bound) => Ok(bound),
            Callee::Function(resolved) => Ok(plain(resolved, Form::Syntax, at)),
        }
    }

    /// What looks like a call, but is syntax.
    fn keyword_call(&mut self, word: &str, function: &Function, at: Option<Position>) -> Result<Option<Expression>> {
        if let Some(value) = self.value_function(word, &function.args, at)? {
            return Ok(Some(value));
        }
        if let (FunctionArguments::Subquery(query), "array") = (&function.args, word) {
            return self.array_subquery(query, at).map(Some);
        }
        if TYPE_WORDS.contains(&word) {
            // A type with a modifier for the grammar, never a call.
            return Err(self.fail(refuse::not_supported(format!("{word}(…) as a call")), at));
        }
        if word == "normalize" {
            if let FunctionArguments::List(list) = &function.args {
                let plain = list.args.iter().filter_map(|argument| match argument {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
                    _ => None,
                });
                return self.normalize(&plain.collect::<Vec<_>>(), at).map(Some);
            }
        }
        if !matches!(word, "coalesce" | "nullif" | "greatest" | "least" | "row" | "grouping" | "values") {
            return Ok(None);
        }
        let FunctionArguments::List(list) = &function.args else {
            return Err(self.fail(refuse::not_supported(format!("{word} of this form")), at));
        };
        let plain = |argument: &FunctionArg| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
            FunctionArg::Unnamed(FunctionArgExpr::QualifiedWildcard(name)) if word == "row" => {
                Some(Expr::QualifiedWildcard(name.clone(), AttachedToken::empty()))
            }
            _ => None,
        };
        let exprs: Option<Vec<Expr>> = list.args.iter().map(plain).collect();
        let bare = function.over.is_none() && function.filter.is_none() && list.duplicate_treatment.is_none();
        let Some(exprs) = exprs.filter(|_| bare) else {
            return Err(self.fail(refuse::not_supported(format!("{word} of this form")), at));
        };
        if exprs.is_empty() && word != "row" && word != "values" {
            let close = self.places.next(self.places.after(at, "("));
            return Err(self.fail(QueryError::Syntax("syntax error at or near \")\"".into()), close));
        }
        if word == "grouping" {
            return self.grouping_call(&exprs, at).map(Some);
        }
        if word == "values" {
            return Err(self.fail(refuse::not_supported(format!("{word} here")), at));
        }
        let values = if word == "row" { self.row_expressions(&exprs)? } else { self.expressions(&exprs)? };
        Ok(Some(match word {
            "row" => self.row(values, at)?,
            "nullif" => self.null_if(values, at)?,
            _ => {
                let construct = word.to_ascii_uppercase();
                let target = self.common_type(&values, &construct)?;
                let values = values.into_iter().map(|value| self.to_common(value, target, &construct));
                let values = values.collect::<Result<Vec<_>>>()?;
                if word == "coalesce" {
                    self.refuse_sets(&values, "set-returning functions are not allowed in COALESCE", LATERAL_HINT)?;
                }
                let typmod = common_typmod(&values, target);
                let kind = match word {
                    "coalesce" => Kind::Coalesce(values),
                    "greatest" => Kind::Greatest(values),
                    _ => Kind::Least(values),
                };
                let data_type = TypeRef { oid: target, typmod };
                Expression { data_type, ..expression_of(kind, target, at) }
            }
        }))
    }

    fn null_if(&mut self, values: Vec<Expression>, at: Option<Position>) -> Result<Expression> {
        let [left, right]: [Expression; 2] = values.try_into().map_err(|values: Vec<Expression>| {
            // The grammar knows two arguments only.
            let behind = match values.get(1) {
                Some(second) => self.places.after(second.position, ","),
                None => self.places.next(values.first().and_then(|first| first.position)),
            };
            let token = if values.len() > 2 { "," } else { ")" };
            self.fail(QueryError::Syntax(format!("syntax error at or near \"{token}\"")), behind)
        })?;
        let equal = self.operator("=", Some(left), right, at)?;
        if equal.data_type.oid != oids::BOOL {
            let message = "NULLIF requires = operator to yield boolean";
            return Err(self.fail(QueryError::DatatypeMismatch(message.into()), at));
        }
        let Kind::Operator { operator, function, arguments } = equal.kind else {
            return Err(self.fail(refuse::not_supported("nullif of these types"), at));
        };
        let [left, right]: [Expression; 2] =
            arguments.try_into().map_err(|_| refuse::not_supported("nullif of these types"))?;
        let oid = left.data_type.oid;
        Ok(expression_of(Kind::NullIf { operator, function, left: Box::new(left), right: Box::new(right) }, oid, at))
    }

    /// `current_date` and its siblings.
    pub(super) fn value_function(
        &self,
        word: &str,
        arguments: &FunctionArguments,
        at: Option<Position>,
    ) -> Result<Option<Expression>> {
        let precision = match arguments {
            FunctionArguments::None => None,
            FunctionArguments::List(list) => match (word, list.args.as_slice()) {
                (
                    "current_time" | "current_timestamp" | "localtime" | "localtimestamp",
                    [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value)))],
                ) => match value.to_string().parse::<u32>() {
                    Ok(precision) => Some(precision.min(6)),
                    Err(_) => return Ok(None),
                },
                (
                    "current_date" | "current_role" | "current_user" | "session_user" | "user" | "current_catalog"
                    | "current_time" | "current_timestamp" | "localtime" | "localtimestamp",
                    [],
                ) => {
                    let open = self.places.after(at, "(");
                    let timed = word.contains("time");
                    let (place, token) = if timed { (self.places.next(open), ")") } else { (open, "(") };
                    let message = format!("syntax error at or near \"{token}\"");
                    return Err(self.fail(QueryError::Syntax(message), place));
                }
                // Behind `current_schema` parentheses make an ordinary call.
                _ => return Ok(None),
            },
            FunctionArguments::Subquery(_) => return Ok(None),
        };
        let (value, oid) = match word {
            "current_date" => (ValueFunction::CurrentDate, oids::DATE),
            "current_time" => (ValueFunction::CurrentTime(precision), oids::TIMETZ),
            "current_timestamp" => (ValueFunction::CurrentTimestamp(precision), oids::TIMESTAMPTZ),
            "localtime" => (ValueFunction::LocalTime(precision), oids::TIME),
            "localtimestamp" => (ValueFunction::LocalTimestamp(precision), oids::TIMESTAMP),
            "current_role" => (ValueFunction::CurrentRole, oids::NAME),
            "current_user" => (ValueFunction::CurrentUser, oids::NAME),
            "session_user" => (ValueFunction::SessionUser, oids::NAME),
            "user" => (ValueFunction::User, oids::NAME),
            "current_catalog" => (ValueFunction::CurrentCatalog, oids::NAME),
            "current_schema" => (ValueFunction::CurrentSchema, oids::NAME),
            _ => return Ok(None),
        };
        let typmod = precision.and_then(|precision| i32::try_from(precision).ok()).unwrap_or(-1);
        let data_type = TypeRef { oid, typmod };
        Ok(Some(Expression { kind: Kind::Value(value), data_type, position: super::places::known(at) }))
    }
}

pub(super) fn plain(resolved: Resolved<'_>, form: Form, at: Option<Position>) -> Expression {
    let first = resolved.arguments.first().and_then(|argument| argument.position);
    let position = if form == Form::Syntax { super::leftmost(at, first) } else { super::places::known(at) };
    let kind = Kind::Function {
        function: resolved.fact.oid,
        arguments: resolved.arguments,
        variadic: resolved.variadic,
        form,
    };
    Expression { kind, data_type: resolved.result, position }
}
