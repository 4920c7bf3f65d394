//! Login: from a startup message and a token to a principal.
//!
//! The startup message names a user and a database; the token proves them. The user must be the token's
//! `sub` and the database its `tenant`, so that what a client believes to be and what it is never differ.
//! Whatever is wrong, the client reads `password authentication failed for user "x"`: it cannot learn
//! whether a database exists, or which part of a token was refused. The reason goes to the log.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::jwt::{Refusal, Verifier};
use super::keys::{self, SigningKey, VerificationKey};
use crate::base::clock::Clock;
use crate::config::Auth;
use crate::error::{AuthError, ConfigError};
use crate::session::Principal;

/// Verifies logins and renewals.
#[derive(Debug)]
pub struct Authenticator {
    config: Auth,
    /// The data directory, which has a key of its own.
    directory: PathBuf,
    verifier: Verifier,
}

impl Authenticator {
    /// Loads the keys that the settings name, and the data directory's own, which is made if there is none yet.
    ///
    /// # Errors
    /// A key cannot be used, read or made, or there is none at all.
    pub fn new(
        config: &Auth,
        directory: &Path,
        random: &crate::base::random::Random,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigError> {
        SigningKey::load_or_create(directory, random)?;
        let keys = load(config, directory)?;
        Ok(Self {
            config: config.clone(),
            directory: directory.to_path_buf(),
            verifier: Verifier::new(keys, config.max_token_bytes, clock),
        })
    }

    /// Reads all keys again and answers how many there are. Sessions that are open stay open: their tokens
    /// were right. Reads files, and so blocks.
    ///
    /// # Errors
    /// As [`Authenticator::new`]. Then the keys are the ones of before.
    pub fn read_keys_again(&self) -> Result<usize, ConfigError> {
        let keys = load(&self.config, &self.directory)?;
        let count = keys.len();
        self.verifier.replace_keys(keys);
        Ok(count)
    }

    /// Longest token that is looked at, in bytes.
    pub fn max_token_bytes(&self) -> usize {
        self.verifier.max_token_bytes()
    }

    /// Verifies the token of somebody who says to be `user` of `database`.
    ///
    /// # Errors
    /// Always [`AuthError::Refused`].
    pub fn login(&self, user: &str, database: &str, token: &str) -> Result<Principal, AuthError> {
        let refused = |refusal: Refusal| AuthError::Refused { user: user.to_owned(), reason: refusal.to_string() };
        let principal = self.verifier.verify(token).map_err(refused)?;
        if principal.user != user {
            return Err(refused(Refusal::User));
        }
        if principal.tenant_name != database {
            return Err(refused(Refusal::Database));
        }
        Ok(principal)
    }

    /// What somebody is told whose token is right, but for a database that is not there.
    pub fn no_such_database(user: &str) -> AuthError {
        AuthError::Refused { user: user.to_owned(), reason: Refusal::NoSuchDatabase.to_string() }
    }

    /// Verifies a token that is to continue a session: it must be for the same user, tenant and role.
    ///
    /// # Errors
    /// Always [`AuthError::NotRenewed`].
    pub fn renewed(&self, token: &str, current: &Principal) -> Result<Principal, AuthError> {
        let refused = |reason: String| AuthError::NotRenewed { reason };
        let principal = self.verifier.verify(token).map_err(|refusal| refused(refusal.to_string()))?;
        if principal.user != current.user || principal.tenant_name != current.tenant_name {
            return Err(refused("the token is for another user or tenant".into()));
        }
        if principal.role != current.role {
            return Err(refused("the token has another role".into()));
        }
        Ok(principal)
    }
}

fn load(config: &Auth, directory: &Path) -> Result<Vec<VerificationKey>, ConfigError> {
    let local = config.local_key.then(|| SigningKey::load(directory)).transpose()?;
    let keys = keys::load(config, local.as_ref())?;
    if keys.is_empty() {
        return Err(ConfigError::Refused("auth: nobody could log in: set local_key, keys or jwks".into()));
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::ManualClock;
    use crate::base::random::Random;
    use crate::error::Error;
    use crate::server::jwt::{Audience, Claims, Seconds};
    use crate::server::keys::LOCAL_ISSUER;

    const NOW_US: i64 = 1_700_000_000_000_000;

    fn claims(sub: &str, tenant: &str, role: &str) -> Claims {
        Claims {
            iss: LOCAL_ISSUER.into(),
            aud: Audience::One(LOCAL_ISSUER.into()),
            sub: sub.into(),
            tenant: tenant.into(),
            role: Some(role.into()),
            exp: Seconds::from_us(NOW_US + 60_000_000),
            nbf: None,
            iat: None,
            jti: Some("1".into()),
        }
    }

    fn bench() -> (SigningKey, Authenticator, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let key = SigningKey::load_or_create(directory.path(), &Random::default()).unwrap();
        let clock = ManualClock::at(NOW_US);
        let authenticator = Authenticator::new(&Auth::default(), directory.path(), &Random::default(), clock).unwrap();
        (key, authenticator, directory)
    }

    #[test]
    fn user_and_database_must_be_the_tokens() {
        let (key, authenticator, _directory) = bench();
        let token = key.sign(&claims("app", "demo", "owner"));
        assert_eq!(authenticator.login("app", "demo", &token).unwrap().user, "app");
        let told = |user: &str, database: &str, token: &str| {
            Error::from(authenticator.login(user, database, token).unwrap_err()).report()
        };
        let uniform = told("app", "acme", &token);
        assert_eq!(uniform.sqlstate.0, "28P01");
        assert_eq!(uniform.message, "password authentication failed for user \"app\"");
        assert_eq!(told("app", "demo", "nonsense"), uniform);
        assert_eq!(told("app", "kalam", &token), uniform);
        assert_eq!(Error::from(Authenticator::no_such_database("app")).report(), uniform);
        assert_eq!(told("root", "demo", &token).message, "password authentication failed for user \"root\"");
    }

    #[test]
    fn a_session_is_renewed_by_the_same_user_only() {
        let (key, authenticator, _directory) = bench();
        let current = authenticator.login("app", "demo", &key.sign(&claims("app", "demo", "member"))).unwrap();
        assert!(authenticator.renewed(&key.sign(&claims("app", "demo", "member")), &current).is_ok());
        for other in [("eve", "demo", "member"), ("app", "acme", "member"), ("app", "demo", "owner")] {
            let token = key.sign(&claims(other.0, other.1, other.2));
            let error = Error::from(authenticator.renewed(&token, &current).unwrap_err()).report();
            assert_eq!((error.sqlstate.0, error.message.as_str()), ("28000", "the token does not renew this session"));
        }
    }

    #[test]
    fn a_server_that_nobody_could_log_in_to_does_not_start() {
        let (_, _, directory) = bench();
        let config = Auth { local_key: false, ..Auth::default() };
        assert!(Authenticator::new(&config, directory.path(), &Random::default(), ManualClock::at(0)).is_err());
    }

    #[test]
    fn keys_that_cannot_be_read_again_change_nothing() {
        let (key, authenticator, directory) = bench();
        let token = key.sign(&claims("app", "demo", "owner"));
        let path = SigningKey::path(directory.path());
        let good = std::fs::read(&path).unwrap();
        std::fs::write(&path, b"no key").unwrap();
        assert!(authenticator.read_keys_again().is_err());
        assert!(authenticator.login("app", "demo", &token).is_ok());
        std::fs::write(&path, good).unwrap();
        assert_eq!(authenticator.read_keys_again().unwrap(), 1);
        assert!(authenticator.login("app", "demo", &token).is_ok());
        std::fs::remove_file(&path).unwrap();
        let other = SigningKey::load_or_create(directory.path(), &Random::default()).unwrap();
        assert_eq!(authenticator.read_keys_again().unwrap(), 1);
        assert!(authenticator.login("app", "demo", &token).is_err(), "a key that was replaced opens nothing");
        assert!(authenticator.login("app", "demo", &other.sign(&claims("app", "demo", "owner"))).is_ok());
    }
}
