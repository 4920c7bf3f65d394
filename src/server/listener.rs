//! The listening socket: one task per connection, a limit on them, and an orderly end.
//!
//! A panic in a connection is caught at its border, logged, and ends that session only. At shutdown no
//! new connection is taken, idle sessions are told 57P01 at once, running statements may go on for the
//! grace period, and then they are ended, too.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use pgwire::messages::startup::Authentication;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use super::auth::Authenticator;
use super::connection::{Connection, Stop};
use super::frame::Stage;
use super::message;
use super::startup::{self, Failed, Opening, Socket, Startup};
use super::tls::{self, Identity};
use super::wire::{Broken, Wire};
use super::{errors, keys};
use crate::base::clock::Clock;
use crate::base::shutdown::CancellationToken;
use crate::config::{self, Config};
use crate::database::Database;
use crate::error::{AuthError, ConfigError, Error, ErrorKind, Result, SessionError, Severity};
use crate::session::{Principal, Reauthenticate, Session};

/// Connections that the operating system keeps until they are accepted.
const BACKLOG: u32 = 1024;
/// Connections beyond the limit that are told so at the same time; more are closed without a word.
const REFUSALS: usize = 64;
/// How long a client may take to read why its connection ends.
const GOODBYE: Duration = Duration::from_secs(2);
/// How long connections may take to end when they have to.
const LAST_WAIT: Duration = Duration::from_secs(5);
/// Wait before accepting again when the process is out of file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What the connections of a server share.
pub(super) struct Shared {
    pub config: config::Server,
    pub database: Arc<Database>,
    pub authenticator: Arc<Authenticator>,
    pub tls: Option<Identity>,
    pub clock: Arc<dyn Clock>,
    /// Asked to stop.
    pub shutdown: CancellationToken,
    /// The grace period is over.
    pub kill: CancellationToken,
}

