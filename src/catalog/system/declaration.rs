//! Reads the declarations of the system's tables: a small and strict subset of CREATE TABLE.
//!
//! ```sql
//! CREATE TABLE pg_catalog.pg_am (
//!     oid     oid NOT NULL,
//!     amname  name NOT NULL
//! ) WITH (oid = 2601);
//! ```
//!
//! One column a line; comment lines anywhere between statements. The files are part of the program: what
//! does not fit is a bug, and the tests read them all.

use super::table::SystemColumn;
use crate::base::ids::Oid;
use crate::catalog::types::PgType;

/// One declared table.
#[derive(Debug)]
pub(super) struct Declaration {
    pub(super) oid: Oid,
    pub(super) schema: &'static str,
    pub(super) name: &'static str,
    pub(super) columns: Vec<SystemColumn>,
}

/// The declarations of a file.
///
/// # Panics
/// When the file is not written as above.
pub(super) fn read(text: &'static str) -> Vec<Declaration> {
    let mut declarations = Vec::new();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("--"));
    while let Some(head) = lines.next() {
        let name = head.strip_prefix("CREATE TABLE ").and_then(|head| head.strip_suffix(" ("));
        let (schema, name) =
            name.and_then(|name| name.split_once('.')).unwrap_or_else(|| panic!("not a CREATE TABLE: {head}"));
        let mut columns = Vec::new();
        let oid = loop {
            let line = lines.next().unwrap_or_else(|| panic!("{name} does not end"));
            if let Some(tail) = line.strip_prefix(") WITH (oid = ") {
                let digits = tail.strip_suffix(");").unwrap_or_else(|| panic!("{name}: {line}"));
                break digits.parse().unwrap_or_else(|_| panic!("{name}: {line}"));
            }
            columns.push(column(line.trim_end_matches(',')).unwrap_or_else(|| panic!("{name}: {line}")));
        };
        declarations.push(Declaration { oid, schema, name, columns });
    }
    declarations
}

fn column(line: &'static str) -> Option<SystemColumn> {
    let (name, rest) = line.split_once(' ')?;
    let rest = rest.trim();
    let (type_name, not_null) = match rest.strip_suffix(" NOT NULL") {
        Some(type_name) => (type_name, true),
        None => (rest, false),
    };
    let data_type = match type_name.strip_suffix("[]") {
        Some(element) => PgType::Array(Box::new(PgType::from_sql(element, &[]).ok()?)),
        None => PgType::from_sql(type_name, &[]).ok()?,
    };
    Some(SystemColumn { name, data_type, not_null })
}
