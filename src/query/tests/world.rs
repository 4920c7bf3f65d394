//! A small database for tests: one tenant with the table `messages`, a session without a socket.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::Array;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use parking_lot::Mutex;
use tempfile::TempDir;

use crate::base::clock::ManualClock;
use crate::base::ids::{SessionId, TenantId};
use crate::base::random::Random;
use crate::base::shutdown::CancellationToken;
use crate::catalog::types::text::TextEncoder;
use crate::catalog::types::{OutputStyle, PgType};
use crate::catalog::{Catalogs, CheckDefinition, ColumnDefinition, PrimaryKeyDefinition, TableDefinition, Tenant};
use crate::error::{QueryError, Result};
use crate::notify::{Hub, QueueLimits};
use crate::query::ast::Statement;
use crate::query::functions::names::SessionNames;
use crate::query::{
    ActivityRow, Bound, BoundStatement, Environment, FlushRow, Host, Known, OutputColumn, Planner, PlannerOptions,
    Rights, ScalarValue, SendableRecordBatchStream, SettingRow, Signal, SubscriptionRow, parse,
};
use crate::storage::{Durability, Engine, StorageOptions};
use crate::transaction::{Applied, Manager, Transaction};

/// 2024-02-29 12:00:00 UTC.
pub const NOW_US: i64 = 1_709_208_000_000_000;

pub struct World {
    _directory: TempDir,
    pub manager: Arc<Manager>,
    pub planner: Arc<Planner>,
    pub tenant: TenantId,
    pub clock: Arc<ManualClock>,
    random: Arc<Random>,
    pub host: Arc<TestHost>,
    pub direct_path: bool,
    pub style: OutputStyle,
}

/// A result as text.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub columns: Vec<OutputColumn>,
    pub rows: Vec<Vec<Option<String>>>,
}

impl Answer {
    /// Rows as `a|b`, NULL as `∅`.
    pub fn lines(&self) -> Vec<String> {
        let cell = |cell: &Option<String>| cell.clone().unwrap_or_else(|| "∅".into());
        self.rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join("|")).collect()
    }

    pub fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.name.as_str()).collect()
    }

    pub fn types(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.data_type.format()).collect()
    }
}

