//! TLS: certificates, and the handshake's settings.
//!
//! TLS 1.2 and 1.3 with ring. `postgresql` is offered as application protocol (ALPN), which clients that
//! begin with TLS at once (`sslnegotiation=direct`) require. `kalam dev` makes a self-signed certificate in
//! the data directory: it keeps eavesdroppers out, but clients cannot tell the server from an impostor,
//! so `kalam serve` wants a real one unless it is told otherwise.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::keys::create_secret;
use crate::config::{Tls, TlsMode};
use crate::error::ConfigError;

/// The application protocol of PostgreSQL connections.
pub(super) const ALPN: &[u8] = b"postgresql";

/// What the server presents to its clients.
#[derive(Clone)]
pub struct Identity {
    pub(super) acceptor: TlsAcceptor,
    /// SHA-256 of the server's own certificate: how `kalam tenant` recognises the running server.
    pub certificate_sha256: [u8; 32],
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity")
    }
}

/// Loads what the settings ask for; `None` if TLS is off.
///
/// # Errors
/// A file cannot be read or does not hold what it should, or no certificate is configured.
pub fn identity(config: &Tls, directory: &Path) -> Result<Option<Identity>, ConfigError> {
    match (config.mode, &config.certificate, &config.key) {
        (TlsMode::Off, _, _) => Ok(None),
        (TlsMode::Require, Some(certificate), Some(key)) => load(certificate, key).map(Some),
        (TlsMode::Require, _, _) if config.self_signed => {
            let (certificate, key) = self_signed(directory)?;
            load(&certificate, &key).map(Some)
        }
        (TlsMode::Require, _, _) => Err(ConfigError::Refused(
            "tls: set certificate and key, or self_signed = true for a certificate that clients cannot verify".into(),
        )),
    }
}

fn load(certificate: &Path, key: &Path) -> Result<Identity, ConfigError> {
    let unusable = |path: &Path, what: &str| ConfigError::Refused(format!("{}: {what}", path.display()));
    let chain = CertificateDer::pem_slice_iter(&read(certificate)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| unusable(certificate, "not certificates in PEM"))?;
    let Some(own) = chain.first() else { return Err(unusable(certificate, "no certificate in PEM")) };
    let certificate_sha256 = sha256(own);
    let secret = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|_| unusable(key, "not a private key in PEM"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports the default versions")
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|error| unusable(certificate, &format!("cannot be used with {}: {error}", key.display())))?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(Identity { acceptor: TlsAcceptor::from(Arc::new(config)), certificate_sha256 })
}

/// The self-signed certificate of a data directory and its key, made if they are not there yet.
fn self_signed(directory: &Path) -> Result<(PathBuf, PathBuf), ConfigError> {
    let (certificate, key) = (directory.join("server.crt"), directory.join("server.key"));
    if certificate.exists() && key.exists() {
        return Ok((certificate, key));
    }
    let failed = |error: rcgen::Error| ConfigError::Refused(format!("cannot make a certificate: {error}"));
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let pair = rcgen::KeyPair::generate().map_err(failed)?;
    let mut parameters = rcgen::CertificateParams::new(names).map_err(failed)?;
    parameters.distinguished_name.push(rcgen::DnType::CommonName, "kalam");
    let made = parameters.self_signed(&pair).map_err(failed)?;
    for (path, content) in [(&key, pair.serialize_pem()), (&certificate, made.pem())] {
        // Half a pair is left over if an earlier start was killed in between: it fits nothing any more.
        let _ = fs::remove_file(path);
        create_secret(path, content.as_bytes())
            .map_err(|source| ConfigError::Unreadable { path: path.clone(), source })?;
    }
    Ok((certificate, key))
}

pub(super) fn sha256(certificate: &CertificateDer<'_>) -> [u8; 32] {
    let digest = ring::digest::digest(&ring::digest::SHA256, certificate);
    digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

fn read(path: &Path) -> Result<Vec<u8>, ConfigError> {
    fs::read(path).map_err(|source| ConfigError::Unreadable { path: path.to_path_buf(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_made_once() {
        let directory = tempfile::tempdir().unwrap();
        let config = Tls { self_signed: true, ..Tls::default() };
        let first = identity(&config, directory.path()).unwrap().unwrap();
        let second = identity(&config, directory.path()).unwrap().unwrap();
        assert_eq!(first.certificate_sha256, second.certificate_sha256);
        fs::remove_file(directory.path().join("server.key")).unwrap();
        let third = identity(&config, directory.path()).unwrap().unwrap();
        assert_ne!(first.certificate_sha256, third.certificate_sha256);
    }

    #[test]
    fn there_is_no_silent_way_around_a_certificate() {
        let directory = tempfile::tempdir().unwrap();
        let error = identity(&Tls::default(), directory.path()).unwrap_err().to_string();
        assert!(error.starts_with("tls: set certificate and key"), "{error}");
        let off = Tls { mode: TlsMode::Off, ..Tls::default() };
        assert!(identity(&off, directory.path()).unwrap().is_none());
    }

    #[test]
    fn unusable_files_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let config = |certificate: &str, key: &str| Tls {
            certificate: Some(at(certificate)),
            key: Some(at(key)),
            ..Tls::default()
        };
        identity(&Tls { self_signed: true, ..Tls::default() }, directory.path()).unwrap();
        fs::write(at("empty"), "").unwrap();
        let said = |certificate, key| identity(&config(certificate, key), directory.path()).unwrap_err().to_string();
        assert!(said("missing", "server.key").contains("missing: No such file"), "{}", said("missing", "server.key"));
        assert!(said("empty", "server.key").ends_with("empty: no certificate in PEM"));
        assert!(said("server.crt", "empty").ends_with("empty: not a private key in PEM"));
        assert!(identity(&config("server.crt", "server.key"), directory.path()).is_ok());
    }
}
