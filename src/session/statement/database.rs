//! CREATE DATABASE and DROP DATABASE: an operator's, from the system database.

use crate::Result;
use crate::base::ids::TenantId;
use crate::base::limits::IDENTIFIER_BYTES;
use crate::error::{CatalogError, SessionError};
use crate::session::outcome::Outcome;
use crate::session::principal::Role;
use crate::session::state::{Block, Session};

/// CREATE DATABASE.
pub(crate) async fn create(session: &mut Session, name: &str, owner: Option<&str>) -> Result<Outcome> {
    outside_block(session, "CREATE DATABASE")?;
    if !is_operator(session) {
        return Err(SessionError::PermissionDenied("to create database".into()).into());
    }
    if name.len() > IDENTIFIER_BYTES {
        return Err(SessionError::InvalidName(format!("database name \"{name}\" is too long")).into());
    }
    let tenants = session.shared.services.tenants.clone();
    // Users are made by tokens, so nobody knows which names there are: any may own a database.
    let owner = owner.map_or_else(|| session.shared.user(), str::to_owned);
    tenants.create(name, &owner).await?;
    Ok(Outcome::Command { tag: "CREATE DATABASE".into() })
}

/// DROP DATABASE [IF EXISTS] name [WITH (FORCE)].
pub(crate) async fn drop(session: &mut Session, name: &str, if_exists: bool, force: bool) -> Result<Outcome> {
    outside_block(session, "DROP DATABASE")?;
    let services = session.shared.services.clone();
    if !is_operator(session) {
        return Err(SessionError::NotOwner(format!("database {name}")).into());
    }
    if services.catalogs.get(name).is_none() {
        if !if_exists {
            return Err(CatalogError::UnknownDatabase(name.to_owned()).into());
        }
        let message = format!("database \"{name}\" does not exist, skipping");
        session.shared.notices.lock().notice("00000", message);
        return Ok(Outcome::Command { tag: "DROP DATABASE".into() });
    }
    if session.shared.tenant.name == name {
        return Err(SessionError::ObjectInUse {
            message: "cannot drop the currently open database".into(),
            detail: None,
        }
        .into());
    }
    services.tenants.clone().drop(name, force).await?;
    Ok(Outcome::Command { tag: "DROP DATABASE".into() })
}

fn is_operator(session: &Session) -> bool {
    session.shared.role() == Role::Operator && session.shared.tenant.id == TenantId::SYSTEM
}

/// These statements commit by themselves, so nothing else may be in their transaction.
fn outside_block(session: &Session, statement: &str) -> Result<()> {
    if session.block == Block::Explicit || session.transaction.as_ref().is_some_and(|open| open.has_writes()) {
        return Err(SessionError::InTransactionBlock(statement.to_owned()).into());
    }
    Ok(())
}
