//! BEGIN, COMMIT, ROLLBACK and SET TRANSACTION.

use super::command::{Isolation, Modes};
use super::not_supported;
use crate::Result;
use crate::error::SessionError;
use crate::session::outcome::Outcome;
use crate::session::state::{Block, Session};
use crate::transaction;

fn tag(tag: &str) -> Outcome {
    Outcome::Command { tag: tag.to_owned() }
}

/// BEGIN and START TRANSACTION. Statements before it in the same query string join the block.
pub(crate) fn begin(session: &mut Session, modes: Modes, tag_text: &str) -> Result<Outcome> {
    // A BEGIN that is refused opens no block: the client would otherwise find itself in a failed one.
    modes.isolation.map(level).transpose()?;
    if session.block == Block::Explicit {
        session.shared.notices.lock().warning("25001", "there is already a transaction in progress");
    } else {
        session.ensure_transaction()?;
        session.block = Block::Explicit;
    }
    apply(session, modes)?;
    Ok(tag(tag_text))
}

/// COMMIT and END. Of a block that failed it makes a ROLLBACK, and says so in its tag.
pub(crate) async fn commit(session: &mut Session, chain: bool) -> Result<Outcome> {
    let before = session.block;
    require_block(session, chain, "COMMIT AND CHAIN")?;
    let modes = current(session);
    let done = match before {
        Block::Failed => {
            session.rollback();
            "ROLLBACK"
        }
        Block::Explicit => {
            session.commit().await?;
            "COMMIT"
        }
        Block::None | Block::Implicit => {
            session.shared.notices.lock().warning("25P01", "there is no transaction in progress");
            session.commit().await?;
            "COMMIT"
        }
    };
    if chain {
        begin(session, modes, done)?;
    }
    Ok(tag(done))
}

/// ROLLBACK and ABORT.
pub(crate) fn rollback(session: &mut Session, chain: bool) -> Result<Outcome> {
    require_block(session, chain, "ROLLBACK AND CHAIN")?;
    let modes = current(session);
    if matches!(session.block, Block::None | Block::Implicit) {
        session.shared.notices.lock().warning("25P01", "there is no transaction in progress");
    }
    session.rollback();
    if chain {
        begin(session, modes, "ROLLBACK")?;
    }
    Ok(tag("ROLLBACK"))
}

fn require_block(session: &Session, chain: bool, what: &str) -> Result<()> {
    if chain && matches!(session.block, Block::None | Block::Implicit) {
        return Err(SessionError::NoTransactionBlock(what.into()).into());
    }
    Ok(())
}

/// SET TRANSACTION, and SET SESSION CHARACTERISTICS AS TRANSACTION.
pub(crate) fn set(session: &mut Session, modes: Modes, for_session: bool) -> Result<Outcome> {
    if for_session {
        let mut settings = session.shared.settings.lock();
        if let Some(isolation) = modes.isolation {
            settings.set_text("default_transaction_isolation", Some(isolation.name()), false)?;
        }
        if let Some(read_only) = modes.read_only {
            settings.set_text("default_transaction_read_only", Some(on_off(read_only)), false)?;
        }
        if let Some(deferrable) = modes.deferrable {
            settings.set_text("default_transaction_deferrable", Some(on_off(deferrable)), false)?;
        }
        return Ok(tag("SET"));
    }
    if matches!(session.block, Block::None | Block::Implicit) {
        session.shared.notices.lock().warning("25P01", "SET TRANSACTION can only be used in transaction blocks");
    }
    session.ensure_transaction()?;
    apply(session, modes)?;
    Ok(tag("SET"))
}

/// Gives the open transaction its modes, and the settings that show them.
pub(crate) fn apply(session: &mut Session, modes: Modes) -> Result<()> {
    let queried = session.queried;
    if let Some(isolation) = modes.isolation {
        let wanted = level(isolation)?;
        let transaction = session.ensure_transaction()?;
        if queried && wanted != transaction.isolation() {
            let message = "SET TRANSACTION ISOLATION LEVEL must be called before any query";
            return Err(SessionError::TransactionStarted(message.into()).into());
        }
        transaction.set_isolation(wanted);
        let mut settings = session.shared.settings.lock();
        settings.set_text("transaction_isolation", Some(isolation.name()), true)?;
    }
    if let Some(read_only) = modes.read_only {
        let was = session.shared.settings.lock().is_on("transaction_read_only");
        if queried && was && !read_only {
            let message = "transaction read-write mode must be set before any query";
            return Err(SessionError::TransactionStarted(message.into()).into());
        }
        session.ensure_transaction()?.set_read_only(read_only);
        session.shared.settings.lock().set_text("transaction_read_only", Some(on_off(read_only)), true)?;
    }
    if let Some(deferrable) = modes.deferrable {
        session.shared.settings.lock().set_text("transaction_deferrable", Some(on_off(deferrable)), true)?;
    }
    Ok(())
}

/// The modes of the open transaction, for the next one of a chain.
fn current(session: &Session) -> Modes {
    let settings = session.shared.settings.lock();
    let isolation = match settings.get("transaction_isolation") {
        "repeatable read" => Isolation::RepeatableRead,
        _ => Isolation::ReadCommitted,
    };
    Modes {
        isolation: Some(isolation),
        read_only: Some(settings.is_on("transaction_read_only")),
        deferrable: Some(settings.is_on("transaction_deferrable")),
    }
}

/// READ UNCOMMITTED is READ COMMITTED, as in PostgreSQL; SERIALIZABLE is refused, never weakened.
fn level(isolation: Isolation) -> Result<transaction::Isolation> {
    match isolation {
        Isolation::ReadUncommitted | Isolation::ReadCommitted => Ok(transaction::Isolation::ReadCommitted),
        Isolation::RepeatableRead => Ok(transaction::Isolation::RepeatableRead),
        Isolation::Serializable => Err(not_supported("isolation level SERIALIZABLE")),
    }
}

fn on_off(value: bool) -> &'static str {
    if value { "on" } else { "off" }
}
