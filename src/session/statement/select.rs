//! SELECT, VALUES, TABLE: rows as they are computed.

use super::Running;
use crate::Result;
use crate::query::Bound;
use crate::session::outcome::{Outcome, RowsTag};

/// Starts the query. Its rows belong to the snapshot that the statement began with, however late they are read.
pub(crate) async fn run(running: &mut Running<'_>, bound: &Bound) -> Result<Outcome> {
    let stream = running.query(bound).await?;
    running.transaction().statement_end();
    Ok(Outcome::Rows { columns: bound.columns.clone(), stream, tag: RowsTag::Select })
}
