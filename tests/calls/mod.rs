//! Every function, operator, cast and aggregate of the catalog is called here and by a PostgreSQL 15, as constants
//! and over columns: the same value, the same type, the same SQLSTATE.
//!
//! Arguments are drawn from the edges of every type (`values.rs`), with NULLs between. A run is a seeded sample;
//! `make differential` calls everything more often. `KALAM_CALLS=100` sets how many calls each row gets,
//! `KALAM_CALLS_SEED` another seed, `KALAM_CALLS_ONLY=date_trunc` one name.

mod values;

use std::collections::BTreeMap;

use kalam::base::ids::Oid;
use kalam::catalog::facts::{Facts, FunctionFact, FunctionKind};

use crate::support::postgres;
use crate::support::server::Server;
use crate::support::wire::{Fields, Reply, Wire, bind, describe_portal, execute, parse, sync};
use values::{ELEMENTS, SPECIAL, VALUES, patterns};

/// Rows whose answer is about the server, the session, the moment or the catalog, by the beginning of their names.
const OF_THE_SERVER: &[&str] = &[
    "pg_",
    "has_",
    "obj_description",
    "col_description",
    "shobj_description",
    "current_",
    "inet_",
    "to_reg",
    "txid_",
    "row_security",
    "session_user",
    "version",
    "now",
    "statement_timestamp",
    "transaction_timestamp",
    "getdatabaseencoding",
    "format_type",
    "regclass",
    "regtype",
    "regproc",
    "regoper",
    "regnamespace",
    "regrole",
    "set_config",
    "setseed",
];

/// Differences that are meant: a part of the statement, and why.
const DIFFERENT: &[(&str, &str)] = &[
    ("\"cbrt\"", "the C library rounds the last digit otherwise"),
    ("\"age\"('infinity'", "PostgreSQL 15 computes with the bits of infinity; ours is 22008"),
    ("\"age\"(c0, c1) AS x FROM (VALUES ('infinity'", "the same over columns"),
];

struct Draw(u64);

