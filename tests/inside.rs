//! What one can see of a running server: its views, its log.

use crate::support::server::Server;
use crate::support::until;
use crate::support::wire::Wire;

#[test]
fn views_show_what_happens() {
    let server = Server::start();
    let mut wire = Wire::connect(&server);
    wire.ok("INSERT INTO messages (conversation_id, content) SELECT 'room ' || (g.i % 10), 'text ' || g.i FROM generate_series(1, 1000) AS g(i)");
    assert_eq!(wire.value("SELECT count(*) FROM kalam.history_files"), "0");
    wire.ok("SELECT kalam.flush('messages')");
    assert_eq!(wire.value("SELECT count(*) FROM kalam.history_files"), "1");
    assert_eq!(wire.value("SELECT count(*) FROM kalam.flushes"), "1");
    wire.ok("LISTEN messages");
    assert_eq!(wire.value("SELECT count(*) FROM kalam.subscriptions"), "1");
    wire.ok("UNLISTEN *");
    assert_eq!(wire.value("SELECT count(*) FROM kalam.subscriptions"), "0");
    // A flush of nothing makes no file.
    wire.ok("SELECT kalam.flush('messages')");
    assert_eq!(wire.value("SELECT count(*) FROM kalam.history_files"), "1");

    let other = Wire::connect_as(&server, "demo", "mia", "member");
    let activity = format!("SELECT usename, datname, state FROM pg_stat_activity WHERE pid = {}", other.key.0);
    assert_eq!(wire.rows(&activity), ["mia|demo|idle"]);
    let own = "SELECT state, query FROM pg_stat_activity WHERE pid = pg_backend_pid()";
    assert_eq!(wire.rows(own), [format!("active|{own}")]);
    drop(other);
    until("the session is gone", || wire.rows(&activity).is_empty().then_some(()));

    let mut operator = Wire::connect_as(&server, "kalam", "root", "operator");
    assert!(operator.ok("SELECT * FROM kalam.tenants").rows.iter().flatten().flatten().any(|value| value == "demo"));
}

#[test]
fn the_log_tells_what_was_done_and_keeps_secrets() {
    let server = Server::serve(&[("log", "format = \"json\""), ("log", "level = \"debug\"")]);
    let token = server.token("demo", "app", "owner");
    let mut wire = Wire::to(&server).unwrap();
    wire.login("app", "demo", &token).unwrap();
    wire.ok("CREATE TABLE t (id int PRIMARY KEY)");
    wire.ok("INSERT INTO t VALUES (1), (2), (3)");
    wire.ok(&format!("SELECT kalam.reauthenticate('{token}')"));
    wire.fails("SELECT * FROM nosuchtable");
    assert!(Wire::to(&server).unwrap().login("app", "demo", "wrong-password-text").is_err());
    until("the refused login is in the log", || server.log().contains("app").then_some(()));
    server.signal("TERM");
    until("the log ends", || server.log().contains("shut").then_some(()));
    let log = server.log();
    for line in log.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(value.is_object());
    }
    assert!(log.contains("demo"), "the tenant is in the log");
    let signature = token.rsplit('.').next().unwrap();
    assert!(!log.contains(signature), "a token is in the log");
    assert!(!log.contains("wrong-password-text"), "a password is in the log");
}

/// Rows move by themselves when there are many of them.
#[test]
fn tables_are_flushed_automatically() {
    let server = Server::serve(&[
        ("flush", "max_fresh_bytes = 1000000"),
        ("flush", "min_fresh_bytes = 1000"),
        ("flush", "check_interval_s = 1"),
    ]);
    let mut wire = Wire::connect(&server);
    wire.ok("CREATE TABLE t (id int PRIMARY KEY, v text)");
    wire.ok("INSERT INTO t SELECT g.i, repeat('x', 1000) FROM generate_series(1, 5000) AS g(i)");
    until("the table was flushed", || (wire.value("SELECT count(*) FROM kalam.history_files") != "0").then_some(()));
    assert_eq!(wire.rows("SELECT count(*), min(id), max(id) FROM t"), ["5000|1|5000"]);
}
