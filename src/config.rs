//! Settings: every knob of the server, documented once.
//!
//! A `Config` is plain data. The file `kalam.toml` at the root of the repository holds every setting with
//! its default and is proven equal to [`Config::default`] by a test, so that it is the manual and cannot
//! drift. Unknown keys are errors: a misspelt setting that is silently ignored is a setting that does not
//! protect anybody. Units stand last in a name (`_bytes`, `_ms`, `_s`); `0` switches a timeout off.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::ConfigError;

/// The longest clock difference with the issuer of tokens that may be configured, in seconds.
pub const MAX_LEEWAY_S: u64 = 30;

/// All settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The listening socket and its connections.
    pub server: Server,
    /// Encryption of connections.
    pub tls: Tls,
    /// Who may connect: the keys that sign tokens.
    pub auth: Auth,
    /// The data directory and the memory given to it.
    pub storage: Storage,
    /// What an acknowledged commit promises.
    pub commit: Commit,
    /// When fresh rows move into history files.
    pub flush: Flush,
    /// Bounds of transactions.
    pub transaction: Transaction,
    /// Bounds and caches of statements.
    pub query: Query,
    /// Bounds of LISTEN/NOTIFY.
    pub notify: Notify,
    /// The server's log, written to stderr.
    pub log: Log,
}

/// `[server]`: the listening socket and its connections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Address or name, and port to listen on. Port 0 lets the operating system choose one.
    #[serde(deserialize_with = "socket_address")]
    pub listen: SocketAddr,
    /// Most connections at one time; more are refused with 53300.
    pub max_connections: usize,
    /// How long a client may take from connecting to a verified token.
    pub login_timeout_ms: u64,
    /// A session that sends nothing for so long outside a transaction is ended (57P05). 0: never.
    pub idle_timeout_ms: u64,
    /// A session that sends nothing for so long inside a transaction is ended (25P03). 0: never.
    pub idle_in_transaction_timeout_ms: u64,
    /// How long running statements may go on after a shutdown was asked for.
    pub shutdown_grace_ms: u64,
    /// Longest message of a client after login; a longer one ends the session.
    pub max_message_bytes: usize,
    /// Replies are sent at Sync, at Flush, and whenever so many bytes have gathered.
    pub send_buffer_bytes: usize,
    /// Threads that run statements. 0: one per processor.
    pub worker_threads: usize,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 5432)),
            max_connections: 1_000,
            login_timeout_ms: 30_000,
            idle_timeout_ms: 0,
            idle_in_transaction_timeout_ms: 0,
            shutdown_grace_ms: 10_000,
            max_message_bytes: 64 << 20,
            send_buffer_bytes: 64 << 10,
            worker_threads: 0,
        }
    }
}

/// `[tls]`: encryption of connections.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// `require` or `off`. `off` is refused unless `server.listen` is a loopback address.
    pub mode: TlsMode,
    /// PEM file with the certificate chain, the server's own certificate first. Empty: none.
    #[serde(with = "optional_path")]
    pub certificate: Option<PathBuf>,
    /// PEM file with the certificate's private key. Empty: none.
    #[serde(with = "optional_path")]
    pub key: Option<PathBuf>,
    /// Make a self-signed certificate in the data directory if `certificate` is empty. `kalam dev` does.
    pub self_signed: bool,
}

/// Whether connections are encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsMode {
    /// A client that does not ask for TLS is refused before a password is asked for.
    #[default]
    Require,
    /// Connections are not encrypted. Only on a loopback address.
    Off,
}

/// `[auth]`: who may connect. The password of a client is a signed token (JWT).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// The `iss` that tokens of your identity provider must carry. Tokens of `kalam token` carry `kalam`.
    pub issuer: String,
    /// The `aud` that tokens of your identity provider must carry. Tokens of `kalam token` carry `kalam`.
    pub audience: String,
    /// Tolerated difference between your identity provider's clock and ours, for `exp` and `nbf`: at most 30.
    pub leeway_s: u64,
    /// Longest token that is looked at.
    pub max_token_bytes: usize,
    /// Accept tokens signed (HS256) with the data directory's own key, which `kalam token` uses.
    pub local_key: bool,
    /// JWKS file with public keys of your identity provider. Read at start and at SIGHUP. Empty: none.
    #[serde(with = "optional_path")]
    pub jwks: Option<PathBuf>,
    /// Public keys of your identity provider, each bound to one algorithm.
    pub keys: Vec<AuthKey>,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            issuer: "kalam".into(),
            audience: "kalam".into(),
            leeway_s: 5,
            max_token_bytes: 8 << 10,
            local_key: true,
            jwks: None,
            keys: Vec::new(),
        }
    }
}

