//! Binding of INSERT, UPDATE and DELETE: which rows, which values.
//!
//! DataFusion's own DML is not used: its hooks lose conditions (`WHERE x IN (SELECT …)` reaches them as no
//! condition at all). An UPDATE is the query `SELECT _key, _seq, <new values> FROM target … WHERE …`, with
//! the target read by a scan that also yields each row's key and commit; the transaction applies its rows.

use std::sync::Arc;

use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::sql::sqlparser::ast::{
    self, Assignment, AssignmentTarget, Delete, FromTable, Ident, Insert, ObjectName, ObjectNamePart, Query,
    SelectItem, SetExpr, Statement, TableFactor, TableObject, TableWithJoins, Update, UpdateTableFromKind,
};

use super::bound::{Bound, BoundDelete, BoundInsert, BoundUpdate, InsertSource, Returning};
use super::names::{folded, quoted};
use super::output::type_of;
use super::parameters::Parameters;
use super::relations::TARGET;
use super::{conflict, errors, expression, refuse, relations};
use crate::catalog::Table;
use crate::catalog::types::PgType;
use crate::error::{CatalogError, ErrorKind, QueryError, Result};
use crate::query::environment::Environment;
use crate::query::functions::cast::{self, Kind};
use crate::query::parse;
use crate::query::planner::Planner;
use crate::query::scan::{KEY_COLUMN, SEQ_COLUMN};
use crate::query::values;

impl Planner {
    /// Binds INSERT: targets, defaults, conversions, ON CONFLICT DO NOTHING, RETURNING.
    ///
    /// # Errors
    /// As [`Planner::bind`]; 42804 when an expression does not fit its column.
    pub fn bind_insert(
        &self,
        environment: &Arc<Environment>,
        insert: &Insert,
        parameter_types: &[Option<PgType>],
    ) -> Result<BoundInsert> {
        check_insert(insert)?;
        let TableObject::TableName(name) = &insert.table else {
            return Err(refuse::not_supported("INSERT INTO FUNCTION"));
        };
        let table = target_table(environment, name)?;
        let columns = target_columns(environment, &table, insert)?;
        let on_conflict = conflict::action(&table, insert.on.as_ref())?;
        let parameters = Parameters::declared(parameter_types);
        let binder = Binder { planner: self, environment, table: &table, parameters: &parameters };
        let explicit = !insert.columns.is_empty();
        let source = match insert.source.as_deref() {
            None => binder.values(&[], &[Vec::new()], explicit)?,
            Some(query) => {
                let bound = match plain_values(query) {
                    Some(rows) => binder.values(&columns, &rows, explicit),
                    None => binder.insert_query(&columns, query, explicit),
                };
                bound.map_err(|error| errors::locate(error, query, environment.source.as_deref()))?
            }
        };
        let alias = insert.table_alias.as_ref().map(|alias| folded(&alias.alias));
        let returning = binder.returning(alias.as_deref(), insert.returning.as_deref())?;
        let parameters = parameters.types();
        Ok(BoundInsert { table, source, on_conflict, returning, parameters })
    }

    /// Binds UPDATE.
    ///
    /// # Errors
    /// As [`Planner::bind_insert`].
    pub fn bind_update(
        &self,
        environment: &Arc<Environment>,
        update: &Update,
        parameter_types: &[Option<PgType>],
    ) -> Result<BoundUpdate> {
        if update.or.is_some() || update.limit.is_some() || !update.order_by.is_empty() || update.output.is_some() {
            return Err(QueryError::Syntax("syntax error in UPDATE".into()).into());
        }
        let (table, alias) = target_factor(environment, &update.table)?;
        let parameters = Parameters::declared(parameter_types);
        let binder = Binder { planner: self, environment, table: &table, parameters: &parameters };
        let new_values = binder.assignments(&update.assignments)?;
        let others = match &update.from {
            None => Vec::new(),
            Some(UpdateTableFromKind::AfterSet(from)) => from.clone(),
            Some(UpdateTableFromKind::BeforeSet(_)) => {
                return Err(QueryError::Syntax("syntax error at or near \"FROM\"".into()).into());
            }
        };
        let mut projection = identity(&alias);
        for (index, column) in table.columns.iter().enumerate() {
            let value = match &new_values[index] {
                Some(value) => value.clone(),
                None => ast::Expr::CompoundIdentifier(vec![quoted(&alias), quoted(&column.name)]),
            };
            projection.push(SelectItem::ExprWithAlias { expr: value, alias: quoted(format!("new{TARGET}{index}")) });
        }
        let query = binder.select(&alias, projection, others, update.selection.clone());
        let targets: Vec<usize> = (0..table.columns.len()).collect();
        let source = binder.identified(&query, &targets).map_err(|error| match error.kind() {
            // An aggregate in SET makes a query that groups by nothing, in which the row's identity has no place.
            ErrorKind::Query(QueryError::Grouping(message)) if message.contains(KEY_COLUMN) => {
                QueryError::Grouping("aggregate functions are not allowed in UPDATE".into()).into()
            }
            _ => error,
        });
        let source = source.map_err(|error| errors::locate(error, &query, environment.source.as_deref()))?;
        let returning = binder.returning(Some(&alias), update.returning.as_deref())?;
        let parameters = parameters.types();
        Ok(BoundUpdate { table, source, returning, parameters })
    }

