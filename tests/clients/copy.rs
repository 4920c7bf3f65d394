//! COPY both ways: formats, options, errors with their line, all or nothing.

use std::error::Error;

use bytes::Bytes;
use futures::{SinkExt, TryStreamExt};

use crate::support::client::{Client, sqlstate};
use crate::support::server::Server;
use crate::support::wire::{Wire, frame, query, tags};
use crate::support::{postgres, until_async};

async fn copy_in(client: &Client, sql: &str, chunks: &[&str]) -> Result<u64, tokio_postgres::Error> {
    let sink = client.copy_in::<_, Bytes>(sql).await?;
    let mut sink = Box::pin(sink);
    for chunk in chunks {
        sink.send(Bytes::copy_from_slice(chunk.as_bytes())).await?;
    }
    sink.as_mut().finish().await
}

async fn copy_out(client: &Client, sql: &str) -> String {
    let stream = client.copy_out(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let chunks: Vec<Bytes> = stream.try_collect().await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    String::from_utf8(chunks.concat()).unwrap()
}

/// Tables of many types with awkward values, and every way to write them.
#[tokio::test]
async fn copy_writes_what_postgresql_writes() -> Result<(), Box<dyn Error>> {
    let Some(postgres) = postgres::shared() else { return Ok(()) };
    let server = Server::start();
    let kalam = Client::connect(&server).await;
    let reference = Client::open(&postgres.url()).await?;
    let table = "CREATE TABLE t (id int PRIMARY KEY, txt text, b bool, n numeric(10,2), d float8, ts timestamptz, j jsonb, x bytea, a text[], k int[])";
    let rows = "INSERT INTO t VALUES (1, 'plain', true, 1.5, 0.1, '2024-02-29 12:00:00+00', '{\"a\": 1}', '\\x00ff'),
        (2, '', false, -0.01, 'NaN', NULL, '[]', ''),
        (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
        (4, 'tab\there, comma', true, 0, '1e300', '1999-12-31 23:59:59.5+00', '\"q\"', '\\x5c'),
        (5, E'line\\nbreak \\\\ back\\rslash', true, 0, 0, NULL, NULL, NULL),
        (6, 'say \"hi\"', true, 0, 0, NULL, NULL, NULL), (7, '\\N', true, 0, 0, NULL, NULL, NULL),
        (8, '\\.', true, 0, 0, NULL, NULL, NULL), (9, ' spaces ', true, 0, 0, NULL, NULL, NULL);
        INSERT INTO t (id, a, k) VALUES (10, '{a,\"b c\",NULL,\"d\\\"e\"}', '{}'), (11, '{}', '{1,NULL,-3}')";
    for client in [&kalam, &reference] {
        client.batch_execute("SET TimeZone = 'UTC'").await?;
        client.batch_execute(table).await?;
        client.batch_execute(rows).await?;
    }
    for what in ["t", "t (txt, id)", "(SELECT id, txt FROM t WHERE id < 6 ORDER BY id)"] {
        for options in [
            "",
            "WITH (FORMAT text)",
            "WITH (FORMAT csv)",
            "WITH (FORMAT csv, HEADER)",
            "WITH (FORMAT csv, HEADER true, DELIMITER ';', NULL 'null', QUOTE '''')",
            "WITH (FORMAT csv, FORCE_QUOTE *)",
            "WITH (FORMAT csv, FORCE_QUOTE (txt))",
            "WITH (FORMAT csv, ESCAPE '\\')",
            "WITH (DELIMITER '|', NULL '')",
            "CSV",
            "CSV HEADER",
            "WITH DELIMITER ','",
        ] {
            let sql = format!("COPY {what} TO STDOUT {options}");
            let (got, expected) = (copy_out(&kalam, &sql).await, copy_out(&reference, &sql).await);
            assert_eq!(got, expected, "{sql}");
        }
    }
    // And KalamDB reads back what it wrote.
    for options in ["WITH (FORMAT text)", "WITH (FORMAT csv, HEADER)", "WITH (FORMAT csv, DELIMITER '|', NULL 'nil')"] {
        let text = copy_out(&kalam, &format!("COPY t TO STDOUT {options}")).await;
        kalam.batch_execute("DROP TABLE IF EXISTS u").await?;
        kalam.batch_execute(&table.replace("TABLE t", "TABLE u")).await?;
        assert_eq!(copy_in(&kalam, &format!("COPY u FROM STDIN {options}"), &[&text]).await?, 11);
        let again = copy_out(&kalam, "COPY u TO STDOUT").await;
        assert_eq!(again, copy_out(&kalam, "COPY t TO STDOUT").await, "{options}");
    }
    Ok(())
}

#[tokio::test]
async fn copy_reads_text_and_csv() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let client = Client::connect(&server).await;
    client.batch_execute("CREATE TABLE t (id int PRIMARY KEY, v text, n int DEFAULT 7)").await?;
    // Chunks end anywhere, also within a row and within a character.
    assert_eq!(
        copy_in(&client, "COPY t FROM STDIN", &["1\ton", "e\t1\n2\t\\N\t", "\\N\n3\tta\\tb\\n\\\\\t3\n"]).await?,
        3
    );
    assert_eq!(client.text("SELECT v FROM t WHERE id = 3").await, "ta\tb\n\\");
    // Columns that are left out have their defaults.
    assert_eq!(
        copy_in(
            &client,
            "COPY t (id, v) FROM STDIN WITH (FORMAT csv)",
            &["4,\"a \"\"b\"\", c\"\n5,\n6,\"\"\n7,\"two\nlines\"\n"]
        )
        .await?,
        4
    );
    assert_eq!(client.text("SELECT v FROM t WHERE id = 4").await, "a \"b\", c");
    assert_eq!(client.text("SELECT v IS NULL FROM t WHERE id = 5").await, "t");
    assert_eq!(client.text("SELECT v = '' FROM t WHERE id = 6").await, "t");
    assert_eq!(client.text("SELECT v FROM t WHERE id = 7").await, "two\nlines");
    assert_eq!(client.text("SELECT n FROM t WHERE id = 7").await, "7");
    // Line endings of the other worlds, a header, the end mark, no line break at the end.
    assert_eq!(copy_in(&client, "COPY t (id, v) FROM STDIN CSV HEADER", &["id,v\r\n10,x\r\n11,y\r\n"]).await?, 2);
    assert_eq!(client.text("SELECT v FROM t WHERE id = 11").await, "y");
    assert_eq!(copy_in(&client, "COPY t (id, v) FROM STDIN", &["12\tz\n\\.\n"]).await?, 1);
    assert_eq!(copy_in(&client, "COPY t (id, v) FROM STDIN", &["13\tno line break"]).await?, 1);
    assert_eq!(copy_in(&client, "COPY t FROM STDIN", &[]).await?, 0);
    assert_eq!(client.text("SELECT count(*) FROM t").await, "11");
    Ok(())
}

#[tokio::test]
async fn a_failed_copy_leaves_nothing_and_names_the_line() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let client = Client::connect(&server).await;
    client.batch_execute("CREATE TABLE t (id int PRIMARY KEY, v varchar(3) NOT NULL, d date)").await?;
    client.batch_execute("INSERT INTO t VALUES (100, 'old', NULL)").await?;
    for (sql, text, code, line) in [
        ("COPY t FROM STDIN", "1\ta\t\\N\nx\tb\t\\N\n", "22P02", "COPY t, line 2, column id: \"x\""),
        ("COPY t FROM STDIN", "1\ta\n", "22P04", "COPY t, line 1: \"1\ta\""),
        ("COPY t FROM STDIN", "1\ta\t\\N\textra\n", "22P04", "COPY t, line 1: \"1\ta\t\\N\textra\""),
        ("COPY t FROM STDIN", "1\ta\t\\N\n2\tb\t\\N\n100\tc\t\\N\n", "23505", "COPY t, line 3"),
        ("COPY t FROM STDIN", "1\ta\t\\N\n1\tb\t\\N\n", "23505", "COPY t, line 2"),
        ("COPY t FROM STDIN", "1\tlong\t\\N\n", "22001", "COPY t, line 1, column v: \"long\""),
        ("COPY t FROM STDIN", "1\t\\N\t\\N\n", "23502", "COPY t, line 1"),
        ("COPY t FROM STDIN", "1\ta\t2024-02-30\n", "22008", "COPY t, line 1, column d: \"2024-02-30\""),
        ("COPY t FROM STDIN CSV HEADER", "id,v,d\n1,a,\nx,b,\n", "22P02", "COPY t, line 3, column id: \"x\""),
    ] {
        let error = copy_in(&client, sql, &[text]).await.expect_err(text);
        let error = error.as_db_error().unwrap();
        assert_eq!(error.code().code(), code, "{text:?}: {error}");
        let context = error.where_().unwrap_or_default();
        assert!(context.starts_with(line), "{text:?}: {context:?} instead of {line:?}");
        assert_eq!(client.text("SELECT count(*) FROM t").await, "1", "{text:?}");
    }
    // The client gives up.
    let sink = client.copy_in::<_, Bytes>("COPY t FROM STDIN").await?;
    let mut sink = Box::pin(sink);
    sink.send(Bytes::from_static(b"1\ta\t\\N\n")).await?;
    drop(sink);
    assert_eq!(client.text("SELECT count(*) FROM t").await, "1");
    Ok(())
}

