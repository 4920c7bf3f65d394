//! How connections end and how many there may be: limits, timeouts, shutdown, tokens that run out.

use std::error::Error;
use std::time::{Duration, Instant};

use crate::support::client::{Client, sqlstate};
use crate::support::server::{Server, token};
use crate::support::wire::{Wire, query, tags};
use crate::support::{until, until_async};

#[tokio::test]
async fn one_connection_too_many_is_refused() -> Result<(), Box<dyn Error>> {
    let server = Server::serve(&[("server", "max_connections = 3")]);
    let url = server.url("demo", "app", "owner");
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(Client::open(&url).await?);
    }
    let error = Client::open(&url).await.err().expect("the fourth is refused");
    assert_eq!(sqlstate(&error), "53300");
    assert_eq!(error.as_db_error().unwrap().message(), "sorry, too many clients already");
    // The others are served, and a free place is a free place.
    assert_eq!(clients[0].text("SELECT 'served'").await, "served");
    clients.pop();
    until_async("the place is free again", || async { Client::open(&url).await.ok() }).await;
    Ok(())
}

#[test]
fn an_idle_session_is_ended() {
    let server =
        Server::serve(&[("server", "idle_timeout_ms = 200"), ("server", "idle_in_transaction_timeout_ms = 200")]);
    let mut wire = Wire::connect(&server);
    let messages = wire.until_closed();
    assert_eq!(tags(&messages), "E");
    assert_eq!(messages[0].fields().sqlstate(), "57P05");
    assert_eq!(messages[0].fields().get('S'), "FATAL");

    let mut wire = Wire::connect(&server);
    wire.ok("BEGIN");
    let messages = wire.until_closed();
    assert_eq!(messages[0].fields().sqlstate(), "25P03");
}

#[test]
fn a_login_that_takes_too_long_is_ended() {
    let server = Server::serve(&[("server", "login_timeout_ms = 300")]);
    // Silent, silent after the startup message, and sending one byte at a time.
    let mut silent = Wire::plain(server.address()).unwrap();
    let start = Instant::now();
    silent.until_closed();
    assert!(start.elapsed() < Duration::from_secs(20));

    let mut half = Wire::tls(server.address()).unwrap();
    half.send(&crate::support::wire::startup(&[("user", "app"), ("database", "demo")])).unwrap();
    let messages = half.until_closed();
    assert!(!tags(&messages).contains('Z'));

    let mut slow = Wire::plain(server.address()).unwrap();
    let bytes = crate::support::wire::startup(&[("user", "app")]);
    for byte in bytes.iter().cycle().take(2000) {
        if slow.send(&[*byte]).is_err() {
            break;
        }
        std::thread::sleep(Duration::from_millis(1)); // the pace of a slow client, not a wait for anything
    }
    slow.until_closed();
    assert!(start.elapsed() < Duration::from_secs(40));
    assert_eq!(Wire::connect(&server).value("SELECT 'others'"), "others");
}

#[test]
fn shutdown_tells_the_sessions_and_keeps_what_was_acknowledged() {
    let mut server = Server::start();
    let mut idle = Wire::connect(&server);
    let mut busy = Wire::connect(&server);
    busy.ok("CREATE TABLE t (id int PRIMARY KEY)");
    busy.ok("INSERT INTO t VALUES (1)");
    let mut open = Wire::connect(&server);
    open.ok("BEGIN");
    open.ok("INSERT INTO t VALUES (2)");
    server.signal("TERM");
    let messages = idle.until_closed();
    assert_eq!(tags(&messages), "E", "{messages:?}");
    let fields = messages[0].fields();
    assert_eq!((fields.get('S'), fields.sqlstate()), ("FATAL", "57P01"));
    assert_eq!(fields.message(), "terminating connection due to administrator command");
    until("the server ends", || (!server.is_running()).then_some(()));
    server.restart();
    assert_eq!(Wire::connect(&server).rows("SELECT id FROM t"), ["1"]);
}

