//! From the bound tree to DataFusion's plan: what a statement means becomes how it is computed.
//!
//! Nothing is decided here: the tree says which function, which conversion and which column, this module
//! says it in DataFusion's words. Names are not PostgreSQL's any more: every relation of a statement gets a
//! qualifier of its own and every column of it a name of its own, so that no two things of a plan are ever
//! confused. What the engine cannot do is refused with 0A000.

mod aggregate;
mod expression;
mod joined;
mod keys;
mod modify;
mod outer;
mod records;
mod recursive;
mod relation;
mod rows;
mod semijoin;
mod sets;
mod subquery;
mod window;

use std::collections::HashSet;
use std::sync::Arc;

use ::recursive::recursive;
use datafusion::common::metadata::FieldMetadata;
use datafusion::common::{Column as PlanColumn, DFSchema, DFSchemaRef, JoinType, ScalarValue, TableReference};
use datafusion::logical_expr::expr::Sort;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, cast, lit};

use super::apply::Unordered;
use super::bind::bound::OutputColumn;
use super::bind::tree::{
    Distinct, Expression, Kind, Limit, Query, QueryBody, SetOperation, SetOperator, SortKey, TypeRef,
};
use super::bind::{errors, refuse};
use super::environment::Environment;
use super::planner::Planner;
use crate::catalog::Table;
use crate::catalog::types::PgType;
use crate::error::{QueryError, Result};

pub use modify::{expression, returning, rows, schema, source, stored};

/// A bound query as a plan, and the columns it answers.
///
/// # Errors
/// 0A000 for what the engine has no way to compute.
pub fn query(
    planner: &Planner,
    environment: &Arc<Environment>,
    query: &Query,
) -> Result<(LogicalPlan, Arc<[OutputColumn]>)> {
    let mut lowering = Lowering::new(planner, environment);
    let plan = lowering.query(query)?;
    let visible = query.targets.iter().filter(|target| !target.hidden);
    let columns = visible.map(|target| {
        let (table, attnum) = target.origin;
        let data_type = pg_type(target.expression.data_type)?;
        Ok(OutputColumn { name: target.name.clone(), data_type, table, attnum })
    });
    let columns = columns.collect::<Result<_>>()?;
    Ok((plan, columns))
}

/// The type of an expression in the form that the engine's values have.
///
/// # Errors
/// 0A000 for a type that has no such form yet.
pub(super) fn pg_type(data_type: TypeRef) -> Result<PgType> {
    /// Stored expressions are kept as text.
    const PG_NODE_TREE: crate::base::ids::Oid = 194;
    if data_type.oid == PG_NODE_TREE {
        return Ok(PgType::Text);
    }
    PgType::from_oid(data_type.oid, data_type.typmod)
        .ok_or_else(|| refuse::not_supported(format!("values of the type with OID {}", data_type.oid)))
}

fn metadata(data_type: &PgType) -> FieldMetadata {
    FieldMetadata::from(data_type.metadata().into_iter().collect::<std::collections::BTreeMap<_, _>>())
}

/// How the columns of one relation are called in the plan.
enum Names {
    /// A part of the plan: its qualifier and the names of its columns.
    /// `row` holds all columns as one, if that is mentioned.
    Plan { qualifier: TableReference, columns: Vec<String>, row: Option<String> },
    /// A join's own columns, each made of columns of its inputs.
    Join(Vec<Expression>),
    /// Not in the plan (yet): a column of it cannot be mentioned.
    Absent,
}

/// One query around the place that is being lowered.
struct Level {
    relations: Vec<Names>,
    /// Expressions that an operator below has computed already, such as groups and aggregates, and the columns
    /// that hold them.
    computed: Vec<(Expression, Expr)>,
    /// The columns that expressions see at this point.
    schema: DFSchemaRef,
    /// The CTEs of the query, for relations that read them.
    ctes: Vec<super::bind::tree::Cte>,
    /// What expressions over the plan at this point are waiting for.
    pending: Vec<subquery::Pending>,
    /// The column that counts the rows of a subquery in FROM that has an order, if aggregates are to follow it.
    order: Option<Expr>,
}

