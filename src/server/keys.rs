//! The keys that sign tokens: the data directory's own secret, and public keys from the settings.
//!
//! A key is bound to one algorithm, one issuer and one audience when it is loaded; what a token's header
//! says can only pick a key, never change what the key means. So a token that says `HS256` and is signed
//! with the bytes of a public RSA key finds no key. No key is ever fetched from a network.
//!
//! The data directory's key is 32 random bytes in `signing.key` (hexadecimal, mode 0600). Whoever can read
//! that file can be anybody; a file that others can read is refused.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use jsonwebtoken::jwk::{self, AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};

use super::jwt::Claims;
use crate::base::random::Random;
use crate::config::{Auth, AuthKey, KeyAlgorithm};
use crate::error::ConfigError;

/// The `iss` and `aud` of tokens that the data directory's key signs, whatever the settings say.
pub const LOCAL_ISSUER: &str = "kalam";
/// The `kid` of tokens that the data directory's key signs.
const LOCAL_KEY_ID: &str = "kalam-local";
/// Name of the key's file in the data directory.
const KEY_FILE: &str = "signing.key";
const KEY_BYTES: usize = 32;
/// A JWKS file is a few keys; a larger file is a mistake.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// Shorter RSA keys can be broken.
const MIN_RSA_BITS: usize = 2048;

/// A key that verifies tokens, and everything it is bound to.
pub(super) struct VerificationKey {
    /// The `kid` that picks it; empty for tokens without one.
    pub id: String,
    pub algorithm: Algorithm,
    pub key: DecodingKey,
    pub issuer: String,
    pub audience: String,
    pub leeway_us: i64,
}

impl std::fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerificationKey").field("id", &self.id).field("algorithm", &self.algorithm).finish()
    }
}

/// All keys the settings name.
///
/// # Errors
/// Names the file that cannot be read or does not hold such a key.
pub(super) fn load(config: &Auth, local: Option<&SigningKey>) -> Result<Vec<VerificationKey>, ConfigError> {
    let mut keys: Vec<VerificationKey> = local.map(SigningKey::verification_key).into_iter().collect();
    let provider = |id: &str, algorithm, key| VerificationKey {
        id: id.to_owned(),
        algorithm,
        key,
        issuer: config.issuer.clone(),
        audience: config.audience.clone(),
        leeway_us: i64::try_from(config.leeway_s).unwrap_or(0) * 1_000_000,
    };
    for AuthKey { id, algorithm, path } in &config.keys {
        let pem = read(path)?;
        let (algorithm, key) = match algorithm {
            KeyAlgorithm::RS256 => (Algorithm::RS256, DecodingKey::from_rsa_pem(&pem)),
            KeyAlgorithm::ES256 => (Algorithm::ES256, DecodingKey::from_ec_pem(&pem)),
            KeyAlgorithm::EdDSA => (Algorithm::EdDSA, DecodingKey::from_ed_pem(&pem)),
        };
        let key = key.map_err(|_| unusable(path, &format!("not a public key for {algorithm:?} in PEM")))?;
        keys.push(provider(id, algorithm, checked(key, algorithm, path)?));
    }
    if let Some(path) = &config.jwks {
        let set: JwkSet = serde_json::from_slice(&read(path)?)
            .map_err(|error| unusable(path, &format!("not a JWKS file: {error}")))?;
        for jwk in set.keys.iter().filter(|jwk| !matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption))) {
            let id = jwk.common.key_id.as_deref().unwrap_or_default();
            let algorithm = jwk_algorithm(jwk).ok_or_else(|| {
                unusable(path, &format!("key \"{id}\" is not a public key for RS256, ES256 or EdDSA"))
            })?;
            let key = DecodingKey::from_jwk(jwk).map_err(|_| unusable(path, &format!("key \"{id}\" is malformed")))?;
            keys.push(provider(id, algorithm, checked(key, algorithm, path)?));
        }
    }
    for (index, key) in keys.iter().enumerate() {
        if keys[..index].iter().any(|other| other.id == key.id && other.algorithm == key.algorithm) {
            return Err(ConfigError::Refused(format!("auth: two {:?} keys have the id \"{}\"", key.algorithm, key.id)));
        }
    }
    Ok(keys)
}

/// The algorithm that a JWK is for: what it says, if that fits its type, else what its type implies.
/// Symmetric keys have no place in a set of public keys.
fn jwk_algorithm(jwk: &Jwk) -> Option<Algorithm> {
    let (implied, name) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, jwk::KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, jwk::KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, jwk::KeyAlgorithm::EdDSA)
        }
        _ => return None,
    };
    jwk.common.key_algorithm.is_none_or(|stated| stated == name).then_some(implied)
}

/// Refuses keys that can never verify anything, and RSA keys that are too short.
fn checked(key: DecodingKey, algorithm: Algorithm, path: &Path) -> Result<DecodingKey, ConfigError> {
    // Verifying nothing fails only in the signature if the key itself is fine.
    if jsonwebtoken::crypto::verify("", b"", &key, algorithm).is_err() {
        return Err(unusable(path, &format!("not a public key for {algorithm:?}")));
    }
    if algorithm == Algorithm::RS256 {
        let jwk = Jwk::from_decoding_key(&key, Some(algorithm)).map_err(|_| unusable(path, "not an RSA key"))?;
        let AlgorithmParameters::RSA(parameters) = &jwk.algorithm else { return Err(unusable(path, "not an RSA key")) };
        // Base64url: four characters carry three bytes.
        if parameters.n.trim_start_matches('A').len() * 6 < MIN_RSA_BITS {
            return Err(unusable(path, &format!("the RSA key is shorter than {MIN_RSA_BITS} bits")));
        }
    }
    Ok(key)
}

