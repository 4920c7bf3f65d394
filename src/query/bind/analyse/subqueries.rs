//! Subqueries in expressions.

use datafusion::sql::sqlparser::ast::{Expr, Query as AstQuery, Spanned};

use super::comparisons::row_fields;
use super::{Analyser, expression_of, leftmost, oids, refuse};
use crate::error::{QueryError, Result};
use crate::query::bind::tree::{Expression, Kind, Position, Query, Subquery, SubqueryKind, Target};

impl Analyser<'_> {
    /// A query inside an expression, with the place where it begins.
    pub(super) fn inner(&mut self, query: &AstQuery) -> Result<(Query, Option<Position>)> {
        let at = self.places.opening(Some(query.span().start));
        self.clause().allow_subquery().map_err(|error| self.at(error, at))?;
        let bound = self.query_with(query, |level| level.in_expression = true)?;
        Ok((bound, at))
    }

    fn single_column(&self, query: &Query, at: Option<Position>) -> Result<Target> {
        let mut visible = query.targets.iter().filter(|target| !target.hidden);
        match (visible.next(), visible.next()) {
            (Some(only), None) => Ok(only.clone()),
            _ => Err(self.fail(QueryError::Syntax("subquery must return only one column".into()), at)),
        }
    }

    /// `EXISTS (SELECT …)`.
    pub(super) fn exists(&mut self, query: &AstQuery, negated: bool) -> Result<Expression> {
        let (query, at) = self.inner(query)?;
        let at = self.places.before(at, "EXISTS");
        let subquery = Subquery { kind: SubqueryKind::Exists, query: Box::new(query) };
        let bound = expression_of(Kind::Subquery(subquery), oids::BOOL, at);
        if negated {
            let at = self.places.before(at, "NOT");
            return self.not(bound, at);
        }
        Ok(bound)
    }

    /// `(SELECT …)` as one value.
    pub(super) fn scalar_subquery(&mut self, query: &AstQuery) -> Result<Expression> {
        let (query, at) = self.inner(query)?;
        let data_type = self.single_column(&query, at)?.expression.data_type;
        let subquery = Subquery { kind: SubqueryKind::Scalar, query: Box::new(query) };
        Ok(Expression { kind: Kind::Subquery(subquery), data_type, position: super::places::known(at) })
    }

    /// `ARRAY(SELECT …)`.
    pub(super) fn array_subquery(&mut self, query: &AstQuery, at: Option<Position>) -> Result<Expression> {
        let (query, _) = self.inner(query)?;
        let element = self.single_column(&query, at)?.expression.data_type;
        let array = if self.element_of(element.oid) != 0 { element.oid } else { self.array_of(element.oid) };
        if array == 0 {
            let message = format!("could not find array type for data type {}", self.type_name(element.oid));
            return Err(self.fail(QueryError::UndefinedObject(message), at));
        }
        let subquery = Subquery { kind: SubqueryKind::Array, query: Box::new(query) };
        let bound = expression_of(Kind::Subquery(subquery), array, at);
        let data_type = crate::query::bind::tree::TypeRef { oid: array, typmod: element.typmod };
        Ok(Expression { data_type, ..bound })
    }

    /// `left op ANY|ALL (SELECT …)`; the operator is written as `word`.
    pub(super) fn quantified_subquery(
        &mut self,
        left: &Expr,
        name: &str,
        word: &str,
        query: &AstQuery,
        any: bool,
    ) -> Result<Expression> {
        let (query, _) = self.inner(query)?;
        let fields = match row_fields(left) {
            Some(fields) => self.row_expressions(&fields)?,
            None => vec![self.expression(left)?],
        };
        let at = self.operator_place(left, &fields, word);
        let first = fields.first().and_then(|field| field.position);
        let test = Box::new(self.subquery_test(name, fields, &query, at)?);
        let kind = if any { SubqueryKind::Any { test } } else { SubqueryKind::All { test } };
        let subquery = Subquery { kind, query: Box::new(query) };
        Ok(expression_of(Kind::Subquery(subquery), oids::BOOL, leftmost(at, first)))
    }

    /// `(a, b) op (SELECT …)`: compares with the only row.
    pub(super) fn row_subquery(
        &mut self,
        name: &str,
        fields: Vec<Expression>,
        query: &AstQuery,
        at: Option<Position>,
    ) -> Result<Expression> {
        let (query, _) = self.inner(query)?;
        let first = fields.first().and_then(|field| field.position);
        let test = Box::new(self.subquery_test(name, fields, &query, at)?);
        let subquery = Subquery { kind: SubqueryKind::RowComparison { test }, query: Box::new(query) };
        Ok(expression_of(Kind::Subquery(subquery), oids::BOOL, leftmost(at, first)))
    }

    fn subquery_test(
        &mut self,
        name: &str,
        fields: Vec<Expression>,
        query: &Query,
        at: Option<Position>,
    ) -> Result<Expression> {
        let targets = query.targets.iter().filter(|target| !target.hidden);
        let columns: Vec<Expression> = targets
            .enumerate()
            .map(|(index, target)| Expression {
                kind: Kind::SubqueryColumn(index),
                data_type: target.expression.data_type,
                position: None,
            })
            .collect();
        let problem = match columns.len().cmp(&fields.len()) {
            std::cmp::Ordering::Less => Some("subquery has too few columns"),
            std::cmp::Ordering::Greater => Some("subquery has too many columns"),
            std::cmp::Ordering::Equal => None,
        };
        if let Some(problem) = problem {
            return Err(self.fail(QueryError::Syntax(problem.into()), at));
        }
        let test = self.row_comparison(name, fields, columns, at)?;
        if test.data_type.oid != oids::BOOL {
            return Err(self.fail(refuse::not_supported("this comparison with a subquery"), at));
        }
        Ok(test)
    }
}
