//! Tokens: every wrong one is refused, all with the same words, and none is written to the log.

use std::fs;

use serde_json::json;

use crate::support::server::{Server, token};
use crate::support::token::{Token, now};
use crate::support::wire::{Fields, Wire};

fn login(server: &Server, user: &str, tenant: &str, token: &str) -> Result<Wire, Fields> {
    let mut wire = Wire::to(server).unwrap();
    wire.login(user, tenant, token).map(|()| wire)
}

/// The directory's HS256 key, found by trying: the file that a good token's signature verifies with.
fn signing_key(server: &Server) -> Vec<u8> {
    let good = server.token("demo", "app", "owner");
    let mut candidates = Vec::new();
    for entry in fs::read_dir(server.data()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && fs::metadata(&path).unwrap().len() < 10_000 {
            let bytes = fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes).trim().to_owned();
            candidates.push(bytes);
            candidates.push(text.as_bytes().to_vec());
            if text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') && !text.is_empty() {
                candidates.push(crate::support::token::decode(&text));
            }
            if text.len().is_multiple_of(2) && text.bytes().all(|b| b.is_ascii_hexdigit()) {
                let byte = |i: usize| u8::from_str_radix(&text[i..i + 2], 16).unwrap();
                candidates.push((0..text.len()).step_by(2).map(byte).collect());
            }
        }
    }
    candidates
        .into_iter()
        .find(|key| resigns(&good, key))
        .expect("one file of the data directory holds the signing key")
}

/// Whether the key makes the signature that the token came with.
fn resigns(text: &str, key: &[u8]) -> bool {
    let (input, signature) = text.rsplit_once('.').unwrap();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key);
    crate::support::token::encode(ring::hmac::sign(&key, input.as_bytes()).as_ref()) == signature
}

#[test]
fn only_a_right_token_opens_a_session() {
    let server = Server::start();
    let good = server.token("demo", "app", "owner");
    let key = signing_key(&server);
    let token_of = Token::parse(&good);
    // The tools of this test are sound: what is put together again in the right way is accepted.
    login(&server, "app", "demo", &token_of.signed(&key)).expect("a token signed with the right key");

    let none = token_of.with_header("alg", "none");
    let mut flipped = token_of.clone();
    flipped.signature[0] ^= 1;
    let claims = |name: &str, value: serde_json::Value| token_of.with(name, value).signed(&key);
    let wrong: Vec<(&str, String)> = vec![
        ("empty", String::new()),
        ("not a token", "secret".to_owned()),
        ("dots only", "..".to_owned()),
        ("five parts", format!("{good}.x.y")),
        ("a flipped bit", flipped.unsigned()),
        ("another key", token_of.signed(b"another key of thirty-two bytes!")),
        ("an empty key", token_of.signed(b"")),
        ("no signature", good.rsplit_once('.').unwrap().0.to_owned() + "."),
        ("alg none", none.signed(&key)),
        ("alg none, no signature", {
            let mut t = none.clone();
            t.signature.clear();
            t.unsigned()
        }),
        ("alg None", token_of.with_header("alg", "None").unsigned()),
        ("alg HS512 on our key", token_of.with_header("alg", "HS512").signed(&key)),
        ("alg RS256 on our key", token_of.with_header("alg", "RS256").signed(&key)),
        ("alg ES256 on our key", token_of.with_header("alg", "ES256").signed(&key)),
        ("unknown kid", token_of.with_header("kid", "nosuchkey").signed(&key)),
        ("critical header", token_of.with_header("crit", json!(["exp"])).signed(&key)),
        ("expired", claims("exp", json!(now() - 3600))),
        ("expired beyond the leeway", claims("exp", json!(now() - 31))),
        ("exp as text", claims("exp", json!("tomorrow"))),
        ("exp missing", token_of.without("exp").signed(&key)),
        ("not yet valid", claims("nbf", json!(now() + 3600))),
        ("another issuer", claims("iss", json!("somebody"))),
        ("iss missing", token_of.without("iss").signed(&key)),
        ("another audience", claims("aud", json!("another-service"))),
        ("aud missing", token_of.without("aud").signed(&key)),
        ("another user", claims("sub", json!("root"))),
        ("an empty user", claims("sub", json!(""))),
        ("sub missing", token_of.without("sub").signed(&key)),
        ("another tenant", claims("tenant", json!("other"))),
        ("tenant missing", token_of.without("tenant").signed(&key)),
        ("tenant as list", claims("tenant", json!(["demo"]))),
        ("an unknown role", claims("role", json!("superuser"))),
        ("oversized", claims("padding", json!("x".repeat(9000)))),
        ("very oversized", "x".repeat(100_000)),
        (
            "claims that are no object",
            format!("{}.{}.{}", good.split('.').next().unwrap(), crate::support::token::encode(b"[]"), "AAAA"),
        ),
    ];
    let mut answers = Vec::new();
    for (name, text) in &wrong {
        match login(&server, "app", "demo", text) {
            Ok(_) => panic!("accepted: {name}"),
            Err(fields) => answers.push((name, fields)),
        }
    }
    // Startup user and database must be those of the token.
    for (user, tenant) in [("root", "demo"), ("app", "kalam"), ("app", "nosuchtenant"), ("", "demo"), ("app", "")] {
        match login(&server, user, tenant, &good) {
            Ok(_) => panic!("accepted: {user:?} {tenant:?}"),
            Err(fields) => answers.push((&"startup names", fields)),
        }
    }
    // An operator's token for a tenant, and another's for the system database.
    for (tenant, role) in [("demo", "operator"), ("kalam", "owner"), ("kalam", "reader")] {
        let text = token_of.with("tenant", tenant).with("role", role).signed(&key);
        match login(&server, "app", tenant, &text) {
            Ok(_) => panic!("accepted: {role} of {tenant}"),
            Err(fields) => answers.push((&"a role of another tenant", fields)),
        }
    }
    // A token of a tenant that does not exist.
    match login(&server, "app", "ghost", &token_of.with("tenant", "ghost").signed(&key)) {
        Ok(_) => panic!("accepted: a tenant that does not exist"),
        Err(fields) => answers.push((&"a ghost", fields)),
    }
    for (name, fields) in &answers {
        assert_eq!(fields.get('S'), "FATAL", "{name}: {fields}");
        assert!(["28000", "28P01"].contains(&fields.sqlstate()), "{name}: {fields}");
        let generic = fields.message().replace("\"app\"", "").replace("\"root\"", "").replace("\"\"", "");
        let first = answers[0].1.message().replace("\"app\"", "");
        assert_eq!(generic, first, "{name} is told apart from the others");
    }
    // The reason is in the log, the token is not: neither whole nor its signature.
    let log = server.log();
    assert!(log.to_lowercase().contains("expired"), "the log says why: {log}");
    for (name, text) in wrong.iter().filter(|(_, text)| text.len() > 100) {
        let signature = text.rsplit('.').next().unwrap();
        assert!(signature.len() < 20 || !log.contains(signature), "the token of {name:?} is in the log");
        assert!(!log.contains(&text[..100.min(text.len())]), "the token of {name:?} is in the log");
    }
    login(&server, "app", "demo", &good).expect("the server serves on");
}

