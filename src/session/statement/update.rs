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
        let (identity, found) = match &by_key {
            Some(by_key) => {
                let found = by_key::find(running, &bound.table, by_key).await?;
                let rows = by_key::changed(&bound.table, by_key, &found.rows, running.parameters)?;
                (found.identity, rows)
            }
            None => split(&running.collect(&bound.source).await?)?,
        };
        // Behind the table's columns may be those of other relations, for RETURNING.
        let rows = first(&found, bound.table.columns.len())?;
        match running.transaction().update(&bound.table, &identity, rows).await? {
            Applied::Done(changed) => return running.changed(&bound.returning, &changed, &found, RowsTag::Update),
            Applied::Retry => match running.begin_again(prepared).await? {
                None => {}
                Some(Plan::Update(again, again_by_key)) => (bound, by_key) = (again, again_by_key),
                Some(_) => return Err(SessionError::PlanChanged.into()),
            },
        }
    }
}

/// The identity of the rows, and the rest of their columns.
pub(super) fn split(found: &RecordBatch) -> Result<(RecordBatch, RecordBatch)> {
    let rest: Vec<_> = (IDENTITY_COLUMNS..found.num_columns()).collect();
    let rest = found.project(&rest).map_err(|source| StorageError::Arrow { source })?;
    Ok((first(found, IDENTITY_COLUMNS)?, rest))
}

fn first(found: &RecordBatch, columns: usize) -> Result<RecordBatch> {
    let columns: Vec<_> = (0..columns).collect();
    Ok(found.project(&columns).map_err(|source| StorageError::Arrow { source })?)
}
