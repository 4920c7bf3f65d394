//! Operators between two expressions, and the constructs that stand for them.

use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Spanned};

use super::{Analyser, expression_of, leftmost, names, oids, refuse};
use crate::error::{QueryError, Result};
use crate::query::bind::tree::{ArrayQuantifier, Expression, Kind, Logic, Position};

impl Analyser<'_> {
    /// `left op right`.
    pub(super) fn binary(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr) -> Result<Expression> {
        match op {
            BinaryOperator::And | BinaryOperator::Or => {
                let logic = if *op == BinaryOperator::And { Logic::And } else { Logic::Or };
                let values = vec![self.expression(left)?, self.expression(right)?];
                return self.logic(logic, values);
            }
            BinaryOperator::Overlaps => return self.overlaps(left, right),
            _ => {}
        }
        let name = names::operator(op)
            .map_err(|error| self.at(error, self.places.after(Some(left.span().end), "OPERATOR")))?;
        if let (true, Expr::BinaryOp { op: inner, .. }) = (is_comparison(op), left) {
            // Comparisons do not chain.
            if is_comparison(inner) {
                let at = self.places.after(Some(left.span().end), name);
                return Err(self.fail(QueryError::Syntax(format!("syntax error at or near \"{op}\"")), at));
            }
        }
        if let Some(fields) = row_fields(left) {
            if let Some(others) = row_fields(right) {
                let left_fields = self.row_expressions(&fields)?;
                let right_fields = self.row_expressions(&others)?;
                let at = self.operator_place(left, &left_fields, name);
                return self.row_comparison(name, left_fields, right_fields, at);
            }
            if let Some(query) = as_subquery(right) {
                let fields = self.row_expressions(&fields)?;
                let at = self.operator_place(left, &fields, name);
                return self.row_subquery(name, fields, query, at);
            }
        }
        let bound = self.expression(left)?;
        let other = self.expression(right)?;
        let written = if matches!(op, BinaryOperator::PGCustomBinaryOperator(_)) { "OPERATOR" } else { name };
        let at = self.operator_place(left, std::slice::from_ref(&bound), written);
        self.operator(name, Some(bound), other, at)
    }

    /// Where the operator or keyword behind `left` stands.
    pub(super) fn operator_place(&self, left: &Expr, bound: &[Expression], text: &str) -> Option<Position> {
        let end = super::places::known(Some(left.span().end));
        let first = bound.last().and_then(|bound| bound.position);
        self.places.after(end.or(first), text).or_else(|| bound.first().and_then(|bound| bound.position))
    }

    fn overlaps(&mut self, left: &Expr, right: &Expr) -> Result<Expression> {
        let (Some(one), Some(other)) = (row_fields(left), row_fields(right)) else {
            return Err(refuse::not_supported("OVERLAPS between other than two rows"));
        };
        let mut arguments = self.expressions(&one)?;
        let at = self.operator_place(left, &arguments, "OVERLAPS");
        for (fields, side) in [(&one, "left"), (&other, "right")] {
            if fields.len() != 2 {
                let message = format!("wrong number of parameters on {side} side of OVERLAPS expression");
                return Err(self.fail(QueryError::Syntax(message), at));
            }
        }
        arguments.extend(self.expressions(&other)?);
        self.system_function("overlaps", arguments, at)
    }

    /// `(a, b) op (c, d)`, compared pair by pair.
    pub(super) fn row_comparison(
        &mut self,
        name: &str,
        left: Vec<Expression>,
        right: Vec<Expression>,
        at: Option<Position>,
    ) -> Result<Expression> {
        if left.len() != right.len() {
            return Err(self.fail(QueryError::Syntax("unequal number of entries in row expressions".into()), at));
        }
        if left.is_empty() {
            return Err(self.fail(QueryError::NotSupported("cannot compare rows of zero length".into()), at));
        }
        let position = leftmost(at, left.first().and_then(|first| first.position));
        let mut pairs = Vec::with_capacity(left.len());
        for (one, other) in left.into_iter().zip(right) {
            let pair = self.operator(name, Some(one), other, at)?;
            if pair.data_type.oid != oids::BOOL {
                let found = self.type_name(pair.data_type.oid);
                let message = format!("row comparison operator must yield type boolean, not type {found}");
                return Err(self.fail(QueryError::DatatypeMismatch(message), at));
            }
            pairs.push(pair);
        }
        if let [_] = pairs.as_slice() {
            return pairs.pop().ok_or_else(|| refuse::not_supported("this row"));
        }
        match name {
            "=" => return self.logic(Logic::And, pairs).map(|bound| Expression { position, ..bound }),
            "<>" => return self.logic(Logic::Or, pairs).map(|bound| Expression { position, ..bound }),
            "<" | "<=" | ">" | ">=" => {}
            _ => {
                let error = crate::error::Error::from(QueryError::NotSupported(format!(
                    "could not determine interpretation of row comparison operator {name}"
                )));
                let hint = "Row comparison operators must be associated with btree operator families.";
                return Err(self.at(error.hint(hint), at));
            }
        }
        let mut operators = Vec::with_capacity(pairs.len());
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for pair in pairs {
            let Kind::Operator { operator, function, arguments } = pair.kind else {
                return Err(refuse::not_supported("this comparison of rows"));
            };
            let [one, other]: [Expression; 2] =
                arguments.try_into().map_err(|_| refuse::not_supported("this comparison of rows"))?;
            operators.push((operator, function));
            left.push(one);
            right.push(other);
        }
        let kind = Kind::RowComparison { operator: name.to_owned(), operators, left, right };
        Ok(expression_of(kind, oids::BOOL, position))
    }

    /// `left IS [NOT] DISTINCT FROM right`.
    pub(super) fn distinct_from(&mut self, left: &Expr, right: &Expr, negated: bool) -> Result<Expression> {
        if let (Some(one), Some(other)) = (row_fields(left), row_fields(right)) {
            let one = self.row_expressions(&one)?;
            let other = self.row_expressions(&other)?;
            let at = self.operator_place(left, &one, "IS");
            if one.len() != other.len() {
                return Err(self.fail(QueryError::Syntax("unequal number of entries in row expressions".into()), at));
            }
            let pairs = one.into_iter().zip(other);
            let pairs = pairs.map(|(one, other)| self.distinct_values(one, other, false, at));
            let pairs = pairs.collect::<Result<Vec<_>>>()?;
            let any = self.logic(Logic::Or, pairs)?;
            return if negated { self.not(any, at) } else { Ok(any) };
        }
        let one = self.expression(left)?;
        let other = self.expression(right)?;
        let at = self.operator_place(left, std::slice::from_ref(&one), "IS");
        self.distinct_values(one, other, negated, at)
    }

    fn distinct_values(
        &mut self,
        left: Expression,
        right: Expression,
        negated: bool,
        at: Option<Position>,
    ) -> Result<Expression> {
        let position = leftmost(at, left.position);
        // Whether something differs from NULL is whether it is not NULL.
        for (null, value) in [(&right, &left), (&left, &right)] {
            if is_null(null) && matches!(value.kind, Kind::Row(_)) {
                // A row is something, whatever is in it.
                return Ok(expression_of(Kind::Constant((!negated).into()), oids::BOOL, position));
            }
            if is_null(null) {
                let argument = Box::new(self.settle(value.clone())?);
                return Ok(expression_of(Kind::IsNull { argument, negated: !negated }, oids::BOOL, position));
            }
        }
        let equal = self.operator("=", Some(left), right, at)?;
        if equal.data_type.oid != oids::BOOL {
            let message = "IS DISTINCT FROM requires = operator to yield boolean";
            return Err(self.fail(QueryError::DatatypeMismatch(message.into()), at));
        }
        let Kind::Operator { operator, function, arguments } = equal.kind else {
            return Err(refuse::not_supported("IS DISTINCT FROM between these types"));
        };
        let [left, right]: [Expression; 2] =
            arguments.try_into().map_err(|_| refuse::not_supported("IS DISTINCT FROM between these types"))?;
        let kind = Kind::DistinctFrom { operator, function, left: Box::new(left), right: Box::new(right), negated };
        Ok(expression_of(kind, oids::BOOL, position))
    }

    /// `value BETWEEN low AND high`: two comparisons.
    pub(super) fn between(&mut self, value: &Expr, negated: bool, low: &Expr, high: &Expr) -> Result<Expression> {
        let bound = self.expression(value)?;
        let at = self.operator_place(value, std::slice::from_ref(&bound), if negated { "NOT" } else { "BETWEEN" });
        let (first, second, logic) = if negated { ("<", ">", Logic::Or) } else { (">=", "<=", Logic::And) };
        let low = self.expression(low)?;
        let again = bound.clone();
        let left = self.operator(first, Some(bound), low, at)?;
        // The first comparison may have given a parameter its type.
        let again = self.mentioned_again(again)?;
        let high = self.expression(high)?;
        let right = self.operator(second, Some(again), high, at)?;
        self.logic(logic, vec![left, right])
    }

    /// `value BETWEEN SYMMETRIC one AND other`: between them in either order.
    pub(super) fn between_symmetric(
        &mut self,
        value: &Expr,
        negated: bool,
        one: &Expr,
        other: &Expr,
    ) -> Result<Expression> {
        let there = self.between(value, negated, one, other)?;
        let back = self.between(value, negated, other, one)?;
        let logic = if negated { Logic::And } else { Logic::Or };
        // AND below OR must not become flat, which `logic` sees to.
        self.logic(logic, vec![there, back])
    }

    fn mentioned_again(&self, value: Expression) -> Result<Expression> {
        match value.kind {
            Kind::Parameter(number) => {
                let oid = self.context.parameters.mention(number)?;
                Ok(expression_of(Kind::Parameter(number), oid, value.position))
            }
            kind => Ok(Expression { kind, ..value }),
        }
    }

    /// `value [NOT] IN (…)`: an array where all have one type, otherwise comparisons one by one.
    pub(super) fn in_list(&mut self, value: &Expr, list: &[Expr], negated: bool) -> Result<Expression> {
        let (name, logic, quantifier) =
            if negated { ("<>", Logic::And, ArrayQuantifier::All) } else { ("=", Logic::Or, ArrayQuantifier::Any) };
        if let Some(fields) = row_fields(value) {
            return self.row_in_list(value, &fields, list, name, logic);
        }
        let bound = self.expression(value)?;
        let word = if negated { "NOT" } else { "IN" };
        let at = self.operator_place(value, std::slice::from_ref(&bound), word);
        let position = leftmost(at, bound.position);
        let items = self.expressions(list)?;
        let is_variable = |item: &Expression| item.mentions(|part, depth| part.kind.reaches() == Some(depth));
        let (mut single, constant): (Vec<_>, Vec<_>) = items.into_iter().partition(is_variable);
        let mut tests = Vec::new();
        if constant.len() > 1 {
            let mut all = vec![bound.clone()];
            all.extend(constant.iter().cloned());
            let common = self.resolver.common_type(&all, "IN").ok().filter(|oid| *oid != oids::RECORD);
            let array = common.map_or(0, |oid| self.array_of(oid));
            match common {
                Some(common) if array != 0 => {
                    let elements = constant.into_iter().map(|item| self.to_common(item, common, "IN"));
                    let elements = elements.collect::<Result<Vec<_>>>()?;
                    let array = expression_of(Kind::Array { elements, nested: false }, array, at);
                    let test = self.resolver.array_operator(quantifier, name, bound.clone(), array, at);
                    let test = test.map_err(|error| self.at(error, at))?;
                    tests.push(Expression { position, ..test });
                }
                _ => {
                    // Their order does not matter for the meaning, but it does for which error comes first.
                    let variables = std::mem::replace(&mut single, constant);
                    single.extend(variables);
                }
            }
        } else {
            let variables = std::mem::replace(&mut single, constant);
            single.extend(variables);
        }
        for item in single {
            let left = self.mentioned_again(bound.clone())?;
            let test = self.operator(name, Some(left), item, at)?;
            tests.push(self.boolean(test, "IN")?);
        }
        self.one_or_logic(logic, tests, position)
    }

    fn row_in_list(
        &mut self,
        value: &Expr,
        fields: &[Expr],
        list: &[Expr],
        name: &str,
        logic: Logic,
    ) -> Result<Expression> {
        let bound = self.row_expressions(fields)?;
        let at = self.operator_place(value, &bound, if logic == Logic::And { "NOT" } else { "IN" });
        let position = bound.first().and_then(|first| first.position);
        let mut tests = Vec::with_capacity(list.len());
        for item in list {
            let Some(others) = row_fields(item) else {
                return Err(refuse::not_supported("a row compared with a single value"));
            };
            let others = self.row_expressions(&others)?;
            tests.push(self.row_comparison(name, bound.clone(), others, at)?);
        }
        self.one_or_logic(logic, tests, position)
    }

    fn one_or_logic(
        &mut self,
        logic: Logic,
        mut tests: Vec<Expression>,
        position: Option<Position>,
    ) -> Result<Expression> {
        if tests.len() == 1 {
            return tests.pop().ok_or_else(|| refuse::not_supported("an empty list"));
        }
        let arguments = tests;
        Ok(expression_of(Kind::Logic { logic, arguments }, oids::BOOL, position))
    }

    /// `left op ANY (…)`, `left op ALL (…)` over an array or a query.
    pub(super) fn quantified(
        &mut self,
        left: &Expr,
        op: &BinaryOperator,
        right: &Expr,
        any: bool,
    ) -> Result<Expression> {
        let name = names::operator(op)?.to_owned();
        let word = match op {
            BinaryOperator::PGLikeMatch => "LIKE",
            BinaryOperator::PGILikeMatch => "ILIKE",
            BinaryOperator::PGNotLikeMatch | BinaryOperator::PGNotILikeMatch => "NOT",
            BinaryOperator::PGCustomBinaryOperator(_) => "OPERATOR",
            _ => name.as_str(),
        };
        let end = super::places::known(Some(left.span().end));
        let word = if self.places.after(end, word).is_some() { word } else { name.as_str() };
        self.quantified_by(left, &name, word, right, any)
    }

    /// As [`quantified`](Self::quantified), for an operator that is written as a `word`.
    pub(super) fn quantified_by(
        &mut self,
        left: &Expr,
        name: &str,
        word: &str,
        right: &Expr,
        any: bool,
    ) -> Result<Expression> {
        if let Some(query) = as_subquery(right) {
            return self.quantified_subquery(left, name, word, query, any);
        }
        let bound = self.expression(left)?;
        let array = self.expression(right)?;
        let at = self.operator_place(left, std::slice::from_ref(&bound), word);
        let position = leftmost(at, bound.position);
        let quantifier = if any { ArrayQuantifier::Any } else { ArrayQuantifier::All };
        let test = self.resolver.array_operator(quantifier, name, bound, array, at);
        let test = test.map_err(|error| self.at(error, at))?;
        Ok(Expression { position, ..test })
    }
}

