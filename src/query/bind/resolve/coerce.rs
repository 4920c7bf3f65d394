//! Conversions: literals are read, parameters settled, everything else gets a node that says how.

use datafusion::common::ScalarValue;

use super::Resolver;
use super::oids::{self, UNKNOWN};
use super::pathway::{self, Pathway};
use super::wording::{is_unknown, leftmost};
use crate::base::ids::Oid;
use crate::catalog::facts::CastContext;
use crate::catalog::types::{PgType, table_of_row_type};
use crate::error::{QueryError, Result};
use crate::query::bind::refuse;
use crate::query::bind::tree::{CoercionMethod, Expression, Form, Kind, Position, TypeRef};
use crate::query::values;

impl Resolver<'_> {
    /// Converts to a type with its modifier; `None` when there is no such conversion.
    ///
    /// # Errors
    /// What the input function of a literal says; 42P08 for a parameter that has another type already.
    pub fn coerce(
        &self,
        expression: Expression,
        target: TypeRef,
        context: CastContext,
        form: Form,
    ) -> Result<Option<Expression>> {
        let source = expression.data_type.oid;
        if !self.can_coerce(source, target.oid, context) {
            return Ok(None);
        }
        // A collation stays outermost.
        if let Kind::Collate { argument, collation } = expression.kind {
            let Some(inner) = self.coerce_plain(*argument, target, context, form)? else { return Ok(None) };
            let collates = self.facts.type_of(target.oid).is_some_and(|fact| fact.collation != 0);
            let data_type = inner.data_type;
            return Ok(Some(if collates {
                let kind = Kind::Collate { argument: Box::new(inner), collation };
                Expression { kind, data_type, position: expression.position }
            } else {
                inner
            }));
        }
        self.coerce_plain(expression, target, context, form)
    }

    fn coerce_plain(
        &self,
        expression: Expression,
        target: TypeRef,
        context: CastContext,
        form: Form,
    ) -> Result<Option<Expression>> {
        let source = expression.data_type.oid;
        let mut converted = self.convert(expression, target, context, form)?;
        if converted.data_type.typmod == target.typmod || oids::is_polymorphic(target.oid) {
            return Ok(Some(converted));
        }
        // Of two steps only the last one is printed.
        if source != target.oid && !matches!(converted.kind, Kind::Constant(_)) {
            hide(&mut converted);
        }
        self.fit(converted, target, context, form).map(Some)
    }

    /// `expression::target`, `CAST(expression AS target)`.
    ///
    /// # Errors
    /// 42846 when there is no such cast, otherwise as [`coerce`](Self::coerce).
    pub fn cast(&self, expression: Expression, target: TypeRef, at: Option<Position>) -> Result<Expression> {
        let (source, position) = (expression.data_type.oid, expression.position);
        match self.coerce(expression, target, CastContext::Explicit, Form::ExplicitCast)? {
            Some(mut expression) => {
                if !matches!(expression.kind, Kind::Constant(_) | Kind::Parameter(_)) {
                    expression.position = leftmost(position, at);
                }
                Ok(expression)
            }
            None => {
                let error = QueryError::CannotCast { from: self.type_name(source), to: self.type_name(target.oid) };
                Err(self.at(error, at.or(position)))
            }
        }
    }

    /// May a value of the one type become one of the other?
    pub fn can_coerce(&self, source: Oid, target: Oid, context: CastContext) -> bool {
        pathway::can_coerce(self.facts, &[source], &[target], context)
    }

    /// Converts to another type, not to its modifier. That a conversion exists was found out before.
    pub(super) fn convert(
        &self,
        expression: Expression,
        target: TypeRef,
        context: CastContext,
        form: Form,
    ) -> Result<Expression> {
        let source = expression.data_type.oid;
        if source == target.oid || takes_as_it_is(source, target.oid) {
            return Ok(expression);
        }
        self.type_there(target.oid)?;
        let position = expression.position;
        match expression.kind {
            Kind::Constant(value) if source == UNKNOWN => return self.read(&value, target, position),
            Kind::Constant(value @ ScalarValue::Utf8(_)) if source == oids::NUMERIC => {
                if !matches!(target.oid, oids::FLOAT4 | oids::FLOAT8) {
                    return Err(self.at(refuse::not_supported("a numeric of that many digits"), position));
                }
                return self.read(&value, target, position);
            }
            Kind::Parameter(number) if source == UNKNOWN => {
                self.parameters.settle(number, target.oid, self.facts).map_err(|error| self.at(error, position))?;
                return Ok(Expression {
                    kind: Kind::Parameter(number),
                    data_type: TypeRef::plain(target.oid),
                    position,
                });
            }
            Kind::Collate { argument, collation } => {
                let inner = self.convert(*argument, target, context, form)?;
                let collates = self.facts.type_of(target.oid).is_some_and(|fact| fact.collation != 0);
                let data_type = inner.data_type;
                return Ok(if collates {
                    Expression { kind: Kind::Collate { argument: Box::new(inner), collation }, data_type, position }
                } else {
                    inner
                });
            }
            _ => {}
        }
        let method = match pathway::pathway(self.facts, source, target.oid, context) {
            Some(Pathway::Function(function)) => {
                return self.call_cast(expression, function, target, context, form);
            }
            Some(Pathway::Relabel) => CoercionMethod::Binary,
            Some(Pathway::InOut) => CoercionMethod::InOut,
            Some(Pathway::Array) => return self.convert_array(expression, target, context, form),
            None if matches!(target.oid, oids::RECORD | oids::RECORD_ARRAY) => return Ok(expression),
            None => return Err(refuse::not_supported("a conversion to a composite type")),
        };
        Ok(coercion(expression, method, TypeRef::plain(target.oid), form))
    }

    /// A call of a function of `pg_cast`. It is told the modifier and whether the cast is written, if it wants to
    /// know.
    fn call_cast(
        &self,
        expression: Expression,
        function: Oid,
        target: TypeRef,
        context: CastContext,
        form: Form,
    ) -> Result<Expression> {
        let fact = self.function_there(function)?;
        let position = expression.position;
        let count = fact.arguments.len();
        let mut arguments = vec![expression];
        let plain =
            |value, oid| Expression { kind: Kind::Constant(value), data_type: TypeRef::plain(oid), position: None };
        if count > 1 {
            arguments.push(plain(ScalarValue::Int32(Some(target.typmod)), oids::INTEGER));
        }
        if count > 2 {
            let explicit = context == CastContext::Explicit;
            arguments.push(plain(ScalarValue::Boolean(Some(explicit)), oids::BOOLEAN));
        }
        let typmod = if count > 1 { target.typmod } else { -1 };
        let kind = Kind::Function { function, arguments, variadic: false, form };
        Ok(Expression { kind, data_type: TypeRef { oid: target.oid, typmod }, position })
    }

    fn convert_array(
        &self,
        expression: Expression,
        target: TypeRef,
        context: CastContext,
        form: Form,
    ) -> Result<Expression> {
        let elements = (oids::element(self.facts, expression.data_type.oid), oids::element(self.facts, target.oid));
        let (Some(source), Some(element)) = elements else {
            return Err(refuse::not_supported("this conversion of arrays"));
        };
        let mut typmod = -1;
        let function = match pathway::pathway(self.facts, source, element, context) {
            Some(Pathway::Function(function)) => {
                if self.function_there(function)?.arguments.len() > 1 {
                    typmod = target.typmod;
                }
                function
            }
            _ => 0,
        };
        let data_type = TypeRef { oid: target.oid, typmod };
        Ok(coercion(expression, CoercionMethod::Array { function }, data_type, form))
    }

    /// Fits a value of the right type to a modifier.
    fn fit(&self, expression: Expression, target: TypeRef, context: CastContext, form: Form) -> Result<Expression> {
        if target.typmod < 0 {
            // Nothing is computed; only the expression's modifier is forgotten.
            return Ok(coercion(expression, CoercionMethod::Binary, target, form));
        }
        let element = oids::element(self.facts, target.oid).filter(|_| !is_vector(target.oid));
        let of = element.unwrap_or(target.oid);
        match (pathway::length_function(self.facts, of), element) {
            (Some(function), Some(_)) => Ok(coercion(expression, CoercionMethod::Array { function }, target, form)),
            (Some(function), None) => self.call_cast(expression, function, target, context, form),
            (None, _) => Ok(coercion(expression, CoercionMethod::Binary, target, form)),
        }
    }

    /// Reads a literal without a type by the input function of the type that it is to have. Its modifier is not
    /// applied yet, because a cast cuts off what an assignment refuses.
    fn read(&self, value: &ScalarValue, target: TypeRef, position: Option<Position>) -> Result<Expression> {
        let data_type = TypeRef::plain(target.oid);
        let constant = |value| Expression { kind: Kind::Constant(value), data_type, position };
        let is_row = table_of_row_type(target.oid).is_some();
        if is_row || (target.oid == oids::RECORD && !value.is_null()) {
            return Err(refuse::not_supported(format!("a literal of type {}", self.type_name(target.oid))));
        }
        let pg = PgType::from_oid(target.oid, -1);
        let text = match value {
            ScalarValue::Utf8(text) | ScalarValue::LargeUtf8(text) | ScalarValue::Utf8View(text) => text.as_deref(),
            _ => None,
        };
        match (text, pg) {
            (Some(text), Some(pg)) if target.oid != UNKNOWN => {
                let value = match pg {
                    // The fields decide what a number without a unit means.
                    PgType::Interval if target.typmod >= 0 => values::parse_interval(text, target.typmod),
                    _ => values::parse(text, &pg, self.style),
                };
                Ok(constant(value.map_err(|error| self.at(error, position))?))
            }
            (Some(_), _) => Err(refuse::not_supported(format!("a literal of type {}", self.type_name(target.oid)))),
            (None, Some(pg)) => Ok(constant(values::null_value(&pg)?)),
            (None, None) => Ok(constant(ScalarValue::Null)),
        }
    }

    /// Converts the arguments of a call from their actual to the declared types.
    pub(super) fn arguments(&self, arguments: Vec<Expression>, declared: &[Oid]) -> Result<Vec<Expression>> {
        let convert = |(argument, declared): (Expression, &Oid)| {
            if argument.data_type.oid == *declared {
                return Ok(argument);
            }
            self.convert(argument, TypeRef::plain(*declared), CastContext::Implicit, Form::ImplicitCast)
        };
        arguments.into_iter().zip(declared).map(convert).collect()
    }
}

