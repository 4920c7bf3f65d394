//! The relation that a statement changes.

use std::sync::Arc;

use crate::catalog::{Table, system as catalog_system};
use crate::error::{CatalogError, Error, Result};
use crate::query::environment::Environment;
use crate::query::system;

const PG_CATALOG: &str = "pg_catalog";

fn unknown(schema: Option<&str>, name: &str) -> Error {
    let name = match schema {
        Some(schema) => format!("{schema}.{name}"),
        None => name.to_owned(),
    };
    CatalogError::UnknownRelation(name).into()
}

/// Is there a relation of the system of this name?
pub fn is_system(schema: &str, name: &str) -> bool {
    system::exists(schema, name) || catalog_system::view(schema, name).is_some()
}

/// The user's table that a statement changes.
///
/// # Errors
/// 42P01; 42501 for a relation of the system, which nobody may change.
pub fn target(environment: &Environment, schema: Option<&str>, name: &str) -> Result<Arc<Table>> {
    if let Some(table) = environment.catalog.resolve_table(&environment.search_path, schema, name) {
        return Ok(Arc::clone(table));
    }
    let found = match schema {
        Some(schema) => is_system(schema, name),
        None => is_system(PG_CATALOG, name) || environment.search_path.iter().any(|schema| is_system(schema, name)),
    };
    if found {
        return Err(CatalogError::SystemCatalog(name.to_owned()).into());
    }
    Err(unknown(schema, name))
}