impl World {
    pub async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = ManualClock::at(NOW_US);
        let options = StorageOptions { durability: Durability::Os, ..StorageOptions::new(directory.path()) };
        let hub = Hub::new(QueueLimits::default());
        let engine = Engine::open(options, clock.clone(), hub).unwrap();
        let catalogs = Catalogs::open(&engine.meta(), &engine.read_point()).unwrap();
        let random = Arc::new(Random::default());
        let manager = Manager::new(engine, catalogs, clock.clone(), random.clone(), 64 << 20);
        let mut creating = manager.begin(TenantId::SYSTEM, SessionId(1)).unwrap();
        creating.statement_begin().await.unwrap();
        let tenant = creating.create_tenant("demo", "app").await.unwrap().tenant.clone();
        creating.commit().await.unwrap();
        let host = Arc::new(TestHost { tenants: vec![tenant.clone()], ..TestHost::default() });
        let planner = Arc::new(Planner::new(PlannerOptions::default()).unwrap());
        let world = Self {
            _directory: directory,
            manager,
            planner,
            tenant: tenant.id,
            clock,
            random,
            host,
            direct_path: true,
            style: OutputStyle { now_us: Some(NOW_US), ..OutputStyle::default() },
        };
        world.create(messages()).await;
        world
    }

    pub async fn create(&self, definition: TableDefinition) {
        let mut transaction = self.begin().await;
        transaction.create_table(definition).await.unwrap();
        transaction.commit().await.unwrap();
    }

    pub async fn begin(&self) -> Transaction {
        let mut transaction = self.manager.begin(self.tenant, SessionId(7)).unwrap();
        transaction.statement_begin().await.unwrap();
        transaction
    }

    pub fn environment(&self, transaction: &Transaction, sql: &str) -> Arc<Environment> {
        let catalog = Arc::clone(transaction.catalog());
        let path = vec!["public".to_owned()];
        let names = SessionNames::new(Arc::clone(&catalog), path.clone());
        let known = Known {
            user: "app".into(),
            session_user: "app".into(),
            operator: false,
            database: "demo".into(),
            session: SessionId(7),
            catalog,
            search_path: path,
            clock: self.clock.clone(),
            random: self.random.clone(),
            direct_path: self.direct_path,
            host: self.host.clone(),
        };
        Arc::new(Environment {
            known: Arc::new(known),
            style: OutputStyle { names: Some(Arc::new(names)), ..self.style.clone() },
            transaction_start_us: NOW_US,
            statement_start_us: NOW_US,
            source: Some(sql.into()),
            cancel: crate::base::shutdown::CancellationToken::new(),
        })
    }

    /// Runs one statement in a transaction of its own.
    pub async fn run(&self, sql: &str) -> Result<Answer> {
        self.run_with(sql, &[], &[]).await
    }

    pub async fn run_with(&self, sql: &str, types: &[Option<PgType>], parameters: &[ScalarValue]) -> Result<Answer> {
        let mut transaction = self.begin().await;
        let environment = self.environment(&transaction, sql);
        transaction.set_checks(self.planner.row_check(&environment));
        let answer = self.statement(&mut transaction, &environment, sql, types, parameters).await?;
        transaction.commit().await?;
        Ok(answer)
    }

    /// The rows of a query as lines.
    pub async fn lines(&self, sql: &str) -> Vec<String> {
        match self.run(sql).await {
            Ok(answer) => answer.lines(),
            Err(error) => panic!("{sql}: {error:?}"),
        }
    }

    /// SQLSTATE, message and position of a statement that must fail.
    pub async fn failure(&self, sql: &str) -> (String, String, Option<u32>) {
        match self.run(sql).await {
            Ok(answer) => panic!("{sql} answered {:?}", answer.lines()),
            Err(error) => {
                let report = error.report();
                (report.sqlstate.0.to_owned(), report.message, report.position)
            }
        }
    }

    pub async fn bind(&self, sql: &str, types: &[Option<PgType>]) -> Result<Bound> {
        let transaction = self.begin().await;
        let environment = self.environment(&transaction, sql);
        match parse(sql)?.remove(0).statement {
            Statement::Query(query) => self.planner.bind(&environment, &query, types),
            other => panic!("{other}"),
        }
    }

    async fn statement(
        &self,
        transaction: &mut Transaction,
        environment: &Arc<Environment>,
        sql: &str,
        types: &[Option<PgType>],
        parameters: &[ScalarValue],
    ) -> Result<Answer> {
        let cancel = CancellationToken::new();
        let statement = parse(sql)?.remove(0).statement;
        let planner = &self.planner;
        let (view, store) = (transaction.view(), transaction.store().clone());
        match planner.bind_statement(environment, &statement, types)? {
            Some(BoundStatement::Query(bound)) => {
                let stream = planner.execute(environment, &bound, parameters, view, &store, cancel).await?;
                self.collect(&bound.columns, stream).await
            }
            Some(BoundStatement::Insert(bound)) => {
                let mut rows = planner.execute_insert(environment, &bound, parameters, view, &store, cancel).await?;
                let mut answer = Answer { columns: Vec::new(), rows: Vec::new() };
                while let Some(batch) = rows.next().await {
                    let batch = batch.map_err(crate::query::bind::errors::translate)?;
                    let inserted = transaction.insert(&bound.table, batch, bound.on_conflict).await?;
                    if let Some(returning) = &bound.returning {
                        let returned = planner.returning(environment, returning, parameters, &inserted.rows)?;
                        answer.columns = returning.columns.to_vec();
                        answer.rows.extend(self.texts(&returning.columns, &returned)?);
                    }
                }
                transaction.statement_end();
                Ok(answer)
            }
            Some(BoundStatement::Update(bound)) => {
                let rows = planner.execute(environment, &bound.source, parameters, view, &store, cancel).await?;
                let rows = concat(rows).await?;
                let identity = rows.project(&[0, 1]).unwrap();
                let new = rows.project(&(2..rows.num_columns()).collect::<Vec<_>>()).unwrap();
                let own = new.project(&(0..bound.table.columns.len()).collect::<Vec<_>>()).unwrap();
                match transaction.update(&bound.table, &identity, own).await? {
                    Applied::Done(_) => {}
                    Applied::Retry => panic!("nobody else writes"),
                }
                transaction.statement_end();
                self.returned(environment, bound.returning.as_ref(), parameters, &new)
            }
            Some(BoundStatement::Delete(bound)) => {
                let rows = planner.execute(environment, &bound.source, parameters, view, &store, cancel).await?;
                let rows = concat(rows).await?;
                let identity = rows.project(&[0, 1]).unwrap();
                let old = rows.project(&(2..rows.num_columns()).collect::<Vec<_>>()).unwrap();
                match transaction.delete(&bound.table, &identity).await? {
                    Applied::Done(_) => {}
                    Applied::Retry => panic!("nobody else writes"),
                }
                transaction.statement_end();
                self.returned(environment, bound.returning.as_ref(), parameters, &old)
            }
            None => panic!("the test harness does not run {statement}"),
        }
    }

    fn returned(
        &self,
        environment: &Arc<Environment>,
        returning: Option<&crate::query::Returning>,
        parameters: &[ScalarValue],
        rows: &arrow::array::RecordBatch,
    ) -> Result<Answer> {
        let Some(returning) = returning else { return Ok(Answer { columns: Vec::new(), rows: Vec::new() }) };
        let returned = self.planner.returning(environment, returning, parameters, rows)?;
        Ok(Answer { columns: returning.columns.to_vec(), rows: self.texts(&returning.columns, &returned)? })
    }

    pub async fn collect(&self, columns: &[OutputColumn], mut stream: SendableRecordBatchStream) -> Result<Answer> {
        let mut rows = Vec::new();
        while let Some(batch) = stream.next().await {
            let batch = batch.map_err(crate::query::bind::errors::translate)?;
            for (column, field) in columns.iter().zip(batch.schema().fields()) {
                assert_eq!(field.data_type(), &column.data_type.arrow(), "the form of column {}", column.name);
            }
            rows.extend(self.texts(columns, &batch)?);
        }
        Ok(Answer { columns: columns.to_vec(), rows })
    }

    fn texts(&self, columns: &[OutputColumn], batch: &arrow::array::RecordBatch) -> Result<Vec<Vec<Option<String>>>> {
        let schema = batch.schema();
        let names = {
            let catalog = self.manager.catalogs().by_id(self.tenant).unwrap();
            SessionNames::new(catalog, vec!["public".into()])
        };
        let style = OutputStyle { names: Some(Arc::new(names)), ..self.style.clone() };
        let encoders = columns
            .iter()
            .zip(schema.fields())
            .map(|(column, field)| TextEncoder::new(field, &column.data_type, &style))
            .collect::<Result<Vec<_>>>()?;
        let text = |row: usize, column: usize| {
            let array = batch.column(column);
            if array.is_null(row) {
                return None;
            }
            let mut text = Vec::new();
            encoders[column].write(array.as_ref(), row, &mut text);
            Some(String::from_utf8(text).unwrap())
        };
        Ok((0..batch.num_rows()).map(|row| (0..columns.len()).map(|column| text(row, column)).collect()).collect())
    }
}

