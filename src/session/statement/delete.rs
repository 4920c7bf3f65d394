//! DELETE: the query finds the rows, the transaction removes them. It runs again as UPDATE does.

use std::sync::Arc;

use super::Running;
use super::by_key::{self, ByKey};
use super::update::split;
use crate::Result;
use crate::error::SessionError;
use crate::query::BoundDelete;
use crate::session::outcome::{Outcome, RowsTag};
use crate::session::prepared::{Plan, Prepared};
use crate::transaction::Applied;

/// Removes all rows that the statement finds.
pub(crate) async fn run(
    running: &mut Running<'_>,
    prepared: &Prepared,
    bound: &Arc<BoundDelete>,
    by_key: &Option<Arc<ByKey>>,
) -> Result<Outcome> {
    let (mut bound, mut by_key) = (bound.clone(), by_key.clone());
    running.role().may_write(&bound.table.name)?;
    loop {
        let (identity, rows) = match &by_key {
            Some(by_key) => {
                let found = by_key::find(running, &bound.table, by_key).await?;
                (found.identity, found.rows)
            }
            None => split(&running.collect(&bound.source).await?)?,
        };
        match running.transaction().delete(&bound.table, &identity).await? {
            Applied::Done(changed) => return running.changed(&bound.returning, &changed, &rows, RowsTag::Delete),
            Applied::Retry => match running.begin_again(prepared).await? {
                None => {}
                Some(Plan::Delete(again, again_by_key)) => (bound, by_key) = (again, again_by_key),
                Some(_) => return Err(SessionError::PlanChanged.into()),
            },
        }
    }
}
