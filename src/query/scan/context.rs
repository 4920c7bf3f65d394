//! What one execution reads: a snapshot of one tenant's rows.

use std::sync::Arc;

use datafusion::common::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::TaskContext;
use datafusion::execution::session_state::SessionState;
use datafusion::prelude::SessionConfig;

use crate::base::shutdown::CancellationToken;
use crate::query::environment::Environment;
use crate::storage::{TenantStore, View};

/// What one execution reads. It travels in the extensions of DataFusion's session configuration.
#[derive(Clone)]
pub struct ScanContext {
    pub environment: Arc<Environment>,
    pub view: View,
    pub store: TenantStore,
    pub cancel: CancellationToken,
    /// The planner's state, for subqueries that are planned while the query runs.
    pub(crate) base: Arc<SessionState>,
}

impl ScanContext {
    /// The context of a running task.
    ///
    /// # Errors
    /// When a plan is run without one, which the planner excludes.
    pub fn of(task: &TaskContext) -> DataFusionResult<Arc<ScanContext>> {
        Self::of_config(task.session_config())
    }

    /// The context in a configuration.
    ///
    /// # Errors
    /// As [`ScanContext::of`].
    pub fn of_config(config: &SessionConfig) -> DataFusionResult<Arc<ScanContext>> {
        config
            .get_extension::<ScanContext>()
            .ok_or_else(|| DataFusionError::Internal("a scan runs without a snapshot".into()))
    }
}

impl std::fmt::Debug for ScanContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScanContext").field("environment", &self.environment).finish_non_exhaustive()
    }
}
