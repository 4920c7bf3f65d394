//! One running statement, from its first word to its last row: its number, its clock, its cancel token and
//! its line in the log.
//!
//! The line is written when the request is dropped, wherever that happens: a result may still stream long
//! after the statement was started, or be abandoned half-way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::AbortHandle;

use super::shared::Shared;
use crate::base::shutdown::CancellationToken;
use crate::error::{ErrorKind, QueryError, SqlState, TransactionError};

/// Longest text of a statement in the log, in bytes.
pub const LOGGED_TEXT_BYTES: usize = 1_024;

/// A statement that runs.
pub(crate) struct Request {
    number: u64,
    text: Arc<str>,
    started: Instant,
    cancel: CancellationToken,
    timed_out: Arc<AtomicBool>,
    timer: Option<AbortHandle>,
    rows: u64,
    /// Counts the rows of a COPY TO while they are written.
    copied: Option<Arc<AtomicU64>>,
    failed: Option<SqlState>,
    shared: Arc<Shared>,
}

impl Request {
    /// Starts the clock, and the timer of `statement_timeout`.
    pub fn start(shared: &Arc<Shared>, number: u64, text: Arc<str>, timeout: Duration) -> Self {
        let cancel = CancellationToken::new();
        let timed_out = Arc::new(AtomicBool::new(false));
        let text = if names_token(&text) { Arc::from("SELECT kalam.reauthenticate(…)") } else { text };
        shared.entry.begin_statement(text.clone(), cancel.clone(), shared.services.clock.now_us());
        let timer = (!timeout.is_zero()).then(|| {
            let (cancel, timed_out) = (cancel.clone(), timed_out.clone());
            let task = tokio::spawn(async move {
                tokio::time::sleep(timeout).await;
                timed_out.store(true, Ordering::Release);
                cancel.cancel();
            });
            task.abort_handle()
        });
        Self {
            number,
            text,
            started: Instant::now(),
            cancel,
            timed_out,
            timer,
            rows: 0,
            copied: None,
            failed: None,
            shared: shared.clone(),
        }
    }

    pub fn cancel(&self) -> &CancellationToken {
        &self.cancel
    }

    pub fn add_rows(&mut self, rows: u64) {
        self.rows += rows;
    }

    pub fn count_with(&mut self, copied: Arc<AtomicU64>) {
        self.copied = Some(copied);
    }

    /// Names the right reason of a canceled statement, and remembers the failure for the log.
    pub fn failed(&mut self, error: crate::Error) -> crate::Error {
        let canceled = matches!(
            error.kind(),
            ErrorKind::Query(QueryError::Canceled) | ErrorKind::Transaction(TransactionError::Canceled)
        );
        let error = if canceled && self.timed_out.load(Ordering::Acquire) {
            QueryError::StatementTimeout.into()
        } else {
            error
        };
        self.failed = Some(error.sqlstate());
        error
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        if let Some(timer) = &self.timer {
            timer.abort();
        }
        let rows = self.copied.as_ref().map_or(self.rows, |copied| copied.load(Ordering::Relaxed));
        let elapsed = self.started.elapsed();
        let slow = self.shared.services.limits.slow_statement;
        macro_rules! log {
            ($level:expr, $message:literal) => {
                tracing::event!(
                    target: "kalam::statement",
                    $level,
                    request = %format_args!("{}-{}", self.shared.entry.id.0, self.number),
                    tenant = %self.shared.tenant.name,
                    user = %self.shared.entry.user,
                    rows,
                    elapsed_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
                    sqlstate = self.failed.map_or("00000", |state| state.0),
                    statement = cut(&self.text),
                    $message
                )
            };
        }
        if !slow.is_zero() && elapsed >= slow {
            log!(tracing::Level::WARN, "slow statement");
        } else if self.failed.is_some() {
            log!(tracing::Level::INFO, "statement failed");
        } else {
            log!(tracing::Level::DEBUG, "statement");
        }
    }
}

/// Tokens never reach the log or `pg_stat_activity`.
fn names_token(text: &str) -> bool {
    const NAME: &[u8] = b"reauthenticate";
    text.as_bytes().windows(NAME.len()).any(|window| window.eq_ignore_ascii_case(NAME))
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LOGGED_TEXT_BYTES)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_recognised_in_any_spelling() {
        assert!(names_token("select KALAM.ReAuthenticate('ey…')"));
        assert!(!names_token("SELECT 1"));
    }
}
