//! UNION, INTERSECT, EXCEPT.

use datafusion::sql::sqlparser::ast::{SetExpr, SetOperator as AstOperator, SetQuantifier};
use recursive::recursive;

use super::queries::{Clauses, common_typmod};
use super::scope::{Level, Term};
use super::{Analyser, oids, refuse};
use crate::error::{QueryError, Result};
use crate::query::bind::tree::{
    Column, Expression, Join, Kind, Limit, Query, QueryBody, Relation, RelationKind, SetOperation, SetOperator, Target,
    TypeRef,
};

impl Analyser<'_> {
    /// A set operation in the scope that was made for it.
    #[recursive]
    pub(super) fn set_operation(&mut self, clauses: &Clauses<'_>) -> Result<Query> {
        let SetExpr::SetOperation { left, op, set_quantifier, right } = clauses.body else {
            return Err(refuse::not_supported("a query of this form"));
        };
        let (operator, name) = match op {
            AstOperator::Union => (SetOperator::Union, "UNION"),
            AstOperator::Intersect => (SetOperator::Intersect, "INTERSECT"),
            AstOperator::Except => (SetOperator::Except, "EXCEPT"),
            AstOperator::Minus => return Err(refuse::not_supported("MINUS")),
        };
        let all = match set_quantifier {
            SetQuantifier::All => true,
            SetQuantifier::None | SetQuantifier::Distinct => false,
            other => return Err(refuse::not_supported(format!("{name} {other}"))),
        };
        let (left_term, right_term) = match operator {
            SetOperator::Union => (Term::Plain, Term::Plain),
            SetOperator::Intersect => (Term::Intersect, Term::Intersect),
            SetOperator::Except => (Term::Plain, Term::Except),
        };
        let left = self.side_query(left, left_term)?;
        let right = self.side_query(right, right_term)?;
        let (columns, left, right) = self.unified(name, operator, all, left, right)?;
        let operation = SetOperation { operator, all, left: Box::new(left), right: Box::new(right) };
        self.result(columns, "", clauses, QueryBody::SetOperation(operation))
    }

    /// One side of a set operation.
    pub(super) fn side_query(&mut self, side: &SetExpr, term: Term) -> Result<Query> {
        let prepare = |level: &mut Level| level.term = term;
        match side {
            SetExpr::Query(query) => self.clauses(&Clauses::of(self, query)?, false, prepare),
            body => self.clauses(&Clauses::of_body(body), false, prepare),
        }
    }

    /// Both sides with common column types, and the columns of the result.
    #[allow(clippy::type_complexity, reason = "the three results belong together")]
    pub(super) fn unified(
        &self,
        name: &str,
        operator: SetOperator,
        all: bool,
        left: Query,
        right: Query,
    ) -> Result<(Vec<(String, TypeRef)>, Query, Query)> {
        let (ones, others) = (outputs(&left), outputs(&right));
        if ones.len() != others.len() {
            let message = format!("each {name} query must have the same number of columns");
            let at = others.first().and_then(|(_, expression)| expression.position);
            return Err(self.fail(QueryError::Syntax(message), at));
        }
        let mut columns = Vec::with_capacity(ones.len());
        for ((label, one), (_, other)) in ones.into_iter().zip(others) {
            let pair = [one, other];
            let oid = self.common_type(&pair, name)?;
            if operator != SetOperator::Union || !all {
                let best = if pair[0].data_type.oid == oid { &pair[0] } else { &pair[1] };
                let typed = Expression { data_type: TypeRef::plain(oid), ..best.clone() };
                self.check_equality(&typed, best.position)?;
            }
            let typmod = common_typmod(&pair, oid);
            columns.push((label, TypeRef { oid, typmod }));
        }
        let types: Vec<TypeRef> = columns.iter().map(|(_, data_type)| *data_type).collect();
        let left = self.converted(left, &types, name)?;
        let right = self.converted(right, &types, name)?;
        Ok((columns, left, right))
    }

    /// A query whose columns have the given types: literals take them on, other columns are converted, behind its
    /// DISTINCT in a query around it.
    fn converted(&self, mut query: Query, types: &[TypeRef], name: &str) -> Result<Query> {
        let mut targets = query.targets.iter_mut().filter(|target| !target.hidden);
        for data_type in types {
            let Some(target) = targets.next() else { break };
            if target.expression.data_type.oid == oids::UNKNOWN {
                target.expression = self.to_common(target.expression.clone(), data_type.oid, name)?;
            }
        }
        let columns: Vec<(String, TypeRef)> =
            outputs(&query).into_iter().map(|(label, expression)| (label, expression.data_type)).collect();
        if columns.iter().zip(types).all(|((_, own), wanted)| own.oid == wanted.oid) {
            return Ok(query);
        }
        if matches!(&query.body, QueryBody::Select { distinct: None, .. }) {
            // Nothing behind the select list looks at its values.
            for (target, wanted) in query.targets.iter_mut().filter(|target| !target.hidden).zip(types) {
                if target.expression.data_type.oid != wanted.oid {
                    target.expression = self.to_common(target.expression.clone(), wanted.oid, name)?;
                    target.origin = (0, 0);
                }
            }
            return Ok(query);
        }
        let mut outer = Vec::with_capacity(columns.len());
        for (index, ((label, own), wanted)) in columns.iter().zip(types).enumerate() {
            let column = Expression { kind: Kind::Column(Column::here(0, index)), data_type: *own, position: None };
            let expression = if own.oid == wanted.oid { column } else { self.to_common(column, wanted.oid, name)? };
            outer.push(Target { expression, name: label.clone(), hidden: false, origin: (0, 0) });
        }
        // What stood one query deep stands two queries deep now.
        shift(&mut query)?;
        let kind = RelationKind::Subquery(Box::new(query));
        let relation = Relation { kind, alias: Some("unnamed_subquery".into()), columns, lateral: false };
        Ok(Query {
            ctes: Vec::new(),
            relations: vec![relation],
            body: QueryBody::Select {
                from: vec![Join::Relation(0)],
                filter: None,
                grouping: None,
                having: None,
                windows: Vec::new(),
                distinct: None,
            },
            targets: outer,
            order_by: Vec::new(),
            limit: Limit::default(),
        })
    }
}

