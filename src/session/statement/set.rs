//! SET, RESET and SHOW.

use super::command::{Isolation, Modes};
use super::running::text_columns;
use super::text_rows;
use super::transaction;
use crate::Result;
use crate::error::SessionError;
use crate::query::OutputColumn;
use crate::session::outcome::{Outcome, RowsTag};
use crate::session::state::{Block, Session};
use std::sync::Arc;

/// SET name TO values; `None` is DEFAULT.
pub(crate) fn set(session: &mut Session, name: &str, values: Option<&[String]>, local: bool) -> Result<Outcome> {
    if local && matches!(session.block, Block::None | Block::Implicit) {
        session.shared.notices.lock().warning("25P01", "SET LOCAL can only be used in transaction blocks");
    }
    session.ensure_transaction()?;
    match transaction_modes(name, values)? {
        Some(modes) => transaction::apply(session, modes)?,
        None => session.shared.settings.lock().set(name, values, local)?,
    }
    Ok(Outcome::Command { tag: "SET".into() })
}

/// Some settings are the modes of the running transaction under other names.
fn transaction_modes(name: &str, values: Option<&[String]>) -> Result<Option<Modes>> {
    let value = values.and_then(|values| values.first()).map_or("", String::as_str);
    let invalid =
        || crate::Error::from(SessionError::InvalidSetting { name: name.to_lowercase(), value: value.to_owned() });
    match name.to_lowercase().as_str() {
        "transaction_isolation" => {
            let isolation = match value.to_lowercase().as_str() {
                "read uncommitted" => Isolation::ReadUncommitted,
                "" | "read committed" => Isolation::ReadCommitted,
                "repeatable read" => Isolation::RepeatableRead,
                "serializable" => Isolation::Serializable,
                _ => return Err(invalid()),
            };
            Ok(Some(Modes { isolation: Some(isolation), ..Modes::default() }))
        }
        "transaction_read_only" => {
            let read_only = match value.to_lowercase().as_str() {
                "on" | "true" | "yes" | "1" => true,
                "" | "off" | "false" | "no" | "0" => false,
                _ => return Err(invalid()),
            };
            Ok(Some(Modes { read_only: Some(read_only), ..Modes::default() }))
        }
        _ => Ok(None),
    }
}

/// RESET name, RESET ALL.
pub(crate) fn reset(session: &mut Session, name: Option<&str>) -> Result<Outcome> {
    session.ensure_transaction()?;
    let mut settings = session.shared.settings.lock();
    match name {
        Some(name) => settings.set(name, None, false)?,
        None => settings.reset_all(),
    }
    Ok(Outcome::Command { tag: "RESET".into() })
}

/// SHOW name, SHOW ALL.
pub(crate) fn show(session: &Session, name: Option<&str>) -> Result<Outcome> {
    let settings = session.shared.settings.lock();
    match name {
        Some(name) => {
            let value = settings.show(name).ok_or_else(|| SessionError::UnknownSetting(name.to_owned()))?;
            text_rows(&[&settings.canonical(name)], vec![vec![value]], RowsTag::Show)
        }
        None => {
            let rows = settings.show_all().into_iter().map(|(name, value, about)| vec![name, value, about.to_owned()]);
            text_rows(&ALL, rows.collect(), RowsTag::Show)
        }
    }
}

const ALL: [&str; 3] = ["name", "setting", "description"];

/// The columns of SHOW, for Describe.
pub(crate) fn columns(session: &Session, name: Option<&str>) -> Arc<[OutputColumn]> {
    match name {
        Some(name) => text_columns(&[&session.shared.settings.lock().canonical(name)]),
        None => text_columns(&ALL),
    }
}
