//! The rows of the system's tables, one function a table.

mod attributes;
mod clusterwide;
mod constraints;
mod functions;
mod relations;
mod types;

use super::cells::Row;
use super::context::SystemContext;

/// The function that makes the rows of a table of `pg_catalog`.
pub(super) fn of(table: &str) -> Option<fn(&SystemContext<'_>) -> Vec<Row>> {
    Some(match table {
        "pg_aggregate" => functions::aggregates,
        "pg_am" => clusterwide::access_methods,
        "pg_attrdef" => attributes::defaults,
        "pg_attribute" => attributes::attributes,
        "pg_cast" => functions::casts,
        "pg_class" => relations::classes,
        "pg_collation" => clusterwide::collations,
        "pg_constraint" => constraints::constraints,
        "pg_database" => clusterwide::databases,
        "pg_index" => constraints::indexes,
        "pg_language" => clusterwide::languages,
        "pg_namespace" => relations::namespaces,
        "pg_operator" => functions::operators,
        "pg_proc" => functions::functions,
        "pg_roles" => clusterwide::roles,
        "pg_tablespace" => clusterwide::tablespaces,
        "pg_type" => types::types,
        _ => return None,
    })
}
