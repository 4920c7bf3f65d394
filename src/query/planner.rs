//! What all statements of a database share: DataFusion's rules and memory, and nothing else.
//!
//! DataFusion is given no way out. Its object-store registry knows no store and registers none, no catalog
//! of its own exists, and its settings are reachable from no statement: `SET datafusion.…` is an unknown
//! setting for the session. Memory is one bounded pool for all queries of the database (53200 beyond it),
//! sorts and aggregates spill into one directory.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::common::config::{ConfigExtension, ConfigOptions, Dialect};
use datafusion::common::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::TaskContext;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::object_store::{DefaultObjectStoreRegistry, ObjectStoreRegistry, ObjectStoreUrl};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::functions_aggregate::first_last::first_value_udaf;
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::optimizer::analyzer::resolve_grouping_function::ResolveGroupingFunction;
use datafusion::optimizer::analyzer::type_coercion::TypeCoercion;
use datafusion::optimizer::{Analyzer, Optimizer};
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::prelude::SessionConfig;
use quick_cache::sync::Cache;

use super::apply;
use super::bind::empty::Empty;
use super::bind::errors;
use super::bind::expression::TableDefaults;
use super::bind::intervals::Intervals;
use super::bind::recursive::Recursive;
use super::bind::resolve;
use super::checks::TableChecks;
use super::environment::Environment;
use super::order::KeepOrder;
use super::scan::ScanContext;
use super::watch::{Checkpoint, Watches};
use crate::error::Result;
use crate::storage::BATCH_ROWS;

/// What the planner may use.
#[derive(Clone, Debug)]
pub struct PlannerOptions {
    /// Memory for all running queries of the database together.
    pub memory_bytes: usize,
    /// Where sorts and aggregates spill; `None` lets a query fail with 53200 instead.
    pub spill_directory: Option<PathBuf>,
    /// Most bytes of spill files of all running queries together; beyond it: 53400.
    pub max_spill_bytes: u64,
    /// How many parts of one query run at the same time.
    pub partitions: usize,
    /// Rows of one batch between operators.
    pub batch_rows: usize,
}

impl Default for PlannerOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            memory_bytes: 1 << 30,
            spill_directory: None,
            max_spill_bytes: 10 << 30,
            partitions: cores.min(8),
            batch_rows: BATCH_ROWS,
        }
    }
}

/// Binds and executes statements. One per database, shared by all its sessions.
pub struct Planner {
    state: Arc<SessionState>,
    /// The compiled checks of tables, by the address of their definition, which each entry keeps alive.
    checks: Cache<usize, Arc<TableChecks>>,
    /// The bound defaults of tables, likewise.
    defaults: Cache<usize, Arc<TableDefaults>>,
}

/// Most tables whose checks and defaults are remembered.
const CHECKED_TABLES: usize = 1024;

impl std::fmt::Debug for Planner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Planner").finish_non_exhaustive()
    }
}

impl Planner {
    /// Builds the rules.
    ///
    /// # Errors
    /// When the spill directory cannot be used.
    pub fn new(options: PlannerOptions) -> Result<Self> {
        resolve::prepare();
        let runtime = runtime(&options).map_err(errors::translate)?;
        let state = SessionStateBuilder::new()
            .with_session_id("kalam".into())
            .with_config(config(&options))
            .with_runtime_env(runtime)
            // Plans hold their functions. The only one that a rule looks up, to make DISTINCT ON an aggregate, is
            // this; a state is copied for every statement, and so is what is registered in it.
            .with_aggregate_functions(vec![first_value_udaf()])
            .with_analyzer_rules(
                Analyzer::with_rules(vec![
                    Arc::new(Checkpoint),
                    Arc::new(Empty),
                    Arc::new(Intervals),
                    Arc::new(ResolveGroupingFunction::new()),
                    Arc::new(Checkpoint),
                    Arc::new(TypeCoercion::new()),
                    Arc::new(Recursive),
                ])
                .rules,
            )
            .with_optimizer_rules(Checkpoint::between(Optimizer::new().rules))
            .with_physical_optimizer_rules(Checkpoint::between_physical(PhysicalOptimizer::new().rules))
            .with_query_planner(Arc::new(apply::QueryPlanner))
            .with_physical_optimizer_rule(Arc::new(KeepOrder))
            .with_physical_optimizer_rule(Arc::new(Watches))
            .build();
        Ok(Self { state: Arc::new(state), checks: Cache::new(CHECKED_TABLES), defaults: Cache::new(CHECKED_TABLES) })
    }

    /// The shared state, for name resolution.
    pub(crate) fn shared(&self) -> &SessionState {
        &self.state
    }

    /// The shared state, for those who plan later.
    pub(crate) fn base(&self) -> Arc<SessionState> {
        Arc::clone(&self.state)
    }

    /// What expressions need to be evaluated outside of a plan, by functions that see `environment`. A state
    /// would do as well, but costs more to make than most expressions to evaluate.
    pub(crate) fn execution_props(&self, environment: Option<&Arc<Environment>>) -> ExecutionProps {
        let mut options = ConfigOptions::clone(self.state.config_options());
        if let Some(environment) = environment {
            let extension = EnvironmentExtension { environment: Some(Arc::clone(environment)), context: None };
            options.extensions.insert(extension);
        }
        let mut props = ExecutionProps::new();
        props.mark_start_execution(Arc::new(options));
        props
    }

    /// The checks of tables that were written to.
    pub(crate) fn checks(&self) -> &Cache<usize, Arc<TableChecks>> {
        &self.checks
    }