async fn concat(mut stream: SendableRecordBatchStream) -> Result<arrow::array::RecordBatch> {
    let mut batches = Vec::new();
    let schema = stream.schema();
    while let Some(batch) = stream.next().await {
        batches.push(batch.map_err(crate::query::bind::errors::translate)?);
    }
    Ok(arrow::compute::concat_batches(&schema, &batches).unwrap())
}

/// The table `messages` as every tenant has it.
pub fn messages() -> TableDefinition {
    let column = |name: &str, data_type, not_null, default: Option<&str>| ColumnDefinition {
        name: name.into(),
        data_type,
        not_null,
        default: default.map(str::to_owned),
    };
    TableDefinition {
        schema: "public".into(),
        name: "messages".into(),
        owner: "app".into(),
        columns: vec![
            column("conversation_id", PgType::Text, true, None),
            column("id", PgType::Uuid, true, Some("uuidv7()")),
            column("role", PgType::Text, false, Some("'user'")),
            column("author", PgType::Text, false, Some("current_user")),
            column("content", PgType::Text, false, None),
            column("reply_to", PgType::Uuid, false, None),
            column("metadata", PgType::Jsonb, false, None),
            column("created_at", PgType::Timestamptz, false, Some("now()")),
        ],
        primary_key: Some(PrimaryKeyDefinition { name: None, columns: vec!["conversation_id".into(), "id".into()] }),
        checks: vec![CheckDefinition {
            name: None,
            expression: "role IN ('system', 'user', 'assistant', 'tool')".into(),
            columns: vec!["role".into()],
        }],
        changes: false,
    }
}

