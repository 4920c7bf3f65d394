//! The values of one session.
//!
//! A change made inside a transaction is undone by ROLLBACK, and by COMMIT if it was SET LOCAL. So each
//! parameter changed in the running transaction remembers the value from before and the value that COMMIT
//! keeps. Parameters are few and changes rare: everything here is a small map.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::table::{self, Context, DEFINITIONS, Definition, Kind, REPORTED};
use super::value;
use crate::Result;
use crate::catalog::types::{ByteaOutput, DateOrder, DateStyle, IntervalStyle, OutputStyle, Zone};
use crate::error::SessionError;
use crate::query::SettingRow;

/// The parameters that decide what a text means, or how it runs.
const MEANING: [&str; 7] = [
    "TimeZone",
    "DateStyle",
    "IntervalStyle",
    "bytea_output",
    "extra_float_digits",
    "search_path",
    "kalam.direct_path",
];

/// Most parameters with a dotted name of one session, and most bytes of one value.
const CUSTOM_PARAMETERS: usize = 1_000;
const VALUE_BYTES: usize = 64 << 10;

/// The values of the parameters of one session.
#[derive(Debug)]
pub struct Settings {
    /// Values that differ from the definition's default, by lower-case name; custom ones too.
    values: BTreeMap<String, String>,
    /// What RESET goes back to, where it is not the definition's default: the client's startup packet.
    startup: HashMap<String, String>,
    /// The parameters changed in the running transaction.
    changed: HashMap<String, Change>,
    /// What the client was last told.
    reported: HashMap<&'static str, String>,
    /// Whether something changed since then.
    unreported: bool,
    /// The values of [`MEANING`], and what follows from them.
    meaning: [String; MEANING.len()],
    style: Arc<OutputStyle>,
    search_path: Vec<String>,
    current: Arc<Current>,
    /// Counts changes of [`MEANING`]: plans made before are not used again.
    generation: u64,
}

/// What every statement asks of the settings, worked out when a parameter changes and not once per statement.
#[derive(Debug, Default)]
pub(crate) struct Current {
    /// No limit is zero.
    pub statement_timeout: Duration,
    /// `None` waits for ever.
    pub lock_timeout: Option<Duration>,
    /// Milliseconds; 0 is for ever.
    pub idle_session_timeout_ms: u64,
    pub idle_in_transaction_timeout_ms: u64,
    /// `kalam.direct_path`.
    pub direct_path: bool,
    /// What new transactions are.
    pub repeatable_read: bool,
    pub read_only: bool,
    pub application_name: Arc<str>,
}

#[derive(Clone, Debug)]
struct Change {
    before: Option<String>,
    /// The value after COMMIT; `None`: the one before.
    committed: Option<Option<String>>,
}

impl Settings {
    /// The settings of a new session of `user`.
    pub(crate) fn new(user: &str, defaults: &[(&str, String)]) -> Self {
        let mut settings = Self {
            values: BTreeMap::new(),
            startup: HashMap::new(),
            changed: HashMap::new(),
            reported: HashMap::new(),
            unreported: true,
            meaning: Default::default(),
            style: Arc::default(),
            search_path: Vec::new(),
            current: Arc::default(),
            generation: 0,
        };
        settings.startup.insert("session_authorization".into(), user.to_owned());
        for (name, value) in defaults {
            settings.startup.insert(name.to_ascii_lowercase(), value.clone());
        }
        settings.values.extend(settings.startup.clone());
        settings.refresh();
        settings
    }

    /// The value of a parameter as SHOW writes it; `None` if there is no such parameter.
    pub fn show(&self, name: &str) -> Option<String> {
        match table::definition(name) {
            Some(definition) => Some(value::display(definition, self.raw(definition))),
            None => self.values.get(&name.to_lowercase()).cloned(),
        }
    }

    /// The name of a parameter as SHOW writes it.
    pub(crate) fn canonical(&self, name: &str) -> String {
        table::definition(name).map_or_else(|| name.to_lowercase(), |definition| definition.name.to_owned())
    }

