//! tokio-postgres over TLS, with everything the server sends without being asked.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_postgres::{AsyncMessage, Config, Error, Notification};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::DEADLINE;
use super::server::Server;

/// A connection. Dereferences to tokio-postgres' client.
pub struct Client {
    inner: tokio_postgres::Client,
    messages: Mutex<UnboundedReceiver<AsyncMessage>>,
}

impl Client {
    /// Connects as user `app` of the tenant `demo`, an owner.
    pub async fn connect(server: &Server) -> Self {
        Self::connect_as(server, "demo", "app", "owner").await
    }

    pub async fn connect_as(server: &Server, tenant: &str, user: &str, role: &str) -> Self {
        Self::open(&server.url(tenant, user, role)).await.unwrap()
    }

    /// Connects by URL; the server's certificate may be its own.
    pub async fn open(url: &str) -> Result<Self, Error> {
        let config: Config = url.parse()?;
        let (inner, mut connection) = config.connect(connector()).await?;
        let (sender, messages) = unbounded_channel();
        tokio::spawn(async move {
            while let Some(message) = std::future::poll_fn(|context| connection.poll_message(context)).await {
                match message {
                    Ok(message) => drop(sender.send(message)),
                    Err(_) => break, // the client's own calls report it
                }
            }
        });
        Ok(Self { inner, messages: Mutex::new(messages) })
    }

    /// The next notification, within the deadline.
    pub async fn notification(&self) -> Notification {
        let mut messages = self.messages.lock().await;
        loop {
            let message = tokio::time::timeout(DEADLINE, messages.recv()).await;
            match message.expect("a notification in time").expect("the connection is open") {
                AsyncMessage::Notification(notification) => return notification,
                _ => continue,
            }
        }
    }

    /// Everything that has arrived up to now and was not taken yet. A round trip first makes sure that what
    /// the server had already sent is here.
    pub async fn notifications(&self) -> Vec<(String, String)> {
        self.inner.batch_execute("").await.unwrap();
        let mut messages = self.messages.lock().await;
        let mut found = Vec::new();
        while let Ok(message) = messages.try_recv() {
            if let AsyncMessage::Notification(notification) = message {
                found.push((notification.channel().to_owned(), notification.payload().to_owned()));
            }
        }
        found
    }

    /// Notices so far, by severity and message.
    pub async fn notices(&self) -> Vec<(String, String)> {
        self.inner.batch_execute("").await.unwrap();
        let mut messages = self.messages.lock().await;
        let mut found = Vec::new();
        while let Ok(message) = messages.try_recv() {
            if let AsyncMessage::Notice(notice) = message {
                found.push((notice.severity().to_owned(), notice.message().to_owned()));
            }
        }
        found
    }

    /// One value as text, through the simple protocol.
    pub async fn text(&self, sql: &str) -> String {
        let messages = self.inner.simple_query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        messages
            .iter()
            .find_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("NULL").to_owned()),
                _ => None,
            })
            .unwrap_or_else(|| panic!("no row from {sql}"))
    }

    /// The SQLSTATE that a statement fails with.
    pub async fn fails(&self, sql: &str) -> String {
        match self.inner.batch_execute(sql).await {
            Ok(()) => panic!("succeeded, but should not: {sql}"),
            Err(error) => sqlstate(&error),
        }
    }
}

impl Deref for Client {
    type Target = tokio_postgres::Client;

    fn deref(&self) -> &tokio_postgres::Client {
        &self.inner
    }
}

impl DerefMut for Client {
    fn deref_mut(&mut self) -> &mut tokio_postgres::Client {
        &mut self.inner
    }
}

/// The SQLSTATE of an error, or what else went wrong.
pub fn sqlstate(error: &Error) -> String {
    error.code().map_or_else(|| format!("{error:?}"), |code| code.code().to_owned())
}

/// For `Config::connect` and `CancelToken::cancel_query`.
pub fn connector() -> MakeRustlsConnect {
    MakeRustlsConnect::new(tls_config())
}

/// A TLS client that accepts every certificate, as `sslmode=require` does.
pub fn tls_config() -> ClientConfig {
    let provider = Arc::new(ring::default_provider());
    ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AcceptAll(provider)))
        .with_no_client_auth()
}

#[derive(Debug)]
struct AcceptAll(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAll {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
