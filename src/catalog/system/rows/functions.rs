//! `pg_proc`.

use crate::base::ids::Oid;
use crate::catalog::system::cells::{Cell, Row};
use crate::catalog::system::context::SystemContext;
use crate::catalog::system::functions::all;
use crate::catalog::system::roles::SYSTEM_ROLE;
use crate::catalog::system::schema_oid;

/// `internal` in `pg_language`.
const INTERNAL: Oid = 12;

pub(super) fn functions(_: &SystemContext<'_>) -> Vec<Row> {
    all()
        .iter()
        .map(|function| {
            vec![
                ("oid", function.oid.into()),
                ("proname", function.name.into()),
                ("pronamespace", schema_oid(function.schema).into()),
                ("proowner", SYSTEM_ROLE.into()),
                ("prolang", INTERNAL.into()),
                ("procost", Cell::Float(1.0)),
                ("prorows", Cell::Float(if function.returns_set { 1000.0 } else { 0.0 })),
                ("provariadic", function.variadic.into()),
                ("prokind", function.kind.into()),
                ("proisstrict", function.is_strict.into()),
                ("proretset", function.returns_set.into()),
                ("provolatile", function.volatility.into()),
                ("proparallel", 's'.into()),
                ("pronargs", function.arguments.len().into()),
                ("pronargdefaults", function.defaults.into()),
                ("prorettype", function.result.into()),
                ("proargtypes", Cell::Ints(function.arguments.clone())),
                ("prosrc", function.source.into()),
            ]
        })
        .collect()
}