impl Level {
    /// One outside of any query.
    fn empty() -> Self {
        Self {
            relations: Vec::new(),
            computed: Vec::new(),
            schema: Arc::new(DFSchema::empty()),
            ctes: Vec::new(),
            pending: Vec::new(),
            order: None,
        }
    }

    fn new(query: &Query) -> Self {
        let relations = query.relations.iter().map(|_| Names::Absent).collect();
        Self { relations, ctes: query.ctes.clone(), ..Self::empty() }
    }
}

/// The state of lowering one statement.
struct Lowering<'a> {
    planner: &'a Planner,
    environment: &'a Arc<Environment>,
    /// The queries around, the innermost one last.
    levels: Vec<Level>,
    /// The qualifiers in use.
    qualifiers: HashSet<String>,
    /// The recursive CTEs whose recursive terms are being lowered.
    working: Vec<recursive::Working>,
    /// Is an item of FROM being lowered, whose columns of the same query are those of the items before it?
    beside: bool,
    /// How many columns of inner queries there are so far.
    outputs: usize,
    /// The operands of the CASEs around.
    operands: Vec<Expr>,
    /// The columns of the subquery whose test is lowered.
    tested: Vec<Vec<Expr>>,
    /// The table that the statement changes.
    target: Option<Arc<Table>>,
    /// What holds for the rows for which the expression is computed.
    guards: Vec<Expr>,
}

impl<'a> Lowering<'a> {
    fn new(planner: &'a Planner, environment: &'a Arc<Environment>) -> Self {
        Self {
            planner,
            environment,
            levels: Vec::new(),
            qualifiers: HashSet::new(),
            outputs: 0,
            working: Vec::new(),
            beside: false,
            operands: Vec::new(),
            tested: Vec::new(),
            target: None,
            guards: Vec::new(),
        }
    }

    /// A qualifier that nothing else of the statement has, as much like `name` as that allows.
    fn qualifier(&mut self, name: &str) -> TableReference {
        let mut candidate = name.to_owned();
        let mut number = 1;
        while !self.qualifiers.insert(candidate.clone()) {
            candidate = format!("{name}_{number}");
            number += 1;
        }
        TableReference::bare(candidate)
    }

    fn level(&mut self) -> &mut Level {
        self.levels.last_mut().expect("a query is being lowered")
    }

    /// From here on expressions see the columns of `plan`.
    fn see(&mut self, plan: &LogicalPlan) {
        self.level().schema = Arc::clone(plan.schema());
    }

    /// A query. The columns of the plan are its visible targets, in order.
    #[recursive]
    fn query(&mut self, query: &Query) -> Result<LogicalPlan> {
        self.levels.push(Level::new(query));
        let outside = std::mem::replace(&mut self.beside, false);
        let guards = std::mem::take(&mut self.guards);
        let plan = self.leveled(query, false);
        self.guards = guards;
        self.beside = outside;
        self.levels.pop();
        plan
    }

    /// As [`query`](Self::query), with one more column that counts the rows in the query's order.
    fn counted_query(&mut self, query: &Query) -> Result<LogicalPlan> {
        self.levels.push(Level::new(query));
        let outside = std::mem::replace(&mut self.beside, false);
        let guards = std::mem::take(&mut self.guards);
        let plan = self.leveled(query, true);
        self.guards = guards;
        self.beside = outside;
        self.levels.pop();
        plan
    }

