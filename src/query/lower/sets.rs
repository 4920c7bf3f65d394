//! Functions that return sets: in FROM, and in the select list.
//!
//! Such a function becomes an expression that gives all its values as one list, and the list becomes rows. Several
//! in one select list advance side by side, the shorter ones padded with NULLs, as in PostgreSQL since 10.

use arrow::datatypes::DataType;
use datafusion::common::{Column as PlanColumn, UnnestOptions};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast};

use super::outer::mentions_subquery;
use super::{Lowering, Names, build, column, is_known, pg_type, rows};
use crate::catalog::facts::FunctionFact;
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::apply::Series;
use crate::query::bind::tree::{Expression, FunctionItem, Kind, Query, Relation};
use crate::query::bind::{errors, refuse};
use crate::query::functions::{registry, table};
use crate::query::values;

impl Lowering<'_> {
    /// The set-returning functions of the select list, if there are any. From here on they are columns.
    pub(super) fn expanded(&mut self, plan: LogicalPlan, query: &Query) -> Result<LogicalPlan> {
        let mut calls: Vec<Expression> = Vec::new();
        for target in &query.targets {
            target.expression.walk(0, &mut |found, depth| {
                let Kind::Function { function, .. } = &found.kind else { return depth == 0 };
                let returns_set = self.function_fact(*function).is_ok_and(|fact| fact.returns_set);
                if depth == 0 && returns_set && !calls.contains(found) {
                    calls.push(found.clone());
                }
                depth == 0 && !returns_set
            });
        }
        if calls.is_empty() {
            return Ok(plan);
        }
        let width = plan.schema().fields().len();
        let mut columns: Vec<Expr> = (0..width).map(|index| column(&plan, index)).collect();
        let mut names = Vec::with_capacity(calls.len());
        let mut series = None;
        for call in &calls {
            let Kind::Function { function, arguments, .. } = &call.kind else { continue };
            let fact = self.function_fact(*function)?;
            let name = self.qualifier(&fact.name).table().to_owned();
            if calls.len() > 1 || !self.is_series(call) {
                columns.push(self.list(fact, arguments, call)?.alias(name.clone()));
            } else {
                series = Some((self.bounds(call)?, name.clone()));
            }
            names.push(name);
        }
        let plan = self.attached(plan)?;
        let plan = match series {
            Some((arguments, name)) => Series::plan(plan, arguments, name).map_err(errors::translate)?,
            None => unnested(build(LogicalPlanBuilder::from(plan).project(columns))?, &names)?,
        };
        for (call, name) in calls.into_iter().zip(names) {
            let wanted = pg_type(call.data_type)?.arrow();
            let value = Expr::Column(PlanColumn::from_name(name));
            self.level().computed.push((call, cast(value, wanted)));
        }
        Ok(plan)
    }

    /// Functions in FROM.
    pub(super) fn functions(
        &mut self,
        relation: &Relation,
        items: &[FunctionItem],
        ordinality: bool,
    ) -> Result<(LogicalPlan, Names)> {
        let name = relation.alias.clone().unwrap_or_else(|| "function".to_owned());
        let outside = std::mem::replace(&mut self.beside, true);
        let plan = self.apart(|this| match items {
            [item] => this.function_rows(item, relation, ordinality),
            several => this.side_by_side(several),
        });
        self.beside = outside;
        let plan = if ordinality { rows::numbered(plan?)? } else { plan? };
        if plan.schema().fields().len() != relation.columns.len() {
            return Err(refuse::not_supported("this function in FROM"));
        }
        self.relation_of(plan, &name)
    }

    fn function_rows(&mut self, item: &FunctionItem, relation: &Relation, ordinality: bool) -> Result<LogicalPlan> {
        let Kind::Function { function, arguments, .. } = &item.call.kind else {
            let value = self.expression(&item.call)?;
            return build(self.one_row()?.project([value.alias("value")]));
        };
        let fact = self.function_fact(*function)?;
        if !fact.returns_set {
            let value = self.expression(&item.call)?;
            return build(self.one_row()?.project([value.alias(fact.name.clone())]));
        }
        let width = relation.columns.len() - usize::from(ordinality);
        // As a relation it makes its rows as they are read; as a list it would hold all of them.
        let known = !arguments.iter().any(mentions_subquery);
        let lowered = match known {
            true => arguments.iter().map(|argument| self.folded(argument)).collect::<Result<Vec<_>>>()?,
            false => Vec::new(),
        };
        let provider =
            known.then(|| table::function(&fact.name, lowered.clone(), self.environment, self.planner.shared()));
        if let Some(Ok(provider)) = provider {
            let is_series = fact.name == "generate_series";
            if provider.schema().fields().len() == width && (!is_series || lowered.iter().all(is_literal)) {
                let qualifier = self.qualifier(&fact.name);
                let plan = build(LogicalPlanBuilder::scan(qualifier, provider_as_source(provider), None))?;
                return self.as_result(plan, &item.call, width);
            }
        }
        if self.is_series(&item.call) {
            let arguments = self.bounds(&item.call)?;
            let row = build(Ok(self.one_row()?))?;
            let plan = Series::plan(row, arguments, fact.name.clone()).map_err(errors::translate)?;
            let last = column(&plan, plan.schema().fields().len() - 1);
            let plan = build(LogicalPlanBuilder::from(plan).project([last]))?;
            return self.as_result(plan, &item.call, width);
        }
        let plan = self.side_by_side(std::slice::from_ref(item))?;
        self.as_result(plan, &item.call, width)
    }

    /// One row, with the columns that expressions over it are waiting for.
    fn one_row(&mut self) -> Result<LogicalPlanBuilder> {
        let plan = build(Ok(LogicalPlanBuilder::empty(true)))?;
        self.attached(plan).map(LogicalPlanBuilder::from)
    }

    /// The rows of functions beside each other, the shorter ones padded with NULLs.
    fn side_by_side(&mut self, items: &[FunctionItem]) -> Result<LogicalPlan> {
        let mut columns = Vec::new();
        for item in items {
            let Kind::Function { function, arguments, .. } = &item.call.kind else {
                return Err(refuse::not_supported("ROWS FROM of this function"));
            };
            let fact = self.function_fact(*function)?;
            if !fact.returns_set {
                return Err(refuse::not_supported("ROWS FROM of a function that returns no set"));
            }
            if fact.outputs.len() > 1 {
                let arguments = self.all(arguments)?;
                columns.extend(registry::set_of_columns(fact, &arguments)?);
            } else {
                columns.push(self.list(fact, arguments, &item.call)?);
            }
        }
        let names: Vec<String> = (1..=columns.len()).map(|number| format!("column{number}")).collect();
        let columns = columns.into_iter().zip(&names).map(|(list, name)| list.alias(name.clone()));
        let plan = build(self.one_row()?.project(columns))?;
        unnested(plan, &names)
    }

    /// An argument, as a literal if its value is known.
    fn folded(&mut self, argument: &Expression) -> Result<Expr> {
        let lowered = self.expression(argument)?;
        if !is_known(argument, &lowered) {
            return Ok(lowered);
        }
        let data_type = match pg_type(argument.data_type)? {
            // DataFusion's series are of bigint.
            PgType::Int4 => PgType::Int8,
            other => other,
        };
        Ok(values::constant(self.planner.constant(self.environment, &lowered, &data_type)?, &data_type))
    }

    /// The one column of a function in the type that the function returns.
    fn as_result(&mut self, plan: LogicalPlan, call: &Expression, width: usize) -> Result<LogicalPlan> {
        if width != 1 {
            return Ok(plan);
        }
        let Ok(wanted) = pg_type(call.data_type).map(|data_type| data_type.arrow()) else { return Ok(plan) };
        let field = plan.schema().field(0);
        if *field.data_type() == wanted {
            return Ok(plan);
        }
        let name = field.name().clone();
        let value = cast(column(&plan, 0), wanted).alias(name);
        build(LogicalPlanBuilder::from(plan).project([value]))
    }

    /// Is it `generate_series` over integers?
    fn is_series(&self, call: &Expression) -> bool {
        let Kind::Function { function, arguments, variadic: false, .. } = &call.kind else { return false };
        let is_integer = |argument: &Expression| {
            matches!(pg_type(argument.data_type), Ok(PgType::Int2 | PgType::Int4 | PgType::Int8))
        };
        self.function_fact(*function).is_ok_and(|fact| fact.name == "generate_series")
            && arguments.iter().all(is_integer)
    }

    /// The arguments of such a call, as bigint.
    fn bounds(&mut self, call: &Expression) -> Result<Vec<Expr>> {
        let Kind::Function { arguments, .. } = &call.kind else { return Ok(Vec::new()) };
        let bigint = |argument: &Expression| Ok(cast(self.expression(argument)?, DataType::Int64));
        arguments.iter().map(bigint).collect()
    }

    /// All values of a set-returning function as one list.
    fn list(&mut self, fact: &FunctionFact, arguments: &[Expression], call: &Expression) -> Result<Expr> {
        let lowered = arguments.iter().map(|argument| self.expression(argument)).collect::<Result<Vec<_>>>()?;
        let types = arguments.iter().map(|argument| pg_type(argument.data_type)).collect::<Result<Vec<_>>>()?;
        registry::set_returning(fact, lowered, &types, &pg_type(call.data_type)?)
    }
}

fn is_literal(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(..))
}

/// Lists as rows; rows whose lists are all empty or NULL vanish.
fn unnested(plan: LogicalPlan, names: &[String]) -> Result<LogicalPlan> {
    let columns = names.iter().map(|name| PlanColumn::from_name(name.clone())).collect();
    let options = UnnestOptions::new().with_preserve_nulls(false);
    build(LogicalPlanBuilder::from(plan).unnest_columns_with_options(columns, options))
}
