//! The grammars of the small statements.
//!
//! Each function reads one statement as PostgreSQL's `gram.y` writes it. What PostgreSQL knows and KalamDB
//! does not yet becomes [`Utility::NotSupported`] with the feature's name, so that a client reads 0A000 and
//! not a syntax error.

use super::command::{Discard, Dropped, Explain, Isolation, Modes, Utility, first_words, parse_one};
use super::copy_options;
use super::reader::Reader;
use crate::Result;
use crate::error::QueryError;

/// Reads a small statement; `None` for the statements that `query::parse` reads.
///
/// # Errors
/// 42601 with the place.
pub(crate) fn utility(text: &str) -> Result<Option<Utility>> {
    let words = first_words(text, 4)?;
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let grammar: fn(&mut Reader<'_>) -> Result<Utility> = match (word(0), word(1)) {
        ("begin" | "start", _) => begin,
        ("commit" | "end", _) => |reader| Ok(Utility::Commit { chain: end_of_transaction(reader)? }),
        ("rollback" | "abort", _) if words.iter().any(|word| word == "to") => |_| Ok(unsupported("SAVEPOINT")),
        ("rollback" | "abort", _) => |reader| Ok(Utility::Rollback { chain: end_of_transaction(reader)? }),
        ("savepoint" | "release", _) => |_| Ok(unsupported("SAVEPOINT")),
        ("set", _) => set,
        ("reset", _) => reset,
        ("show", _) => show,
        ("listen", _) => listen,
        ("unlisten", _) => unlisten,
        ("notify", _) => notify,
        ("discard", _) => discard,
        ("deallocate", _) => deallocate,
        ("prepare", "transaction") => |_| Ok(unsupported("PREPARE TRANSACTION")),
        ("prepare", _) => prepare,
        ("execute", _) => execute,
        ("close", _) => close,
        ("create", "database") => create_database,
        ("drop", "database") => drop_database,
        ("create", "schema") => create_schema,
        ("drop", "schema") => |reader| drop(reader, Dropped::Schema),
        ("drop", "table") => |reader| drop(reader, Dropped::Table),
        ("truncate", _) => truncate,
        ("copy", _) => copy_options::copy,
        ("explain", _) => explain,
        _ => return Ok(other(&words).map(|feature| unsupported(&feature))),
    };
    let mut reader = Reader::new(text)?;
    grammar(&mut reader).map(Some)
}

/// The name of a PostgreSQL statement that KalamDB does not have.
fn other(words: &[String]) -> Option<String> {
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let upper = |count: usize| words[..count.min(words.len())].join(" ").to_uppercase();
    match word(0) {
        "create" => {
            let mut rest = words[1..].iter().map(String::as_str).skip_while(|word| matches!(*word, "or" | "replace"));
            let persistence = rest.clone().find(|word| matches!(*word, "temp" | "temporary" | "unlogged"));
            let object = rest.find(|word| !matches!(*word, "temp" | "temporary" | "unlogged" | "global" | "local"))?;
            match (object, persistence) {
                ("table", None) => None,
                ("table", Some("unlogged")) => Some("CREATE UNLOGGED TABLE".into()),
                ("table", Some(_)) => Some("CREATE TEMPORARY TABLE".into()),
                ("unique", _) => Some("CREATE UNIQUE INDEX".into()),
                (object, _) => Some(format!("CREATE {}", object.to_uppercase())),
            }
        }
        "drop" => Some(upper(2)),
        "alter" | "refresh" | "import" | "reassign" | "security" => Some(upper(2)),
        "declare" => Some("DECLARE CURSOR".into()),
        "analyse" => Some("ANALYZE".into()),
        "fetch" | "move" | "checkpoint" | "vacuum" | "analyze" | "reindex" | "cluster" | "lock" | "grant"
        | "revoke" | "comment" | "load" | "do" | "call" | "merge" => Some(upper(1)),
        _ => None,
    }
}