/// Do arguments declared as `target` take a value of type `source` without any conversion?
fn takes_as_it_is(source: Oid, target: Oid) -> bool {
    match target {
        // These take literals without a type, too.
        oids::ANY | oids::ANYELEMENT | oids::ANYNONARRAY | oids::ANYCOMPATIBLE | oids::ANYCOMPATIBLENONARRAY => true,
        _ => oids::is_polymorphic(target) && source != UNKNOWN,
    }
}

fn is_vector(oid: Oid) -> bool {
    matches!(oid, oids::INT2VECTOR | oids::OIDVECTOR)
}

fn coercion(expression: Expression, method: CoercionMethod, data_type: TypeRef, form: Form) -> Expression {
    let position = expression.position;
    Expression { kind: Kind::Coerce { argument: Box::new(expression), method, form }, data_type, position }
}

/// A conversion that is not to be printed.
fn hide(expression: &mut Expression) {
    if let Kind::Coerce { form, .. } | Kind::Function { form, .. } = &mut expression.kind {
        *form = Form::ImplicitCast;
    }
}

/// The types of expressions.
pub(super) fn types(expressions: &[Expression]) -> Vec<Oid> {
    expressions.iter().map(|expression| expression.data_type.oid).collect()
}

/// Is it a literal without a type?
pub(super) fn is_literal(expression: &Expression) -> bool {
    is_unknown(expression) && matches!(expression.kind, Kind::Constant(_))
}
