//! Tokens that must be refused, each with its reason, and the few that are let in.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::base::clock::ManualClock;
use crate::base::random::Random;
use crate::config::{Auth, AuthKey, KeyAlgorithm};
use crate::server::keys::{self, SigningKey};

const NOW: i64 = 1_700_000_000;

struct Bench {
    _directory: tempfile::TempDir,
    signing: SigningKey,
    secret: Vec<u8>,
    verifier: Verifier,
    provider: EncodingKey,
    provider_public: String,
}

/// A server with its own key and an identity provider's Ed25519 key, at the moment `NOW`.
fn bench() -> Bench {
    let directory = tempfile::tempdir().unwrap();
    let signing = SigningKey::load_or_create(directory.path(), &Random::default()).unwrap();
    let hex = std::fs::read_to_string(SigningKey::path(directory.path())).unwrap();
    let secret = (0..32).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect();
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let provider_public = pair.public_key_pem();
    let path = directory.path().join("provider.pem");
    std::fs::write(&path, &provider_public).unwrap();
    let config = Auth {
        issuer: "https://id.example".into(),
        audience: "chat".into(),
        leeway_s: 30,
        keys: vec![AuthKey { id: "k1".into(), algorithm: KeyAlgorithm::EdDSA, path }],
        ..Auth::default()
    };
    let keys = keys::load(&config, Some(&signing)).unwrap();
    let verifier = Verifier::new(keys, config.max_token_bytes, ManualClock::at(NOW * 1_000_000));
    let provider = EncodingKey::from_ed_pem(pair.serialize_pem().as_bytes()).unwrap();
    Bench { _directory: directory, signing, secret, verifier, provider, provider_public }
}

fn claims() -> Value {
    json!({"iss": "kalam", "aud": "kalam", "sub": "app", "tenant": "demo", "exp": NOW + 60})
}

fn with(mut claims: Value, key: &str, value: Value) -> Value {
    claims[key] = value;
    claims
}

impl Bench {
    fn local(&self, claims: &Value) -> String {
        let header = Header::new(Algorithm::HS256);
        jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(&self.secret)).unwrap()
    }

    fn external(&self, claims: &Value, kid: Option<&str>) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = kid.map(str::to_owned);
        jsonwebtoken::encode(&header, claims, &self.provider).unwrap()
    }
}

fn external_claims() -> Value {
    with(with(claims(), "iss", json!("https://id.example")), "aud", json!(["other", "chat"]))
}

#[test]
fn a_good_token_becomes_a_principal() {
    let bench = bench();
    let signed = bench.signing.sign(&serde_json::from_value(with(claims(), "role", json!("owner"))).unwrap());
    let principal = bench.verifier.verify(&signed).unwrap();
    assert_eq!((principal.user.as_str(), principal.tenant_name.as_str()), ("app", "demo"));
    assert_eq!(principal.role, Role::Owner);
    assert_eq!(principal.expires_at_us, (NOW + 60) * 1_000_000);
    assert_eq!(bench.verifier.verify(&bench.local(&claims())).unwrap().role, Role::Member);
    let external = bench.verifier.verify(&bench.external(&external_claims(), Some("k1"))).unwrap();
    assert_eq!(external.expires_at_us, (NOW + 90) * 1_000_000, "the session may use the leeway, too");
}

#[test]
fn claims_are_judged() {
    let bench = bench();
    let cases = [
        (with(claims(), "exp", json!(NOW)), Refusal::Expired),
        (with(claims(), "exp", json!(NOW - 1)), Refusal::Expired),
        (with(claims(), "exp", json!(-1)), Refusal::Expired),
        (with(claims(), "exp", json!((NOW as f64) - 0.5)), Refusal::Expired),
        (with(claims(), "exp", json!("tomorrow")), Refusal::Claims),
        (with(claims(), "exp", json!(null)), Refusal::Claims),
        (with(claims(), "nbf", json!(NOW + 1)), Refusal::NotYetValid),
        (with(claims(), "iss", json!("https://id.example")), Refusal::Issuer),
        (with(claims(), "aud", json!("chat")), Refusal::Audience),
        (with(claims(), "aud", json!([])), Refusal::Audience),
        (with(claims(), "aud", json!(7)), Refusal::Claims),
        (with(claims(), "sub", json!("")), Refusal::Claims),
        (with(claims(), "sub", json!("a\0b")), Refusal::Claims),
        (with(claims(), "sub", json!("x".repeat(256))), Refusal::Claims),
        (with(claims(), "tenant", json!("")), Refusal::Claims),
        (with(claims(), "tenant", json!(16384)), Refusal::Claims),
        (with(claims(), "role", json!("root")), Refusal::Role),
        (with(claims(), "role", json!(1)), Refusal::Claims),
        (with(claims(), "role", json!("operator")), Refusal::RoleOfTenant),
        (with(claims(), "tenant", json!("kalam")), Refusal::RoleOfTenant),
        (with(with(claims(), "tenant", json!("kalam")), "role", json!("owner")), Refusal::RoleOfTenant),
    ];
    for (claims, refusal) in cases {
        assert_eq!(bench.verifier.verify(&bench.local(&claims)), Err(refusal), "{claims}");
    }
    for missing in ["exp", "iss", "aud", "sub", "tenant"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(missing);
        assert_eq!(bench.verifier.verify(&bench.local(&claims)), Err(Refusal::Claims), "{missing}");
    }
    let far = with(claims(), "exp", json!(1e300));
    assert_eq!(bench.verifier.verify(&bench.local(&far)).unwrap().expires_at_us, i64::MAX);
}

