//! Literals.

use datafusion::common::ScalarValue;
use datafusion::sql::sqlparser::ast::{
    DateTimeField, Expr, Interval, TypedString, UnaryOperator, Value, ValueWithSpan,
};

use super::typenames::interval_typmod;
use super::{Analyser, expression_of, oids, refuse};
use crate::catalog::facts::CastContext;
use crate::error::{QueryError, Result};
use crate::query::bind::tree::{Expression, Form, Kind, Position, TypeRef};

impl Analyser<'_> {
    /// A literal or parameter.
    pub(super) fn value(&self, value: &ValueWithSpan) -> Result<Expression> {
        let at = Some(value.span.start);
        match &value.value {
            Value::Number(digits, _) => self.number(digits, at),
            Value::Boolean(truth) => {
                Ok(expression_of(Kind::Constant(ScalarValue::Boolean(Some(*truth))), oids::BOOL, at))
            }
            Value::Null => Ok(null(at)),
            Value::Placeholder(name) => self.parameter(name, at),
            Value::SingleQuotedByteStringLiteral(digits) => self.bits(&format!("b{digits}"), at),
            Value::HexStringLiteral(digits) => self.bits(&format!("x{digits}"), at),
            Value::NationalStringLiteral(text) => self.cast(unknown(text, at), TypeRef::plain(oids::BPCHAR), at),
            other => match text_of(other) {
                Some(text) => Ok(unknown(text, at)),
                None => Err(self.fail(refuse::not_supported(format!("the literal {other}")), at)),
            },
        }
    }

    fn parameter(&self, name: &str, at: Option<Position>) -> Result<Expression> {
        let number = name.strip_prefix('$').and_then(|digits| digits.parse::<usize>().ok()).unwrap_or(0);
        let oid = self.context.parameters.mention(number).map_err(|error| self.at(error, at))?;
        Ok(expression_of(Kind::Parameter(number), oid, at))
    }

    /// The smallest of integer, bigint and numeric that holds the number, perhaps with a sign before it.
    pub(super) fn number(&self, digits: &str, at: Option<Position>) -> Result<Expression> {
        if let Ok(number) = digits.parse::<i32>() {
            return Ok(expression_of(Kind::Constant(ScalarValue::Int32(Some(number))), oids::INT4, at));
        }
        if let Ok(number) = digits.parse::<i64>() {
            return Ok(expression_of(Kind::Constant(ScalarValue::Int64(Some(number))), oids::INT8, at));
        }
        if !digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-')) {
            return Err(self.fail(refuse::not_supported(format!("the number {digits}")), at));
        }
        let numeric = TypeRef::plain(oids::NUMERIC);
        let text = unknown(digits, at);
        match self.resolver.coerce(text, numeric, CastContext::Explicit, Form::ImplicitCast) {
            Ok(Some(constant)) => Ok(constant),
            // It is a number: only our form of numerics can be too narrow for it. As a floating-point number it can
            // still be read.
            _ => {
                let value = Kind::Constant(ScalarValue::Utf8(Some(digits.to_owned())));
                Ok(expression_of(value, oids::NUMERIC, at))
            }
        }
    }

    /// `b'101'`, `x'1F'`.
    fn bits(&self, text: &str, at: Option<Position>) -> Result<Expression> {
        let bits =
            self.resolver.coerce(unknown(text, at), TypeRef::plain(oids::BIT), CastContext::Explicit, Form::Call);
        match bits.map_err(|error| self.at(error, at))? {
            Some(constant) => Ok(constant),
            None => Err(self.fail(refuse::not_supported("a literal of type bit"), at)),
        }
    }

    /// `date '2020-01-01'`.
    pub(super) fn typed_string(&self, typed: &TypedString) -> Result<Expression> {
        let at = Some(typed.value.span.start);
        let Some(text) = text_of(&typed.value.value) else {
            return Err(self.fail(refuse::not_supported("this typed literal"), at));
        };
        let target = self.type_named(&typed.data_type)?;
        self.cast(unknown(text, at), target, at)
    }

    /// `interval '1' day`.
    pub(super) fn interval(&self, interval: &Interval) -> Result<Expression> {
        let Expr::Value(value) = interval.value.as_ref() else {
            return Err(QueryError::Syntax(format!("syntax error at or near \"{}\"", interval.value)).into());
        };
        let at = Some(value.span.start);
        let Some(text) = text_of(&value.value) else {
            let error = QueryError::Syntax(format!("syntax error at or near \"{value}\""));
            return Err(self.fail(error, at));
        };
        let precision = match (interval.leading_precision, interval.fractional_seconds_precision) {
            (None, precision) => precision,
            // Of seconds alone it is the precision of their fraction.
            (precision, None) if matches!(interval.leading_field, Some(DateTimeField::Second)) => precision,
            _ => return Err(self.fail(QueryError::Syntax("syntax error at or near \"(\"".into()), at)),
        };
        let typmod = interval_typmod(interval.leading_field.as_ref(), interval.last_field.as_ref(), precision)?;
        self.cast(unknown(text, at), TypeRef { oid: oids::INTERVAL, typmod }, at)
    }

    /// An explicit cast.
    pub(super) fn cast(&self, value: Expression, target: TypeRef, at: Option<Position>) -> Result<Expression> {
        self.resolver.cast(value, target, at).map_err(|error| self.at(error, at))
    }
}

/// A literal without a type.
pub(super) fn unknown(text: &str, at: Option<Position>) -> Expression {
    expression_of(Kind::Constant(ScalarValue::Utf8(Some(text.to_owned()))), oids::UNKNOWN, at)
}

/// NULL.
pub(super) fn null(at: Option<Position>) -> Expression {
    expression_of(Kind::Constant(ScalarValue::Utf8(None)), oids::UNKNOWN, at)
}

/// The text that a literal in quotes writes.
pub(super) fn text_of(value: &Value) -> Option<&str> {
    match value {
        Value::SingleQuotedString(text) | Value::EscapedStringLiteral(text) | Value::UnicodeStringLiteral(text) => {
            Some(text)
        }
        Value::DollarQuotedString(text) => Some(&text.value),
        _ => None,
    }
}

/// The digits of a number with signs before it, which PostgreSQL folds into the number.
pub(super) fn signed_digits(op: UnaryOperator, expr: &Expr) -> Option<String> {
    match (op, expr) {
        (UnaryOperator::Minus, Expr::Value(ValueWithSpan { value: Value::Number(digits, _), .. })) => {
            Some(format!("-{digits}"))
        }
        _ => None,
    }
}