/// The secret of a data directory: it signs the tokens of `kalam token`, and verifies them.
pub struct SigningKey {
    secret: [u8; KEY_BYTES],
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey")
    }
}

impl SigningKey {
    /// Where the key of a data directory lies.
    pub fn path(directory: &Path) -> PathBuf {
        directory.join(KEY_FILE)
    }

    /// Reads the key of a data directory.
    ///
    /// # Errors
    /// There is no key, it cannot be read, others can read it, or it is not a key.
    pub fn load(directory: &Path) -> Result<Self, ConfigError> {
        let path = Self::path(directory);
        let unreadable = |source| ConfigError::Unreadable { path: path.clone(), source };
        let mode = fs::metadata(&path).map_err(unreadable)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(unusable(&path, "others can read this secret; run chmod 600 on it, or replace it"));
        }
        let text = String::from_utf8(read(&path)?).map_err(|_| unusable(&path, "not a signing key"))?;
        let secret = from_hex(text.trim_end()).ok_or_else(|| unusable(&path, "not a signing key"))?;
        Ok(Self { secret })
    }

    /// Reads the key of a data directory, or makes one that only this user can read.
    ///
    /// # Errors
    /// As [`SigningKey::load`]; or the file cannot be made.
    pub fn load_or_create(directory: &Path, random: &Random) -> Result<Self, ConfigError> {
        let path = Self::path(directory);
        let mut secret = [0; KEY_BYTES];
        random.fill(&mut secret);
        match create_secret(&path, format!("{}\n", hex(&secret)).as_bytes()) {
            Ok(()) => Ok(Self { secret }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::load(directory),
            Err(source) => Err(ConfigError::Unreadable { path, source }),
        }
    }

    /// Signs a token.
    pub fn sign(&self, claims: &Claims) -> String {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(LOCAL_KEY_ID.into());
        jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(&self.secret))
            .expect("claims of texts and numbers always become JSON")
    }

    fn verification_key(&self) -> VerificationKey {
        VerificationKey {
            id: LOCAL_KEY_ID.into(),
            algorithm: Algorithm::HS256,
            key: DecodingKey::from_secret(&self.secret),
            issuer: LOCAL_ISSUER.into(),
            audience: LOCAL_ISSUER.into(),
            // These tokens were stamped by this machine's clock.
            leeway_us: 0,
        }
    }
}

/// Writes a file that only this user can read; it appears whole or not at all, and never replaces another.
pub(super) fn create_secret(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = PathBuf::from(temporary);
    let written = (|| {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::hard_link(&temporary, path)
    })();
    // The file has its name now, or was not wanted.
    let _ = fs::remove_file(&temporary);
    written?;
    fs::File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

/// Reads a small file.
fn read(path: &Path) -> Result<Vec<u8>, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { path: path.to_path_buf(), source };
    if fs::metadata(path).map_err(unreadable)?.len() > MAX_FILE_BYTES {
        return Err(unusable(path, "the file is too large"));
    }
    fs::read(path).map_err(unreadable)
}

fn unusable(path: &Path, message: &str) -> ConfigError {
    ConfigError::Refused(format!("{}: {message}", path.display()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<[u8; KEY_BYTES]> {
    if text.len() != KEY_BYTES * 2 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; KEY_BYTES];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_for_this_user_only() {
        let directory = tempfile::tempdir().unwrap();
        let random = Random::default();
        let made = SigningKey::load_or_create(directory.path(), &random).unwrap();
        let again = SigningKey::load_or_create(directory.path(), &random).unwrap();
        assert_eq!(made.secret, again.secret);
        let mode = fs::metadata(SigningKey::path(directory.path())).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        SigningKey::load_or_create(directory.path(), &Random::default()).unwrap();
        fs::set_permissions(SigningKey::path(directory.path()), fs::Permissions::from_mode(0o640)).unwrap();
        let error = SigningKey::load(directory.path()).unwrap_err().to_string();
        assert!(
            error.ends_with("signing.key: others can read this secret; run chmod 600 on it, or replace it"),
            "{error}"
        );
    }

    #[test]
    fn a_damaged_key_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        for content in ["", "00", &"g".repeat(64), &"é".repeat(32)] {
            let path = SigningKey::path(directory.path());
            let _ = fs::remove_file(&path);
            create_secret(&path, content.as_bytes()).unwrap();
            assert!(SigningKey::load(directory.path()).is_err(), "{content}");
        }
    }

    #[test]
    fn unusable_public_keys_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key.pem");
        fs::write(&path, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n").unwrap();
        let key = AuthKey { id: String::new(), algorithm: KeyAlgorithm::RS256, path: path.clone() };
        let error = load(&Auth { keys: vec![key], ..Auth::default() }, None).unwrap_err().to_string();
        assert!(error.ends_with("key.pem: not a public key for RS256 in PEM"), "{error}");

        for (keys, refused) in [
            (r#"{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"a"}]}"#, "key \"a\" is not a public key"),
            (r#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"b"}]}"#, "key.pem: "),
            (r#"{"keys":[{"kty":"RSA","alg":"RS512","n":"AQAB","e":"AQAB","kid":"c"}]}"#, "key \"c\" is not"),
            ("[]", "not a JWKS file"),
        ] {
            fs::write(&path, keys).unwrap();
            let error = load(&Auth { jwks: Some(path.clone()), ..Auth::default() }, None).unwrap_err().to_string();
            assert!(error.contains(refused), "{keys} gave {error}");
        }
    }
}
