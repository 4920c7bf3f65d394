//! Messages that go to the client beside a result: NOTICE and WARNING.
//!
//! They are collected while a statement runs and taken by whoever shows them. The list is bounded: a
//! statement that would warn once per row must not fill the memory.

use crate::error::SqlState;

/// Most notices kept between two calls of [`Notices::take`].
pub const NOTICES: usize = 1_000;

/// How loud a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeLevel {
    Notice,
    Warning,
}

impl NoticeLevel {
    /// The word in the message's severity field.
    pub fn name(self) -> &'static str {
        match self {
            Self::Notice => "NOTICE",
            Self::Warning => "WARNING",
        }
    }
}

/// The fields of a NoticeResponse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeReport {
    pub level: NoticeLevel,
    pub sqlstate: SqlState,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
}

/// What was noticed and not yet taken.
#[derive(Debug, Default)]
pub(crate) struct Notices(Vec<NoticeReport>);

impl Notices {
    pub(crate) fn notice(&mut self, sqlstate: &'static str, message: impl Into<String>) {
        self.push(NoticeLevel::Notice, sqlstate, message.into());
    }

    pub(crate) fn warning(&mut self, sqlstate: &'static str, message: impl Into<String>) {
        self.push(NoticeLevel::Warning, sqlstate, message.into());
    }

    fn push(&mut self, level: NoticeLevel, sqlstate: &'static str, message: String) {
        if self.0.len() < NOTICES {
            self.0.push(NoticeReport { level, sqlstate: SqlState(sqlstate), message, detail: None, hint: None });
        }
    }

    pub(crate) fn take(&mut self) -> Vec<NoticeReport> {
        std::mem::take(&mut self.0)
    }
}
