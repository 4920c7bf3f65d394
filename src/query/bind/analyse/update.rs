//! UPDATE and DELETE: which rows, and their new values.

use datafusion::sql::sqlparser::ast::{
    Assignment, AssignmentTarget, Delete, Expr, FromTable, ObjectName, Query as AstQuery, Spanned, TableFactor,
    TableWithJoins, Update, UpdateTableFromKind,
};

use super::clause::Clause;
use super::comparisons::{as_subquery, row_fields};
use super::modify::{Given, own_column, target};
use super::relations::type_ref;
use super::scope::Item;
use super::{Analyser, refuse};
use crate::catalog::Table;
use crate::error::{QueryError, Result};
use crate::query::bind::tree::{
    Distinct, Expression, Join, Kind, Limit, Modification, Operation, Query, QueryBody, Subquery, SubqueryKind,
    TableHandle, Target,
};

impl Analyser<'_> {
    pub(super) fn update(&mut self, update: &Update) -> Result<Modification> {
        if update.or.is_some() || update.limit.is_some() || !update.order_by.is_empty() || update.output.is_some() {
            return Err(QueryError::Syntax("syntax error in UPDATE".into()).into());
        }
        let (table, item) = self.target_factor(&update.table)?;
        let others = match &update.from {
            None => [].as_slice(),
            Some(UpdateTableFromKind::AfterSet(from)) => from.as_slice(),
            Some(UpdateTableFromKind::BeforeSet(_)) => {
                return Err(QueryError::Syntax("syntax error at or near \"FROM\"".into()).into());
            }
        };
        let from = self.target_and(item, others)?;
        let filter = self.condition(update.selection.as_ref(), Clause::Where)?;
        let returning = self.returning(update.returning.as_deref())?;
        let mut values = self.assignments(&table, &update.assignments)?;
        let mut targets: Vec<Target> = Self::identity(&table).collect();
        for (index, column) in table.columns.iter().enumerate() {
            let value = values[index].take().unwrap_or_else(|| own_column(index, type_ref(&column.data_type)));
            targets.push(target(&column.name, value));
        }
        let query = found(from, filter, targets);
        let rows = Vec::new();
        Ok(Modification { operation: Operation::Update, table: TableHandle(table), query, rows, returning })
    }

    pub(super) fn delete(&mut self, delete: &Delete) -> Result<Modification> {
        let foreign = !delete.tables.is_empty()
            || delete.limit.is_some()
            || !delete.order_by.is_empty()
            || delete.output.is_some();
        let (FromTable::WithFromKeyword(tables), false) = (&delete.from, foreign) else {
            return Err(QueryError::Syntax("syntax error in DELETE".into()).into());
        };
        let [table] = tables.as_slice() else { return Err(refuse::not_supported("DELETE FROM several tables")) };
        let (table, item) = self.target_factor(table)?;
        let from = self.target_and(item, delete.using.as_deref().unwrap_or_default())?;
        let filter = self.condition(delete.selection.as_ref(), Clause::Where)?;
        let returning = self.returning(delete.returning.as_deref())?;
        let mut targets: Vec<Target> = Self::identity(&table).collect();
        if returning.is_some() {
            let own = table.columns.iter().enumerate();
            targets.extend(
                own.map(|(index, column)| target(&column.name, own_column(index, type_ref(&column.data_type)))),
            );
        }
        let query = found(from, filter, targets);
        let rows = Vec::new();
        Ok(Modification { operation: Operation::Delete, table: TableHandle(table), query, rows, returning })
    }

    fn target_factor(&mut self, from: &TableWithJoins) -> Result<(std::sync::Arc<Table>, Item)> {
        let TableFactor::Table { name, alias, args: None, .. } = &from.relation else {
            return Err(refuse::not_supported("this target"));
        };
        if !from.joins.is_empty() {
            return Err(refuse::not_supported("a join as target"));
        }
        if !refuse::is_plain_table(&from.relation) {
            return Err(refuse::not_supported("a target with options"));
        }
        if alias.as_ref().is_some_and(|alias| !alias.columns.is_empty()) {
            return Err(QueryError::Syntax("syntax error at or near \"(\"".into()).into());
        }
        self.target_table(name, alias.as_ref().map(|alias| &alias.name), true)
    }

    /// The target and the other relations of the statement. These cannot see it, not even by LATERAL.
    fn target_and(&mut self, item: Item, others: &[TableWithJoins]) -> Result<Vec<Join>> {
        let hidden = Item { lateral_only: true, lateral_ok: false, ..item };
        self.level()?.namespace.push(hidden);
        let mut from = vec![Join::Relation(0)];
        from.extend(self.from(others)?);
        Ok(from)
    }

    /// The new value of each column that SET mentions.
    fn assignments(&mut self, table: &Table, assignments: &[Assignment]) -> Result<Vec<Option<Expression>>> {
        let mut given: Vec<(&ObjectName, Given)> = Vec::with_capacity(assignments.len());
        for Assignment { target, value } in assignments {
            match target {
                AssignmentTarget::ColumnName(name) => given.push((name, self.given(value, Clause::UpdateSource)?)),
                AssignmentTarget::Tuple(names) => {
                    let values = self.several(names.len(), value)?;
                    given.extend(names.iter().zip(values));
                }
            }
        }
        let mut values: Vec<Option<Expression>> = vec![None; table.columns.len()];
        let mut twice = None;
        for (name, value) in given {
            let index = self.named_column(table, name)?;
            let value = self.assigned(value, table, index)?;
            if values[index].replace(value).is_some() {
                twice = twice.or(Some(index));
            }
        }
        match twice {
            Some(index) => Err(QueryError::AssignedTwice(table.columns[index].name.clone()).into()),
            None => Ok(values),
        }
    }

    /// `(a, b) = …`: a row of expressions, or the only row of a query.
    fn several(&mut self, count: usize, value: &Expr) -> Result<Vec<Given>> {
        if let Some(fields) = row_fields(value) {
            let values =
                fields.iter().map(|field| self.given(field, Clause::UpdateSource)).collect::<Result<Vec<_>>>()?;
            if values.len() != count {
                let first = fields.first().map(|field| field.span().start);
                let at = match value {
                    Expr::Function(row) => Some(row.name.span().start),
                    _ => self.places.opening(first),
                };
                let message = "number of columns does not match number of values";
                return Err(self.fail(QueryError::Syntax(message.into()), at));
            }
            return Ok(values);
        }
        if let Some(query) = as_subquery(value) {
            return self.within(Clause::UpdateSource, |this| this.several_of(count, query));
        }
        let mut inner = value;
        while let Expr::Nested(nested) = inner {
            inner = nested;
        }
        let message = "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression";
        Err(self.fail(QueryError::NotSupported(message.into()), Some(inner.span().start)))
    }

    /// The columns of a query of one row, each as a subquery of its own.
    fn several_of(&mut self, count: usize, query: &AstQuery) -> Result<Vec<Given>> {
        let (query, at) = self.inner(query)?;
        let visible: Vec<usize> = (0..query.targets.len()).filter(|at| !query.targets[*at].hidden).collect();
        if visible.len() != count {
            let message = "number of columns does not match number of values";
            return Err(self.fail(QueryError::Syntax(message.into()), at));
        }
        // Each column is computed by a query of its own, and without the others rows may be no longer distinct.
        let is_distinct = matches!(&query.body, QueryBody::Select { distinct: Some(Distinct::All), .. });
        if count > 1 && (is_distinct || self.is_volatile(&query)) {
            return Err(self.fail(refuse::not_supported("SET of several columns from this query"), at));
        }
        let column = |index: &usize| {
            let mut query = query.clone();
            query.targets.iter_mut().for_each(|target| target.hidden = true);
            let mut own = query.targets.remove(*index);
            own.hidden = false;
            query.targets.insert(0, own);
            let Expression { data_type, position, .. } = query.targets[0].expression;
            let subquery = Subquery { kind: SubqueryKind::Scalar, query: Box::new(query) };
            Given::Value(Expression { kind: Kind::Subquery(subquery), data_type, position })
        };
        Ok(visible.iter().map(column).collect())
    }

    /// May it answer something else the second time?
    fn is_volatile(&self, query: &Query) -> bool {
        let mut volatile = false;
        query.walk(0, &mut |part, _| {
            if let Kind::Function { function, .. } | Kind::Operator { function, .. } = &part.kind {
                volatile |= self.context.facts.function(*function).is_none_or(|fact| fact.volatility == 'v');
            }
            !volatile
        });
        volatile
    }
}

/// The rows to change. With other relations a row of the target may match several times: one of them is taken.
fn found(from: Vec<Join>, filter: Option<Expression>, targets: Vec<Target>) -> Query {
    let distinct =
        (from.len() > 1).then(|| Distinct::On(targets.iter().take(1).map(|t| t.expression.clone()).collect()));
    let body = QueryBody::Select { from, filter, grouping: None, having: None, windows: Vec::new(), distinct };
    Query { ctes: Vec::new(), relations: Vec::new(), body, targets, order_by: Vec::new(), limit: Limit::default() }
}
