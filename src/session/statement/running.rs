//! What every statement file has in its hands while its statement runs.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{Field, Schema};
use datafusion::common::ScalarValue;
use futures::StreamExt;

use crate::Result;
use crate::base::shutdown::CancellationToken;
use crate::catalog::Table;
use crate::catalog::types::PgType;
use crate::error::{StorageError, TransactionError};
use crate::query::{Bound, Environment, OutputColumn, Planner, Returning};
use crate::session::outcome::{Outcome, Rows, RowsTag};
use crate::session::prepared::{Plan, Prepared};
use crate::session::principal::Role;
use crate::session::run;
use crate::session::state::Session;
use crate::transaction::{Changed, Transaction};

/// A statement that runs: its session, what it knows, its parameters.
pub(crate) struct Running<'a> {
    pub session: &'a mut Session,
    pub environment: Arc<Environment>,
    pub parameters: &'a [ScalarValue],
    pub cancel: CancellationToken,
}

impl Running<'_> {
    pub fn transaction(&mut self) -> &mut Transaction {
        self.session.transaction.as_mut().expect("a statement runs in a transaction")
    }

    pub fn planner(&self) -> Arc<Planner> {
        self.session.shared.services.planner.clone()
    }

    pub fn role(&self) -> Role {
        self.session.shared.role()
    }

    pub fn notice(&self, sqlstate: &'static str, message: String) {
        self.session.shared.notices.lock().notice(sqlstate, message);
    }

    /// Begins the statement again after another transaction changed a row that it found. When the definitions
    /// have changed while it waited, it is bound once more and its new plan comes back.
    pub async fn begin_again(&mut self, prepared: &Prepared) -> Result<Option<Plan>> {
        self.transaction().statement_begin().await?;
        let transaction = self.session.transaction.as_ref().expect("a statement runs in a transaction");
        self.environment = self.session.environment(transaction, None, self.cancel.clone());
        if self.session.validity(&self.environment) == prepared.valid {
            return Ok(None);
        }
        Ok(Some(self.session.plan(&prepared.parsed, &prepared.declared, &self.environment)?.plan.clone()))
    }

    /// Ends an UPDATE or DELETE that changed these of the `rows`.
    pub fn changed(
        &mut self,
        returning: &Option<Returning>,
        changed: &Changed,
        rows: &RecordBatch,
        tag: RowsTag,
    ) -> Result<Outcome> {
        let outcome = match returning {
            Some(returning) => {
                let rows = changed.of(rows)?;
                let returned = self.planner().returning(&self.environment, returning, self.parameters, &rows)?;
                ready(returning.columns.clone(), vec![returned], tag)
            }
            None => Outcome::Command { tag: tag.finish(changed.count) },
        };
        self.transaction().statement_end();
        Ok(outcome)
    }

    /// Lets the transaction evaluate the checks of a table, if it has any.
    pub fn prepare_checks(&mut self, table: &Table) {
        if !table.checks.is_empty() {
            let checks = self.planner().row_check(&self.environment);
            self.transaction().set_checks(checks);
        }
    }

    /// Starts a bound query.
    pub async fn query(&mut self, bound: &Bound) -> Result<Rows> {
        let planner = self.planner();
        let transaction = self.session.transaction.as_ref().expect("a statement runs in a transaction");
        let view = transaction.view();
        let stream = planner
            .execute(&self.environment, bound, self.parameters, view, transaction.store(), self.cancel.clone())
            .await?;
        Ok(run::rows(stream))
    }

    /// All rows of a bound query as one batch: what an UPDATE or DELETE changes. Bounded by the bound of
    /// the transaction itself, whose writes are not smaller.
    pub async fn collect(&mut self, bound: &Bound) -> Result<RecordBatch> {
        let planner = self.planner();
        let maximum_bytes = self.session.shared.services.limits.transaction_bytes;
        let transaction = self.session.transaction.as_ref().expect("a statement runs in a transaction");
        let view = transaction.view();
        let stream = planner
            .execute(&self.environment, bound, self.parameters, view, transaction.store(), self.cancel.clone())
            .await?;
        let schema = stream.schema();
        let mut rows = run::rows(stream);
        let mut batches = Vec::new();
        let mut bytes = 0;
        while let Some(batch) = rows.next().await {
            let batch = batch?;
            bytes += batch.get_array_memory_size();
            if bytes > maximum_bytes.saturating_mul(4) {
                return Err(TransactionError::TooLarge { maximum_bytes }.into());
            }
            batches.push(batch);
        }
        if batches.len() == 1 {
            return Ok(batches.remove(0));
        }
        Ok(concat_batches(&schema, &batches).map_err(|source| StorageError::Arrow { source })?)
    }
}

/// An outcome of rows that are there already.
pub(crate) fn ready(columns: Arc<[OutputColumn]>, batches: Vec<RecordBatch>, tag: RowsTag) -> Outcome {
    let stream = futures::stream::iter(batches.into_iter().map(Ok)).boxed();
    Outcome::Rows { columns, stream, tag }
}

/// Columns of text that no table has.
pub(crate) fn text_columns(names: &[&str]) -> Arc<[OutputColumn]> {
    names
        .iter()
        .map(|name| OutputColumn { name: (*name).to_owned(), data_type: PgType::Text, table: 0, attnum: 0 })
        .collect()
}

/// An outcome of rows of text: SHOW and EXPLAIN.
pub(crate) fn text_rows(names: &[&str], rows: Vec<Vec<String>>, tag: RowsTag) -> Result<Outcome> {
    let fields: Vec<Field> = names.iter().map(|name| PgType::Text.field(*name, false)).collect();
    let columns: Vec<ArrayRef> = (0..names.len())
        .map(|at| Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row[at].as_str()))) as ArrayRef)
        .collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
        .map_err(|source| StorageError::Arrow { source })?;
    Ok(ready(text_columns(names), vec![batch], tag))
}
