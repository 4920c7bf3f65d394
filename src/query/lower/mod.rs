//! From the bound tree to DataFusion's plan: what a statement means becomes how it is computed.
//!
//! Nothing is decided here: the tree says which function, which conversion and which column, this module
//! says it in DataFusion's words. Names are not PostgreSQL's any more: every relation of a statement gets a
//! qualifier of its own and every column of it a name of its own, so that no two things of a plan are ever
//! confused. What the engine cannot do is refused with 0A000.

mod aggregate;
mod decimal;
mod expression;
mod records;
mod recursive;
mod relation;
mod rows;
mod sets;
mod subquery;
mod window;

use std::collections::HashSet;
use std::sync::Arc;

use ::recursive::recursive;
use datafusion::common::metadata::FieldMetadata;
use datafusion::common::{Column as PlanColumn, DFSchema, DFSchemaRef, ScalarValue, TableReference};
use datafusion::logical_expr::expr::Sort;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, cast};

use super::bind::bound::OutputColumn;
use super::bind::tree::{
    Distinct, Expression, Kind, Limit, Query, QueryBody, SetOperation, SetOperator, SortKey, TypeRef,
};
use super::bind::{errors, refuse};
use super::environment::Environment;
use super::planner::Planner;
use crate::catalog::types::PgType;
use crate::error::{QueryError, Result};

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
    let columns = visible.zip(plan.schema().fields()).map(|(target, field)| {
        let (table, attnum) = target.origin;
        let data_type = match pg_type(target.expression.data_type)? {
            // A numeric without a modifier has as many digits as its expression gives it.
            PgType::Numeric(None) => PgType::of_arrow(field.data_type()),
            data_type => data_type,
        };
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
}

impl Level {
    fn new(query: &Query) -> Self {
        let relations = query.relations.iter().map(|_| Names::Absent).collect();
        Self { relations, computed: Vec::new(), schema: Arc::new(DFSchema::empty()), ctes: query.ctes.clone() }
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
        let plan = self.leveled(query);
        self.beside = outside;
        self.levels.pop();
        plan
    }

    fn leveled(&mut self, query: &Query) -> Result<LogicalPlan> {
        let (input, distinct) = match &query.body {
            QueryBody::Select { from, filter, grouping, having, windows, distinct } => {
                let mut plan = self.from(query, from)?;
                self.see(&plan);
                if let Some(filter) = filter {
                    let condition = self.expression(filter)?;
                    plan = build(LogicalPlanBuilder::from(plan).filter(condition))?;
                }
                plan = self.aggregated(plan, query, grouping.as_ref(), having.as_ref())?;
                self.see(&plan);
                if let Some(having) = having {
                    let condition = self.expression(having)?;
                    plan = build(LogicalPlanBuilder::from(plan).filter(condition))?;
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
            Some(Distinct::All) => build(LogicalPlanBuilder::from(plan).distinct())?,
            Some(Distinct::On(expressions)) => self.distinct_on(plan, query, expressions)?,
        };
        if query.limit.with_ties {
            plan = self.with_ties(plan, query)?;
        } else {
            plan = self.sorted(plan, query)?;
            plan = self.limited(plan, &query.limit)?;
        }
        let hidden = query.targets.iter().any(|target| target.hidden);
        if !hidden {
            return Ok(plan);
        }
        let visible = query.targets.iter().enumerate().filter(|(_, target)| !target.hidden);
        let visible: Vec<_> = visible.map(|(index, _)| column(&plan, index)).collect();
        build(LogicalPlanBuilder::from(plan).project(visible))
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
            let data_type = match data_type {
                PgType::Numeric(None) => {
                    PgType::of_arrow(&expression.get_type(input.schema()).map_err(errors::translate)?)
                }
                data_type => data_type,
            };
            expressions.push(expression.alias_with_metadata(name, Some(metadata(&data_type))));
        }
        build(LogicalPlanBuilder::from(input).project(expressions))
    }

    fn distinct_on(&mut self, plan: LogicalPlan, query: &Query, on: &[Expression]) -> Result<LogicalPlan> {
        let on = on.iter().map(|expression| target_column(&plan, query, expression)).collect::<Result<Vec<_>>>()?;
        let sort = sort_of(&plan, query, &query.order_by)?;
        let all = (0..query.targets.len()).map(|index| column(&plan, index)).collect();
        let sort = if sort.is_empty() { None } else { Some(sort) };
        build(LogicalPlanBuilder::from(plan).distinct_on(on, all, sort))
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
        let (left, right) = decimal::same_columns(left, right)?;
        let plan = match (operation.operator, operation.all) {
            (SetOperator::Union, true) => build(LogicalPlanBuilder::from(left).union(right))?,
            (SetOperator::Union, false) => build(LogicalPlanBuilder::from(left).union_distinct(right))?,
            (SetOperator::Intersect, false) => {
                LogicalPlanBuilder::intersect(left, right, false).map_err(errors::translate)?
            }
            (SetOperator::Except, false) => {
                LogicalPlanBuilder::except(left, right, false).map_err(errors::translate)?
            }
            (SetOperator::Intersect, true) => {
                counted(left, right, |left, right| LogicalPlanBuilder::intersect(left, right, false))?
            }
            (SetOperator::Except, true) => {
                counted(left, right, |left, right| LogicalPlanBuilder::except(left, right, false))?
            }
        };
        self.name_result(plan, "set")
    }

    fn values(&mut self, rows: &[Vec<Expression>]) -> Result<LogicalPlan> {
        let plan = self.rows(rows)?;
        self.name_result(plan, "values")
    }

    /// Rows of expressions as a plan.
    fn rows(&mut self, rows: &[Vec<Expression>]) -> Result<LogicalPlan> {
        let width = rows.first().map_or(0, Vec::len);
        let mut lowered = vec![Vec::with_capacity(width); rows.len()];
        for index in 0..width {
            let column = rows.iter().map(|row| self.expression(&row[index])).collect::<Result<Vec<_>>>()?;
            let is_numeric = rows.iter().any(|row| decimal::is_free(row[index].data_type));
            let column = if is_numeric { self.same_decimals(column)? } else { column };
            for (row, cell) in lowered.iter_mut().zip(column) {
                row.push(cell);
            }
        }
        build(LogicalPlanBuilder::values(lowered))
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

/// A set operation over rows of which each is numbered among its equals: so as many of them are left as ALL
/// asks for.
fn counted(
    left: LogicalPlan,
    right: LogicalPlan,
    operation: impl FnOnce(LogicalPlan, LogicalPlan) -> datafusion::common::Result<LogicalPlan>,
) -> Result<LogicalPlan> {
    let count = left.schema().fields().len();
    let plan = operation(rows::numbered_among_equals(left)?, rows::numbered_among_equals(right)?);
    let plan = plan.map_err(errors::translate)?;
    let columns: Vec<_> = (0..count).map(|index| column(&plan, index)).collect();
    build(LogicalPlanBuilder::from(plan).project(columns))
}

/// A column that an aggregate or window function gave, in the Arrow form of its type: the engine counts without a
/// sign. A numeric has the digits that it came with.
fn in_form(column: Expr, plan: &LogicalPlan, data_type: &PgType) -> Result<Expr> {
    let actual = column.get_type(plan.schema()).map_err(errors::translate)?;
    let wanted = data_type.arrow();
    Ok(if actual == wanted || matches!(data_type, PgType::Numeric(None) | PgType::Array(_) | PgType::Record(_)) {
        column
    } else {
        cast(column, wanted)
    })
}

/// Can the value be computed before the statement runs?
fn is_known(expression: &Expression, lowered: &Expr) -> bool {
    let varies = expression.mentions(|part, _| {
        matches!(part.kind, Kind::Parameter(_) | Kind::Column(_) | Kind::Subquery(_) | Kind::Value(_))
    });
    !varies && !lowered.is_volatile()
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
        let data_type = column.get_type(plan.schema()).map_err(errors::translate)?;
        sort.extend(records::sort_keys(column, &data_type, key.descending, key.nulls_first));
    }
    Ok(sort)
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
