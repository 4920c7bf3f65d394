//! INSERT: rows that are written, or those of a query.

use datafusion::sql::sqlparser::ast::{Expr, Insert, ObjectName, Parens, SetExpr, TableObject};

use super::clause::Clause;
use super::comparisons::row_fields;
use super::modify::{Given, default_of, target};
use super::queries::Clauses;
use super::{Analyser, oids, refuse};
use crate::catalog::Table;
use crate::error::{CatalogError, Error, QueryError, Result};
use crate::query::bind::tree::{
    Column, Expression, Join, Kind, Limit, Modification, Operation, Position, Query, QueryBody, Relation, RelationKind,
    TableHandle, Target, TypeRef,
};

/// The columns that an INSERT gives values for.
struct Columns<'a> {
    table: &'a Table,
    /// Indexes into the table's columns.
    indexes: Vec<usize>,
    /// The list, if there is one: then each column of it needs a value.
    written: &'a [ObjectName],
}

impl Analyser<'_> {
    pub(super) fn insert(&mut self, insert: &Insert) -> Result<Modification> {
        refuse_foreign(insert)?;
        let TableObject::TableName(name) = &insert.table else {
            return Err(refuse::not_supported("INSERT INTO FUNCTION"));
        };
        let alias = insert.table_alias.as_ref().map(|alias| &alias.alias);
        let (table, item) = self.target_table(name, alias, false)?;
        let columns = self.insert_columns(&table, &insert.columns)?;
        let (query, rows) = match insert.source.as_deref() {
            None => (nothing(), vec![self.insert_row(&columns, Vec::new(), None)?]),
            Some(source) => {
                let clauses = Clauses::of(self, source)?;
                match clauses.body {
                    SetExpr::Values(values) if clauses.is_plain() => self.insert_values(&columns, &values.rows)?,
                    _ => (self.insert_query(&columns, &clauses)?, Vec::new()),
                }
            }
        };
        self.level()?.namespace = vec![item];
        let returning = self.returning(insert.returning.as_deref())?;
        Ok(Modification { operation: Operation::Insert, table: TableHandle(table), query, rows, returning })
    }

    fn insert_columns<'t>(&self, table: &'t Table, written: &'t [ObjectName]) -> Result<Columns<'t>> {
        if written.is_empty() {
            return Ok(Columns { table, indexes: (0..table.columns.len()).collect(), written });
        }
        let mut indexes = Vec::with_capacity(written.len());
        for name in written {
            let index = self.named_column(table, name)?;
            if indexes.contains(&index) {
                let error = CatalogError::DuplicateColumn(table.columns[index].name.clone());
                return Err(self.fail(error, place_of(name)));
            }
            indexes.push(index);
        }
        Ok(Columns { table, indexes, written })
    }

    /// One row: a value for each column of the table. `only` is the expression of a row that has no other.
    fn insert_row(&self, columns: &Columns<'_>, given: Vec<Given>, only: Option<&Expr>) -> Result<Vec<Expression>> {
        let wanted = columns.indexes.len();
        if let Some(extra) = given.get(wanted) {
            return Err(self.fail(QueryError::TooManyExpressions, extra.position()));
        }
        if let Some(missing) = columns.written.get(given.len()) {
            let mut error = Error::from(QueryError::TooFewExpressions);
            if only.and_then(row_fields).is_some_and(|fields| fields.len() == wanted) {
                error = error.hint(
                    "The insertion source is a row expression containing the same number of columns expected by the \
                     INSERT. Did you accidentally use extra parentheses?",
                );
            }
            return Err(self.at(error, place_of(missing)));
        }
        let mut row: Vec<Option<Expression>> = vec![None; columns.table.columns.len()];
        for (value, index) in given.into_iter().zip(&columns.indexes) {
            row[*index] = Some(self.assigned(value, columns.table, *index)?);
        }
        let complete = |(index, value): (usize, Option<Expression>)| {
            value.unwrap_or_else(|| default_of(columns.table, index, None))
        };
        Ok(row.into_iter().enumerate().map(complete).collect())
    }

    /// VALUES: as rows if they can be computed without a plan, otherwise as a query.
    fn insert_values(
        &mut self,
        columns: &Columns<'_>,
        rows: &[Parens<Vec<Expr>>],
    ) -> Result<(Query, Vec<Vec<Expression>>)> {
        let clause = if rows.len() == 1 { Clause::ValuesRow } else { Clause::Values };
        let width = rows.first().map_or(0, |row| row.content.len());
        let mut bound = Vec::with_capacity(rows.len());
        for row in rows {
            let given = row.content.iter().map(|expr| self.given(expr, clause)).collect::<Result<Vec<_>>>()?;
            if given.len() != width {
                let message = "VALUES lists must all be the same length";
                let at = given.first().and_then(Given::position);
                return Err(self.fail(QueryError::Syntax(message.into()), at));
            }
            let only = row.content.first().filter(|_| width == 1);
            bound.push(self.insert_row(columns, given, only)?);
        }
        if !bound.iter().flatten().any(|value| self.needs_plan(value)) {
            return Ok((nothing(), bound));
        }
        let outputs = columns.table.columns.iter();
        if let [_] = bound.as_slice() {
            let row = bound.remove(0);
            let targets = outputs.zip(row).map(|(column, value)| target(&column.name, value)).collect();
            return Ok((Query { targets, ..nothing() }, Vec::new()));
        }
        let types = bound[0].iter().map(|value| value.data_type);
        let own: Vec<(String, TypeRef)> = outputs.map(|column| column.name.clone()).zip(types).collect();
        let kind = RelationKind::Values(bound);
        let alias = Some("*VALUES*".to_owned());
        let relation = Relation { kind, alias, columns: own.clone(), lateral: false };
        let index = self.level()?.add(relation, Vec::new());
        let targets = own.iter().enumerate().map(|(column, (name, data_type))| {
            let kind = Kind::Column(Column::here(index, column));
            target(name, Expression { kind, data_type: *data_type, position: None })
        });
        Ok((Query { targets: targets.collect(), ..over(index) }, Vec::new()))
    }

    /// Is it more than a value that can be computed for itself?
    fn needs_plan(&self, value: &Expression) -> bool {
        value.mentions(|part, _| match &part.kind {
            Kind::Subquery(_) => true,
            Kind::Function { function, .. } => {
                self.context.facts.function(*function).is_some_and(|fact| fact.returns_set)
            }
            _ => false,
        })
    }

    /// The rows of a query. Literals and parameters of its select list that have no type get that of their column.
    fn insert_query(&mut self, columns: &Columns<'_>, clauses: &Clauses<'_>) -> Result<Query> {
        let mut source = self.clauses(clauses, false, |_| {})?;
        let index = self.level()?.relations.len();
        let visible: Vec<usize> = (0..source.targets.len()).filter(|at| !source.targets[*at].hidden).collect();
        let mut given = Vec::with_capacity(visible.len());
        let mut moved = Vec::new();
        for (column, at) in visible.iter().enumerate() {
            let expression = &source.targets[*at].expression;
            let is_open = expression.data_type.oid == oids::UNKNOWN
                && matches!(expression.kind, Kind::Constant(_) | Kind::Parameter(_));
            given.push(Given::Value(if is_open {
                moved.push(*at);
                expression.clone()
            } else {
                let kind = Kind::Column(Column::here(index, column));
                let position = output_place(&source, *at);
                Expression { kind, data_type: expression.data_type, position }
            }));
        }
        let row = self.insert_row(columns, given, None)?;
        for at in moved {
            let null = super::constants::null(None);
            source.targets[at].expression = self.settle(null)?;
        }
        for target in &mut source.targets {
            self.settle_target(target)?;
        }
        let outputs = visible.iter().map(|at| &source.targets[*at]);
        let outputs = outputs.map(|target| (target.name.clone(), target.expression.data_type)).collect();
        let kind = RelationKind::Subquery(Box::new(source));
        let relation = Relation { kind, alias: Some("*SELECT*".to_owned()), columns: outputs, lateral: false };
        self.level()?.add(relation, Vec::new());
        let targets = columns.table.columns.iter().zip(row).map(|(column, value)| target(&column.name, value));
        Ok(Query { targets: targets.collect::<Vec<Target>>(), ..over(index) })
    }
}

