//! `pg_proc`, `pg_aggregate`, `pg_operator`, `pg_cast`: the facts that the binder resolves names against.

use crate::base::ids::Oid;
use crate::catalog::facts::{CastContext, CastMethod, Facts, FunctionKind};
use crate::catalog::system::cells::{Cell, Row};
use crate::catalog::system::context::SystemContext;
use crate::catalog::system::roles::SYSTEM_ROLE;
use crate::catalog::system::schema_oid;

/// `internal` and `sql` in `pg_language`.
const INTERNAL: Oid = 12;
const SQL: Oid = 14;
const PG_CATALOG: Oid = 11;

pub(super) fn functions(_: &SystemContext<'_>) -> Vec<Row> {
    let rows = Facts::shipped().functions().map(|function| {
        let kind = match function.kind {
            FunctionKind::Function => 'f',
            FunctionKind::Procedure => 'p',
            FunctionKind::Aggregate => 'a',
            FunctionKind::Window => 'w',
        };
        let arguments: Vec<i64> = function.arguments.iter().map(|oid| i64::from(*oid)).collect();
        let outputs = &function.outputs;
        let mut row: Row = vec![
            ("oid", function.oid.into()),
            ("proname", function.name.as_str().into()),
            ("pronamespace", schema_oid(&function.schema).into()),
            ("proowner", SYSTEM_ROLE.into()),
            ("prolang", if function.language == "sql" { SQL } else { INTERNAL }.into()),
            ("procost", Cell::Float(1.0)),
            ("prorows", Cell::Float(if function.returns_set { 1000.0 } else { 0.0 })),
            ("provariadic", function.variadic.into()),
            ("prokind", kind.into()),
            ("proisstrict", function.strict.into()),
            ("proretset", function.returns_set.into()),
            ("provolatile", function.volatility.into()),
            ("proparallel", 's'.into()),
            ("pronargs", function.arguments.len().into()),
            ("pronargdefaults", function.defaults.len().into()),
            ("prorettype", function.result.into()),
            ("proargtypes", Cell::Ints(arguments.clone())),
            ("prosrc", function.source.as_str().into()),
        ];
        if !function.names.is_empty() || outputs.iter().any(|(name, _)| !name.is_empty()) {
            let inputs = arguments.iter().enumerate();
            let inputs = inputs.map(|(index, _)| function.names.get(index).cloned().unwrap_or_default());
            row.push((
                "proargnames",
                Cell::Texts(inputs.chain(outputs.iter().map(|(name, _)| name.clone())).collect()),
            ));
        }
        if !outputs.is_empty() {
            let all = arguments.iter().copied().chain(outputs.iter().map(|(_, oid)| i64::from(*oid)));
            row.push(("proallargtypes", Cell::Ints(all.collect())));
            let modes = arguments.iter().map(|_| "i").chain(outputs.iter().map(|_| "o"));
            row.push(("proargmodes", Cell::Texts(modes.map(str::to_owned).collect())));
        }
        if !function.defaults.is_empty() {
            row.push(("proargdefaults", function.defaults.join(", ").into()));
        }
        row
    });
    rows.collect()
}

/// How an aggregate computes is KalamDB's own affair: there are no transition functions to show.
pub(super) fn aggregates(_: &SystemContext<'_>) -> Vec<Row> {
    let aggregates = Facts::shipped().functions().filter(|function| function.kind == FunctionKind::Aggregate);
    aggregates
        .map(|function| {
            vec![
                ("aggfnoid", function.oid.into()),
                ("aggkind", function.aggregate_kind.into()),
                ("aggnumdirectargs", function.direct_arguments.into()),
                ("aggfinalmodify", 'r'.into()),
                ("aggmfinalmodify", 'r'.into()),
            ]
        })
        .collect()
}

pub(super) fn operators(_: &SystemContext<'_>) -> Vec<Row> {
    Facts::shipped()
        .operators()
        .map(|operator| {
            vec![
                ("oid", operator.oid.into()),
                ("oprname", operator.name.as_str().into()),
                ("oprnamespace", PG_CATALOG.into()),
                ("oprowner", SYSTEM_ROLE.into()),
                ("oprkind", if operator.left == 0 { 'l' } else { 'b' }.into()),
                ("oprcanmerge", operator.mergeable.into()),
                ("oprcanhash", operator.hashable.into()),
                ("oprleft", operator.left.into()),
                ("oprright", operator.right.into()),
                ("oprresult", operator.result.into()),
                ("oprcom", operator.commutator.into()),
                ("oprnegate", operator.negator.into()),
                ("oprcode", operator.function.into()),
            ]
        })
        .collect()
}

pub(super) fn casts(_: &SystemContext<'_>) -> Vec<Row> {
    Facts::shipped()
        .casts()
        .map(|cast| {
            let context = match cast.context {
                CastContext::Implicit => 'i',
                CastContext::Assignment => 'a',
                CastContext::Explicit => 'e',
            };
            let (method, function) = match cast.method {
                CastMethod::Function(function) => ('f', function),
                CastMethod::Binary => ('b', 0),
                CastMethod::InOut => ('i', 0),
            };
            vec![
                ("oid", cast.oid.into()),
                ("castsource", cast.source.into()),
                ("casttarget", cast.target.into()),
                ("castfunc", function.into()),
                ("castcontext", context.into()),
                ("castmethod", method.into()),
            ]
        })
        .collect()
}
