//! Errors and notices as the fields of ErrorResponse and NoticeResponse.

use crate::error::{Report, Severity};

/// The fields of an ErrorResponse, in PostgreSQL's order.
pub(super) fn error_fields(report: &Report) -> Vec<(u8, String)> {
    let severity = match report.severity {
        Severity::Error => "ERROR",
        Severity::Fatal => "FATAL",
    };
    fields(severity, report)
}

/// The fields of a message of this severity (`NOTICE`, `WARNING`, …).
pub(super) fn fields(severity: &str, report: &Report) -> Vec<(u8, String)> {
    // V is S without translation; we do not translate.
    let mut fields = vec![
        (b'S', severity.to_owned()),
        (b'V', severity.to_owned()),
        (b'C', report.sqlstate.to_string()),
        (b'M', sendable(&report.message)),
    ];
    let optional = [
        (b'D', &report.detail),
        (b'H', &report.hint),
        (b'W', &report.context),
        (b's', &report.schema),
        (b't', &report.table),
        (b'c', &report.column),
        (b'n', &report.constraint),
    ];
    for (code, value) in optional {
        if let Some(value) = value {
            fields.push((code, sendable(value)));
        }
        // PostgreSQL sends the position between the hint and the context.
        if let (b'H', Some(position)) = (code, report.position) {
            fields.push((b'P', position.to_string()));
        }
    }
    fields
}

/// A NUL ends a field: text that came from a client's bytes must not end it early.
fn sendable(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{AuthError, Error, SqlState, TransactionError};

    fn codes(fields: &[(u8, String)]) -> String {
        fields.iter().map(|(code, _)| *code as char).collect()
    }

    #[test]
    fn fields_come_in_postgresqls_order() {
        let error = Error::from(TransactionError::DuplicateKey {
            schema: "public".into(),
            table: "t".into(),
            constraint: "t_pkey".into(),
            detail: "Key (id)=(1) already exists.".into(),
        });
        let fields = error_fields(&error.at(7).report());
        assert_eq!(codes(&fields), "SVCMDPstn");
        assert_eq!(fields[2].1, "23505");
        assert_eq!(fields[5].1, "7");
    }

    #[test]
    fn a_refused_login_says_nothing_of_its_reason() {
        let error = Error::from(AuthError::Refused { user: "app".into(), reason: "expired".into() });
        let fields = error_fields(&error.report());
        assert_eq!(codes(&fields), "SVCM");
        assert_eq!(fields[0].1, "FATAL");
        assert_eq!(fields[2].1, "28P01");
        assert_eq!(fields[3].1, "password authentication failed for user \"app\"");
    }

    #[test]
    fn a_nul_in_a_text_cannot_end_the_field() {
        let report = Report::new(SqlState("22P02"), "bad: a\0b");
        assert_eq!(error_fields(&report)[3].1, "bad: a\u{FFFD}b");
    }
}
