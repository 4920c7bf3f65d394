//! Views of the system: SQL text under `catalog/`, bound like any other query.
//!
//! A view mentions relations of the system only, and those never change, so its plan is made once per
//! planner and then shared by every statement of every tenant: the plan has no rows in it.

use std::sync::Arc;

use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::logical_expr::{LogicalPlan, TableSource};
use datafusion::sql::planner::SqlToRel;
use datafusion::sql::sqlparser::ast::Statement;

use super::parameters::Parameters;
use super::provider::Provider;
use super::{errors, normalise};
use crate::catalog::system as catalog_system;
use crate::error::{QueryError, Result};
use crate::query::environment::Environment;
use crate::query::parse;
use crate::query::planner::Planner;

/// Is there a view of this name?
pub fn exists(schema: &str, name: &str) -> bool {
    catalog_system::view(schema, name).is_some()
}

/// The view of this name as a source of rows.
///
/// # Errors
/// When its text does not bind, which a test excludes for all views.
pub fn find(
    planner: &Planner,
    environment: &Arc<Environment>,
    schema: &str,
    name: &str,
) -> Result<Option<Arc<dyn TableSource>>> {
    let Some(sql) = catalog_system::view(schema, name) else { return Ok(None) };
    let key = format!("{schema}.{name}");
    if let Some(plan) = planner.views().lock().get(&key) {
        return Ok(Some(source(plan)));
    }
    let plan = Arc::new(plan(planner, environment, sql)?);
    planner.views().lock().insert(key, Arc::clone(&plan));
    Ok(Some(source(&plan)))
}

fn source(plan: &Arc<LogicalPlan>) -> Arc<dyn TableSource> {
    provider_as_source(Arc::new(ViewTable::new(plan.as_ref().clone(), None)))
}

fn plan(planner: &Planner, environment: &Arc<Environment>, sql: &str) -> Result<LogicalPlan> {
    let statement = parse::parse(sql)?.into_iter().next().map(|parsed| parsed.statement);
    let query = match statement {
        Some(Statement::Query(query)) => Some(*query),
        Some(Statement::CreateView(view)) => Some(*view.query),
        _ => None,
    };
    let Some(mut query) = query else {
        return Err(QueryError::Engine { message: "the text of a system view is not a query".into() }.into());
    };
    normalise::view(&mut query, &Parameters::default(), planner)?;
    let provider = Provider::system(planner, environment);
    SqlToRel::new(&provider).sql_statement_to_plan(Statement::Query(Box::new(query))).map_err(errors::translate)
}
