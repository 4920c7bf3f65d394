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
use futures::FutureExt;
use futures::future::BoxFuture;

use super::provided;
use crate::catalog::Tenant;
use crate::catalog::system::{Source, SystemContext, SystemTable};
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::bind::errors;
use crate::query::environment::Environment;
use crate::query::scan::ScanContext;
use crate::query::scan::leaf_plan;
use crate::query::{ScalarValue, values};

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

/// A relation of the system as a virtual table.
pub fn of_system(table: &'static SystemTable) -> Arc<VirtualTable> {
    let schema = Arc::clone(table.arrow());
    let rows: Option<Rows> = match table.source {
        Source::Empty => None,
        Source::Catalog(_) => Some(Arc::new(move |context: Arc<ScanContext>| {
            async move {
                let tenants = context.environment.host.databases();
                table.rows(&system_context(&context.environment, &tenants), None)
            }
            .boxed()
        })),
        Source::Provided => Some(Arc::new(move |context: Arc<ScanContext>| {
            async move { table.batch(&provided::rows(table.schema, table.name, &context)?, None) }.boxed()
        })),
    };
    VirtualTable::with_schema(table.name, schema, rows)
}

/// What the rows of `pg_catalog` are made from.
pub fn system_context<'a>(environment: &'a Environment, tenants: &'a [Arc<Tenant>]) -> SystemContext<'a> {
    SystemContext { catalog: &environment.catalog, user: &environment.user, operator: environment.operator, tenants }
}

/// Rows of values as one batch.
///
/// # Errors
/// When a row does not have the columns' types.
pub fn batch(columns: &[(&str, PgType)], rows: Vec<Vec<ScalarValue>>) -> Result<RecordBatch> {
    let mut values: Vec<Vec<ScalarValue>> = vec![Vec::with_capacity(rows.len()); columns.len()];
    for row in rows {
        for (column, value) in values.iter_mut().zip(row) {
            column.push(value);
        }
    }
    let fields: Vec<_> = columns.iter().map(|(name, data_type)| data_type.field(*name, true)).collect();
    let arrays = values
        .into_iter()
        .zip(columns)
        .map(|(column, (_, data_type))| values::to_array(column, data_type))
        .collect::<Result<Vec<_>>>()?;
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays);
    batch.map_err(|error| errors::translate(error.into()))
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

    leaf_plan!();

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
