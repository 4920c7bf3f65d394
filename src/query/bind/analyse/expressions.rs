//! Expressions, by kind.

use datafusion::sql::sqlparser::ast::{BinaryOperator, CastKind, DataType, Expr, Spanned, UnaryOperator};
use recursive::recursive;

use super::calls::LATERAL_HINT;
use super::constants::signed_digits;
use super::queries::common_typmod;
use super::{Analyser, expression_of, leftmost, oids, refuse};
use crate::base::ids::TenantId;
use crate::error::{Error, QueryError, Result};
use crate::query::bind::tree::{BooleanTest, Case, Column, Expression, Kind, Logic, Position, TypeRef};

/// `- a ^ b` is `(- a) ^ b`: the sign binds closer than the power, other than the parser has it.
fn negative_base(mut power: Expr) -> Expr {
    let mut base = &mut power;
    while let Expr::BinaryOp { left, op: BinaryOperator::PGExp, .. } = base {
        base = left;
    }
    let positive = std::mem::replace(base, Expr::value(datafusion::sql::sqlparser::ast::Value::Null));
    *base = Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(positive) };
    power
}

impl Analyser<'_> {
    /// Any expression. Literals without a type stay so.
    #[recursive]
    pub(super) fn expression(&mut self, expr: &Expr) -> Result<Expression> {
        self.deeper(|this| this.kind(expr))
    }

    /// Several expressions in order.
    pub(super) fn expressions(&mut self, exprs: &[Expr]) -> Result<Vec<Expression>> {
        exprs.iter().map(|expr| self.expression(expr)).collect()
    }

    fn kind(&mut self, expr: &Expr) -> Result<Expression> {
        match expr {
            Expr::Identifier(ident) => self.column_reference(std::slice::from_ref(ident)),
            Expr::CompoundIdentifier(idents) => self.column_reference(idents),
            Expr::Value(value) => self.value(value),
            Expr::TypedString(typed) => self.typed_string(typed),
            Expr::Interval(interval) => self.interval(interval),
            Expr::Nested(inner) => self.expression(inner),
            Expr::Cast { kind, expr, data_type, array: false, format: None } => self.cast_of(kind, expr, data_type),
            Expr::UnaryOp { op, expr } => self.unary(*op, expr),
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right),
            Expr::IsNull(inner) => self.is_null(inner, false),
            Expr::IsNotNull(inner) => self.is_null(inner, true),
            Expr::IsTrue(inner) => self.boolean_test(inner, BooleanTest::True, "IS TRUE"),
            Expr::IsNotTrue(inner) => self.boolean_test(inner, BooleanTest::NotTrue, "IS NOT TRUE"),
            Expr::IsFalse(inner) => self.boolean_test(inner, BooleanTest::False, "IS FALSE"),
            Expr::IsNotFalse(inner) => self.boolean_test(inner, BooleanTest::NotFalse, "IS NOT FALSE"),
            Expr::IsUnknown(inner) => self.boolean_test(inner, BooleanTest::Unknown, "IS UNKNOWN"),
            Expr::IsNotUnknown(inner) => self.boolean_test(inner, BooleanTest::NotUnknown, "IS NOT UNKNOWN"),
            Expr::IsDistinctFrom(left, right) => self.distinct_from(left, right, false),
            Expr::IsNotDistinctFrom(left, right) => self.distinct_from(left, right, true),
            Expr::Between { expr, negated, low, high } => self.between(expr, *negated, low, high),
            Expr::InList { expr, list, negated } => self.in_list(expr, list, *negated),
            Expr::InSubquery { expr, subquery, negated } => self.in_subquery(expr, subquery, *negated),
            Expr::AnyOp { left, compare_op, right, .. } => self.quantified(left, compare_op, right, true),
            Expr::AllOp { left, compare_op, right } => self.quantified(left, compare_op, right, false),
            Expr::Exists { subquery, negated } => self.exists(subquery, *negated),
            Expr::Subquery(query) => self.scalar_subquery(query),
            Expr::Case { case_token, operand, conditions, else_result, .. } => {
                let at = Some(case_token.0.span.start);
                let branches: Vec<(&Expr, &Expr)> =
                    conditions.iter().map(|when| (&when.condition, &when.result)).collect();
                self.case(operand.as_deref(), &branches, else_result.as_deref(), at)
            }
            Expr::Tuple(items) => {
                let fields = self.row_expressions(items)?;
                self.row(fields, None)
            }
            Expr::Array(array) if array.named => self.array(&array.elem, None),
            Expr::CompoundFieldAccess { root, access_chain } => self.access(root, access_chain),
            Expr::Collate { expr, collation } => self.collate(expr, collation),
            Expr::Function(function) => self.call(function),
            other => self.syntax(other),
        }
    }

    fn cast_of(&mut self, kind: &CastKind, expr: &Expr, data_type: &DataType) -> Result<Expression> {
        if matches!(kind, CastKind::TryCast | CastKind::SafeCast) {
            return Err(QueryError::Syntax("syntax error at or near \"AS\"".into()).into());
        }
        let target = self.type_named(data_type).map_err(|error| {
            let word = if *kind == CastKind::DoubleColon { "::" } else { "AS" };
            let before = self.places.after(Some(expr.span().end), word);
            self.at(error, self.places.next(before))
        })?;
        // `ARRAY[…]::t[]` gives the type to the elements.
        let value = match expr {
            Expr::Array(array) if array.named && self.element_of(target.oid) != 0 => {
                self.array(&array.elem, Some(target))?
            }
            other => self.expression(other)?,
        };
        let place = match kind {
            CastKind::DoubleColon => self.places.after(value.position, "::"),
            _ => self.places.before(value.position, "CAST"),
        };
        let at = place;
        let inner = value.position;
        if matches!(value.kind, Kind::Row(_)) && crate::catalog::types::table_of_row_type(target.oid).is_some() {
            return self.row_as(value, target, at.or(inner));
        }
        let mut bound = self.cast(value, target, at.or(inner))?;
        if !matches!(bound.kind, Kind::Constant(_) | Kind::Parameter(_)) {
            bound.position = leftmost(at, inner);
        }
        Ok(bound)
    }

    fn unary(&mut self, op: UnaryOperator, expr: &Expr) -> Result<Expression> {
        if let Some(digits) = signed_digits(op, expr) {
            let number = self.expression(expr)?;
            let at = self.places.before(number.position, "-");
            return self.number(&digits, at.or(number.position));
        }
        if let (UnaryOperator::Minus, Expr::BinaryOp { op: BinaryOperator::PGExp, .. }) = (op, expr) {
            return self.expression(&negative_base(expr.clone()));
        }
        let value = self.expression(expr)?;
        let name = match op {
            UnaryOperator::Not => {
                let at = self.places.before(value.position, "NOT");
                return self.not(value, at);
            }
            UnaryOperator::Minus => "-",
            UnaryOperator::Plus => "+",
            UnaryOperator::BitwiseNot => "~",
            UnaryOperator::PGAbs => "@",
            UnaryOperator::PGSquareRoot => "|/",
            UnaryOperator::PGCubeRoot => "||/",
            UnaryOperator::PGPrefixFactorial => "!!",
            UnaryOperator::BangNot => "!",
            UnaryOperator::AtDashAt => "@-@",
            UnaryOperator::DoubleAt => "@@",
            UnaryOperator::Hash => "#",
            UnaryOperator::QuestionDash => "?-",
            UnaryOperator::QuestionPipe => "?|",
            UnaryOperator::PGPostfixFactorial => return Err(refuse::not_supported("a postfix operator")),
        };
        let at = self.places.before(value.position, name).or(value.position);
        self.operator(name, None, value, at)
    }

    /// An operator by name; the result stands where its leftmost part does.
    pub(super) fn operator(
        &self,
        name: &str,
        left: Option<Expression>,
        right: Expression,
        at: Option<Position>,
    ) -> Result<Expression> {
        let first = left.as_ref().map_or(right.position, |left| left.position);
        let over_system = self.over_system(left.iter().chain([&right]));
        let bound =
            self.resolver.operator(name, left, right, at).map_err(|error| self.unresolved(error, over_system, at))?;
        Ok(Expression { position: leftmost(at, first), ..bound })
    }

    /// Do these expressions mention columns of the system's relations, whose types are simpler than PostgreSQL's?
    pub(super) fn over_system<'e>(&self, expressions: impl IntoIterator<Item = &'e Expression>) -> bool {
        let is_system = |part: &Expression, depth: usize| {
            let Kind::Column(column) = &part.kind else { return false };
            let level = column.levels_up.checked_sub(depth).and_then(|up| self.levels.iter().rev().nth(up));
            let origin = level.map(|level| {
                let here = Column { levels_up: 0, ..*column };
                level.origin(&Expression { kind: Kind::Column(here), ..part.clone() })
            });
            origin.is_some_and(|(oid, _)| (1..TenantId::FIRST.0).contains(&oid))
        };
        expressions.into_iter().any(|expression| expression.mentions(is_system))
    }

    /// What does not resolve over the system's columns may do so over PostgreSQL's.
    pub(super) fn unresolved(&self, error: Error, over_system: bool, at: Option<Position>) -> Error {
        if over_system && error.sqlstate().0 == "42883" {
            return self.fail(refuse::not_supported("this use of a column of the system"), at);
        }
        // The resolver has given it its place, if PostgreSQL tells one.
        error
    }

    /// `NOT value`.
    pub(super) fn not(&self, value: Expression, at: Option<Position>) -> Result<Expression> {
        let position = leftmost(at, value.position);
        let value = self.boolean(value, "NOT")?;
        Ok(expression_of(Kind::Logic { logic: Logic::Not, arguments: vec![value] }, oids::BOOL, position))
    }

    /// `left AND right`, `left OR right`, flat over several of the same.
    pub(super) fn logic(&self, logic: Logic, values: Vec<Expression>) -> Result<Expression> {
        let construct = if logic == Logic::And { "AND" } else { "OR" };
        let position = values.first().and_then(|value| value.position);
        let mut arguments = Vec::with_capacity(values.len());
        for value in values {
            let value = self.boolean(value, construct)?;
            match value.kind {
                Kind::Logic { logic: own, arguments: inner } if own == logic => arguments.extend(inner),
                kind => arguments.push(Expression { kind, ..value }),
            }
        }
        Ok(expression_of(Kind::Logic { logic, arguments }, oids::BOOL, position))
    }

    fn is_null(&mut self, inner: &Expr, negated: bool) -> Result<Expression> {
        let argument = self.expression(inner)?;
        // A parameter stays without a type: this is no use that asks for one.
        let argument = if matches!(argument.kind, Kind::Parameter(_)) { argument } else { self.settle(argument)? };
        let position = argument.position;
        Ok(expression_of(Kind::IsNull { argument: Box::new(argument), negated }, oids::BOOL, position))
    }

    fn boolean_test(&mut self, inner: &Expr, test: BooleanTest, construct: &str) -> Result<Expression> {
        let argument = self.expression(inner)?;
        let position = argument.position;
        let argument = Box::new(self.boolean(argument, construct)?);
        Ok(expression_of(Kind::BooleanTest { argument, test }, oids::BOOL, position))
    }

    /// What still has no type becomes text.
    pub(super) fn settle(&self, value: Expression) -> Result<Expression> {
        let at = value.position;
        self.resolver.settle(value).map_err(|error| self.at(error, at))
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        branches: &[(&Expr, &Expr)],
        otherwise: Option<&Expr>,
        at: Option<Position>,
    ) -> Result<Expression> {
        let operand = match operand {
            Some(operand) => {
                let operand = self.expression(operand)?;
                Some(self.settle(operand)?)
            }
            None => None,
        };
        let mut conditions = Vec::with_capacity(branches.len());
        let mut results = Vec::with_capacity(branches.len() + 1);
        for (condition, result) in branches {
            let mut bound = self.expression(condition)?;
            if let Some(operand) = &operand {
                let place = self.places.before(bound.position, "WHEN").or(bound.position);
                let mirror =
                    Expression { kind: Kind::CaseOperand, data_type: operand.data_type, position: operand.position };
                bound = self.operator("=", Some(mirror), bound, place)?;
            }
            conditions.push(self.boolean(bound, "CASE/WHEN")?);
            results.push(self.expression(result)?);
        }
        let otherwise = match otherwise {
            Some(otherwise) => self.expression(otherwise)?,
            None => super::constants::null(None),
        };
        // PostgreSQL looks at the ELSE first.
        results.insert(0, otherwise);
        let target = self.common_type(&results, "CASE")?;
        let mut results = results.into_iter();
        let otherwise = match results.next() {
            Some(otherwise) => Some(Box::new(self.to_common(otherwise, target, "CASE/ELSE")?)),
            None => None,
        };
        let results = results.map(|result| self.to_common(result, target, "CASE/WHEN")).collect::<Result<Vec<_>>>()?;
        let all = conditions.iter().chain(&results).chain(otherwise.as_deref());
        self.refuse_sets(all, "set-returning functions are not allowed in CASE", LATERAL_HINT)?;
        let branches = conditions.into_iter().zip(results).collect();
        let case = Case { operand: operand.map(Box::new), branches, otherwise };
        let results = case.otherwise.as_deref().into_iter().chain(case.branches.iter().map(|(_, result)| result));
        let data_type = TypeRef { oid: target, typmod: common_typmod(results, target) };
        Ok(Expression { data_type, ..expression_of(Kind::Case(case), target, at) })
    }

    /// The type that all can have; the error stands at the one that does not fit.
    pub(super) fn common_type(&self, values: &[Expression], context: &str) -> Result<crate::base::ids::Oid> {
        self.resolver.common_type(values, context)
    }

    pub(super) fn to_common(
        &self,
        value: Expression,
        target: crate::base::ids::Oid,
        context: &str,
    ) -> Result<Expression> {
        let at = value.position;
        self.resolver.to_common(value, target, context).map_err(|error| self.at(error, at))
    }

    /// `ROW(…)`, `(a, b)`.
    pub(super) fn row(&mut self, fields: Vec<Expression>, at: Option<Position>) -> Result<Expression> {
        let first = fields.first().and_then(|field| field.position);
        let at = at.or_else(|| self.places.opening(first));
        let fields = fields.into_iter().map(|field| self.settle(field)).collect::<Result<Vec<_>>>()?;
        Ok(expression_of(Kind::Row(fields), oids::RECORD, at))
    }

    /// `ARRAY[…]`, whose elements have the type of `target`'s elements if there is one.
    fn array(&mut self, elements: &[Expr], target: Option<TypeRef>) -> Result<Expression> {
        let mut bound = Vec::with_capacity(elements.len());
        let mut nested = false;
        for element in elements {
            let value = match element {
                Expr::Array(inner) => {
                    nested = true;
                    self.deeper(|this| this.array(&inner.elem, target))?
                }
                other => {
                    let value = self.expression(other)?;
                    nested |= self.element_of(value.data_type.oid) != 0;
                    value
                }
            };
            bound.push(value);
        }
        let first = bound.first().and_then(|element| element.position);
        let at = self.places.before(first, "ARRAY");
        let (array, element) = match target {
            Some(target) => (target.oid, self.element_of(target.oid)),
            None if bound.is_empty() => {
                let at = self.places.sequence(&["ARRAY", "[", "]"]);
                let error = Error::from(QueryError::Indeterminate("cannot determine type of empty array".into()));
                let hint = "Explicitly cast to the desired type, for example ARRAY[]::integer[].";
                return Err(self.at(error.hint(hint), at));
            }
            None => {
                let common = self.common_type(&bound, "ARRAY")?;
                if nested { (common, common) } else { (self.array_of(common), common) }
            }
        };
        if array == 0 && self.is_row(element) {
            return Err(self.fail(refuse::not_supported("an array of rows"), at));
        }
        if array == 0 {
            let message = format!("could not find array type for data type {}", self.type_name(element));
            return Err(self.fail(QueryError::UndefinedObject(message), at));
        }
        let element = if nested { array } else { element };
        let elements = bound.into_iter().map(|value| match target {
            // With a type from outside, every element is cast as explicitly as the whole.
            Some(target) => {
                let own = value.position;
                self.cast(value, TypeRef { oid: element, typmod: target.typmod }, own)
            }
            None => self.to_common(value, element, "ARRAY"),
        });
        let elements = elements.collect::<Result<Vec<_>>>()?;
        Ok(expression_of(Kind::Array { elements, nested }, array, at))
    }
}