fn unsupported(feature: &str) -> Utility {
    Utility::NotSupported(feature.to_owned())
}

fn begin(reader: &mut Reader<'_>) -> Result<Utility> {
    let start = reader.accept("start");
    if start {
        reader.expect("transaction")?;
    } else {
        reader.expect("begin")?;
        let _ = reader.accept("work") || reader.accept("transaction");
    }
    let modes = modes(reader)?;
    reader.end()?;
    Ok(Utility::Begin { modes, start })
}

fn modes(reader: &mut Reader<'_>) -> Result<Modes> {
    let mut modes = Modes::default();
    while reader.peek().is_some() {
        if reader.accept("isolation") {
            reader.expect("level")?;
            modes.isolation = Some(isolation(reader)?);
        } else if reader.accept("read") {
            modes.read_only = Some(reader.accept("only"));
            if modes.read_only == Some(false) {
                reader.expect("write")?;
            }
        } else if reader.accept("deferrable") {
            modes.deferrable = Some(true);
        } else if reader.accept("not") {
            reader.expect("deferrable")?;
            modes.deferrable = Some(false);
        } else {
            return Err(reader.unexpected());
        }
        reader.accept_symbol(",");
    }
    Ok(modes)
}

fn isolation(reader: &mut Reader<'_>) -> Result<Isolation> {
    if reader.accept("serializable") {
        Ok(Isolation::Serializable)
    } else if reader.accept("repeatable") {
        reader.expect("read")?;
        Ok(Isolation::RepeatableRead)
    } else {
        reader.expect("read")?;
        if reader.accept("committed") {
            return Ok(Isolation::ReadCommitted);
        }
        reader.expect("uncommitted")?;
        Ok(Isolation::ReadUncommitted)
    }
}

/// COMMIT and ROLLBACK: `[WORK | TRANSACTION] [AND [NO] CHAIN]`. Returns whether to chain.
fn end_of_transaction(reader: &mut Reader<'_>) -> Result<bool> {
    reader.next();
    if reader.peek_is("prepared") {
        return Err(super::not_supported("two-phase commit"));
    }
    let _ = reader.accept("work") || reader.accept("transaction");
    let mut chain = false;
    if reader.accept("and") {
        chain = !reader.accept("no");
        reader.expect("chain")?;
    }
    reader.end()?;
    Ok(chain)
}

fn set(reader: &mut Reader<'_>) -> Result<Utility> {
    reader.expect("set")?;
    let local = reader.accept("local");
    let session = !local && reader.accept("session");
    if session && reader.accept("characteristics") {
        reader.expect("as")?;
        reader.expect("transaction")?;
        return Ok(Utility::SetTransaction { modes: modes(reader)?, session: true });
    }
    if reader.accept("transaction") {
        if reader.peek_is("snapshot") {
            return Ok(unsupported("SET TRANSACTION SNAPSHOT"));
        }
        return Ok(Utility::SetTransaction { modes: modes(reader)?, session: false });
    }
    if reader.accept("time") {
        reader.expect("zone")?;
        let value = time_zone(reader)?;
        reader.end()?;
        return Ok(Utility::Set { name: "timezone".into(), local, value });
    }
    for (word, setting) in [("names", "client_encoding"), ("schema", "search_path"), ("role", "role")] {
        // Each of these is also a name that could be set with `=`.
        let assigned = reader.peek_second().is_some_and(|token| token.is("to") || token.is_symbol("="));
        if !assigned && reader.accept(word) {
            let value = values(reader)?;
            return Ok(Utility::Set { name: setting.into(), local, value });
        }
    }
    if reader.accept("constraints") {
        return Ok(Utility::SetConstraints);
    }
    if reader.accept("authorization") {
        let value = values(reader)?;
        return Ok(Utility::Set { name: "session_authorization".into(), local, value });
    }
    let name = reader.setting()?;
    if !reader.accept("to") {
        reader.expect_symbol("=")?;
    }
    let value = values(reader)?;
    Ok(Utility::Set { name, local, value })
}

