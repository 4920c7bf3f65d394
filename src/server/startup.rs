//! The first bytes of a connection: encryption requests, a cancel request, or the startup message.
//!
//! ```text
//!   client                                   server
//!     0x16 … (TLS at once)                     handshake, ALPN "postgresql" required
//!     GSSENCRequest                            N
//!     SSLRequest                               S, handshake      (N if TLS is off)
//!     CancelRequest                            (cancels, closes in order without a word)
//!     StartupMessage 3.x                       R: send the token in clear, since the line is not
//! ```
//!
//! A startup message that is not encrypted is refused (28000) before anything secret is asked for. Cancel
//! requests are taken unencrypted, too: they carry nothing but their key, and libpq sends them so.

use std::collections::BTreeMap;

use bytes::Bytes;
use pgwire::messages::startup::{GssEncRequest, NegotiateProtocolVersion, SslRequest};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

use super::message::Body;
use super::tls::{ALPN, Identity};
use super::wire::{Broken, Wire};
use crate::error::{AuthError, Error, Result, SessionError};

/// A socket, encrypted or not.
pub(super) type Socket = Either<TcpStream, Box<TlsStream<TcpStream>>>;

/// CancelRequest's code; pgwire keeps its own to itself.
const CANCEL_CODE: i32 = 80_877_102;
/// Protocol 3.0, the one PostgreSQL 15 speaks.
const PROTOCOL_3_0: i32 = 3 << 16;
/// First byte of a TLS handshake record.
const TLS_HANDSHAKE: u8 = 0x16;

/// What a client wants.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// A session.
    Start(Startup),
    /// To cancel what another session of its own runs.
    Cancel { session: i32, secret: i32 },
}

/// What a client says of itself. None of it is proven.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Startup {
    pub user: String,
    pub database: String,
    /// Settings for the session, those of `options` first, so that a setting of its own wins.
    pub settings: Vec<(String, String)>,
    /// A newer protocol or an option was asked for: what we cannot do.
    pub unsupported: Option<Vec<String>>,
}

/// Why a connection did not get as far as a session.
#[derive(Debug)]
pub(super) enum Failed {
    /// The client is told.
    Told(Error),
    /// There is nobody to tell.
    Gone,
}

impl From<Broken> for Failed {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Gone => Self::Gone,
            Broken::Protocol(error) => Self::Told(error.into()),
        }
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Told(error)
    }
}

/// Answers encryption requests until the client says what it wants. On failure the wire, if there is still
/// one, comes back so that the reason can be sent on it.
pub(super) async fn negotiate(
    stream: TcpStream,
    tls: Option<&Identity>,
    send_buffer_bytes: usize,
) -> Result<(Wire<Socket>, Opening), (Option<Wire<Socket>>, Failed)> {
    let mut first = [0];
    let peeked = stream.peek(&mut first).await;
    let mut encrypted = false;
    let mut wire = match (peeked, tls) {
        (Err(_) | Ok(0), _) => return Err((None, Failed::Gone)),
        (Ok(_), Some(tls)) if first[0] == TLS_HANDSHAKE => {
            encrypted = true;
            let stream = handshake(stream, tls).await.map_err(|failed| (None, failed))?;
            // Without the name the server could be confused with one that speaks another protocol.
            if stream.get_ref().1.alpn_protocol() != Some(ALPN) {
                return Err((None, Failed::Gone));
            }
            Wire::new(Either::Right(Box::new(stream)), send_buffer_bytes)
        }
        (Ok(_), _) => Wire::new(Either::Left(stream), send_buffer_bytes),
    };
    let (mut asked_tls, mut asked_gss) = (false, false);
    loop {
        let body = match wire.next_untyped().await {
            Ok(body) => body,
            Err(broken) => return Err((Some(wire), broken.into())),
        };
        let code = i32::from_be_bytes(body[..4].try_into().expect("framing promises eight bytes"));
        match (code, tls) {
            (SslRequest::BODY_MAGIC_NUMBER, Some(tls)) if !asked_tls && !encrypted => {
                (asked_tls, encrypted) = (true, true);
                wire = upgrade(wire, tls, send_buffer_bytes).await.map_err(|failed| (None, failed))?;
            }
            (SslRequest::BODY_MAGIC_NUMBER, None) if !asked_tls => {
                asked_tls = true;
                if let Err(broken) = wire.answer(b'N').await {
                    return Err((None, broken.into()));
                }
            }
            (GssEncRequest::BODY_MAGIC_NUMBER, _) if !asked_gss && !encrypted => {
                asked_gss = true;
                if let Err(broken) = wire.answer(b'N').await {
                    return Err((None, broken.into()));
                }
            }
            (CANCEL_CODE, _) => {
                return match cancel(&body) {
                    Some(opening) => Ok((wire, opening)),
                    None => Err((None, Failed::Gone)),
                };
            }
            _ => {
                let opening = startup(code, body).and_then(|startup| match (tls, encrypted) {
                    (Some(_), false) => Err(AuthError::TlsRequired.into()),
                    _ => Ok(Opening::Start(startup)),
                });
                return match opening {
                    Ok(opening) => Ok((wire, opening)),
                    Err(error) => Err((Some(wire), error.into())),
                };
            }
        }
    }
}

