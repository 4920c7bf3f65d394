//! Statements that change definitions, inside the transaction like any other.
//!
//! A transaction that changes definitions holds its tenant's definitions lock until it ends, works on its own
//! version of the catalog, and puts the catalog's stored rows into its write set. Others see the new version
//! when it is published after the commit; after a rollback there is nothing to see. Readers of a dropped table go
//! on with the snapshot they have.

use std::sync::Arc;

use super::locks::{Mode, Target};
use super::statement::Op;
use super::transaction::Transaction;
use crate::Result;
use crate::base::ids::{TableId, TenantId};
use crate::catalog::{CatalogWrite, Table, TableDefinition, TenantCatalog};
use crate::error::{CatalogError, TransactionError};

/// What happens to objects inside a schema that is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropBehavior {
    /// 2BP01 if there are any.
    Restrict,
    Cascade,
}

/// What other sessions may see or no longer see once the transaction is committed.
#[derive(Clone)]
pub(super) enum TenantChange {
    Created(Arc<TenantCatalog>),
    Dropped(TenantId),
}

impl Transaction {
    /// CREATE TABLE. Later statements of the transaction see the table.
    ///
    /// # Errors
    /// Those of [`TenantCatalog::with_table`]; lock errors.
    pub async fn create_table(&mut self, definition: TableDefinition) -> Result<Arc<Table>> {
        self.writable("CREATE TABLE")?;
        self.own_definitions().await?;
        let (schema, name) = (definition.schema.clone(), definition.name.clone());
        let (next, write) = self.catalog.with_table(definition)?;
        let table = next.table(&schema, &name).expect("the table was just added").clone();
        self.define(next, write, Vec::new())?;
        Ok(table)
    }

    /// DROP TABLE: waits for transactions that write to it. Its rows, fresh and history, go at commit.
    ///
    /// # Errors
    /// 42P01 if it was dropped in the meantime; lock errors.
    pub async fn drop_table(&mut self, table: &Arc<Table>) -> Result<()> {
        self.writable("DROP TABLE")?;
        self.own_definitions().await?;
        if self.catalog.table_by_id(table.id).is_none() {
            return Err(CatalogError::UnknownTable(table.name.clone()).into());
        }
        self.lock_table(table, Mode::AccessExclusive).await?;
        let (next, write) = self.catalog.without_table(table.id)?;
        self.define(next, write, vec![table.id])
    }

    /// TRUNCATE: waits for transactions that write to the table, then removes all its rows at commit. Listeners
    /// of a table with a change feed are told.
    ///
    /// # Errors
    /// 42P01 if it was dropped in the meantime; lock errors.
    pub async fn truncate(&mut self, table: &Arc<Table>) -> Result<()> {
        self.writable("TRUNCATE TABLE")?;
        self.lock_table(table, Mode::AccessExclusive).await?;
        self.push(Op::Truncate(table.clone()))
    }

    /// CREATE SCHEMA.
    ///
    /// # Errors
    /// Those of [`TenantCatalog::with_schema`]; lock errors.
    pub async fn create_schema(&mut self, name: &str, owner: &str) -> Result<()> {
        self.writable("CREATE SCHEMA")?;
        self.own_definitions().await?;
        let (next, write) = self.catalog.with_schema(name, owner)?;
        self.define(next, write, Vec::new())
    }

    /// DROP SCHEMA.
    ///
    /// # Errors
    /// 3F000 if there is none, 2BP01 if it has tables and the behavior is `Restrict`; lock errors.
    pub async fn drop_schema(&mut self, name: &str, behavior: DropBehavior) -> Result<()> {
        self.writable("DROP SCHEMA")?;
        self.own_definitions().await?;
        let inside: Vec<Arc<Table>> = self.catalog.tables().filter(|table| table.schema == name).cloned().collect();
        if behavior == DropBehavior::Restrict && !inside.is_empty() {
            let lines = inside.iter().map(|table| format!("table {name}.{} depends on schema {name}", table.name));
            let detail = lines.collect::<Vec<_>>().join("\n");
            return Err(TransactionError::DependentObjects { object: format!("schema {name}"), detail }.into());
        }
        let (next, write) = self.catalog.without_schema(name)?;
        for table in &inside {
            self.lock_table(table, Mode::AccessExclusive).await?;
        }
        self.define(next, write, inside.iter().map(|table| table.id).collect())
    }