/// Fails for a query that depends on queries around it: it cannot be moved further in.
fn shift(query: &mut Query) -> Result<()> {
    let mut outward = false;
    query.walk(0, &mut |part, depth| {
        outward |= match &part.kind {
            Kind::Column(_) | Kind::WholeRow { .. } => part.kind.reaches().is_some_and(|level| level > depth),
            Kind::Aggregate(aggregate) => aggregate.levels_up > depth,
            _ => false,
        };
        true
    });
    if outward || mentions_outer_cte(query, 0) {
        return Err(refuse::not_supported("a correlated set operation over columns of different types"));
    }
    Ok(())
}

/// Does it read a WITH query of a query around it?
fn mentions_outer_cte(query: &Query, depth: usize) -> bool {
    let in_relations = query.relations.iter().any(|relation| match &relation.kind {
        RelationKind::Cte { levels_up, .. } => *levels_up > depth,
        RelationKind::Subquery(inner) => mentions_outer_cte(inner, depth + 1),
        _ => false,
    });
    let in_body = match &query.body {
        QueryBody::SetOperation(operation) => {
            mentions_outer_cte(&operation.left, depth + 1) || mentions_outer_cte(&operation.right, depth + 1)
        }
        _ => false,
    };
    let in_ctes = query.ctes.iter().any(|cte| mentions_outer_cte(&cte.query, depth + 1));
    // Subqueries in expressions may read them as well; they are rare here, so each of them counts.
    let mut in_expressions = false;
    query.walk(0, &mut |part, _| {
        in_expressions |= matches!(part.kind, Kind::Subquery(_));
        !in_expressions
    });
    in_relations || in_body || in_ctes || in_expressions
}

/// Names and expressions of what a query answers.
pub(super) fn outputs(query: &Query) -> Vec<(String, Expression)> {
    let visible = query.targets.iter().filter(|target| !target.hidden);
    visible.map(|target| (target.name.clone(), target.expression.clone())).collect()
}
