//! COPY's grammar and its options, with PostgreSQL's rules for which go together.

use super::command::{Name, Utility};
use super::lexer::Kind;
use super::not_supported;
use super::reader::Reader;
use crate::Result;
use crate::error::SessionError;

/// A COPY statement.
#[derive(Clone, Debug)]
pub(crate) struct Copy {
    pub source: Source,
    pub from: bool,
    target: Target,
    pub format: Format,
}

/// What is copied.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Table {
        name: Name,
        columns: Option<Vec<String>>,
    },
    /// The text of a query and the number of characters before it.
    Query {
        text: String,
        before: u32,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Client,
    File,
    Program,
}

/// How lines are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    pub csv: bool,
    pub delimiter: u8,
    pub null: String,
    pub header: Header,
    pub quote: u8,
    pub escape: u8,
    pub force_quote: Columns,
    pub force_not_null: Columns,
    pub force_null: Columns,
}

/// Lines as COPY writes and reads them without options, for tests.
#[cfg(test)]
pub(super) fn plain_format(csv: bool) -> Format {
    Format {
        csv,
        delimiter: if csv { b',' } else { b'\t' },
        null: if csv { String::new() } else { "\\N".into() },
        header: Header::None,
        quote: b'"',
        escape: b'"',
        force_quote: Columns::None,
        force_not_null: Columns::None,
        force_null: Columns::None,
    }
}

/// The first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Header {
    /// Is data.
    None,
    /// Has the columns' names, which COPY FROM does not look at.
    Names,
    /// Has to have the columns' names.
    Match,
}

/// The columns that an option is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Columns {
    #[default]
    None,
    All,
    These(Vec<String>),
}

impl Columns {
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::These(names) => names.iter().any(|known| known == name),
        }
    }

    pub fn names(&self) -> &[String] {
        match self {
            Self::These(names) => names,
            _ => &[],
        }
    }
}

impl Copy {
    /// Refuses files and programs of the server, whoever asks.
    ///
    /// # Errors
    /// 42501 with PostgreSQL's words.
    pub fn check_target(&self) -> Result<()> {
        let message = match (self.target, self.from) {
            (Target::Client, _) => return Ok(()),
            (Target::Program, _) => {
                "must be superuser or have privileges of the pg_execute_server_program role to COPY to or from an external program"
            }
            (Target::File, true) => {
                "must be superuser or have privileges of the pg_read_server_files role to COPY from a file"
            }
            (Target::File, false) => {
                "must be superuser or have privileges of the pg_write_server_files role to COPY to a file"
            }
        };
        Err(SessionError::CopyPrivilege { message }.into())
    }
}

/// One option as written.
struct Written {
    name: String,
    value: Value,
    position: u32,
}

enum Value {
    None,
    Text(String),
    List(Vec<String>),
    Star,
}

/// Reads a COPY statement.
pub(crate) fn copy(reader: &mut Reader<'_>) -> Result<Utility> {
    reader.expect("copy")?;
    let mut written = Vec::new();
    if reader.peek_is("binary") {
        written.push(Written {
            name: "format".into(),
            value: Value::Text("binary".into()),
            position: reader.position(),
        });
        reader.next();
    }
    let source = if reader.accept_symbol("(") {
        let (text, before) = reader.parenthesised()?;
        Source::Query { text: text.trim_end().to_owned(), before }
    } else {
        let name = reader.qualified()?;
        let columns = if reader.accept_symbol("(") { Some(column_list(reader)?) } else { None };
        Source::Table { name, columns }
    };
    let from = reader.accept("from");
    if !from {
        reader.expect("to")?;
    } else if matches!(source, Source::Query { .. }) {
        return Err(reader.unexpected());
    }
    let target = if reader.accept("program") {
        reader.string()?;
        Target::Program
    } else if reader.accept("stdin") || reader.accept("stdout") {
        Target::Client
    } else {
        reader.string()?;
        Target::File
    };
    if reader.accept("delimiters") || reader.accept("using") {
        return Err(not_supported("COPY … DELIMITERS"));
    }
    reader.accept("with");
    if reader.accept_symbol("(") {
        options(reader, &mut written)?;
    } else {
        legacy_options(reader, &mut written)?;
    }
    if reader.peek_is("where") {
        return Err(not_supported("COPY FROM … WHERE"));
    }
    reader.end()?;
    let format = format(&written, from)?;
    Ok(Utility::Copy(Box::new(Copy { source, from, target, format })))
}

