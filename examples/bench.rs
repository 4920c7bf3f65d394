//! scratch
use kalam::config::Config;
use kalam::{Database, Principal, Role};
use std::time::Instant;
use futures::StreamExt;

fn main() {
    let rt = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    rt.block_on(async {
        let dir = std::env::args().nth(1).unwrap();
        let _ = std::fs::remove_dir_all(&dir);
        let mut config = Config::default();
        config.storage.directory = dir.into();
        config.commit.durability = kalam::config::Durability::Os;
        let db = Database::open(config).await.unwrap();
        db.create_tenant("demo", "app").await.unwrap();
        let mut s = db.session(Principal::embedded("app", "demo", Role::Owner)).unwrap();
        s.execute("CREATE TABLE kv (k int PRIMARY KEY, v text)").await.unwrap();

        use kalam::query::ScalarValue as V;
        s.execute("CREATE TABLE d1 (k int PRIMARY KEY, v text DEFAULT current_user)").await.unwrap();
        s.execute("CREATE TABLE d2 (k int PRIMARY KEY, v timestamptz DEFAULT now())").await.unwrap();
        s.execute("CREATE TABLE d3 (k int PRIMARY KEY, v uuid DEFAULT uuidv7())").await.unwrap();
        s.execute("CREATE TABLE d4 (k int PRIMARY KEY, v text DEFAULT 'user')").await.unwrap();
        s.execute("CREATE TABLE d5 (k int PRIMARY KEY, v text CHECK (v IN ('user', 'system')))").await.unwrap();
        s.execute("CREATE TABLE d6 (k int PRIMARY KEY, v text) WITH (changes = on)").await.unwrap();
        let n: i32 = 5000;
        for sql in ["INSERT INTO kv (k) VALUES ($1)", "INSERT INTO d1 (k) VALUES ($1)", "INSERT INTO d2 (k) VALUES ($1)", "INSERT INTO d3 (k) VALUES ($1)", "INSERT INTO d4 (k) VALUES ($1)", "INSERT INTO d5 (k) VALUES ($1)", "INSERT INTO d6 (k) VALUES ($1)",
            "INSERT INTO messages (conversation_id, content) VALUES ('a', $1::int::text)", "SELECT v FROM kv WHERE k = $1", "UPDATE kv SET v = 'x' WHERE k = $1", "DELETE FROM kv WHERE k = $1", "SELECT $1::int", "SELECT author, content FROM messages WHERE conversation_id = 'a' AND $1::int > 0 ORDER BY id DESC LIMIT 50", "SELECT author, content FROM messages WHERE conversation_id = 'a' AND $1 = $1 ORDER BY id DESC LIMIT 50"] {
            if let Err(e) = s.prepare("", sql, &[23]).await { println!("{sql}: {e}"); s.sync().await.unwrap(); continue }
            let t = Instant::now();
            let m = if sql.contains("LIMIT") { 500 } else { n };
            let mut rows = 0;
            for i in 0..m {
                s.bind("", "", vec![V::Int32(Some(i))]).await.unwrap();
                match s.execute_portal("").await {
                    Ok(kalam::session::Outcome::Rows { mut stream, .. }) => { while let Some(b) = stream.next().await { rows += b.unwrap().num_rows(); } }
                    Err(e) => { println!("{sql}: {e}"); break }
                    _ => {}
                }
                s.sync().await.unwrap();
            }
            println!("{:.1} us  {sql} ({rows})", t.elapsed().as_secs_f64() * 1e6 / m as f64);
        }
        drop(s);
        db.close().await;
    });
}
