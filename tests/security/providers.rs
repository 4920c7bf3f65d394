//! Tokens of an identity provider: every kind of key, from PEM files and from a JWKS file, and their rotation.

use std::fs;
use std::path::Path;

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use rcgen::KeyPair;
use serde_json::{Value, json};

use crate::support::server::{Server, temporary_directory};
use crate::support::token::now;
use crate::support::until;
use crate::support::wire::Wire;

/// A key of this test and of nothing else: ring, which makes the other ones, makes no RSA keys.
const RSA_PRIVATE: &str = include_str!("provider_rsa.pem");

/// One key pair of a provider.
struct Provider {
    kid: &'static str,
    algorithm: Algorithm,
    private: EncodingKey,
    public_pem: String,
}

impl Provider {
    fn new(kid: &'static str, algorithm: Algorithm) -> Self {
        let (private, public_pem) = match algorithm {
            Algorithm::RS256 => {
                let public = KeyPair::from_pem_and_sign_algo(RSA_PRIVATE, &rcgen::PKCS_RSA_SHA256).unwrap();
                (EncodingKey::from_rsa_pem(RSA_PRIVATE.as_bytes()), public.public_key_pem())
            }
            Algorithm::ES256 => {
                let pair = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
                (EncodingKey::from_ec_pem(pair.serialize_pem().as_bytes()), pair.public_key_pem())
            }
            _ => {
                let pair = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
                (EncodingKey::from_ed_pem(pair.serialize_pem().as_bytes()), pair.public_key_pem())
            }
        };
        Self { kid, algorithm, private: private.unwrap(), public_pem }
    }

    /// A token as the provider signs it.
    fn token(&self) -> String {
        self.token_with(Some(self.kid), &claims())
    }

    fn token_with(&self, kid: Option<&str>, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = kid.map(str::to_owned);
        jsonwebtoken::encode(&header, claims, &self.private).unwrap()
    }

    fn jwk(&self) -> Jwk {
        let pem = self.public_pem.as_bytes();
        let public = match self.algorithm {
            Algorithm::RS256 => DecodingKey::from_rsa_pem(pem),
            Algorithm::ES256 => DecodingKey::from_ec_pem(pem),
            _ => DecodingKey::from_ed_pem(pem),
        };
        let mut jwk = Jwk::from_decoding_key(&public.unwrap(), Some(self.algorithm)).unwrap();
        jwk.common.key_id = Some(self.kid.to_owned());
        jwk
    }

    /// A line of `[[auth.keys]]`, and the file that it names.
    fn setting(&self, directory: &Path) -> String {
        let path = directory.join(format!("{}.pem", self.kid));
        fs::write(&path, &self.public_pem).unwrap();
        format!("{{ id = {:?}, algorithm = \"{:?}\", path = {:?} }}", self.kid, self.algorithm, path)
    }
}

fn claims() -> Value {
    json!({"iss": "https://id.example", "aud": "chat", "sub": "app", "tenant": "demo", "role": "owner", "exp": now() + 600})
}

/// The three kinds of keys that a provider may have.
fn providers() -> [Provider; 3] {
    [
        Provider::new("rsa", Algorithm::RS256),
        Provider::new("ec", Algorithm::ES256),
        Provider::new("ed", Algorithm::EdDSA),
    ]
}

fn write_jwks(path: &Path, providers: &[&Provider]) {
    let set = JwkSet { keys: providers.iter().map(|provider| provider.jwk()).collect() };
    fs::write(path, serde_json::to_vec(&set).unwrap()).unwrap();
}

fn serve(setting: &str) -> Server {
    Server::serve(&[("auth", "issuer = \"https://id.example\""), ("auth", "audience = \"chat\""), ("auth", setting)])
}

fn accepts(server: &Server, token: &str) -> bool {
    let mut wire = Wire::to(server).unwrap();
    match wire.login("app", "demo", token) {
        Ok(()) => wire.value("SELECT current_user || '@' || current_database()") == "app@demo",
        Err(fields) => {
            assert_eq!(fields.sqlstate(), "28P01", "{fields}");
            false
        }
    }
}

