//! Queries as a whole: WITH, the body, ORDER BY and LIMIT.

use datafusion::sql::sqlparser::ast::{
    Expr, LimitClause, LockClause, OrderBy, OrderByExpr, OrderByKind, Parens, Query as AstQuery, SetExpr, Spanned,
    Table, With,
};
use recursive::recursive;

use super::clause::Clause;
use super::scope::{Item, Level};
use super::sorting::Rules;
use super::{Analyser, oids, refuse};
use crate::error::{Error, QueryError, Result};
use crate::query::bind::tree::{
    Column, Expression, Kind, Limit, Query, QueryBody, Relation, RelationKind, SetOperation, SortKey, Target, TypeRef,
};

/// A query's clauses, put together from the parentheses around its body.
pub(super) struct Clauses<'q> {
    pub(super) with: Option<&'q With>,
    pub(super) body: &'q SetExpr,
    pub(super) order_by: &'q [OrderByExpr],
    limit: Option<&'q Expr>,
    offset: Option<&'q Expr>,
    pub(super) locks: &'q [LockClause],
    /// FETCH: the number of rows, one if it is not written, and whether WITH TIES.
    fetch: Option<(Option<&'q Expr>, bool)>,
}

impl Clauses<'_> {
    pub(super) fn is_plain(&self) -> bool {
        self.order_by.is_empty() && !self.has_limit() && self.locks.is_empty()
    }

    /// What PostgreSQL names of the clauses that a recursive query may not have.
    pub(super) fn first_beyond(&self) -> &'static str {
        if !self.order_by.is_empty() {
            "ORDER BY"
        } else if self.offset.is_some() {
            "OFFSET"
        } else if self.has_limit() {
            "LIMIT"
        } else {
            "FOR UPDATE/SHARE"
        }
    }

    fn has_limit(&self) -> bool {
        self.limit.is_some() || self.offset.is_some() || self.fetch.is_some()
    }
}

impl<'q> Clauses<'q> {
    /// `((SELECT … LIMIT 1) ORDER BY a)` is one query with both clauses.
    pub(super) fn of(analyser: &Analyser<'_>, query: &'q AstQuery) -> Result<Self> {
        let mut clauses = Self::of_body(&query.body);
        let mut query = query;
        loop {
            clauses.add(analyser, query)?;
            match query.body.as_ref() {
                SetExpr::Query(inner) => query = inner,
                body => {
                    clauses.body = body;
                    return Ok(clauses);
                }
            }
        }
    }

    /// A body without clauses around it.
    pub(super) fn of_body(body: &'q SetExpr) -> Self {
        Self { with: None, body, order_by: &[], limit: None, offset: None, fetch: None, locks: &[] }
    }

    fn add(&mut self, analyser: &Analyser<'_>, query: &'q AstQuery) -> Result<()> {
        refuse_foreign(query)?;
        // The clause further out is the one too many.
        let multiple = |what: &str, outer: Option<&Expr>| {
            let at = outer.map(|outer| outer.span().start);
            analyser.fail(QueryError::Syntax(format!("multiple {what} clauses not allowed")), at)
        };
        if let Some(with) = &query.with {
            if self.with.is_some() {
                return Err(multiple("WITH", None));
            }
            self.with = Some(with);
        }
        if let Some(OrderBy { kind: OrderByKind::Expressions(keys), .. }) = &query.order_by {
            if !self.order_by.is_empty() {
                return Err(multiple("ORDER BY", self.order_by.first().map(|key| &key.expr)));
            }
            self.order_by = keys;
        }
        match &query.limit_clause {
            None => {}
            Some(LimitClause::LimitOffset { limit, offset, limit_by }) if limit_by.is_empty() => {
                if let Some(offset) = offset {
                    if self.offset.is_some() {
                        return Err(multiple("OFFSET", self.offset));
                    }
                    self.offset = Some(&offset.value);
                }
                if let Some(limit) = limit {
                    if self.limit.is_some() || self.fetch.is_some() {
                        return Err(multiple("LIMIT", self.limit.or(self.fetch.and_then(|(quantity, _)| quantity))));
                    }
                    self.limit = Some(limit);
                }
            }
            Some(_) => return Err(refuse::not_supported("LIMIT of this form")),
        }
        if self.locks.is_empty() {
            self.locks = &query.locks;
        }
        if let Some(fetch) = &query.fetch {
            if self.limit.is_some() || self.fetch.is_some() {
                return Err(multiple("LIMIT", self.limit.or(self.fetch.and_then(|(quantity, _)| quantity))));
            }
            self.fetch = Some((fetch.quantity.as_ref(), fetch.with_ties));
        }
        Ok(())
    }
}