/// `[[auth.keys]]`: one public key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthKey {
    /// The `kid` in the header of tokens signed with this key. Empty: tokens without `kid`.
    #[serde(default)]
    pub id: String,
    /// The only algorithm this key verifies.
    pub algorithm: KeyAlgorithm,
    /// PEM file with the public key.
    pub path: PathBuf,
}

/// What a configured public key may verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyAlgorithm {
    /// RSA, PKCS #1 v1.5, SHA-256.
    RS256,
    /// ECDSA on P-256, SHA-256.
    ES256,
    /// Ed25519.
    EdDSA,
}

/// `[storage]`: the data directory and the memory given to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Storage {
    /// The data directory: RocksDB, history files, the signing key.
    pub directory: PathBuf,
    /// Memory for blocks of fresh rows.
    pub block_cache_bytes: usize,
    /// Memory for rows that were just written, before RocksDB sorts them into a file.
    pub write_buffer_bytes: usize,
    /// Size of the write-ahead log at which RocksDB writes its memory out, so that old log files can go.
    pub max_wal_bytes: u64,
    /// Threads for RocksDB's background work.
    pub background_jobs: usize,
    /// Files of fresh rows held open. 0: all.
    pub max_open_files: usize,
    /// Memory for the footers and indexes of history files.
    pub history_cache_bytes: usize,
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            directory: "data".into(),
            block_cache_bytes: 256 << 20,
            write_buffer_bytes: 64 << 20,
            max_wal_bytes: 1 << 30,
            background_jobs: 2,
            max_open_files: 0,
            history_cache_bytes: 64 << 20,
        }
    }
}

/// `[commit]`: what an acknowledged commit promises.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Commit {
    /// `sync`: an acknowledged commit survives a power failure. `os`: it survives a crash of the server
    /// process, but not of the machine.
    pub durability: Durability,
    /// Most transactions that wait for the committer; more wait before the queue.
    pub max_queue: usize,
    /// Most bytes that the committer writes in one group.
    pub max_group_bytes: usize,
}

impl Default for Commit {
    fn default() -> Self {
        Self { durability: Durability::Sync, max_queue: 10_000, max_group_bytes: 8 << 20 }
    }
}

/// When a commit is acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// After the write-ahead log is on the disk.
    #[default]
    Sync,
    /// After the operating system has the write-ahead log.
    Os,
}

/// `[flush]`: when fresh rows move into history files by themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Flush {
    /// Flush automatically. `SELECT kalam.flush('t')` works in any case.
    pub automatic: bool,
    /// A table with so many bytes of fresh rows is flushed.
    pub max_fresh_bytes: u64,
    /// A table whose oldest fresh row is so old is flushed, if it has `min_fresh_bytes`.
    pub max_age_s: u64,
    /// A table with fewer bytes of fresh rows is never flushed for its age: small files help nobody.
    pub min_fresh_bytes: u64,
    /// How often the tables are looked at.
    pub check_interval_s: u64,
    /// A history file is closed and a new one begun at about so many bytes.
    pub target_file_bytes: u64,
}

impl Default for Flush {
    fn default() -> Self {
        Self {
            automatic: true,
            max_fresh_bytes: 256 << 20,
            max_age_s: 24 * 60 * 60,
            min_fresh_bytes: 8 << 20,
            check_interval_s: 60,
            target_file_bytes: 256 << 20,
        }
    }
}

/// `[transaction]`: bounds of transactions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Transaction {
    /// Most bytes of uncommitted writes of one transaction (54000).
    pub max_bytes: usize,
    /// How long a statement waits for a lock (55P03); sessions can `SET lock_timeout`. 0: for ever.
    pub lock_timeout_ms: u64,
}

impl Default for Transaction {
    fn default() -> Self {
        Self { max_bytes: 256 << 20, lock_timeout_ms: 0 }
    }
}

/// `[query]`: bounds and caches of statements.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Query {
    /// Memory for all running statements together (53200).
    pub memory_bytes: usize,
    /// Disk space for sorts and joins that do not fit into memory (53400).
    pub max_spill_bytes: u64,
    /// How long a statement may run (57014); sessions can `SET statement_timeout`. 0: for ever.
    pub statement_timeout_ms: u64,
    /// Most partitions that one statement works on at the same time. 0: one per processor.
    pub partitions: usize,
    /// Rows of one batch in flight between operators.
    pub batch_rows: usize,
    /// Plans of statements that each session keeps, by their text.
    pub plan_cache_entries: usize,
    /// Most prepared statements of one session.
    pub max_prepared_statements: usize,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            memory_bytes: 1 << 30,
            max_spill_bytes: 10 << 30,
            statement_timeout_ms: 0,
            partitions: 0,
            batch_rows: 8_192,
            plan_cache_entries: 256,
            max_prepared_statements: 10_000,
        }
    }
}