    /// Binds DELETE.
    ///
    /// # Errors
    /// As [`Planner::bind`].
    pub fn bind_delete(
        &self,
        environment: &Arc<Environment>,
        delete: &Delete,
        parameter_types: &[Option<PgType>],
    ) -> Result<BoundDelete> {
        if !delete.tables.is_empty() || delete.limit.is_some() || !delete.order_by.is_empty() || delete.output.is_some()
        {
            return Err(QueryError::Syntax("syntax error in DELETE".into()).into());
        }
        let FromTable::WithFromKeyword(from) = &delete.from else {
            return Err(QueryError::Syntax("syntax error in DELETE".into()).into());
        };
        let [from] = from.as_slice() else { return Err(refuse::not_supported("DELETE FROM several tables")) };
        let (table, alias) = target_factor(environment, from)?;
        let parameters = Parameters::declared(parameter_types);
        let binder = Binder { planner: self, environment, table: &table, parameters: &parameters };
        let mut projection = identity(&alias);
        if delete.returning.is_some() {
            for (index, column) in table.columns.iter().enumerate() {
                projection.push(SelectItem::ExprWithAlias {
                    expr: ast::Expr::CompoundIdentifier(vec![quoted(&alias), quoted(&column.name)]),
                    alias: quoted(format!("old{TARGET}{index}")),
                });
            }
        }
        let others = delete.using.clone().unwrap_or_default();
        let query = binder.select(&alias, projection, others, delete.selection.clone());
        let source = binder.identified(&query, &[]);
        let source = source.map_err(|error| errors::locate(error, &query, environment.source.as_deref()))?;
        let returning = binder.returning(Some(&alias), delete.returning.as_deref())?;
        let parameters = parameters.types();
        Ok(BoundDelete { table, source, returning, parameters })
    }
}

fn check_insert(insert: &Insert) -> Result<()> {
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
    if foreign {
        return Err(QueryError::Syntax("syntax error in INSERT".into()).into());
    }
    Ok(())
}

fn target_table(environment: &Environment, name: &ObjectName) -> Result<Arc<Table>> {
    let parts: Vec<String> = name.0.iter().filter_map(|part| part.as_ident()).map(folded).collect();
    let found = match parts.as_slice() {
        [name] => relations::target(environment, None, name),
        [schema, name] => relations::target(environment, Some(schema), name),
        [database, schema, name] if *database == environment.database => {
            relations::target(environment, Some(schema), name)
        }
        _ => Err(refuse::not_supported(format!("the name {name}"))),
    };
    let place = name.0.first().and_then(|part| part.as_ident()).map(|ident| ident.span.start);
    found.map_err(|error| match (place, environment.source.as_deref()) {
        (Some(place), Some(source)) => match parse::position(source, place) {
            Some(position) => error.at(position),
            None => error,
        },
        _ => error,
    })
}

/// The target of UPDATE or DELETE and the name that it has in the statement.
fn target_factor(environment: &Environment, from: &TableWithJoins) -> Result<(Arc<Table>, String)> {
    let TableFactor::Table { name, alias, args: None, .. } = &from.relation else {
        return Err(refuse::not_supported("this target"));
    };
    if !from.joins.is_empty() {
        return Err(refuse::not_supported("a join as target"));
    }
    refuse::table_factor(&from.relation)?;
    let table = target_table(environment, name)?;
    let alias = alias.as_ref().map_or_else(|| table.name.clone(), |alias| folded(&alias.name));
    Ok((table, alias))
}

