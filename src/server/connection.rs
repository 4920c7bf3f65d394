//! The loop of one connection: wait for a message, answer it, and know when to stop.
//!
//! ```text
//!   wait ── message ──► simple / extended ──► replies gather ──► Sync, Flush, error, bound: one write
//!    │ ▲                                                           │
//!    │ └───────────────────────────────────────────────────────────┘
//!    ├─ notification, while idle outside a transaction ──► NotificationResponse
//!    ├─ idle for too long, shutdown ──► FATAL
//!    └─ (also while a statement runs) token expired, terminated, grace over ──► FATAL
//! ```
//!
//! Whatever stops the loop ends the connection: nothing is read after a FATAL, so that messages a client
//! sent behind a failed login never reach a session.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use pgwire::messages::response::TransactionStatus as WireStatus;

use super::errors;
use super::frame::{Frame, Stage};
use super::listener::Shared;
use super::message::{ClientMessage, Format};
use super::startup::Socket;
use super::wire::{Broken, Wire};
use crate::base::shutdown::CancellationToken;
use crate::error::{AuthError, Error, Report, SessionError, Severity};
use crate::session::{Session, TransactionStatus};

/// Why a connection ends.
#[derive(Debug)]
pub(super) enum Stop {
    /// The client said goodbye, or is gone.
    Gone,
    /// The client is told why.
    Fatal(Error),
}

/// Why a message was not answered as it should be.
#[derive(Debug)]
pub(super) enum Failure {
    /// The statement failed; the connection goes on.
    Statement(Error),
    Stop(Stop),
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Gone => Self::Gone,
            Broken::Protocol(error) => Self::Fatal(error.into()),
        }
    }
}

impl From<Broken> for Failure {
    fn from(broken: Broken) -> Self {
        Self::Stop(broken.into())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error.report().severity {
            Severity::Error => Self::Statement(error),
            Severity::Fatal => Self::Stop(Stop::Fatal(error)),
        }
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        Error::from(error).into()
    }
}

/// A connection with its session.
pub(super) struct Connection {
    pub(super) wire: Wire<Socket>,
    pub(super) session: Session,
    server: Arc<Shared>,
    stage: Stage,
    /// The formats that the portals were bound with.
    pub(super) formats: HashMap<String, Vec<Format>>,
    /// After an error in the extended protocol: everything up to Sync is skipped.
    skipping: bool,
    /// ReadyForQuery was the last thing said.
    ready: bool,
    deadline: Deadline,
}

/// When the session's token expires. Shared with whoever waits for it, since a token can be renewed.
#[derive(Clone, Debug)]
pub(super) struct Deadline(Arc<AtomicI64>);

impl Connection {
    pub(super) fn new(wire: Wire<Socket>, session: Session, server: Arc<Shared>) -> Self {
        Self {
            deadline: Deadline(Arc::new(AtomicI64::new(session.expires_at_us()))),
            stage: Stage::Session { message_bytes: server.config.max_message_bytes },
            wire,
            session,
            server,
            formats: HashMap::new(),
            skipping: false,
            ready: false,
        }
    }

    /// What can end the connection at any moment, also while a statement runs.
    pub(super) fn watch(&self) -> Watch {
        Watch { server: self.server.clone(), deadline: self.deadline.clone(), terminated: self.session.terminated() }
    }

    /// Greets the client and answers its messages until something ends the connection.
    pub(super) async fn serve(&mut self) -> Stop {
        if let Err(stop) = self.greet().await {
            return stop;
        }
        loop {
            let step = match self.next_message().await {
                Ok(frame) => self.answer(frame).await,
                Err(stop) => Err(stop),
            };
            if let Err(stop) = step {
                return stop;
            }
        }
    }