fn values(reader: &mut Reader<'_>) -> Result<Option<Vec<String>>> {
    if reader.accept("default") {
        reader.end()?;
        return Ok(None);
    }
    let mut values = vec![reader.value()?];
    while reader.accept_symbol(",") {
        values.push(reader.value()?);
    }
    reader.end()?;
    Ok(Some(values))
}

fn time_zone(reader: &mut Reader<'_>) -> Result<Option<Vec<String>>> {
    if reader.accept("default") || reader.accept("local") {
        return Ok(None);
    }
    if reader.accept("interval") {
        let text = reader.string()?;
        // `INTERVAL '-08:00' HOUR TO MINUTE` is the standard's way to write an offset.
        while reader.accept("hour") || reader.accept("to") || reader.accept("minute") {}
        return Ok(Some(vec![format!("<{text}>")]));
    }
    Ok(Some(vec![reader.value()?]))
}

fn reset(reader: &mut Reader<'_>) -> Result<Utility> {
    reader.expect("reset")?;
    setting_name(reader).map(Utility::Reset)
}

fn show(reader: &mut Reader<'_>) -> Result<Utility> {
    reader.expect("show")?;
    setting_name(reader).map(Utility::Show)
}

fn setting_name(reader: &mut Reader<'_>) -> Result<Option<String>> {
    let name = if reader.accept("all") {
        None
    } else if reader.accept("time") {
        reader.expect("zone")?;
        Some("timezone".to_owned())
    } else if reader.accept("transaction") {
        reader.expect("isolation")?;
        reader.expect("level")?;
        Some("transaction_isolation".to_owned())
    } else if reader.peek_is("session") {
        reader.next();
        reader.expect("authorization")?;
        Some("session_authorization".to_owned())
    } else {
        Some(reader.setting()?)
    };
    reader.end()?;
    Ok(name)
}

fn listen(reader: &mut Reader<'_>) -> Result<Utility> {
    reader.expect("listen")?;
    if ["select", "from", "where", "table", "user", "order", "group", "all"].iter().any(|word| reader.peek_is(word)) {
        return Err(reader.unexpected());
    }
    let channel = reader.name()?;
    reader.end()?;
    Ok(Utility::Listen(channel))
}

fn unlisten(reader: &mut Reader<'_>) -> Result<Utility> {
    reader.expect("unlisten")?;
    let channel = if reader.accept_symbol("*") { None } else { Some(reader.name()?) };
    reader.end()?;
    Ok(Utility::Unlisten(channel))
}

fn notify(reader: &mut Reader<'_>) -> Result<Utility> {
    reader.expect("notify")?;
    let channel = reader.name()?;
    let payload = if reader.accept_symbol(",") { Some(reader.string()?) } else { None };
    reader.end()?;
    Ok(Utility::Notify { channel, payload })
}

fn discard(reader: &mut Reader<'_>) -> Result<Utility> {
    reader.expect("discard")?;
    let what = if reader.accept("all") {
        Discard::All
    } else if reader.accept("plans") {
        Discard::Plans
    } else if reader.accept("sequences") {
        Discard::Sequences
    } else if reader.accept("temp") || reader.accept("temporary") {
        Discard::Temp
    } else {
        return Err(reader.unexpected());
    };
    reader.end()?;
    Ok(Utility::Discard(what))
}

fn deallocate(reader: &mut Reader<'_>) -> Result<Utility> {
    reader.expect("deallocate")?;
    reader.accept("prepare");
    let name = if reader.accept("all") { None } else { Some(reader.name()?) };
    reader.end()?;
    Ok(Utility::Deallocate(name))
}

