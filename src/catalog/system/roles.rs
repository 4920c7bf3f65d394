//! Roles. KalamDB has no list of users: a user is whoever a token names. For the catalogs each name has an
//! OID that follows from the name alone, so that it is the same after a restart and in every tenant.

use std::collections::BTreeSet;

use super::context::SystemContext;
use crate::base::ids::Oid;
use crate::catalog::catalogs::SYSTEM_DATABASE;

/// PostgreSQL's bootstrap superuser: the owner of the system's objects.
pub(super) const SYSTEM_ROLE: Oid = 10;

/// The OID of a role.
pub fn role_oid(name: &str) -> Oid {
    if name == SYSTEM_DATABASE {
        return SYSTEM_ROLE;
    }
    // FNV-1a. The upper half of the numbers keeps clear of all other OIDs.
    let hash = name.bytes().fold(0x811C_9DC5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash | 0x8000_0000
}

/// The name of a role that the session can know of.
pub fn role_name(context: &SystemContext<'_>, oid: Oid) -> Option<String> {
    names(context).into_iter().find(|name| role_oid(name) == oid).map(str::to_owned)
}

/// The roles that the session can know of: itself, and the owners of what it sees.
pub(super) fn names<'a>(context: &SystemContext<'a>) -> BTreeSet<&'a str> {
    let catalog = context.catalog;
    let mut names = BTreeSet::from([SYSTEM_DATABASE, context.user, catalog.tenant.owner.as_str()]);
    names.extend(catalog.schemas().map(|schema| schema.owner.as_str()));
    names.extend(catalog.tables().map(|table| table.owner.as_str()));
    names.extend(context.tenants.iter().map(|tenant| tenant.owner.as_str()));
    names
}