/// The place of an output column, which is that of the first query's in a set operation.
fn output_place(query: &Query, at: usize) -> Option<Position> {
    let own = query.targets.get(at)?.expression.position;
    match &query.body {
        QueryBody::SetOperation(operation) if own.is_none() => output_place(&operation.left, at),
        _ => own,
    }
}

fn place_of(name: &ObjectName) -> Option<Position> {
    name.0.first().and_then(|part| part.as_ident()).map(|ident| ident.span.start)
}

/// A query of one row without columns.
fn nothing() -> Query {
    let body = QueryBody::Select {
        from: Vec::new(),
        filter: None,
        grouping: None,
        having: None,
        windows: Vec::new(),
        distinct: None,
    };
    Query {
        ctes: Vec::new(),
        relations: Vec::new(),
        body,
        targets: Vec::new(),
        order_by: Vec::new(),
        limit: Limit::default(),
    }
}

/// A query of all rows of one relation.
fn over(relation: usize) -> Query {
    let mut query = nothing();
    if let QueryBody::Select { from, .. } = &mut query.body {
        from.push(Join::Relation(relation));
    }
    query
}

fn refuse_foreign(insert: &Insert) -> Result<()> {
    let foreign = insert.or.is_some()
        || insert.ignore
        || insert.overwrite
        || insert.replace_into
        || insert.priority.is_some()
        || insert.partitioned.is_some()
        || !insert.after_columns.is_empty()
        || !insert.assignments.is_empty()
        || insert.insert_alias.is_some()
        || insert.settings.is_some()
        || insert.output.is_some()
        || !insert.into;
    if foreign { Err(QueryError::Syntax("syntax error in INSERT".into()).into()) } else { Ok(()) }
}