/// What is wrong with a line, and which line it is, in PostgreSQL's words.
#[tokio::test]
async fn malformed_lines_are_refused_as_by_postgresql() -> Result<(), Box<dyn Error>> {
    let Some(postgres) = postgres::shared() else { return Ok(()) };
    let server = Server::start();
    let kalam = Client::connect(&server).await;
    let reference = Client::open(&postgres.url()).await?;
    for client in [&kalam, &reference] {
        client.batch_execute("CREATE TABLE t (id int PRIMARY KEY, v varchar(5), d date)").await?;
    }
    let long = format!("1,{},\n", "ü".repeat(120));
    let text: &[&str] = &[
        "1\ta\n",
        "1\ta\t\\N\textra\n",
        "1\ta\t\\N\n\n",
        "\n",
        "1\ta\t\\N\nx\tb\t\\N\n",
        "1\ta\t\\N\n2\ta\\nb\t2024-13-01\n",
        "1\ta\t\\N\n2\ta\\\nb\tnever\n",
        "1\ta\\\nb\t\\N\n2\n",
        "1\ttoolong\t\\N\n",
        "1\ta\t\\N\r\n2\tb\t\\N\n",
        "1\ta\t\\N\n2\tb\t\\N\r\n",
        "1\ta\t\\N\n2\tb\t\\N\n1\tc\t\\N\n",
        "\\N\ta\t\\N\n",
        "1\ta\t\\N\n\\.x\n",
        "1\ta\t\\N\n2\tb\\.\n",
        "1\ta\t",
        "1\ta\t\\N\n99999999999\ta\t\\N",
    ];
    let csv: &[&str] = &[
        "\"1,a,\n",
        "1,a,\n\"2,b,\n3,c,\n",
        "1,a,\n2,\"b",
        "1,a,\n2,\"b\n",
        "1,a,\n2,\"b\nc\nd\n",
        "1,\"a\nb\",\n2,\"b\nc\nd\n",
        "1,a,\n2,\"b\nc\",\nx,d,\n",
        "1,\"a\nb\",\nx,d,\n",
        "1,\"a\nb\",\n2,\"a\nb\",\n3,c,never\n",
        "1,\"a\r\nb\",\r\n2,\"a\r\nb\",\r\nx,c,\r\n",
        "1,\"a\rb\",\r2,\"a\rb\",\rx,c,\r",
        "1,a\n",
        "1,a,,extra\n",
        "1,a,\n\n",
        "1,a,\n2\n",
        "x,a,\n",
        "1,a,2024-02-30\n",
        "1,a,\r\n2,b,\n",
        "1,a,\n2,b,\r3,c,\n",
        "1,a,\n2,\"b\nc\",\n1,d,\n",
        ",a,\n",
        &long,
    ];
    let mut faults = Vec::new();
    for (options, inputs) in [
        ("", text),
        ("(HEADER)", text),
        ("(HEADER MATCH)", text),
        ("(FORMAT csv)", csv),
        ("(FORMAT csv, HEADER)", csv),
        ("(FORMAT csv, HEADER MATCH)", csv),
        ("(FORMAT csv, QUOTE '''')", csv),
        ("(FORMAT csv, ESCAPE '\\')", csv),
    ] {
        let sql = format!("COPY t FROM STDIN {options}");
        for input in inputs {
            for head in ["", "id\tv\td\n", "id,v,d\n"] {
                let data = format!("{head}{input}");
                let got = told(copy_in(&kalam, &sql, &[&data]).await);
                let expected = told(copy_in(&reference, &sql, &[&data]).await);
                if got != expected {
                    faults.push(format!("{sql} {data:?}\n  got      {got}\n  expected {expected}"));
                }
                for client in [&kalam, &reference] {
                    client.batch_execute("TRUNCATE t").await?;
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} differences:\n{}", faults.len(), faults.join("\n"));
    Ok(())
}

/// The outcome of a COPY: its rows, or everything that is said of the error.
fn told(outcome: Result<u64, tokio_postgres::Error>) -> String {
    match outcome {
        Ok(rows) => format!("COPY {rows}"),
        Err(error) => {
            let error = error.as_db_error().unwrap();
            let (code, message) = (error.code().code(), error.message());
            format!("{code} {message:?} {:?} {:?} {:?}", error.detail(), error.hint(), error.where_())
        }
    }
}

#[test]
fn copy_fail_says_what_the_client_said() {
    let server = Server::plain();
    let mut wire = Wire::connect(&server);
    wire.ok("CREATE TABLE t (id int PRIMARY KEY)");
    wire.send(&query("COPY t FROM STDIN")).unwrap();
    assert_eq!(wire.message().unwrap().tag, b'G');
    wire.send(&[frame(b'd', &[b"1\n"]), frame(b'f', &[b"changed my mind\0"])].concat()).unwrap();
    let messages = wire.until_ready().unwrap();
    assert_eq!(tags(&messages), "EZ");
    let fields = messages[0].fields();
    assert_eq!(fields.sqlstate(), "57014");
    assert_eq!(fields.message(), "COPY from stdin failed: changed my mind");
    assert_eq!(wire.value("SELECT count(*) FROM t"), "0");
}

/// A client that vanishes in the middle of COPY leaves nothing.
#[test]
fn a_copy_that_breaks_off_leaves_nothing() {
    let server = Server::plain();
    let mut watcher = Wire::connect(&server);
    watcher.ok("CREATE TABLE t (id int PRIMARY KEY)");
    let mut wire = Wire::connect(&server);
    wire.send(&query("COPY t FROM STDIN")).unwrap();
    assert_eq!(wire.message().unwrap().tag, b'G');
    wire.send(&frame(b'd', &[b"1\n2\n3\n"])).unwrap();
    let process = wire.key.0;
    drop(wire);
    crate::support::until("the session has ended", || {
        let sql = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {process}");
        (watcher.value(&sql) == "0").then_some(())
    });
    assert_eq!(watcher.value("SELECT count(*) FROM t"), "0");
}

#[tokio::test]
async fn copy_sees_and_joins_its_transaction() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let other = Client::connect(&server).await;
    client.batch_execute("CREATE TABLE t (id int PRIMARY KEY)").await?;
    let transaction = client.transaction().await?;
    let sink = transaction.copy_in::<_, Bytes>("COPY t FROM STDIN").await?;
    let mut sink = Box::pin(sink);
    sink.send(Bytes::from_static(b"1\n2\n")).await?;
    assert_eq!(sink.as_mut().finish().await?, 2);
    let own: i64 = transaction.query_one("SELECT count(*) FROM t", &[]).await?.get(0);
    assert_eq!((own, other.text("SELECT count(*) FROM t").await.as_str()), (2, "0"));
    transaction.rollback().await?;
    assert_eq!(client.text("SELECT count(*) FROM t").await, "0");
    Ok(())
}

/// Clients that read rows take one message for one row, also when the row has line feeds inside.
#[test]
fn every_line_is_a_message_of_its_own() {
    let server = Server::plain();
    let mut wire = Wire::connect(&server);
    wire.ok("CREATE TABLE t (id int PRIMARY KEY, v text)");
    wire.ok("INSERT INTO t SELECT g.i, E'a\nb' FROM generate_series(1, 20000) AS g(i)");
    wire.send(&query("COPY (SELECT * FROM t ORDER BY id) TO STDOUT WITH (FORMAT csv, HEADER)")).unwrap();
    let messages = wire.until_ready().unwrap();
    assert_eq!(tags(&messages), format!("H{}cCZ", "d".repeat(20001)));
    assert_eq!(messages[1].body, b"id,v\n");
    assert_eq!(messages[2].body, b"1,\"a\nb\"\n");
    assert_eq!(messages[20001].body, b"20000,\"a\nb\"\n");
    wire.send(&query("COPY (SELECT 1 WHERE false) TO STDOUT")).unwrap();
    assert_eq!(tags(&wire.until_ready().unwrap()), "HcCZ");
}

/// A hundred megabytes go in and out, and the server's memory does not follow.
#[tokio::test]
async fn copy_streams_in_bounded_memory() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let client = Client::connect(&server).await;
    client.batch_execute("CREATE TABLE t (id int PRIMARY KEY, v text)").await?;
    let fill = "INSERT INTO t SELECT g.i, repeat('x', 1000) FROM generate_series(1, 60000) AS g(i)";
    client.batch_execute(fill).await?;
    let resident = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.process_id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap().to_owned();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let before = resident();
    let stream = client.copy_out("COPY t TO STDOUT").await?;
    let bytes = stream.try_fold(0usize, |sum, chunk| std::future::ready(Ok(sum + chunk.len()))).await?;
    assert!(bytes > 60_000_000);
    let grown = resident().saturating_sub(before);
    assert!(grown < 200_000, "the server grew by {grown} kB while it sent {bytes} bytes");
    until_async("the session is idle again", || async { Some(client.text("SELECT 1").await) }).await;
    Ok(())
}

#[tokio::test]
async fn copy_with_files_and_programs_is_refused() {
    let server = Server::start();
    let client = Client::connect(&server).await;
    client.batch_execute("CREATE TABLE t (id int PRIMARY KEY)").await.unwrap();
    for sql in [
        "COPY t FROM '/etc/passwd'",
        "COPY t TO '/tmp/kalam-was-here'",
        "COPY t FROM PROGRAM 'id'",
        "COPY t TO PROGRAM 'cat'",
        "COPY (SELECT 1) TO '/tmp/kalam-was-here'",
        "COPY t FROM 'file:///etc/passwd' WITH (FORMAT csv)",
        "COPY t TO 's3://bucket/key'",
    ] {
        assert_eq!(client.fails(sql).await, "42501", "{sql}");
    }
    assert!(!std::path::Path::new("/tmp/kalam-was-here").exists());
    let error = client.copy_in::<_, Bytes>("COPY nosuchtable FROM STDIN").await.err().unwrap();
    assert_eq!(sqlstate(&error), "42P01");
}