/// The columns after an opened parenthesis.
fn column_list(reader: &mut Reader<'_>) -> Result<Vec<String>> {
    let mut names = vec![reader.name()?];
    while reader.accept_symbol(",") {
        names.push(reader.name()?);
    }
    reader.expect_symbol(")")?;
    Ok(names)
}

fn options(reader: &mut Reader<'_>, written: &mut Vec<Written>) -> Result<()> {
    loop {
        let position = reader.position();
        let name = reader.name()?;
        let value = if reader.accept_symbol("*") {
            Value::Star
        } else if reader.accept_symbol("(") {
            Value::List(column_list(reader)?)
        } else {
            match reader.peek() {
                Some(token) if token.kind == Kind::Number => {
                    reader.next();
                    Value::Text(token.text.to_owned())
                }
                Some(token) if token.string().is_some() => Value::Text(reader.string()?),
                Some(token) if token.name().is_some() => Value::Text(reader.name()?),
                _ => Value::None,
            }
        };
        written.push(Written { name, value, position });
        if !reader.accept_symbol(",") {
            break;
        }
    }
    reader.expect_symbol(")")
}

/// The options as PostgreSQL wrote them before version 9.0: psql's `\copy` and old scripts use them.
fn legacy_options(reader: &mut Reader<'_>, written: &mut Vec<Written>) -> Result<()> {
    while reader.peek().is_some() && !reader.peek_is("where") {
        let position = reader.position();
        let mut push = |name: &str, value| written.push(Written { name: name.into(), value, position });
        if reader.accept("binary") {
            push("format", Value::Text("binary".into()));
        } else if reader.accept("csv") {
            push("format", Value::Text("csv".into()));
        } else if reader.accept("header") {
            push("header", Value::Text("true".into()));
        } else if reader.accept("freeze") {
            push("freeze", Value::Text("true".into()));
        } else if reader.accept("force") {
            let name = if reader.accept("quote") {
                "force_quote"
            } else if reader.accept("not") {
                reader.expect("null")?;
                "force_not_null"
            } else {
                reader.expect("null")?;
                "force_null"
            };
            let value = if name == "force_quote" && reader.accept_symbol("*") {
                Value::Star
            } else {
                let mut names = vec![reader.name()?];
                while reader.accept_symbol(",") {
                    names.push(reader.name()?);
                }
                Value::List(names)
            };
            push(name, value);
        } else if let Some(name) =
            ["delimiter", "null", "quote", "escape", "encoding"].into_iter().find(|name| reader.peek_is(name))
        {
            reader.next();
            reader.accept("as");
            push(name, Value::Text(reader.string()?));
        } else {
            return Err(reader.unexpected());
        }
    }
    Ok(())
}

/// What the options come to.
fn format(written: &[Written], from: bool) -> Result<Format> {
    let mut found = Found::default();
    for option in written {
        found.read(option, from).map_err(|error| error.at(option.position))?;
    }
    let csv = found.csv.unwrap_or(false);
    let delimiter = match &found.delimiter {
        Some(text) => single_byte("delimiter", text)?,
        None if csv => b',',
        None => b'\t',
    };
    let null = found.null.clone().unwrap_or_else(|| if csv { "" } else { "\\N" }.to_owned());
    let quote = found.quote.as_deref().map_or(Ok(b'"'), |text| single_byte("quote", text));
    let escape = found.escape.as_deref().map(|text| single_byte("escape", text));
    check(&found, csv, from, delimiter, &null)?;
    let quote = quote?;
    let escape = escape.transpose()?.unwrap_or(quote);
    if csv {
        if delimiter == quote {
            return Err(invalid("COPY delimiter and quote must be different"));
        }
        if null.as_bytes().contains(&quote) {
            return Err(refused("CSV quote character must not appear in the NULL specification"));
        }
    }
    Ok(Format {
        csv,
        delimiter,
        null,
        header: found.header.unwrap_or(Header::None),
        quote,
        escape,
        force_quote: found.force_quote.unwrap_or_default(),
        force_not_null: found.force_not_null.unwrap_or_default(),
        force_null: found.force_null.unwrap_or_default(),
    })
}

