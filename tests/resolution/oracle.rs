//! PostgreSQL's answers: statements are parsed and described, never run.

use super::question::Operand;
use crate::support::wire::{Message, Wire, describe_statement, parse, sync};

/// What a question is answered with.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// OID and modifier, and the types of parameters.
    Type(u32, i32, Vec<u32>),
    Error {
        sqlstate: String,
        message: String,
        detail: String,
        hint: String,
        position: String,
    },
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Type(oid, typmod, parameters) => write!(f, "type {oid}, {typmod}, parameters {parameters:?}"),
            Self::Error { sqlstate, message, detail, hint, position } => {
                write!(f, "{sqlstate} at {position}: {message} [{detail}] [{hint}]")
            }
        }
    }
}

impl Answer {
    /// Some errors have nothing to do with names and types: values that have no input, wrong places.
    pub fn is_about_resolution(&self) -> bool {
        match self {
            Self::Type(..) => true,
            Self::Error { sqlstate, message, .. } => {
                sqlstate != "0A000" && sqlstate != "XX000" && !message.starts_with("syntax error")
            }
        }
    }

    pub fn is_unsupported(&self) -> bool {
        matches!(self, Self::Error { sqlstate, .. } if sqlstate == "0A000")
    }
}

/// The first operator or function in the tree of a statement, which is the outermost one. A view shows the tree.
const CHOSEN: &str = r"
    CREATE FUNCTION pg_temp.chosen(statement text) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE found text;
    BEGIN
        EXECUTE 'CREATE TEMP VIEW tree AS ' || statement;
        SELECT (regexp_match(ev_action, ':(?:opno|funcid|aggfnoid|winfnoid) (\d+)'))[1] INTO found
        FROM pg_rewrite WHERE ev_class = 'pg_temp.tree'::regclass;
        DROP VIEW pg_temp.tree;
        RETURN found;
    EXCEPTION WHEN OTHERS THEN
        RETURN NULL;
    END $$";

/// The server that is asked.
pub struct Oracle {
    wire: Wire,
}

impl Oracle {
    pub fn new(mut wire: Wire) -> Self {
        wire.ok("SET client_min_messages = error");
        wire.ok(CHOSEN);
        Self { wire }
    }

    /// Makes a table and a function that take values of a type: `assigned_<oid>`, `implicit_<oid>`.
    pub fn target(&mut self, operand: &Operand) {
        let (oid, name) = (operand.oid, &operand.name);
        self.wire.ok(&format!(
            "CREATE TEMP TABLE assigned_{oid} (x {name});
             CREATE FUNCTION pg_temp.implicit_{oid}({name}) RETURNS int LANGUAGE sql AS 'SELECT 1'"
        ));
    }

    /// The operator or function at the top of a statement; `None` when a view of it cannot be made.
    pub fn chosen(&mut self, statement: &str) -> Option<u32> {
        let quoted = statement.replace('\'', "''");
        self.wire.value(&format!("SELECT pg_temp.chosen('{quoted}')")).parse().ok()
    }

    /// The answers to statements, in their order.
    pub fn ask(&mut self, statements: &[String]) -> Vec<Answer> {
        let mut answers = Vec::with_capacity(statements.len());
        for batch in statements.chunks(100) {
            let mut bytes = Vec::new();
            for statement in batch {
                bytes.extend(parse("", statement, &[]));
                bytes.extend(describe_statement(""));
                bytes.extend(sync());
            }
            self.wire.send(&bytes).unwrap();
            for statement in batch {
                answers.push(answer(statement, &self.wire.until_ready().unwrap()));
            }
        }
        answers
    }
}

fn answer(statement: &str, messages: &[Message]) -> Answer {
    let mut parameters = Vec::new();
    for message in messages {
        match message.tag {
            b'E' => {
                let fields = message.fields();
                let field = |name| fields.get(name).to_owned();
                return Answer::Error {
                    sqlstate: field('C'),
                    message: field('M'),
                    detail: field('D'),
                    hint: field('H'),
                    position: field('P'),
                };
            }
            b'T' => {
                let row = message.row();
                return Answer::Type(row.0, row.1, parameters);
            }
            b't' => {
                let oids = message.body.get(2..).unwrap_or_default().chunks_exact(4);
                parameters = oids.map(|oid| u32::from_be_bytes([oid[0], oid[1], oid[2], oid[3]])).collect();
            }
            b'n' => return Answer::Type(0, -1, parameters),
            _ => {}
        }
    }
    panic!("no answer to {statement}");
}

/// What of a RowDescription is compared.
trait Row {
    fn row(&self) -> (u32, i32);
}

impl Row for Message {
    fn row(&self) -> (u32, i32) {
        let columns = self.columns();
        let [column] = columns.as_slice() else { panic!("{} columns", columns.len()) };
        (column.oid, column.typmod)
    }
}