/// What must hold for any set of keys, wherever it comes from.
fn judge(server: &Server, providers: &[Provider]) {
    for provider in providers {
        let kid = provider.kid;
        assert!(accepts(server, &provider.token()), "{kid}");
        assert!(!accepts(server, &provider.token_with(Some("unknown"), &claims())), "{kid} under an unknown id");
        for other in providers.iter().filter(|other| other.kid != kid) {
            assert!(!accepts(server, &provider.token_with(Some(other.kid), &claims())), "{kid} as {}", other.kid);
        }
        for (claim, value) in [("iss", "kalam"), ("aud", "kalam"), ("tenant", "kalam")] {
            let mut claims = claims();
            claims[claim] = value.into();
            assert!(!accepts(server, &provider.token_with(Some(kid), &claims)), "{kid} with {claim} {value}");
        }
        // The public key is known to everybody: it is no secret that HS256 could be signed with.
        let pem = provider.public_pem.as_bytes();
        for secret in [pem, provider.public_pem.trim().as_bytes(), &pem[..pem.len() - 1]] {
            for kid in [Some(kid), None] {
                let mut header = Header::new(Algorithm::HS256);
                header.kid = kid.map(str::to_owned);
                let token = jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(secret)).unwrap();
                assert!(!accepts(server, &token), "HS256 with the public key of {kid:?}");
            }
        }
        // The same key pair in the hands of somebody else.
        let stranger = Provider::new(kid, Algorithm::EdDSA);
        assert!(!accepts(server, &stranger.token()), "a stranger's key under the id {kid}");
    }
    let own = server.token("demo", "app", "owner");
    assert!(accepts(server, &own), "the data directory's own key works beside");
}

#[test]
fn keys_in_pem_files_open_sessions() {
    let directory = temporary_directory();
    let providers = providers();
    let lines: Vec<String> = providers.iter().map(|provider| provider.setting(directory.path())).collect();
    judge(&serve(&format!("keys = [{}]", lines.join(", "))), &providers);
}

#[test]
fn keys_in_a_jwks_file_open_sessions() {
    let directory = temporary_directory();
    let path = directory.path().join("jwks.json");
    let providers = providers();
    write_jwks(&path, &providers.iter().collect::<Vec<_>>());
    judge(&serve(&format!("jwks = {path:?}")), &providers);
}

/// Two keys of one algorithm: the id alone tells them apart.
#[test]
fn the_id_picks_the_key() {
    let directory = temporary_directory();
    let path = directory.path().join("jwks.json");
    let (old, new) = (Provider::new("2026-01", Algorithm::ES256), Provider::new("2026-02", Algorithm::ES256));
    write_jwks(&path, &[&old, &new]);
    let server = serve(&format!("jwks = {path:?}"));
    assert!(accepts(&server, &old.token()));
    assert!(accepts(&server, &new.token()));
    assert!(!accepts(&server, &old.token_with(Some("2026-02"), &claims())), "signed by the other one");
    assert!(!accepts(&server, &new.token_with(Some("2026-01"), &claims())), "signed by the other one");
    assert!(!accepts(&server, &new.token_with(None, &claims())), "which of the two is not said");
}

#[test]
fn keys_are_read_again_at_sighup() {
    let directory = temporary_directory();
    let path = directory.path().join("jwks.json");
    let (old, new) = (Provider::new("old", Algorithm::EdDSA), Provider::new("new", Algorithm::EdDSA));
    write_jwks(&path, &[&old]);
    let server = serve(&format!("jwks = {path:?}"));
    let mut open = Wire::to(&server).unwrap();
    open.login("app", "demo", &old.token()).unwrap();
    let hang_up = |answer: &str, times: usize| {
        server.signal("HUP");
        until(answer, || (server.log().matches(answer).count() == times).then_some(()));
    };
    // Nothing is read before it is asked for.
    write_jwks(&path, &[&old, &new]);
    assert!(!accepts(&server, &new.token()));
    hang_up("read the keys of tokens again", 1);
    assert!(accepts(&server, &new.token()) && accepts(&server, &old.token()));
    // A file that cannot be used locks nobody out.
    for (content, times) in [("{\"keys\": [", 1), ("{\"keys\": [{\"kty\": \"oct\", \"k\": \"c2VjcmV0\"}]}", 2)] {
        fs::write(&path, content).unwrap();
        hang_up("the keys of tokens stay as they were", times);
        assert!(accepts(&server, &new.token()) && accepts(&server, &old.token()));
    }
    fs::remove_file(&path).unwrap();
    hang_up("the keys of tokens stay as they were", 3);
    assert!(accepts(&server, &new.token()));
    // The old key goes; the session that it opened stays.
    write_jwks(&path, &[&new]);
    hang_up("read the keys of tokens again", 2);
    assert!(accepts(&server, &new.token()));
    assert!(!accepts(&server, &old.token()));
    assert_eq!(open.value("SELECT 1"), "1");
}