    /// Sends what a new client waits for: who it is talking to, its keys, and that it may begin.
    async fn greet(&mut self) -> Result<(), Stop> {
        let (id, secret) = (self.session.id(), self.session.secret());
        let output = &mut self.wire.output;
        output.put(&pgwire::messages::startup::Authentication::Ok);
        for (name, value) in self.session.take_parameter_changes() {
            output.parameter_status(name, value);
        }
        let secret = pgwire::messages::startup::SecretKey::I32(secret);
        output.put(&pgwire::messages::startup::BackendKeyData::new(id.0, secret));
        self.ready_for_query().await
    }

    async fn next_message(&mut self) -> Result<Frame, Stop> {
        if let Some(frame) = self.wire.next_buffered(self.stage)? {
            return Ok(frame);
        }
        let idle_ms = self.idle_ms();
        let listens = self.ready && self.session.status() == TransactionStatus::Idle;
        let idle = idle(idle_ms);
        tokio::pin!(idle);
        loop {
            tokio::select! {
                biased;
                () = self.server.shutdown.cancelled() => return Err(Stop::Fatal(SessionError::Shutdown.into())),
                frame = self.wire.next(self.stage) => return Ok(frame?),
                () = self.session.subscriber().ready(), if listens => {}
                () = &mut idle => {
                    return Err(Stop::Fatal(match self.session.status() {
                        TransactionStatus::Idle => SessionError::IdleTimeout.into(),
                        _ => SessionError::IdleInTransactionTimeout.into(),
                    }));
                }
            }
            self.push_notifications().await?;
            self.wire.flush().await?;
        }
    }

    /// How long the client may be silent now: the server's limit or the session's own, whichever is shorter.
    /// 0: as long as it likes.
    fn idle_ms(&self) -> u64 {
        if !self.ready {
            return 0;
        }
        let limit = match self.session.status() {
            TransactionStatus::Idle => self.server.config.idle_timeout_ms,
            _ => self.server.config.idle_in_transaction_timeout_ms,
        };
        match (limit, self.session.idle_timeout_ms()) {
            (0, only) | (only, 0) => only,
            (limit, own) => limit.min(own),
        }
    }

    async fn answer(&mut self, frame: Frame) -> Result<(), Stop> {
        let kind = frame.kind;
        // What a failed COPY leaves behind is not an answer to ReadyForQuery.
        self.ready &= matches!(kind, b'd' | b'c' | b'f');
        if self.skipping && !matches!(kind, b'S' | b'X') {
            return Ok(());
        }
        let answered = match ClientMessage::decode(frame) {
            Ok(ClientMessage::Terminate) => return Err(Stop::Gone),
            Ok(message) => self.dispatch(message).await,
            Err(error) => Err(error.into()),
        };
        let failed = match answered {
            Ok(()) => false,
            Err(Failure::Stop(stop)) => return Err(stop),
            Err(Failure::Statement(error)) => {
                self.session.fail();
                self.report(&error);
                true
            }
        };
        match kind {
            b'Q' | b'F' | b'S' => {
                self.skipping = false;
                self.ready_for_query().await?;
            }
            b'P' | b'B' | b'D' | b'E' | b'C' => {
                self.skipping = failed;
                if failed {
                    // As PostgreSQL does: the client may wait for the answer to a Flush, which is skipped now,
                    // and sends no Sync before it has one.
                    self.wire.flush().await?;
                }
            }
            // COPY data behind a COPY that failed: the client has not noticed yet.
            _ => {}
        }
        Ok(())
    }

    async fn dispatch(&mut self, message: ClientMessage) -> Result<(), Failure> {
        match message {
            ClientMessage::Query(sql) => self.simple_query(&sql).await,
            ClientMessage::Parse { statement, sql, parameter_types } => {
                self.parse(&statement, &sql, &parameter_types).await
            }
            ClientMessage::Bind(bind) => self.bind(bind).await,
            ClientMessage::Describe { target, name } => self.describe(target, &name).await,
            ClientMessage::Execute { portal, max_rows } => self.execute(&portal, max_rows).await,
            ClientMessage::Close { target, name } => self.close(target, &name),
            ClientMessage::Flush => Ok(self.wire.flush().await?),
            ClientMessage::Sync => Ok(self.session.sync().await?),
            ClientMessage::FunctionCall => {
                Err(SessionError::NotSupported("the function call protocol is not supported".into()).into())
            }
            // As PostgreSQL does: a COPY that failed leaves them behind.
            ClientMessage::CopyData(_) | ClientMessage::CopyDone | ClientMessage::CopyFail(_) => Ok(()),
            ClientMessage::Terminate => Ok(()),
        }
    }