    fn leveled(&mut self, query: &Query, counted: bool) -> Result<LogicalPlan> {
        let (input, distinct) = match &query.body {
            QueryBody::Select { from, filter, grouping, having, windows, distinct } => {
                let mut plan = match self.ordered_input(query, from) {
                    Some(index) => self.ordered_relation(query, index)?,
                    None => self.from(query, from)?,
                };
                self.see(&plan);
                if let Some(filter) = filter {
                    plan = self.filtered(plan, filter)?;
                }
                plan = self.aggregated(plan, query, grouping.as_ref(), having.as_ref())?;
                self.see(&plan);
                if let Some(having) = having {
                    plan = self.filtered(plan, having)?;
                    self.see(&plan);
                }
                plan = self.windowed(plan, query, windows)?;
                self.see(&plan);
                plan = self.expanded(plan, query)?;
                self.see(&plan);
                (plan, distinct.as_ref())
            }
            QueryBody::Values(rows) => (self.values(rows)?, None),
            QueryBody::SetOperation(operation) => (self.set_operation(operation)?, None),
        };
        self.see(&input);
        let mut plan = self.projected(input, query)?;
        plan = match distinct {
            None => plan,
            // Targets that only grouping needs make no rows distinct. Those of ORDER BY are visible here.
            Some(Distinct::All) => keys::distinct(only_visible(plan, query)?)?,
            Some(Distinct::On(expressions)) => self.distinct_on(plan, query, expressions)?,
        };
        if !query.order_by.is_empty() && matches!(query.body, QueryBody::SetOperation(_)) {
            plan = Unordered::plan(plan);
        }
        if query.limit.with_ties || is_computed(&query.limit) || skips_sorted(query) {
            plan = self.numbered_limit(plan, query)?;
        } else {
            plan = if counted { self.sorted_with_number(plan, query)? } else { self.sorted(plan, query)? };
            plan = self.limited(plan, &query.limit)?;
        }
        let visible = visible_targets(query) + usize::from(counted);
        if plan.schema().fields().len() == visible {
            return Ok(plan);
        }
        let mut columns: Vec<_> = (0..visible_targets(query)).map(|index| column(&plan, index)).collect();
        if counted {
            columns.push(column(&plan, plan.schema().fields().len() - 1));
        }
        build(LogicalPlanBuilder::from(plan).project(columns))
    }

    /// The targets as columns, in order, under names of their own.
    fn projected(&mut self, input: LogicalPlan, query: &Query) -> Result<LogicalPlan> {
        let mut names = unique(query.targets.iter().map(|target| target.name.as_str()));
        // Inside of a statement no column may have the name of another one: the optimiser puts the columns of
        // subqueries beside those of the query around them.
        if self.levels.len() > 1 {
            for name in &mut names {
                self.outputs += 1;
                *name = format!("{name}#{}", self.outputs);
            }
        }
        let mut expressions = Vec::with_capacity(names.len());
        for (target, name) in query.targets.iter().zip(names) {
            let data_type = pg_type(target.expression.data_type)?;
            let expression = self.expression(&target.expression)?;
            expressions.push(expression.alias_with_metadata(name, Some(metadata(&data_type))));
        }
        let input = self.attached(input)?;
        build(LogicalPlanBuilder::from(input).project(expressions))
    }

    fn distinct_on(&mut self, plan: LogicalPlan, query: &Query, expressions: &[Expression]) -> Result<LogicalPlan> {
        // The engine's DISTINCT ON takes columns only.
        let width = plan.schema().fields().len();
        let mut all: Vec<Expr> = (0..width).map(|index| column(&plan, index)).collect();
        let mut keyed = |expression: &Expression| -> Result<Expr> {
            let (value, data_type) = (target_column(&plan, query, expression)?, pg_type(expression.data_type)?);
            if !keys::has(&data_type) {
                return Ok(value);
            }
            let name = format!("on#{}", all.len());
            all.push(keys::of(value, &data_type).alias(name.clone()));
            Ok(Expr::Column(PlanColumn::from_name(name)))
        };
        let on = expressions.iter().map(&mut keyed).collect::<Result<Vec<_>>>()?;
        let mut sort = Vec::with_capacity(query.order_by.len());
        for key in &query.order_by {
            // What is sorted by first must be, word by word, what is distinct.
            let value = match expressions.iter().position(|expression| *expression == key.expression) {
                Some(place) => on[place].clone(),
                None => keyed(&key.expression)?,
            };
            sort.push(Sort::new(value, !key.descending, key.nulls_first));
        }
        let sort = without_repetition(sort);
        let plan = if all.len() > width { build(LogicalPlanBuilder::from(plan).project(all))? } else { plan };
        let visible = (0..width).map(|index| column(&plan, index)).collect();
        let sort = if sort.is_empty() { None } else { Some(sort) };
        build(LogicalPlanBuilder::from(plan).distinct_on(on, visible, sort))
    }

    fn sorted(&mut self, plan: LogicalPlan, query: &Query) -> Result<LogicalPlan> {
        if query.order_by.is_empty() {
            return Ok(plan);
        }
        let sort = sort_of(&plan, query, &query.order_by)?;
        build(LogicalPlanBuilder::from(plan).sort(sort))
    }