/// `[notify]`: bounds of LISTEN/NOTIFY.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notify {
    /// Most notifications that wait for one session; more become one `resync` event.
    pub queue_messages: usize,
    /// Most bytes of notifications that wait for one session; more become one `resync` event.
    pub queue_bytes: usize,
    /// Most channels that one session listens on.
    pub max_channels: usize,
}

impl Default for Notify {
    fn default() -> Self {
        Self { queue_messages: 10_000, queue_bytes: 8 << 20, max_channels: 10_000 }
    }
}

/// `[log]`: the server's log, written to stderr.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// A level (`error`, `warn`, `info`, `debug`, `trace`), or a filter such as `info,kalam::storage=debug`.
    pub level: String,
    /// `text` for people, `json` for machines.
    pub format: LogFormat,
    /// A statement that takes so long is logged as a warning. 0: none is.
    pub slow_statement_ms: u64,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".into(), format: LogFormat::Text, slow_statement_ms: 1_000 }
    }
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

impl Config {
    /// Reads a settings file. Settings that are not in the file keep their defaults; relative paths in it
    /// are relative to the working directory.
    ///
    /// # Errors
    /// The file cannot be read, is not TOML, has an unknown key, or a value that a setting does not take.
    /// The error names the file and the line.
    pub fn from_file(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_path_buf(), source })?;
        Self::from_toml(&text, path)
    }

    /// Reads settings from the text of a settings file; `path` names it in errors.
    ///
    /// # Errors
    /// As [`Config::from_file`].
    pub fn from_toml(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let invalid = |line, message| ConfigError::Invalid { path: path.to_path_buf(), line, message };
        let config: Self = toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start).min(text.len());
            let line = 1 + text.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count();
            invalid(line, error.message().to_string())
        })?;
        config.problem().map_or(Ok(()), |(section, key, message)| {
            Err(invalid(line_of(text, section, key), format!("{section}.{key}: {message}")))
        })?;
        Ok(config)
    }

    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// Names the first setting whose value cannot be used.
    pub fn validate(&self) -> Result<(), ConfigError> {
        match self.problem() {
            Some((section, key, message)) => Err(ConfigError::Refused(format!("{section}.{key}: {message}"))),
            None => Ok(()),
        }
    }

    fn problem(&self) -> Option<(&'static str, &'static str, String)> {
        if self.auth.leeway_s > MAX_LEEWAY_S {
            return Some(("auth", "leeway_s", format!("must be at most {MAX_LEEWAY_S}")));
        }
        if self.tls.mode == TlsMode::Off && !self.server.listen.ip().is_loopback() {
            let address = self.server.listen.ip();
            let message = format!("\"off\" is for loopback addresses only (127.0.0.1, ::1), not for {address}");
            return Some(("tls", "mode", message));
        }
        if self.tls.certificate.is_some() != self.tls.key.is_some() {
            return Some(("tls", "certificate", "certificate and key must be set together".into()));
        }
        let at_least = [
            ("server", "max_connections", self.server.max_connections, 1),
            ("server", "max_message_bytes", self.server.max_message_bytes, 16 << 10),
            ("auth", "max_token_bytes", self.auth.max_token_bytes, 512),
            ("storage", "background_jobs", self.storage.background_jobs, 1),
            ("commit", "max_queue", self.commit.max_queue, 1),
            ("query", "batch_rows", self.query.batch_rows, 1),
            ("notify", "queue_messages", self.notify.queue_messages, 1),
        ];
        for (section, key, value, minimum) in at_least {
            if value < minimum {
                return Some((section, key, format!("must be at least {minimum}")));
            }
        }
        // The protocol's length field is a signed 32-bit number.
        if self.server.max_message_bytes > i32::MAX as usize {
            return Some(("server", "max_message_bytes", format!("must be at most {}", i32::MAX)));
        }
        None
    }
}

/// The line of `key` in `[section]`, or of the section, for messages about a value.
fn line_of(text: &str, section: &str, key: &str) -> usize {
    let mut inside = false;
    let mut header = 1;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            inside = line.trim_start_matches('[').split(']').next().map(str::trim) == Some(section);
            if inside {
                header = index + 1;
            }
        } else if inside && line.split('=').next().map(str::trim) == Some(key) {
            return index + 1;
        }
    }
    header
}

