//! Constructs with a syntax of their own that are functions underneath.

use datafusion::sql::sqlparser::ast::{
    CeilFloorKind, DateTimeField, Expr, Ident, ObjectName, Spanned, TrimWhereField, ValueWithSpan,
};

use super::constants::{text_of, unknown};
use super::{Analyser, expression_of, oids, refuse};
use crate::error::{QueryError, Result};
use crate::query::bind::names::folded;
use crate::query::bind::tree::{Expression, Kind, Position};
use crate::query::marks;

impl Analyser<'_> {
    /// Everything that is neither operator, literal, column nor call.
    pub(super) fn syntax(&mut self, expr: &Expr) -> Result<Expression> {
        match expr {
            Expr::Like { negated, any, expr, pattern, escape_char } => {
                let name = if *negated { "!~~" } else { "~~" };
                self.like(expr, name, "LIKE", *negated, *any, pattern, escape_char.as_ref())
            }
            Expr::ILike { negated, any, expr, pattern, escape_char } => {
                let name = if *negated { "!~~*" } else { "~~*" };
                self.like(expr, name, "ILIKE", *negated, *any, pattern, escape_char.as_ref())
            }
            Expr::SimilarTo { negated, expr, pattern, escape_char } => {
                let value = self.expression(expr)?;
                let word = if *negated { "NOT" } else { "SIMILAR" };
                let at = self.operator_place(expr, std::slice::from_ref(&value), word);
                let mut arguments = vec![self.expression(pattern)?];
                arguments.extend(self.escape(escape_char.as_ref())?);
                let pattern = self.system_function("similar_to_escape", arguments, at)?;
                self.operator(if *negated { "!~" } else { "~" }, Some(value), pattern, at)
            }
            Expr::AtTimeZone { timestamp, time_zone } => {
                let value = self.expression(timestamp)?;
                let at = self.operator_place(timestamp, std::slice::from_ref(&value), "AT");
                let zone = self.expression(time_zone)?;
                let first = value.position;
                let bound = self.system_function("timezone", vec![zone, value], at)?;
                Ok(Expression { position: super::leftmost(first, bound.position), ..bound })
            }
            Expr::Extract { field, expr, .. } => {
                let value = self.expression(expr)?;
                let at = self.places.before(value.position, "EXTRACT");
                let field = unknown(&field_name(field), None);
                self.system_function("extract", vec![field, value], at)
            }
            Expr::Ceil { expr, field } => self.rounding("ceil", expr, field),
            Expr::Floor { expr, field } => self.rounding("floor", expr, field),
            Expr::Position { expr, r#in } => {
                let part = self.expression(expr)?;
                let at = self.places.before(part.position, "POSITION");
                let whole = self.expression(r#in)?;
                self.system_function("position", vec![whole, part], at)
            }
            Expr::Substring { expr, substring_from, substring_for, special, shorthand } => {
                let value = self.expression(expr)?;
                let name = if *shorthand { "substr" } else { "substring" };
                let at = self.places.before(value.position, name);
                let from = substring_from.as_deref().map(|from| self.expression(from)).transpose()?;
                let length = substring_for.as_deref().map(|length| self.expression(length)).transpose()?;
                let mut arguments = vec![value];
                match (from, length) {
                    (None, Some(length)) => {
                        // FOR alone counts from the first character, and its number must be an integer.
                        arguments.push(self.number("1", None)?);
                        let own = length.position;
                        let int4 = crate::query::bind::tree::TypeRef::plain(oids::INT4);
                        arguments.push(self.cast(length, int4, own)?);
                    }
                    (from, length) => arguments.extend(from.into_iter().chain(length)),
                }
                if *special || *shorthand {
                    return self.plain_function(name, arguments, at);
                }
                self.system_function(name, arguments, at)
            }
            Expr::Trim { trim_where, trim_what, expr, trim_characters } => {
                let name = match trim_where {
                    Some(TrimWhereField::Leading) => "ltrim",
                    Some(TrimWhereField::Trailing) => "rtrim",
                    Some(TrimWhereField::Both) | None => "btrim",
                };
                let mut arguments = vec![self.expression(expr)?];
                for characters in trim_what.as_deref().into_iter().chain(trim_characters.iter().flatten()) {
                    arguments.push(self.expression(characters)?);
                }
                let first = arguments.iter().filter_map(|argument| argument.position).min();
                let at = self.places.before(first, "TRIM");
                self.system_function(name, arguments, at)
            }
            Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
                let value = self.expression(expr)?;
                let at = self.places.before(value.position, "OVERLAY");
                let mut arguments = vec![value, self.expression(overlay_what)?, self.expression(overlay_from)?];
                if let Some(length) = overlay_for {
                    arguments.push(self.expression(length)?);
                }
                self.system_function("overlay", arguments, at)
            }
            Expr::IsNormalized { expr, form, negated } => {
                let value = self.expression(expr)?;
                let at = self.operator_place(expr, std::slice::from_ref(&value), "IS");
                let form = form.map_or_else(|| "NFC".to_owned(), |form| form.to_string());
                let test = self.system_function("is_normalized", vec![value, unknown(&form, None)], at)?;
                if *negated { self.not(test, at) } else { Ok(test) }
            }
            Expr::Named { expr, name } => self.marked(expr, name),
            Expr::QualifiedWildcard(name, _) => {
                let idents: Vec<Ident> = name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
                self.whole_row_named(&idents)
            }
            other => Err(refuse::not_supported(format!("the expression {other}"))),
        }
    }

    /// A construct that sqlparser has no node for.
    fn marked(&mut self, expr: &Expr, name: &Ident) -> Result<Expression> {
        let at = Some(name.span.start);
        if let (true, Expr::Between { expr, negated, low, high }) = (marks::is(name, marks::SYMMETRIC), expr) {
            return self.between_symmetric(expr, *negated, low, high);
        }
        if let Some(operator) = marks::behind(name, marks::PREFIX) {
            let value = self.expression(expr)?;
            return self.operator(operator, None, value, at);
        }
        let word = name.value.split(' ').next().unwrap_or_default();
        Err(self.fail(QueryError::Syntax(format!("syntax error at or near \"{word}\"")), at))
    }

    /// `normalize(text [, form])`, whose form is a word.
    pub(super) fn normalize(&mut self, arguments: &[&Expr], at: Option<Position>) -> Result<Expression> {
        let (value, form) = match arguments {
            [value] => (value, "NFC".to_owned()),
            [value, Expr::Identifier(form)]
                if matches!(form.value.to_ascii_uppercase().as_str(), "NFC" | "NFD" | "NFKC" | "NFKD") =>
            {
                (value, form.value.clone())
            }
            _ => {
                let wrong = arguments.get(1).map_or_else(|| ")".to_owned(), ToString::to_string);
                let place = arguments.get(1).map(|argument| argument.span().start);
                return Err(self.fail(QueryError::Syntax(format!("syntax error at or near \"{wrong}\"")), place.or(at)));
            }
        };
        let value = self.expression(value)?;
        self.system_function("normalize", vec![value, unknown(&form, None)], at)
    }

    /// A call that is looked up as any other.
    fn plain_function(&mut self, name: &str, arguments: Vec<Expression>, at: Option<Position>) -> Result<Expression> {
        use crate::query::bind::resolve::{Argument, Call, Callee};
        use crate::query::bind::tree::Form;
        let arguments = arguments.into_iter().map(|value| Argument { name: None, value }).collect();
        let call = Call { name: name.into(), arguments, at, ..Call::default() };
        match self.resolver.function(call)? {
            Callee::Coercion(bound) => Ok(bound),
            Callee::Function(resolved) => {
                let kind = Kind::Function {
                    function: resolved.fact.oid,
                    arguments: resolved.arguments,
                    variadic: resolved.variadic,
                    form: Form::Call,
                };
                Ok(Expression { kind, data_type: resolved.result, position: super::places::known(at) })
            }
        }
    }

    fn rounding(&mut self, name: &str, expr: &Expr, field: &CeilFloorKind) -> Result<Expression> {
        let CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) = field else {
            return Err(refuse::not_supported(format!("{name} with a second argument")));
        };
        let value = self.expression(expr)?;
        let at = self.places.before(value.position, name);
        self.plain_function(name, vec![value], at)
    }

    fn escape(&mut self, escape: Option<&ValueWithSpan>) -> Result<Option<Expression>> {
        let Some(escape) = escape else { return Ok(None) };
        match text_of(&escape.value) {
            Some(text) => Ok(Some(unknown(text, Some(escape.span.start)))),
            None => self.value(escape).map(Some),
        }
    }

    #[allow(clippy::too_many_arguments, reason = "they are the parts of one construct")]
    fn like(
        &mut self,
        expr: &Expr,
        name: &str,
        word: &str,
        negated: bool,
        any: bool,
        pattern: &Expr,
        escape: Option<&ValueWithSpan>,
    ) -> Result<Expression> {
        let word = if negated { "NOT" } else { word };
        if any {
            let is_list = matches!(pattern, Expr::Nested(_) | Expr::Subquery(_));
            if escape.is_some() || !is_list {
                return Err(refuse::not_supported("LIKE ANY of this form"));
            }
            return self.quantified_by(expr, name, word, pattern, true);
        }
        let value = self.expression(expr)?;
        let at = self.operator_place(expr, std::slice::from_ref(&value), word);
        let mut pattern = self.expression(pattern)?;
        if let Some(escape) = self.escape(escape)? {
            pattern = self.system_function("like_escape", vec![pattern, escape], at)?;
        }
        self.operator(name, Some(value), pattern, at)
    }

    /// `value COLLATE name`.
    pub(super) fn collate(&mut self, expr: &Expr, collation: &ObjectName) -> Result<Expression> {
        const STRING: char = 'S';
        let value = self.expression(expr)?;
        let at = self.operator_place(expr, std::slice::from_ref(&value), "COLLATE");
        let value = self.settle(value)?;
        let category = self.context.facts.type_of(value.data_type.oid).map(|fact| fact.category);
        if category != Some(STRING) {
            let name = self.type_name(value.data_type.oid);
            let message = format!("collations are not supported by type {name}");
            return Err(self.fail(QueryError::DatatypeMismatch(message), at));
        }
        let names: Vec<String> = collation.0.iter().filter_map(|part| part.as_ident()).map(folded).collect();
        let parts: Vec<&str> = names.iter().map(String::as_str).collect();
        // Texts compare byte by byte, which is what these collations ask for.
        let oid = match parts.as_slice() {
            ["C"] | ["pg_catalog", "C"] => 950,
            ["POSIX"] | ["pg_catalog", "POSIX"] => 951,
            ["default"] | ["pg_catalog", "default"] => 100,
            [name] if has_encoding_variants(name) => {
                return Err(self.fail(refuse::not_supported(format!("collation {collation}")), at));
            }
            _ => {
                let message = format!("collation \"{}\" for encoding \"UTF8\" does not exist", parts.join("."));
                return Err(self.fail(QueryError::UndefinedObject(message), at));
            }
        };
        let position = value.position;
        let data_type = value.data_type;
        let bound = expression_of(Kind::Collate { argument: Box::new(value), collation: oid }, data_type.oid, position);
        Ok(Expression { data_type, ..bound })
    }

    /// `value [NOT] IN (SELECT …)`.
    pub(super) fn in_subquery(
        &mut self,
        value: &Expr,
        query: &datafusion::sql::sqlparser::ast::Query,
        negated: bool,
    ) -> Result<Expression> {
        let word = if negated { "NOT" } else { "IN" };
        let test = self.quantified_subquery(value, "=", word, query, true)?;
        if !negated {
            return Ok(test);
        }
        let at = test.position;
        self.not(test, at)
    }
}

/// Is it the name of a locale, which PostgreSQL may have a collation of?
fn has_encoding_variants(name: &str) -> bool {
    matches!(name, "ucs_basic" | "unicode") || name.contains(['_', '-'])
}

/// The name of a field of EXTRACT as the function takes it.
fn field_name(field: &DateTimeField) -> String {
    match field {
        DateTimeField::Custom(ident) => folded(ident),
        DateTimeField::Week(_) => "week".into(),
        other => other.to_string().to_lowercase(),
    }
}
