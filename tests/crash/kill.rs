//! Rounds of: start, write from several connections, kill -9 at a random moment, start again, count.
//!
//! Each writer inserts transactions of several rows and notes those that were acknowledged. After the restart
//! every acknowledged transaction must be there, once and whole; one that was in flight may be there or not, but
//! not by half. Updates and deletes ride along, because an overlay that comes back is a row too many.
//!
//! `KALAM_CRASH_ROUNDS` sets the number of rounds; the data directory lives through all of them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::server::{Server, temporary_directory};
use crate::support::wire::Wire;

const WRITERS: usize = 4;
/// Rows of one transaction.
const ROWS: usize = 3;

fn rounds(default: usize) -> usize {
    std::env::var("KALAM_CRASH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// What is known of one transaction: its rows' value, or that it was deleted. Keyed by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Inserted,
    Updated,
    Deleted,
}

/// The last acknowledged fate of every transaction, and the one that was on its way when the server died.
#[derive(Default)]
struct Ledger {
    certain: BTreeMap<u64, Fate>,
    in_flight: BTreeMap<u64, Fate>,
}

#[test]
fn acknowledged_rows_survive_kill_9() {
    crash_rounds(rounds(200), Load::Plain);
}

#[test]
fn acknowledged_rows_survive_kill_9_during_a_flush() {
    crash_rounds(rounds(200), Load::Flushing);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Load {
    Plain,
    Flushing,
}

fn crash_rounds(rounds: usize, load: Load) {
    let directory = temporary_directory();
    let data = directory.path().join("data");
    let mut server = Server::on(&data);
    Wire::connect(&server).ok("CREATE TABLE t (txn bigint, part int, v text, PRIMARY KEY (txn, part))");
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut next = 0;
    for round in 0..rounds {
        let token = server.token("demo", "app", "owner");
        let stop = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::new();
        for writer in 0..WRITERS {
            let connection = login(&server, &token);
            let first = next + writer as u64 * 1_000_000;
            let (ledger, stop, seed) = (Arc::clone(&ledger), Arc::clone(&stop), random.next());
            threads.push(std::thread::spawn(move || write(connection, first, seed, &ledger, &stop)));
        }
        if load == Load::Flushing {
            let mut connection = login(&server, &token);
            let stop = Arc::clone(&stop);
            threads.push(std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) && try_run(&mut connection, "SELECT kalam.flush('t')").is_some() {}
            }));
        }
        next += WRITERS as u64 * 1_000_000;
        // The moment of the kill is what the round is about: anywhere in the first commits.
        std::thread::sleep(Duration::from_millis(random.next() % 120));
        server.kill();
        stop.store(true, Ordering::Relaxed);
        for thread in threads {
            thread.join().unwrap();
        }
        server = Server::on(&data);
        check(&mut Wire::connect(&server), &mut ledger.lock().unwrap(), round);
    }
    let known = ledger.lock().unwrap().certain.len();
    println!("{rounds} rounds, {known} transactions acknowledged");
    assert!(known > rounds, "the load wrote next to nothing: {known} transactions in {rounds} rounds");
    // And the same once more from history.
    let mut wire = Wire::connect(&server);
    wire.ok("SELECT kalam.flush('t')");
    check(&mut wire, &mut ledger.lock().unwrap(), rounds);
    server.restart();
    check(&mut Wire::connect(&server), &mut ledger.lock().unwrap(), rounds + 1);
}

fn login(server: &Server, token: &str) -> Wire {
    let mut wire = Wire::to(server).unwrap();
    wire.login("app", "demo", token).unwrap();
    wire
}

/// Runs a statement; None when the connection has ended, which is what happens at the kill.
fn try_run(wire: &mut Wire, sql: &str) -> Option<String> {
    wire.send(&crate::support::wire::query(sql)).ok()?;
    let messages = wire.until_ready().ok()?;
    if let Some(error) = messages.iter().find(|message| message.tag == b'E') {
        panic!("{sql}: {}", error.fields());
    }
    messages.iter().find(|message| message.tag == b'C').map(|message| message.text())
}

