//! Why a login or a token was refused. The client sees one uniform text; the reason goes to the log.

use super::report::{Report, Severity};

/// Why a connection could not be authenticated, or may not go on.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The token was refused; `reason` is for the log only.
    #[error("password authentication failed for user \"{user}\"")]
    Refused { user: String, reason: String },
    /// The client did not ask for TLS, and the server requires it.
    #[error("TLS is required: connect with sslmode=require")]
    TlsRequired,
    /// The session's token reached its `exp`.
    #[error("terminating connection because its token expired")]
    TokenExpired,
    /// `kalam.reauthenticate` was called with a token that does not continue this session.
    #[error("the token does not renew this session")]
    NotRenewed { reason: String },
}

impl AuthError {
    pub(super) fn describe(&self, report: &mut Report) {
        match self {
            Self::Refused { .. } | Self::TlsRequired => report.severity = Severity::Fatal,
            Self::TokenExpired => {
                report.severity = Severity::Fatal;
                report.hint = Some("Connect with a new token, or call kalam.reauthenticate() in time.".into());
            }
            Self::NotRenewed { .. } => {}
        }
    }
}