fn unknown_column(column: &Ident, table: &Table, environment: &Environment) -> crate::Error {
    let error: crate::Error = CatalogError::UnknownColumn { column: folded(column), table: table.name.clone() }.into();
    match environment.source.as_deref().and_then(|source| parse::position(source, column.span.start)) {
        Some(position) => error.at(position),
        None => error,
    }
}

/// The columns an INSERT gives values for, as indexes into the table's columns.
fn target_columns(environment: &Environment, table: &Table, insert: &Insert) -> Result<Vec<usize>> {
    if insert.columns.is_empty() {
        return Ok((0..table.columns.len()).collect());
    }
    let mut columns = Vec::with_capacity(insert.columns.len());
    for name in &insert.columns {
        let [ObjectNamePart::Identifier(ident)] = name.0.as_slice() else {
            return Err(refuse::not_supported(format!("the column {name}")));
        };
        let index = table.column(&folded(ident)).ok_or_else(|| unknown_column(ident, table, environment))?;
        if columns.contains(&index) {
            return Err(CatalogError::DuplicateColumn(folded(ident)).into());
        }
        columns.push(index);
    }
    Ok(columns)
}

/// The rows of a query that is nothing but VALUES.
fn plain_values(query: &Query) -> Option<Vec<Vec<ast::Expr>>> {
    let plain =
        query.with.is_none() && query.order_by.is_none() && query.limit_clause.is_none() && query.fetch.is_none();
    match query.body.as_ref() {
        SetExpr::Values(values) if plain => Some(values.rows.iter().map(|row| row.content.clone()).collect()),
        _ => None,
    }
}

fn is_default(expr: &ast::Expr) -> bool {
    matches!(expr, ast::Expr::Identifier(ident) if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("default"))
}

fn identity(alias: &str) -> Vec<SelectItem> {
    [KEY_COLUMN, SEQ_COLUMN]
        .into_iter()
        .map(|name| SelectItem::UnnamedExpr(ast::Expr::CompoundIdentifier(vec![quoted(alias), quoted(name)])))
        .collect()
}

/// Binds the parts of one statement.
struct Binder<'a> {
    planner: &'a Planner,
    environment: &'a Arc<Environment>,
    table: &'a Arc<Table>,
    parameters: &'a Parameters,
}

