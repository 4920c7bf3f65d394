//! What names and types mean, against a PostgreSQL 15: operators, functions, casts and common types over pairs of
//! types, with the error's words, hint and place.
//!
//! PostgreSQL only parses and describes the statements, so that nothing runs. The facts are its own rows, all of
//! them; what the shipped rows say is compared as well, where 0A000 is allowed for what they do not know. A run
//! asks a seeded sample; `make resolution` asks everything.

mod oracle;
mod question;

use std::collections::BTreeSet;

use kalam::catalog::facts::{Facts, FunctionKind, Texts};

use crate::support::postgres;
use crate::support::root;
use crate::support::wire::Wire;
use oracle::{Answer, Oracle};
use question::{Mark, Operand, Question};

/// Types beside the shipped ones that the questions are about.
const FOREIGN_TYPES: &[&str] = &[
    "character",
    "bit",
    "bit varying",
    "money",
    "point",
    "circle",
    "path",
    "inet",
    "cidr",
    "macaddr",
    "xml",
    "time with time zone",
    "tsvector",
    "tsquery",
    "jsonpath",
    "int4range",
    "tstzrange",
    "int8multirange",
    "nummultirange",
    "character[]",
    "int4range[]",
    "inet[]",
    "record",
    "pg_lsn",
    "txid_snapshot",
];

const TABLES: [&str; 4] = ["pg_type", "pg_proc", "pg_operator", "pg_cast"];

/// So many trees of accepted statements are looked at in one test, for the operator or function in them.
const TREES: usize = 300;

/// One question of so many is asked.
struct Sample {
    state: u64,
    one_in: u64,
}

impl Sample {
    fn new(one_in: u64) -> Self {
        let everything = std::env::var_os("KALAM_RESOLUTION_ALL").is_some();
        let seed = std::env::var("KALAM_RESOLUTION_SEED").ok().and_then(|seed| seed.parse().ok());
        Self { state: seed.unwrap_or(20_260_101), one_in: if everything { 1 } else { one_in } }
    }

    /// The next pseudo-random number below a bound (Knuth's generator).
    fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.state >> 33) % bound as u64) as usize
    }

    fn takes(&mut self) -> bool {
        self.one_in == 1 || self.below(self.one_in as usize) == 0
    }
}

/// What every test here starts with: the server, its rows, operands.
struct Setting {
    oracle: Oracle,
    facts: Facts,
    /// All operands; the first ones are of shipped types.
    operands: Vec<Operand>,
    shipped: usize,
}

fn setting() -> Option<Setting> {
    let postgres = postgres::shared()?;
    let mut wire = Wire::plain(postgres.address()).unwrap();
    wire.login("app", "postgres", "").unwrap();
    let facts = all_facts(&mut wire);
    let shipped = Facts::shipped();
    let mut operands = vec![Operand::unknown(), Operand::parameter()];
    let mut named: Vec<(u32, String)> = wire
        .ok("SELECT oid, format_type(oid, NULL) FROM pg_type WHERE typtype <> 'p' ORDER BY oid")
        .rows
        .into_iter()
        .map(|row| (row[0].as_deref().unwrap().parse().unwrap(), row[1].clone().unwrap()))
        .filter(|(oid, _)| shipped.type_of(*oid).is_some())
        .collect();
    let arrays = [1005, 1007, 1009, 1016, 1022, 1115, 1231, 3807, 1015, 1000, 1028];
    named.retain(|(oid, _)| shipped.type_of(*oid).unwrap().category != 'A' || arrays.contains(oid) || *oid < 40);
    operands.extend(named.into_iter().map(|(oid, name)| Operand::new(oid, -1, &name)));
    let count = operands.len();
    for name in FOREIGN_TYPES {
        let oid = wire.value(&format!("SELECT '{name}'::regtype::oid")).parse().unwrap();
        if shipped.type_of(oid).is_none() {
            operands.push(Operand::new(oid, -1, name));
        }
    }
    Some(Setting { oracle: Oracle::new(wire), facts, operands, shipped: count })
}