    /// The value of a parameter of the table, in the form that is kept.
    pub(crate) fn get(&self, name: &str) -> &str {
        table::definition(name).map_or("", |definition| self.raw(definition))
    }

    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.get(name) == "on"
    }

    /// A number of milliseconds; 0 means without an end.
    fn milliseconds(&self, name: &str) -> u64 {
        self.get(name).parse().unwrap_or(0)
    }

    fn raw(&self, definition: &Definition) -> &str {
        self.values.get(&definition.name.to_ascii_lowercase()).map_or(definition.default, String::as_str)
    }

    /// How values are read and written.
    pub fn style(&self) -> &Arc<OutputStyle> {
        &self.style
    }

    /// What every statement asks.
    pub(crate) fn current(&self) -> &Arc<Current> {
        &self.current
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// The schemas of `search_path`, with `$user` replaced.
    pub(crate) fn search_path(&self, user: &str) -> Vec<String> {
        let names = self.search_path.iter().filter(|name| !name.is_empty());
        names.map(|name| if name == "$user" { user.to_owned() } else { name.clone() }).collect()
    }

    /// SET: `values` as the statement listed them; `None` is DEFAULT.
    ///
    /// # Errors
    /// 42704, 22023, 55P02, 42501 or 0A000, with PostgreSQL's words.
    pub(crate) fn set(&mut self, name: &str, values: Option<&[String]>, local: bool) -> Result<()> {
        let definition = table::definition(name);
        let text = match (values, definition.map(|definition| definition.kind)) {
            (None, _) => None,
            (Some(values), Some(Kind::Names)) => {
                let quoted: Vec<_> = values.iter().map(|value| quote_name(value)).collect();
                Some(quoted.join(", "))
            }
            (Some([_, _, ..]), Some(kind)) if !(kind == Kind::Text && name.eq_ignore_ascii_case("datestyle")) => {
                let message = format!("SET {} takes only one argument", name.to_lowercase());
                return Err(SessionError::InvalidParameterValue(message).into());
            }
            (Some(values), _) => Some(values.join(", ")),
        };
        self.set_text(name, text.as_deref(), local)
    }

    /// `set_config` and the startup packet: one text, already in the form that the parameter reads.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub(crate) fn set_text(&mut self, name: &str, text: Option<&str>, local: bool) -> Result<()> {
        let key = name.to_lowercase();
        if text.is_some_and(|text| text.len() > VALUE_BYTES) {
            return Err(SessionError::InvalidSetting { name: key, value: "(too long)".into() }.into());
        }
        let value = match table::definition(name) {
            Some(definition) => {
                changeable(definition)?;
                match text {
                    Some(text) => Some(self.checked(definition, text)?),
                    None => self.startup.get(&key).cloned(),
                }
            }
            None => {
                self.check_custom(&key)?;
                text.map(str::to_owned).or_else(|| self.values.contains_key(&key).then(String::new))
            }
        };
        self.change(key, value, local);
        Ok(())
    }

    fn checked(&self, definition: &Definition, text: &str) -> Result<String> {
        match definition.name {
            // There are no other roles to become: the token decides who the session is.
            "role" if !matches!(text, "none") && text != self.get("session_authorization") => {
                Err(SessionError::PermissionDenied(format!("to set role \"{text}\"")).into())
            }
            "session_authorization" if text != self.get("session_authorization") => {
                Err(SessionError::PermissionDenied("to set session authorization".into()).into())
            }
            _ => value::normalise(definition, text),
        }
    }

    fn check_custom(&self, key: &str) -> Result<()> {
        let parts: Vec<_> = key.split('.').collect();
        if parts.len() < 2 || parts[0] == "datafusion" {
            return Err(SessionError::UnknownSetting(key.to_owned()).into());
        }
        let is_name = |part: &&str| {
            part.starts_with(|c: char| c.is_alphabetic() || c == '_')
                && part.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$')
        };
        if parts[0] == "kalam" || !parts.iter().all(is_name) {
            return Err(SessionError::InvalidName(format!("invalid configuration parameter name \"{key}\"")).into());
        }
        let custom = self.values.keys().filter(|name| name.contains('.')).count();
        if custom >= CUSTOM_PARAMETERS && !self.values.contains_key(key) {
            return Err(SessionError::InvalidParameterValue("too many custom parameters".into()).into());
        }
        Ok(())
    }

    fn change(&mut self, key: String, value: Option<String>, local: bool) {
        let before = self.values.get(&key).cloned();
        let change = self.changed.entry(key.clone()).or_insert(Change { before, committed: None });
        if !local {
            change.committed = Some(value.clone());
        }
        self.put(key, value);
        self.refresh();
    }

    fn put(&mut self, key: String, value: Option<String>) {
        match value {
            Some(value) => self.values.insert(key, value),
            None => self.values.remove(&key),
        };
    }

    /// A parameter of the startup packet: also what RESET goes back to.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub(crate) fn set_startup(&mut self, name: &str, text: &str) -> Result<()> {
        self.set_text(name, Some(text), false)?;
        self.changed.clear();
        let key = name.to_lowercase();
        if let Some(value) = self.values.get(&key) {
            self.startup.insert(key, value.clone());
        }
        Ok(())
    }

    /// RESET ALL. The transaction's own parameters stay.
    pub(crate) fn reset_all(&mut self) {
        let keys: Vec<_> = self.values.keys().filter(|key| !key.starts_with("transaction_")).cloned().collect();
        for key in keys {
            let value = self.startup.get(&key).cloned();
            if self.values.get(&key) != value.as_ref() {
                self.change(key, value, false);
            }
        }
    }

    /// The transaction ended: takes back what must not outlive it.
    pub(crate) fn end_transaction(&mut self, committed: bool) {
        if self.changed.is_empty() {
            return;
        }
        for (key, change) in std::mem::take(&mut self.changed) {
            let value = if committed { change.committed.unwrap_or(change.before) } else { change.before };
            self.put(key, value);
        }
        self.refresh();
    }

    fn refresh(&mut self) {
        self.unreported = true;
        self.current = Arc::new(Current {
            statement_timeout: Duration::from_millis(self.milliseconds("statement_timeout")),
            lock_timeout: match self.milliseconds("lock_timeout") {
                0 => None,
                milliseconds => Some(Duration::from_millis(milliseconds)),
            },
            idle_session_timeout_ms: self.milliseconds("idle_session_timeout"),
            idle_in_transaction_timeout_ms: self.milliseconds("idle_in_transaction_session_timeout"),
            direct_path: self.is_on("kalam.direct_path"),
            repeatable_read: self.get("default_transaction_isolation") == "repeatable read",
            read_only: self.is_on("default_transaction_read_only"),
            application_name: self.get("application_name").into(),
        });
        let meaning = MEANING.map(|name| self.get(name).to_owned());
        if meaning == self.meaning {
            return;
        }
        let date_order = match self.get("DateStyle") {
            "ISO, DMY" => DateOrder::Dmy,
            "ISO, YMD" => DateOrder::Ymd,
            _ => DateOrder::Mdy,
        };
        let interval_style = match self.get("IntervalStyle") {
            "iso_8601" => IntervalStyle::Iso8601,
            _ => IntervalStyle::Postgres,
        };
        let bytea_output = if self.get("bytea_output") == "escape" { ByteaOutput::Escape } else { ByteaOutput::Hex };
        self.style = Arc::new(OutputStyle {
            time_zone: Zone::parse(self.get("TimeZone")).unwrap_or_default(),
            date_style: DateStyle::Iso,
            date_order,
            interval_style,
            bytea_output,
            extra_float_digits: self.get("extra_float_digits").parse().unwrap_or(1),
            now_us: None,
            names: None,
        });
        self.search_path = split_names(self.get("search_path"));
        self.meaning = meaning;
        self.generation += 1;
    }

    /// The parameters that the client has to be told, and their values: all of them the first time, then
    /// those that changed.
    pub(crate) fn take_changes(&mut self) -> Vec<(String, String)> {
        let mut changes = Vec::new();
        if !std::mem::take(&mut self.unreported) {
            return changes;
        }
        for name in REPORTED {
            let value = self.get(name).to_owned();
            if self.reported.get(name) != Some(&value) {
                changes.push((name.to_owned(), value.clone()));
                self.reported.insert(name, value);
            }
        }
        changes
    }

    /// SHOW ALL: name, value, description.
    pub(crate) fn show_all(&self) -> Vec<(String, String, &'static str)> {
        let mut rows: Vec<_> = DEFINITIONS
            .iter()
            .map(|definition| {
                (definition.name.to_owned(), value::display(definition, self.raw(definition)), definition.description)
            })
            .collect();
        let custom = self.values.iter().filter(|(name, _)| table::definition(name).is_none());
        rows.extend(custom.map(|(name, value)| (name.clone(), value.clone(), "")));
        rows.sort_by_key(|(name, ..)| name.to_lowercase());
        rows
    }

    /// The rows of `pg_settings`.
    pub(crate) fn rows(&self) -> Vec<SettingRow> {
        DEFINITIONS
            .iter()
            .map(|definition| {
                let key = definition.name.to_ascii_lowercase();
                SettingRow {
                    name: definition.name.to_owned(),
                    value: self.raw(definition).to_owned(),
                    context: definition.context.name(),
                    kind: kind_name(definition.kind),
                    description: definition.description,
                    default: definition.default.to_owned(),
                    source: match (self.values.get(&key), self.startup.get(&key)) {
                        (None, _) => "default",
                        (value, startup) if value == startup => "client",
                        _ => "session",
                    },
                }
            })
            .collect()
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "bool",
        Kind::Integer { .. } => "integer",
        Kind::Real { .. } => "real",
        Kind::Enum(_) => "enum",
        Kind::Text | Kind::Names => "string",
    }
}

