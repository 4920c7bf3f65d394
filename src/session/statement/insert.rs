//! INSERT: rows flow from the query into the transaction, batch by batch.

use futures::StreamExt;

use super::Running;
use super::running::ready;
use crate::Result;
use crate::query::{BoundInsert, ConflictAction};
use crate::session::outcome::{Outcome, RowsTag};
use crate::session::run::rows;
use crate::transaction::OnConflict;

/// Inserts all rows; with RETURNING they come back as they were inserted.
pub(crate) async fn run(running: &mut Running<'_>, bound: &BoundInsert) -> Result<Outcome> {
    let table = &bound.table;
    running.role().may_write(&table.name)?;
    running.prepare_checks(table);
    let on_conflict = match bound.on_conflict {
        ConflictAction::Error => OnConflict::Error,
        ConflictAction::DoNothing => OnConflict::DoNothing,
    };
    let planner = running.planner();
    let (environment, cancel, parameters) = (running.environment.clone(), running.cancel.clone(), running.parameters);
    let transaction = running.transaction();
    let view = transaction.view();
    let stream = planner.execute_insert(&environment, bound, parameters, view, transaction.store(), cancel).await?;
    let mut source = rows(stream);
    let mut count = 0;
    let mut returned = Vec::new();
    while let Some(batch) = source.next().await {
        let inserted = match batch {
            Ok(batch) => transaction.insert(table, batch, on_conflict).await?,
            Err(error) => {
                transaction.statement_rollback();
                return Err(error);
            }
        };
        count += inserted.count;
        if let Some(returning) = &bound.returning {
            returned.push(planner.returning(&environment, returning, parameters, &inserted.rows)?);
        }
    }
    transaction.statement_end();
    Ok(match &bound.returning {
        Some(returning) => ready(returning.columns.clone(), returned, RowsTag::Insert),
        None => Outcome::Command { tag: RowsTag::Insert.finish(count) },
    })
}
