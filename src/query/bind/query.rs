//! Binding of queries: analysed, lowered, optimised.

use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan, Volatility};
use datafusion::sql::sqlparser::ast::Query;

use super::bound::{Bound, OutputColumn, Plan};
use super::tree::TypeRef;
use super::{analyse, errors, resolve};
use crate::base::ids::Oid;
use crate::catalog::facts::Facts;
use crate::catalog::types::PgType;
use crate::error::Result;
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
        if environment.direct_path {
            if let Some(bound) = direct::recognise(environment, query, parameter_types)? {
                return Ok(bound);
            }
        }
        let (tree, parameters) =
            Self::analysed(environment, parameter_types, |context| analyse::query(context, query))?;
        let (plan, columns) = lower::query(self, environment, &tree)?;
        self.finish(environment, plan, columns, parameters)
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

    /// Optimises a plan.
    pub(super) fn finish(
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
