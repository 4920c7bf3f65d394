//! psql: the transcript of the README, the catalog commands, \copy, and a second one that listens.

use crate::support::psql::{self, Session};
use crate::support::server::Server;

#[test]
fn the_transcript_of_the_readme() {
    let server = Server::start();
    let url = server.printed_url();
    let run = psql::run(url, &[], "\\d messages\n");
    assert!(run.success, "{}", run.stderr);
    for part in [
        "Table \"public.messages\"",
        "conversation_id | text",
        "not null",
        "uuidv7()",
        "'user'::text",
        "CURRENT_USER",
        "now()",
        "metadata",
        "jsonb",
        "\"messages_pkey\" PRIMARY KEY, btree (conversation_id, id)",
        "Check constraints:",
        "messages_role_check",
    ] {
        assert!(run.stdout.contains(part), "no {part:?} in\n{}", run.stdout);
    }

    let mut listener = Session::open(url);
    listener.send("LISTEN messages;");
    listener.send("SELECT 'lis' || 'tening';");
    listener.expect("listening");

    let insert = "INSERT INTO messages (conversation_id, content) VALUES ('lobby', 'hello') RETURNING author, created_at <= now();";
    assert_eq!(psql::tuples(url, insert), "app|t\nINSERT 0 1");
    let latest = "SELECT author, content FROM messages WHERE conversation_id = 'lobby' ORDER BY id DESC LIMIT 50;";
    assert_eq!(psql::tuples(url, latest), "app|hello");

    // psql looks for notifications after each command.
    listener.send("SELECT 'look';");
    let told = listener.expect("Asynchronous notification \"messages\"");
    assert!(told.contains("\"op\":\"insert\"") && told.contains("\"content\":\"hello\""), "{told}");

    psql::tuples(url, "SELECT kalam.flush('messages');");
    assert_eq!(psql::tuples(url, latest), "app|hello");
    let files = psql::run(url, &[], "SELECT * FROM kalam.history_files;");
    assert!(files.success && files.stdout.contains("(1 row)"), "{}{}", files.stdout, files.stderr);
    let by_day = "SELECT date_trunc('day', created_at), count(*) FROM messages GROUP BY 1 ORDER BY 1;";
    assert!(psql::tuples(url, by_day).ends_with("|1"));
}

