//! `kalam token`: signs a token with the data directory's key.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use super::Token;
use super::failure::{Exit, Failure};
use crate::base::clock::{Clock, SystemClock};
use crate::base::random::Random;
use crate::catalog::SYSTEM_DATABASE;
use crate::server::jwt::{Audience, Claims, Seconds};
use crate::server::keys::{LOCAL_ISSUER, SigningKey};
use crate::session::Role;

/// Longer lives would outlast the calendar.
const MAX_TTL: Duration = Duration::from_secs(100 * 366 * 24 * 60 * 60);

pub(super) fn run(arguments: &Token) -> Result<(), Failure> {
    let role = Role::from(arguments.role);
    for (what, name) in [("user", &arguments.user), ("tenant", &arguments.tenant)] {
        if name.is_empty() || name.len() > 255 {
            return Err(Failure::new(Exit::Failed, format!("the {what} must have 1 to 255 bytes")));
        }
    }
    if !role.belongs_to(&arguments.tenant) {
        return Err(Failure::new(
            Exit::Failed,
            match role {
                Role::Operator => format!("operator tokens are for the tenant {SYSTEM_DATABASE}"),
                _ => format!("the tenant {SYSTEM_DATABASE} is for operators; make a token with --role operator"),
            },
        ));
    }
    let token = sign(&arguments.data_dir, &arguments.tenant, &arguments.user, role, arguments.ttl)?;
    writeln!(std::io::stdout(), "{token}")
        .map_err(|error| Failure::new(Exit::Failed, format!("cannot write to standard output: {error}")))
}

/// Signs a token with the key of a data directory.
pub(super) fn sign(directory: &Path, tenant: &str, user: &str, role: Role, ttl: Duration) -> Result<String, Failure> {
    let key = SigningKey::load(directory).map_err(|error| Failure::key(&error))?;
    let now_us = SystemClock.now_us();
    let ttl_us = i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX);
    Ok(key.sign(&Claims {
        iss: LOCAL_ISSUER.into(),
        aud: Audience::One(LOCAL_ISSUER.into()),
        sub: user.into(),
        tenant: tenant.into(),
        role: Some(role.name().into()),
        // A part of a second more rather than less.
        exp: Seconds::from_us(now_us.saturating_add(ttl_us).saturating_add(999_999)),
        nbf: None,
        iat: Some(Seconds::from_us(now_us)),
        jti: Some(Random::default().uuid_v7(now_us).to_string()),
    }))
}

/// Reads `90s`, `15m`, `1h`, `30d`.
pub(super) fn parse_ttl(text: &str) -> Result<Duration, String> {
    let expected = || "expected a number and a unit: 90s, 15m, 1h or 30d".to_owned();
    let unit = text.chars().next_back().ok_or_else(expected)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return Err(expected()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| expected())?;
    let ttl = number.checked_mul(seconds).map(Duration::from_secs).filter(|ttl| *ttl <= MAX_TTL);
    ttl.filter(|ttl| !ttl.is_zero()).ok_or_else(|| "expected a time between one second and 100 years".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        for (text, seconds) in [("90s", 90), ("15m", 900), ("1h", 3600), ("30d", 2_592_000)] {
            assert_eq!(parse_ttl(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "h", "1", "-1h", "1.5h", "0s", "1w", "1µ", "99999999999999999999h", "18446744073709551615d"] {
            assert!(parse_ttl(text).is_err(), "{text}");
        }
    }
}
