//! Which relation a name means.
//!
//! As in PostgreSQL, `pg_catalog` is searched first unless the search path names it, then the schemas of
//! the path in order. The schemas of the system hold virtual tables ([`crate::query::system`]) and views
//! ([`super::views`]); all others hold the tenant's tables.

use std::sync::Arc;

use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::TableSource;

use super::views;
use crate::catalog::Table;
use crate::error::{CatalogError, Error, Result};
use crate::query::environment::Environment;
use crate::query::planner::Planner;
use crate::query::scan::TableScan;
use crate::query::system;

const PG_CATALOG: &str = "pg_catalog";
/// Finds a relation for a query to read.
///
/// # Errors
/// 42P01, with the name as it was written.
pub fn resolve(
    planner: &Planner,
    environment: &Arc<Environment>,
    system_only: bool,
    schema: Option<&str>,
    name: &str,
) -> Result<Arc<dyn TableSource>> {
    if let Some(schema) = schema {
        return in_schema(planner, environment, schema, name)?.ok_or_else(|| unknown(Some(schema), name));
    }
    let path = &environment.search_path;
    if system_only || !path.iter().any(|schema| schema == PG_CATALOG) {
        if let Some(found) = in_schema(planner, environment, PG_CATALOG, name)? {
            return Ok(found);
        }
    }
    if !system_only {
        for schema in path {
            if let Some(found) = in_schema(planner, environment, schema, name)? {
                return Ok(found);
            }
        }
    }
    Err(unknown(None, name))
}

fn unknown(schema: Option<&str>, name: &str) -> Error {
    let name = match schema {
        Some(schema) => format!("{schema}.{name}"),
        None => name.to_owned(),
    };
    CatalogError::UnknownRelation(name).into()
}

fn in_schema(
    planner: &Planner,
    environment: &Arc<Environment>,
    schema: &str,
    name: &str,
) -> Result<Option<Arc<dyn TableSource>>> {
    if let Some(table) = environment.catalog.table(schema, name) {
        return Ok(Some(provider_as_source(Arc::new(TableScan::new(Arc::clone(table))))));
    }
    if let Some(virtual_table) = system::table(schema, name) {
        return Ok(Some(provider_as_source(virtual_table)));
    }
    views::find(planner, environment, schema, name)
}

/// The user's table that a statement changes.
///
/// # Errors
/// 42P01; 42501 for a relation of the system, which nobody may change.
pub fn target(environment: &Environment, schema: Option<&str>, name: &str) -> Result<Arc<Table>> {
    if let Some(table) = environment.catalog.resolve_table(&environment.search_path, schema, name) {
        return Ok(Arc::clone(table));
    }
    let is_system = |schema: &str| system::exists(schema, name) || views::exists(schema, name);
    let found = match schema {
        Some(schema) => is_system(schema),
        None => is_system(PG_CATALOG) || environment.search_path.iter().any(|schema| is_system(schema)),
    };
    if found {
        return Err(CatalogError::SystemCatalog(name.to_owned()).into());
    }
    Err(unknown(schema, name))
}
