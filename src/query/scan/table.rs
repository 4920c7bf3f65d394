//! One table as a source of rows.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;

use super::exec::ScanExec;
use super::filters;
use crate::catalog::Table;

/// The column with a row's encoded key, and the one with its commit sequence. Only DML sees them.
pub const KEY_COLUMN: &str = "_key";
pub const SEQ_COLUMN: &str = "_seq";

/// One table of the tenant.
#[derive(Debug)]
pub struct TableScan {
    table: Arc<Table>,
    /// The visible columns, then, with identity, `_key` and `_seq`.
    schema: SchemaRef,
    with_identity: bool,
}

impl TableScan {
    /// The columns that queries see.
    pub fn new(table: Arc<Table>) -> Self {
        Self { schema: Arc::new(Schema::new(fields(&table))), table, with_identity: false }
    }

    /// The columns and what UPDATE and DELETE need to find a row again.
    pub fn with_identity(table: Arc<Table>) -> Self {
        let mut fields = fields(&table);
        fields.push(Field::new(KEY_COLUMN, DataType::Binary, false));
        fields.push(Field::new(SEQ_COLUMN, DataType::UInt64, false));
        Self { schema: Arc::new(Schema::new(fields)), table, with_identity: true }
    }
}

fn fields(table: &Table) -> Vec<Field> {
    table.columns.iter().map(|column| column.data_type.field(&column.name, !column.not_null)).collect()
}

#[async_trait]
impl TableProvider for TableScan {
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
        conditions: &[Expr],
        limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let projection = match projection {
            Some(projection) => projection.clone(),
            None => (0..self.schema.fields().len()).collect(),
        };
        let pruning = filters::prune(&self.table, conditions);
        let limit = if conditions.is_empty() { limit } else { None };
        let visible = self.table.columns.len();
        Ok(Arc::new(ScanExec::new(
            Arc::clone(&self.table),
            &self.schema,
            projection,
            self.with_identity.then_some(visible),
            pruning,
            limit,
        )?))
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> DataFusionResult<Vec<TableProviderFilterPushDown>> {
        // The storage skips what cannot match; what matches is decided by the filter above the scan.
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }
}
