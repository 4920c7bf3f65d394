//! The real thing, end to end: two hundred thousand real messages go in through psql and are the same wherever they
//! lie. Runs where the folder with real conversations is; the other tests do without it.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::server::{Server, temporary_directory};
use crate::support::wire::Wire;
use crate::support::{psql, python, shared_data};

const MESSAGES: u64 = 211_038;
const ROOMS: u64 = 521;

/// What must be the same in every state.
#[derive(Debug, PartialEq, Eq)]
struct Summary {
    count: String,
    rooms: String,
    /// Independent of the order of rows: sums of numbers made of each row's text.
    checksum: String,
    latest: Vec<String>,
    days: String,
}

fn summary(wire: &mut Wire, room: &str) -> Summary {
    let room = room.replace('\'', "''");
    // The first eight hex digits of md5 as a number, built from its digits because casts of hex differ by server.
    let digit = |at: usize| format!("(strpos('0123456789abcdef', substr(h, {at}, 1)) - 1)");
    let number = (1..=7)
        .map(|at| format!("{}::bigint * {}", digit(at), 16u64.pow(7 - at as u32)))
        .collect::<Vec<_>>()
        .join(" + ");
    let checksum = format!(
        "SELECT sum({number})::text FROM (SELECT md5(conversation_id || '|' || id::text || '|' || author || '|' || content) AS h FROM messages) AS s"
    );
    Summary {
        count: wire.value("SELECT count(*) FROM messages"),
        rooms: wire.value("SELECT count(DISTINCT conversation_id) FROM messages"),
        checksum: wire.value(&checksum),
        latest: wire.rows(&format!(
            "SELECT id, author, content, created_at FROM messages WHERE conversation_id = '{room}' ORDER BY id DESC LIMIT 50"
        )),
        days: wire.value("SELECT count(DISTINCT date_trunc('day', created_at)) FROM messages"),
    }
}

