//! The grammars of the small statements.
//!
//! Each function reads one statement as PostgreSQL's `gram.y` writes it. What PostgreSQL knows and KalamDB
//! does not yet becomes [`Utility::NotSupported`] with the feature's name, so that a client reads 0A000 and
//! not a syntax error.

use super::command::{Discard, Dropped, Explain, Isolation, Modes, Name, Utility, first_words, parse_one};
use super::copy_options;
use super::lexer::{Kind, Lexer, Token, character};
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

/// The tokens of one statement and the place reached in them.
pub(crate) struct Reader<'a> {
    text: &'a str,
    tokens: Vec<Token<'a>>,
    at: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Result<Self> {
        let mut lexer = Lexer::new(text);
        let mut tokens = Vec::new();
        while let Some(token) = lexer.next()? {
            tokens.push(token);
        }
        Ok(Self { text, tokens, at: 0 })
    }

    pub fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    pub fn peek_is(&self, word: &str) -> bool {
        self.peek().is_some_and(|token| token.is(word))
    }

    pub fn next(&mut self) -> Option<Token<'a>> {
        let token = self.peek();
        self.at += usize::from(token.is_some());
        token
    }

    pub fn accept(&mut self, word: &str) -> bool {
        let found = self.peek_is(word);
        self.at += usize::from(found);
        found
    }

    pub fn accept_symbol(&mut self, symbol: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is_symbol(symbol));
        self.at += usize::from(found);
        found
    }

    pub fn expect(&mut self, word: &str) -> Result<()> {
        if self.accept(word) { Ok(()) } else { Err(self.unexpected()) }
    }

    pub fn expect_symbol(&mut self, symbol: &str) -> Result<()> {
        if self.accept_symbol(symbol) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// The next token as a name.
    pub fn name(&mut self) -> Result<String> {
        match self.peek().and_then(|token| token.name()) {
            Some(name) => {
                self.at += 1;
                Ok(name)
            }
            None => Err(self.unexpected()),
        }
    }

    pub fn qualified(&mut self) -> Result<Name> {
        let position = self.position();
        let mut parts = vec![self.name()?];
        while self.accept_symbol(".") {
            parts.push(self.name()?);
        }
        if parts.len() > 3 {
            let message = format!("improper qualified name (too many dotted names): {}", parts.join("."));
            return Err(crate::Error::from(QueryError::Syntax(message)).at(position));
        }
        Ok(Name { parts, position })
    }

    pub fn names(&mut self) -> Result<Vec<Name>> {
        let mut names = vec![self.qualified()?];
        while self.accept_symbol(",") {
            names.push(self.qualified()?);
        }
        Ok(names)
    }

    pub fn string(&mut self) -> Result<String> {
        match self.peek().and_then(|token| token.string()) {
            Some(text) => {
                self.at += 1;
                Ok(text)
            }
            None => Err(self.unexpected()),
        }
    }

    /// Where the next token stands: in characters, from 1.
    pub fn position(&self) -> u32 {
        character(self.text, self.peek().map_or(self.text.len(), |token| token.start))
    }

    /// The text up to the `)` that closes an opened `(`, which is read too; with the number of characters before.
    pub fn parenthesised(&mut self) -> Result<(&'a str, u32)> {
        let start = self.peek().map_or(self.text.len(), |token| token.start);
        let mut depth = 1_usize;
        while let Some(token) = self.next() {
            match token.text {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok((&self.text[start..token.start], character(self.text, start) - 1));
            }
        }
        Err(self.unexpected())
    }

    /// The parts of a list in parentheses, cut at its own commas. The `(` was read.
    fn list(&mut self) -> Result<Vec<String>> {
        let mut parts = Vec::new();
        let mut depth = 1_usize;
        let mut start = self.peek().map(|token| token.start);
        while let Some(token) = self.next() {
            match token.text {
                "(" | "[" => depth += 1,
                ")" | "]" => depth -= 1,
                _ => {}
            }
            if depth == 0 || (depth == 1 && token.is_symbol(",")) {
                let part = self.text[start.unwrap_or(token.start)..token.start].trim();
                if part.is_empty() {
                    self.at -= 1;
                    return Err(self.unexpected());
                }
                parts.push(part.to_owned());
                start = self.peek().map(|token| token.start);
            }
            if depth == 0 {
                return Ok(parts);
            }
        }
        Err(self.unexpected())
    }

    /// The rest of the text, and how many characters come before it.
    pub fn rest(&mut self) -> Result<(&'a str, u32)> {
        let start = self.peek().ok_or_else(|| self.unexpected())?.start;
        self.at = self.tokens.len();
        Ok((&self.text[start..], character(self.text, start) - 1))
    }

    pub fn end(&self) -> Result<()> {
        if self.peek().is_none() { Ok(()) } else { Err(self.unexpected()) }
    }

    /// PostgreSQL's syntax error for the next token.
    pub fn unexpected(&self) -> crate::Error {
        let message = match self.peek() {
            Some(token) => format!("syntax error at or near \"{}\"", token.text),
            None => "syntax error at end of input".to_owned(),
        };
        crate::Error::from(QueryError::Syntax(message)).at(self.position())
    }
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
        let assigned = reader.tokens.get(reader.at + 1).is_some_and(|token| token.is("to") || token.is_symbol("="));
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
    let name = reader.qualified_setting()?;
    if !reader.accept("to") {
        reader.expect_symbol("=")?;
    }
    let value = values(reader)?;
    Ok(Utility::Set { name, local, value })
}