/// Reads `127.0.0.1:5432`, `[::1]:5432`, and names such as `localhost:5432`, which may have several addresses:
/// the first of IPv4 is taken, if there is one, since that is what clients try that know no other.
///
/// # Errors
/// What is expected instead.
pub fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let expected = "expected an address and a port, such as 127.0.0.1:5432, [::1]:5432 or localhost:5432";
    let is_port = text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    if !is_port {
        return Err(expected.to_owned());
    }
    let found: Vec<SocketAddr> = match text.to_socket_addrs() {
        Ok(found) => found.collect(),
        Err(error) => return Err(format!("{error}; {expected}")),
    };
    let first = found.iter().find(|address| address.is_ipv4()).or(found.first());
    first.copied().ok_or_else(|| "the name has no address".to_owned())
}

fn socket_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    parse_address(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

/// TOML has no null: an empty string says that a path is not set, so that every setting can be written down.
mod optional_path {
    use super::{Deserialize, Deserializer, PathBuf, Serializer};

    pub(super) fn serialize<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
        match path.as_ref().map(|path| path.to_str()) {
            None => serializer.serialize_str(""),
            Some(Some(path)) => serializer.serialize_str(path),
            Some(None) => Err(serde::ser::Error::custom("path is not valid UTF-8")),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
        let path = String::deserialize(deserializer)?;
        Ok((!path.is_empty()).then(|| path.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::from_toml(text, Path::new("kalam.toml")).map_err(|error| error.to_string())
    }

    /// `kalam.toml` is the manual: it must say what is true, and name every setting.
    #[test]
    fn the_file_at_the_root_equals_the_defaults() {
        let text = include_str!("../kalam.toml");
        assert_eq!(parse(text).unwrap(), Config::default());
        let written: serde_json::Value = toml::from_str(text).unwrap();
        let defaults = serde_json::to_value(Config::default()).unwrap();
        for (section, settings) in defaults.as_object().unwrap() {
            for key in settings.as_object().unwrap().keys() {
                assert!(written[section].get(key).is_some(), "kalam.toml does not name {section}.{key}");
            }
        }
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let error = parse("[server]\nmax_connections = 3\n\n[flush]\nmax_bites = 1\n").unwrap_err();
        assert!(error.starts_with("kalam.toml, line 5: unknown field `max_bites`"), "{error}");
        let error = parse("[sever]\n").unwrap_err();
        assert!(error.starts_with("kalam.toml, line 1: unknown field `sever`"), "{error}");
        let error = parse("[[auth.keys]]\nalgorithm = \"RS256\"\npath = \"x\"\nkidd = \"1\"\n").unwrap_err();
        assert!(error.starts_with("kalam.toml, line 4: unknown field `kidd`"), "{error}");
    }

    #[test]
    fn a_bad_value_is_refused_with_its_line() {
        for (text, expected) in [
            ("[commit]\ndurability = \"maybe\"\n", "kalam.toml, line 2: unknown variant `maybe`"),
            ("[server]\n\nlisten = \"nowhere\"\n", "kalam.toml, line 3: expected an address and a port"),
            ("[auth]\nissuer = \"x\"\nleeway_s = 31\n", "kalam.toml, line 3: auth.leeway_s: must be at most 30"),
            ("[server]\nmax_connections = 0\n", "kalam.toml, line 2: server.max_connections: must be at least 1"),
            (
                "[server]\nlisten = \"0.0.0.0:1\"\n[tls]\nmode = \"off\"\n",
                "kalam.toml, line 4: tls.mode: \"off\" is for loopback addresses only",
            ),
            ("[auth.keys]]\n", "kalam.toml, line 1: "),
            ("[[auth.keys]]\nalgorithm = \"HS256\"\npath = \"x\"\n", "kalam.toml, line 2: unknown variant `HS256`"),
            ("[storage]\nblock_cache_bytes = -1\n", "kalam.toml, line 2: "),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(expected), "{text:?} gave {error:?}");
        }
    }

    #[test]
    fn an_address_may_be_a_name() {
        for (text, address) in [("127.0.0.1:0", "127.0.0.1:0"), ("[::1]:7", "[::1]:7"), ("localhost:7", "127.0.0.1:7")]
        {
            assert_eq!(parse_address(text), Ok(address.parse().unwrap()), "{text}");
        }
        for text in ["", "localhost", "127.0.0.1", ":5432", "localhost:", "localhost:70000", "5432"] {
            assert!(parse_address(text).unwrap_err().contains("127.0.0.1:5432"), "{text}");
        }
    }

    #[test]
    fn what_the_file_does_not_say_keeps_its_default() {
        let config = parse("[tls]\nmode = \"off\"\n[storage]\ndirectory = \"/var/lib/kalam\"\n").unwrap();
        assert_eq!(config.tls.mode, TlsMode::Off);
        assert_eq!(config.storage.directory, Path::new("/var/lib/kalam"));
        assert_eq!(config.server, Server::default());
        assert_eq!(parse("").unwrap(), Config::default());
    }
}