impl Binder<'_> {
    /// The default of a column: its expression, or NULL.
    fn default(&self, column: usize) -> Result<Expr> {
        default_value(self.planner, self.environment, self.table, column)
    }

    fn values(&self, columns: &[usize], rows: &[Vec<ast::Expr>], explicit: bool) -> Result<InsertSource> {
        if rows.iter().any(|row| row.len() != rows[0].len()) {
            return Err(QueryError::Syntax("VALUES lists must all be the same length".into()).into());
        }
        for row in rows {
            if row.len() > columns.len() {
                return Err(QueryError::TooManyExpressions.into());
            }
            if row.len() < columns.len() && explicit {
                return Err(QueryError::TooFewExpressions.into());
            }
        }
        let empty = DFSchema::empty();
        let mut complete = false;
        loop {
            let mut bound = Vec::with_capacity(rows.len());
            for row in rows {
                let mut cells: Vec<Option<Expr>> = vec![None; self.table.columns.len()];
                for (expr, &column) in row.iter().zip(columns) {
                    cells[column] = Some(self.cell(expr, column, &empty, complete)?);
                }
                let cells = cells
                    .into_iter()
                    .enumerate()
                    .map(|(column, cell)| cell.map_or_else(|| self.default(column), Ok))
                    .collect::<Result<Vec<_>>>()?;
                bound.push(cells);
            }
            if complete || !self.parameters.incomplete() {
                return Ok(InsertSource::Values(Arc::new(bound)));
            }
            for expr in bound.iter().flatten() {
                self.parameters.learn_expression(expr)?;
            }
            complete = true;
        }
    }

    fn cell(&self, expr: &ast::Expr, column: usize, empty: &DFSchema, complete: bool) -> Result<Expr> {
        if is_default(expr) {
            return self.default(column);
        }
        let target = &self.table.columns[column];
        let bound = expression::bind(self.planner, self.environment, expr, empty, self.parameters, complete);
        let bound = bound.map_err(|error| self.locate(error, expr))?;
        if let Expr::Placeholder(placeholder) = &bound {
            self.parameters.suggest_for(&placeholder.id, &target.data_type);
        }
        expression::assign(bound, empty, &target.name, &target.data_type, self.environment)
            .map_err(|error| self.locate(error, expr))
    }

    fn locate(&self, error: crate::Error, expr: &ast::Expr) -> crate::Error {
        use datafusion::sql::sqlparser::ast::Spanned;
        let place = expr.span().start;
        match self.environment.source.as_deref().and_then(|source| parse::position(source, place)) {
            Some(position) => error.at(position),
            None => error,
        }
    }

    fn insert_query(&self, columns: &[usize], query: &Query, explicit: bool) -> Result<InsertSource> {
        let plan = self.planner.plan_with(self.environment, query, self.parameters, |plan| {
            self.suggest_outputs(plan, columns);
            Ok(())
        })?;
        let given = plan.schema().fields().len();
        if given > columns.len() {
            return Err(QueryError::TooManyExpressions.into());
        }
        if given < columns.len() && explicit {
            return Err(QueryError::TooFewExpressions.into());
        }
        let mut sources: Vec<Option<usize>> = vec![None; self.table.columns.len()];
        for (index, &column) in columns.iter().take(given).enumerate() {
            sources[column] = Some(index);
        }
        let plan = self.assign_outputs(plan, &[], &sources)?;
        Ok(InsertSource::Query(self.finish(plan, false)?))
    }

    /// Parameters that are output columns take the types of their targets.
    fn suggest_outputs(&self, plan: &LogicalPlan, columns: &[usize]) {
        for (index, &column) in columns.iter().enumerate() {
            if let Some(Expr::Placeholder(placeholder)) = output_expression(plan, index) {
                self.parameters.suggest_for(&placeholder.id, &self.table.columns[column].data_type);
            }
        }
    }

    /// Puts a projection on a plan that keeps some columns and converts others to the table's columns.
    /// `sources[i]` is the plan's column for column `i`; without one it gets its default.
    fn assign_outputs(&self, plan: LogicalPlan, kept: &[usize], sources: &[Option<usize>]) -> Result<LogicalPlan> {
        let schema = Arc::clone(plan.schema());
        let reference = |index: usize| Expr::Column(Column::from(schema.qualified_field(index)));
        let mut expressions: Vec<Expr> = kept.iter().map(|&index| reference(index)).collect();
        for (index, source) in sources.iter().enumerate() {
            let column = &self.table.columns[index];
            let value = match source {
                None => self.default(index)?,
                Some(source) => {
                    let own =
                        output_expression(&plan, *source).map(|expr| type_of(expr, output_schema(&plan).as_ref()));
                    let is_untyped = own == Some(PgType::Unknown);
                    let value = reference(*source);
                    if is_untyped {
                        // A literal without a type, for the column's input function. Only an assignment refuses
                        // text that is too long; a cast would cut it.
                        let is_text = matches!(column.data_type, PgType::Varchar(_));
                        let kind = if is_text { Kind::Assignment } else { Kind::Explicit };
                        cast::expression(value, &column.data_type, kind)
                    } else {
                        expression::assign(value, &schema, &column.name, &column.data_type, self.environment)?
                    }
                }
            };
            expressions.push(value.alias(format!("{}{TARGET}{index}", column.name)));
        }
        LogicalPlanBuilder::from(plan)
            .project(expressions)
            .and_then(LogicalPlanBuilder::build)
            .map_err(errors::translate)
    }

    fn finish(&self, plan: LogicalPlan, identified: bool) -> Result<Bound> {
        let mut bound = self.planner.finish(self.environment, plan, self.parameters)?;
        let skipped = if identified { 2 } else { 0 };
        let mut columns = bound.columns.to_vec();
        for (column, target) in columns.iter_mut().skip(skipped).zip(&self.table.columns) {
            column.name.clone_from(&target.name);
            column.data_type = target.data_type.clone();
        }
        bound.columns = columns.into();
        if identified {
            bound.identified = true;
        }
        Ok(bound)
    }

    /// `SELECT … FROM target AS alias, others WHERE selection`. With other relations a row of the target may
    /// match several times; like PostgreSQL, one of them is taken.
    fn select(
        &self,
        alias: &str,
        projection: Vec<SelectItem>,
        others: Vec<TableWithJoins>,
        selection: Option<ast::Expr>,
    ) -> Query {
        let mut query = template();
        let SetExpr::Select(select) = query.body.as_mut() else { return query };
        select.projection = projection;
        select.selection = selection;
        if !others.is_empty() {
            let key = ast::Expr::CompoundIdentifier(vec![quoted(alias), quoted(KEY_COLUMN)]);
            select.distinct = Some(ast::Distinct::On(vec![key]));
        }
        if let Some(TableWithJoins { relation: TableFactor::Table { name, alias: own, .. }, .. }) =
            select.from.first_mut()
        {
            *name = ObjectName(vec![ObjectNamePart::Identifier(quoted(TARGET.to_string()))]);
            if let Some(own) = own {
                own.name = quoted(alias);
            }
        }
        select.from.extend(others);
        query
    }

    /// A query whose first columns are `_key` and `_seq` and whose others go into `targets`.
    fn identified(&self, query: &Query, targets: &[usize]) -> Result<Bound> {
        let target = Some(Arc::clone(self.table));
        let plan = self.planner.plan_target(self.environment, query, self.parameters, target, |plan| {
            for (index, &column) in targets.iter().enumerate() {
                if let Some(Expr::Placeholder(placeholder)) = output_expression(plan, index + 2) {
                    self.parameters.suggest_for(&placeholder.id, &self.table.columns[column].data_type);
                }
            }
            Ok(())
        })?;
        if matches!(&plan, LogicalPlan::Projection(p) if matches!(p.input.as_ref(), LogicalPlan::Window(_))) {
            return Err(refuse::not_supported("a window function in UPDATE"));
        }
        let plan = if targets.is_empty() {
            plan
        } else {
            let sources: Vec<Option<usize>> = targets.iter().map(|index| Some(index + 2)).collect();
            self.assign_outputs(plan, &[0, 1], &sources)?
        };
        self.finish(plan, true)
    }

    /// The new value of every column that SET mentions.
    fn assignments(&self, assignments: &[Assignment]) -> Result<Vec<Option<ast::Expr>>> {
        let mut values: Vec<Option<ast::Expr>> = vec![None; self.table.columns.len()];
        let mut set = |name: &ObjectName, value: &ast::Expr| -> Result<()> {
            let ident = name.0.last().and_then(|part| part.as_ident());
            let Some(ident) = ident else { return Err(refuse::not_supported(format!("the column {name}"))) };
            // `SET t.c` is the field `c` of a column `t`; there are no composite types.
            if let Some(first) = name.0.first().filter(|_| name.0.len() > 1).and_then(|part| part.as_ident()) {
                return Err(unknown_column(first, self.table, self.environment));
            }
            let index =
                self.table.column(&folded(ident)).ok_or_else(|| unknown_column(ident, self.table, self.environment))?;
            if values[index].is_some() {
                return Err(QueryError::AssignedTwice(folded(ident)).into());
            }
            values[index] = Some(if is_default(value) { self.default_syntax(index)? } else { value.clone() });
            Ok(())
        };
        for assignment in assignments {
            match &assignment.target {
                AssignmentTarget::ColumnName(name) => set(name, &assignment.value)?,
                AssignmentTarget::Tuple(names) => match &assignment.value {
                    ast::Expr::Tuple(values) if values.len() == names.len() => {
                        for (name, value) in names.iter().zip(values) {
                            set(name, value)?;
                        }
                    }
                    ast::Expr::Nested(value) if names.len() == 1 => set(&names[0], value)?,
                    _ => return Err(refuse::not_supported("SET of several columns from this expression")),
                },
            }
        }
        Ok(values)
    }

    fn default_syntax(&self, column: usize) -> Result<ast::Expr> {
        match &self.table.columns[column].default {
            Some(text) => parse::parse_expression(text),
            None => Ok(ast::Expr::value(ast::Value::Null)),
        }
    }

    /// Binds a RETURNING list over the columns of the table.
    fn returning(&self, alias: Option<&str>, items: Option<&[SelectItem]>) -> Result<Option<Returning>> {
        let Some(items) = items else { return Ok(None) };
        let qualifier = alias.unwrap_or(&self.table.name);
        let columns: Vec<(String, PgType)> =
            self.table.columns.iter().map(|column| (column.name.clone(), column.data_type.clone())).collect();
        let schema = expression::schema(qualifier, &columns)?;
        let mut expressions = Vec::new();
        let mut described = Vec::new();
        let mut push = |expr: Expr, name: String| {
            let column = match &expr {
                Expr::Column(column) => self.table.column(&column.name),
                _ => None,
            };
            let (data_type, table, attnum) = match column.map(|index| &self.table.columns[index]) {
                Some(column) => (column.data_type.clone(), self.table.id.0, column.attnum),
                None => match type_of(&expr, &schema) {
                    PgType::Unknown => (PgType::Text, 0, 0),
                    known => (known, 0, 0),
                },
            };
            described.push(super::bound::OutputColumn { name, data_type, table, attnum });
            expressions.push(expr);
        };
        for item in items {
            let (expr, name) = match item {
                SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => {
                    for column in &self.table.columns {
                        push(Expr::Column(Column::new(Some(qualifier), &column.name)), column.name.clone());
                    }
                    continue;
                }
                SelectItem::UnnamedExpr(expr) => (expr, super::names::of_expression(expr)),
                SelectItem::ExprWithAlias { expr, alias } => (expr, folded(alias)),
                _ => return Err(refuse::not_supported("this RETURNING list")),
            };
            let bind =
                |complete| expression::bind(self.planner, self.environment, expr, &schema, self.parameters, complete);
            let mut bound = bind(false).map_err(|error| self.locate(error, expr))?;
            if self.parameters.incomplete() {
                self.parameters.learn_expression(&bound)?;
                bound = bind(true).map_err(|error| self.locate(error, expr))?;
            }
            push(bound, name);
        }
        Ok(Some(Returning { columns: described.into(), table: Arc::clone(self.table), expressions }))
    }
}

