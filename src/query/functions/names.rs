//! Names of objects and their OIDs, for the `reg*` types and the functions of the catalog.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use datafusion::sql::sqlparser::ast::Expr;

use super::lookup;
use crate::base::ids::{Oid, TableId};
use crate::catalog::SYSTEM_DATABASE;
use crate::catalog::TenantCatalog;
use crate::catalog::describe::quote_ident;
use crate::catalog::facts::Facts;
use crate::catalog::system::role_oid;
use crate::catalog::types::{ObjectNames, PgType};
use crate::error::{CatalogError, QueryError, Result, Unresolved};
use crate::query::environment::Environment;
use crate::query::{bind, parse, system};

/// The names of a session: what the `reg*` types print and read.
#[derive(Clone, Debug)]
pub struct SessionNames {
    catalog: Arc<TenantCatalog>,
    search_path: Vec<String>,
}

impl SessionNames {
    /// Names as a session with this search path sees them.
    pub fn new(catalog: Arc<TenantCatalog>, search_path: Vec<String>) -> Self {
        Self { catalog, search_path }
    }
}

impl ObjectNames for SessionNames {
    fn name(&self, kind: &PgType, oid: Oid) -> Option<String> {
        name_in(&self.catalog, &self.search_path, kind, oid)
    }

    fn oid(&self, kind: &PgType, name: &str) -> Result<Oid> {
        oid_in(&self.catalog, &self.search_path, kind, name)
    }
}

/// What a value of a `reg*` type prints.
pub fn name(environment: &Environment, kind: &PgType, oid: Oid) -> String {
    name_in(&environment.catalog, &environment.search_path, kind, oid).unwrap_or_else(|| match oid {
        0 => "-".to_owned(),
        oid => oid.to_string(),
    })
}

/// The OID that a text means for a `reg*` type or for `oid`.
///
/// # Errors
/// 42P01, 42704, 42883 or 3F000 for a name that means nothing, 22P02 for a text that is no OID.
pub fn oid(environment: &Environment, kind: &PgType, text: &str) -> Result<Oid> {
    oid_in(&environment.catalog, &environment.search_path, kind, text)
}

/// An array of texts as OIDs.
///
/// # Errors
/// As [`oid`].
pub fn array_of_oids(array: &ArrayRef, kind: &PgType, environment: &Environment) -> Result<ArrayRef> {
    let oids: Vec<Option<Oid>> = array
        .as_string::<i32>()
        .iter()
        .map(|text| text.map(|text| oid(environment, kind, text)).transpose())
        .collect::<Result<_>>()?;
    debug_assert_eq!(oids.len(), array.len());
    Ok(Arc::new(UInt32Array::from(oids)))
}

fn name_in(catalog: &TenantCatalog, path: &[String], kind: &PgType, oid: Oid) -> Option<String> {
    match kind {
        PgType::Regclass => {
            let (schema, name) = relation_by_oid(catalog, oid)?;
            let visible = visible_relation(catalog, path, &name) == Some(oid);
            Some(if visible { quote_ident(&name) } else { format!("{}.{}", quote_ident(&schema), quote_ident(&name)) })
        }
        PgType::Regtype => PgType::from_oid(oid, -1).map(|data_type| data_type.format()),
        PgType::Regnamespace => {
            lookup::schemas(catalog).find(|(_, own)| *own == oid).map(|(name, _)| quote_ident(&name))
        }
        PgType::Regproc => system::function_name(oid),
        _ => None,
    }
}

