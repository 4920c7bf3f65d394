//! CREATE TABLE, DROP TABLE, CREATE SCHEMA, DROP SCHEMA, TRUNCATE.

use std::sync::Arc;

use super::command::{Dropped, Name, Utility};
use super::{Running, create_table, names, not_supported};
use crate::Result;
use crate::catalog::{Table, TenantCatalog, system};
use crate::error::{CatalogError, ErrorKind, SessionError};
use crate::query::ast::{CreateTable, Statement};
use crate::query::{self, Environment};
use crate::session::outcome::Outcome;
use crate::transaction::DropBehavior;

fn tag(tag: &str) -> Outcome {
    Outcome::Command { tag: tag.to_owned() }
}

/// Runs a definition that `query::parse` has read.
pub(crate) async fn run(running: &mut Running<'_>, parsed: &query::Parsed) -> Result<Outcome> {
    match &parsed.statement {
        Statement::CreateTable(create) => create_table(running, create, &parsed.source).await,
        Statement::Merge(_) => Err(not_supported("MERGE")),
        other => {
            let text = other.to_string();
            let words: Vec<&str> = text.split_whitespace().take(2).collect();
            Err(not_supported(&words.join(" ").to_uppercase()))
        }
    }
}

/// Runs a definition that was read from its tokens.
pub(crate) async fn run_utility(running: &mut Running<'_>, utility: &Utility) -> Result<Outcome> {
    match utility {
        Utility::CreateSchema { name, if_not_exists } => create_schema(running, name, *if_not_exists).await,
        Utility::Drop { what: Dropped::Table, names, if_exists, .. } => drop_tables(running, names, *if_exists).await,
        Utility::Drop { what: Dropped::Schema, names, if_exists, cascade } => {
            drop_schemas(running, names, *if_exists, *cascade).await
        }
        Utility::Truncate { names } => truncate(running, names).await,
        _ => Err(not_supported("this statement")),
    }
}

async fn create_table(running: &mut Running<'_>, create: &CreateTable, source: &Arc<str>) -> Result<Outcome> {
    let name = names::of(&create.name)?;
    let schema = creation_schema(running, &name)?;
    running.role().may_create(&schema)?;
    let catalog = running.environment.catalog.clone();
    if create.if_not_exists && catalog.table(&schema, name.last()).is_some() {
        running.notice("42P07", format!("relation \"{}\" already exists, skipping", name.last()));
        return Ok(tag("CREATE TABLE"));
    }
    let planner = running.planner();
    let owner = running.environment.user.clone();
    let environment = Environment { source: Some(source.clone()), ..Environment::clone(&running.environment) };
    let definition = create_table::definition(&planner, &Arc::new(environment), create, schema, owner)?;
    let transaction = running.transaction();
    match transaction.create_table(definition).await {
        Ok(_) => transaction.statement_end(),
        // Somebody else made it while this statement waited for its turn.
        Err(error)
            if create.if_not_exists
                && matches!(error.kind(), ErrorKind::Catalog(CatalogError::DuplicateRelation(_))) =>
        {
            transaction.statement_rollback();
            running.notice("42P07", format!("relation \"{}\" already exists, skipping", name.last()));
        }
        Err(error) => {
            transaction.statement_rollback();
            return Err(error);
        }
    }
    Ok(tag("CREATE TABLE"))
}

/// Where a new table goes: the schema of its name, or the first one of the search path.
fn creation_schema(running: &Running<'_>, name: &Name) -> Result<String> {
    let environment = &running.environment;
    match name.schema(&environment.database)? {
        Some(schema) if environment.catalog.has_schema(schema) => Ok(schema.to_owned()),
        Some(schema) => Err(CatalogError::UnknownSchema(schema.to_owned()).into()),
        None => environment
            .search_path
            .iter()
            .find(|schema| system::schema_oid(schema).is_none())
            .cloned()
            .ok_or_else(|| SessionError::NoCreationSchema.into()),
    }
}

async fn create_schema(running: &mut Running<'_>, name: &str, if_not_exists: bool) -> Result<Outcome> {
    if !running.role().defines() {
        let database = running.environment.database.clone();
        return Err(SessionError::PermissionDenied(format!("for database {database}")).into());
    }
    if if_not_exists && running.environment.catalog.has_schema(name) {
        running.notice("42P06", format!("schema \"{name}\" already exists, skipping"));
        return Ok(tag("CREATE SCHEMA"));
    }
    let owner = running.environment.user.clone();
    finish(running, async |transaction| transaction.create_schema(name, &owner).await).await?;
    Ok(tag("CREATE SCHEMA"))
}

