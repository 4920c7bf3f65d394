//! Portals that stream, suspend and go on.

use std::error::Error;

use crate::support::client::Client;
use crate::support::server::Server;
use crate::support::wire::{
    Wire, bind, close_portal, close_statement, describe_statement, execute, flush, parse, sync, tags,
};

#[tokio::test]
async fn a_portal_is_read_in_pieces() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    client.batch_execute("CREATE TABLE t (id int PRIMARY KEY)").await?;
    client.batch_execute("INSERT INTO t SELECT g.i FROM generate_series(1, 10000) AS g(i)").await?;
    let transaction = client.transaction().await?;
    let portal = transaction.bind("SELECT id FROM t ORDER BY id", &[]).await?;
    let other = transaction.bind("SELECT id FROM t WHERE id > $1 ORDER BY id DESC", &[&9990i32]).await?;
    let mut ids: Vec<i32> = Vec::new();
    loop {
        let rows = transaction.query_portal(&portal, 3000).await?;
        ids.extend(rows.iter().map(|row| row.get::<_, i32>(0)));
        if rows.len() < 3000 {
            break;
        }
        // Another portal of the same transaction is open beside it.
        let first: Vec<i32> = transaction.query_portal(&other, 1).await?.iter().map(|row| row.get(0)).collect();
        assert_eq!(first.len(), 1);
    }
    assert_eq!(ids, (1..=10000).collect::<Vec<i32>>());
    let rest: Vec<i32> = transaction.query_portal(&other, 0).await?.iter().map(|row| row.get(0)).collect();
    assert_eq!(rest, (9991..=9997).rev().collect::<Vec<i32>>());
    transaction.commit().await?;
    Ok(())
}

/// A portal sees the rows of the moment it was opened, whatever happens beside it.
#[tokio::test]
async fn a_suspended_portal_keeps_its_snapshot() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let other = Client::connect(&server).await;
    client.batch_execute("CREATE TABLE t (id int PRIMARY KEY, v int)").await?;
    client.batch_execute("INSERT INTO t SELECT g.i, 0 FROM generate_series(1, 5000) AS g(i)").await?;
    let transaction = client.transaction().await?;
    let portal = transaction.bind("SELECT id, v FROM t ORDER BY id", &[]).await?;
    let mut rows = transaction.query_portal(&portal, 10).await?;
    other.batch_execute("UPDATE t SET v = 1").await?;
    other.batch_execute("SELECT kalam.flush('t')").await?;
    other.batch_execute("DELETE FROM t WHERE id > 100").await?;
    other.batch_execute("SELECT kalam.flush('t')").await?;
    rows.extend(transaction.query_portal(&portal, 0).await?);
    assert_eq!(rows.len(), 5000);
    assert!(rows.iter().all(|row| row.get::<_, i32>(1) == 0));
    transaction.commit().await?;
    assert_eq!(client.text("SELECT count(*) FROM t WHERE v = 1").await, "100");
    Ok(())
}