fn refuse_foreign(query: &AstQuery) -> Result<()> {
    let foreign = query.for_clause.is_some()
        || query.settings.is_some()
        || query.format_clause.is_some()
        || !query.pipe_operators.is_empty()
        || query.fetch.as_ref().is_some_and(|fetch| fetch.percent)
        || query.order_by.as_ref().is_some_and(|order_by| {
            order_by.interpolate.is_some()
                || match &order_by.kind {
                    OrderByKind::All(_) => true,
                    OrderByKind::Expressions(keys) => keys.iter().any(|key| key.with_fill.is_some()),
                }
        });
    if foreign { Err(refuse::not_supported("a clause of another database")) } else { Ok(()) }
}

impl Analyser<'_> {
    /// A query in a scope of its own.
    #[recursive]
    pub(super) fn query(&mut self, query: &AstQuery) -> Result<Query> {
        self.query_with(query, |_| {})
    }

    /// As [`query`](Self::query), with something to say about the new scope.
    pub(super) fn query_with(&mut self, query: &AstQuery, prepare: impl FnOnce(&mut Level)) -> Result<Query> {
        let clauses = Clauses::of(self, query)?;
        self.clauses(&clauses, true, prepare)
    }

    /// A query; without `settle`, literals of its select list keep waiting for a type.
    pub(super) fn clauses(
        &mut self,
        clauses: &Clauses<'_>,
        settle: bool,
        prepare: impl FnOnce(&mut Level),
    ) -> Result<Query> {
        let mut level = Level::default();
        prepare(&mut level);
        self.levels.push(level);
        let bound = self.deeper(|this| {
            let bound = this.in_scope(clauses, settle)?;
            this.check_locks(clauses.locks, &bound)?;
            Ok(bound)
        });
        let level = self.levels.pop();
        let (mut bound, level) = (bound?, level.unwrap_or_default());
        bound.ctes = level.ctes.into_iter().filter_map(|cte| cte.bound).collect();
        bound.relations = level.relations;
        Ok(bound)
    }

    fn in_scope(&mut self, clauses: &Clauses<'_>, settle: bool) -> Result<Query> {
        if let Some(with) = clauses.with {
            self.with(with)?;
        }
        match clauses.body {
            SetExpr::Select(select) => self.select(select, clauses, settle),
            SetExpr::Values(values) => self.values(&values.rows, clauses),
            SetExpr::SetOperation { .. } => self.set_operation(clauses),
            SetExpr::Table(table) => self.table_query(table, clauses, settle),
            SetExpr::Query(_) | SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                Err(refuse::not_supported("a query of this form"))
            }
        }
    }

    /// `TABLE t` is `SELECT * FROM t`.
    fn table_query(&mut self, table: &Table, clauses: &Clauses<'_>, settle: bool) -> Result<Query> {
        // Quotes are lost in this node, so only names that mean the same with and without them can be read.
        let is_plain = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        let names: Vec<&str> = table.schema_name.iter().chain(&table.table_name).map(String::as_str).collect();
        if names.is_empty() || !names.iter().all(|name| is_plain(name)) {
            return Err(refuse::not_supported("TABLE with this name"));
        }
        let statement = crate::query::parse::parse(&format!("SELECT * FROM {}", names.join(".")))?;
        let Some(datafusion::sql::sqlparser::ast::Statement::Query(query)) =
            statement.into_iter().next().map(|parsed| parsed.statement)
        else {
            return Err(refuse::not_supported("TABLE with this name"));
        };
        match query.body.as_ref() {
            // The places in this text are not those of the statement.
            SetExpr::Select(select) => {
                let source = self.context.source.take();
                let bound = self.select(select, clauses, settle);
                self.context.source = source;
                let mut bound = bound?;
                bound.targets.iter_mut().for_each(|target| target.expression.position = None);
                Ok(bound)
            }
            _ => Err(refuse::not_supported("TABLE with this name")),
        }
    }

    /// ORDER BY over the targets, which may get hidden ones.
    pub(super) fn order_by(
        &mut self,
        keys: &[OrderByExpr],
        targets: &mut Vec<Target>,
    ) -> Result<(Vec<SortKey>, Vec<usize>)> {
        let mut sorted: Vec<SortKey> = Vec::with_capacity(keys.len());
        let mut indexes = Vec::with_capacity(keys.len());
        for key in keys {
            let item = self.target_of(&key.expr, targets, Clause::OrderBy, Rules::Output)?;
            self.settle_target(&mut targets[item.index])?;
            let bound = self.sort_key(targets[item.index].expression.clone(), key, item.at)?;
            // What is sorted by already decides nothing more.
            if !indexes.contains(&item.index) {
                sorted.push(bound);
                indexes.push(item.index);
            }
        }
        Ok((sorted, indexes))
    }

    /// Gives a target its final type.
    pub(super) fn settle_target(&self, target: &mut Target) -> Result<()> {
        if target.expression.data_type.oid == oids::UNKNOWN {
            target.expression = self.settle(target.expression.clone())?;
        }
        Ok(())
    }

    /// LIMIT, OFFSET, FETCH.
    pub(super) fn limit(&mut self, clauses: &Clauses<'_>) -> Result<Limit> {
        let offset = match clauses.offset {
            Some(offset) => Some(self.quantity(offset, Clause::Offset)?),
            None => None,
        };
        let with_ties = clauses.fetch.is_some_and(|(_, with_ties)| with_ties);
        let count = match (clauses.limit, clauses.fetch) {
            (Some(limit), _) => Some(self.quantity(limit, Clause::Limit)?),
            (None, Some((Some(quantity), _))) => Some(self.quantity(quantity, Clause::Limit)?),
            (None, Some((None, _))) => {
                let one = self.number("1", None)?;
                Some(self.resolver.specific(one, oids::INT8, Clause::Limit.name())?)
            }
            (None, None) => None,
        };
        if with_ties && clauses.order_by.is_empty() {
            let message = "WITH TIES cannot be specified without ORDER BY clause";
            return Err(QueryError::Syntax(message.into()).into());
        }
        if with_ties && count.as_ref().is_some_and(super::comparisons::is_null) {
            let message = "row count cannot be null in FETCH FIRST ... WITH TIES clause";
            return Err(QueryError::InvalidLimit(message.into()).into());
        }
        Ok(Limit { count, offset, with_ties })
    }

    fn quantity(&mut self, expr: &Expr, clause: Clause) -> Result<Expression> {
        let value = self.expression_in(expr, clause)?;
        let at = value.position;
        let value = self.resolver.specific(value, oids::INT8, clause.name()).map_err(|error| self.at(error, at))?;
        let mut variable = None;
        value.walk(0, &mut |part, depth| {
            if part.kind.reaches() == Some(depth) {
                variable = variable.or(Some(part.position));
            }
            true
        });
        match variable {
            Some(at) => {
                let message = format!("argument of {} must not contain variables", clause.name());
                Err(self.fail(QueryError::InvalidColumnReference(message), at))
            }
            None => Ok(value),
        }
    }

    /// VALUES as a query.
    fn values(&mut self, rows: &[Parens<Vec<Expr>>], clauses: &Clauses<'_>) -> Result<Query> {
        let mut bound: Vec<Vec<Expression>> = Vec::with_capacity(rows.len());
        for row in rows {
            let values = self.within(Clause::Values, |this| this.expressions(&row.content))?;
            if bound.first().is_some_and(|first| first.len() != values.len()) {
                let message = "VALUES lists must all be the same length";
                let at = values.first().and_then(|value| value.position);
                return Err(self.fail(QueryError::Syntax(message.into()), at));
            }
            bound.push(values);
        }
        let width = bound.first().map_or(0, Vec::len);
        let mut columns = Vec::with_capacity(width);
        for column in 0..width {
            let cells: Vec<Expression> = bound.iter().map(|row| row[column].clone()).collect();
            let oid = self.common_type(&cells, "VALUES")?;
            for row in &mut bound {
                row[column] = self.to_common(row[column].clone(), oid, "VALUES")?;
            }
            let typmod = common_typmod(bound.iter().map(|row| &row[column]), oid);
            columns.push((format!("column{}", column + 1), TypeRef { oid, typmod }));
        }
        self.result(columns, "*VALUES*", clauses, QueryBody::Values(bound))
    }

    /// A query whose targets are the columns of a result made by its body.
    pub(super) fn result(
        &mut self,
        columns: Vec<(String, TypeRef)>,
        name: &str,
        clauses: &Clauses<'_>,
        body: QueryBody,
    ) -> Result<Query> {
        let alias = (!name.is_empty()).then(|| name.to_owned());
        let relation = Relation { kind: RelationKind::Result, alias, columns, lateral: false };
        let mut targets = targets_of(&relation.columns);
        let item = Item { table_visible: !name.is_empty(), ..Item::of_relation(0, &relation) };
        let visible = targets.len();
        let level = self.level()?;
        level.relations.insert(0, relation);
        level.origins.insert(0, Vec::new());
        level.namespace = vec![item];
        // The sides of a set operation cannot be seen, but hints mention them.
        let own = level.relations.len();
        if let QueryBody::SetOperation(operation) = &body {
            let mut sides = Vec::new();
            leaves(operation, &mut sides);
            level.relations.extend(sides);
        }
        let sorted = self.order_by(clauses.order_by, &mut targets);
        self.level()?.relations.truncate(own);
        let (order_by, _) = sorted?;
        if let (QueryBody::SetOperation(_), Some(extra)) = (&body, targets.get(visible)) {
            let error = Error::from(QueryError::NotSupported("invalid UNION/INTERSECT/EXCEPT ORDER BY clause".into()))
                .detail("Only result column names can be used, not expressions or functions.")
                .hint("Add the expression/function to every SELECT, or move the UNION into a FROM clause.");
            return Err(self.at(error, extra.expression.position));
        }
        let limit = self.limit(clauses)?;
        Ok(Query { ctes: Vec::new(), relations: Vec::new(), body, targets, order_by, limit })
    }
}