/// The default of a column: its expression converted to its type, or NULL.
///
/// # Errors
/// When the stored text does not bind any more.
pub fn default_value(planner: &Planner, environment: &Arc<Environment>, table: &Table, column: usize) -> Result<Expr> {
    let column = &table.columns[column];
    let Some(text) = &column.default else { return values::null(&column.data_type) };
    let parsed = parse::parse_expression(text)?;
    let empty = DFSchema::empty();
    let bound = expression::bind(planner, environment, &parsed, &empty, &Parameters::default(), true)?;
    expression::assign(bound, &empty, &column.name, &column.data_type, environment)
}

/// The expression that makes an output column, without its alias.
fn output_expression(plan: &LogicalPlan, index: usize) -> Option<&Expr> {
    let expr = match plan {
        LogicalPlan::Projection(projection) => projection.expr.get(index)?,
        LogicalPlan::Sort(sort) => return output_expression(&sort.input, index),
        LogicalPlan::Limit(limit) => return output_expression(&limit.input, index),
        LogicalPlan::Distinct(datafusion::logical_expr::Distinct::On(on)) => on.select_expr.get(index)?,
        _ => return None,
    };
    match expr {
        Expr::Alias(alias) => Some(&alias.expr),
        other => Some(other),
    }
}

/// The schema that [`output_expression`]'s expression lives in.
fn output_schema(plan: &LogicalPlan) -> Arc<DFSchema> {
    match plan {
        LogicalPlan::Projection(projection) => Arc::clone(projection.input.schema()),
        LogicalPlan::Sort(sort) => output_schema(&sort.input),
        LogicalPlan::Limit(limit) => output_schema(&limit.input),
        LogicalPlan::Distinct(datafusion::logical_expr::Distinct::On(on)) => Arc::clone(on.input.schema()),
        other => Arc::clone(other.schema()),
    }
}

/// An empty SELECT over one aliased table, to be filled in.
fn template() -> Query {
    let parsed = parse::parse("SELECT 1 FROM t AS t").expect("the template is valid SQL");
    match parsed.into_iter().next().map(|parsed| parsed.statement) {
        Some(Statement::Query(query)) => *query,
        _ => unreachable!("the template is a query"),
    }
}