impl Draw {
    /// The next pseudo-random number below a bound (Knuth's generator).
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % bound as u64) as usize
    }

    fn one(&mut self, of: &[&'static str]) -> &'static str {
        of[self.below(of.len())]
    }
}

/// What can be called: how the call is written around its arguments, and the arguments' types by name.
struct Callee {
    name: String,
    /// Pieces of text; the arguments stand between them.
    pieces: Vec<String>,
    types: Vec<String>,
    shape: Shape,
}

#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Scalar,
    Set,
    Aggregate,
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// A type as it is written: an array by brackets.
fn type_name(name: &str) -> String {
    name.strip_prefix('_').map_or_else(|| quoted(name), |element| format!("{}[]", quoted(element)))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A polymorphic type as a concrete one, by the element drawn for the call.
fn concrete(facts: &Facts, oid: Oid, element: &str) -> Option<String> {
    let name = facts.type_of(oid)?.name.clone();
    Some(match name.as_str() {
        "anyelement" | "anynonarray" | "anycompatible" | "anycompatiblenonarray" | "any" => element.into(),
        "anyarray" | "anycompatiblearray" => format!("_{element}"),
        _ => name,
    })
}

fn drawable(name: &str) -> bool {
    let name = name.strip_prefix('_').unwrap_or(name);
    VALUES.iter().any(|(known, _)| *known == name)
}

fn function(facts: &Facts, fact: &FunctionFact, element: &str, draw: &mut Draw) -> Option<Callee> {
    let mut arguments = fact.arguments.clone();
    // A variadic function takes any number of its last type.
    if fact.variadic != 0 {
        arguments.pop();
        let more = 1 + draw.below(3);
        arguments.extend(std::iter::repeat_n(fact.variadic, more));
    }
    let types = arguments.iter().map(|oid| concrete(facts, *oid, element)).collect::<Option<Vec<_>>>()?;
    if !types.iter().all(|name| drawable(name)) {
        return None;
    }
    let called = format!("{}.{}(", quoted(&fact.schema), quoted(&fact.name));
    let mut pieces = vec![called];
    pieces.extend(std::iter::repeat_n(", ".to_owned(), types.len().saturating_sub(1)));
    if types.is_empty() {
        pieces[0].push(')');
    } else {
        pieces.push(")".to_owned());
    }
    let shape = match fact.kind {
        FunctionKind::Function if fact.returns_set => Shape::Set,
        FunctionKind::Function => Shape::Scalar,
        FunctionKind::Aggregate if fact.aggregate_kind == 'n' => Shape::Aggregate,
        _ => return None,
    };
    Some(Callee { name: fact.name.clone(), pieces, types, shape })
}

fn hexadecimal(bytes: Vec<u8>) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    // Some processors and libraries give NaN a sign, which means nothing.
    match digits.as_str() {
        "fff8000000000000" => "7ff8000000000000".into(),
        "ffc00000" => "7fc00000".into(),
        _ => digits,
    }
}

fn is_called(facts: &Facts, fact: &FunctionFact) -> bool {
    let result = facts.type_of(fact.result).map_or("", |fact| fact.name.as_str());
    fact.volatility != 'v'
        && fact.schema == "pg_catalog"
        && !["cstring", "internal", "trigger", "", "pg_node_tree", "regtype"].contains(&result)
        && !OF_THE_SERVER.iter().any(|name| fact.name.starts_with(name))
        // Functions of the system that read and write values have no other business in SQL.
        && !facts.types().any(|data_type| [&data_type.output, &data_type.send].contains(&&fact.source))
}

/// A literal of a type, or NULL.
fn value(callee: &Callee, place: usize, draw: &mut Draw) -> String {
    let data_type = &callee.types[place];
    if draw.below(12) == 0 {
        return format!("NULL::{}", type_name(data_type));
    }
    if let Some(element) = data_type.strip_prefix('_') {
        let texts = texts_of(element);
        if let Some((_, _, texts)) = SPECIAL.iter().find(|(name, at, _)| *name == callee.name && *at == place) {
            return format!("'{}'::{}", draw.one(texts), type_name(data_type));
        }
        let items: Vec<String> = (0..draw.below(4))
            .map(|_| if draw.below(6) == 0 { "NULL".to_owned() } else { literal(draw.one(texts), element) })
            .collect();
        return format!("ARRAY[{}]::{}", items.join(", "), type_name(data_type));
    }
    let special = SPECIAL.iter().find(|(name, at, _)| *name == callee.name && *at == place);
    let texts = match special {
        Some((_, _, texts)) => texts,
        None if callee.name == "to_char" && place == 1 => patterns(&callee.types[0]),
        None => texts_of(data_type),
    };
    // What only some types read stays away from the others: ('1 day' is no number).
    let fits: Vec<&'static str> = texts.iter().copied().filter(|text| fits(text, data_type)).collect();
    let texts = if fits.is_empty() { texts_of(data_type) } else { fits.as_slice() };
    literal(draw.one(texts), data_type)
}

fn fits(text: &str, data_type: &str) -> bool {
    match data_type {
        "int2" | "int4" | "int8" => text.parse::<i64>().is_ok(),
        "float8" | "float4" | "numeric" => text.parse::<f64>().is_ok(),
        "interval" => {
            !text.starts_with(|first: char| first.is_ascii_digit())
                || text.contains(' ')
                || text.contains(':')
                || text == "0"
        }
        "date" | "timestamp" | "timestamptz" => text.contains('-') && text.len() > 5 || text.contains("infinity"),
        _ => true,
    }
}

fn texts_of(data_type: &str) -> &'static [&'static str] {
    VALUES.iter().find(|(name, _)| *name == data_type).map_or(&[], |(_, texts)| texts)
}

fn literal(text: &str, data_type: &str) -> String {
    format!("'{}'::{}", text.replace('\'', "''"), quoted(data_type))
}

fn written(callee: &Callee, arguments: &[String]) -> String {
    let mut text = callee.pieces[0].clone();
    for (argument, piece) in arguments.iter().zip(&callee.pieces[1..]) {
        text.push_str(argument);
        text.push_str(piece);
    }
    text
}

/// What a statement is answered with.
#[derive(PartialEq)]
struct Answer {
    sqlstate: String,
    types: Vec<Oid>,
    rows: Vec<Vec<Option<String>>>,
    message: String,
}

impl Answer {
    fn of(reply: Result<Reply, Fields>) -> Self {
        match reply {
            Ok(reply) => {
                let types = reply.columns.iter().map(|(_, oid)| *oid).collect();
                Self { sqlstate: String::new(), types, rows: reply.rows, message: String::new() }
            }
            Err(fields) => {
                let (sqlstate, message) = (fields.sqlstate().to_owned(), fields.message().to_owned());
                Self { sqlstate, types: Vec::new(), rows: Vec::new(), message }
            }
        }
    }

