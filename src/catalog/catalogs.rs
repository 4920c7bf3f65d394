//! The committed catalog of every tenant.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;
use serde::de::DeserializeOwned;

use super::meta_keys;
use super::model::{Schema, StoredTable, Table, Tenant};
use super::oids::OidCounter;
use super::tenant_catalog::TenantCatalog;
use super::write::CatalogWrite;
use crate::base::ids::TenantId;
use crate::error::{CatalogError, Result, StorageError};
use crate::storage::{MetaStore, ReadPoint};

/// The name of the system database.
pub const SYSTEM_DATABASE: &str = "kalam";

/// All tenants and their committed catalogs.
///
/// A version becomes visible to others by [`publish`](Self::publish), which a transaction calls after its
/// commit and before it lets go of the tenant's definition lock.
#[derive(Debug)]
pub struct Catalogs {
    tenants: RwLock<BTreeMap<TenantId, Arc<TenantCatalog>>>,
    next_tenant: OidCounter,
}

impl Catalogs {
    /// Loads all tenants. The system database exists in every data directory, also in an empty one.
    ///
    /// # Errors
    /// XX001 for definitions that cannot be read.
    pub fn open(meta: &MetaStore, at: &ReadPoint) -> Result<Arc<Catalogs>> {
        let next_tenant = match meta.get(at, meta_keys::NEXT_TENANT)? {
            Some(digits) => parse::<u32>(&digits, "the next tenant id")?,
            None => TenantId::FIRST.0,
        };
        let mut tenants = BTreeMap::new();
        let system = Tenant {
            id: TenantId::SYSTEM,
            name: SYSTEM_DATABASE.into(),
            owner: SYSTEM_DATABASE.into(),
            created_at_us: 0,
        };
        tenants.insert(system.id, Arc::new(load(meta, at, system)?));
        for (_, value) in meta.scan_prefix(at, meta_keys::TENANTS)? {
            let tenant: Tenant = parse(&value, "a tenant")?;
            tenants.insert(tenant.id, Arc::new(load(meta, at, tenant)?));
        }
        Ok(Arc::new(Self { tenants: RwLock::new(tenants), next_tenant: OidCounter::starting_at(next_tenant) }))
    }

    /// The catalog of a tenant by name.
    pub fn get(&self, name: &str) -> Option<Arc<TenantCatalog>> {
        self.tenants.read().values().find(|catalog| catalog.tenant.name == name).cloned()
    }

    /// The catalog of a tenant by id.
    pub fn by_id(&self, id: TenantId) -> Option<Arc<TenantCatalog>> {
        self.tenants.read().get(&id).cloned()
    }

    /// All tenants, the system database first.
    pub fn list(&self) -> Vec<Arc<Tenant>> {
        self.tenants.read().values().map(|catalog| catalog.tenant.clone()).collect()
    }

    /// Makes a committed version visible. Of a tenant that was dropped meanwhile nothing appears again.
    pub fn publish(&self, catalog: Arc<TenantCatalog>) {
        if let Some(current) = self.tenants.write().get_mut(&catalog.tenant.id) {
            *current = catalog;
        }
    }

    /// A new tenant, and what to store. It is visible after [`publish_new`](Self::publish_new).
    ///
    /// # Errors
    /// 42P04 if the name is taken.
    pub fn create_tenant(&self, name: &str, owner: &str, now_us: i64) -> Result<(Arc<TenantCatalog>, CatalogWrite)> {
        if self.get(name).is_some() {
            return Err(CatalogError::DuplicateDatabase(name.to_owned()).into());
        }
        let id = TenantId(self.next_tenant.take());
        let tenant = Tenant { id, name: name.to_owned(), owner: owner.to_owned(), created_at_us: now_us };
        let mut write = CatalogWrite::default();
        write.puts.push((meta_keys::NEXT_TENANT.to_vec(), self.next_tenant.next().to_string().into_bytes()));
        write.puts.push((meta_keys::tenant(id), meta_keys::json(&tenant)));
        Ok((Arc::new(TenantCatalog::empty(Arc::new(tenant), 0)), write))
    }

    /// Makes a committed new tenant visible.
    ///
    /// # Errors
    /// 42P04 if a tenant of the same name became visible first.
    pub fn publish_new(&self, catalog: Arc<TenantCatalog>) -> Result<()> {
        let mut tenants = self.tenants.write();
        if tenants.values().any(|other| other.tenant.name == catalog.tenant.name) {
            return Err(CatalogError::DuplicateDatabase(catalog.tenant.name.clone()).into());
        }
        tenants.insert(catalog.tenant.id, catalog);
        Ok(())
    }

    /// What to store so that a tenant and everything it has is gone. It is invisible after
    /// [`forget`](Self::forget).
    ///
    /// # Errors
    /// 3D000 if there is no such tenant, 42501 for the system database.
    pub fn drop_tenant(&self, name: &str) -> Result<(TenantId, CatalogWrite)> {
        let catalog = self.get(name).ok_or_else(|| CatalogError::UnknownDatabase(name.to_owned()))?;
        let id = catalog.tenant.id;
        if id == TenantId::SYSTEM {
            return Err(CatalogError::SystemDatabase(name.to_owned()).into());
        }
        let mut write = CatalogWrite::default();
        write.deletes.push(meta_keys::tenant(id));
        write.dropped_tenants.push(id);
        Ok((id, write))
    }

    /// Makes a dropped tenant invisible, after the commit.
    pub fn forget(&self, id: TenantId) {
        self.tenants.write().remove(&id);
    }
}

/// Reads everything a tenant has defined.
fn load(meta: &MetaStore, at: &ReadPoint, tenant: Tenant) -> Result<TenantCatalog> {
    let id = tenant.id;
    let next_oid = match meta.get(at, &meta_keys::next_oid(id))? {
        Some(digits) => parse::<u32>(&digits, "the next OID")?,
        None => 0,
    };
    let mut catalog = TenantCatalog::empty(Arc::new(tenant), next_oid);
    for (_, value) in meta.scan_prefix(at, &meta_keys::schemas(id))? {
        match parse::<Option<Schema>>(&value, "a schema")? {
            Some(schema) => catalog.insert_schema(schema),
            None => catalog.remove_public(),
        }
    }
    for (_, value) in meta.scan_prefix(at, &meta_keys::tables(id))? {
        let stored: StoredTable = parse(&value, "a table")?;
        catalog.insert_table(Arc::new(Table::from(stored)));
    }
    Ok(catalog)
}

fn parse<T: DeserializeOwned>(value: &[u8], what: &str) -> Result<T> {
    serde_json::from_slice(value).map_err(|error| {
        StorageError::Corrupted { what: format!("{what} in the catalog cannot be read: {error}") }.into()
    })
}