/// Keys of an identity provider are bound to one algorithm each: a public key is never an HMAC secret.
#[test]
fn a_public_key_is_not_a_shared_secret() {
    let directory = crate::support::server::temporary_directory();
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let pem = pair.public_key_pem();
    let file = directory.path().join("idp.pem");
    fs::write(&file, &pem).unwrap();
    let keys = format!("keys = [{{ id = \"idp\", algorithm = \"ES256\", path = {:?} }}]", file.to_str().unwrap());
    let server = Server::serve(&[("auth", &keys)]);
    let own = server.token("demo", "app", "owner");
    login(&server, "app", "demo", &own).expect("the directory's own key works beside");
    let token = Token::parse(&own).with_header("kid", "idp");
    for key in [pem.as_bytes(), pem.trim().as_bytes(), pair.public_key_raw()] {
        assert!(login(&server, "app", "demo", &token.with_header("alg", "HS256").signed(key)).is_err());
        assert!(login(&server, "app", "demo", &token.with_header("alg", "ES256").signed(key)).is_err());
    }
    // A right signature of the provider's key.
    let signing = ring::signature::EcdsaKeyPair::from_pkcs8(
        &ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING,
        &pair.serialize_der(),
        &ring::rand::SystemRandom::new(),
    )
    .unwrap();
    let mut signed = token.with_header("alg", "ES256");
    let unsigned = signed.unsigned();
    let input = unsigned.rsplit_once('.').unwrap().0.to_owned();
    signed.signature = signing.sign(&ring::rand::SystemRandom::new(), input.as_bytes()).unwrap().as_ref().to_vec();
    login(&server, "app", "demo", &signed.unsigned()).expect("a token of the identity provider");
}

#[test]
fn expiry_has_a_small_leeway_only() {
    let server = Server::serve(&[("auth", "leeway_s = 0")]);
    let key = signing_key(&server);
    let token_of = Token::parse(&token(server.data(), "demo", "app", "owner", "1h"));
    assert!(login(&server, "app", "demo", &token_of.with("exp", now() - 1).signed(&key)).is_err());
    assert!(login(&server, "app", "demo", &token_of.with("nbf", now() + 60).signed(&key)).is_err());
    assert!(login(&server, "app", "demo", &token_of.with("exp", now() + 60).signed(&key)).is_ok());
    assert!(login(&server, "app", "demo", &token_of.with("nbf", now() - 1).signed(&key)).is_ok());
}