/// The gitter file as CSV: conversation, id, author, text, time. Returns the name and size of the largest room.
fn write_csv(source: &Path, target: &Path) -> (String, u64) {
    let mut zcat = Command::new("zcat").arg(source).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(zcat.stdout.take().unwrap());
    let mut out = std::io::BufWriter::new(std::fs::File::create(target).unwrap());
    let mut sizes = std::collections::BTreeMap::<String, u64>::new();
    for line in lines.lines() {
        let message: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let field = |name: &str| message[name].as_str().unwrap_or_default().replace('\0', "").replace('"', "\"\"");
        let columns = ["conversation", "id", "author", "text", "ts"].map(|name| format!("\"{}\"", field(name)));
        writeln!(out, "{}", columns.join(",")).unwrap();
        *sizes.entry(message["conversation"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert!(zcat.wait().unwrap().success());
    out.flush().unwrap();
    sizes.into_iter().max_by_key(|(_, size)| *size).unwrap()
}

#[test]
fn gitter_is_the_same_fresh_flushed_and_after_a_crash() {
    let Some(source) = shared_data("gitter_fcc.jsonl.gz") else { return };
    let directory = temporary_directory();
    let csv = directory.path().join("gitter.csv");
    let (room, size) = write_csv(&source, &csv);
    assert_eq!(size, 19_249, "the largest room");
    let mut server = Server::start();
    let url = server.printed_url().to_owned();

    let script = format!(
        "SET TimeZone = 'UTC';
CREATE TABLE staging (conversation text, id text, author text, body text, ts timestamptz, PRIMARY KEY (conversation, id));
\\copy staging FROM '{}' CSV
",
        csv.display()
    );
    assert_eq!(psql::tuples(&url, &script).lines().last(), Some(format!("COPY {MESSAGES}").as_str()));
    // Half of them, then the rest: so that a flush in between leaves half fresh and half in history.
    let insert = |half: &str| {
        let sql = format!(
            "INSERT INTO messages (conversation_id, author, content, created_at) SELECT conversation, author, body, ts FROM staging WHERE {half} ORDER BY conversation, ts, id;"
        );
        psql::tuples(&url, &sql)
    };
    let early = insert("ts < '2015-09-01'");
    let late = insert("ts >= '2015-09-01'");
    let number = |tag: &str| tag.rsplit(' ').next().unwrap().parse::<u64>().unwrap();
    assert_eq!(number(&early) + number(&late), MESSAGES);
    assert!(number(&early) > 20_000 && number(&late) > 20_000, "{early}, {late}");

    let mut wire = Wire::connect(&server);
    let fresh = summary(&mut wire, &room);
    assert_eq!(
        (fresh.count.as_str(), fresh.rooms.as_str()),
        (MESSAGES.to_string().as_str(), ROOMS.to_string().as_str())
    );
    assert_eq!(fresh.latest.len(), 50);
    // The latest 50 by another way: those of the staging table that are the youngest of the room.
    let youngest = format!(
        "SELECT body FROM staging WHERE conversation = '{}' ORDER BY ts DESC, id DESC LIMIT 50",
        room.replace('\'', "''")
    );
    let contents: Vec<String> = fresh.latest.iter().map(|line| line.split('|').nth(2).unwrap().to_owned()).collect();
    let expected: Vec<String> =
        wire.rows(&youngest).iter().map(|line| line.split('|').next().unwrap().to_owned()).collect();
    assert_eq!(contents, expected, "the latest 50 of the largest room");
    // The same sums over what went in, computed without the messages table.
    let texts = "SELECT sum(length(content))::text FROM messages";
    assert_eq!(wire.value(texts), wire.value("SELECT sum(length(body))::text FROM staging"));

    // Half flushed: all rows go to history, then a part changes and comes back, so that fresh overlays history.
    wire.ok("SELECT kalam.flush('staging')");
    wire.ok("SELECT kalam.flush('messages')");
    assert_eq!(summary(&mut wire, &room), fresh, "all flushed");
    let changed = "UPDATE messages SET content = content || '' WHERE created_at >= '2015-09-01'";
    assert_eq!(number(&wire.ok(changed).tags[0]), number(&late));
    assert_eq!(summary(&mut wire, &room), fresh, "half of them overlaid by fresh rows");
    wire.ok("SELECT kalam.flush('messages')");
    assert_eq!(summary(&mut wire, &room), fresh, "flushed again");

    // A part deleted, the deletion flushed, and the rows put back from staging with their old keys.
    wire.ok("CREATE TABLE kept (conversation_id text, id uuid, role text, author text, content text, created_at timestamptz, PRIMARY KEY (conversation_id, id))");
    let columns = "conversation_id, id, role, author, content, created_at";
    wire.ok(&format!("INSERT INTO kept SELECT {columns} FROM messages WHERE created_at < '2015-01-01'"));
    let deleted = number(&wire.ok("DELETE FROM messages WHERE created_at < '2015-01-01'").tags[0]);
    assert!(deleted > 0);
    assert_eq!(wire.value("SELECT count(*) FROM messages"), (MESSAGES - deleted).to_string());
    wire.ok("SELECT kalam.flush('messages')");
    assert_eq!(wire.value("SELECT count(*) FROM messages"), (MESSAGES - deleted).to_string());
    wire.ok(&format!("INSERT INTO messages ({columns}) SELECT {columns} FROM kept"));
    assert_eq!(summary(&mut wire, &room), fresh, "half fresh, half in history");

    server.kill();
    server.restart();
    let mut wire = Wire::connect(&server);
    assert_eq!(summary(&mut wire, &room), fresh, "after kill -9");
    // The direct paths and the plans agree.
    wire.ok("SET kalam.direct_path = off");
    assert_eq!(summary(&mut wire, &room), fresh, "planned");
    wire.ok("SELECT kalam.flush('messages')");
    assert_eq!(summary(&mut wire, &room), fresh, "all flushed, after kill -9");
    server.kill();
    server.restart();
    let mut wire = Wire::connect(&server);
    assert_eq!(summary(&mut wire, &room), fresh, "all flushed, after another kill -9");

    // The files are plain Parquet: DuckDB counts the same.
    let table = wire.value("SELECT 'messages'::regclass::oid::text");
    let history = server.data().join("history");
    let Some(output) = python::run("duckdb_counts.py", &[history.to_str().unwrap(), &table]) else { return };
    let counted: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(counted["rows"], MESSAGES);
    assert_eq!(counted["rooms"], ROOMS);
    assert_eq!(counted["length"].to_string(), wire.value("SELECT sum(length(content))::text FROM messages"));
}