    /// Says an error, after the notices that came before it.
    fn report(&mut self, error: &Error) {
        self.wire.output.discard_unsealed();
        self.send_notices();
        let report = error.report();
        log_failure(error, &report);
        self.wire.output.error(errors::error_fields(&report));
    }

    pub(super) fn send_notices(&mut self) {
        for notice in self.session.take_notices() {
            let mut report = Report::new(notice.sqlstate, notice.message);
            report.detail = notice.detail;
            report.hint = notice.hint;
            self.wire.output.notice(errors::fields(notice.level.name(), &report));
        }
    }

    /// Ends the answer to a Query or a Sync: settings that changed, notifications, ReadyForQuery, and the write.
    async fn ready_for_query(&mut self) -> Result<(), Stop> {
        self.send_notices();
        for (name, value) in self.session.take_parameter_changes() {
            self.wire.output.parameter_status(name, value);
        }
        let status = match self.session.status() {
            TransactionStatus::Idle => {
                // Portals end with their transaction.
                self.formats.clear();
                self.push_notifications().await?;
                WireStatus::Idle
            }
            TransactionStatus::InBlock => WireStatus::Transaction,
            TransactionStatus::Failed => WireStatus::Error,
        };
        self.wire.output.ready_for_query(status);
        self.deadline.0.store(self.session.expires_at_us(), Ordering::Release);
        self.ready = true;
        Ok(self.wire.flush().await?)
    }

    async fn push_notifications(&mut self) -> Result<(), Stop> {
        while let Some(notification) = self.session.subscriber().try_next() {
            self.wire.output.notification(notification.sender.0, &notification.channel, &notification.payload);
            self.wire.flush_if_full().await?;
        }
        Ok(())
    }

    pub(super) fn stage(&self) -> Stage {
        self.stage
    }
}

/// Errors of clients belong to clients; errors of ours belong to the log, with their causes.
fn log_failure(error: &Error, report: &Report) {
    let ours = matches!(&report.sqlstate.0[..2], "XX" | "58" | "53" | "F0");
    if !ours {
        return;
    }
    let mut causes = String::new();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        causes.push_str(": ");
        causes.push_str(&inner.to_string());
        cause = inner.source();
    }
    tracing::error!(sqlstate = report.sqlstate.0, causes, "{error}");
}

async fn idle(timeout_ms: u64) {
    match timeout_ms {
        0 => std::future::pending().await,
        timeout_ms => tokio::time::sleep(Duration::from_millis(timeout_ms)).await,
    }
}

/// What can end a connection at any moment.
pub(super) struct Watch {
    server: Arc<Shared>,
    deadline: Deadline,
    terminated: CancellationToken,
}

impl Watch {
    /// Resolves with the reason when the connection has to end.
    pub(super) async fn ended(self) -> Error {
        tokio::select! {
            () = self.server.kill.cancelled() => SessionError::Shutdown.into(),
            () = self.terminated.cancelled() => SessionError::Terminated.into(),
            () = self.expired() => AuthError::TokenExpired.into(),
        }
    }

    async fn expired(&self) {
        // The wall clock decides, and it can be set: long waits look at it again now and then.
        const LOOK_AGAIN: Duration = Duration::from_secs(60);
        loop {
            let left_us = self.deadline.0.load(Ordering::Acquire).saturating_sub(self.server.clock.now_us());
            match u64::try_from(left_us) {
                Ok(left_us) if left_us > 0 => {
                    tokio::time::sleep(Duration::from_micros(left_us).min(LOOK_AGAIN)).await;
                }
                _ => return,
            }
        }
    }
}