/// The queries of a set operation, under the names that PostgreSQL gives them.
fn leaves(operation: &SetOperation, sides: &mut Vec<Relation>) {
    for side in [&operation.left, &operation.right] {
        match &side.body {
            QueryBody::SetOperation(inner) if side.order_by.is_empty() && side.limit == Limit::default() => {
                leaves(inner, sides);
            }
            _ => {
                let columns = super::set_operations::outputs(side);
                let columns = columns.into_iter().map(|(name, expression)| (name, expression.data_type)).collect();
                let alias = Some(format!("*SELECT* {}", sides.len() + 1));
                sides.push(Relation { kind: RelationKind::Values(Vec::new()), alias, columns, lateral: false });
            }
        }
    }
}

/// The modifier that all have, if they also have the type.
pub(super) fn common_typmod<'e>(
    expressions: impl IntoIterator<Item = &'e Expression>,
    oid: crate::base::ids::Oid,
) -> i32 {
    let mut common = None;
    for expression in expressions {
        let own = if expression.data_type.oid == oid { expression.data_type.typmod } else { -1 };
        match common {
            None => common = Some(own),
            Some(other) if other == own => {}
            Some(_) => return -1,
        }
    }
    common.unwrap_or(-1)
}

/// The columns of relation 0, which is a result, as targets.
pub(super) fn targets_of(columns: &[(String, TypeRef)]) -> Vec<Target> {
    let target = |(index, (name, data_type)): (usize, &(String, TypeRef))| Target {
        expression: Expression { kind: Kind::Column(Column::here(0, index)), data_type: *data_type, position: None },
        name: name.clone(),
        hidden: false,
        origin: (0, 0),
    };
    columns.iter().enumerate().map(target).collect()
}