#[derive(Default)]
struct Found {
    csv: Option<bool>,
    delimiter: Option<String>,
    null: Option<String>,
    header: Option<Header>,
    quote: Option<String>,
    escape: Option<String>,
    force_quote: Option<Columns>,
    force_not_null: Option<Columns>,
    force_null: Option<Columns>,
    encoding: Option<()>,
}

impl Found {
    fn read(&mut self, option: &Written, from: bool) -> Result<()> {
        match option.name.as_str() {
            "format" => {
                let csv = match text(option)?.as_str() {
                    "text" => false,
                    "csv" => true,
                    "binary" => return Err(not_supported("COPY (FORMAT binary)")),
                    other => return Err(invalid(&format!("COPY format \"{other}\" not recognized"))),
                };
                once(&mut self.csv, csv)
            }
            // PostgreSQL takes it only for a table of the same transaction, and shows the rows to all before the
            // commit: whoever asks for that would not get it.
            "freeze" => Err(not_supported("COPY FREEZE")),
            "delimiter" => once(&mut self.delimiter, text(option)?),
            "null" => once(&mut self.null, text(option)?),
            "quote" => once(&mut self.quote, text(option)?),
            "escape" => once(&mut self.escape, text(option)?),
            "header" => once(&mut self.header, header(option, from)?),
            "force_quote" => once(&mut self.force_quote, columns(option)?),
            "force_not_null" => once(&mut self.force_not_null, columns(option)?),
            "force_null" => once(&mut self.force_null, columns(option)?),
            "encoding" => match text(option)?.to_ascii_lowercase().replace(['-', '_'], "").as_str() {
                "utf8" | "unicode" => once(&mut self.encoding, ()),
                _ => Err(invalid("argument to option \"encoding\" must be a valid encoding name")),
            },
            other => Err(SessionError::CopyOption(format!("option \"{other}\" not recognized")).into()),
        }
    }
}

fn once<T>(place: &mut Option<T>, value: T) -> Result<()> {
    if place.is_some() {
        return Err(SessionError::CopyOption("conflicting or redundant options".into()).into());
    }
    *place = Some(value);
    Ok(())
}

fn text(option: &Written) -> Result<String> {
    match &option.value {
        Value::Text(text) => Ok(text.clone()),
        _ => Err(SessionError::CopyOption(format!("{} requires a parameter", option.name)).into()),
    }
}

fn columns(option: &Written) -> Result<Columns> {
    match &option.value {
        Value::Star if option.name == "force_quote" => Ok(Columns::All),
        Value::List(names) => Ok(Columns::These(names.clone())),
        _ => {
            let message = format!("argument to option \"{}\" must be a list of column names", option.name);
            Err(invalid(&message))
        }
    }
}

fn header(option: &Written, from: bool) -> Result<Header> {
    let value = match &option.value {
        Value::None => return Ok(Header::Names),
        Value::Text(text) => text.to_ascii_lowercase(),
        _ => String::new(),
    };
    match value.as_str() {
        "true" | "on" | "1" => Ok(Header::Names),
        "false" | "off" | "0" => Ok(Header::None),
        "match" if from => Ok(Header::Match),
        "match" => Err(refused("cannot use \"match\" with HEADER in COPY TO")),
        _ => Err(SessionError::CopyOption("header requires a Boolean value or \"match\"".into()).into()),
    }
}

fn single_byte(what: &str, text: &str) -> Result<u8> {
    match text.as_bytes() {
        [byte] => Ok(*byte),
        _ => Err(refused(&format!("COPY {what} must be a single one-byte character"))),
    }
}

