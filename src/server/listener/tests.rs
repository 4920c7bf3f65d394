//! A server in the test's own process, so that a test can break its parts from inside.

use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls};

use super::*;
use crate::config::TlsMode;
use crate::server::jwt::{Audience, Claims, Seconds};
use crate::server::keys::{LOCAL_ISSUER, SigningKey};

struct Bench {
    directory: tempfile::TempDir,
    database: Arc<Database>,
    address: SocketAddr,
    shutdown: CancellationToken,
    running: JoinHandle<()>,
}

impl Bench {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.storage.directory = directory.path().to_path_buf();
        config.tls.mode = TlsMode::Off;
        let database = Database::open(config.clone()).await.unwrap();
        database.create_tenant("demo", "app").await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server::new(&config, database.clone(), listener).unwrap();
        let (address, shutdown) = (server.address(), CancellationToken::new());
        let running = tokio::spawn(server.run(shutdown.clone()));
        Self { directory, database, address, shutdown, running }
    }

    fn token(&self, tenant: &str) -> String {
        let now_us = self.database.clock().now_us();
        SigningKey::load(self.directory.path()).unwrap().sign(&Claims {
            iss: LOCAL_ISSUER.into(),
            aud: Audience::One(LOCAL_ISSUER.into()),
            sub: "app".into(),
            tenant: tenant.into(),
            role: Some("owner".into()),
            exp: Seconds::from_us(now_us + 600_000_000),
            nbf: None,
            iat: None,
            jti: None,
        })
    }

    async fn connect(&self, tenant: &str) -> std::result::Result<Client, tokio_postgres::Error> {
        let mut config = tokio_postgres::Config::new();
        config.host("127.0.0.1").port(self.address.port()).user("app").dbname(tenant).password(self.token(tenant));
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.running.await.unwrap();
        self.database.close().await;
    }
}

/// Verifies tokens by falling over.
struct Fragile;

impl Reauthenticate for Fragile {
    fn reauthenticate(&self, _: &Principal, _: &str) -> Result<Principal> {
        panic!("on purpose");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_ends_its_session_and_no_other() {
    let bench = Bench::start().await;
    bench.database.set_reauthenticate(Arc::new(Fragile));
    let (victim, witness) = (bench.connect("demo").await.unwrap(), bench.connect("demo").await.unwrap());
    victim.batch_execute("CREATE TABLE t (id int PRIMARY KEY)").await.unwrap();
    victim.batch_execute("BEGIN; INSERT INTO t VALUES (1)").await.unwrap();
    let error = victim.simple_query("SELECT kalam.reauthenticate('x')").await.unwrap_err();
    let error = error.as_db_error().expect("the client is told");
    assert_eq!((error.severity(), error.code().code(), error.message()), ("FATAL", "XX000", "internal error"));
    assert!(victim.simple_query("SELECT 1").await.is_err(), "the session has ended");
    // Its locks are free and nothing of its transaction is there.
    witness.batch_execute("INSERT INTO t VALUES (1)").await.unwrap();
    assert_eq!(bench.database.registry().count(), 1);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_that_is_not_there_is_not_told_apart() {
    let bench = Bench::start().await;
    let error = bench.connect("ghost").await.expect_err("there is no such tenant");
    let error = error.as_db_error().unwrap();
    assert_eq!((error.severity(), error.code().code()), ("FATAL", "28P01"));
    assert_eq!(error.message(), "password authentication failed for user \"app\"");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_waits_for_nobody_who_is_idle() {
    let bench = Bench::start().await;
    let client = bench.connect("demo").await.unwrap();
    client.batch_execute("BEGIN").await.unwrap();
    bench.stop().await;
    assert!(client.simple_query("SELECT 1").await.is_err());
}
