//! UPDATE: the query finds the rows and computes their new values, the transaction applies them.
//!
//! A row that another transaction changed in between makes the whole statement run again on a new read
//! point, with the locks it has. So WHERE and SET are always evaluated on the row that is replaced.

use std::sync::Arc;

use arrow::array::RecordBatch;

use super::Running;
use super::by_key::{self, ByKey};
use crate::Result;
use crate::error::{SessionError, StorageError};
use crate::query::BoundUpdate;
use crate::session::outcome::{Outcome, RowsTag};
use crate::session::prepared::{Plan, Prepared};
use crate::transaction::Applied;

/// How many columns identify a row: `_key` and `_seq`.
pub(super) const IDENTITY_COLUMNS: usize = 2;

/// Changes all rows that the statement finds.
pub(crate) async fn run(
    running: &mut Running<'_>,
    prepared: &Prepared,
    bound: &Arc<BoundUpdate>,
    by_key: &Option<Arc<ByKey>>,
) -> Result<Outcome> {
    let (mut bound, mut by_key) = (bound.clone(), by_key.clone());
    running.role().may_write(&bound.table.name)?;
    loop {
        running.prepare_checks(&bound.table);
        let (identity, rows) = match &by_key {
            Some(by_key) => {
                let found = by_key::find(running, &bound.table, by_key).await?;
                let rows = by_key::changed(&bound.table, by_key, &found.rows, running.parameters)?;
                (found.identity, rows)
            }
            None => {
                let found = running.collect(&bound.source).await?;
                split(&found, bound.table.columns.len())?
            }
        };
        match running.transaction().update(&bound.table, &identity, rows.clone()).await? {
            Applied::Done(changed) => return running.changed(&bound.returning, &changed, &rows, RowsTag::Update),
            Applied::Retry => match running.begin_again(prepared).await? {
                None => {}
                Some(Plan::Update(again, again_by_key)) => (bound, by_key) = (again, again_by_key),
                Some(_) => return Err(SessionError::PlanChanged.into()),
            },
        }
    }
}

/// The identity of the rows, and the columns of their table.
pub(super) fn split(found: &RecordBatch, columns: usize) -> Result<(RecordBatch, RecordBatch)> {
    let arrow = |source| StorageError::Arrow { source };
    let identity = found.project(&(0..IDENTITY_COLUMNS).collect::<Vec<_>>()).map_err(arrow)?;
    let rows = found.project(&(IDENTITY_COLUMNS..IDENTITY_COLUMNS + columns).collect::<Vec<_>>()).map_err(arrow)?;
    Ok((identity, rows))
}

/// Everything but the identity.
pub(super) fn without_identity(found: &RecordBatch) -> Result<RecordBatch> {
    let rest: Vec<_> = (IDENTITY_COLUMNS..found.num_columns()).collect();
    Ok(found.project(&rest).map_err(|source| StorageError::Arrow { source })?)
}
