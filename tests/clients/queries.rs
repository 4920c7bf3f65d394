//! tokio-postgres as an application uses it: queries, prepared statements, transactions, errors.

use std::error::Error;

use uuid::Uuid;

use crate::support::client::{Client, sqlstate};
use crate::support::server::Server;

#[tokio::test]
async fn the_first_session() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let client = Client::open(server.printed_url()).await?;
    let insert = "INSERT INTO messages (conversation_id, content) VALUES ($1, $2) RETURNING id, author, role";
    let row = client.query_one(insert, &[&"lobby", &"hello"]).await?;
    let id: Uuid = row.get("id");
    assert_eq!(id.get_version_num(), 7);
    assert_eq!(row.get::<_, String>("author"), "app");
    assert_eq!(row.get::<_, String>("role"), "user");

    let latest = "SELECT author, content FROM messages WHERE conversation_id = $1 ORDER BY id DESC LIMIT 50";
    let rows = client.query(latest, &[&"lobby"]).await?;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].get::<_, String>(1), "hello");
    Ok(())
}

#[tokio::test]
async fn prepared_statements_are_typed_before_they_are_bound() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let client = Client::connect(&server).await;
    client.batch_execute("CREATE TABLE t (id int PRIMARY KEY, name text, big bigint, u uuid)").await?;

    let insert = client.prepare("INSERT INTO t (id, name, big, u) VALUES ($1, $2, $3, $4)").await?;
    let types: Vec<&str> = insert.params().iter().map(|kind| kind.name()).collect();
    assert_eq!(types, ["int4", "text", "int8", "uuid"]);
    for id in 0..100i32 {
        let changed = client.execute(&insert, &[&id, &format!("name {id}"), &i64::from(id), &Uuid::nil()]).await?;
        assert_eq!(changed, 1);
    }

    let select = client.prepare("SELECT name, big, id FROM t WHERE id = $1").await?;
    assert_eq!(select.params()[0].name(), "int4");
    let columns: Vec<(&str, &str)> = select.columns().iter().map(|c| (c.name(), c.type_().name())).collect();
    assert_eq!(columns, [("name", "text"), ("big", "int8"), ("id", "int4")]);
    let row = client.query_one(&select, &[&42i32]).await?;
    assert_eq!(row.get::<_, String>(0), "name 42");
    assert_eq!(row.get::<_, i64>(1), 42);
    assert!(client.query_opt(&select, &[&1000i32]).await?.is_none());

    let range = client.prepare("SELECT id FROM t WHERE id >= $1 AND id < $2 ORDER BY id LIMIT $3").await?;
    let ids: Vec<i32> = client.query(&range, &[&10i32, &90i32, &5i64]).await?.iter().map(|row| row.get(0)).collect();
    assert_eq!(ids, [10, 11, 12, 13, 14]);

    let update = client.prepare("UPDATE t SET name = $1 WHERE id = $2").await?;
    assert_eq!(client.execute(&update, &[&"renamed", &42i32]).await?, 1);
    let delete = client.prepare("DELETE FROM t WHERE id < $1").await?;
    assert_eq!(client.execute(&delete, &[&10i32]).await?, 10);
    let null: Option<String> = None;
    assert_eq!(client.execute(&update, &[&null, &43i32]).await?, 1);
    let row = client.query_one(&select, &[&43i32]).await?;
    assert_eq!(row.get::<_, Option<String>>(0), None);
    Ok(())
}

#[tokio::test]
async fn a_prepared_statement_survives_a_change_of_the_catalog() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let client = Client::connect(&server).await;
    client.batch_execute("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a')").await?;
    let select = client.prepare("SELECT v FROM t WHERE id = $1").await?;
    assert_eq!(client.query_one(&select, &[&1i32]).await?.get::<_, String>(0), "a");
    client.batch_execute("CREATE TABLE unrelated (id int)").await?;
    assert_eq!(client.query_one(&select, &[&1i32]).await?.get::<_, String>(0), "a");
    client
        .batch_execute("DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'b')")
        .await?;
    assert_eq!(client.query_one(&select, &[&1i32]).await?.get::<_, String>(0), "b");
    client.batch_execute("DROP TABLE t").await?;
    let error = client.query(&select, &[&1i32]).await.unwrap_err();
    assert_eq!(sqlstate(&error), "42P01");
    Ok(())
}