/// A table without a primary key: `numbers (n int, t text, x numeric(10,2), f float8, v varchar(3), d date, b bool)`.
pub fn numbers() -> TableDefinition {
    let column =
        |name: &str, data_type| ColumnDefinition { name: name.into(), data_type, not_null: false, default: None };
    TableDefinition {
        schema: "public".into(),
        name: "numbers".into(),
        owner: "app".into(),
        columns: vec![
            column("n", PgType::Int4),
            column("t", PgType::Text),
            column("x", PgType::Numeric(Some((10, 2)))),
            column("f", PgType::Float8),
            column("v", PgType::Varchar(Some(3))),
            column("d", PgType::Date),
            column("b", PgType::Bool),
        ],
        primary_key: None,
        checks: Vec::new(),
        changes: false,
    }
}

/// A session that remembers what it was asked to do.
#[derive(Default)]
pub struct TestHost {
    pub tenants: Vec<Arc<Tenant>>,
    pub settings: Mutex<HashMap<String, String>>,
    pub notifications: Mutex<Vec<(String, String)>>,
}

impl Host for TestHost {
    fn setting(&self, name: &str) -> Option<String> {
        match name {
            "server_version_num" => Some("150018".into()),
            _ => self.settings.lock().get(name).cloned(),
        }
    }

    fn set_setting(&self, name: &str, value: &str, _local: bool) -> Result<String> {
        self.settings.lock().insert(name.into(), value.into());
        Ok(value.into())
    }

    fn rights(&self) -> Rights {
        Rights { writes: true, defines: true }
    }

    fn started_us(&self) -> i64 {
        0
    }

    fn settings(&self) -> Vec<SettingRow> {
        vec![SettingRow { name: "TimeZone".into(), value: "UTC".into(), context: "user", ..SettingRow::default() }]
    }

    fn notify(&self, channel: &str, payload: &str) -> Result<()> {
        self.notifications.lock().push((channel.into(), payload.into()));
        Ok(())
    }

    fn listening_channels(&self) -> Vec<String> {
        vec!["lobby".into(), "news".into()]
    }

    fn notification_queue_usage(&self) -> f64 {
        0.25
    }

    fn databases(&self) -> Vec<Arc<Tenant>> {
        self.tenants.clone()
    }

    fn activity(&self) -> Vec<ActivityRow> {
        vec![ActivityRow {
            database_oid: 16384,
            database: "demo".into(),
            pid: 7,
            user: "app".into(),
            application_name: "test".into(),
            client_address: None,
            client_port: None,
            backend_start_us: Some(NOW_US),
            transaction_start_us: Some(NOW_US),
            query_start_us: Some(NOW_US),
            state_change_us: None,
            state: Some("active"),
            query: "SELECT".into(),
            backend_type: Some("client backend"),
        }]
    }

    fn subscriptions(&self) -> Vec<SubscriptionRow> {
        vec![SubscriptionRow { pid: 7, channel: "lobby".into(), queued: 0 }]
    }

    fn flushes(&self) -> Vec<FlushRow> {
        vec![FlushRow {
            table: "messages".into(),
            started_at_us: NOW_US,
            duration_us: 1_500_000,
            rows: 3,
            files: 1,
            bytes: 100,
            error: None,
        }]
    }

    fn signal_backend(&self, pid: i32, _signal: Signal) -> Result<bool> {
        Ok(pid == 7)
    }

    fn flush(&self, table: &str) -> BoxFuture<'static, Result<i64>> {
        let table = table.to_owned();
        async move {
            match table.as_str() {
                "messages" => Ok(42),
                other => Err(crate::error::CatalogError::UnknownRelation(other.into()).into()),
            }
        }
        .boxed()
    }

    fn reauthenticate(&self, _token: &str) -> Result<i64> {
        Err(QueryError::NotSupported("no tokens in tests".into()).into())
    }
}
