//! The catalog over a real engine: what was committed is there after a restart, and nothing else.

use std::path::Path;
use std::sync::Arc;

use super::tests::messages_definition;
use super::*;
use crate::base::clock::ManualClock;
use crate::base::ids::{Oid, TenantId};
use crate::storage::{Commit, CommitLog, Engine, Events, StorageOptions, WriteSet};

struct Server {
    engine: Arc<Engine>,
    catalogs: Arc<Catalogs>,
}

impl Server {
    fn start(directory: &Path) -> Self {
        let engine = Engine::open(StorageOptions::new(directory), ManualClock::at(0), Arc::new(())).unwrap();
        let catalogs = Catalogs::open(&engine.meta(), &engine.read_point()).unwrap();
        Self { engine, catalogs }
    }

    async fn stop(self) {
        self.engine.close().await;
    }

    async fn commit(&self, tenant: TenantId, write: CatalogWrite) {
        let mut writes = WriteSet::default();
        write.apply(&mut writes);
        let commit =
            Commit { tenant, writes: Arc::new(writes), read: self.engine.read_point(), events: Events::default() };
        self.engine.commit(commit).await.unwrap();
    }

    async fn create_tenant(&self, name: &str) -> TenantId {
        let (catalog, write) = self.catalogs.create_tenant(name, "ann", 42).unwrap();
        self.commit(TenantId::SYSTEM, write).await;
        self.catalogs.publish_new(catalog.clone()).unwrap();
        catalog.tenant.id
    }

    async fn change(&self, tenant: &str, change: impl FnOnce(&TenantCatalog) -> (TenantCatalog, CatalogWrite)) {
        let (next, write) = change(&self.catalogs.get(tenant).unwrap());
        self.commit(next.tenant.id, write).await;
        self.catalogs.publish(Arc::new(next));
    }

    fn table(&self, tenant: &str, name: &str) -> Option<Arc<Table>> {
        self.catalogs.get(tenant)?.table("public", name).cloned()
    }
}

fn oids(table: &Table) -> Vec<Oid> {
    let key = table.primary_key.as_ref().unwrap();
    let mut oids = vec![table.id.0, key.oid, key.constraint_oid];
    oids.extend(table.checks.iter().map(|check| check.oid));
    oids.extend(table.columns.iter().map(|column| column.default_oid));
    oids
}

#[tokio::test]
async fn definitions_and_their_oids_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    assert_eq!(server.catalogs.list()[0].name, SYSTEM_DATABASE);
    let acme = server.create_tenant("acme").await;
    server.change("acme", |catalog| catalog.with_table(messages_definition()).unwrap()).await;
    server.change("acme", |catalog| catalog.with_schema("app", "bob").unwrap()).await;
    let before = server.table("acme", "messages").unwrap();
    server.stop().await;

    let server = Server::start(directory.path());
    let after = server.table("acme", "messages").unwrap();
    assert_eq!(oids(&after), oids(&before));
    assert_eq!(after.columns, before.columns);
    assert_eq!(after.checks, before.checks);
    assert_eq!(after.shape.schema, before.shape.schema);
    assert_eq!(after.shape.key, before.shape.key);
    assert!(after.change_renderer().is_some());
    let catalog = server.catalogs.by_id(acme).unwrap();
    assert_eq!((catalog.tenant.name.as_str(), catalog.tenant.created_at_us), ("acme", 42));
    assert_eq!(catalog.schema("app").unwrap().owner, "bob");
    server.stop().await;
}

#[tokio::test]
async fn oids_of_dropped_objects_are_never_given_again() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    server.create_tenant("acme").await;
    server.change("acme", |catalog| catalog.with_table(messages_definition()).unwrap()).await;
    let first = server.table("acme", "messages").unwrap();
    server.change("acme", |catalog| catalog.without_table(first.id).unwrap()).await;
    let (dropped, write) = server.catalogs.drop_tenant("acme").unwrap();
    server.stop().await;

    let server = Server::start(directory.path());
    assert!(server.table("acme", "messages").is_none());
    server.change("acme", |catalog| catalog.with_table(messages_definition()).unwrap()).await;
    let second = server.table("acme", "messages").unwrap();
    assert!(oids(&second).iter().filter(|oid| **oid != 0).all(|oid| !oids(&first).contains(oid)));

    server.commit(TenantId::SYSTEM, write).await;
    server.catalogs.forget(dropped);
    assert!(server.catalogs.get("acme").is_none());
    server.stop().await;

    let server = Server::start(directory.path());
    assert!(server.catalogs.get("acme").is_none() && server.catalogs.by_id(dropped).is_none());
    let again = server.create_tenant("acme").await;
    assert!(again > dropped);
    assert_eq!(server.catalogs.get("acme").unwrap().tables().count(), 0);
    server.stop().await;
}

#[tokio::test]
async fn two_tenants_have_their_own_tables() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    server.create_tenant("acme").await;
    server.create_tenant("other").await;
    server.change("acme", |catalog| catalog.with_table(messages_definition()).unwrap()).await;
    assert!(server.table("other", "messages").is_none());
    let names: Vec<String> = server.catalogs.list().iter().map(|tenant| tenant.name.clone()).collect();
    assert_eq!(names, ["kalam", "acme", "other"]);
    assert_eq!(server.catalogs.create_tenant("acme", "x", 0).unwrap_err().sqlstate().0, "42P04");
    assert_eq!(server.catalogs.create_tenant("kalam", "x", 0).unwrap_err().sqlstate().0, "42P04");
    assert_eq!(server.catalogs.drop_tenant("kalam").unwrap_err().sqlstate().0, "42501");
    assert_eq!(server.catalogs.drop_tenant("nope").unwrap_err().sqlstate().0, "3D000");
    server.stop().await;
}

#[tokio::test]
async fn a_dropped_public_schema_stays_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    server.create_tenant("acme").await;
    server.change("acme", |catalog| catalog.with_table(messages_definition()).unwrap()).await;
    server.change("acme", |catalog| catalog.without_schema("public").unwrap()).await;
    server.stop().await;
    let server = Server::start(directory.path());
    let catalog = server.catalogs.get("acme").unwrap();
    assert!(catalog.schema("public").is_none() && catalog.tables().next().is_none());
    server.change("acme", |catalog| catalog.with_schema("public", "ann").unwrap()).await;
    server.stop().await;
    let server = Server::start(directory.path());
    assert!(server.catalogs.get("acme").unwrap().schema("public").is_some());
    server.stop().await;
}
