//! `pg_type`, from `catalog/pg_catalog/pg_type.csv`: PostgreSQL's own facts of the types KalamDB has.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::base::ids::Oid;
use crate::catalog::system::cells::Row;
use crate::catalog::system::context::SystemContext;
use crate::catalog::system::roles::SYSTEM_ROLE;
use crate::catalog::system::{csv, functions};

/// PostgreSQL's OID of the schema `pg_catalog`.
const PG_CATALOG: Oid = 11;

/// What `pg_attribute` repeats of a type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) by_value: bool,
    pub(super) align: &'static str,
    pub(super) storage: &'static str,
    pub(super) collation: Oid,
}

fn lines() -> impl Iterator<Item = Vec<&'static str>> {
    csv::rows(include_str!("../../../../catalog/pg_catalog/pg_type.csv"))
}

fn number(text: &str) -> i64 {
    text.parse().expect("pg_type.csv has numbers where they belong")
}

/// The facts of a type by OID.
pub(super) fn facts(oid: Oid) -> Option<Facts> {
    static FACTS: LazyLock<HashMap<i64, Facts>> = LazyLock::new(|| {
        let facts = |fields: Vec<&'static str>| {
            let collation = u32::try_from(number(fields[17])).unwrap_or(0);
            let facts = Facts { by_value: fields[3] == "t", align: fields[15], storage: fields[16], collation };
            (number(fields[0]), facts)
        };
        lines().map(facts).collect()
    });
    FACTS.get(&i64::from(oid)).copied()
}

pub(super) fn types(_: &SystemContext<'_>) -> Vec<Row> {
    let function = |name: &str| functions::all().iter().find(|function| function.name == name).map_or(0, |f| f.oid);
    lines()
        .map(|fields| {
            vec![
                ("oid", number(fields[0]).into()),
                ("typname", fields[1].into()),
                ("typnamespace", PG_CATALOG.into()),
                ("typowner", SYSTEM_ROLE.into()),
                ("typlen", number(fields[2]).into()),
                ("typbyval", (fields[3] == "t").into()),
                ("typtype", fields[4].into()),
                ("typcategory", fields[5].into()),
                ("typispreferred", (fields[6] == "t").into()),
                ("typisdefined", true.into()),
                ("typdelim", fields[7].into()),
                ("typsubscript", function(fields[8]).into()),
                ("typelem", number(fields[9]).into()),
                ("typarray", number(fields[10]).into()),
                ("typinput", function(fields[11]).into()),
                ("typoutput", function(fields[12]).into()),
                ("typreceive", function(fields[13]).into()),
                ("typsend", function(fields[14]).into()),
                ("typalign", fields[15].into()),
                ("typstorage", fields[16].into()),
                ("typtypmod", (-1).into()),
                ("typcollation", number(fields[17]).into()),
            ]
        })
        .collect()
}
