//! The database inside a program: statements in, Arrow out, no socket.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::ScalarValue;
use futures::TryStreamExt;

use super::outcome::Outcome;
use super::run::affected;
use super::state::Session;
use super::statement::command::Parsed;
use crate::Result;
use crate::error::SessionError;
use crate::notify::Notification;
use crate::query::OutputColumn;

/// The rows of a query, and their columns in PostgreSQL's types.
#[derive(Clone, Debug)]
pub struct QueryResult {
    pub columns: Arc<[OutputColumn]>,
    pub batches: Vec<RecordBatch>,
}

impl QueryResult {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

impl Session {
    /// Runs statements and answers how many rows the last one changed (or returned). What is not in a
    /// transaction block is committed when this returns.
    ///
    /// # Errors
    /// Every error of the statements and of the commit. Nothing of an implicit transaction stays then.
    ///
    /// # Durability
    /// As `commit.durability` says: by default an `Ok` survives a power failure.
    pub async fn execute(&mut self, sql: &str) -> Result<u64> {
        let mut affected = 0;
        for statement in self.split_or_fail(sql)? {
            let outcome = self.run(&statement, Vec::new()).await?;
            affected = self.drain(outcome).await?;
        }
        self.sync().await?;
        Ok(affected)
    }

    /// Runs one statement and returns its rows as Arrow batches; a statement without rows gives none.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub async fn query(&mut self, sql: &str) -> Result<QueryResult> {
        self.query_with(sql, Vec::new()).await
    }

    /// As [`query`](Self::query), with the values of `$1`, `$2`, … They are converted to the parameters'
    /// types by [`prepare`](Self::prepare)'s rules: give them in the Arrow form of those types.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub async fn query_with(&mut self, sql: &str, parameters: Vec<ScalarValue>) -> Result<QueryResult> {
        let mut statements = self.split_or_fail(sql)?;
        let (Some(statement), true) = (statements.pop(), statements.is_empty()) else {
            return Err(SessionError::MultipleCommands.into());
        };
        let outcome = self.run(&statement, parameters).await?;
        let result = match outcome {
            Outcome::Rows { columns, stream, .. } => match stream.try_collect().await {
                Ok(batches) => QueryResult { columns, batches },
                Err(error) => {
                    self.fail();
                    return Err(error);
                }
            },
            other => {
                self.drain(other).await?;
                QueryResult { columns: Arc::new([]), batches: Vec::new() }
            }
        };
        self.sync().await?;
        Ok(result)
    }

    /// Waits for the next notification of a channel this session listens to.
    pub async fn next_notification(&mut self) -> Notification {
        loop {
            if let Some(notification) = self.shared.subscriber.try_next() {
                return notification;
            }
            self.shared.subscriber.ready().await;
        }
    }

    fn split_or_fail(&mut self, sql: &str) -> Result<Vec<Parsed>> {
        let statements = self.split(sql);
        // A text that does not parse fails the block it stands in.
        statements.inspect_err(|_| self.fail())
    }

    async fn drain(&mut self, outcome: Outcome) -> Result<u64> {
        let drained = match outcome {
            Outcome::Empty => Ok(0),
            Outcome::Command { tag } => Ok(affected(&tag)),
            Outcome::Rows { mut stream, .. } => {
                let mut rows = 0;
                loop {
                    match stream.try_next().await {
                        Ok(Some(batch)) => rows += batch.num_rows() as u64,
                        Ok(None) => break Ok(rows),
                        Err(error) => break Err(error),
                    }
                }
            }
            Outcome::CopyIn(copy) => Err(copy.fail("COPY FROM STDIN needs a client that sends data")),
            Outcome::CopyOut(_) => {
                Err(SessionError::NotSupported("COPY TO STDOUT needs a client that takes data".into()).into())
            }
        };
        if drained.is_err() {
            self.fail();
        }
        drained
    }
}
