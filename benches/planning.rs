//! What it costs to understand a statement: parse, bind and optimise, before a row is read.
//!
//! Run with `cargo bench --bench planning`. Beside it stands DataFusion's own planner over a table of the same
//! columns, with its default optimiser: what a statement would cost if it meant what DataFusion means by it. The
//! aim is 1.2 times that; what direct paths recognise does not reach DataFusion at all.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;
use tokio::runtime::Runtime;

use kalam::config::Config;
use kalam::{Database, Principal, Role, Session};

/// Statements of a chat, with what is compared in mind: a key, a page of history, an aggregate, a join.
const QUERIES: [(&str, &str); 4] = [
    ("key", "SELECT author, content FROM messages WHERE conversation_id = $1 AND id = $2"),
    ("page", "SELECT id, author, content FROM messages WHERE conversation_id = $1 ORDER BY id DESC LIMIT 50"),
    ("aggregate", "SELECT author, count(*) FROM messages WHERE created_at > $1 GROUP BY author ORDER BY 2 DESC"),
    (
        "join",
        "SELECT c.title, m.content FROM conversations c JOIN messages m ON m.conversation_id = c.id WHERE c.id = $1",
    ),
];

/// Statements that write, which DataFusion cannot be asked.
const WRITES: [(&str, &str); 3] = [
    ("insert", "INSERT INTO messages (conversation_id, content) VALUES ($1, $2) RETURNING id"),
    ("update", "UPDATE messages SET content = $1 WHERE conversation_id = $2 AND id = $3"),
    ("delete", "DELETE FROM messages WHERE conversation_id = $1 AND id = $2"),
];

/// A session on a new database in a temporary directory.
struct World {
    runtime: Runtime,
    session: Session,
    /// Statements are cached by their text: every round asks a new one.
    round: u64,
    _database: Arc<Database>,
    _directory: tempfile::TempDir,
}

impl World {
    fn new(direct: bool) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        let directory = tempfile::tempdir().expect("a temporary directory");
        let (database, session) = runtime.block_on(async {
            let mut config = Config::default();
            config.storage.directory = directory.path().join("data");
            let database = Database::open(config).await.expect("a database");
            database.create_tenant("demo", "app").await.expect("a tenant");
            let mut session = database.session(Principal::embedded("app", "demo", Role::Owner)).expect("a session");
            session.execute("INSERT INTO conversations (id) VALUES ('lobby')").await.expect("a row");
            session.execute("INSERT INTO messages (conversation_id) VALUES ('lobby')").await.expect("a row");
            session.execute(&format!("SET kalam.direct_path = {direct}")).await.expect("a setting");
            (database, session)
        });
        Self { runtime, session, round: 0, _database: database, _directory: directory }
    }

    fn prepare(&mut self, sql: &str) {
        self.round += 1;
        let sql = format!("{sql} /* {} */", self.round);
        let Self { runtime, session, .. } = self;
        runtime.block_on(session.prepare("", &sql, &[])).expect("a statement");
    }

    /// DataFusion with tables of the same columns, and no rows.
    fn datafusion(&mut self) -> SessionContext {
        let context = SessionContext::new();
        for table in ["messages", "conversations"] {
            let Self { runtime, session, .. } = self;
            let rows = runtime.block_on(session.query(&format!("SELECT * FROM {table}"))).expect("a query");
            let table_of = MemTable::try_new(rows.batches[0].schema(), vec![rows.batches]).expect("a table");
            context.register_table(table, Arc::new(table_of)).expect("a name of its own");
        }
        context
    }
}

fn planning(criterion: &mut Criterion) {
    let (mut planned, mut direct) = (World::new(false), World::new(true));
    let context = planned.datafusion();
    let runtime = Runtime::new().expect("a runtime");
    for (name, sql) in QUERIES {
        let mut group = criterion.benchmark_group(name);
        group.bench_function("DataFusion", |bencher| {
            bencher.iter(|| {
                let state = context.state();
                let plan = runtime.block_on(state.create_logical_plan(sql)).expect("a plan");
                black_box(state.optimize(&plan).expect("an optimised plan"))
            });
        });
        group.bench_function("planned", |bencher| bencher.iter(|| planned.prepare(sql)));
        group.bench_function("direct", |bencher| bencher.iter(|| direct.prepare(sql)));
        group.finish();
    }
    for (name, sql) in WRITES {
        criterion.bench_function(name, |bencher| bencher.iter(|| planned.prepare(sql)));
    }
}

criterion_group!(benches, planning);
criterion_main!(benches);