#[test]
fn leeway_is_for_the_provider_and_not_for_ourselves() {
    let bench = bench();
    let late = with(external_claims(), "exp", json!(NOW - 29));
    assert!(bench.verifier.verify(&bench.external(&late, Some("k1"))).is_ok());
    let later = with(external_claims(), "exp", json!(NOW - 30));
    assert_eq!(bench.verifier.verify(&bench.external(&later, Some("k1"))), Err(Refusal::Expired));
    let early = with(external_claims(), "nbf", json!(NOW + 31));
    assert_eq!(bench.verifier.verify(&bench.external(&early, Some("k1"))), Err(Refusal::NotYetValid));
}

#[test]
fn a_key_means_one_algorithm_and_one_issuer() {
    let bench = bench();
    assert_eq!(bench.verifier.verify(&bench.external(&external_claims(), Some("k2"))), Err(Refusal::NoSuchKey));
    assert!(bench.verifier.verify(&bench.external(&external_claims(), None)).is_ok(), "the only key for EdDSA");
    // The provider cannot speak for the data directory's own key.
    assert_eq!(bench.verifier.verify(&bench.external(&claims(), Some("k1"))), Err(Refusal::Issuer));
    assert_eq!(bench.verifier.verify(&bench.external(&claims(), Some("kalam-local"))), Err(Refusal::NoSuchKey));
    // The public key is no secret: HS256 with its bytes, under its id.
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("k1".into());
    let confused = EncodingKey::from_secret(bench.provider_public.as_bytes());
    let token = jsonwebtoken::encode(&header, &external_claims(), &confused).unwrap();
    assert_eq!(bench.verifier.verify(&token), Err(Refusal::NoSuchKey));
    // The same without an id: the data directory's key does not verify it.
    let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &external_claims(), &confused).unwrap();
    assert_eq!(bench.verifier.verify(&token), Err(Refusal::Signature));
    let token =
        jsonwebtoken::encode(&Header::new(Algorithm::HS512), &claims(), &EncodingKey::from_secret(&bench.secret));
    assert_eq!(bench.verifier.verify(&token.unwrap()), Err(Refusal::NoSuchKey));
}

#[test]
fn unsigned_and_damaged_tokens_are_refused() {
    let bench = bench();
    let good = bench.local(&claims());
    let [header, body, signature] = good.split('.').collect::<Vec<_>>()[..] else { unreachable!() };
    // {"alg":"none"} and {"alg":"None"}
    for none in ["eyJhbGciOiJub25lIn0", "eyJhbGciOiJOb25lIn0"] {
        assert_eq!(bench.verifier.verify(&format!("{none}.{body}.")), Err(Refusal::NotAToken));
        assert_eq!(bench.verifier.verify(&format!("{none}.{body}.{signature}")), Err(Refusal::NotAToken));
    }
    assert_eq!(bench.verifier.verify(&format!("{header}.{body}.")), Err(Refusal::Signature));
    assert_eq!(bench.verifier.verify(&format!("{header}.{body}")), Err(Refusal::NotAToken));
    assert_eq!(bench.verifier.verify(""), Err(Refusal::NotAToken));
    assert_eq!(bench.verifier.verify("hunter2"), Err(Refusal::NotAToken));
    let other = bench.local(&with(claims(), "sub", json!("root")));
    let foreign_body = other.split('.').nth(1).unwrap();
    assert_eq!(bench.verifier.verify(&format!("{header}.{foreign_body}.{signature}")), Err(Refusal::Signature));
    let mut critical = Header::new(Algorithm::HS256);
    critical.crit = Some(vec!["b64".into()]);
    let token = jsonwebtoken::encode(&critical, &claims(), &EncodingKey::from_secret(&bench.secret)).unwrap();
    assert_eq!(bench.verifier.verify(&token), Err(Refusal::Critical));
}

#[test]
fn a_token_that_is_too_long_is_not_looked_at() {
    let bench = bench();
    let long = with(claims(), "note", json!("x".repeat(10_000)));
    assert_eq!(bench.verifier.verify(&bench.local(&long)), Err(Refusal::TooLong));
}

proptest! {
    #[test]
    fn garbage_is_refused_without_a_panic(garbage in "[A-Za-z0-9_.\\-]{0,200}", any in ".{0,100}") {
        let bench = bench();
        prop_assert!(bench.verifier.verify(&garbage).is_err());
        prop_assert!(bench.verifier.verify(&any).is_err());
    }

    /// Changing any one character of a good token makes it bad. The last one may carry unused bits.
    #[test]
    fn every_character_counts(position in any::<prop::sample::Index>()) {
        let bench = bench();
        let mut token = bench.local(&claims()).into_bytes();
        let position = position.index(token.len() - 1);
        token[position] = if token[position] == b'A' { b'B' } else { b'A' };
        prop_assert!(bench.verifier.verify(std::str::from_utf8(&token).unwrap()).is_err());
    }
}