    fn limited(&mut self, plan: LogicalPlan, limit: &Limit) -> Result<LogicalPlan> {
        if limit.count.is_none() && limit.offset.is_none() {
            return Ok(plan);
        }
        let skip = limit.offset.as_ref().map(|offset| self.quantity(offset, "OFFSET")).transpose()?;
        let fetch = limit.count.as_ref().map(|count| self.quantity(count, "LIMIT")).transpose()?;
        build(LogicalPlanBuilder::from(plan).limit_by_expr(skip, fetch))
    }

    /// A number of rows. What can be known is computed at once, so that a bad one fails even over no rows.
    fn quantity(&mut self, expression: &Expression, clause: &str) -> Result<Expr> {
        let lowered = self.expression(expression)?;
        if !is_known(expression, &lowered) {
            return Ok(lowered);
        }
        let value = self.planner.constant(self.environment, &lowered, &PgType::Int8)?;
        if let ScalarValue::Int64(Some(..0)) = value {
            return Err(QueryError::InvalidLimit(format!("{clause} must not be negative")).into());
        }
        Ok(Expr::Literal(value, None))
    }

    fn set_operation(&mut self, operation: &SetOperation) -> Result<LogicalPlan> {
        let left = self.query(&operation.left)?;
        let right = self.query(&operation.right)?;
        let right = named_as(right, &left)?;
        let plan = match (operation.operator, operation.all) {
            (SetOperator::Union, true) => build(LogicalPlanBuilder::from(left).union(right))?,
            (SetOperator::Union, false) => keys::distinct(build(LogicalPlanBuilder::from(left).union(right))?)?,
            (SetOperator::Intersect, false) => keys::members(left, right, JoinType::LeftSemi)?,
            (SetOperator::Except, false) => keys::members(left, right, JoinType::LeftAnti)?,
            (SetOperator::Intersect, true) => counted(left, right, JoinType::LeftSemi)?,
            (SetOperator::Except, true) => counted(left, right, JoinType::LeftAnti)?,
        };
        self.name_result(plan, "set")
    }

    fn values(&mut self, rows: &[Vec<Expression>]) -> Result<LogicalPlan> {
        let plan = self.apart(|this| this.rows(rows))?;
        self.name_result(plan, "values")
    }

    /// Rows of expressions as a plan.
    fn rows(&mut self, rows: &[Vec<Expression>]) -> Result<LogicalPlan> {
        let width = rows.first().map_or(0, Vec::len);
        let mut lowered = vec![Vec::with_capacity(width); rows.len()];
        for index in 0..width {
            let column = rows.iter().map(|row| self.expression(&row[index])).collect::<Result<Vec<_>>>()?;
            let column = self.described_alike(column)?;
            for (row, cell) in lowered.iter_mut().zip(column) {
                row.push(cell);
            }
        }
        // DataFusion's VALUES wants columns that are described alike in each row, and takes no value that waits for a
        // subquery: such rows are computed one by one.
        if self.level().pending.is_empty() {
            let plain = lowered.iter().map(|row| row.iter().cloned().map(undescribed).collect()).collect();
            for rows in [lowered.clone(), plain] {
                if let Ok(plan) = LogicalPlanBuilder::values(rows).and_then(LogicalPlanBuilder::build) {
                    return Ok(plan);
                }
            }
        }
        let row = build(Ok(LogicalPlanBuilder::empty(true)))?;
        let row = self.attached(row)?;
        let mut union: Option<LogicalPlanBuilder> = None;
        for (number, cells) in (0i64..).zip(lowered) {
            let numbered = cells.into_iter().chain([lit(number)]);
            let named = numbered.enumerate().map(|(index, cell)| cell.alias(format!("column{}", index + 1)));
            let one = build(LogicalPlanBuilder::from(row.clone()).project(named.collect::<Vec<_>>()))?;
            union = Some(match union {
                None => LogicalPlanBuilder::from(one),
                Some(before) => before.union(one).map_err(errors::translate)?,
            });
        }
        // The rows stay in the order in which they are written.
        let plan = build(Ok(union.unwrap_or_else(|| LogicalPlanBuilder::empty(false))))?;
        let plan = Unordered::plan(plan);
        let number = column(&plan, width);
        let plan = build(LogicalPlanBuilder::from(plan).sort([number.sort(true, false)]))?;
        let columns: Vec<Expr> = (0..width).map(|index| column(&plan, index)).collect();
        build(LogicalPlanBuilder::from(plan).project(columns))
    }

