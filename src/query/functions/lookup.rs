//! Functions of the system catalogs that look an object up: visibility, sizes, privileges, owners.

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

use super::names;
use super::rowwise::Argument::{Any, Integer, Oid, Relation, Text, Type};
use super::rowwise::{Row, Rowwise};
use crate::base::ids::{Oid as ObjectId, TableId};
use crate::catalog::TenantCatalog;
use crate::catalog::system as catalog_system;
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::environment::{Environment, Signal};
use crate::query::{ScalarValue, system};

/// All schemas with their OIDs, the system's included.
pub fn schemas(catalog: &TenantCatalog) -> impl Iterator<Item = (String, ObjectId)> {
    let own = catalog.schemas().map(|schema| (schema.name.clone(), schema.oid));
    own.chain(catalog_system::SCHEMAS.iter().map(|(name, oid)| ((*name).to_owned(), *oid)))
}

/// All functions of this file.
pub fn functions() -> Vec<Arc<ScalarUDF>> {
    let mut all = vec![
        Rowwise::new("pg_table_is_visible", &[Relation], PgType::Bool, table_is_visible).build(),
        Rowwise::new("to_regclass", &[Text], PgType::Regclass, |_, row| {
            Ok(ScalarValue::UInt32(row.oid(0, &PgType::Regclass).ok().flatten()))
        })
        .build(),
        Rowwise::new("to_regnamespace", &[Text], PgType::Regnamespace, |_, row| {
            Ok(ScalarValue::UInt32(row.oid(0, &PgType::Regnamespace).ok().flatten()))
        })
        .build(),
        Rowwise::new("to_regproc", &[Text], PgType::Regproc, |_, row| {
            Ok(ScalarValue::UInt32(row.oid(0, &PgType::Regproc).ok().flatten()))
        })
        .build(),
        Rowwise::new("to_regrole", &[Text], PgType::Regrole, |_, row| {
            Ok(ScalarValue::UInt32(row.oid(0, &PgType::Regrole).ok().flatten()))
        })
        .build(),
        Rowwise::new("to_regtype", &[Text], PgType::Regtype, |_, row| {
            let found = row.text(0).and_then(|text| names::type_by_name(text).ok());
            Ok(ScalarValue::UInt32(found.map(|data_type| data_type.oid())))
        })
        .build(),
        Rowwise::new("pg_get_userbyid", &[Oid], PgType::Name, |environment, row| {
            let oid = row.oid(0, &PgType::Oid)?.unwrap_or(0);
            let name = catalog_role(environment, oid).unwrap_or_else(|| format!("unknown (OID={oid})"));
            Ok(text(name))
        })
        .build(),
        Rowwise::new("pg_relation_is_publishable", &[Relation], PgType::Bool, |environment, row| {
            let oid = row.oid(0, &PgType::Regclass)?.unwrap_or(0);
            Ok(ScalarValue::Boolean(Some(environment.catalog.table_by_id(TableId(oid)).is_some())))
        })
        .build(),
        Rowwise::new("pg_cancel_backend", &[Integer], PgType::Bool, |environment, row| {
            signal(environment, row, Signal::Cancel)
        })
        .volatile()
        .build(),
        Rowwise::new("pg_terminate_backend", &[Integer, Integer], PgType::Bool, |environment, row| {
            signal(environment, row, Signal::Terminate)
        })
        .optional(1)
        .volatile()
        .build(),
        Rowwise::new("pg_typeof", &[Any], PgType::Regtype, |_, row| {
            Ok(ScalarValue::UInt32(row.kind(0).map(|data_type| data_type.without_typmod().oid())))
        })
        .called_on_null()
        .build(),
    ];
    for name in [
        "pg_collation_is_visible",
        "pg_opclass_is_visible",
        "pg_opfamily_is_visible",
        "pg_conversion_is_visible",
        "pg_ts_config_is_visible",
        "pg_ts_dict_is_visible",
        "pg_ts_parser_is_visible",
        "pg_ts_template_is_visible",
        "pg_statistics_obj_is_visible",
    ] {
        // All of these objects are in pg_catalog, which is always on the path.
        all.push(Rowwise::new(name, &[Oid], PgType::Bool, |_, _| Ok(ScalarValue::Boolean(Some(true)))).build());
    }
    all.push(
        Rowwise::new("row_security_active", &[Relation], PgType::Bool, |_, _| Ok(ScalarValue::Boolean(Some(false))))
            .build(),
    );
    all.push(
        Rowwise::new("format_type", &[Type, Integer], PgType::Text, |_, row| {
            let Some(oid) = row.oid(0, &PgType::Regtype)? else { return Ok(ScalarValue::Utf8(None)) };
            let typmod = row.integer(1).and_then(|typmod| i32::try_from(typmod).ok()).unwrap_or(-1);
            let name = match PgType::from_oid(oid, typmod) {
                Some(data_type) => data_type.format(),
                None if oid == 0 => "-".to_owned(),
                None => "???".to_owned(),
            };
            Ok(text(name))
        })
        .called_on_null()
        .build(),
    );
    all
}

fn text(value: impl Into<String>) -> ScalarValue {
    ScalarValue::Utf8(Some(value.into()))
}

/// The name of a role by its OID.
fn catalog_role(environment: &Environment, oid: ObjectId) -> Option<String> {
    system::role_name(environment, oid)
}

fn table_is_visible(environment: &Environment, row: &Row<'_>) -> Result<ScalarValue> {
    let Some(oid) = row.oid(0, &PgType::Regclass)? else { return Ok(ScalarValue::Boolean(None)) };
    let Some((_, name)) = names::relation_by_oid(&environment.catalog, oid) else {
        return Ok(ScalarValue::Boolean(None));
    };
    let visible = names::visible_relation(&environment.catalog, &environment.search_path, &name);
    Ok(ScalarValue::Boolean(Some(visible == Some(oid))))
}

fn signal(environment: &Environment, row: &Row<'_>, signal: Signal) -> Result<ScalarValue> {
    let pid = row.integer(0).and_then(|pid| i32::try_from(pid).ok()).unwrap_or(0);
    Ok(ScalarValue::Boolean(Some(environment.host.signal_backend(pid, signal)?)))
}