impl Reader<'_> {
    fn qualified_setting(&mut self) -> Result<String> {
        let mut name = self.name()?;
        while self.accept_symbol(".") {
            name = format!("{name}.{}", self.name()?);
        }
        Ok(name)
    }

    /// One value of SET: a string, a word, or a number with its sign.
    fn value(&mut self) -> Result<String> {
        if let Ok(text) = self.string() {
            return Ok(text);
        }
        let sign = if self.accept_symbol("-") { "-" } else { "" };
        let sign = if sign.is_empty() && self.accept_symbol("+") { "" } else { sign };
        match self.peek() {
            Some(token) if token.kind == Kind::Number => {
                self.at += 1;
                Ok(format!("{sign}{}", token.text))
            }
            Some(token) if sign.is_empty() && matches!(token.kind, Kind::Word | Kind::Quoted) => self.name(),
            _ => Err(self.unexpected()),
        }
    }
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
        Some(reader.qualified_setting()?)
    };
    reader.end()?;
    Ok(name)
}

fn listen(reader: &mut Reader<'_>) -> Result<Utility> {
    reader.expect("listen")?;
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

/// The options of CREATE DATABASE choose among encodings and templates; there is one of each here.
fn create_database(reader: &mut Reader<'_>) -> Result<Utility> {
    reader.expect("create")?;
    reader.expect("database")?;
    let name = reader.name()?;
    reader.accept("with");
    while reader.peek().is_some() {
        let position = reader.position();
        let option = reader.name()?;
        reader.accept_symbol("=");
        let value = if reader.accept("default") { String::new() } else { reader.value()? };
        let harmless = match option.as_str() {
            "encoding" => matches!(value.to_ascii_lowercase().as_str(), "" | "utf8" | "utf-8" | "unicode"),
            "template" => matches!(value.as_str(), "" | "template0" | "template1"),
            "owner" => true,
            "lc_collate" | "lc_ctype" | "locale" => matches!(value.as_str(), "" | "C" | "POSIX" | "C.UTF-8"),
            _ => false,
        };
        if !harmless {
            let error = super::not_supported(&format!("CREATE DATABASE with this value of {option}"));
            return Err(error.at(position));
        }
    }
    Ok(Utility::CreateDatabase { name })
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
