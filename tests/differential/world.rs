//! The same rows in PostgreSQL and, three times, in KalamDB.

use std::fmt;

use crate::support::postgres;
use crate::support::server::Server;
use crate::support::wire::{Fields, Reply, Wire};

/// Where the rows of KalamDB lie.
pub const STATES: [&str; 3] = ["fresh", "flushed", "mixed"];

const TABLES: [&str; 4] = [
    "CREATE TABLE t1 (id int PRIMARY KEY, a int, b int, c text, d numeric(8,2))",
    "CREATE TABLE t2 (id int PRIMARY KEY, a int, b bigint NOT NULL, c text, e date)",
    "CREATE TABLE t3 (k text, n int, a int, p boolean, PRIMARY KEY (k, n))",
    "CREATE TABLE t0 (id int PRIMARY KEY, a int, c text)",
];

/// The first half of the rows, then the second; the rest of `mixed` is not flushed.
const ROWS: [&[&str]; 2] = [
    &[
        "INSERT INTO t1 VALUES (1, 1, NULL, 'p', 1.50), (2, 2, 3, 'q', NULL), (3, NULL, 2, NULL, 2.50), (4, 4, 9, 'p', 0)",
        "INSERT INTO t2 VALUES (1, 1, 2, 'p', '2020-01-01'), (2, NULL, 0, 'pq', '2020-01-03'), (3, 3, 2, NULL, NULL)",
        "INSERT INTO t3 VALUES ('p', 1, 1, true), ('p', 2, NULL, false), ('q', 1, 2, NULL), ('r', 3, 9, true)",
    ],
    &[
        "UPDATE t1 SET b = 1 WHERE id = 4",
        "INSERT INTO t1 VALUES (5, 2, 1, '', 2.50), (6, 1, NULL, 'r', 4.50)",
        "INSERT INTO t2 VALUES (4, 1, 4, 'q', '2020-01-02'), (5, 2, 1, 'p', '2020-01-03'), (7, 0, 3, 'x', '2020-01-05')",
        "DELETE FROM t3 WHERE k = 'r'",
        "INSERT INTO t3 VALUES ('pq', 0, 3, false), ('q', 4, NULL, true)",
    ],
];

/// Longer than this no query of the world may take, in either database.
const TIMEOUT: &str = "SET statement_timeout = '3s'";

/// The databases.
pub struct World {
    _server: Server,
    postgres: Wire,
    kalam: Vec<Wire>,
}

/// What a database says to a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Rows { types: Vec<u32>, rows: Vec<String> },
    Error { sqlstate: String, message: String },
}

impl World {
    pub fn new() -> Option<Self> {
        let reference = postgres::shared()?;
        let database = reference.database();
        let mut postgres = Wire::plain(reference.address()).unwrap();
        postgres.login("app", &database, "").unwrap();
        for statement in TABLES.iter().chain(ROWS[0]).chain(ROWS[1]) {
            postgres.ok(statement);
        }
        postgres.ok(TIMEOUT);
        let server = Server::plain();
        let mut operator = Wire::connect_as(&server, "kalam", "operator", "operator");
        let mut kalam = Vec::with_capacity(STATES.len());
        for state in STATES {
            operator.ok(&format!("CREATE DATABASE differential_{state}"));
            let mut wire = Wire::connect_as(&server, &format!("differential_{state}"), "app", "owner");
            let flush = |wire: &mut Wire| {
                for table in ["t0", "t1", "t2", "t3"] {
                    wire.ok(&format!("SELECT kalam.flush('{table}')"));
                }
            };
            for statement in TABLES.iter().chain(ROWS[0]) {
                wire.ok(statement);
            }
            if state == "mixed" {
                flush(&mut wire);
            }
            for statement in ROWS[1] {
                wire.ok(statement);
            }
            if state == "flushed" {
                flush(&mut wire);
            }
            wire.ok(TIMEOUT);
            kalam.push(wire);
        }
        Some(Self { _server: server, postgres, kalam })
    }

    pub fn postgres(&mut self, sql: &str, ordered: bool) -> Answer {
        Answer::of(self.postgres.run(sql), ordered)
    }

    pub fn kalam(&mut self, state: usize, sql: &str, ordered: bool) -> Answer {
        Answer::of(self.kalam[state].run(sql), ordered)
    }
}

impl Answer {
    fn of(reply: Result<Reply, Fields>, ordered: bool) -> Self {
        match reply {
            Err(fields) => Self::Error { sqlstate: fields.sqlstate().to_owned(), message: fields.message().to_owned() },
            Ok(reply) => {
                let line = |row: &Vec<Option<String>>| {
                    row.iter().map(|value| value.as_deref().unwrap_or("NULL")).collect::<Vec<_>>().join("|")
                };
                let mut rows: Vec<String> = reply.rows.iter().map(line).collect();
                if !ordered {
                    rows.sort();
                }
                Self::Rows { types: reply.columns.into_iter().map(|(_, oid)| oid).collect(), rows }
            }
        }
    }

    /// The same types and rows, or the same SQLSTATE.
    pub fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Error { sqlstate: left, .. }, Self::Error { sqlstate: right, .. }) => left == right,
            _ => self == other,
        }
    }

    pub fn same_rows(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Rows { rows: left, .. }, Self::Rows { rows: right, .. }) => left == right,
            _ => self.agrees(other),
        }
    }

    fn has_state(&self, wanted: &str) -> bool {
        matches!(self, Self::Error { sqlstate, .. } if sqlstate == wanted)
    }

    pub fn is_refusal(&self) -> bool {
        self.has_state("0A000")
    }

    pub fn is_timeout(&self) -> bool {
        self.has_state("57014")
    }

    pub fn message(&self) -> &str {
        match self {
            Self::Error { message, .. } => message,
            Self::Rows { .. } => "",
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error { sqlstate, message } => write!(f, "{sqlstate}: {message}"),
            Self::Rows { types, rows } => {
                let shown: Vec<&str> = rows.iter().take(12).map(String::as_str).collect();
                write!(f, "{} rows of {types:?}: {}", rows.len(), shown.join(", "))
            }
        }
    }
}