/// Which options go together.
fn check(found: &Found, csv: bool, from: bool, delimiter: u8, null: &str) -> Result<()> {
    if matches!(delimiter, b'\n' | b'\r') {
        return Err(invalid("COPY delimiter cannot be newline or carriage return"));
    }
    if null.contains(['\n', '\r']) {
        return Err(invalid("COPY null representation cannot use newline or carriage return"));
    }
    if !csv && b"\\.abcdefghijklmnopqrstuvwxyz0123456789".contains(&delimiter) {
        return Err(invalid(&format!("COPY delimiter cannot be \"{}\"", char::from(delimiter))));
    }
    let csv_only = [
        ("quote", found.quote.is_some()),
        ("escape", found.escape.is_some()),
        ("force quote", found.force_quote.is_some()),
        ("force not null", found.force_not_null.is_some()),
        ("force null", found.force_null.is_some()),
    ];
    if let Some((name, _)) = csv_only.iter().find(|(_, given)| *given && !csv) {
        return Err(refused(&format!("COPY {name} available only in CSV mode")));
    }
    if found.force_quote.is_some() && from {
        return Err(refused("COPY force quote only available using COPY TO"));
    }
    if found.force_not_null.is_some() && !from {
        return Err(refused("COPY force not null only available using COPY FROM"));
    }
    if found.force_null.is_some() && !from {
        return Err(refused("COPY force null only available using COPY FROM"));
    }
    if null.as_bytes().contains(&delimiter) {
        return Err(refused("COPY delimiter must not appear in the NULL specification"));
    }
    Ok(())
}

fn invalid(message: &str) -> crate::Error {
    SessionError::InvalidParameterValue(message.to_owned()).into()
}

fn refused(message: &str) -> crate::Error {
    SessionError::NotSupported(message.to_owned()).into()
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn read(text: &str) -> Result<Box<Copy>> {
        match parse::utility(text)? {
            Some(Utility::Copy(copy)) => Ok(copy),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn both_grammars_say_the_same() {
        let new =
            read("COPY t (a, b) FROM STDIN WITH (FORMAT csv, HEADER, DELIMITER ';', NULL 'x', QUOTE '|')").unwrap();
        let old = read("copy t (a, b) from stdin with delimiter as ';' null 'x' csv header quote '|'").unwrap();
        assert_eq!(new.format, old.format);
        assert_eq!((new.format.csv, new.format.delimiter, new.format.escape), (true, b';', b'|'));
        assert_eq!(new.format.header, Header::Names);
    }

    #[test]
    fn a_query_keeps_its_text() {
        let copy = read("COPY (SELECT ')' , (1)) TO STDOUT (FORMAT csv, FORCE_QUOTE *)").unwrap();
        assert!(matches!(&copy.source, Source::Query { text, before: 6 } if text == "SELECT ')' , (1)"));
        assert_eq!(copy.format.force_quote, Columns::All);
    }

    #[test]
    fn wrong_options_get_postgresqls_words() {
        for (sql, expected) in [
            ("COPY t FROM STDIN (FORMAT xml)", "22023: COPY format \"xml\" not recognized"),
            ("COPY t FROM STDIN (FORMAT csv, FORMAT csv)", "42601: conflicting or redundant options"),
            ("COPY t FROM STDIN (FOO)", "42601: option \"foo\" not recognized"),
            ("COPY t FROM STDIN (DELIMITER ',,')", "0A000: COPY delimiter must be a single one-byte character"),
            ("COPY t FROM STDIN (DELIMITER 'a')", "22023: COPY delimiter cannot be \"a\""),
            ("COPY t FROM STDIN (QUOTE '|')", "0A000: COPY quote available only in CSV mode"),
            ("COPY t TO STDOUT (FORMAT csv, FORCE_NULL (a))", "0A000: COPY force null only available using COPY FROM"),
            (
                "COPY t FROM STDIN (FORMAT csv, NULL 'a,')",
                "0A000: COPY delimiter must not appear in the NULL specification",
            ),
            ("COPY t FROM STDIN (FORMAT csv, QUOTE ',')", "22023: COPY delimiter and quote must be different"),
            ("COPY (SELECT 1) FROM STDIN", "42601: syntax error at or near \"STDIN\""),
            ("COPY t FROM", "42601: syntax error at end of input"),
        ] {
            let error = read(sql).unwrap_err();
            assert_eq!(format!("{}: {error}", error.sqlstate()), expected, "{sql}");
        }
    }

    #[test]
    fn files_and_programs_are_refused() {
        for sql in ["COPY t FROM '/etc/passwd'", "COPY t TO '/tmp/x'", "COPY t FROM PROGRAM 'id'"] {
            assert_eq!(read(sql).unwrap().check_target().unwrap_err().sqlstate().0, "42501");
        }
    }
}
