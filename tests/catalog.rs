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
