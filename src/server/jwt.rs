//! Tokens: what a JWT must say before somebody is let in.
//!
//! jsonwebtoken checks the signature and nothing else; the claims are judged here, against the injected
//! clock and the key that signed them. Every refusal has its own reason for the log. The client is told the
//! same words for all of them, and neither the token nor what it claims is ever logged before it is proven.

use std::sync::Arc;

use jsonwebtoken::Validation;
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};

use super::keys::VerificationKey;
use crate::base::clock::Clock;
use crate::session::{Principal, Role};

/// Longest `sub` and `tenant` that are taken, in bytes.
const NAME_BYTES: usize = 255;

/// What a token says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub aud: Audience,
    pub sub: String,
    pub tenant: String,
    /// Without it the role is `member`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Seconds since the Unix epoch.
    pub exp: Seconds,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<Seconds>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iat: Option<Seconds>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
}

/// `aud` is one text or a list of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn names(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Many(many) => many.iter().any(|one| one == audience),
        }
    }
}

/// A moment as JWT writes it: seconds since the Unix epoch, with or without a fraction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(serde_json::Number);

impl Seconds {
    /// The moment `us` microseconds since the Unix epoch, rounded down.
    pub fn from_us(us: i64) -> Self {
        Self(us.div_euclid(1_000_000).into())
    }

    /// Microseconds since the Unix epoch. A moment too far away becomes the farthest one.
    fn us(&self) -> i64 {
        match self.0.as_i64() {
            Some(seconds) => seconds.saturating_mul(1_000_000),
            // A float-to-integer cast saturates; what is not a number would become 0, the distant past.
            None => (self.0.as_f64().unwrap_or(0.0) * 1e6) as i64,
        }
    }
}

/// Why a token was refused. For the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the password is not a token")]
    NotAToken,
    #[error("the token is too long")]
    TooLong,
    #[error("no key has the token's id and algorithm")]
    NoSuchKey,
    #[error("the token has critical header fields that are not understood")]
    Critical,
    #[error("the signature is wrong")]
    Signature,
    #[error("a claim is missing or has the wrong form")]
    Claims,
    #[error("the token is from another issuer")]
    Issuer,
    #[error("the token is for another audience")]
    Audience,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYetValid,
    #[error("the token's role is unknown")]
    Role,
    #[error("the token's role is not one of its tenant: operators are for the tenant \"kalam\", and nobody else is")]
    RoleOfTenant,
    #[error("the startup user is not the token's subject")]
    User,
    #[error("the startup database is not the token's tenant")]
    Database,
    #[error("the database does not exist")]
    NoSuchDatabase,
}

/// Judges tokens.
#[derive(Debug)]
pub struct Verifier {
    /// Replaced as a whole when the keys are read again.
    keys: RwLock<Arc<[VerificationKey]>>,
    max_token_bytes: usize,
    clock: Arc<dyn Clock>,
}

impl Verifier {
    pub(super) fn new(keys: Vec<VerificationKey>, max_token_bytes: usize, clock: Arc<dyn Clock>) -> Self {
        Self { keys: RwLock::new(keys.into()), max_token_bytes, clock }
    }

    /// Judges by other keys from now on.
    pub(super) fn replace_keys(&self, keys: Vec<VerificationKey>) {
        *self.keys.write() = keys.into();
    }

    /// Longest token that is looked at, in bytes.
    pub fn max_token_bytes(&self) -> usize {
        self.max_token_bytes
    }

    /// Verifies a token and says who it is.
    ///
    /// # Errors
    /// The reason, for the log only.
    pub fn verify(&self, token: &str) -> Result<Principal, Refusal> {
        if token.len() > self.max_token_bytes {
            return Err(Refusal::TooLong);
        }
        // `alg: none` and unknown algorithms are not among the algorithms that a header can have.
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refusal::NotAToken)?;
        if header.crit.is_some() {
            return Err(Refusal::Critical);
        }
        let id = header.kid.as_deref().unwrap_or_default();
        let keys = Arc::clone(&self.keys.read());
        let key = keys.iter().find(|key| key.algorithm == header.alg && key.id == id);
        // A locally signed token may come without the key's id: other tools make them, too.
        let key = key.or_else(|| {
            let mut fitting = keys.iter().filter(|key| key.algorithm == header.alg);
            fitting.next().filter(|_| header.kid.is_none() && fitting.next().is_none())
        });
        let key = key.ok_or(Refusal::NoSuchKey)?;

        let mut signature_only = Validation::new(key.algorithm);
        signature_only.required_spec_claims.clear();
        signature_only.validate_exp = false;
        signature_only.validate_nbf = false;
        signature_only.validate_aud = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.key, &signature_only).map_err(refusal)?.claims;
        self.judge(claims, key)
    }

    fn judge(&self, claims: Claims, key: &VerificationKey) -> Result<Principal, Refusal> {
        if claims.iss != key.issuer {
            return Err(Refusal::Issuer);
        }
        if !claims.aud.names(&key.audience) {
            return Err(Refusal::Audience);
        }
        let now_us = self.clock.now_us();
        let expires_at_us = claims.exp.us().saturating_add(key.leeway_us);
        if expires_at_us <= now_us {
            return Err(Refusal::Expired);
        }
        if claims.nbf.is_some_and(|nbf| nbf.us().saturating_sub(key.leeway_us) > now_us) {
            return Err(Refusal::NotYetValid);
        }
        for name in [&claims.sub, &claims.tenant] {
            if name.is_empty() || name.len() > NAME_BYTES || name.contains('\0') {
                return Err(Refusal::Claims);
            }
        }
        let role = match &claims.role {
            None => Role::Member,
            Some(name) => Role::from_name(name).ok_or(Refusal::Role)?,
        };
        if !role.belongs_to(&claims.tenant) {
            return Err(Refusal::RoleOfTenant);
        }
        Ok(Principal { user: claims.sub, tenant_name: claims.tenant, role, expires_at_us, token_id: claims.jti })
    }
}

fn refusal(error: jsonwebtoken::errors::Error) -> Refusal {
    use jsonwebtoken::errors::ErrorKind;
    match error.kind() {
        ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm => Refusal::Signature,
        ErrorKind::Json(_) | ErrorKind::Utf8(_) => Refusal::Claims,
        _ => Refusal::NotAToken,
    }
}

#[cfg(test)]
mod tests;
