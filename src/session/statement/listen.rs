//! LISTEN, UNLISTEN and NOTIFY: they take effect at commit or not at all.
//!
//! A name in LISTEN or NOTIFY is an identifier: it folds unless quoted, and a long one is cut with a
//! notice. The argument of `pg_notify` is a text and is refused instead. One kind of channel may be longer:
//! `<table>:<conversation>`, the change feed of one conversation.

use crate::Result;
use crate::base::limits::{IDENTIFIER_BYTES, KEY_BYTES};
use crate::error::SessionError;
use crate::session::outcome::Outcome;
use crate::session::principal::Role;
use crate::session::state::Session;
use crate::storage::Notice;
use crate::transaction;

/// A notification, if the role may send it and PostgreSQL's bounds allow it.
///
/// # Errors
/// 22023 for an empty or too long channel and for a too long payload; 42501 for a role that does not write.
pub(crate) fn notice(role: Role, channel: &str, payload: &str) -> Result<Notice> {
    let notice = transaction::notice(channel, payload)?;
    if !role.writes() {
        // Listeners take a notification on a table's channel for a change of that table.
        return Err(SessionError::PermissionDenied("to send notifications".into()).into());
    }
    Ok(notice)
}

/// NOTIFY.
pub(crate) fn notify(session: &mut Session, channel: &str, payload: Option<&str>) -> Result<Outcome> {
    let channel = cut(session, channel);
    let notice = notice(session.shared.role(), &channel, payload.unwrap_or(""))?;
    session.hand_over_notices()?;
    session.ensure_transaction()?.notify(notice.channel, notice.payload)?;
    Ok(Outcome::Command { tag: "NOTIFY".into() })
}

/// LISTEN.
pub(crate) fn listen(session: &mut Session, channel: &str) -> Result<Outcome> {
    let channel = if is_conversation(session, channel)? { channel.to_owned() } else { cut(session, channel) };
    let most = session.shared.services.limits.channels;
    if session.shared.subscriber.channels().len() >= most {
        return Err(SessionError::TooManyChannels { maximum: most }.into());
    }
    let subscriber = session.shared.subscriber.clone();
    session.ensure_transaction()?.listen(&subscriber, channel);
    Ok(Outcome::Command { tag: "LISTEN".into() })
}

/// UNLISTEN; `None` is `*`.
pub(crate) fn unlisten(session: &mut Session, channel: Option<&str>) -> Result<Outcome> {
    let channel = match channel {
        Some(channel) if is_conversation(session, channel)? => Some(channel.to_owned()),
        Some(channel) => Some(cut(session, channel)),
        None => None,
    };
    let subscriber = session.shared.subscriber.clone();
    let transaction = session.ensure_transaction()?;
    match channel {
        Some(channel) => transaction.unlisten(&subscriber, channel),
        None => transaction.unlisten_all(&subscriber),
    }
    Ok(Outcome::Command { tag: "UNLISTEN".into() })
}

/// Whether a long name is the channel of one conversation of a table with a change feed.
fn is_conversation(session: &mut Session, channel: &str) -> Result<bool> {
    if channel.len() <= IDENTIFIER_BYTES || channel.len() > KEY_BYTES {
        return Ok(false);
    }
    let Some((table, _)) = channel.split_once(':') else { return Ok(false) };
    let catalog = session.ensure_transaction()?.catalog();
    Ok(catalog.tables().any(|known| known.changes && known.channel() == table))
}

/// A long identifier is cut, with a notice.
fn cut(session: &Session, name: &str) -> String {
    if name.len() <= IDENTIFIER_BYTES {
        return name.to_owned();
    }
    let end = name.floor_char_boundary(IDENTIFIER_BYTES);
    let message = format!("identifier \"{name}\" will be truncated to \"{}\"", &name[..end]);
    session.shared.notices.lock().notice("42622", message);
    name[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_postgresqls() {
        let long = "c".repeat(64);
        for (channel, payload, message) in [
            ("", "", "channel name cannot be empty"),
            (long.as_str(), "", "channel name too long"),
            ("c", &*"p".repeat(8000), "payload string too long"),
        ] {
            let error = notice(Role::Owner, channel, payload).unwrap_err();
            assert_eq!((error.sqlstate().0, error.to_string().as_str()), ("22023", message));
        }
        assert!(notice(Role::Member, &long[..63], &"p".repeat(7999)).is_ok());
        assert_eq!(notice(Role::Reader, "c", "").unwrap_err().sqlstate().0, "42501");
    }
}