fn prepare(reader: &mut Reader<'_>) -> Result<Utility> {
    reader.expect("prepare")?;
    let name = reader.name()?;
    let types = if reader.accept_symbol("(") { reader.list()? } else { Vec::new() };
    reader.expect("as")?;
    let (text, before) = reader.rest()?;
    let statement = parse_one(text, before).map_err(|error| error.moved_by(before))?;
    Ok(Utility::Prepare { name, types, statement: Box::new(statement) })
}

fn execute(reader: &mut Reader<'_>) -> Result<Utility> {
    reader.expect("execute")?;
    let name = reader.name()?;
    let arguments = if reader.accept_symbol("(") { reader.list()? } else { Vec::new() };
    reader.end()?;
    Ok(Utility::Execute { name, arguments })
}

fn close(reader: &mut Reader<'_>) -> Result<Utility> {
    reader.expect("close")?;
    let name = if reader.accept("all") { None } else { Some(reader.name()?) };
    reader.end()?;
    Ok(Utility::Close(name))
}

/// The options of CREATE DATABASE choose among encodings, locales, templates and places. There is one of each
/// here: naming it is accepted, whatever else is refused.
fn create_database(reader: &mut Reader<'_>) -> Result<Utility> {
    reader.expect("create")?;
    reader.expect("database")?;
    let name = reader.name()?;
    reader.accept("with");
    let (mut owner, mut seen) = (None, Vec::new());
    while reader.peek().is_some() {
        let position = reader.position();
        let mut option = reader.name()?;
        if option == "connection" {
            reader.expect("limit")?;
            option = "connection_limit".into();
        }
        reader.accept_symbol("=");
        let value = if reader.accept("default") { None } else { Some(reader.value()?) };
        let syntax = |message: String| Err(crate::Error::from(QueryError::Syntax(message)).at(position));
        if seen.contains(&option) {
            return syntax("conflicting or redundant options".into());
        }
        let Some(only) = only_values(&option) else {
            return syntax(format!("option \"{option}\" not recognized"));
        };
        let value = value.unwrap_or_default();
        if option == "owner" {
            owner = Some(value).filter(|owner| !owner.is_empty());
        } else if !value.is_empty() && !only.iter().any(|one| one.eq_ignore_ascii_case(&value)) {
            let error = super::not_supported(&format!("CREATE DATABASE with {option} \"{value}\""));
            return Err(error.at(position));
        }
        seen.push(option);
    }
    Ok(Utility::CreateDatabase { name, owner })
}

/// What an option of CREATE DATABASE can say here; `None` if there is no such option.
fn only_values(option: &str) -> Option<&'static [&'static str]> {
    Some(match option {
        // Every user.
        "owner" => &[],
        "encoding" => &["UTF8", "UTF-8", "UNICODE", "6"],
        // Texts are ordered by their bytes, so the orders of these are one. Their letters are not: in C, only
        // those of ASCII have a lower case.
        "lc_collate" => &["C", "POSIX", "C.UTF-8", "C.UTF8"],
        "lc_ctype" | "locale" => &["C.UTF-8", "C.UTF8"],
        "locale_provider" => &["libc"],
        "template" => &["template0", "template1"],
        "tablespace" => &["pg_default"],
        "strategy" => &["wal_log", "file_copy"],
        "allow_connections" => &["true", "on", "1"],
        "is_template" => &["false", "off", "0"],
        "connection_limit" => &["-1"],
        "icu_locale" | "collation_version" | "oid" => &[],
        _ => return None,
    })
}

fn drop_database(reader: &mut Reader<'_>) -> Result<Utility> {
    reader.expect("drop")?;
    reader.expect("database")?;
    let if_exists = if_exists(reader)?;
    let name = reader.name()?;
    reader.accept("with");
    let mut force = false;
    if reader.accept_symbol("(") {
        loop {
            reader.expect("force")?;
            force = true;
            if !reader.accept_symbol(",") {
                break;
            }
        }
        reader.expect_symbol(")")?;
    }
    reader.end()?;
    Ok(Utility::DropDatabase { name, if_exists, force })
}

