//! Binding of queries: the five steps of this module in order.

use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan, Volatility};
use datafusion::sql::planner::{PlannerContext, SqlToRel};
use datafusion::sql::sqlparser::ast::{Query, Statement};

use super::bound::{Bound, OutputColumn, Plan};
use super::parameters::Parameters;
use super::provider::Provider;
use super::tree::TypeRef;
use super::{analyse, errors, normalise, output, resolve, unify};
use crate::base::ids::Oid;
use crate::catalog::facts::Facts;
use crate::catalog::types::PgType;
use crate::error::{QueryError, Result};
use crate::query::direct;
use crate::query::environment::Environment;
use crate::query::lower;
use crate::query::planner::Planner;

impl Planner {
    /// Binds a query. `parameter_types` are the types that the client declared; the others are inferred.
    ///
    /// # Errors
    /// PostgreSQL's errors of parse analysis, with their position.
    pub fn bind(
        &self,
        environment: &Arc<Environment>,
        query: &Query,
        parameter_types: &[Option<PgType>],
    ) -> Result<Bound> {
        let source = environment.source.as_deref();
        if environment.direct_path {
            let parameters = Parameters::declared(parameter_types);
            if let Some(bound) = direct::recognise(environment, query, &parameters)? {
                return Ok(bound);
            }
        }
        if let Some(bound) = self.bind_tree(environment, query, parameter_types)? {
            return Ok(bound);
        }
        let parameters = Parameters::declared(parameter_types);
        let bound =
            self.plan(environment, query, &parameters).and_then(|plan| self.finish(environment, plan, &parameters));
        bound.map_err(|error| errors::locate(error, query, source))
    }

    /// Binds a query by PostgreSQL's rules. `None` for what these cannot be followed for yet.
    fn bind_tree(
        &self,
        environment: &Arc<Environment>,
        query: &Query,
        declared: &[Option<PgType>],
    ) -> Result<Option<Bound>> {
        let bound = Self::analysed(environment, declared, |context| analyse::query(context, query));
        let bound = bound.and_then(|(tree, parameters)| {
            let (plan, columns) = lower::query(self, environment, &tree)?;
            self.finish_as(environment, plan, columns, parameters)
        });
        match bound {
            Ok(bound) => Ok(Some(bound)),
            Err(error) if error.sqlstate().0 == "0A000" => {
                tracing::debug!(reason = %error, "the older way binds this query");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// What analysis makes of a statement, and the types of its parameters.
    pub(super) fn analysed<T>(
        environment: &Arc<Environment>,
        declared: &[Option<PgType>],
        analyse: impl FnOnce(&analyse::Context<'_>) -> Result<T>,
    ) -> Result<(T, Vec<PgType>)> {
        let declared: Vec<Oid> = declared.iter().map(|data_type| data_type.as_ref().map_or(0, PgType::oid)).collect();
        let parameters = resolve::Parameters::declared(&declared);
        let context = analyse::Context::new(environment, Facts::shipped(), &parameters);
        let tree = analyse(&context)?;
        let types = parameters.types()?.into_iter().map(|oid| lower::pg_type(TypeRef::plain(oid)));
        Ok((tree, types.collect::<Result<_>>()?))
    }

    /// A query as a plan that is not analysed yet, all its parameters typed.
    pub(crate) fn plan(
        &self,
        environment: &Arc<Environment>,
        query: &Query,
        parameters: &Parameters,
    ) -> Result<LogicalPlan> {
        let mut query = query.clone();
        normalise::query(&mut query, parameters, self)?;
        let provider = Provider::new(self, environment);
        let build = |complete: bool| {
            let mut context = PlannerContext::new().with_prepare_param_data_types(parameters.fields(complete));
            let plan = SqlToRel::new(&provider)
                .sql_statement_to_plan_with_context(Statement::Query(Box::new(query.clone())), &mut context)
                .map_err(errors::translate)?;
            unify::set_operations(plan, &environment.style)
        };
        infer(parameters, build)
    }

    /// Analyses and optimises a plan and describes its output.
    pub(crate) fn finish(
        &self,
        environment: &Arc<Environment>,
        plan: LogicalPlan,
        parameters: &Parameters,
    ) -> Result<Bound> {
        let columns = output::columns(&plan);
        self.finish_as(environment, plan, columns, parameters.types())
    }

    /// Analyses and optimises a plan whose output is known.
    pub(super) fn finish_as(
        &self,
        environment: &Arc<Environment>,
        plan: LogicalPlan,
        columns: Arc<[OutputColumn]>,
        parameters: Vec<PgType>,
    ) -> Result<Bound> {
        let state = self.state(environment);
        let optimised = is_timeless(&plan)?;
        let analyse = |plan| state.analyzer().execute_and_check(plan, state.config_options(), |_, _| {});
        let (plan, optimised) = if optimised {
            let before = plan.clone();
            let plan = state.optimize(&plan).map_err(errors::translate)?;
            // A plan is kept for long: it must not hold a large value that the optimiser computed.
            if holds_large_value(&plan)? { (analyse(before), false) } else { (Ok(plan), true) }
        } else {
            (analyse(plan), false)
        };
        let plan = Arc::new(plan.map_err(errors::translate)?);
        Ok(Bound {
            columns,
            parameters,
            catalog_version: environment.catalog.version,
            identified: false,
            plan: Plan::Logical { plan, optimised },
        })
    }
}

/// Plans once when all types are known, otherwise once to learn them and once more to use them.
pub(crate) fn infer(parameters: &Parameters, build: impl Fn(bool) -> Result<LogicalPlan>) -> Result<LogicalPlan> {
    let plan = build(false);
    if !parameters.incomplete() {
        let plan = plan?;
        check_parameters(parameters)?;
        return Ok(plan);
    }
    if let Ok(plan) = &plan {
        parameters.learn(plan)?;
    }
    let plan = build(true)?;
    check_parameters(parameters)?;
    Ok(plan)
}

/// Every number between 1 and the highest must be used, or its type cannot be known.
fn check_parameters(parameters: &Parameters) -> Result<()> {
    match parameters.unmentioned() {
        Some(number) => Err(QueryError::IndeterminateParameter(number).into()),
        None => Ok(()),
    }
}

/// Largest literal of a plan that is kept.
const KEPT_LITERAL_BYTES: usize = 1 << 20;

fn holds_large_value(plan: &LogicalPlan) -> Result<bool> {
    let mut large = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                large |= matches!(expr, Expr::Literal(value, _) if value.size() > KEPT_LITERAL_BYTES);
                Ok(if large { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
        })
    })
    .map_err(errors::translate)?;
    Ok(large)
}

/// May the optimiser run once for all executions? Not when it would fold a function of the session or the
/// time, nor when a limit is a parameter, which only a planned scan can use.
fn is_timeless(plan: &LogicalPlan) -> Result<bool> {
    let mut timeless = true;
    plan.apply_with_subqueries(|node| {
        let has_limit = matches!(node, LogicalPlan::Limit(_));
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                let is_timed = match expr {
                    Expr::ScalarFunction(call) => call.func.signature().volatility == Volatility::Stable,
                    Expr::Placeholder(_) => has_limit,
                    _ => false,
                };
                if is_timed {
                    timeless = false;
                    return Ok(TreeNodeRecursion::Stop);
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })
    .map_err(errors::translate)?;
    Ok(timeless)
}
