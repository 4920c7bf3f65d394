//! Tokens that `kalam token` would never make: the wrong ones.

use ring::hmac;
use serde_json::{Map, Value};

/// The parts of a JSON Web Token, to be taken apart, bent and put together again.
#[derive(Clone)]
pub struct Token {
    pub header: Map<String, Value>,
    pub claims: Map<String, Value>,
    pub signature: Vec<u8>,
}

impl Token {
    pub fn parse(text: &str) -> Self {
        let parts: Vec<&str> = text.split('.').collect();
        assert_eq!(parts.len(), 3, "a token has three parts");
        Self { header: object(parts[0]), claims: object(parts[1]), signature: decode(parts[2]) }
    }

    /// The text with the signature it came with, right or not.
    pub fn unsigned(&self) -> String {
        format!("{}.{}", self.signing_input(), encode(&self.signature))
    }

    /// The text signed with an HS256 key.
    pub fn signed(&self, key: &[u8]) -> String {
        let input = self.signing_input();
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), input.as_bytes());
        format!("{input}.{}", encode(tag.as_ref()))
    }

    pub fn with(&self, claim: &str, value: impl Into<Value>) -> Self {
        let mut changed = self.clone();
        changed.claims.insert(claim.to_owned(), value.into());
        changed
    }

    pub fn without(&self, claim: &str) -> Self {
        let mut changed = self.clone();
        changed.claims.remove(claim).unwrap_or_else(|| panic!("the token has no claim {claim}"));
        changed
    }

    pub fn with_header(&self, name: &str, value: impl Into<Value>) -> Self {
        let mut changed = self.clone();
        changed.header.insert(name.to_owned(), value.into());
        changed
    }

    fn signing_input(&self) -> String {
        let part = |object: &Map<String, Value>| encode(serde_json::to_string(object).unwrap().as_bytes());
        format!("{}.{}", part(&self.header), part(&self.claims))
    }
}

/// Seconds since the Unix epoch.
pub fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// base64url without padding.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut group = [0u8; 4];
        group[1..=chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes(group);
        for index in 0..=chunk.len() {
            text.push(ALPHABET[(bits >> (18 - 6 * index)) as usize & 63] as char);
        }
    }
    text
}

pub fn decode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut bits = 0u32;
    let mut count = 0;
    for c in text.bytes() {
        let value = ALPHABET.iter().position(|a| *a == c).expect("base64url") as u32;
        bits = bits << 6 | value;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

fn object(part: &str) -> Map<String, Value> {
    serde_json::from_slice(&decode(part)).unwrap()
}

#[test]
fn base64url_round_trips() {
    for text in ["", "f", "fo", "foo", "foob", "fooba", "foobar", "\u{ff}\u{3ff}~~~???"] {
        assert_eq!(decode(&encode(text.as_bytes())), text.as_bytes());
    }
    assert_eq!(encode(b"foobar"), "Zm9vYmFy");
}
