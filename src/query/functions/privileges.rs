//! `has_table_privilege` and its kin: what a user may do.
//!
//! There are no grants. A user's token says whether it reads, writes or owns ([`Rights`]); everybody may read, use
//! schemas and types and call functions. Nobody changes the system's relations.

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

use super::lookup;
use super::names;
use super::rowwise::Argument::Any;
use super::rowwise::{Body, Row, Rowwise};
use crate::base::ids::{Oid, TableId};
use crate::catalog::SYSTEM_DATABASE;
use crate::catalog::facts::Facts;
use crate::catalog::system::role_oid;
use crate::catalog::types::PgType;
use crate::error::{CatalogError, QueryError, Result};
use crate::query::environment::{Environment, Rights};
use crate::query::{ScalarValue, system};

/// All functions of this file.
pub fn functions() -> Vec<Arc<ScalarUDF>> {
    let of_two: [(&'static str, Body); 10] = [
        ("has_table_privilege", table),
        ("has_any_column_privilege", any_column),
        ("has_schema_privilege", schema),
        ("has_database_privilege", database),
        ("has_function_privilege", function),
        ("has_sequence_privilege", sequence),
        ("has_language_privilege", language),
        ("has_tablespace_privilege", tablespace),
        ("has_type_privilege", data_type),
        ("pg_has_role", role),
    ];
    let mut all: Vec<Arc<ScalarUDF>> = of_two
        .into_iter()
        .map(|(name, body)| Rowwise::new(name, &[Any, Any, Any], PgType::Bool, body).optional(1).build())
        .collect();
    all.push(Rowwise::new("has_column_privilege", &[Any, Any, Any, Any], PgType::Bool, column).optional(1).build());
    all
}

fn answer(allowed: bool) -> Result<ScalarValue> {
    Ok(ScalarValue::Boolean(Some(allowed)))
}

/// The object is not there: a number means nothing.
fn unknown() -> Result<ScalarValue> {
    Ok(ScalarValue::Boolean(None))
}

/// A call: whose rights are asked for, and where the other arguments begin.
struct Asked {
    rights: Rights,
    first: usize,
}

/// With `arguments` arguments the user is the first one; with one less it is who asks.
fn asked(environment: &Environment, row: &Row<'_>, arguments: usize) -> Result<Asked> {
    if row.kind(arguments - 1).is_none() {
        return Ok(Asked { rights: environment.host.rights(), first: 0 });
    }
    let none = Rights { writes: false, defines: false };
    let user = match row.text(0) {
        Some("public") => return Ok(Asked { rights: none, first: 1 }),
        Some(name) => user_oid(environment, name)?,
        None => row.integer(0).and_then(|oid| Oid::try_from(oid).ok()).unwrap_or(0),
    };
    let rights = if user == role_oid(&environment.user) {
        environment.host.rights()
    } else if system::role_name(environment, user).is_some() {
        // Whoever is known beside the user itself owns something.
        Rights { writes: true, defines: true }
    } else {
        none
    };
    Ok(Asked { rights, first: 1 })
}

fn user_oid(environment: &Environment, name: &str) -> Result<Oid> {
    let oid = role_oid(name);
    let known = system::role_name(environment, oid).is_some();
    if known { Ok(oid) } else { Err(CatalogError::UnknownRole(name.to_owned()).into()) }
}

/// The privileges of a list such as `SELECT, INSERT WITH GRANT OPTION`, and whether they may be granted on.
fn privileges(text: &str, known: &[&'static str]) -> Result<Vec<(&'static str, bool)>> {
    text.split(',')
        .map(|part| {
            let part = part.trim();
            let upper = part.to_ascii_uppercase();
            let (name, grant) = match upper.strip_suffix(" WITH GRANT OPTION") {
                Some(name) => (name.trim_end(), true),
                None => (upper.as_str(), false),
            };
            let found = known.iter().find(|known| **known == name);
            found.map(|name| (*name, grant)).ok_or_else(|| {
                QueryError::InvalidParameterValue(format!("unrecognized privilege type: \"{part}\"")).into()
            })
        })
        .collect()
}

/// Is one of the privileges there?
fn any(asked: &Asked, row: &Row<'_>, place: usize, known: &[&'static str], has: impl Fn(&str) -> bool) -> Result<bool> {
    let privileges = privileges(row.text(place).unwrap_or_default(), known)?;
    Ok(privileges.into_iter().any(|(name, grant)| has(name) && (!grant || asked.rights.defines)))
}

/// The OID of the object that an argument names as `kind`.
fn object(row: &Row<'_>, place: usize, kind: &PgType) -> Result<Oid> {
    Ok(row.oid(place, kind)?.unwrap_or(0))
}

const TABLE: [&str; 7] = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"];
const COLUMN: [&str; 4] = ["SELECT", "INSERT", "UPDATE", "REFERENCES"];

/// What may be done with a relation; `None` when there is none.
fn relation_allows(environment: &Environment, rights: Rights, relation: Oid) -> Option<impl Fn(&str) -> bool + use<>> {
    let own = environment.catalog.table_by_id(TableId(relation)).is_some();
    names::relation_by_oid(&environment.catalog, relation)?;
    Some(move |privilege: &str| match privilege {
        "SELECT" => true,
        "INSERT" | "UPDATE" | "DELETE" => own && rights.writes,
        _ => own && rights.defines,
    })
}

fn relation(environment: &Environment, row: &Row<'_>, known: &[&'static str]) -> Result<ScalarValue> {
    let asked = asked(environment, row, 3)?;
    let oid = object(row, asked.first, &PgType::Regclass)?;
    let Some(has) = relation_allows(environment, asked.rights, oid) else {
        privileges(row.text(asked.first + 1).unwrap_or_default(), known)?;
        return unknown();
    };
    answer(any(&asked, row, asked.first + 1, known, has)?)
}

