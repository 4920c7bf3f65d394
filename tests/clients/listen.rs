//! LISTEN and NOTIFY as PostgreSQL 15 does them, and the changes of tables that send theirs.

use std::error::Error;

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::postgres;
use crate::support::server::Server;
use crate::support::wire::{Wire, query, tags};

#[tokio::test]
async fn a_notification_reaches_its_listeners_only() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let (listener, bystander, sender) =
        (Client::connect(&server).await, Client::connect(&server).await, Client::connect(&server).await);
    listener.batch_execute("LISTEN news").await?;
    bystander.batch_execute("LISTEN other_news").await?;
    sender.batch_execute("NOTIFY news, 'first'").await?;
    sender.batch_execute("SELECT pg_notify('news', 'second'); NOTIFY news").await?;
    let pid: i32 = sender.text("SELECT pg_backend_pid()").await.parse()?;
    for payload in ["first", "second", ""] {
        let notification = listener.notification().await;
        assert_eq!((notification.channel(), notification.payload()), ("news", payload));
        assert_eq!(notification.process_id(), pid);
    }
    assert_eq!(bystander.notifications().await, []);
    assert_eq!(sender.notifications().await, []);
    Ok(())
}

/// The same script on both servers; everything a client could see must be the same.
#[test]
fn notifications_follow_transactions_as_in_postgresql() {
    let Some(postgres) = postgres::shared() else { return };
    let mut reference = Wire::plain(postgres.address()).unwrap();
    reference.login("app", &postgres.database(), "").unwrap();
    let server = Server::plain();
    let mut wire = Wire::connect(&server);
    let script = [
        // The sender's own come between CommandComplete and ReadyForQuery.
        "LISTEN a",
        "NOTIFY a, 'own'",
        // In send order, equal ones once, at COMMIT only.
        "BEGIN",
        "NOTIFY a, '1'",
        "NOTIFY a, '2'",
        "NOTIFY a, '1'",
        "SELECT pg_notify('a', '2')",
        "COMMIT",
        // Not at all after ROLLBACK.
        "BEGIN",
        "NOTIFY a, 'lost'",
        "ROLLBACK",
        // LISTEN takes effect at COMMIT and sees what the same transaction sent.
        "BEGIN",
        "LISTEN b",
        "NOTIFY b, 'in the transaction that listens'",
        "COMMIT",
        // and is undone by ROLLBACK.
        "BEGIN",
        "LISTEN c",
        "ROLLBACK",
        "NOTIFY c, 'nobody'",
        "SELECT * FROM pg_listening_channels() ORDER BY 1",
        // Names fold unless quoted; pg_notify does not fold.
        "LISTEN MixedCase",
        "LISTEN \"MixedCase\"",
        "NOTIFY mixedcase, 'folded'",
        "NOTIFY \"MixedCase\", 'quoted'",
        "SELECT pg_notify('MixedCase', 'by function')",
        "UNLISTEN MixedCase",
        "NOTIFY mixedcase, 'not any more'",
        // A failed transaction sends nothing.
        "BEGIN",
        "NOTIFY a, 'before the error'",
        "SELECT * FROM nosuchtable",
        "COMMIT",
        // Limits.
        "SELECT pg_notify('', 'x')",
        "SELECT pg_notify(repeat('c', 64), 'x')",
        "SELECT pg_notify('a', repeat('p', 8000))",
        "SELECT length(repeat('p', 7999)), pg_notify('d', repeat('p', 7999))",
        "SELECT pg_notification_queue_usage()",
        // Several statements in one string are one transaction.
        "NOTIFY a, 'x'; NOTIFY a, 'y'; NOTIFY a, 'x'",
        "LISTEN a; LISTEN a; NOTIFY a, 'once'",
        "UNLISTEN *",
        "NOTIFY a, 'silence'",
        "SELECT * FROM pg_listening_channels()",
        "LISTEN a",
        "DISCARD ALL",
        "NOTIFY a, 'silence'",
    ];
    for sql in script {
        assert_eq!(seen(&mut wire, sql), seen(&mut reference, sql), "{sql}");
    }
}

/// Tags and contents of a statement's messages, without what differs between servers (process ids, positions).
fn seen(wire: &mut Wire, sql: &str) -> Vec<String> {
    wire.send(&query(sql)).unwrap();
    let messages = wire.until_ready().unwrap();
    let own = wire.key.0;
    messages
        .iter()
        .filter(|message| message.tag != b'S')
        .map(|message| match message.tag {
            b'A' => {
                let (pid, channel, payload) = message.notification();
                format!("notification {channel} {payload:?} own={}", pid == own)
            }
            b'E' | b'N' => format!("{} {}", message.fields().sqlstate(), message.fields().message()),
            b'T' => {
                format!("columns {:?}", message.columns().iter().map(|c| (c.name.clone(), c.oid)).collect::<Vec<_>>())
            }
            b'D' => {
                format!("row {:?}", message.values().into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>())
            }
            _ => format!("{} {}", message.tag as char, message.text()),
        })
        .collect()
}