fn write(mut wire: Wire, first: u64, seed: u64, ledger: &Mutex<Ledger>, stop: &AtomicBool) {
    let mut random = Random(seed | 1);
    let mut own: Vec<u64> = Vec::new();
    let mut next = first;
    while !stop.load(Ordering::Relaxed) {
        let (txn, fate) = match random.next() % 10 {
            0..=6 => {
                next += 1;
                (next, Fate::Inserted)
            }
            7 | 8 if !own.is_empty() => (own[random.next() as usize % own.len()], Fate::Updated),
            _ if !own.is_empty() => (own.swap_remove(random.next() as usize % own.len()), Fate::Deleted),
            _ => continue,
        };
        let sql = match fate {
            Fate::Inserted => {
                let rows: Vec<String> = (0..ROWS).map(|part| format!("({txn}, {part}, 'inserted')")).collect();
                format!("INSERT INTO t VALUES {}", rows.join(", "))
            }
            Fate::Updated => format!("UPDATE t SET v = 'updated' WHERE txn = {txn}"),
            Fate::Deleted => format!("DELETE FROM t WHERE txn = {txn}"),
        };
        ledger.lock().unwrap().in_flight.insert(txn, fate);
        let Some(tag) = try_run(&mut wire, &sql) else { return };
        let mut ledger = ledger.lock().unwrap();
        ledger.in_flight.remove(&txn);
        assert!(tag.ends_with(&format!(" {ROWS}")), "{sql}: {tag}");
        ledger.certain.insert(txn, fate);
        if fate == Fate::Inserted {
            own.push(txn);
        }
    }
}

/// Compares the table with the ledger, and settles what was in flight by what is there.
fn check(wire: &mut Wire, ledger: &mut Ledger, round: usize) {
    let mut found: BTreeMap<u64, Vec<(String, String)>> = BTreeMap::new();
    for row in wire.ok("SELECT txn, part, v FROM t").rows {
        let text = |column: usize| row[column].clone().unwrap();
        found.entry(text(0).parse().unwrap()).or_default().push((text(1), text(2)));
    }
    let fate_of = |txn: u64, parts: Option<&Vec<(String, String)>>| {
        let Some(parts) = parts else { return Fate::Deleted };
        let mut sorted = parts.clone();
        sorted.sort();
        let numbers: Vec<&str> = sorted.iter().map(|(part, _)| part.as_str()).collect();
        assert_eq!(numbers, ["0", "1", "2"], "round {round}: transaction {txn} is there by half or twice");
        assert!(
            sorted.iter().all(|(_, v)| *v == sorted[0].1),
            "round {round}: transaction {txn} is half updated: {sorted:?}"
        );
        if sorted[0].1 == "inserted" { Fate::Inserted } else { Fate::Updated }
    };
    for (txn, fate) in std::mem::take(&mut ledger.in_flight) {
        let now = fate_of(txn, found.get(&txn));
        let before = ledger.certain.get(&txn).copied().unwrap_or(Fate::Deleted);
        assert!(
            now == fate || now == before,
            "round {round}: transaction {txn} was {before:?}, became {fate:?}, is {now:?}"
        );
        ledger.certain.insert(txn, now);
    }
    for (txn, fate) in &ledger.certain {
        assert_eq!(
            fate_of(*txn, found.get(txn)),
            *fate,
            "round {round}: transaction {txn}, acknowledged, is wrong or lost"
        );
    }
    for txn in found.keys() {
        assert!(ledger.certain.contains_key(txn), "round {round}: transaction {txn} came from nowhere");
    }
    let count: usize = wire.value("SELECT count(*) FROM t").parse().unwrap();
    assert_eq!(count, found.len() * ROWS, "round {round}: count(*) and the rows disagree");
}

/// xorshift64*: enough to choose moments, and the same ones every time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }
}