async fn drop_tables(running: &mut Running<'_>, dropped: &[Name], if_exists: bool) -> Result<Outcome> {
    for name in dropped {
        let Some(table) = find(running, name, if_exists, "table")? else { continue };
        running.role().may_own("table", &table.name)?;
        finish(running, async |transaction| transaction.drop_table(&table).await).await?;
    }
    Ok(tag("DROP TABLE"))
}

async fn drop_schemas(running: &mut Running<'_>, dropped: &[Name], if_exists: bool, cascade: bool) -> Result<Outcome> {
    let behavior = if cascade { DropBehavior::Cascade } else { DropBehavior::Restrict };
    for name in dropped {
        let schema = name.last().to_owned();
        running.role().may_own("schema", &schema)?;
        let catalog = running.transaction().catalog().clone();
        if !catalog.has_schema(&schema) {
            if !if_exists {
                return Err(CatalogError::UnknownSchema(schema).into());
            }
            running.notice("00000", format!("schema \"{schema}\" does not exist, skipping"));
            continue;
        }
        if cascade {
            note_cascade(running, &catalog, &schema);
        }
        finish(running, async |transaction| transaction.drop_schema(&schema, behavior).await).await?;
    }
    Ok(tag("DROP SCHEMA"))
}

fn note_cascade(running: &Running<'_>, catalog: &TenantCatalog, schema: &str) {
    let inside: Vec<&Arc<Table>> = catalog.tables().filter(|table| table.schema == schema).collect();
    match inside.as_slice() {
        [] => {}
        [only] => running.notice("00000", format!("drop cascades to table {schema}.{}", only.name)),
        many => running.notice("00000", format!("drop cascades to {} other objects", many.len())),
    }
}

async fn truncate(running: &mut Running<'_>, truncated: &[Name]) -> Result<Outcome> {
    let mut tables = Vec::with_capacity(truncated.len());
    for name in truncated {
        let environment = &running.environment;
        let table = names::table(running.environment.catalog.as_ref(), &environment.search_path, name)?;
        if !running.role().defines() {
            return Err(SessionError::PermissionDenied(format!("for table {}", table.name)).into());
        }
        tables.push(table);
    }
    finish(running, async |transaction| {
        for table in &tables {
            transaction.truncate(table).await?;
        }
        Ok(())
    })
    .await?;
    Ok(tag("TRUNCATE TABLE"))
}

/// The table of a DROP; `None` when it is missing and may be.
fn find(running: &mut Running<'_>, name: &Name, if_exists: bool, kind: &str) -> Result<Option<Arc<Table>>> {
    // A statement that drops several tables sees what it has dropped already.
    let catalog = running.transaction().catalog().clone();
    match names::table(&catalog, &running.environment.search_path, name) {
        Ok(table) => Ok(Some(table)),
        Err(error) if !matches!(error.kind(), ErrorKind::Catalog(CatalogError::UnknownRelation(_))) => Err(error),
        Err(_) => {
            let schema = name.schema(&running.environment.database)?;
            let missing_schema = schema.filter(|schema| !catalog.has_schema(schema));
            match (if_exists, missing_schema) {
                (true, Some(schema)) => {
                    running.notice("00000", format!("schema \"{schema}\" does not exist, skipping"));
                    Ok(None)
                }
                (true, None) => {
                    running.notice("00000", format!("{kind} \"{}\" does not exist, skipping", name.last()));
                    Ok(None)
                }
                (false, Some(schema)) => Err(CatalogError::UnknownSchema(schema.to_owned()).into()),
                (false, None) => Err(CatalogError::UnknownTable(name.last().to_owned()).into()),
            }
        }
    }
}

/// Runs one change of definitions: it joins the transaction, or nothing of it stays.
async fn finish(
    running: &mut Running<'_>,
    change: impl AsyncFnOnce(&mut crate::transaction::Transaction) -> Result<()>,
) -> Result<()> {
    let transaction = running.transaction();
    match change(transaction).await {
        Ok(()) => {
            transaction.statement_end();
            Ok(())
        }
        Err(error) => {
            transaction.statement_rollback();
            Err(error)
        }
    }
}