#[test]
fn catalog_commands_show_what_is_there() {
    let mut server = Server::start();
    let url = server.printed_url().to_owned();
    psql::tuples(
        &url,
        "CREATE TABLE \"Odd name\" (\"Key\" int, b text DEFAULT 'x''y' NOT NULL, n numeric(10,2), v varchar(7), ts timestamptz DEFAULT now(),
           PRIMARY KEY (\"Key\", b), CHECK (n > 0));",
    );
    let shown = |url: &str, command: &str| {
        let run = psql::run(url, &[], &format!("{command}\n"));
        assert!(run.success, "{command}: {}", run.stderr);
        run.stdout
    };
    let expect = |text: &str, parts: &[&str]| {
        for part in parts {
            assert!(text.contains(part), "no {part:?} in\n{text}");
        }
    };
    expect(&shown(&url, "\\d"), &["List of relations", "messages", "conversations", "Odd name", "table"]);
    expect(&shown(&url, "\\dt"), &["messages", "conversations", "Odd name", "(3 rows)"]);
    expect(&shown(&url, "\\dt mess*"), &["messages", "(1 row)"]);
    expect(&shown(&url, "\\di"), &["messages_pkey", "conversations_pkey", "Odd name_pkey", "(3 rows)"]);
    expect(&shown(&url, "\\dn"), &["public"]);
    expect(&shown(&url, "\\du"), &["app"]);
    expect(&shown(&url, "\\conninfo"), &["You are connected to database \"demo\" as user \"app\""]);
    let odd = shown(&url, "\\d \"Odd name\"");
    expect(
        &odd,
        &[
            "Table \"public.Odd name\"",
            "Key    | integer",
            "character varying(7)",
            "numeric(10,2)",
            "timestamp with time zone",
            "'x''y'::text",
            "\"Odd name_pkey\" PRIMARY KEY, btree (\"Key\", b)",
            "\"Odd name_n_check\" CHECK (n > 0",
        ],
    );
    expect(&psql::run(&url, &[], "\\d nosuchtable\n").stderr, &["Did not find any relation named \"nosuchtable\"."]);

    // A tenant sees itself in \l, and nothing of the others.
    let databases = shown(&url, "\\l");
    expect(&databases, &["demo", "UTF8"]);
    let operator = server.url("kalam", "root", "operator");
    psql::tuples(&operator, "CREATE DATABASE hidden;");
    assert!(!shown(&url, "\\l").contains("hidden"));
    expect(&shown(&operator, "\\l"), &["demo", "hidden", "kalam"]);

    // OIDs survive a restart.
    let oids = "SELECT oid, relname, relkind FROM pg_class WHERE relname IN ('messages', 'messages_pkey', 'Odd name') ORDER BY oid;";
    let before = psql::tuples(&url, oids);
    assert_eq!(before.lines().count(), 3);
    server.restart();
    assert_eq!(psql::tuples(server.printed_url(), oids), before);
}

#[test]
fn tables_look_as_in_postgresql() {
    let Some(postgres) = crate::support::postgres::shared() else { return };
    let server = Server::start();
    let (ours, theirs) = (server.printed_url().to_owned(), postgres.url());
    let create = "CREATE TABLE plain (id int PRIMARY KEY, name text NOT NULL, score float8 DEFAULT 1.5, at timestamptz DEFAULT now());
        CREATE TABLE pair (a text, b bigint, c bool DEFAULT true, d date, e bytea, f uuid DEFAULT gen_random_uuid(), g jsonb DEFAULT '{}', h varchar(12) DEFAULT 'x', i smallint, j real, k numeric(8,3), l interval, m time, n timestamp, o json, PRIMARY KEY (b, a));
        CREATE TABLE keyless (v int);";
    for url in [&ours, &theirs] {
        psql::tuples(url, create);
    }
    for command in ["\\d plain", "\\d pair", "\\d keyless", "\\di plain*", "\\dt pair"] {
        let show = |url: &str| {
            let run = psql::run(url, &[], &format!("{command}\n"));
            assert!(run.success, "{command}: {}", run.stderr);
            run.stdout
        };
        assert_eq!(show(&ours), show(&theirs), "{command}");
    }
}

#[test]
fn copy_and_gdesc_work() {
    let server = Server::start();
    let url = server.printed_url();
    let directory = crate::support::server::temporary_directory();
    let (file, back) = (directory.path().join("in.csv"), directory.path().join("out.csv"));
    let rows: String = (0..5000).map(|n| format!("{n},\"row, \"\"{n}\"\"\"\n")).collect();
    std::fs::write(&file, &rows).unwrap();
    let script = format!(
        "CREATE TABLE t (id int PRIMARY KEY, v text);
\\copy t FROM '{}' CSV
\\copy (SELECT * FROM t ORDER BY id) TO '{}' CSV
SELECT id, v, now() AS n FROM t \\gdesc
",
        file.display(),
        back.display()
    );
    let out = psql::tuples(url, &script);
    assert_eq!(out, "CREATE TABLE\nCOPY 5000\nCOPY 5000\nid|integer\nv|text\nn|timestamp with time zone");
    assert_eq!(std::fs::read_to_string(back).unwrap(), rows);
}

#[test]
fn errors_point_at_their_place() {
    let server = Server::start();
    let run = psql::run(server.printed_url(), &[], "SELECT id, nosuch FROM messages;");
    assert!(!run.success);
    assert!(run.stderr.contains("ERROR:  column \"nosuch\" does not exist"), "{}", run.stderr);
    assert!(run.stderr.contains("LINE 1: SELECT id, nosuch FROM messages;\n                   ^"), "{}", run.stderr);
}