/// From SSLRequest to an encrypted connection.
async fn upgrade(mut wire: Wire<Socket>, tls: &Identity, send_buffer_bytes: usize) -> Result<Wire<Socket>, Failed> {
    if wire.has_unread() {
        // Neither answered nor read: whoever put those bytes there is not to be talked to.
        tracing::warn!("received unencrypted data after SSL request");
        return Err(Failed::Gone);
    }
    wire.answer(b'S').await?;
    let Either::Left(stream) = wire.into_stream_for_tls()? else { return Err(Failed::Gone) };
    let stream = handshake(stream, tls).await?;
    Ok(Wire::new(Either::Right(Box::new(stream)), send_buffer_bytes))
}

async fn handshake(stream: TcpStream, tls: &Identity) -> Result<TlsStream<TcpStream>, Failed> {
    tls.acceptor.accept(stream).await.map_err(|error| {
        tracing::info!(%error, "TLS handshake failed");
        Failed::Gone
    })
}

/// `code | session i32 | secret i32`. Keys of other lengths are not ours.
fn cancel(body: &Bytes) -> Option<Opening> {
    let number = |at: usize| Some(i32::from_be_bytes(body.get(at..at + 4)?.try_into().ok()?));
    (body.len() == 12).then_some(())?;
    Some(Opening::Cancel { session: number(4)?, secret: number(8)? })
}

/// Reads a StartupMessage whose first four bytes are `version`.
fn startup(version: i32, body: Bytes) -> Result<Startup> {
    let (major, minor) = (version >> 16, version & 0xffff);
    if major != 3 {
        return Err(SessionError::UnsupportedProtocol { major, minor }.into());
    }
    let mut rest = Body(body.slice(4..));
    let mut parameters = BTreeMap::new();
    loop {
        let name = rest.text()?;
        if name.is_empty() {
            break;
        }
        let value = rest.text()?;
        parameters.insert(name, value);
    }
    rest.end().map_err(|_| {
        SessionError::BrokenProtocol("invalid startup packet layout: expected terminator as last byte".into())
    })?;

    // Nobody has no name: such a login fails like any other that is wrong.
    let user = parameters.remove("user").unwrap_or_default();
    let database = parameters.remove("database").filter(|name| !name.is_empty()).unwrap_or_else(|| user.clone());
    if parameters.remove("replication").is_some_and(|value| !matches!(value.as_str(), "false" | "off" | "no" | "0")) {
        return Err(SessionError::ReplicationNotSupported.into());
    }
    let mut settings = options(&parameters.remove("options").unwrap_or_default())?;
    let (extensions, own): (Vec<_>, Vec<_>) = parameters.into_iter().partition(|(name, _)| name.starts_with("_pq_."));
    settings.extend(own);
    let extensions: Vec<String> = extensions.into_iter().map(|(name, _)| name).collect();
    let unsupported = (minor > 0 || !extensions.is_empty()).then_some(extensions);
    Ok(Startup { user, database, settings, unsupported })
}

/// The reply to a client that asked for more than protocol 3.0.
pub(super) fn negotiated(unsupported: Vec<String>) -> NegotiateProtocolVersion {
    NegotiateProtocolVersion::new(PROTOCOL_3_0, unsupported)
}

/// Reads the command line in `options`: `-c name=value`, `-cname=value` and `--name=value`. A backslash
/// takes the next character as it is.
fn options(text: &str) -> Result<Vec<(String, String)>> {
    let mut words = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => words.last_mut().expect("there is always a word").extend(characters.next()),
            space if space.is_ascii_whitespace() => words.push(String::new()),
            other => words.last_mut().expect("there is always a word").push(other),
        }
    }
    let mut words = words.into_iter().filter(|word| !word.is_empty());
    let mut settings = Vec::new();
    while let Some(word) = words.next() {
        let assignment = match (word.as_str(), word.strip_prefix("-c"), word.strip_prefix("--")) {
            ("-c", _, _) => words.next(),
            (_, Some(assignment), _) | (_, _, Some(assignment)) => Some(assignment.to_owned()),
            _ => None,
        };
        let Some((name, value)) = assignment.as_deref().and_then(|assignment| assignment.split_once('=')) else {
            return Err(SessionError::BrokenProtocol(format!(
                "invalid command-line argument for server process: {word}"
            ))
            .into());
        };
        // On a command line, - stands for _ in names.
        settings.push((name.replace('-', "_"), value.to_owned()));
    }
    Ok(settings)
}

#[cfg(test)]
mod tests;
