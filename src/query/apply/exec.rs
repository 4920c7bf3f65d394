//! The operator at work.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::Result as DataFusionResult;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Literal;
use datafusion::physical_plan::execute_stream;
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use futures::StreamExt;
use tokio::sync::OnceCell;

use super::rows::Rows;
use super::set::PhysicalTest;
use super::values::{Answer, Values};
use super::{Correlated, Gives};
use crate::query::operator::{Operator, WAITING_BATCHES};
use crate::query::planner::{EnvironmentExtension, running_state, task};
use crate::query::scan::ScanContext;

/// What the operator computes over the columns of its input.
#[derive(Clone, Debug, Default)]
pub(super) struct Expressions {
    /// What the correlated plan's inputs are.
    pub arguments: Vec<Arc<dyn PhysicalExpr>>,
    /// The operands of the test.
    pub operands: Vec<Arc<dyn PhysicalExpr>>,
    pub guard: Option<Arc<dyn PhysicalExpr>>,
    pub test: Option<Arc<PhysicalTest>>,
}

impl Expressions {
    /// Is the plan the same for every row?
    fn is_uncorrelated(&self) -> bool {
        self.arguments.iter().all(|argument| argument.downcast_ref::<Literal>().is_some())
    }
}

/// Runs a plan for every row of its input. See [`super::Apply`].
#[derive(Clone, Debug)]
pub(super) struct ApplyWork {
    correlated: Correlated,
    gives: Gives,
    expressions: Expressions,
    /// The answer of a plan that is the same for every row.
    only: Arc<OnceCell<Answer>>,
}

impl ApplyWork {
    pub(super) fn new(correlated: Correlated, gives: Gives, expressions: Expressions) -> Self {
        Self { correlated, gives, expressions, only: Arc::default() }
    }
}

impl fmt::Display for ApplyWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, ": {}, keys=[", self.gives)?;
        for (index, argument) in self.expressions.arguments.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{argument}")?;
        }
        f.write_str("]")?;
        match &self.expressions.guard {
            Some(guard) => write!(f, ", guard={guard}"),
            None => Ok(()),
        }
    }
}

impl Operator for ApplyWork {
    const NAME: &'static str = "ApplyExec";

    fn expressions(&self) -> Vec<Arc<dyn PhysicalExpr>> {
        let Expressions { arguments, operands, guard, .. } = &self.expressions;
        arguments.iter().chain(operands).chain(guard).cloned().collect()
    }

    fn benefits_from_partitions(&self) -> bool {
        !self.expressions.is_uncorrelated()
    }

    /// In another round of a recursive query the plan may give another answer.
    fn renewed(&self) -> Self {
        Self { only: Arc::default(), ..self.clone() }
    }

    fn execute(
        &self,
        mut input: SendableRecordBatchStream,
        schema: &SchemaRef,
        context: &Arc<TaskContext>,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let mut builder = RecordBatchReceiverStreamBuilder::new(Arc::clone(schema), WAITING_BATCHES);
        let inner = Inner {
            scan: Arc::clone(EnvironmentExtension::context_of(context.session_config().options())?),
            correlated: self.correlated.clone(),
        };
        let (expressions, schema, sender) = (self.expressions.clone(), Arc::clone(schema), builder.tx());
        let batch_rows = context.session_config().batch_size();
        match &self.gives {
            Gives::Rows { outer } => {
                let mut work = Rows::new(inner, expressions.arguments, *outer, schema, batch_rows, sender);
                builder.spawn(async move {
                    while let Some(batch) = input.next().await {
                        if !work.batch(&batch?).await? {
                            return Ok(());
                        }
                    }
                    work.finish().await
                });
            }
            gives => {
                let only = expressions.is_uncorrelated().then(|| Arc::clone(&self.only));
                let memory = MemoryConsumer::new("ApplyExec").register(context.memory_pool());
                let mut work = Values::new(inner, expressions, gives.clone(), schema, only, memory);
                builder.spawn(async move {
                    while let Some(batch) = input.next().await {
                        let batch = work.batch(&batch?).await?;
                        if sender.send(Ok(batch)).await.is_err() {
                            return Ok(());
                        }
                    }
                    Ok(())
                });
            }
        }
        Ok(builder.build())
    }
}

/// The correlated plan, ready to run.
pub(super) struct Inner {
    pub scan: Arc<ScanContext>,
    pub correlated: Correlated,
}

impl Inner {
    /// The rows for one value of each input.
    pub async fn rows(&self, key: &[datafusion::common::ScalarValue]) -> DataFusionResult<SendableRecordBatchStream> {
        let state = running_state(&self.scan.base, Arc::clone(&self.scan));
        let physical = state.create_physical_plan(&self.correlated.with_values(key)?).await?;
        execute_stream(physical, task(&state))
    }
}