    /// The answer of the extended protocol, values in their binary form and shown as hexadecimal digits.
    fn binary(wire: &mut Wire, sql: &str) -> Self {
        let parts = [parse("", sql, &[]), bind("", "", 0, &[], 1), describe_portal(""), execute("", 0), sync()];
        wire.send(&parts.concat()).unwrap();
        let mut answer = Self { sqlstate: String::new(), types: Vec::new(), rows: Vec::new(), message: String::new() };
        for message in wire.until_ready().unwrap_or_else(|error| panic!("{sql}: {error}")) {
            match message.tag {
                b'T' => answer.types = message.columns().into_iter().map(|column| column.oid).collect(),
                b'D' => answer.rows.push(message.values().into_iter().map(|value| value.map(hexadecimal)).collect()),
                b'E' => {
                    let fields = message.fields();
                    answer = Self {
                        sqlstate: fields.sqlstate().to_owned(),
                        types: Vec::new(),
                        rows: Vec::new(),
                        message: fields.message().to_owned(),
                    };
                }
                _ => {}
            }
        }
        answer
    }

    fn equals(&self, other: &Self) -> bool {
        self.sqlstate == other.sqlstate && self.types == other.types && self.rows == other.rows
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.sqlstate.is_empty() {
            write!(f, "{:?} {:?}", self.types, self.rows)
        } else {
            write!(f, "{}: {}", self.sqlstate, self.message)
        }
    }
}

/// Both servers, and what was seen.
struct Comparison {
    ours: Wire,
    theirs: Wire,
    asked: usize,
    unsupported: BTreeMap<String, usize>,
    faults: Vec<String>,
}

impl Comparison {
    /// Asks both. `Some` when PostgreSQL had a value.
    fn ask(&mut self, name: &str, sql: &str) -> bool {
        let (theirs, ours) = (Answer::of(self.theirs.run(sql)), Answer::of(self.ours.run(sql)));
        self.compare(name, sql, &theirs, &ours)
    }

    /// As [`Comparison::ask`], by the extended protocol and in binary.
    fn ask_binary(&mut self, name: &str, sql: &str) -> bool {
        let (theirs, ours) = (Answer::binary(&mut self.theirs, sql), Answer::binary(&mut self.ours, sql));
        self.compare(name, sql, &theirs, &ours)
    }

    fn compare(&mut self, name: &str, sql: &str, theirs: &Answer, ours: &Answer) -> bool {
        self.asked += 1;
        let has_value = theirs.sqlstate.is_empty();
        // Ours says clearly what it does not have; theirs takes only so long.
        if ours.sqlstate == "0A000" && theirs.sqlstate != "0A000" {
            *self.unsupported.entry(format!("{name}: {}", ours.message)).or_default() += 1;
        } else if !ours.equals(theirs)
            && theirs.sqlstate != "57014"
            && !DIFFERENT.iter().any(|(part, _)| sql.contains(part))
        {
            self.faults.push(format!("{sql}\n    PostgreSQL: {theirs}\n    KalamDB:    {ours}"));
        }
        has_value
    }

    /// One call with several rows of arguments, as constants and then as columns.
    fn call(&mut self, callee: &Callee, draw: &mut Draw, rows: usize) {
        let mut good = Vec::new();
        for _ in 0..rows {
            let arguments: Vec<String> = (0..callee.types.len()).map(|place| value(callee, place, draw)).collect();
            let worked = match callee.shape {
                Shape::Scalar => self.ask(&callee.name, &format!("SELECT {} AS x", written(callee, &arguments))),
                Shape::Set => self.ask(&callee.name, &format!("SELECT * FROM {} AS x", written(callee, &arguments))),
                Shape::Aggregate => true,
            };
            if worked {
                good.push(format!("({})", arguments.join(", ")));
            }
            if callee.types.is_empty() {
                return;
            }
        }
        if good.is_empty() || callee.shape == Shape::Set {
            return;
        }
        let columns: Vec<String> = (0..callee.types.len()).map(|place| format!("c{place}")).collect();
        let call = written(callee, &columns);
        let list = columns.join(", ");
        let over_columns = format!("SELECT {call} AS x FROM (VALUES {}) AS v({list})", good.join(", "));
        if self.ask(&callee.name, &over_columns) {
            self.ask_binary(&callee.name, &over_columns);
        }
    }
}

fn comparison() -> Option<(Comparison, Server)> {
    let postgres = postgres::shared()?;
    let mut theirs = Wire::plain(postgres.address()).unwrap();
    theirs.login("app", "postgres", "").unwrap();
    let server = Server::plain();
    let mut ours = Wire::connect(&server);
    for wire in [&mut ours, &mut theirs] {
        wire.ok("SET statement_timeout = '5s'; SET TimeZone = 'UTC'");
    }
    Some((Comparison { ours, theirs, asked: 0, unsupported: BTreeMap::new(), faults: Vec::new() }, server))
}

