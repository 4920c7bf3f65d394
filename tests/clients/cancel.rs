//! CancelRequest: a running statement, a streaming result, and what it must not reach.

use std::error::Error;

use futures::StreamExt;

use crate::support::client::{Client, connector, sqlstate};
use crate::support::server::Server;
use crate::support::until;
use crate::support::wire::{Wire, cancel_request, query};

/// A statement that runs for hours when nobody stops it, in little memory.
const ENDLESS: &str = "SELECT count(*) FROM generate_series(1, 200000000000) AS g(x) WHERE g.x % 7 = 8";

/// Statements that compute for hours between two rows that they read: rows multiplied without a condition,
/// pairs that no condition lets pass, with and without a hash table, a recursion without an end, and a
/// subquery for each of a million rows.
const COMPUTING: [&str; 6] = [
    "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b, generate_series(1, 100000) c",
    "SELECT count(*) FROM generate_series(1, 1000000) a(x) JOIN generate_series(1, 1000000) b(y) ON a.x + b.y < 0",
    "SELECT count(*) FROM generate_series(1, 1000000) a(x) JOIN generate_series(1, 1000000) b(y)
       ON a.x % 1 = b.y % 1 AND a.x + b.y < 0",
    "SELECT count(*) FROM crowd a JOIN crowd b ON a.v + b.v < 0 JOIN crowd c ON b.v + c.v < a.v",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n FROM t) SELECT count(*) FROM t",
    "SELECT sum((SELECT count(*) FROM generate_series(1, 1000) b(y) WHERE b.y + a.x < 0))
       FROM generate_series(1, 1000000) a(x)",
];

/// libpq reads the connection of its request to the end, and reports an end that TLS did not announce.
#[test]
fn an_encrypted_cancel_request_ends_in_order() {
    let server = Server::start();
    let victim = Wire::connect(&server);
    for key in [victim.key, (1, 1)] {
        let mut request = Wire::tls(server.address()).unwrap();
        request.send(&cancel_request(key)).unwrap();
        assert_eq!(request.read_some(&mut [0; 16]).expect("close_notify"), 0);
    }
}

#[tokio::test]
async fn a_statement_that_only_computes_is_cancelled() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let watcher = Client::connect(&server).await;
    crowd(&client).await?;
    for sql in COMPUTING {
        let token = client.cancel_token();
        let running = tokio::spawn(async move {
            let result = client.simple_query(sql).await;
            (client, result)
        });
        let active = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query NOT LIKE '%pg_stat%'";
        crate::support::until_async("the statement runs", || async {
            (watcher.text(active).await == "1").then_some(())
        })
        .await;
        // It keeps nobody waiting.
        for _ in 0..50 {
            assert_eq!(watcher.text(active).await, "1", "{sql}");
        }
        token.cancel_query(connector()).await?;
        let result;
        (client, result) = running.await?;
        assert_eq!(sqlstate(&result.expect_err(sql)), "57014", "{sql}");
        assert_eq!(client.text("SELECT 'here'").await, "here");
    }
    Ok(())
}

#[tokio::test]
async fn statement_timeout_stops_a_statement_that_only_computes() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let client = Client::connect(&server).await;
    crowd(&client).await?;
    client.batch_execute("SET statement_timeout = 200").await?;
    for sql in COMPUTING {
        let error = client.simple_query(sql).await.expect_err(sql);
        assert_eq!(sqlstate(&error), "57014", "{sql}");
        assert_eq!(error.as_db_error().unwrap().message(), "canceling statement due to statement timeout");
        let error = client.simple_query(&format!("EXPLAIN ANALYZE {sql}")).await.expect_err(sql);
        assert_eq!(sqlstate(&error), "57014", "EXPLAIN ANALYZE {sql}");
    }
    Ok(())
}

async fn crowd(client: &Client) -> Result<(), Box<dyn Error>> {
    client.batch_execute("CREATE TABLE crowd (id int PRIMARY KEY, v int)").await?;
    client.batch_execute("INSERT INTO crowd SELECT g.i, g.i FROM generate_series(1, 20000) AS g(i)").await?;
    Ok(())
}

#[tokio::test]
async fn a_running_statement_is_cancelled() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let client = Client::connect(&server).await;
    let watcher = Client::connect(&server).await;
    let token = client.cancel_token();
    let running = tokio::spawn(async move {
        let result = client.simple_query(ENDLESS).await;
        (client, result)
    });
    crate::support::until_async("the statement shows in pg_stat_activity", || async {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%200000000000%' AND query NOT LIKE '%pg_stat%'";
        (watcher.text(sql).await == "1").then_some(())
    })
    .await;
    token.cancel_query(connector()).await?;
    let (client, result) = running.await?;
    assert_eq!(sqlstate(&result.unwrap_err()), "57014");
    // The session goes on.
    assert_eq!(client.text("SELECT 'here'").await, "here");
    Ok(())
}

