//! The same tables in a catalog of ours and in PostgreSQL, and a session over ours that does nothing.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use kalam::base::clock::SystemClock;
use kalam::base::ids::{SessionId, TenantId};
use kalam::base::random::Random;
use kalam::base::shutdown::CancellationToken;
use kalam::catalog::types::{OutputStyle, PgType};
use kalam::catalog::{Catalogs, ColumnDefinition, PrimaryKeyDefinition, TableDefinition, Tenant, TenantCatalog};
use kalam::error::Result;
use kalam::notify::{Hub, QueueLimits};
use kalam::query::{ActivityRow, Environment, FlushRow, Host, Known, Rights, SettingRow, Signal, SubscriptionRow};
use kalam::storage::{Durability, Engine, StorageOptions};
use kalam::transaction::Manager;
use tempfile::TempDir;

/// Tables as name, columns with PostgreSQL's type names, and the columns of the primary key.
pub type Definition = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

pub const TABLES: &[Definition] = &[
    (
        "messages",
        &[
            ("conversation_id", "text"),
            ("id", "uuid"),
            ("role", "text"),
            ("author", "text"),
            ("content", "text"),
            ("reply_to", "uuid"),
            ("metadata", "jsonb"),
            ("created_at", "timestamptz"),
        ],
        &["conversation_id", "id"],
    ),
    (
        "numbers",
        &[
            ("n", "int4"),
            ("t", "text"),
            ("x", "numeric(10,2)"),
            ("f", "float8"),
            ("v", "varchar(3)"),
            ("d", "date"),
            ("b", "bool"),
        ],
        &[],
    ),
    ("people", &[("id", "int4"), ("name", "text"), ("city", "text"), ("born", "date"), ("points", "int4")], &["id"]),
    ("posts", &[("author", "int4"), ("n", "int4"), ("title", "text")], &["author", "n"]),
    (
        "wide",
        &[
            ("id", "int8"),
            ("s", "int2"),
            ("r", "float4"),
            ("j", "json"),
            ("jb", "jsonb"),
            ("i", "interval"),
            ("ts", "timestamp"),
            ("tm", "time"),
            ("by", "bytea"),
            ("Mixed", "text"),
        ],
        &["id"],
    ),
];

/// What makes [`TABLES`] in PostgreSQL.
pub fn statements() -> Vec<String> {
    TABLES
        .iter()
        .map(|(name, columns, key)| {
            let mut parts: Vec<String> =
                columns.iter().map(|(name, data_type)| format!("\"{name}\" {data_type}")).collect();
            if !key.is_empty() {
                parts.push(format!("PRIMARY KEY ({})", key.join(", ")));
            }
            format!("CREATE TABLE {name} ({})", parts.join(", "))
        })
        .collect()
}

fn definition((name, columns, key): &Definition) -> TableDefinition {
    let column = |(name, data_type): &(&str, &str)| ColumnDefinition {
        name: (*name).into(),
        data_type: match *data_type {
            "numeric(10,2)" => PgType::Numeric(Some((10, 2))),
            "varchar(3)" => PgType::Varchar(Some(3)),
            plain => PgType::from_sql(plain, &[]).unwrap(),
        },
        not_null: key.contains(name),
        default: None,
    };
    let columns_of_key = key.iter().map(|name| (*name).to_owned()).collect();
    TableDefinition {
        schema: "public".into(),
        name: (*name).into(),
        owner: "app".into(),
        columns: columns.iter().map(column).collect(),
        primary_key: (!key.is_empty()).then_some(PrimaryKeyDefinition { name: None, columns: columns_of_key }),
        checks: Vec::new(),
        changes: false,
    }
}

/// A catalog with [`TABLES`].
pub struct World {
    _directory: TempDir,
    catalog: Arc<TenantCatalog>,
}

impl World {
    pub async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(SystemClock);
        let options = StorageOptions { durability: Durability::Os, ..StorageOptions::new(directory.path()) };
        let engine = Engine::open(options, clock.clone(), Hub::new(QueueLimits::default())).unwrap();
        let catalogs = Catalogs::open(&engine.meta(), &engine.read_point()).unwrap();
        let manager = Manager::new(engine, catalogs, clock, Arc::new(Random::default()), 64 << 20);
        let mut creating = manager.begin(TenantId::SYSTEM, SessionId(1)).unwrap();
        creating.statement_begin().await.unwrap();
        let tenant = creating.create_tenant("demo", "app").await.unwrap().tenant.id;
        creating.commit().await.unwrap();
        let mut creating = manager.begin(tenant, SessionId(1)).unwrap();
        creating.statement_begin().await.unwrap();
        for table in TABLES {
            creating.create_table(definition(table)).await.unwrap();
        }
        let catalog = Arc::clone(creating.catalog());
        creating.commit().await.unwrap();
        Self { _directory: directory, catalog }
    }

    /// The environment of one statement, in the database that PostgreSQL calls `database`.
    pub fn environment(&self, database: &str, sql: &str) -> Environment {
        let known = Known {
            user: "app".into(),
            session_user: "app".into(),
            operator: false,
            database: database.into(),
            session: SessionId(7),
            catalog: Arc::clone(&self.catalog),
            search_path: vec!["public".into()],
            clock: Arc::new(SystemClock),
            random: Arc::new(Random::default()),
            direct_path: false,
            host: Arc::new(NoHost),
        };
        Environment {
            known: Arc::new(known),
            style: OutputStyle::default(),
            transaction_start_us: 0,
            statement_start_us: 0,
            source: Some(sql.into()),
            cancel: CancellationToken::new(),
        }
    }
}

/// Analysis runs nothing, so there is nobody to ask.
struct NoHost;

impl Host for NoHost {
    fn setting(&self, _name: &str) -> Option<String> {
        None
    }

    fn set_setting(&self, _name: &str, value: &str, _local: bool) -> Result<String> {
        Ok(value.into())
    }

    fn rights(&self) -> Rights {
        Rights { writes: true, defines: true }
    }

    fn started_us(&self) -> i64 {
        0
    }

    fn settings(&self) -> Vec<SettingRow> {
        Vec::new()
    }

    fn notify(&self, _channel: &str, _payload: &str) -> Result<()> {
        Ok(())
    }

    fn listening_channels(&self) -> Vec<String> {
        Vec::new()
    }

    fn notification_queue_usage(&self) -> f64 {
        0.0
    }

    fn databases(&self) -> Vec<Arc<Tenant>> {
        Vec::new()
    }

    fn activity(&self) -> Vec<ActivityRow> {
        Vec::new()
    }

    fn subscriptions(&self) -> Vec<SubscriptionRow> {
        Vec::new()
    }

    fn flushes(&self) -> Vec<FlushRow> {
        Vec::new()
    }

    fn signal_backend(&self, _pid: i32, _signal: Signal) -> Result<bool> {
        Ok(false)
    }

    fn flush(&self, _table: &str) -> BoxFuture<'static, Result<i64>> {
        async { Ok(0) }.boxed()
    }

    fn reauthenticate(&self, _token: &str) -> Result<i64> {
        Ok(0)
    }
}