    /// The defaults of tables that were written to.
    pub(crate) fn defaults(&self) -> &Cache<usize, Arc<TableDefaults>> {
        &self.defaults
    }

    /// A state whose functions see `environment`.
    pub(crate) fn state(&self, environment: &Arc<Environment>) -> SessionState {
        let mut state = self.state.as_ref().clone();
        let extension = EnvironmentExtension { environment: Some(Arc::clone(environment)), context: None };
        state.config_mut().options_mut().extensions.insert(extension);
        begin(&mut state);
        state
    }
}

/// Physical expressions take their configuration, and with it the environment, from the execution's
/// properties.
fn begin(state: &mut SessionState) {
    let options = Arc::clone(state.config_options());
    state.execution_props_mut().mark_start_execution(options);
}

/// A state whose functions see the environment and whose tables can be read.
pub(crate) fn running_state(base: &SessionState, context: Arc<ScanContext>) -> SessionState {
    let mut state = base.clone();
    let extension = EnvironmentExtension {
        environment: Some(Arc::clone(&context.environment)),
        context: Some(Arc::clone(&context)),
    };
    state.config_mut().options_mut().extensions.insert(extension);
    state.config_mut().set_extension(context);
    begin(&mut state);
    state
}

/// What a physical plan runs in. Its expressions hold their functions already, so it gets none: copying the
/// registry, as DataFusion does, would cost more than many a query.
pub(crate) fn task(state: &SessionState) -> Arc<TaskContext> {
    Arc::new(TaskContext::new(
        None,
        state.session_id().to_owned(),
        state.config().clone(),
        HashMap::new(),
        HashMap::new(),
        HashMap::new(),
        HashMap::new(),
        Arc::clone(state.runtime_env()),
    ))
}

/// Carries the environment to functions inside DataFusion's configuration.
#[derive(Clone, Debug, Default)]
pub struct EnvironmentExtension {
    environment: Option<Arc<Environment>>,
    /// The execution, for subqueries that run inside a function.
    context: Option<Arc<ScanContext>>,
}

impl EnvironmentExtension {
    /// The environment of the running statement.
    ///
    /// # Errors
    /// When a function is called where there is none, which only happens in the shared state.
    pub fn of(options: &ConfigOptions) -> DataFusionResult<&Arc<Environment>> {
        options
            .extensions
            .get::<EnvironmentExtension>()
            .and_then(|extension| extension.environment.as_ref())
            .ok_or_else(|| DataFusionError::Internal("no environment for a function of the session".into()))
    }

    /// The running execution.
    ///
    /// # Errors
    /// While a statement is only bound.
    pub fn context_of(options: &ConfigOptions) -> DataFusionResult<&Arc<ScanContext>> {
        options
            .extensions
            .get::<EnvironmentExtension>()
            .and_then(|extension| extension.context.as_ref())
            .ok_or_else(|| DataFusionError::Internal("a subquery runs without a snapshot".into()))
    }
}

impl ConfigExtension for EnvironmentExtension {
    const PREFIX: &'static str = "kalam";
}

impl datafusion::common::config::ExtensionOptions for EnvironmentExtension {
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn std::any::Any {
        self
    }

    fn cloned(&self) -> Box<dyn datafusion::common::config::ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, _value: &str) -> DataFusionResult<()> {
        Err(DataFusionError::Configuration(format!("kalam.{key} is not a setting of DataFusion")))
    }

    fn entries(&self) -> Vec<datafusion::common::config::ConfigEntry> {
        Vec::new()
    }
}

fn config(options: &PlannerOptions) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(false)
        .with_target_partitions(options.partitions.max(1))
        .with_batch_size(options.batch_rows.max(1));
    let settings = config.options_mut();
    settings.sql_parser.dialect = Dialect::PostgreSQL;
    settings.sql_parser.parse_float_as_decimal = true;
    settings.sql_parser.map_string_types_to_utf8view = false;
    settings.sql_parser.collect_spans = true;
    settings.sql_parser.enable_subquery_sort_elimination = false;
    settings.execution.time_zone = Some("UTC".into());
    settings.execution.collect_statistics = false;
    // The schemas of PostgreSQL's catalogs carry type metadata on columns that DataFusion's aggregates
    // drop; its check would refuse such plans although they are right.
    settings.execution.skip_physical_aggregate_schema_check = true;
    config
}

fn runtime(options: &PlannerOptions) -> DataFusionResult<Arc<RuntimeEnv>> {
    let mode = match &options.spill_directory {
        Some(directory) => DiskManagerMode::Directories(vec![directory.clone()]),
        None => DiskManagerMode::Disabled,
    };
    RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(options.memory_bytes)))
        .with_disk_manager_builder(
            DiskManagerBuilder::default().with_mode(mode).with_max_temp_directory_size(options.max_spill_bytes),
        )
        .with_object_store_registry(Arc::new(no_stores()?))
        .build_arc()
}

/// DataFusion's registry without the one store it begins with, the local disk: no plan can open a file or
/// a URL.
fn no_stores() -> DataFusionResult<DefaultObjectStoreRegistry> {
    let registry = DefaultObjectStoreRegistry::new();
    registry.deregister_store(ObjectStoreUrl::local_filesystem().as_ref())?;
    Ok(registry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_plan_can_open_a_file() {
        let planner = Planner::new(PlannerOptions::default()).unwrap();
        let runtime = planner.shared().runtime_env();
        assert!(runtime.object_store(ObjectStoreUrl::local_filesystem()).is_err());
        assert!(runtime.object_store(ObjectStoreUrl::parse("http://example.org").unwrap()).is_err());
    }
}
