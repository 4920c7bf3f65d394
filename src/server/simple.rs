//! The simple query protocol: one string, any number of statements, one implicit transaction.

use arrow::array::RecordBatch;
use futures::StreamExt;
use futures::stream;

use super::connection::{Connection, Failure};
use super::encode::{self, RowEncoder};
use super::message::Format;
use crate::session::{Outcome, Rows, RowsTag};

/// How the answer to a statement ends.
pub(super) enum End {
    Empty,
    Tag(String),
}

/// What is left of a result of which enough rows were sent.
pub(super) struct Sent {
    pub rows: u64,
    /// `None`: the result has ended.
    pub rest: Option<Rows>,
}

impl Connection {
    /// Runs a query string. Its last statement is only said to be done after the commit: a client that reads
    /// `INSERT 0 1` may rely on the row.
    pub(super) async fn simple_query(&mut self, sql: &str) -> Result<(), Failure> {
        let statements = self.session.split(sql)?;
        let Some(last) = statements.len().checked_sub(1) else {
            self.session.sync().await?;
            self.wire.output.empty_query();
            return Ok(());
        };
        for (index, statement) in statements.iter().enumerate() {
            let outcome = self.session.run(statement, Vec::new()).await?;
            let end = self.send_outcome(outcome).await?;
            if index == last {
                self.session.sync().await?;
            }
            self.send_end(end);
        }
        Ok(())
    }

    async fn send_outcome(&mut self, outcome: Outcome) -> Result<End, Failure> {
        match outcome {
            Outcome::Empty => Ok(End::Empty),
            Outcome::Command { tag } => Ok(End::Tag(tag)),
            Outcome::Rows { columns, stream, tag } => {
                self.wire.output.row_description(encode::describe(&columns, &[]));
                let sent = self.send_rows(&columns, stream, &[], usize::MAX).await?;
                Ok(End::Tag(RowsTag::finish(tag, sent.rows)))
            }
            Outcome::CopyIn(copy) => self.copy_in(copy).await.map(End::Tag),
            Outcome::CopyOut(copy) => self.copy_out(copy).await.map(End::Tag),
        }
    }

    pub(super) fn send_end(&mut self, end: End) {
        self.send_notices();
        match end {
            End::Empty => self.wire.output.empty_query(),
            End::Tag(tag) => self.wire.output.command_complete(tag),
        }
    }

    /// Sends rows as they come, at most `limit`, and waits for the client whenever a buffer is full.
    pub(super) async fn send_rows(
        &mut self,
        columns: &[crate::query::OutputColumn],
        mut rows: Rows,
        formats: &[Format],
        limit: usize,
    ) -> Result<Sent, Failure> {
        let style = self.session.style();
        let mut encoder = None;
        let mut sent = 0;
        while let Some(batch) = rows.next().await {
            let batch = batch?;
            let encoder = match &encoder {
                Some(encoder) => encoder,
                None => encoder.insert(RowEncoder::new(&batch.schema(), columns, formats, &style)?),
            };
            let take = batch.num_rows().min(limit - sent);
            for row in 0..take {
                encoder.row(&batch, row, &mut self.wire.output)?;
                if self.wire.is_full() {
                    self.wire.flush().await?;
                }
            }
            sent += take;
            if sent == limit {
                return Ok(Sent { rows: sent as u64, rest: Some(put_back(batch, take, rows)) });
            }
        }
        Ok(Sent { rows: sent as u64, rest: None })
    }
}

/// The rows that are left when the first `taken` rows of `batch` were sent.
fn put_back(batch: RecordBatch, taken: usize, rows: Rows) -> Rows {
    if taken == batch.num_rows() {
        return rows;
    }
    let left = batch.slice(taken, batch.num_rows() - taken);
    stream::iter([Ok(left)]).chain(rows).boxed()
}