    /// The same values with the same description of their type, which the engine wants of all rows of VALUES.
    fn described_alike(&mut self, values: Vec<Expr>) -> Result<Vec<Expr>> {
        let schema = Arc::clone(&self.level().schema);
        let fields = values.iter().map(|value| value.to_field(schema.as_ref()).map(|(_, field)| field));
        let fields = fields.collect::<datafusion::common::Result<Vec<_>>>().map_err(errors::translate)?;
        let Some(first) = fields.first().filter(|first| fields.iter().any(|own| own.metadata() != first.metadata()))
        else {
            return Ok(values);
        };
        let stated = fields.iter().find(|field| !field.metadata().is_empty()).unwrap_or(first);
        let described = match PgType::of_field(stated) {
            PgType::Numeric(_) => PgType::of_arrow(first.data_type()),
            data_type => data_type,
        };
        let described = metadata(&described);
        let alike = |value: Expr| value.alias_with_metadata("value", Some(described.clone()));
        Ok(values.into_iter().map(alike).collect())
    }

    /// Makes a plan the relation 0 of its level.
    fn name_result(&mut self, plan: LogicalPlan, name: &str) -> Result<LogicalPlan> {
        let names = self.relation_of(plan, name)?;
        let (plan, names) = names;
        if let Some(first) = self.level().relations.first_mut() {
            *first = names;
        }
        Ok(plan)
    }

    /// A plan under a qualifier and names of its own.
    fn relation_of(&mut self, plan: LogicalPlan, name: &str) -> Result<(LogicalPlan, Names)> {
        let qualifier = self.qualifier(name);
        let columns: Vec<String> = plan.schema().fields().iter().map(|field| field.name().clone()).collect();
        let distinct = unique(columns.iter().map(String::as_str));
        let plan = if distinct == columns {
            plan
        } else {
            let renamed: Vec<_> =
                distinct.iter().enumerate().map(|(index, name)| column(&plan, index).alias(name)).collect();
            build(LogicalPlanBuilder::from(plan).project(renamed))?
        };
        let plan = build(LogicalPlanBuilder::from(plan).alias(qualifier.clone()))?;
        Ok((plan, Names::Plan { qualifier, columns: distinct, row: None }))
    }
}

/// The rows of a plan in columns that are called as those of another one: where one side of a union is found to be
/// empty, the engine looks for the columns of the first in the other.
fn named_as(plan: LogicalPlan, other: &LogicalPlan) -> Result<LogicalPlan> {
    let names: Vec<&String> = other.schema().fields().iter().map(|field| field.name()).collect();
    if plan.schema().fields().iter().map(|field| field.name()).eq(names.iter().copied()) {
        return Ok(plan);
    }
    let columns: Vec<Expr> = names.iter().enumerate().map(|(index, name)| column(&plan, index).alias(*name)).collect();
    build(LogicalPlanBuilder::from(plan).project(columns))
}

/// A set operation over rows of which each is numbered among its equals: so as many of them are left as ALL
/// asks for.
fn counted(left: LogicalPlan, right: LogicalPlan, join: JoinType) -> Result<LogicalPlan> {
    let count = left.schema().fields().len();
    let plan = keys::members(rows::numbered_among_equals(left)?, rows::numbered_among_equals(right)?, join)?;
    let columns: Vec<_> = (0..count).map(|index| column(&plan, index)).collect();
    build(LogicalPlanBuilder::from(plan).project(columns))
}

/// A column that an aggregate or window function gave, in the Arrow form of its type: the engine counts without a
/// sign.
fn in_form(column: Expr, plan: &LogicalPlan, data_type: &PgType) -> Result<Expr> {
    let actual = column.get_type(plan.schema()).map_err(errors::translate)?;
    let wanted = data_type.arrow();
    let is_kept = actual == wanted || matches!(data_type, PgType::Array(_) | PgType::Record(_));
    Ok(if is_kept { column } else { cast(column, wanted) })
}

