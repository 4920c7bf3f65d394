//! The catalog's files against a PostgreSQL 15: every row that is PostgreSQL's says what PostgreSQL says.

use std::collections::HashMap;

use crate::support::postgres;
use crate::support::root;
use crate::support::wire::Wire;

/// Rows with larger OIDs are KalamDB's own.
const LARGEST: u32 = 12999;

/// Column by column what is not PostgreSQL's: table, OID, column, and why it differs.
const DIFFERENCES: &[(&str, u32, &str, &str)] = &[];

#[test]
fn rows_are_postgresqls() {
    let Some(postgres) = postgres::shared() else { return };
    let mut wire = Wire::plain(postgres.address()).unwrap();
    wire.login("app", "postgres", "").unwrap();
    let mut faults = Vec::new();
    for table in ["pg_type", "pg_proc", "pg_operator", "pg_cast"] {
        let query = std::fs::read_to_string(root().join(format!("scripts/catalog/{table}.sql"))).unwrap();
        let reply = wire.ok(&query);
        let theirs: HashMap<u32, &Vec<Option<String>>> =
            reply.rows.iter().map(|row| (row[0].as_deref().unwrap().parse().unwrap(), row)).collect();
        let columns: Vec<&str> = reply.columns.iter().map(|(name, _)| name.as_str()).collect();
        let mut reader = csv::Reader::from_path(root().join(format!("catalog/pg_catalog/{table}.csv"))).unwrap();
        assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), columns, "{table}");
        let mut last = 0;
        for record in reader.records() {
            let record = record.unwrap();
            let oid: u32 = record[0].parse().unwrap();
            assert!(oid > last, "{table}: {oid} is not in order");
            last = oid;
            if oid > LARGEST {
                continue;
            }
            let Some(row) = theirs.get(&oid) else {
                faults.push(format!("{table}: PostgreSQL has no {oid}"));
                continue;
            };
            for ((column, ours), theirs) in columns.iter().zip(&record).zip(row.iter()) {
                let known = DIFFERENCES.iter().any(|(of, row, name, _)| (*of, *row, name) == (table, oid, column));
                if ours != theirs.as_deref().unwrap_or_default() && !known {
                    faults.push(format!("{table} {oid} {column}: {ours:?}, PostgreSQL has {theirs:?}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Around the table of functions in docs/compatibility.md.
const MARKS: [&str; 2] = ["<!-- Written by `make compatibility`. -->\n", "<!-- The end of it. -->\n"];

fn read(path: &str) -> Vec<HashMap<String, String>> {
    let mut reader = csv::Reader::from_path(root().join(path)).unwrap();
    reader.deserialize().map(|row| row.unwrap()).collect()
}

/// The functions of one family that are there, and those that are not: by name, or by signature where only some of a
/// name are missing.
#[derive(Default)]
struct Family {
    there: Vec<(String, String)>,
    missing: Vec<(String, String)>,
}

impl Family {
    fn missing(&self) -> String {
        let is_whole = |name: &String| !self.there.iter().any(|(own, _)| own == name);
        let mut shown: Vec<String> = self
            .missing
            .iter()
            .map(|(name, signature)| if is_whole(name) { name.clone() } else { signature.clone() })
            .collect();
        shown.sort();
        shown.dedup();
        shown.join(", ")
    }
}

/// How many functions of each family of the manual's chapter 9 there are.
fn compatibility() -> String {
    let types: HashMap<String, String> = read("catalog/postgresql/pg_type.csv")
        .into_iter()
        .map(|row| (row["oid"].clone(), row["typname"].clone()))
        .collect();
    let functions = read("catalog/postgresql/pg_proc.csv");
    let functions: HashMap<&str, &HashMap<String, String>> =
        functions.iter().map(|row| (row["oid"].as_str(), row)).collect();
    let ours = read("catalog/pg_catalog/pg_proc.csv");
    let is_there = |oid: &str, row: &HashMap<String, String>| {
        // What PostgreSQL declares for a type of its own may be a function of our own here.
        let own = |ours: &HashMap<String, String>| {
            ours["oid"].parse::<u32>().unwrap() > LARGEST
                && ours["proname"] == row["proname"]
                && ours["pronargs"] == row["pronargs"]
        };
        ours.iter().any(|ours| ours["oid"] == oid || own(ours))
    };
    let mut families: Vec<(String, Family)> = Vec::new();
    for record in read("catalog/postgresql/families.csv") {
        let row = functions[record["oid"].as_str()];
        let arguments: Vec<&str> = row["proargtypes"]
            .split_whitespace()
            .map(|oid| types.get(oid).map_or(oid, |name| name.trim_start_matches('_')))
            .collect();
        let function = (row["proname"].clone(), format!("{}({})", row["proname"], arguments.join(", ")));
        let place = families.iter().position(|(name, _)| *name == record["family"]).unwrap_or_else(|| {
            families.push((record["family"].clone(), Family::default()));
            families.len() - 1
        });
        let family = &mut families[place].1;
        if is_there(&record["oid"], row) { &mut family.there } else { &mut family.missing }.push(function);
    }
    let section = |name: &str| name.split(['.', ' ']).nth(1).unwrap().parse::<u32>().unwrap();
    families.sort_by_key(|(name, _)| section(name));
    let (there, all) = families.iter().fold((0, 0), |(there, all), (_, family)| {
        (there + family.there.len(), all + family.there.len() + family.missing.len())
    });
    let mut text = String::from("| family | there | documented | not there |\n| --- | --- | --- | --- |\n");
    for (name, family) in &families {
        let all = family.there.len() + family.missing.len();
        text += &format!("| {name} | {} | {all} | {} |\n", family.there.len(), family.missing());
    }
    text + &format!("| all | {there} | {all} | |\n")
}

/// The table says what the catalog has.
#[test]
fn the_table_of_functions_is_what_the_catalog_has() {
    let path = root().join("docs/compatibility.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(MARKS[0]).expect("the table begins with its mark");
    let (table, after) = rest.split_once(MARKS[1]).expect("the table ends with its mark");
    let wanted = compatibility();
    if std::env::var_os("KALAM_WRITE").is_some() {
        std::fs::write(&path, format!("{before}{}{wanted}{}{after}", MARKS[0], MARKS[1])).unwrap();
    } else {
        assert!(table == wanted, "docs/compatibility.md is old: run `make compatibility`");
    }
}