fn if_exists(reader: &mut Reader<'_>) -> Result<bool> {
    let found = reader.accept("if");
    if found {
        reader.expect("exists")?;
    }
    Ok(found)
}

fn create_schema(reader: &mut Reader<'_>) -> Result<Utility> {
    reader.expect("create")?;
    reader.expect("schema")?;
    let if_not_exists = reader.accept("if");
    if if_not_exists {
        reader.expect("not")?;
        reader.expect("exists")?;
    }
    let name = if reader.peek_is("authorization") { None } else { Some(reader.name()?) };
    let owner = if reader.accept("authorization") { Some(reader.name()?) } else { None };
    if reader.peek().is_some() {
        return Ok(unsupported("CREATE SCHEMA with schema elements"));
    }
    let name = name.or(owner).ok_or_else(|| reader.unexpected())?;
    Ok(Utility::CreateSchema { name, if_not_exists })
}

fn drop(reader: &mut Reader<'_>, what: Dropped) -> Result<Utility> {
    reader.next();
    reader.next();
    let if_exists = if_exists(reader)?;
    let names = reader.names()?;
    let cascade = reader.accept("cascade");
    if !cascade {
        reader.accept("restrict");
    }
    reader.end()?;
    Ok(Utility::Drop { what, names, if_exists, cascade })
}

fn truncate(reader: &mut Reader<'_>) -> Result<Utility> {
    reader.expect("truncate")?;
    reader.accept("table");
    let mut names = Vec::new();
    loop {
        reader.accept("only");
        names.push(reader.qualified()?);
        reader.accept_symbol("*");
        if !reader.accept_symbol(",") {
            break;
        }
    }
    if reader.accept("restart") || reader.accept("continue") {
        reader.expect("identity")?;
    }
    let _ = reader.accept("cascade") || reader.accept("restrict");
    reader.end()?;
    Ok(Utility::Truncate { names })
}

fn explain(reader: &mut Reader<'_>) -> Result<Utility> {
    reader.expect("explain")?;
    let mut options = Explain::default();
    if reader.accept_symbol("(") {
        loop {
            explain_option(reader, &mut options)?;
            if !reader.accept_symbol(",") {
                break;
            }
        }
        reader.expect_symbol(")")?;
    } else {
        options.analyze = reader.accept("analyze") || reader.accept("analyse");
        options.verbose = reader.accept("verbose");
    }
    let (text, before) = reader.rest()?;
    let statement = parse_one(text, before).map_err(|error| error.moved_by(before))?;
    Ok(Utility::Explain { options, statement: Box::new(statement) })
}

fn explain_option(reader: &mut Reader<'_>, options: &mut Explain) -> Result<()> {
    let position = reader.position();
    let name = reader.name()?;
    let has_value = reader.peek().is_some_and(|token| !token.is_symbol(",") && !token.is_symbol(")"));
    let value = if has_value { reader.value()?.to_ascii_lowercase() } else { String::new() };
    let on = !matches!(value.as_str(), "off" | "false" | "0");
    match name.as_str() {
        "analyze" => options.analyze = on,
        "verbose" => options.verbose = on,
        "format" if matches!(value.as_str(), "text" | "json") => options.json = value == "json",
        "format" if matches!(value.as_str(), "xml" | "yaml") => {
            return Err(super::not_supported(&format!("EXPLAIN (FORMAT {})", value.to_uppercase())).at(position));
        }
        "format" => {
            let message = format!("unrecognized value for EXPLAIN option \"format\": \"{value}\"");
            return Err(crate::Error::from(QueryError::InvalidParameterValue(message)).at(position));
        }
        // They add or hide figures that the plans here do not have.
        "costs" | "settings" | "buffers" | "wal" | "timing" | "summary" => {}
        _ => {
            let message = format!("unrecognized EXPLAIN option \"{name}\"");
            return Err(crate::Error::from(QueryError::Syntax(message)).at(position));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