fn table(environment: &Environment, row: &Row<'_>) -> Result<ScalarValue> {
    relation(environment, row, &TABLE)
}

fn any_column(environment: &Environment, row: &Row<'_>) -> Result<ScalarValue> {
    relation(environment, row, &COLUMN)
}

fn column(environment: &Environment, row: &Row<'_>) -> Result<ScalarValue> {
    let asked = asked(environment, row, 4)?;
    let oid = object(row, asked.first, &PgType::Regclass)?;
    let place = asked.first + 1;
    let Some(columns) = names::columns_of(&environment.catalog, oid) else {
        privileges(row.text(place + 1).unwrap_or_default(), &COLUMN)?;
        return unknown();
    };
    let there = match row.text(place) {
        Some(name) if !columns.iter().any(|column| column == name) => {
            let table = names::relation_by_oid(&environment.catalog, oid).map(|(_, name)| name).unwrap_or_default();
            return Err(CatalogError::UnknownColumn { column: name.to_owned(), table }.into());
        }
        Some(_) => true,
        None => row
            .integer(place)
            .is_some_and(|number| usize::try_from(number).is_ok_and(|number| (1..=columns.len()).contains(&number))),
    };
    let Some(has) = relation_allows(environment, asked.rights, oid) else { return unknown() };
    let allowed = any(&asked, row, place + 1, &COLUMN, has)?;
    if there { answer(allowed) } else { unknown() }
}

fn schema(environment: &Environment, row: &Row<'_>) -> Result<ScalarValue> {
    let asked = asked(environment, row, 3)?;
    let found = match row.text(asked.first) {
        Some(name) => {
            let found = lookup::schemas(&environment.catalog).find(|(own, _)| own == name);
            Some(found.ok_or_else(|| CatalogError::UnknownSchema(name.to_owned()))?)
        }
        None => {
            let oid = object(row, asked.first, &PgType::Regnamespace)?;
            lookup::schemas(&environment.catalog).find(|(_, own)| *own == oid)
        }
    };
    let is_own = |name: &str| environment.catalog.schemas().any(|schema| schema.name == name);
    let defines = asked.rights.defines;
    let has =
        |privilege: &str| privilege == "USAGE" || (defines && found.as_ref().is_some_and(|(name, _)| is_own(name)));
    let allowed = any(&asked, row, asked.first + 1, &["CREATE", "USAGE"], has)?;
    if found.is_some() { answer(allowed) } else { unknown() }
}

fn database(environment: &Environment, row: &Row<'_>) -> Result<ScalarValue> {
    let asked = asked(environment, row, 3)?;
    let tenant = &environment.catalog.tenant;
    let there = match row.text(asked.first) {
        Some(name) if name != tenant.name => return Err(CatalogError::UnknownDatabase(name.to_owned()).into()),
        Some(_) => true,
        None => row.integer(asked.first) == Some(i64::from(tenant.id.0)),
    };
    // There are no temporary tables.
    let defines = asked.rights.defines;
    let has = |privilege: &str| match privilege {
        "CONNECT" => true,
        "CREATE" => defines,
        _ => false,
    };
    let known = ["CREATE", "TEMPORARY", "TEMP", "CONNECT"];
    let allowed = any(&asked, row, asked.first + 1, &known, has)?;
    if there { answer(allowed) } else { unknown() }
}