#[tokio::test]
async fn a_string_of_statements_is_one_transaction() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let client = Client::connect(&server).await;
    client.batch_execute("CREATE TABLE t (id int PRIMARY KEY)").await?;
    let error =
        client.batch_execute("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); INSERT INTO t VALUES (1)").await;
    assert_eq!(sqlstate(&error.unwrap_err()), "23505");
    assert_eq!(client.text("SELECT count(*) FROM t").await, "0");
    client.batch_execute("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)").await?;
    assert_eq!(client.text("SELECT count(*) FROM t").await, "2");
    // An explicit COMMIT in the middle keeps what came before it.
    let error = client.batch_execute("BEGIN; INSERT INTO t VALUES (3); COMMIT; INSERT INTO t VALUES (3)").await;
    assert_eq!(sqlstate(&error.unwrap_err()), "23505");
    assert_eq!(client.text("SELECT count(*) FROM t").await, "3");
    // Comments and empty statements do nothing.
    client.batch_execute(" ; -- nothing\n ; /* nothing */ ;").await?;
    Ok(())
}

#[tokio::test]
async fn transactions_commit_roll_back_and_isolate() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let other = Client::connect(&server).await;
    client.batch_execute("CREATE TABLE t (id int PRIMARY KEY, v int)").await?;

    let transaction = client.transaction().await?;
    transaction.execute("INSERT INTO t VALUES (1, 1)", &[]).await?;
    let own: i64 = transaction.query_one("SELECT count(*) FROM t", &[]).await?.get(0);
    assert_eq!((own, other.text("SELECT count(*) FROM t").await.as_str()), (1, "0"));
    transaction.commit().await?;
    assert_eq!(other.text("SELECT count(*) FROM t").await, "1");

    let transaction = client.transaction().await?;
    transaction.execute("UPDATE t SET v = 100", &[]).await?;
    transaction.rollback().await?;
    assert_eq!(other.text("SELECT v FROM t").await, "1");

    // Dropping a transaction rolls it back.
    let transaction = client.transaction().await?;
    transaction.execute("DELETE FROM t", &[]).await?;
    drop(transaction);
    assert_eq!(client.text("SELECT count(*) FROM t").await, "1");

    // An error aborts it.
    let transaction = client.transaction().await?;
    assert_eq!(sqlstate(&transaction.execute("INSERT INTO t VALUES (1, 1)", &[]).await.unwrap_err()), "23505");
    assert_eq!(sqlstate(&transaction.query("SELECT * FROM t", &[]).await.unwrap_err()), "25P02");
    transaction.rollback().await?;
    assert_eq!(client.text("SELECT v FROM t").await, "1");
    Ok(())
}

#[tokio::test]
async fn writers_of_one_row_wait_for_each_other() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let setup = Client::connect(&server).await;
    setup.batch_execute("CREATE TABLE counter (id int PRIMARY KEY, v int); INSERT INTO counter VALUES (1, 0)").await?;
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let client = Client::connect(&server).await;
        tasks.push(tokio::spawn(async move {
            for _ in 0..25 {
                client.execute("UPDATE counter SET v = v + 1 WHERE id = 1", &[]).await.unwrap();
            }
        }));
    }
    for task in tasks {
        task.await?;
    }
    assert_eq!(setup.text("SELECT v FROM counter").await, "200", "no update was lost");

    // Two transactions that wait for each other: one of them gets 40P01, the other one goes on.
    setup.batch_execute("INSERT INTO counter VALUES (2, 0)").await?;
    let (first, second) = (Client::connect(&server).await, Client::connect(&server).await);
    first.batch_execute("BEGIN; UPDATE counter SET v = v + 1 WHERE id = 1").await?;
    second.batch_execute("BEGIN; UPDATE counter SET v = v + 1 WHERE id = 2").await?;
    let (one, two) = tokio::join!(
        first.batch_execute("UPDATE counter SET v = v + 1 WHERE id = 2; COMMIT"),
        second.batch_execute("UPDATE counter SET v = v + 1 WHERE id = 1; COMMIT"),
    );
    let errors: Vec<String> = [one, two].into_iter().filter_map(|r| r.err()).map(|e| sqlstate(&e)).collect();
    assert_eq!(errors, ["40P01"]);
    assert_eq!(setup.text("SELECT count(*) FROM counter WHERE v IN (1, 201)").await, "2");
    Ok(())
}

