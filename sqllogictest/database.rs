//! A connection as the script runner sees it: to PostgreSQL, or to KalamDB in one of the states.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use sqllogictest::{ColumnType, DB, DBOutput};

use crate::support::server::Server;
use crate::support::wire::{self, Fields, Reply, Wire};

/// How KalamDB runs a script; see the head of `main.rs`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum State {
    Fresh,
    Planned,
    Flushed,
    Mixed,
}

impl State {
    pub const ALL: [State; 4] = [State::Fresh, State::Planned, State::Flushed, State::Mixed];

    /// Whether tables are flushed after the statement with this number.
    fn flushes_after(self, statement: u64) -> bool {
        match self {
            State::Fresh | State::Planned => false,
            State::Flushed => true,
            State::Mixed => statement.is_multiple_of(3),
        }
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            State::Fresh => "fresh",
            State::Planned => "planned",
            State::Flushed => "flushed",
            State::Mixed => "mixed",
        })
    }
}

/// A result column's type as one letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class(pub char);

impl Class {
    fn of(oid: u32) -> Self {
        Self(match oid {
            16 => 'B',
            21 => 's',
            23 => 'i',
            20 => 'I',
            700 => 'r',
            701 => 'R',
            1700 => 'N',
            25 => 'T',
            1043 => 'V',
            19 => 'n',
            18 => 'c',
            17 => 'X',
            1082 => 'D',
            1083 => 't',
            1114 => 'P',
            1184 => 'Z',
            1186 => 'L',
            2950 => 'U',
            114 => 'j',
            3802 => 'J',
            26 => 'o',
            _ => '*',
        })
    }
}

impl ColumnType for Class {
    fn from_char(value: char) -> Option<Self> {
        Some(Self(value))
    }

    fn to_char(&self) -> char {
        self.0
    }
}

/// Tables that a script has made and not dropped: what to flush. Shared by the connections of one script.
pub type Tables = Arc<Mutex<BTreeSet<String>>>;

pub struct Connection {
    wire: Wire,
    state: State,
    tables: Tables,
    statements: u64,
    positions: bool,
    kalam: bool,
}

/// The server's error, written as the scripts expect it.
#[derive(Debug)]
pub struct Answer {
    fields: Fields,
    position: bool,
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.fields.sqlstate(), escaped(self.fields.message()))?;
        if !self.fields.get('D').is_empty() {
            write!(f, "\nDETAIL: {}", escaped(self.fields.get('D')))?;
        }
        if self.position && !self.fields.get('P').is_empty() {
            write!(f, "\nPOSITION: {}", self.fields.get('P'))?;
        }
        Ok(())
    }
}

impl std::error::Error for Answer {}

impl Connection {
    pub fn postgres(address: SocketAddr, database: &str, positions: bool) -> Self {
        let mut wire = Wire::plain(address).unwrap();
        wire.login("app", database, "").unwrap();
        Self { wire, state: State::Fresh, tables: Tables::default(), statements: 0, positions, kalam: false }
    }

    pub fn kalam(server: &Server, tenant: &str, state: State, tables: Tables, positions: bool) -> Self {
        let mut wire = Wire::connect_as(server, tenant, "app", "owner");
        if state == State::Planned {
            wire.ok("SET kalam.direct_path = off");
        }
        Self { wire, state, tables, statements: 0, positions, kalam: true }
    }

    fn simple(&mut self, sql: &str) -> Result<Reply, Fields> {
        self.wire.run(sql)
    }

    /// Parse, Bind, Describe, Execute, Sync: results in text, so that they compare with the simple protocol's.
    fn extended(&mut self, sql: &str) -> Result<Reply, Fields> {
        let messages = self.wire.pipeline(&[
            wire::parse("", sql, &[]),
            wire::bind("", "", 0, &[], 0),
            wire::describe_portal(""),
            wire::execute("", 0),
        ]);
        let mut reply = Reply::default();
        for message in messages {
            match message.tag {
                b'T' => reply.columns = message.columns().into_iter().map(|c| (c.name, c.oid)).collect(),
                b'D' => reply.rows.push(message.values().into_iter().map(|v| v.map(lossy)).collect()),
                b'C' => reply.tags.push(message.text()),
                b'E' => return Err(message.fields()),
                b'Z' => reply.status = message.body[0] as char,
                _ => {}
            }
        }
        Ok(reply)
    }

    /// Notes the tables that a statement made or dropped, and flushes when the state asks for it.
    fn after(&mut self, sql: &str, reply: &Reply) {
        let words: Vec<String> = sql.split_whitespace().map(str::to_owned).collect();
        let is = |at: usize, word: &str| words.get(at).is_some_and(|w| w.eq_ignore_ascii_case(word));
        if is(0, "create") && is(1, "table") {
            let at = if is(2, "if") { 5 } else { 2 };
            let name = words[at].split('(').next().unwrap().to_owned();
            self.tables.lock().unwrap().insert(name);
        }
        self.statements += 1;
        let idle = reply.status == 'I';
        if !self.kalam || !idle || !self.state.flushes_after(self.statements) {
            return;
        }
        let tables = self.tables.lock().unwrap().clone();
        for table in tables {
            match self.wire.run(&format!("SELECT kalam.flush('{}')", table.replace('\'', "''"))) {
                Ok(_) => {}
                // Dropped, or made in a transaction that was rolled back.
                Err(error) if error.sqlstate() == "42P01" || error.sqlstate() == "3F000" => {
                    self.tables.lock().unwrap().remove(&table);
                }
                Err(error) => panic!("kalam.flush('{table}'): {error}"),
            }
        }
    }
}

impl DB for Connection {
    type Error = Answer;
    type ColumnType = Class;

    fn run(&mut self, sql: &str) -> Result<DBOutput<Class>, Answer> {
        let extended = matches!(self.state, State::Planned | State::Mixed);
        let result = if extended { self.extended(sql) } else { self.simple(sql) };
        let reply = result.map_err(|fields| Answer { fields, position: self.positions })?;
        self.after(sql, &reply);
        if reply.columns.is_empty() {
            let count = reply.tags.last().and_then(|tag| tag.rsplit(' ').next()?.parse().ok());
            return Ok(DBOutput::StatementComplete(count.unwrap_or(0)));
        }
        let types = reply.columns.iter().map(|(_, oid)| Class::of(*oid)).collect();
        let rows = reply.rows.into_iter().map(|row| row.into_iter().map(shown).collect()).collect();
        Ok(DBOutput::Rows { types, rows })
    }

    fn engine_name(&self) -> &str {
        if self.kalam { "kalam" } else { "postgresql" }
    }

    fn error_sql_state(error: &Answer) -> Option<String> {
        Some(error.fields.sqlstate().to_owned())
    }
}

fn shown(value: Option<String>) -> String {
    match value {
        None => "NULL".to_owned(),
        Some(text) if text.is_empty() => "(empty)".to_owned(),
        Some(text) => escaped(&text),
    }
}

/// A row is a line of the script, so a line break in a value is written as in C.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t").replace('\r', "\\r")
}

fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}
