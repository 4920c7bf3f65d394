//! A table whose rows are made when it is read.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result as DataFusionResult;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use futures::future::BoxFuture;

use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::bind::errors;
use crate::query::scan::ScanContext;

/// Makes the rows: one batch of all columns.
pub type Rows = Arc<dyn Fn(Arc<ScanContext>) -> BoxFuture<'static, Result<RecordBatch>> + Send + Sync>;

/// A table whose rows are made when it is read.
pub struct VirtualTable {
    name: String,
    schema: SchemaRef,
    /// `None` for a relation that has no rows, whatever happens.
    rows: Option<Rows>,
}

impl VirtualTable {
    /// A table with these columns.
    pub fn new(name: &str, columns: &[(&str, PgType)], rows: Rows) -> Arc<Self> {
        let fields: Vec<_> = columns.iter().map(|(name, data_type)| data_type.field(*name, true)).collect();
        Self::with_schema(name, Arc::new(Schema::new(fields)), Some(rows))
    }

    /// A table with this schema; without `rows` it is always empty.
    pub fn with_schema(name: &str, schema: SchemaRef, rows: Option<Rows>) -> Arc<Self> {
        Arc::new(Self { name: name.to_owned(), schema, rows })
    }

    /// Has it no rows, whatever happens?
    pub fn is_always_empty(&self) -> bool {
        self.rows.is_none()
    }
}

impl fmt::Debug for VirtualTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VirtualTable").field("name", &self.name).finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for VirtualTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let projection = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let schema = Arc::new(self.schema.project(&projection)?);
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        ));
        Ok(Arc::new(VirtualExec { name: self.name.clone(), rows: self.rows.clone(), projection, properties }))
    }
}

/// Reads a virtual table.
struct VirtualExec {
    name: String,
    rows: Option<Rows>,
    projection: Vec<usize>,
    properties: Arc<PlanProperties>,
}

impl fmt::Debug for VirtualExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VirtualExec").field("name", &self.name).finish_non_exhaustive()
    }
}

impl DisplayAs for VirtualExec {
    fn fmt_as(&self, _kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VirtualExec: {}", self.name)
    }
}

impl ExecutionPlan for VirtualExec {
    fn name(&self) -> &'static str {
        "VirtualExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> DataFusionResult<TreeNodeRecursion>,
    ) -> DataFusionResult<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, _partition: usize, task: Arc<TaskContext>) -> DataFusionResult<SendableRecordBatchStream> {
        let context = ScanContext::of(&task)?;
        let (schema, projection, rows) = (self.schema(), self.projection.clone(), self.rows.clone());
        let output = Arc::clone(&schema);
        let batch = async move {
            let Some(rows) = rows else { return Ok(RecordBatch::new_empty(output)) };
            let batch = rows(context).await.map_err(errors::external)?;
            let batch = batch.project(&projection)?;
            let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            Ok(RecordBatch::try_new_with_options(output, batch.columns().to_vec(), &options)?)
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, futures::stream::once(batch))))
    }
}