fn is_comparison(op: &BinaryOperator) -> bool {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq)
}

/// Is it the constant NULL?
pub(super) fn is_null(value: &Expression) -> bool {
    matches!(&value.kind, Kind::Constant(constant) if constant.is_null())
}

/// The fields of `(a, b)` or `ROW(a, b)`.
pub(super) fn row_fields(expr: &Expr) -> Option<Vec<Expr>> {
    match expr {
        Expr::Tuple(fields) => Some(fields.clone()),
        Expr::Nested(inner) => row_fields(inner),
        Expr::Function(function) if super::calls::is_keyword_call(function, "row") => {
            let FunctionArguments::List(list) = &function.args else { return None };
            let field = |argument: &FunctionArg| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
                FunctionArg::Unnamed(FunctionArgExpr::QualifiedWildcard(name)) => {
                    Some(Expr::QualifiedWildcard(name.clone(), AttachedToken::empty()))
                }
                _ => None,
            };
            list.args.iter().map(field).collect()
        }
        _ => None,
    }
}

/// The query of an expression in parentheses that is nothing but one.
pub(super) fn as_subquery(expr: &Expr) -> Option<&datafusion::sql::sqlparser::ast::Query> {
    let mut expr = expr;
    loop {
        match expr {
            Expr::Nested(inner) => expr = inner,
            Expr::Subquery(query) => return Some(query),
            _ => return None,
        }
    }
}