#[tokio::test]
async fn many_clients_insert_at_once() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let mut tasks = Vec::new();
    for writer in 0..16 {
        let client = Client::connect(&server).await;
        tasks.push(tokio::spawn(async move {
            let insert = "INSERT INTO messages (conversation_id, content) VALUES ($1, $2)";
            let insert = client.prepare(insert).await.unwrap();
            for n in 0..50 {
                let conversation = format!("room {}", (writer + n) % 7);
                client.execute(&insert, &[&conversation, &format!("{writer}/{n}")]).await.unwrap();
            }
        }));
    }
    for task in tasks {
        task.await?;
    }
    let client = Client::connect(&server).await;
    assert_eq!(client.text("SELECT count(*) FROM messages").await, "800");
    assert_eq!(client.text("SELECT count(DISTINCT content) FROM messages").await, "800");
    assert_eq!(client.text("SELECT count(DISTINCT id) FROM messages").await, "800");
    Ok(())
}

#[tokio::test]
async fn errors_carry_the_fields_that_clients_read() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let client = Client::connect(&server).await;
    client
        .batch_execute("CREATE TABLE t (id int, email text NOT NULL, CONSTRAINT t_id PRIMARY KEY (id), CHECK (id > 0))")
        .await?;
    client.batch_execute("INSERT INTO t VALUES (1, 'a')").await?;

    let error = client.execute("INSERT INTO t VALUES (1, 'b')", &[]).await.unwrap_err();
    let error = error.as_db_error().unwrap();
    assert_eq!(error.code().code(), "23505");
    assert_eq!(error.severity(), "ERROR");
    assert_eq!(error.message(), "duplicate key value violates unique constraint \"t_id\"");
    assert_eq!(error.detail(), Some("Key (id)=(1) already exists."));
    assert_eq!((error.schema(), error.table(), error.constraint()), (Some("public"), Some("t"), Some("t_id")));

    let error = client.execute("INSERT INTO t VALUES (2, NULL)", &[]).await.unwrap_err();
    let error = error.as_db_error().unwrap();
    assert_eq!(error.code().code(), "23502");
    assert_eq!((error.schema(), error.table(), error.column()), (Some("public"), Some("t"), Some("email")));

    let error = client.execute("INSERT INTO t VALUES (-2, 'x')", &[]).await.unwrap_err();
    let error = error.as_db_error().unwrap();
    assert_eq!((error.code().code(), error.constraint()), ("23514", Some("t_id_check")));
    Ok(())
}

#[tokio::test]
async fn explain_shows_a_plan_and_runs_nothing() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let client = Client::connect(&server).await;
    client.batch_execute("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1)").await?;
    let plan = client.query("EXPLAIN SELECT v, count(*) FROM t GROUP BY v", &[]).await?;
    assert_eq!(plan[0].columns()[0].name(), "QUERY PLAN");
    assert!(!plan.is_empty());
    client.batch_execute("EXPLAIN DELETE FROM t").await?;
    assert_eq!(client.text("SELECT count(*) FROM t").await, "1");
    let analyzed = client.query("EXPLAIN ANALYZE SELECT * FROM t WHERE id = 1", &[]).await?;
    assert!(!analyzed.is_empty());
    Ok(())
}