impl Comparison {
    fn finish(self, what: &str) {
        let refused: usize = self.unsupported.values().sum();
        println!("{what}: {} calls, {refused} of them 0A000", self.asked);
        for (name, count) in &self.unsupported {
            println!("    {count} × {name}");
        }
        assert!(self.asked > 0, "nothing was called");
        let shown: Vec<&String> = self.faults.iter().take(number("KALAM_CALLS_SHOWN", 40) as usize).collect();
        let text = shown.iter().map(|fault| fault.as_str()).collect::<Vec<_>>().join("\n");
        assert!(self.faults.is_empty(), "{} differences in {} calls:\n{text}", self.faults.len(), self.asked);
    }
}

fn is_asked_for(name: &str) -> bool {
    std::env::var("KALAM_CALLS_ONLY").map_or(true, |only| only == name)
}

#[test]
fn functions() {
    let Some((mut both, _server)) = comparison() else { return };
    let facts = Facts::shipped();
    let calls = number("KALAM_CALLS", 3) as usize;
    let mut seen = 0;
    for fact in facts.functions().filter(|fact| is_called(facts, fact) && is_asked_for(&fact.name)) {
        // Each row has a sequence of its own, so that a new one does not change the others' calls.
        let mut draw = Draw(number("KALAM_CALLS_SEED", 1).wrapping_mul(0x9e37_79b9) ^ u64::from(fact.oid) << 20);
        for _ in 0..calls.div_ceil(6) {
            let element = draw.one(ELEMENTS);
            let Some(callee) = function(facts, fact, element, &mut draw) else { continue };
            seen += 1;
            both.call(&callee, &mut draw, calls.min(6));
        }
    }
    println!("{seen} functions");
    both.finish("functions");
}

#[test]
fn operators() {
    let Some((mut both, _server)) = comparison() else { return };
    let facts = Facts::shipped();
    let calls = number("KALAM_CALLS", 3) as usize;
    for fact in facts.operators().filter(|fact| is_asked_for(&fact.name)) {
        let mut draw = Draw(number("KALAM_CALLS_SEED", 1).wrapping_mul(0x9e37_79b9) ^ u64::from(fact.oid) << 20);
        for _ in 0..calls.div_ceil(6) {
            let element = draw.one(ELEMENTS);
            let sides = [fact.left, fact.right].into_iter().filter(|oid| *oid != 0);
            let Some(types) = sides.map(|oid| concrete(facts, oid, element)).collect::<Option<Vec<_>>>() else {
                continue;
            };
            if !types.iter().all(|name| drawable(name)) {
                continue;
            }
            let operator = format!("OPERATOR(pg_catalog.{})", fact.name);
            let pieces = if fact.left == 0 {
                vec![format!("{operator} "), String::new()]
            } else {
                vec![String::new(), format!(" {operator} "), String::new()]
            };
            // A regular expression is drawn for what is matched against one.
            let is_pattern = types.len() == 2 && ["~", "~*", "!~", "!~*"].contains(&fact.name.as_str());
            let name = if is_pattern { "textregexeq" } else { fact.name.as_str() };
            let callee = Callee { name: name.into(), pieces, types, shape: Shape::Scalar };
            both.call(&callee, &mut draw, calls.min(6));
        }
    }
    both.finish("operators");
}

#[test]
fn casts() {
    let Some((mut both, _server)) = comparison() else { return };
    let facts = Facts::shipped();
    let calls = number("KALAM_CALLS", 3) as usize;
    for fact in facts.casts() {
        let names = [fact.source, fact.target].map(|oid| facts.type_of(oid).map(|fact| fact.name.clone()));
        let [Some(source), Some(target)] = names else { continue };
        if !drawable(&source) || !is_asked_for(&target) || target.starts_with("reg") {
            continue;
        }
        let mut draw = Draw(number("KALAM_CALLS_SEED", 1) ^ u64::from(fact.source) << 32 ^ u64::from(fact.target));
        let pieces = vec!["CAST(".to_owned(), format!(" AS {})", quoted(&target))];
        let callee =
            Callee { name: format!("{source} as {target}"), pieces, types: vec![source], shape: Shape::Scalar };
        both.call(&callee, &mut draw, calls * 2);
    }
    both.finish("casts");
}