/// A statement that runs when the shutdown comes gets its time.
#[test]
fn shutdown_lets_a_running_statement_finish() {
    let mut server = Server::start();
    let mut wire = Wire::connect(&server);
    wire.ok("CREATE TABLE t (id int PRIMARY KEY, v text)");
    let mut watcher = Wire::connect(&server);
    wire.send(&query("INSERT INTO t SELECT g.i, repeat('x', 100) FROM generate_series(1, 200000) AS g(i)")).unwrap();
    until("the statement runs", || {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'INSERT INTO t %'";
        (watcher.value(sql) == "1").then_some(())
    });
    server.signal("TERM");
    let messages = wire.until_closed();
    let done = messages.iter().any(|message| message.tag == b'C');
    until("the server ends", || (!server.is_running()).then_some(()));
    server.restart();
    let count = Wire::connect(&server).value("SELECT count(*) FROM t");
    assert_eq!(count, if done { "200000" } else { "0" }, "all or nothing, as the client was told");
    assert!(done, "the default grace is ten seconds: {:?}", messages.first().map(|m| m.fields()));
}

#[test]
fn a_session_ends_when_its_token_does() {
    let server = Server::start();
    let login = |ttl: &str| {
        let token = token(server.data(), "demo", "app", "owner", ttl);
        let mut wire = Wire::to(&server).unwrap();
        wire.login("app", "demo", &token).unwrap();
        wire
    };
    let mut short = login("2s");
    let mut renewed = login("2s");
    let longer = server.token("demo", "app", "owner");
    assert_eq!(renewed.ok(&format!("SELECT kalam.reauthenticate('{longer}')")).rows.len(), 1);
    // Only a token of the same user and tenant renews.
    for (tenant, user, role) in [("demo", "somebody", "owner"), ("kalam", "app", "operator"), ("demo", "app", "member")]
    {
        let wrong = server.token(tenant, user, role);
        let error = renewed.fails(&format!("SELECT kalam.reauthenticate('{wrong}')"));
        assert!(error.sqlstate().starts_with("28"), "{error}");
    }
    assert!(renewed.fails("SELECT kalam.reauthenticate('nonsense')").sqlstate().starts_with("28"));
    let messages = short.until_closed();
    assert_eq!(tags(&messages), "E", "{messages:?}");
    let fields = messages[0].fields();
    assert_eq!((fields.get('S'), fields.sqlstate()), ("FATAL", "28000"));
    assert!(fields.message().contains("expired"), "{fields}");
    assert_eq!(renewed.value("SELECT 'still here'"), "still here");
}

/// Roles: a reader reads, a member writes, an owner makes tables, an operator works on the system database.
#[test]
fn roles_are_kept_apart() {
    let server = Server::start();
    let mut owner = Wire::connect_as(&server, "demo", "app", "owner");
    owner.ok("CREATE TABLE t (id int PRIMARY KEY)");
    let mut member = Wire::connect_as(&server, "demo", "mia", "member");
    member.ok("INSERT INTO t VALUES (1)");
    assert_eq!(member.value("SELECT current_user"), "mia");
    let mut reader = Wire::connect_as(&server, "demo", "rob", "reader");
    assert_eq!(reader.value("SELECT count(*) FROM t"), "1");
    for sql in [
        "INSERT INTO t VALUES (2)",
        "UPDATE t SET id = 3",
        "DELETE FROM t",
        "TRUNCATE t",
        "COPY t FROM STDIN",
        "CREATE TABLE u (id int)",
        "DROP TABLE t",
    ] {
        let error = reader.fails(sql);
        assert!(["42501", "25006"].contains(&error.sqlstate()), "{sql}: {error}");
    }
    for sql in ["DROP TABLE t", "CREATE TABLE u (id int)"] {
        let error = member.fails(sql);
        assert_eq!(error.sqlstate(), "42501", "{sql}: {error}");
    }
    // What others run is theirs and the owner's.
    owner.ok("SELECT 'a secret'");
    let of_owner = "SELECT state IS NULL, backend_start IS NULL, client_addr IS NULL, datname, query
        FROM pg_stat_activity WHERE usename = 'app'";
    for wire in [&mut member, &mut reader] {
        assert_eq!(wire.rows(of_owner), ["t|t|t|demo|<insufficient privilege>"]);
        assert_eq!(wire.value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_stat_activity%'"), "1");
    }
    let of_member = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'mia' AND query LIKE '%pg_stat_activity%'";
    assert_eq!(owner.value(of_member), "1");
    assert_eq!(owner.fails("CREATE DATABASE another").sqlstate(), "42501");
    assert_eq!(owner.fails("DROP DATABASE demo").sqlstate(), "42501");
    assert_eq!(owner.value("SELECT count(*) FROM t"), "1");
}
