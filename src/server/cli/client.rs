//! A small PostgreSQL client: just enough to ask a running server to list, create and drop tenants.
//!
//! It talks to one server only, the one whose certificate the data directory names, so it can verify it
//! exactly instead of by name.

use std::sync::Arc;

use bytes::BytesMut;
use pgwire::messages::simplequery::Query;
use pgwire::messages::startup::{Authentication, Password, SslRequest, Startup};
use pgwire::messages::{DecodeContext, Message, PgWireBackendMessage, ProtocolVersion};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

use super::failure::{Exit, Failure};
use super::whereabouts::Whereabouts;
use crate::server::tls::sha256;

/// A connection to the server of a data directory.
pub(super) struct Client {
    stream: Either<TcpStream, Box<TlsStream<TcpStream>>>,
    input: BytesMut,
    context: DecodeContext,
}

fn failed(what: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, format!("cannot talk to the running server: {what}"))
}

impl Client {
    /// Connects and logs in.
    pub(super) async fn connect(
        place: &Whereabouts,
        user: &str,
        database: &str,
        token: String,
    ) -> Result<Self, Failure> {
        let stream = TcpStream::connect(place.reachable()).await.map_err(failed)?;
        let stream = match place.certificate_sha256 {
            None => Either::Left(stream),
            Some(certificate_sha256) => Either::Right(Box::new(encrypt(stream, certificate_sha256).await?)),
        };
        let mut context = DecodeContext::new(ProtocolVersion::PROTOCOL3_0);
        context.awaiting_frontend_ssl = false;
        context.awaiting_frontend_startup = false;
        let mut client = Self { stream, input: BytesMut::new(), context };
        let mut startup = Startup::new();
        startup.parameters.insert("user".into(), user.into());
        startup.parameters.insert("database".into(), database.into());
        startup.parameters.insert("application_name".into(), "kalam tenant".into());
        client.send(&startup).await?;
        let mut token = Some(token);
        loop {
            match client.receive().await? {
                PgWireBackendMessage::Authentication(Authentication::CleartextPassword) => {
                    let token = token.take().ok_or_else(|| failed("it asked for the token twice"))?;
                    client.send(&Password::new(token)).await?;
                }
                PgWireBackendMessage::ReadyForQuery(_) => return Ok(client),
                PgWireBackendMessage::ErrorResponse(error) => return Err(failed(message(&error.fields))),
                _ => {}
            }
        }
    }

    /// Runs a statement; gives its rows as texts, NULL as the empty one.
    pub(super) async fn query(&mut self, sql: &str) -> Result<Vec<Vec<String>>, Failure> {
        self.send(&Query::new(sql.to_owned())).await?;
        let (mut rows, mut error) = (Vec::new(), None);
        loop {
            match self.receive().await? {
                PgWireBackendMessage::DataRow(row) => {
                    rows.push(values(&row.data).ok_or_else(|| failed("a row is malformed"))?);
                }
                PgWireBackendMessage::ErrorResponse(said) => error = Some(message(&said.fields)),
                PgWireBackendMessage::ReadyForQuery(_) => {
                    return match error {
                        None => Ok(rows),
                        Some(error) => Err(Failure::new(Exit::Failed, error)),
                    };
                }
                _ => {}
            }
        }
    }

    async fn send(&mut self, message: &impl Message) -> Result<(), Failure> {
        let mut bytes = BytesMut::new();
        message.encode(&mut bytes).map_err(failed)?;
        self.stream.write_all(&bytes).await.map_err(failed)?;
        self.stream.flush().await.map_err(failed)
    }

    async fn receive(&mut self) -> Result<PgWireBackendMessage, Failure> {
        loop {
            if let Some(message) = PgWireBackendMessage::decode(&mut self.input, &self.context).map_err(failed)? {
                return Ok(message);
            }
            if self.stream.read_buf(&mut self.input).await.map_err(failed)? == 0 {
                return Err(failed("it closed the connection"));
            }
        }
    }
}

/// The values of a DataRow: `length i32 | bytes`, −1 for NULL.
fn values(mut data: &[u8]) -> Option<Vec<String>> {
    let mut values = Vec::new();
    while !data.is_empty() {
        let (length, rest) = data.split_first_chunk::<4>()?;
        let length = usize::try_from(i32::from_be_bytes(*length)).unwrap_or(0);
        let (value, rest) = rest.split_at_checked(length)?;
        values.push(String::from_utf8_lossy(value).into_owned());
        data = rest;
    }
    Some(values)
}

/// The message of an ErrorResponse, with its hint.
fn message(fields: &[(u8, String)]) -> String {
    let field = |code: u8| fields.iter().find(|(this, _)| *this == code).map(|(_, text)| text.as_str());
    let text = field(b'M').unwrap_or("unknown error");
    match field(b'D').or(field(b'H')) {
        Some(more) => format!("{text} ({more})"),
        None => text.to_owned(),
    }
}

/// Asks for TLS and makes the handshake.
pub(in crate::server) async fn encrypt(
    mut stream: TcpStream,
    certificate_sha256: [u8; 32],
) -> Result<TlsStream<TcpStream>, Failure> {
    let mut request = BytesMut::new();
    SslRequest::new().encode(&mut request).map_err(failed)?;
    stream.write_all(&request).await.map_err(failed)?;
    if stream.read_u8().await.map_err(failed)? != b'S' {
        return Err(failed("it does not speak TLS"));
    }
    let name = ServerName::try_from("localhost").expect("it is a name");
    TlsConnector::from(Arc::new(pinned(certificate_sha256))).connect(name, stream).await.map_err(failed)
}

/// Settings for connections to the server with this certificate, and no other.
pub(in crate::server) fn pinned(certificate_sha256: [u8; 32]) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Pinned { certificate_sha256, provider: provider.clone() };
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports the default versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth()
}

/// Accepts one certificate, whatever it says of itself.
#[derive(Debug)]
struct Pinned {
    certificate_sha256: [u8; 32],
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if sha256(certificate) == self.certificate_sha256 {
            return Ok(ServerCertVerified::assertion());
        }
        Err(rustls::Error::General("another server answers at its address".into()))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read() {
        assert_eq!(
            values(b"\0\0\0\x02ab\xff\xff\xff\xff\0\0\0\0"),
            Some(vec!["ab".into(), String::new(), String::new()])
        );
        assert_eq!(values(b"\0\0\0\x03ab"), None);
        assert_eq!(values(b"\0\0"), None);
    }
}