fn function(environment: &Environment, row: &Row<'_>) -> Result<ScalarValue> {
    let asked = asked(environment, row, 3)?;
    let facts = Facts::shipped();
    let there = match row.text(asked.first) {
        Some(signature) => {
            let name = signature.split('(').next().unwrap_or_default().trim();
            let name = name.strip_prefix("pg_catalog.").unwrap_or(name).to_ascii_lowercase();
            if facts.functions_named(&name).next().is_none() {
                return Err(QueryError::UndefinedFunction(format!("\"{signature}\"")).into());
            }
            true
        }
        None => facts.function(object(row, asked.first, &PgType::Regproc)?).is_some(),
    };
    let allowed = any(&asked, row, asked.first + 1, &["EXECUTE"], |_| true)?;
    if there { answer(allowed) } else { unknown() }
}

/// There are no sequences.
fn sequence(environment: &Environment, row: &Row<'_>) -> Result<ScalarValue> {
    let asked = asked(environment, row, 3)?;
    let oid = object(row, asked.first, &PgType::Regclass)?;
    privileges(row.text(asked.first + 1).unwrap_or_default(), &["USAGE", "SELECT", "UPDATE"])?;
    match names::relation_by_oid(&environment.catalog, oid) {
        Some((_, name)) => Err(QueryError::WrongObject(format!("\"{name}\" is not a sequence")).into()),
        None => unknown(),
    }
}

/// The languages of the functions that there are, with their OIDs.
const LANGUAGES: [(&str, Oid); 3] = [("internal", 12), ("c", 13), ("sql", 14)];
const TABLESPACES: [(&str, Oid); 2] = [("pg_default", 1663), ("pg_global", 1664)];

/// Is an object of one of these names or numbers there? 42704 for another name.
fn one_of(row: &Row<'_>, place: usize, what: &str, known: &[(&str, Oid)]) -> Result<bool> {
    match row.text(place) {
        Some(name) if known.iter().any(|(own, _)| *own == name) => Ok(true),
        Some(name) => Err(QueryError::UndefinedObject(format!("{what} \"{name}\" does not exist")).into()),
        None => Ok(known.iter().any(|(_, oid)| row.integer(place) == Some(i64::from(*oid)))),
    }
}

fn language(environment: &Environment, row: &Row<'_>) -> Result<ScalarValue> {
    let asked = asked(environment, row, 3)?;
    let there = one_of(row, asked.first, "language", &LANGUAGES)?;
    let allowed = any(&asked, row, asked.first + 1, &["USAGE"], |_| true)?;
    if there { answer(allowed) } else { unknown() }
}

fn tablespace(environment: &Environment, row: &Row<'_>) -> Result<ScalarValue> {
    let asked = asked(environment, row, 3)?;
    let there = one_of(row, asked.first, "tablespace", &TABLESPACES)?;
    let defines = asked.rights.defines;
    let allowed = any(&asked, row, asked.first + 1, &["CREATE"], |_| defines)?;
    if there { answer(allowed) } else { unknown() }
}

fn data_type(environment: &Environment, row: &Row<'_>) -> Result<ScalarValue> {
    let asked = asked(environment, row, 3)?;
    let oid = object(row, asked.first, &PgType::Regtype)?;
    let allowed = any(&asked, row, asked.first + 1, &["USAGE"], |_| true)?;
    if Facts::shipped().type_of(oid).is_some() { answer(allowed) } else { unknown() }
}

/// A user is a member of itself alone.
fn role(environment: &Environment, row: &Row<'_>) -> Result<ScalarValue> {
    let asked = asked(environment, row, 3)?;
    let oid_of = |place: usize| match row.text(place) {
        Some(name) => user_oid(environment, name),
        None => Ok(row.integer(place).and_then(|oid| Oid::try_from(oid).ok()).unwrap_or(0)),
    };
    let user = if asked.first == 0 { role_oid(&environment.user) } else { oid_of(0)? };
    let role = oid_of(asked.first)?;
    let text = row.text(asked.first + 1).unwrap_or_default();
    let text = text.to_ascii_uppercase().replace(" WITH ADMIN OPTION", " WITH GRANT OPTION");
    let wanted = privileges(&text, &["USAGE", "MEMBER", "SET"])?;
    let is_super = user == role_oid(SYSTEM_DATABASE);
    answer(is_super || wanted.into_iter().any(|(_, grant)| user == role && !grant))
}