    /// CREATE DATABASE. The caller has checked that this is the system database and the user an operator.
    /// The new tenant can be connected to after the commit.
    ///
    /// # Errors
    /// 42P04 if the name is taken; lock errors.
    pub async fn create_tenant(&mut self, name: &str, owner: &str) -> Result<Arc<TenantCatalog>> {
        self.writable("CREATE DATABASE")?;
        self.own_definitions().await?;
        let now_us = self.manager.clock.now_us();
        let (catalog, write) = self.manager.catalogs.create_tenant(name, owner, now_us)?;
        let tenant = Some(TenantChange::Created(catalog.clone()));
        self.push(Op::Definitions { write, dropped: Vec::new(), tenant })?;
        Ok(catalog)
    }

    /// DROP DATABASE: everything the tenant has goes at commit. The caller has checked rights, and that no
    /// session is connected to it; transactions that still write there are waited for.
    ///
    /// # Errors
    /// 3D000 if there is none, 42501 for the system database; lock errors.
    pub async fn drop_tenant(&mut self, name: &str) -> Result<()> {
        self.writable("DROP DATABASE")?;
        self.own_definitions().await?;
        let (tenant, _) = self.manager.catalogs.drop_tenant(name)?;
        self.locks.lock(Target::Definitions { tenant }, Mode::AccessExclusive, &self.patience).await?;
        let tables: Vec<TableId> = match self.manager.catalogs.by_id(tenant) {
            Some(catalog) => catalog.tables().map(|table| table.id).collect(),
            None => return Err(CatalogError::UnknownDatabase(name.into()).into()),
        };
        for table in tables {
            self.locks.lock(Target::Table { tenant, table }, Mode::AccessExclusive, &self.patience).await?;
        }
        let (_, write) = self.manager.catalogs.drop_tenant(name)?;
        self.push(Op::Definitions { write, dropped: Vec::new(), tenant: Some(TenantChange::Dropped(tenant)) })
    }

    /// Becomes the one transaction of its tenant that changes definitions.
    async fn own_definitions(&mut self) -> Result<()> {
        if self.owns_definitions {
            return Ok(());
        }
        let target = Target::Definitions { tenant: self.tenant() };
        self.locks.lock(target, Mode::AccessExclusive, &self.patience).await?;
        self.catalog = self.manager.current_catalog(self.tenant())?;
        self.owns_definitions = true;
        Ok(())
    }

    fn define(&mut self, next: TenantCatalog, write: CatalogWrite, dropped: Vec<TableId>) -> Result<()> {
        if self.statement.catalog_before.is_none() {
            self.statement.catalog_before = Some(self.catalog.clone());
        }
        self.catalog = Arc::new(next);
        // A plan made before the DROP must find out: the next write to the table looks again.
        self.tables.retain(|(table, _)| !dropped.contains(table));
        self.push(Op::Definitions { write, dropped, tenant: None })
    }

    /// After the commit: lets others see the new definitions.
    pub(super) fn publish(&self) {
        let catalogs = &self.manager.catalogs;
        catalogs.publish(self.catalog.clone());
        for change in &self.tenant_changes {
            match change {
                TenantChange::Created(catalog) => {
                    // The definitions lock of the system database makes creations follow one another.
                    if let Err(error) = catalogs.publish_new(catalog.clone()) {
                        tracing::error!(%error, "a committed tenant could not be published");
                    }
                }
                TenantChange::Dropped(tenant) => {
                    catalogs.forget(*tenant);
                    self.manager.forget_gate(*tenant);
                }
            }
        }
    }
}