fn oid_in(catalog: &TenantCatalog, path: &[String], kind: &PgType, text: &str) -> Result<Oid> {
    let text = text.trim();
    if let Ok(number) = text.parse::<Oid>() {
        return Ok(number);
    }
    if text == "-" && *kind != PgType::Oid {
        return Ok(0);
    }
    match kind {
        PgType::Oid => Err(CatalogError::InvalidText { type_name: "oid".into(), text: text.to_owned() }.into()),
        PgType::Regclass => {
            let (schema, name) = split(text)?;
            let found = match &schema {
                Some(schema) => relation_oid(catalog, schema, &name),
                None => visible_relation(catalog, path, &name),
            };
            found.ok_or_else(|| CatalogError::UnknownRelation(text.to_owned()).into())
        }
        PgType::Regtype => Ok(type_by_name(text)?.oid()),
        PgType::Regnamespace => {
            let (_, name) = split(text)?;
            catalog.schema_oid(&name).ok_or_else(|| CatalogError::UnknownSchema(name).into())
        }
        PgType::Regproc => {
            let (_, name) = split(text)?;
            let mut found = Facts::shipped().functions_named(&name).map(|fact| fact.oid);
            match (found.next(), found.next()) {
                (Some(_), Some(_)) => {
                    let message = format!("more than one function named \"{text}\"");
                    Err(QueryError::Unresolved { reason: Unresolved::Ambiguous, message, detail: None, hint: None }
                        .into())
                }
                (Some(oid), None) => Ok(oid),
                (None, _) => Err(QueryError::UndefinedFunction(format!("\"{name}\"")).into()),
            }
        }
        PgType::Regrole => {
            let (_, name) = split(text)?;
            let known = [catalog.tenant.owner.as_str(), SYSTEM_DATABASE];
            let owners = catalog.schemas().map(|schema| schema.owner.as_str());
            let owners = owners.chain(catalog.tables().map(|table| table.owner.as_str()));
            let is_known = known.into_iter().chain(owners).any(|own| own == name);
            if is_known { Ok(role_oid(&name)) } else { Err(CatalogError::UnknownRole(name).into()) }
        }
        other => Err(QueryError::NotSupported(format!("names of type {other} are not supported")).into()),
    }
}

/// A type by its name, as `to_regtype` and `::regtype` read it.
///
/// # Errors
/// 42704.
pub fn type_by_name(text: &str) -> Result<PgType> {
    match parse::parse_expression(&format!("NULL::{text}")) {
        Ok(Expr::Cast { data_type, .. }) => bind::types::pg_type(&data_type),
        _ => Err(CatalogError::UnknownType(text.to_owned()).into()),
    }
}

/// `schema.name` with quotes and folding.
fn split(text: &str) -> Result<(Option<String>, String)> {
    let invalid = || QueryError::Syntax("invalid name syntax".into());
    match parse::parse_expression(text).map_err(|_| invalid())? {
        Expr::Identifier(name) => Ok((None, bind::names::folded(&name))),
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [schema, name] => Ok((Some(bind::names::folded(schema)), bind::names::folded(name))),
            _ => Err(invalid().into()),
        },
        _ => Err(invalid().into()),
    }
}

/// Schema and name of a table, index or relation of the system.
pub fn relation_by_oid(catalog: &TenantCatalog, oid: Oid) -> Option<(String, String)> {
    if let Some(table) = catalog.table_by_id(TableId(oid)) {
        return Some((table.schema.clone(), table.name.clone()));
    }
    let index = catalog.tables().find_map(|table| {
        let key = table.primary_key.as_ref().filter(|key| key.oid == oid)?;
        Some((table.schema.clone(), key.name.clone()))
    });
    index.or_else(|| system::relation_by_oid(oid))
}

/// The names of a relation's columns, in order.
pub fn columns_of(catalog: &TenantCatalog, oid: Oid) -> Option<Vec<String>> {
    if let Some(table) = catalog.table_by_id(TableId(oid)) {
        return Some(table.columns.iter().map(|column| column.name.clone()).collect());
    }
    let (schema, name) = system::relation_by_oid(oid)?;
    let table = crate::catalog::system::table(&schema, &name)?;
    Some(table.columns.iter().map(|column| column.name.to_owned()).collect())
}

fn relation_oid(catalog: &TenantCatalog, schema: &str, name: &str) -> Option<Oid> {
    if let Some(table) = catalog.table(schema, name) {
        return Some(table.id.0);
    }
    let index = catalog
        .tables()
        .filter(|table| table.schema == schema)
        .find_map(|table| table.primary_key.as_ref().filter(|key| key.name == name).map(|key| key.oid));
    index.or_else(|| system::relation_oid(schema, name))
}

/// The relation that a name without schema means.
pub fn visible_relation(catalog: &TenantCatalog, path: &[String], name: &str) -> Option<Oid> {
    let explicit = path.iter().any(|schema| schema == "pg_catalog");
    let first = if explicit { None } else { relation_oid(catalog, "pg_catalog", name) };
    first.or_else(|| path.iter().find_map(|schema| relation_oid(catalog, schema, name)))
}