fn changeable(definition: &Definition) -> Result<()> {
    let name = definition.name;
    match definition.context {
        Context::User => Ok(()),
        Context::Internal => Err(SessionError::FixedSetting { name: name.into(), why: "" }.into()),
        Context::Postmaster => {
            Err(SessionError::FixedSetting { name: name.into(), why: " without restarting the server" }.into())
        }
        Context::Superuser => Err(SessionError::PermissionDenied(format!("to set parameter \"{name}\"")).into()),
    }
}

/// A name as it has to be written to mean itself.
pub(crate) fn quote_name(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// The names of a list such as `"$user", public`.
fn split_names(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut name = String::new();
            let mut chars = quoted.char_indices();
            let mut end = quoted.len();
            while let Some((at, c)) = chars.next() {
                if c == '"' && quoted[at + 1..].starts_with('"') {
                    name.push('"');
                    chars.next();
                } else if c == '"' {
                    end = at + 1;
                    break;
                } else {
                    name.push(c);
                }
            }
            names.push(name);
            rest = &quoted[end..];
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            names.push(rest[..end].trim().to_lowercase());
            rest = &rest[end..];
        }
        rest = rest.trim_start().trim_start_matches(',').trim_start();
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings::new("app", &[])
    }

    fn set(settings: &mut Settings, name: &str, value: &str, local: bool) {
        settings.set(name, Some(&[value.to_owned()]), local).unwrap();
    }

    #[test]
    fn rollback_takes_everything_back_and_commit_only_what_was_local() {
        for (committed, session, local) in [(true, "2s", "0"), (false, "0", "0")] {
            let mut settings = settings();
            set(&mut settings, "statement_timeout", "2s", false);
            set(&mut settings, "statement_timeout", "3s", true);
            set(&mut settings, "lock_timeout", "3s", true);
            assert_eq!(settings.show("STATEMENT_TIMEOUT").unwrap(), "3s");
            settings.end_transaction(committed);
            assert_eq!(settings.show("statement_timeout").unwrap(), session);
            assert_eq!(settings.show("lock_timeout").unwrap(), local);
        }
    }

    #[test]
    fn reset_goes_back_to_what_the_client_asked_for_at_the_start() {
        let mut settings = settings();
        settings.set_startup("TimeZone", "Europe/Paris").unwrap();
        set(&mut settings, "timezone", "UTC", false);
        settings.end_transaction(true);
        settings.set("timezone", None, false).unwrap();
        assert_eq!(settings.show("TimeZone").unwrap(), "Europe/Paris");
        settings.reset_all();
        assert_eq!(settings.show("session_authorization").unwrap(), "app");
    }

    #[test]
    fn only_changes_are_reported_after_the_first_time() {
        let mut settings = settings();
        let first = settings.take_changes();
        assert_eq!(first.len(), 13);
        assert!(first.contains(&("server_version".into(), SERVER_VERSION_TEXT.into())));
        let generation = settings.generation();
        set(&mut settings, "statement_timeout", "1s", false);
        assert_eq!(settings.generation(), generation, "plans stay good");
        set(&mut settings, "TimeZone", "Asia/Tokyo", false);
        assert!(settings.generation() > generation, "plans are made anew");
        assert_eq!(settings.take_changes(), [("TimeZone".to_owned(), "Asia/Tokyo".to_owned())]);
        settings.end_transaction(false);
        assert_eq!(settings.take_changes(), [("TimeZone".to_owned(), "UTC".to_owned())]);
        assert_eq!(settings.take_changes(), []);
    }

    const SERVER_VERSION_TEXT: &str = super::table::SERVER_VERSION;

    #[test]
    fn the_search_path_keeps_its_quotes_and_names_the_user() {
        let mut settings = settings();
        assert_eq!(settings.search_path("app"), ["app", "public"]);
        settings.set("search_path", Some(&["A \"b".into(), "public".into()]), false).unwrap();
        assert_eq!(settings.show("search_path").unwrap(), "\"A \"\"b\", public");
        assert_eq!(settings.search_path("app"), ["A \"b", "public"]);
        settings.set_text("search_path", Some(""), false).unwrap();
        assert!(settings.search_path("app").is_empty());
    }

    #[test]
    fn what_may_not_be_set_says_why() {
        let mut settings = settings();
        for (name, value, sqlstate) in [
            ("nosuch", "1", "42704"),
            ("datafusion.runtime.memory_limit", "1", "42704"),
            ("kalam.nosuch", "1", "42602"),
            ("server_version", "16", "55P02"),
            ("max_connections", "1", "55P02"),
            ("log_statement", "none", "42501"),
            ("session_authorization", "root", "42501"),
            ("default_transaction_isolation", "serializable", "0A000"),
        ] {
            let error = settings.set(name, Some(&[value.to_owned()]), false).unwrap_err();
            assert_eq!(error.sqlstate().0, sqlstate, "{name}: {error}");
        }
        set(&mut settings, "myapp.tenant", "x", false);
        assert_eq!(settings.show("myapp.tenant").as_deref(), Some("x"));
        assert_eq!(settings.show("myapp.other"), None);
    }
}