/// A server that has its socket, but takes no connections yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Server {
    /// Takes an address. Call it in a Tokio runtime.
    ///
    /// # Errors
    /// Those of the operating system: the address is in use, or not to be had.
    pub fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // A server that restarts gets its port back at once.
        socket.set_reuseaddr(true)?;
        // Connections inherit it: a client whose machine vanished does not keep its locks for ever.
        socket.set_keepalive(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    }

    /// Checks the keys and certificates that the settings name, before anything is opened.
    ///
    /// # Errors
    /// One of them cannot be used.
    pub fn check(config: &Config) -> std::result::Result<(), ConfigError> {
        keys::load(&config.auth, None)?;
        if config.tls.certificate.is_some() || !config.tls.self_signed {
            tls::identity(&config.tls, &config.storage.directory)?;
        }
        Ok(())
    }

    /// Loads keys and certificates, and takes over a socket. From here on clients can connect; they are
    /// answered by [`run`](Self::run).
    ///
    /// # Errors
    /// A key or certificate cannot be used.
    pub fn new(config: &Config, database: Arc<Database>, listener: TcpListener) -> Result<Self> {
        let unusable = |error: std::io::Error| SessionError::NotSupported(format!("cannot use the socket: {error}"));
        let address = listener.local_addr().map_err(unusable)?;
        let directory = &config.storage.directory;
        let clock = database.clock().clone();
        let random = crate::base::random::Random::default();
        let authenticator = Authenticator::new(&config.auth, directory, &random, clock.clone())?;
        let authenticator = Arc::new(authenticator);
        let tls = tls::identity(&config.tls, directory)?;
        database.set_reauthenticate(Arc::new(Renewal(authenticator.clone())));
        let shared = Shared {
            config: config.server.clone(),
            database,
            authenticator,
            tls,
            clock,
            shutdown: CancellationToken::new(),
            kill: CancellationToken::new(),
        };
        Ok(Self { listener, address, shared: Arc::new(shared) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it presents to clients; `None` if TLS is off.
    pub fn identity(&self) -> Option<&Identity> {
        self.shared.tls.as_ref()
    }

    /// Who verifies tokens, to have it read its keys again.
    pub fn authenticator(&self) -> Arc<Authenticator> {
        self.shared.authenticator.clone()
    }

    /// Serves until `shutdown` is asked for, and then until the last connection has ended. The database
    /// stays open.
    pub async fn run(self, shutdown: CancellationToken) {
        let connections = TaskTracker::new();
        let limit = Arc::new(Semaphore::new(self.shared.config.max_connections));
        let refusals = Arc::new(Semaphore::new(REFUSALS));
        loop {
            let accepted = tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            // Replies are written when they are complete; waiting for more would only delay them.
            let _ = stream.set_nodelay(true);
            let place = match limit.clone().try_acquire_owned() {
                Ok(permit) => Place::Session(permit),
                Err(_) => match refusals.clone().try_acquire_owned() {
                    Ok(permit) => Place::Refusal(permit),
                    Err(_) => continue,
                },
            };
            let span = tracing::info_span!("connection", %peer, session = tracing::field::Empty);
            connections.spawn(isolated(self.shared.clone(), stream, peer, place).instrument(span));
        }
        drop(self.listener);
        connections.close();
        self.shared.shutdown.cancel();
        let grace = Duration::from_millis(self.shared.config.shutdown_grace_ms);
        if timeout(grace, connections.wait()).await.is_err() {
            tracing::warn!(connections = connections.len(), "ending the statements that still run");
            self.shared.kill.cancel();
            // A statement that never gives its thread back cannot be ended; it ends with the process.
            if timeout(LAST_WAIT, connections.wait()).await.is_err() {
                tracing::error!(connections = connections.len(), "connections did not end");
            }
        }
    }
}

/// A connection's right to be there. It is given back when the connection ends.
enum Place {
    Session(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit),
    /// Only to be told that there is no place, or to cancel a statement.
    Refusal(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit),
}

/// Keeps a panic inside its connection.
async fn isolated(shared: Arc<Shared>, stream: TcpStream, peer: SocketAddr, place: Place) {
    // `serve` catches the panics of statements itself, and tells the client; this is for the rest.
    if AssertUnwindSafe(connection(shared, stream, peer, place)).catch_unwind().await.is_err() {
        tracing::error!("a connection panicked");
    }
}

async fn connection(shared: Arc<Shared>, stream: TcpStream, peer: SocketAddr, place: Place) {
    let deadline = Instant::now() + Duration::from_millis(shared.config.login_timeout_ms);
    let opened = timeout_at(deadline, startup::negotiate(stream, shared.tls.as_ref(), shared.config.send_buffer_bytes));
    let opened = tokio::select! {
        opened = opened => opened,
        () = shared.shutdown.cancelled() => return,
    };
    let (mut wire, opening) = match opened {
        Ok(Ok(opened)) => opened,
        Ok(Err((Some(wire), Failed::Told(error)))) => return goodbye(wire, &error).await,
        Ok(Err((None, Failed::Told(error)))) => return tracing::info!(%error, "connection refused"),
        // Whoever sends nothing is told nothing.
        Ok(Err((_, Failed::Gone))) | Err(_) => return,
    };
    let startup = match (opening, &place) {
        (Opening::Cancel { session, secret }, _) => {
            shared.database.registry().cancel(session, secret);
            // No answer: whether there was such a session is nobody's business. But an orderly end: over TLS a
            // client takes a connection that is cut for an attack, and says that the cancel failed.
            let _ = timeout(GOODBYE, wire.close()).await;
            return;
        }
        (Opening::Start(_), Place::Refusal(_)) => {
            return goodbye(wire, &SessionError::TooManyConnections.into()).await;
        }
        (Opening::Start(startup), Place::Session(_)) => startup,
    };
    let session = tokio::select! {
        session = timeout_at(deadline, login(&shared, &mut wire, &startup, peer)) => {
            session.unwrap_or_else(|_| Err(Stop::Fatal(SessionError::LoginTimeout.into())))
        }
        () = shared.shutdown.cancelled() => Err(Stop::Fatal(SessionError::Shutdown.into())),
    };
    let session = match session {
        Ok(session) => session,
        Err(Stop::Gone) => return,
        Err(Stop::Fatal(error)) => return goodbye(wire, &error).await,
    };
    tracing::Span::current().record("session", session.id().0);
    tracing::info!(user = startup.user, database = startup.database, "connected");
    let (wire, stop) = serve(shared, wire, session).await;
    match stop {
        Stop::Gone => tracing::info!("disconnected"),
        Stop::Fatal(error) => {
            tracing::info!(reason = %error, "connection ended");
            goodbye(wire, &error).await;
        }
    }
}

/// From a startup message to a session: asks for the token and verifies it.
async fn login(
    shared: &Shared,
    wire: &mut Wire<Socket>,
    startup: &Startup,
    peer: SocketAddr,
) -> std::result::Result<Session, Stop> {
    if let Some(unsupported) = &startup.unsupported {
        wire.output.put(&startup::negotiated(unsupported.clone()));
    }
    wire.output.put(&Authentication::CleartextPassword);
    wire.flush().await?;
    let token_bytes = shared.authenticator.max_token_bytes();
    let token = match wire.next(Stage::Login { token_bytes }).await {
        Ok(frame) => message::password(frame),
        // A token that is too long is refused by its length, and in the same words as any other.
        Err(Broken::Protocol(error)) => Err(error.into()),
        Err(Broken::Gone) => return Err(Stop::Gone),
    };
    let principal = match token {
        Ok(token) => shared.authenticator.login(&startup.user, &startup.database, &token),
        Err(error) => Err(AuthError::Refused { user: startup.user.clone(), reason: error.to_string() }),
    };
    principal.map_err(Error::from).and_then(|principal| open(shared, startup, peer, principal)).map_err(|error| {
        if let ErrorKind::Auth(AuthError::Refused { reason, .. }) = error.kind() {
            tracing::warn!(user = startup.user, database = startup.database, reason, "login refused");
        }
        Stop::Fatal(error)
    })
}

fn open(shared: &Shared, startup: &Startup, peer: SocketAddr, principal: Principal) -> Result<Session> {
    let mut session = shared.database.session(principal).map_err(|error| match error.kind() {
        // The token is right, but its tenant is gone: that is nobody's business, either.
        ErrorKind::Catalog(_) => Authenticator::no_such_database(&startup.user).into(),
        _ => error,
    })?;
    session.set_client(peer.ip().to_string(), peer.port());
    for (name, value) in &startup.settings {
        session.set_startup(name, value)?;
    }
    Ok(session)
}

/// Runs a session to its end. The wire comes back so that the reason can be sent on it.
async fn serve(shared: Arc<Shared>, wire: Wire<Socket>, session: Session) -> (Wire<Socket>, Stop) {
    let mut connection = Connection::new(wire, session, shared);
    let watch = connection.watch();
    let stop = tokio::select! {
        biased;
        served = AssertUnwindSafe(connection.serve()).catch_unwind() => served.unwrap_or_else(|_| {
            tracing::error!("a session panicked");
            Stop::Fatal(SessionError::Panicked.into())
        }),
        error = watch.ended() => Stop::Fatal(error),
    };
    let Connection { wire, session, .. } = connection;
    // Its transaction is rolled back and its locks are free before the client reads that it has ended.
    // A session that panicked may panic again when it is dropped.
    if std::panic::catch_unwind(AssertUnwindSafe(|| drop(session))).is_err() {
        tracing::error!("a session panicked at its end");
    }
    (wire, stop)
}

/// Tells the client why its connection ends, and closes it. Nothing is read any more.
async fn goodbye(mut wire: Wire<Socket>, error: &Error) {
    let mut report = error.report();
    report.severity = Severity::Fatal;
    wire.output.discard_unsealed();
    wire.output.error(errors::error_fields(&report));
    // A client that does not read does not keep its connection by that.
    let _ = timeout(GOODBYE, wire.close()).await;
}

/// `kalam.reauthenticate`.
struct Renewal(Arc<Authenticator>);

impl Reauthenticate for Renewal {
    fn reauthenticate(&self, current: &Principal, token: &str) -> Result<Principal> {
        self.0.renewed(token, current).map_err(|error| {
            if let AuthError::NotRenewed { reason } = &error {
                tracing::warn!(user = current.user, reason, "renewal refused");
            }
            error.into()
        })
    }
}

#[cfg(test)]
mod tests;