#[test]
fn an_idle_client_is_told_at_once_and_a_transaction_is_left_alone() {
    let server = Server::plain();
    let mut listener = Wire::connect(&server);
    let mut sender = Wire::connect(&server);
    listener.ok("LISTEN a");
    sender.ok("NOTIFY a, 'while idle'");
    let message = listener.message().unwrap();
    assert_eq!((message.tag, message.notification().2), (b'A', "while idle".to_owned()));

    listener.ok("BEGIN");
    sender.ok("NOTIFY a, 'during the transaction'");
    // Nothing arrives inside the block, not even with the answers to statements.
    for _ in 0..3 {
        listener.send(&query("SELECT 1")).unwrap();
        assert_eq!(tags(&listener.until_ready().unwrap()), "TDCZ");
    }
    listener.send(&query("COMMIT")).unwrap();
    let mut messages = listener.until_ready().unwrap();
    if !tags(&messages).contains('A') {
        messages.push(listener.message().unwrap());
    }
    let told: Vec<_> = messages.iter().filter(|m| m.tag == b'A').map(|m| m.notification().2).collect();
    assert_eq!(told, ["during the transaction"]);
}

fn change(payload: &str) -> Value {
    serde_json::from_str(payload).unwrap_or_else(|error| panic!("{error}: {payload}"))
}

#[tokio::test]
async fn messages_sends_its_changes() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let (all, lobby, writer) =
        (Client::connect(&server).await, Client::connect(&server).await, Client::connect(&server).await);
    all.batch_execute("LISTEN messages").await?;
    lobby.batch_execute("LISTEN \"messages:lobby\"").await?;

    let insert = "INSERT INTO messages (conversation_id, content) VALUES ($1, $2) RETURNING id::text";
    let id: String = writer.query_one(insert, &[&"lobby", &"hello"]).await?.get(0);
    writer.query_one(insert, &[&"elsewhere", &"not for the lobby"]).await?;
    writer.batch_execute("UPDATE messages SET content = 'edited' WHERE conversation_id = 'lobby'").await?;
    writer.batch_execute("DELETE FROM messages WHERE conversation_id = 'lobby'").await?;

    let inserted = change(lobby.notification().await.payload());
    assert_eq!(inserted["table"], "messages");
    assert_eq!(inserted["op"], "insert");
    assert_eq!(inserted["key"], json!({"conversation_id": "lobby", "id": id}));
    assert_eq!(inserted["row"]["content"], "hello");
    assert_eq!(inserted["row"]["author"], "app");
    assert_eq!(inserted["row"]["metadata"], Value::Null);
    let updated = change(lobby.notification().await.payload());
    assert_eq!((&updated["op"], &updated["row"]["content"]), (&json!("update"), &json!("edited")));
    let deleted = change(lobby.notification().await.payload());
    assert_eq!((&deleted["op"], &deleted["key"]["id"]), (&json!("delete"), &json!(id)));

    // Sequence numbers rise with the commits.
    let seq = |value: &Value| value["seq"].as_u64().unwrap();
    assert!(seq(&inserted) < seq(&updated) && seq(&updated) < seq(&deleted));

    // The channel of the table has those of every conversation, in commit order.
    let mut operations = Vec::new();
    for _ in 0..4 {
        let value = change(all.notification().await.payload());
        operations.push((
            value["op"].as_str().unwrap().to_owned(),
            value["key"]["conversation_id"].as_str().unwrap().to_owned(),
        ));
    }
    let expected = [("insert", "lobby"), ("insert", "elsewhere"), ("update", "lobby"), ("delete", "lobby")];
    assert_eq!(operations, expected.map(|(op, room)| (op.to_owned(), room.to_owned())));
    Ok(())
}

#[tokio::test]
async fn changes_leave_at_commit_or_not_at_all() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let (listener, writer) = (Client::connect(&server).await, Client::connect(&server).await);
    listener.batch_execute("LISTEN messages").await?;
    writer
        .batch_execute("BEGIN; INSERT INTO messages (conversation_id, content) VALUES ('r', 'lost'); ROLLBACK")
        .await?;
    assert!(writer.batch_execute("INSERT INTO messages (conversation_id, role) VALUES ('r', 'nobody')").await.is_err());
    assert_eq!(listener.notifications().await, []);
    writer
        .batch_execute("BEGIN; INSERT INTO messages (conversation_id, content) VALUES ('r', 'one'), ('r', 'two')")
        .await?;
    assert_eq!(listener.notifications().await, []);
    writer.batch_execute("COMMIT").await?;
    let first = change(listener.notification().await.payload());
    let second = change(listener.notification().await.payload());
    assert_eq!((&first["row"]["content"], &second["row"]["content"]), (&json!("one"), &json!("two")));
    assert_eq!(first["seq"], second["seq"], "one commit has one number");
    // A flush moves rows and changes none.
    writer.batch_execute("SELECT kalam.flush('messages')").await?;
    assert_eq!(listener.notifications().await, []);
    // A change of a flushed row is a change.
    writer.batch_execute("UPDATE messages SET content = 'three' WHERE content = 'two'").await?;
    let third = change(listener.notification().await.payload());
    assert_eq!((&third["op"], &third["row"]["content"]), (&json!("update"), &json!("three")));
    // A table without changes = on is silent.
    writer.batch_execute("CREATE TABLE quiet (id int PRIMARY KEY)").await?;
    listener.batch_execute("LISTEN quiet").await?;
    writer.batch_execute("INSERT INTO quiet VALUES (1)").await?;
    assert_eq!(listener.notifications().await, []);
    Ok(())
}