/// All rows of a table as CSV with a header.
fn rows_of(wire: &mut Wire, table: &str) -> String {
    let query = std::fs::read_to_string(root().join(format!("scripts/catalog/{table}.sql"))).unwrap();
    let reply = wire.ok(&query);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(reply.columns.iter().map(|(name, _)| name)).unwrap();
    for row in &reply.rows {
        writer.write_record(row.iter().map(|value| value.as_deref().unwrap_or_default())).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

fn all_facts(wire: &mut Wire) -> Facts {
    let [types, functions, operators, casts] = TABLES.map(|table| rows_of(wire, table));
    let texts = Texts { types: &types, functions: &functions, operators: &operators, casts: &casts };
    Facts::parse(&texts).unwrap()
}

impl Setting {
    /// Asks both and compares. `is_shipped` says whether a question uses shipped types only.
    fn compare(&mut self, questions: &[Question]) {
        let statements: Vec<String> = questions.iter().map(Question::sql).collect();
        let theirs = self.oracle.ask(&statements);
        let mut faults = Vec::new();
        let (mut counts, mut accepted) = ([0usize; 3], Vec::new());
        for ((question, sql), theirs) in questions.iter().zip(&statements).zip(theirs) {
            let index = counts[0] + counts[1];
            if matches!(theirs, Answer::Type(..)) {
                accepted.push(index);
            }
            counts[usize::from(matches!(theirs, Answer::Type(..)))] += 1;
            if !theirs.is_about_resolution() {
                continue;
            }
            let ours = question.answer(&self.facts, true, sql);
            if !question.agree(&ours, &theirs) {
                faults.push(format!("{sql}\n  PostgreSQL: {theirs}\n   all facts: {ours}"));
            }
            if question.operands().iter().all(|operand| Facts::shipped().type_of(operand.oid).is_some()) {
                let ours = question.answer(Facts::shipped(), false, sql);
                counts[2] += usize::from(ours.is_unsupported());
                if !question.agree(&ours, &theirs) && !ours.is_unsupported() {
                    faults.push(format!("{sql}\n  PostgreSQL: {theirs}\n     shipped: {ours}"));
                }
            }
        }
        let mut looked_at = 0;
        for index in accepted {
            let (question, sql) = (&questions[index], &statements[index]);
            let ours = question.chosen(&self.facts);
            let theirs = if ours == 0 || looked_at == TREES { None } else { self.oracle.chosen(sql) };
            looked_at += usize::from(theirs.is_some());
            if theirs.is_some_and(|theirs| theirs != ours) {
                faults.push(format!("{sql}\n  PostgreSQL: row {theirs:?}\n   all facts: row {ours}"));
            }
        }
        let [refused, accepted, unsupported] = counts;
        println!(
            "{} questions: {accepted} have a type, {refused} have none, {unsupported} not shipped, {looked_at} trees",
            questions.len()
        );
        assert!(accepted > 0 && refused > 0, "the questions say nothing");
        faults.dedup();
        let shown: Vec<&str> = faults.iter().take(60).map(String::as_str).collect();
        assert!(faults.is_empty(), "{} answers differ:\n{}", faults.len(), shown.join("\n"));
    }
}

/// The rows beside the shipped ones are PostgreSQL's. Rows with larger OIDs are numbered by each initdb.
#[test]
fn all_rows_are_postgresqls() {
    let Some(postgres) = postgres::shared() else { return };
    let mut wire = Wire::plain(postgres.address()).unwrap();
    wire.login("app", "postgres", "").unwrap();
    for table in TABLES {
        let theirs = rows_of(&mut wire, table);
        let ours = std::fs::read_to_string(root().join(format!("catalog/postgresql/{table}.csv"))).unwrap();
        let known = |text: &str| -> Vec<Vec<String>> {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
            let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>());
            let mut rows: Vec<_> = rows.filter(|row| row[0].parse::<u32>().is_ok_and(|oid| oid < 10_000)).collect();
            rows.sort();
            rows
        };
        assert!(known(&ours) == known(&theirs), "catalog/postgresql/{table}.csv differs");
        assert!(
            ours.lines().all(|line| line.starts_with(|c: char| c.is_ascii_alphanumeric())),
            "{table}: a line break"
        );
    }
}

#[test]
fn operators_are_postgresqls() {
    let Some(mut setting) = setting() else { return };
    let names: BTreeSet<String> = setting.facts.operators().map(|fact| fact.name.clone()).collect();
    let mut sample = Sample::new(40);
    let mut questions = Vec::new();
    for name in &names {
        for right in &setting.operands {
            if sample.takes() {
                questions.push(Question::Operator { name: name.clone(), left: None, right: right.clone() });
            }
            for left in &setting.operands {
                if sample.takes() {
                    let (left, right) = (Some(left.clone()), right.clone());
                    questions.push(Question::Operator { name: name.clone(), left, right });
                }
            }
        }
    }
    setting.compare(&questions);
}

#[test]
fn operators_over_arrays_are_postgresqls() {
    let Some(mut setting) = setting() else { return };
    let mut sample = Sample::new(20);
    let mut questions = Vec::new();
    for name in ["=", "<>", "<", "~~", "||", "@>", "->", "~"] {
        for left in &setting.operands {
            for right in &setting.operands {
                if sample.takes() {
                    let (name, left, right) = (name.to_owned(), left.clone(), right.clone());
                    questions.push(Question::ArrayOperator { name, left, right });
                }
            }
        }
    }
    setting.compare(&questions);
}

#[test]
fn functions_are_postgresqls() {
    let Some(mut setting) = setting() else { return };
    let mut names: Vec<(String, usize)> = setting
        .facts
        .functions()
        // Those of extensions are not PostgreSQL's own.
        .filter(|fact| fact.kind != FunctionKind::Procedure && fact.oid < 10_000)
        .map(|fact| (fact.name.clone(), fact.oid as usize))
        .collect();
    names.sort();
    let mut sample = Sample::new(4);
    let mut questions = Vec::new();
    for (name, oid) in names {
        if !sample.takes() {
            continue;
        }
        let fact = setting.facts.function(oid as u32).unwrap().clone();
        // What the function wants, with some arguments exchanged, dropped or added.
        for variant in 0..6 {
            let mut wanted: Vec<Operand> = fact
                .arguments
                .iter()
                .map(|oid| {
                    let random = setting.operands[sample.below(setting.operands.len())].clone();
                    match setting.operands.iter().find(|operand| operand.oid == *oid) {
                        Some(operand) if variant == 0 || sample.below(3) > 0 => operand.clone(),
                        _ if variant < 2 => Operand::unknown(),
                        _ => random,
                    }
                })
                .collect();
            match variant {
                3 => drop(wanted.pop()),
                4 => wanted.push(setting.operands[sample.below(setting.shipped)].clone()),
                _ => {}
            }
            let mut names = Vec::new();
            if variant == 5 && wanted.len() == fact.names.len() && !wanted.is_empty() {
                names = fact.names[sample.below(wanted.len())..].to_vec();
                names.reverse();
                names.retain(|name| !name.is_empty());
            }
            questions.push(Question::Function { name: name.clone(), arguments: wanted, names });
        }
    }
    setting.compare(&questions);
}

/// What only aggregates and window functions may have, at all kinds of functions.
#[test]
fn marks_of_calls_are_judged_as_postgresql_does() {
    let Some(mut setting) = setting() else { return };
    let number = Operand::new(701, -1, "double precision");
    let operands = |oids: &[u32]| -> Vec<Operand> {
        let operand = |oid: &u32| match oid {
            701 => number.clone(),
            _ => setting.operands.iter().find(|operand| operand.oid == *oid).unwrap().clone(),
        };
        oids.iter().map(operand).collect()
    };
    let calls: &[(&str, &[u32])] = &[
        ("upper", &[25]),
        ("upper", &[16]),
        ("now", &[]),
        ("text", &[23]),
        ("count", &[]),
        ("count", &[23]),
        ("sum", &[23]),
        ("string_agg", &[25, 25]),
        ("string_agg", &[25]),
        ("percentile_cont", &[701, 701]),
        ("percentile_cont", &[701, 701, 701]),
        ("percentile_disc", &[701, 25]),
        ("mode", &[25]),
        ("mode", &[]),
        ("rank", &[]),
        ("rank", &[23, 23]),
        ("rank", &[23, 701, 25, 25]),
        ("rank", &[23, 705, 25, 25]),
        ("rank", &[16, 23]),
        ("dense_rank", &[23]),
        ("row_number", &[]),
        ("row_number", &[23]),
        ("lag", &[25]),
        ("lag", &[25, 23, 705]),
        ("lag", &[25, 23, 23]),
        ("ntile", &[705]),
        ("first_value", &[23]),
        ("concat", &[25, 1009]),
        ("concat", &[25, 25]),
        ("concat", &[1009]),
        ("format", &[705, 705]),
        ("jsonb_extract_path", &[3802, 1009]),
        ("jsonb_extract_path", &[3802, 705]),
        ("num_nulls", &[1007]),
        ("jsonb_extract_path", &[3802, 25, 25]),
        ("json_build_object", &[1009]),
        ("nosuch", &[25, 25]),
        ("generate_series", &[23, 23]),
        ("xmlagg", &[]),
        ("every", &[16]),
        ("array_agg", &[23]),
    ];
    let mut questions = Vec::new();
    for (name, oids) in calls {
        let arguments = operands(oids);
        let mut marks = vec![Mark::Star, Mark::Filter, Mark::Over];
        if !arguments.is_empty() {
            marks.extend([Mark::Distinct, Mark::OrderBy(1), Mark::OrderBy(2), Mark::Variadic]);
            marks.extend((0..arguments.len()).map(Mark::WithinGroup));
        }
        for mark in marks {
            let (name, arguments) = ((*name).to_owned(), arguments.clone());
            questions.push(Question::Marked { name, arguments, mark });
        }
    }
    setting.compare(&questions);
}

/// The names of types are functions, too.
#[test]
fn casts_in_disguise_are_postgresqls() {
    let Some(mut setting) = setting() else { return };
    let types: BTreeSet<String> = setting
        .operands
        .iter()
        .filter_map(|operand| setting.facts.type_of(operand.oid))
        .map(|fact| fact.name.clone())
        .collect();
    let mut sample = Sample::new(6);
    let mut questions = Vec::new();
    for name in types {
        for argument in &setting.operands {
            if sample.takes() {
                let (name, arguments) = (name.clone(), vec![argument.clone()]);
                questions.push(Question::Function { name, arguments, names: Vec::new() });
            }
        }
    }
    setting.compare(&questions);
}

#[test]
fn casts_are_postgresqls() {
    let Some(mut setting) = setting() else { return };
    let modified = [
        Operand::new(1043, 9, "character varying(5)"),
        Operand::new(1700, 655_366, "numeric(10,2)"),
        Operand::new(1042, 7, "character(3)"),
        Operand::new(1114, 3, "timestamp(3) without time zone"),
        Operand::new(1186, 2_147_418_114, "interval(2)"),
        Operand::new(1560, 3, "bit(3)"),
        Operand::new(1015, 9, "character varying(5)[]"),
        Operand::new(1231, 655_366, "numeric(10,2)[]"),
    ];
    let operands: Vec<Operand> = setting.operands.iter().cloned().chain(modified).collect();
    let mut sample = Sample::new(5);
    let mut questions = Vec::new();
    for source in &operands {
        for target in operands.iter().filter(|target| !target.is_unknown()) {
            if sample.takes() {
                questions.push(Question::Cast { source: source.clone(), target: target.clone() });
            }
        }
    }
    setting.compare(&questions);
}

#[test]
fn implicit_and_assignment_casts_are_postgresqls() {
    let Some(mut setting) = setting() else { return };
    let mut sample = Sample::new(5);
    let mut questions = Vec::new();
    for target in setting.operands.clone().iter().filter(|target| !target.is_unknown() && target.oid != 2249) {
        setting.oracle.target(target);
        for source in &setting.operands {
            if sample.takes() {
                let (source, target) = (source.clone(), target.clone());
                questions.push(Question::Implicit { source: source.clone(), target: target.clone() });
                questions.push(Question::Assignment { source, target });
            }
        }
    }
    setting.compare(&questions);
}

#[test]
fn common_types_are_postgresqls() {
    let Some(mut setting) = setting() else { return };
    let mut sample = Sample::new(10);
    let mut questions = Vec::new();
    for one in &setting.operands {
        for two in &setting.operands {
            if sample.takes() {
                questions.push(Question::Common { operands: vec![one.clone(), two.clone()] });
            }
            if sample.takes() {
                let three = setting.operands[sample.below(setting.operands.len())].clone();
                questions.push(Question::Common { operands: vec![one.clone(), two.clone(), three] });
            }
        }
    }
    setting.compare(&questions);
}
