//! EXPLAIN: the plan as text, and with ANALYZE what it did.

use std::sync::Arc;

use datafusion::physical_plan::display::DisplayableExecutionPlan;
use datafusion::physical_plan::execute_stream;
use futures::StreamExt;

use super::ScalarValue;
use super::bind::bound::Plan;
use super::bind::{Bound, errors};
use super::environment::Environment;
use super::planner::{Planner, running_state};
use crate::base::shutdown::CancellationToken;
use crate::error::{QueryError, Result};
use crate::storage::{TenantStore, View};

/// What EXPLAIN is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExplainOptions {
    /// Run the query and show what it did.
    pub analyze: bool,
    pub verbose: bool,
}

impl Planner {
    /// The lines of `QUERY PLAN`.
    ///
    /// # Errors
    /// As [`Planner::execute`].
    #[expect(clippy::too_many_arguments, reason = "what execution takes, and what to show of it")]
    pub async fn explain(
        &self,
        environment: &Arc<Environment>,
        bound: &Bound,
        parameters: &[ScalarValue],
        view: View,
        store: &TenantStore,
        cancel: CancellationToken,
        options: ExplainOptions,
    ) -> Result<Vec<String>> {
        let started = environment.clock.now_us();
        let mut lines = Vec::new();
        match &bound.plan {
            Plan::Direct(direct) => {
                lines.push(direct.describe());
                if options.analyze {
                    let rows = direct.execute(parameters, view, store, cancel)?;
                    let rows = count(rows).await?;
                    lines.push(format!("  Actual Rows: {rows}"));
                }
            }
            Plan::Logical { plan, .. } => {
                if options.verbose {
                    lines.extend(plan.display_indent().to_string().lines().map(str::to_owned));
                }
                let (physical, context) = self.physical(environment, bound, parameters, view, store, cancel).await?;
                if options.analyze {
                    let state = running_state(self.shared(), context);
                    let rows = execute_stream(Arc::clone(&physical), state.task_ctx()).map_err(errors::translate)?;
                    count(rows).await?;
                    let text = DisplayableExecutionPlan::with_metrics(physical.as_ref()).indent(options.verbose);
                    lines.extend(text.to_string().lines().map(str::to_owned));
                } else {
                    let text = DisplayableExecutionPlan::new(physical.as_ref()).indent(options.verbose);
                    lines.extend(text.to_string().lines().map(str::to_owned));
                }
            }
        }
        if options.analyze {
            #[expect(clippy::cast_precision_loss, reason = "microseconds of one statement fit a double")]
            let elapsed_ms = (environment.clock.now_us() - started) as f64 / 1000.0;
            lines.push(format!("Execution Time: {elapsed_ms:.3} ms"));
        }
        Ok(lines)
    }
}

async fn count(mut rows: super::SendableRecordBatchStream) -> Result<usize> {
    let mut count = 0;
    while let Some(batch) = rows.next().await {
        count += batch.map_err(errors::translate)?.num_rows();
    }
    Ok(count)
}

/// 0A000 for a format that is not text.
///
/// # Errors
/// Always, unless the format is text.
pub fn check_format(format: &str) -> Result<()> {
    if format.eq_ignore_ascii_case("text") {
        return Ok(());
    }
    Err(QueryError::NotSupported(format!("EXPLAIN (FORMAT {}) is not supported", format.to_uppercase())).into())
}