#[tokio::test]
async fn an_emptied_table_is_a_change() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let (all, lobby, writer) =
        (Client::connect(&server).await, Client::connect(&server).await, Client::connect(&server).await);
    all.batch_execute("LISTEN messages").await?;
    lobby.batch_execute("LISTEN \"messages:lobby\"").await?;
    let insert = "INSERT INTO messages (conversation_id, content) VALUES ('lobby', 'x')";
    writer.batch_execute("BEGIN; TRUNCATE messages; ROLLBACK").await?;
    writer.batch_execute(insert).await?;
    writer.batch_execute(&format!("BEGIN; {insert}; TRUNCATE messages; COMMIT")).await?;
    writer.batch_execute(insert).await?;
    writer.batch_execute("SELECT kalam.flush('messages')").await?;
    writer.batch_execute("TRUNCATE messages").await?;
    for listener in [&all, &lobby] {
        let mut last = 0;
        for op in ["insert", "truncate", "insert", "truncate"] {
            let told = change(listener.notification().await.payload());
            let seq = told["seq"].as_u64().unwrap();
            assert!(seq > last, "{told}");
            last = seq;
            if op == "truncate" {
                assert_eq!(told, json!({"table": "messages", "op": "truncate", "seq": seq}));
            }
            assert_eq!(told["op"], op);
        }
        assert_eq!(listener.notifications().await, []);
    }
    Ok(())
}

/// Channels of conversations may be longer than an identifier, and any text may name a conversation.
#[tokio::test]
async fn conversations_with_long_and_odd_names_have_channels() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let (listener, writer) = (Client::connect(&server).await, Client::connect(&server).await);
    for room in [
        "r".repeat(200),
        "with \"quotes\" and 'more'".to_owned(),
        "a:b".to_owned(),
        "日本語".to_owned(),
        "MiXed".to_owned(),
    ] {
        let channel = format!("messages:{room}");
        listener.batch_execute(&format!("LISTEN \"{}\"", channel.replace('"', "\"\""))).await?;
        writer.execute("INSERT INTO messages (conversation_id, content) VALUES ($1, 'x')", &[&room]).await?;
        let notification = listener.notification().await;
        assert_eq!(notification.channel(), channel);
        assert_eq!(change(notification.payload())["key"]["conversation_id"], json!(room));
    }
    Ok(())
}

/// One that does not read gets one word instead of everything it missed, and nobody waits for it.
#[test]
fn a_consumer_that_falls_behind_is_told_to_start_over() {
    let server = Server::serve(&[("notify", "queue_messages = 20")]);
    let mut slow = Wire::connect(&server);
    let mut writer = Wire::connect(&server);
    let mut insert = |content: &str| {
        writer.ok(&format!("INSERT INTO messages (conversation_id, content) VALUES ('r', '{content}')"));
    };
    slow.ok("LISTEN messages");
    insert("seen");
    let seen = change(&slow.message().unwrap().notification().2)["seq"].as_u64().unwrap();
    slow.ok("BEGIN"); // inside a transaction nothing is delivered, so the queue fills
    (0..200).for_each(|n| insert(&format!("missed {n}")));
    slow.send(&query("COMMIT")).unwrap();
    let mut messages = slow.until_ready().unwrap();
    while !messages.iter().any(|message| message.tag == b'A') {
        messages.push(slow.message().unwrap());
    }
    insert("after");
    let is_last = |message: &crate::support::wire::Message| {
        message.tag == b'A' && change(&message.notification().2)["row"]["content"] == json!("after")
    };
    while !messages.iter().any(is_last) {
        messages.push(slow.message().unwrap());
    }
    let told: Vec<Value> = messages.iter().filter(|m| m.tag == b'A').map(|m| change(&m.notification().2)).collect();
    let resyncs: Vec<&Value> = told.iter().filter(|value| value["resync"] == json!(true)).collect();
    assert_eq!(resyncs.len(), 1, "{told:#?}");
    let after = resyncs[0]["after"].as_u64().unwrap();
    // What the client may trust: everything up to `after` was delivered, nothing between it and the present.
    let mut expected = seen;
    for value in &told {
        match value["seq"].as_u64() {
            Some(seq) if value["row"]["content"] == json!("after") => assert!(seq > after),
            Some(seq) => {
                assert_eq!(seq, expected + 1, "a gap before the resync: {told:#?}");
                expected = seq;
            }
            None => assert_eq!(after, expected, "after is the last one delivered: {told:#?}"),
        }
    }
}