#[test]
fn messages_of_the_extended_protocol_come_in_their_order() {
    let server = Server::plain();
    let mut wire = Wire::connect(&server);
    wire.ok("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3)");
    let select = "SELECT id FROM t ORDER BY id";

    // Suspended, suspended, complete.
    let messages = wire.pipeline(&[
        parse("s", select, &[]),
        describe_statement("s"),
        bind("p", "s", 0, &[], 0),
        execute("p", 1),
        execute("p", 1),
        execute("p", 2),
    ]);
    assert_eq!(tags(&messages), "1tT2DsDsDCZ");
    assert_eq!(messages[messages.len() - 2].text(), "SELECT 1");

    // A portal ends with its transaction, a named statement does not.
    let messages = wire.pipeline(&[execute("p", 0)]);
    assert_eq!(tags(&messages), "EZ");
    assert_eq!(messages[0].fields().sqlstate(), "34000");
    assert_eq!(messages[0].fields().message(), "portal \"p\" does not exist");
    assert_eq!(tags(&wire.pipeline(&[bind("", "s", 0, &[], 0), execute("", 0)])), "2DDDCZ");

    // In a transaction block, the portal lives over Sync.
    wire.ok("BEGIN");
    assert_eq!(tags(&wire.pipeline(&[bind("p", "s", 0, &[], 0), execute("p", 2)])), "2DDsZ");
    assert_eq!(tags(&wire.pipeline(&[execute("p", 2)])), "DCZ");
    assert_eq!(tags(&wire.pipeline(&[close_portal("p"), close_portal("p"), close_statement("nosuch")])), "333Z");
    wire.ok("COMMIT");

    // Statements without rows, and without anything.
    let insert = wire.pipeline(&[
        parse("", "INSERT INTO t VALUES (4)", &[]),
        describe_statement(""),
        bind("", "", 0, &[], 0),
        execute("", 0),
    ]);
    assert_eq!(tags(&insert), "1tn2CZ");
    assert_eq!(tags(&wire.pipeline(&[parse("", "", &[]), bind("", "", 0, &[], 0), execute("", 0)])), "12IZ");
    assert_eq!(tags(&wire.pipeline(&[])), "Z");

    // Names that are taken, and names that are not there.
    let again = wire.pipeline(&[parse("s", select, &[])]);
    assert_eq!((tags(&again).as_str(), again[0].fields().sqlstate()), ("EZ", "42P05"));
    assert_eq!(tags(&wire.pipeline(&[close_statement("s"), parse("s", select, &[])])), "31Z");
    let missing = wire.pipeline(&[bind("", "missing", 0, &[], 0)]);
    assert_eq!((tags(&missing).as_str(), missing[0].fields().sqlstate()), ("EZ", "26000"));
    // Two statements in one Parse.
    let two = wire.pipeline(&[parse("", "SELECT 1; SELECT 2", &[])]);
    assert_eq!(two[0].fields().sqlstate(), "42601");
    assert_eq!(two[0].fields().message(), "cannot insert multiple commands into a prepared statement");
    // Too few parameters.
    let few = wire.pipeline(&[parse("", "SELECT id FROM t WHERE id = $1", &[]), bind("", "", 0, &[], 0)]);
    assert_eq!((tags(&few).as_str(), few[1].fields().sqlstate()), ("1EZ", "08P01"));
}

#[test]
fn after_an_error_everything_is_skipped_until_sync() {
    let server = Server::plain();
    let mut wire = Wire::connect(&server);
    wire.ok("CREATE TABLE t (id int PRIMARY KEY)");
    let insert = |id: &str| {
        [parse("", &format!("INSERT INTO t VALUES ({id})"), &[]), bind("", "", 0, &[], 0), execute("", 0)].concat()
    };
    // The pipeline up to Sync is one transaction: the first INSERT goes with the second one's error.
    let messages = wire.pipeline(&[insert("1"), insert("1"), insert("2")]);
    assert_eq!(tags(&messages), "12C12EZ");
    assert_eq!(wire.value("SELECT count(*) FROM t"), "0");
    // Two Syncs are two transactions.
    wire.send(&[insert("1"), sync(), insert("1"), sync(), insert("2"), sync()].concat()).unwrap();
    assert_eq!(tags(&wire.until_ready().unwrap()), "12CZ");
    assert_eq!(tags(&wire.until_ready().unwrap()), "12EZ");
    assert_eq!(tags(&wire.until_ready().unwrap()), "12CZ");
    assert_eq!(wire.value("SELECT count(*) FROM t"), "2");
    // ReadyForQuery says where the session stands.
    let status = |messages: &[crate::support::wire::Message]| messages.last().unwrap().body[0] as char;
    assert_eq!(status(&wire.pipeline(&[parse("", "BEGIN", &[]), bind("", "", 0, &[], 0), execute("", 0)])), 'T');
    assert_eq!(status(&wire.pipeline(&[insert("1")])), 'E');
    assert_eq!(status(&wire.pipeline(&[parse("", "ROLLBACK", &[]), bind("", "", 0, &[], 0), execute("", 0)])), 'I');
}

#[test]
fn flush_brings_what_is_there_without_sync() {
    let server = Server::plain();
    let mut wire = Wire::connect(&server);
    wire.send(&[parse("", "SELECT 1 AS one", &[]), describe_statement(""), flush()].concat()).unwrap();
    let first: String = (0..3).map(|_| wire.message().unwrap().tag as char).collect();
    assert_eq!(first, "1tT");
    wire.send(&[bind("", "", 0, &[], 0), execute("", 0), flush()].concat()).unwrap();
    let second: String = (0..3).map(|_| wire.message().unwrap().tag as char).collect();
    assert_eq!(second, "2DC");
    wire.send(&sync()).unwrap();
    assert_eq!(wire.message().unwrap().tag, b'Z');
}
