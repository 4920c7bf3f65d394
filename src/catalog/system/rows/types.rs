//! `pg_type`: the types KalamDB has, and the pseudo-types that its functions take.

use crate::base::ids::Oid;
use crate::catalog::facts::Facts;
use crate::catalog::system::cells::Row;
use crate::catalog::system::context::SystemContext;
use crate::catalog::system::functions::function_oid;
use crate::catalog::system::roles::SYSTEM_ROLE;

/// PostgreSQL's OID of the schema `pg_catalog`.
const PG_CATALOG: Oid = 11;

pub(super) fn types(_: &SystemContext<'_>) -> Vec<Row> {
    let function = |name: &str| function_oid(name).unwrap_or_default();
    Facts::shipped()
        .types()
        .map(|fact| {
            vec![
                ("oid", fact.oid.into()),
                ("typname", fact.name.as_str().into()),
                ("typnamespace", PG_CATALOG.into()),
                ("typowner", SYSTEM_ROLE.into()),
                ("typlen", fact.length.into()),
                ("typbyval", fact.by_value.into()),
                ("typtype", fact.kind.into()),
                ("typcategory", fact.category.into()),
                ("typispreferred", fact.preferred.into()),
                ("typisdefined", true.into()),
                ("typdelim", fact.delimiter.into()),
                ("typsubscript", function(&fact.subscript).into()),
                ("typelem", fact.element.into()),
                ("typarray", fact.array.into()),
                ("typinput", function(&fact.input).into()),
                ("typoutput", function(&fact.output).into()),
                ("typreceive", function(&fact.receive).into()),
                ("typsend", function(&fact.send).into()),
                ("typalign", fact.align.into()),
                ("typstorage", fact.storage.into()),
                ("typtypmod", (-1).into()),
                ("typcollation", fact.collation.into()),
            ]
        })
        .collect()
}