/// Can the value be computed before the statement runs?
fn is_known(expression: &Expression, lowered: &Expr) -> bool {
    let varies = expression.mentions(|part, _| {
        matches!(part.kind, Kind::Parameter(_) | Kind::Column(_) | Kind::Subquery(_) | Kind::Value(_))
    });
    !varies && !lowered.is_volatile()
}

/// OFFSET over an order without a LIMIT: the engine would skip rows, but not sort them first.
fn skips_sorted(query: &Query) -> bool {
    let Limit { count, offset, .. } = &query.limit;
    let is_null = |count: &Expression| matches!(&count.kind, Kind::Constant(value) if value.is_null());
    !query.order_by.is_empty() && offset.is_some() && count.as_ref().is_none_or(is_null)
}

/// A constant without the description of its type, for where columns know theirs.
fn undescribed(expr: Expr) -> Expr {
    match expr {
        Expr::Literal(value, _) => Expr::Literal(value, None),
        Expr::Cast(inner) => {
            Expr::Cast(datafusion::logical_expr::Cast { expr: Box::new(undescribed(*inner.expr)), ..inner })
        }
        other => other,
    }
}

/// Does the number of rows depend on a subquery?
fn is_computed(limit: &Limit) -> bool {
    limit.count.iter().chain(&limit.offset).any(outer::mentions_subquery)
}

/// Ends a step of a builder.
fn build(step: datafusion::common::Result<LogicalPlanBuilder>) -> Result<LogicalPlan> {
    step.and_then(LogicalPlanBuilder::build).map_err(errors::translate)
}

/// Column `index` of a plan.
fn column(plan: &LogicalPlan, index: usize) -> Expr {
    Expr::Column(PlanColumn::from(plan.schema().qualified_field(index)))
}

/// The column of the projected plan that holds an expression of ORDER BY or DISTINCT ON.
fn target_column(plan: &LogicalPlan, query: &Query, expression: &Expression) -> Result<Expr> {
    let index = query.targets.iter().position(|target| target.expression == *expression);
    index
        .map(|index| column(plan, index))
        .ok_or_else(|| refuse::not_supported("ORDER BY an expression that is not a target"))
}

fn sort_of(plan: &LogicalPlan, query: &Query, keys: &[SortKey]) -> Result<Vec<Sort>> {
    let mut sort = Vec::with_capacity(keys.len());
    for key in keys {
        let column = target_column(plan, query, &key.expression)?;
        let form = column.get_type(plan.schema()).map_err(errors::translate)?;
        let data_type = pg_type(key.expression.data_type)?;
        sort.extend(records::sort_keys(column, &form, &data_type, key.descending, key.nulls_first));
    }
    Ok(without_repetition(sort))
}

/// Keys without those that are there already: they decide nothing, and DataFusion counts on there being none.
fn without_repetition(keys: Vec<Sort>) -> Vec<Sort> {
    let mut kept: Vec<Sort> = Vec::with_capacity(keys.len());
    for key in keys {
        if kept.iter().all(|known| known.expr != key.expr) {
            kept.push(key);
        }
    }
    kept
}

/// How many targets are visible: they come first.
fn visible_targets(query: &Query) -> usize {
    query.targets.iter().filter(|target| !target.hidden).count()
}

/// The plan of the targets without the hidden ones.
fn only_visible(plan: LogicalPlan, query: &Query) -> Result<LogicalPlan> {
    let visible = visible_targets(query);
    if visible == query.targets.len() {
        return Ok(plan);
    }
    let columns: Vec<_> = (0..visible).map(|index| column(&plan, index)).collect();
    build(LogicalPlanBuilder::from(plan).project(columns))
}

/// The same names, with numbers behind those that came before.
fn unique<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut taken = HashSet::new();
    names
        .map(|name| {
            let mut candidate = name.to_owned();
            let mut number = 1;
            while !taken.insert(candidate.clone()) {
                candidate = format!("{name}_{number}");
                number += 1;
            }
            candidate
        })
        .collect()
}
