//! What DataFusion's planner may see: the relations of the tenant, the views of the system, our functions.

use std::sync::Arc;

use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::config::ConfigOptions;
use datafusion::common::{Result as DataFusionResult, TableReference};
use datafusion::datasource::cte_worktable::CteWorkTable;
use datafusion::datasource::provider_as_source;
use datafusion::execution::SessionStateDefaults;
use datafusion::logical_expr::planner::{ContextProvider, ExprPlanner, TypePlanner};
use datafusion::logical_expr::{AggregateUDF, Expr, HigherOrderUDF, ScalarUDF, TableSource, WindowUDF};

use super::operators::Operators;
use super::types::Types;
use super::{errors, relations};
use crate::error::{Error, QueryError};
use crate::query::environment::Environment;
use crate::query::functions::{aggregates, cast, table, undefined};
use crate::query::planner::Planner;

/// What the normaliser must know of functions.
pub trait Functions {
    /// Is it a scalar function, and neither an aggregate nor a window function?
    fn is_scalar(&self, name: &str) -> bool;
}

impl Functions for Planner {
    fn is_scalar(&self, name: &str) -> bool {
        let state = self.shared();
        state.scalar_functions().contains_key(name)
            && !state.aggregate_functions().contains_key(name)
            && !state.window_functions().contains_key(name)
    }
}

/// Resolves names for one statement.
pub struct Provider<'a> {
    planner: &'a Planner,
    environment: &'a Arc<Environment>,
    /// Are names looked up in `pg_catalog` only? True inside the system's own views.
    system_only: bool,
    expression_planners: Vec<Arc<dyn ExprPlanner>>,
}

impl<'a> Provider<'a> {
    /// For a statement of a session.
    pub fn new(planner: &'a Planner, environment: &'a Arc<Environment>) -> Self {
        let mut expression_planners: Vec<Arc<dyn ExprPlanner>> = vec![Arc::new(Operators::new(environment))];
        expression_planners.extend(SessionStateDefaults::default_expr_planners());
        Self { planner, environment, system_only: false, expression_planners }
    }

    /// For the text of a system view.
    pub fn system(planner: &'a Planner, environment: &'a Arc<Environment>) -> Self {
        Self { system_only: true, ..Self::new(planner, environment) }
    }

    fn relation(&self, name: &TableReference) -> Result<Arc<dyn TableSource>, Error> {
        if let Some(catalog) = name.catalog() {
            if catalog != self.environment.database {
                let text = format!("{catalog}.{}.{}", name.schema().unwrap_or_default(), name.table());
                return Err(QueryError::NotSupported(format!(
                    "cross-database references are not implemented: \"{text}\""
                ))
                .into());
            }
        }
        relations::resolve(self.planner, self.environment, self.system_only, name.schema(), name.table())
    }
}

impl ContextProvider for Provider<'_> {
    fn get_table_source(&self, name: TableReference) -> DataFusionResult<Arc<dyn TableSource>> {
        self.relation(&name).map_err(errors::external)
    }

    fn get_table_function_source(&self, name: &str, args: Vec<Expr>) -> DataFusionResult<Arc<dyn TableSource>> {
        let provider =
            table::function(name, args, self.environment, self.planner.shared()).map_err(errors::external)?;
        Ok(provider_as_source(provider))
    }

    fn create_cte_work_table(&self, name: &str, schema: SchemaRef) -> DataFusionResult<Arc<dyn TableSource>> {
        Ok(provider_as_source(Arc::new(CteWorkTable::new(name, schema))))
    }

    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        &self.expression_planners
    }

    fn get_type_planner(&self) -> Option<Arc<dyn TypePlanner>> {
        Some(Arc::new(Types))
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        if let Some(cast) = cast::by_name(name) {
            return Some(cast);
        }
        let state = self.planner.shared();
        if let Some(function) = state.scalar_functions().get(name) {
            return Some(Arc::clone(function));
        }
        let known = name == "unnest"
            || state.aggregate_functions().contains_key(name)
            || state.window_functions().contains_key(name);
        (!known).then(|| undefined::function(name))
    }

    fn get_higher_order_meta(&self, _name: &str) -> Option<Arc<HigherOrderUDF>> {
        None
    }

    fn get_aggregate_meta(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        aggregates::by_name(name).or_else(|| self.planner.shared().aggregate_functions().get(name).cloned())
    }

    fn get_window_meta(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.planner.shared().window_functions().get(name).cloned()
    }

    fn get_variable_type(&self, _names: &[String]) -> Option<DataType> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        self.planner.shared().config_options()
    }

    fn udf_names(&self) -> Vec<String> {
        self.planner.shared().scalar_functions().keys().cloned().collect()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udaf_names(&self) -> Vec<String> {
        self.planner.shared().aggregate_functions().keys().cloned().collect()
    }

    fn udwf_names(&self) -> Vec<String> {
        self.planner.shared().window_functions().keys().cloned().collect()
    }
}
