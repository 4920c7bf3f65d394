//! Who a session acts for, and what that user may do.
//!
//! A [`Principal`] is what remains of a verified token: a session cannot be made without one, and nothing
//! below this floor asks for rights again. There are four roles and no grants. Roles are ordered, so that
//! a right is one comparison, except for [`Role::Operator`]: an operator makes and erases databases and
//! has no say inside them.

use crate::Result;
use crate::catalog::SYSTEM_DATABASE;
use crate::error::SessionError;

/// A verified identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// `current_user`: the `sub` of the token.
    pub user: String,
    /// The database (tenant) that the token is for.
    pub tenant_name: String,
    /// What the user may do there.
    pub role: Role,
    /// When the session has to end, in microseconds since the Unix epoch.
    pub expires_at_us: i64,
    /// The token's `jti`, for the log.
    pub token_id: Option<String>,
}

impl Principal {
    /// A principal that never expires, for programs that embed the database.
    pub fn embedded(user: impl Into<String>, tenant_name: impl Into<String>, role: Role) -> Self {
        Self { user: user.into(), tenant_name: tenant_name.into(), role, expires_at_us: i64::MAX, token_id: None }
    }
}

/// What a user may do in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// SELECT, LISTEN and COPY TO.
    Reader,
    /// Also INSERT, UPDATE, DELETE, COPY FROM, NOTIFY and flush.
    Member,
    /// Also every DDL statement and TRUNCATE.
    Owner,
    /// CREATE DATABASE and DROP DATABASE, connected to the system database; reads its views.
    Operator,
}

impl Role {
    /// The role's name, as tokens and the command line write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Member => "member",
            Self::Owner => "owner",
            Self::Operator => "operator",
        }
    }

    /// The role of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Reader, Self::Member, Self::Owner, Self::Operator].into_iter().find(|role| role.name() == name)
    }

    /// Whether a token of this tenant may carry the role: operators work in the system database and see no
    /// tenant's rows, and the system database has no other users.
    pub fn belongs_to(self, tenant_name: &str) -> bool {
        (self == Self::Operator) == (tenant_name == SYSTEM_DATABASE)
    }

    /// Whether the role changes rows and sends notifications.
    pub fn writes(self) -> bool {
        matches!(self, Self::Member | Self::Owner)
    }

    /// Whether the role defines tables and schemas.
    pub fn defines(self) -> bool {
        self == Self::Owner
    }

    /// Refuses a change of rows, with PostgreSQL's words for a missing grant.
    pub(crate) fn may_write(self, table: &str) -> Result<()> {
        if self.writes() { Ok(()) } else { Err(SessionError::PermissionDenied(format!("for table {table}")).into()) }
    }

    /// Refuses DROP and TRUNCATE to everybody but the owner.
    pub(crate) fn may_own(self, kind: &str, name: &str) -> Result<()> {
        if self.defines() { Ok(()) } else { Err(SessionError::NotOwner(format!("{kind} {name}")).into()) }
    }

    /// Refuses CREATE in a schema.
    pub(crate) fn may_create(self, schema: &str) -> Result<()> {
        if self.defines() { Ok(()) } else { Err(SessionError::PermissionDenied(format!("for schema {schema}")).into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_follow_the_role() {
        for (role, writes, defines) in [
            (Role::Reader, false, false),
            (Role::Member, true, false),
            (Role::Owner, true, true),
            (Role::Operator, false, false),
        ] {
            assert_eq!((role.writes(), role.defines()), (writes, defines), "{role:?}");
            assert_eq!(Role::from_name(role.name()), Some(role));
        }
        assert!(Role::Operator.belongs_to("kalam") && !Role::Operator.belongs_to("demo"));
        assert!(Role::Owner.belongs_to("demo") && !Role::Owner.belongs_to("kalam"));
        let refused = Role::Reader.may_write("messages").unwrap_err();
        assert_eq!(refused.sqlstate().0, "42501");
        assert_eq!(refused.to_string(), "permission denied for table messages");
        assert_eq!(Role::Member.may_own("table", "t").unwrap_err().to_string(), "must be owner of table t");
    }
}
