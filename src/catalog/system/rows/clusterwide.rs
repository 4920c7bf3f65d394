//! What does not depend on a tenant's tables: databases, roles, collations, languages, access methods.

use super::relations::{BTREE, HEAP};
use crate::base::ids::Oid;
use crate::catalog::system::cells::{Cell, Row};
use crate::catalog::system::context::SystemContext;
use crate::catalog::system::functions::function_oid;
use crate::catalog::system::roles::{self, SYSTEM_ROLE, role_oid};

/// PostgreSQL's number of the encoding UTF8.
const UTF8: i32 = 6;
const DEFAULT_TABLESPACE: Oid = 1663;
const PG_CATALOG: Oid = 11;

pub(super) fn databases(context: &SystemContext<'_>) -> Vec<Row> {
    context
        .tenants
        .iter()
        .map(|tenant| {
            vec![
                ("oid", tenant.id.0.into()),
                ("datname", tenant.name.as_str().into()),
                ("datdba", role_oid(&tenant.owner).into()),
                ("encoding", UTF8.into()),
                ("datlocprovider", 'c'.into()),
                ("datallowconn", true.into()),
                ("datconnlimit", (-1).into()),
                ("dattablespace", DEFAULT_TABLESPACE.into()),
                ("datcollate", "C.UTF-8".into()),
                ("datctype", "C.UTF-8".into()),
            ]
        })
        .collect()
}

pub(super) fn roles(context: &SystemContext<'_>) -> Vec<Row> {
    roles::names(context)
        .into_iter()
        .map(|name| {
            let superuser = role_oid(name) == SYSTEM_ROLE || (context.operator && name == context.user);
            vec![
                ("rolname", name.into()),
                ("rolsuper", superuser.into()),
                ("rolinherit", true.into()),
                ("rolcreaterole", false.into()),
                ("rolcreatedb", superuser.into()),
                ("rolcanlogin", true.into()),
                ("rolreplication", false.into()),
                ("rolconnlimit", (-1).into()),
                ("rolpassword", "********".into()),
                ("rolbypassrls", superuser.into()),
                ("oid", role_oid(name).into()),
            ]
        })
        .collect()
}

pub(super) fn access_methods(_: &SystemContext<'_>) -> Vec<Row> {
    [(HEAP, "heap", "heap_tableam_handler", 't'), (BTREE, "btree", "bthandler", 'i')]
        .into_iter()
        .map(|(oid, name, handler, kind)| {
            vec![
                ("oid", oid.into()),
                ("amname", name.into()),
                ("amhandler", function_oid(handler).into()),
                ("amtype", kind.into()),
            ]
        })
        .collect()
}

pub(super) fn collations(_: &SystemContext<'_>) -> Vec<Row> {
    [(100_u32, "default", 'd', -1, None), (950, "C", 'c', -1, Some("C")), (951, "POSIX", 'c', -1, Some("POSIX"))]
        .into_iter()
        .map(|(oid, name, provider, encoding, locale)| {
            vec![
                ("oid", oid.into()),
                ("collname", name.into()),
                ("collnamespace", PG_CATALOG.into()),
                ("collowner", SYSTEM_ROLE.into()),
                ("collprovider", provider.into()),
                ("collisdeterministic", true.into()),
                ("collencoding", Cell::from(encoding)),
                ("collcollate", locale.into()),
                ("collctype", locale.into()),
            ]
        })
        .collect()
}

pub(super) fn languages(_: &SystemContext<'_>) -> Vec<Row> {
    [(12_u32, "internal"), (14, "sql")]
        .into_iter()
        .map(|(oid, name)| vec![("oid", oid.into()), ("lanname", name.into()), ("lanowner", SYSTEM_ROLE.into())])
        .collect()
}

pub(super) fn tablespaces(_: &SystemContext<'_>) -> Vec<Row> {
    vec![vec![("oid", DEFAULT_TABLESPACE.into()), ("spcname", "pg_default".into()), ("spcowner", SYSTEM_ROLE.into())]]
}