#[tokio::test]
async fn a_streaming_result_is_cancelled() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let client = Client::connect(&server).await;
    client.batch_execute("CREATE TABLE wide (id int PRIMARY KEY, v text)").await?;
    let fill = "INSERT INTO wide SELECT g.i, repeat('x', 2000) FROM generate_series(1, 30000) AS g(i)";
    client.batch_execute(fill).await?;
    let token = client.cancel_token();
    let mut stream = Box::pin(client.query_raw("SELECT * FROM wide", Vec::<String>::new()).await?);
    // The first row is here and the rest, 60 MB, is more than all buffers between the two ends.
    stream.next().await.unwrap()?;
    token.cancel_query(connector()).await?;
    let mut rows = 1;
    let error = loop {
        match stream.next().await {
            Some(Ok(_)) => rows += 1,
            Some(Err(error)) => break error,
            None => panic!("all {rows} rows came, the cancel did nothing"),
        }
    };
    assert_eq!(sqlstate(&error), "57014");
    drop(stream);
    assert_eq!(client.text("SELECT count(*) FROM wide").await, "30000");
    Ok(())
}

#[test]
fn an_idle_session_is_not_hit_by_a_late_cancel() {
    let server = Server::plain();
    let mut wire = Wire::connect(&server);
    for _ in 0..20 {
        // The server closes the connection of a cancel request when it is done with it.
        let mut other = Wire::plain(server.address()).unwrap();
        other.send(&cancel_request(wire.key)).unwrap();
        other.until_closed();
        assert_eq!(wire.value("SELECT 'unharmed'"), "unharmed");
    }
}

#[test]
fn a_cancel_with_a_wrong_secret_does_nothing() {
    let server = Server::plain();
    let mut victim = Wire::connect(&server);
    let mut watcher = Wire::connect(&server);
    victim.send(&query(ENDLESS)).unwrap();
    let active = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%200000000000%' AND query NOT LIKE '%pg_stat%'";
    until("the statement runs", || (watcher.value(active) == "1").then_some(()));
    let (process, secret) = victim.key;
    for wrong in [(process, secret ^ 1), (process ^ 1, secret), (process, 0), (0, 0)] {
        let mut other = Wire::plain(server.address()).unwrap();
        other.send(&cancel_request(wrong)).unwrap();
        assert!(other.until_closed().is_empty(), "a cancel request has no answer");
    }
    assert_eq!(watcher.value(active), "1");
    let mut other = Wire::plain(server.address()).unwrap();
    other.send(&cancel_request((process, secret))).unwrap();
    other.until_closed();
    let messages = victim.until_ready().unwrap();
    let error = messages.iter().find(|message| message.tag == b'E').expect("an error").fields();
    assert_eq!(error.sqlstate(), "57014", "{messages:?}");
    assert_eq!(error.message(), "canceling statement due to user request");
}

#[tokio::test]
async fn statement_timeout_stops_a_statement() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let client = Client::connect(&server).await;
    client.batch_execute("SET statement_timeout = 50").await?;
    let error = client.simple_query(ENDLESS).await.unwrap_err();
    assert_eq!(sqlstate(&error), "57014");
    assert_eq!(error.as_db_error().unwrap().message(), "canceling statement due to statement timeout");
    client.batch_execute("SET statement_timeout = 0").await?;
    assert_eq!(client.text("SELECT 'on'").await, "on");
    Ok(())
}

/// A writer that waits for a lock is cancelled too, and its lock request with it.
#[tokio::test]
async fn a_waiting_writer_is_cancelled() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let holder = Client::connect(&server).await;
    let waiter = Client::connect(&server).await;
    holder.batch_execute("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 0)").await?;
    holder.batch_execute("BEGIN; UPDATE t SET v = 1").await?;
    let token = waiter.cancel_token();
    let waiting = tokio::spawn(async move {
        let result = waiter.batch_execute("UPDATE t SET v = 2").await;
        (waiter, result)
    });
    crate::support::until_async("the writer waits", || async {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'UPDATE t SET v = 2%'";
        (holder.text(sql).await == "1").then_some(())
    })
    .await;
    token.cancel_query(connector()).await?;
    let (waiter, result) = waiting.await?;
    assert_eq!(sqlstate(&result.unwrap_err()), "57014");
    holder.batch_execute("COMMIT").await?;
    waiter.batch_execute("UPDATE t SET v = v + 10").await?;
    assert_eq!(holder.text("SELECT v FROM t").await, "11");
    Ok(())
}
