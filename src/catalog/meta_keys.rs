//! Where the catalog's rows are in the `meta` column family. Values are JSON.
//!
//! ```text
//!   catalog/tenant/<id, 4 bytes>          Tenant
//!   catalog/next_tenant                   the next tenant id, in digits
//!   <tenant>catalog/oid                   the next OID of the tenant, in digits
//!   <tenant>catalog/schema/<oid>          Schema; `null` for a dropped `public`
//!   <tenant>catalog/table/<oid>           Table
//! ```
//!
//! `<tenant>` is storage's prefix for everything that goes when the tenant is dropped.

use serde::Serialize;

use crate::base::ids::{Oid, TableId, TenantId};
use crate::storage::MetaStore;

pub(super) const TENANTS: &[u8] = b"catalog/tenant/";
pub(super) const NEXT_TENANT: &[u8] = b"catalog/next_tenant";

pub(super) fn tenant(id: TenantId) -> Vec<u8> {
    [TENANTS, &id.0.to_be_bytes()].concat()
}

pub(super) fn next_oid(tenant: TenantId) -> Vec<u8> {
    MetaStore::tenant_key(tenant, b"catalog/oid")
}

pub(super) fn schemas(tenant: TenantId) -> Vec<u8> {
    MetaStore::tenant_key(tenant, b"catalog/schema/")
}

pub(super) fn schema(tenant: TenantId, oid: Oid) -> Vec<u8> {
    [schemas(tenant).as_slice(), &oid.to_be_bytes()].concat()
}

pub(super) fn tables(tenant: TenantId) -> Vec<u8> {
    MetaStore::tenant_key(tenant, b"catalog/table/")
}

pub(super) fn table(tenant: TenantId, id: TableId) -> Vec<u8> {
    [tables(tenant).as_slice(), &id.0.to_be_bytes()].concat()
}

pub(super) fn json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("the catalog's types have string keys and serialise without errors")
}