#[tokio::test]
async fn explain_in_json_is_a_tree_of_nodes() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let client = Client::connect(&server).await;
    client.batch_execute("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1), (2, 1)").await?;
    let sql = "SELECT a.v, count(*) FROM t a JOIN t b ON a.v = b.v AND a.id + b.id > 0 GROUP BY a.v ORDER BY 2";
    let plan = explain(&client, "(FORMAT JSON)", sql).await?;
    let mut kinds = Vec::new();
    kinds_of(&plan[0]["Plan"], &mut kinds);
    for kind in ["Sort", "Aggregate", "Hash Join", "Seq Scan"] {
        assert!(kinds.iter().any(|own| own == kind), "no {kind} in {plan:#}");
    }
    assert!(!plan.to_string().contains("Watch"), "{plan:#}");
    assert_eq!(plan[0].get("Execution Time"), None);
    assert_eq!(plan[0]["Plan"].get("Actual Rows"), None);

    let plan = explain(&client, "(ANALYZE, FORMAT JSON)", sql).await?;
    assert_eq!(plan[0]["Plan"]["Actual Rows"], 1, "{plan:#}");
    assert!(plan[0]["Plan"]["Actual Total Time"].is_f64(), "{plan:#}");
    assert!(plan[0]["Execution Time"].is_f64(), "{plan:#}");

    // One row by its key needs no plan, and still is one node.
    let plan = explain(&client, "(ANALYZE, FORMAT JSON)", "SELECT * FROM t WHERE id = 1").await?;
    assert_eq!(plan[0]["Plan"]["Node Type"], "Index Scan", "{plan:#}");
    assert_eq!(plan[0]["Plan"]["Actual Rows"], 1, "{plan:#}");

    let plan = explain(&client, "(ANALYZE, FORMAT JSON)", "UPDATE t SET v = v + 1 WHERE v = 1").await?;
    let root = &plan[0]["Plan"];
    assert_eq!(root["Node Type"], "ModifyTable", "{plan:#}");
    assert_eq!(root["Operation"], "Update", "{plan:#}");
    assert_eq!(root["Relation Name"], "t", "{plan:#}");
    assert_eq!(root["Actual Rows"], 2, "{plan:#}");
    assert_eq!(root["Plans"].as_array().map(Vec::len), Some(1), "{plan:#}");
    Ok(())
}

/// The planner's own marks in names are not shown, and an operator's name is a name.
#[tokio::test]
async fn explain_shows_names_as_they_were_written() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let client = Client::connect(&server).await;
    client.batch_execute("CREATE TABLE t (id int PRIMARY KEY, v text)").await?;
    for sql in [
        "SELECT 1, 2",
        "SELECT id, id FROM t ORDER BY v LIMIT 3",
        "UPDATE t SET v = m.content FROM messages m WHERE m.content = t.v",
        "DELETE FROM t WHERE v = 'a'",
    ] {
        for options in ["", "VERBOSE"] {
            for row in client.query(&format!("EXPLAIN {options} {sql}"), &[]).await? {
                let line: &str = row.try_get(0)?;
                assert!(!line.contains(|c: char| c.is_control()), "{line:?}");
            }
        }
        let plan = explain(&client, "(FORMAT JSON)", sql).await?;
        let mut kinds = Vec::new();
        kinds_of(&plan[0]["Plan"], &mut kinds);
        assert!(kinds.iter().flat_map(|kind| kind.chars()).all(|c| c.is_ascii_alphabetic() || c == ' '), "{kinds:?}");
    }
    let plan = client.query("EXPLAIN DELETE FROM t WHERE v = 'a'", &[]).await?;
    let lines: Vec<&str> = plan.iter().map(|row| row.get(0)).collect();
    assert_eq!(lines[0], "Delete on t");
    assert!(lines[1].starts_with("  ->  "), "{lines:?}");
    assert!(lines[2].starts_with("        ->  "), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("->  FilterExec: ")), "{lines:?}");
    Ok(())
}

async fn explain(client: &Client, options: &str, sql: &str) -> Result<serde_json::Value, Box<dyn Error>> {
    let rows = client.query(&format!("EXPLAIN {options} {sql}"), &[]).await?;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].columns()[0].type_().name(), "json");
    Ok(rows[0].try_get(0)?)
}

/// Every node has a kind, and inputs that are nodes.
fn kinds_of(node: &serde_json::Value, kinds: &mut Vec<String>) {
    kinds.push(node["Node Type"].as_str().unwrap_or_else(|| panic!("no Node Type in {node:#}")).to_owned());
    for input in node.get("Plans").and_then(|plans| plans.as_array()).into_iter().flatten() {
        kinds_of(input, kinds);
    }
}
