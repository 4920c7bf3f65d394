//! The real `kalam` command on a data directory of its own, stopped when the test ends.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use super::{DEADLINE, free_port, until};

pub const KALAM: &str = env!("CARGO_BIN_EXE_kalam");

/// Lines of kalam.toml by their table.
type Settings = Vec<(String, String)>;

/// A running server. Dropping it kills the process and removes its data.
pub struct Server {
    child: Child,
    log: Arc<Mutex<String>>,
    tls: bool,
    address: SocketAddr,
    /// What `kalam dev` printed: a line ready to paste. Empty for `kalam serve`.
    url: String,
    data: PathBuf,
    own: Option<TempDir>,
    settings: Option<Settings>,
}

impl Server {
    /// `kalam dev` with TLS, as a new user starts it.
    pub fn start() -> Self {
        let own = temporary_directory();
        let data = own.path().join("data");
        let mut server = Self::dev(&data, true);
        server.own = Some(own);
        server
    }

    /// `kalam dev --tls off`, for tests that look at bytes or run programs without TLS.
    pub fn plain() -> Self {
        let own = temporary_directory();
        let data = own.path().join("data");
        let mut server = Self::dev(&data, false);
        server.own = Some(own);
        server
    }

    /// `kalam dev` on a data directory that belongs to the caller.
    pub fn on(data: &Path) -> Self {
        Self::dev(data, true)
    }

    /// `kalam serve` with settings by table of kalam.toml, such as `("notify", "queue_messages = 10")`. The data
    /// directory is made by `kalam dev` first, so that it has a tenant and a key.
    pub fn serve(settings: &[(&str, &str)]) -> Self {
        let own = temporary_directory();
        let data = own.path().join("data");
        Self::dev(&data, true).stop();
        let settings = settings.iter().map(|(table, line)| (table.to_string(), line.to_string())).collect();
        let mut server = Self::with_settings(&data, settings);
        server.own = Some(own);
        server
    }

    fn dev(data: &Path, tls: bool) -> Self {
        let mut command = Command::new(KALAM);
        command.args(["dev", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data);
        if !tls {
            command.args(["--tls", "off"]);
        }
        let (mut child, log) = spawn(command);
        let url = first_url(&mut child, &log);
        let address = address_of(&url);
        Self { child, log, tls, address, url, data: data.to_owned(), own: None, settings: None }
    }

    fn with_settings(data: &Path, settings: Settings) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let file = data.with_extension("toml");
        fs::write(&file, toml(data, address, &settings)).unwrap();
        let mut command = Command::new(KALAM);
        command.args(["serve", "--config"]).arg(&file);
        let (mut child, log) = spawn(command);
        until("kalam serve accepts connections", || {
            if let Some(status) = child.try_wait().unwrap() {
                panic!("kalam serve ended with {status}:\n{}", log.lock().unwrap());
            }
            std::net::TcpStream::connect(address).ok()
        });
        let tls = !settings.iter().any(|(table, line)| table == "tls" && line.contains("\"off\""));
        Self {
            child,
            log,
            tls,
            address,
            url: String::new(),
            data: data.to_owned(),
            own: None,
            settings: Some(settings),
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn tls(&self) -> bool {
        self.tls
    }

    pub fn data(&self) -> &Path {
        &self.data
    }

    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// The URL that the server printed: user `app`, tenant `demo`.
    pub fn printed_url(&self) -> &str {
        &self.url
    }

    /// A token made beside the running server.
    pub fn token(&self, tenant: &str, user: &str, role: &str) -> String {
        token(&self.data, tenant, user, role, "1h")
    }

    /// A URL for `user` in `tenant`.
    pub fn url(&self, tenant: &str, user: &str, role: &str) -> String {
        let token = self.token(tenant, user, role);
        let mode = if self.tls { "require" } else { "disable" };
        format!("postgres://{user}:{token}@{}/{tenant}?sslmode={mode}", self.address)
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// kill -9: no destructor runs, nothing is flushed.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM, as a service manager stops it.
    pub fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        until("the server ends after SIGTERM", || self.child.try_wait().unwrap())
    }

    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success(), "kill -{name}");
    }

    /// SIGTERM when it still runs.
    pub fn stop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            let status = self.terminate();
            assert!(status.success(), "the server ended with {status}:\n{}", self.log());
        }
    }

    /// Whether the process is still there.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Starts again on the same data; the port may be another one.
    pub fn restart(&mut self) {
        if self.is_running() {
            self.stop();
        }
        let next = match &self.settings {
            Some(settings) => Self::with_settings(&self.data, settings.clone()),
            None => Self::dev(&self.data, self.tls),
        };
        let own = self.own.take();
        *self = next; // drops the old one, whose process has ended
        self.own = own;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log();
            let tail = log.lines().rev().take(60).collect::<Vec<_>>();
            eprintln!("--- the server's last lines ---");
            for line in tail.iter().rev() {
                eprintln!("{line}");
            }
        }
    }
}

/// A kalam.toml with these settings, listening on `address` with a certificate of its own.
pub fn toml(data: &Path, address: SocketAddr, settings: &[(String, String)]) -> String {
    let mut tables: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    tables.entry("server").or_default().push(format!("listen = \"{address}\""));
    tables.entry("storage").or_default().push(format!("directory = {:?}", data.to_str().unwrap()));
    tables.entry("tls").or_default().push("self_signed = true".to_owned());
    for (table, line) in settings {
        tables.entry(table).or_default().push(line.clone());
    }
    tables.iter().map(|(table, lines)| format!("[{table}]\n{}\n", lines.join("\n"))).collect()
}

/// Runs `kalam` with arguments to its end.
pub fn kalam(arguments: &[&str]) -> Output {
    Command::new(KALAM).args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// `kalam token`: prints only the token.
pub fn token(data: &Path, tenant: &str, user: &str, role: &str, ttl: &str) -> String {
    let data = data.to_str().unwrap();
    let output =
        kalam(&["token", "--data-dir", data, "--tenant", tenant, "--user", user, "--role", role, "--ttl", ttl]);
    assert!(output.status.success(), "kalam token: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// A directory for one test; inside `KALAM_TEST_DIR` when the default one is on a slow or small disk.
pub fn temporary_directory() -> TempDir {
    let mut builder = tempfile::Builder::new();
    builder.prefix("kalam-test-");
    match std::env::var_os("KALAM_TEST_DIR") {
        Some(parent) => builder.tempdir_in(parent).unwrap(),
        None => builder.tempdir().unwrap(),
    }
}

fn spawn(mut command: Command) -> (Child, Arc<Mutex<String>>) {
    command.env_remove("RUST_LOG").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let log = Arc::new(Mutex::new(String::new()));
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let copy = Arc::clone(&log);
    std::thread::spawn(move || {
        let mut line = Vec::new();
        while errors.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            copy.lock().unwrap().push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    });
    (child, log)
}

/// Reads stdout up to the line that starts with `postgres://`, and goes on draining it.
fn first_url(child: &mut Child, log: &Mutex<String>) -> String {
    let (sender, receiver) = mpsc::channel();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || {
        let mut line = String::new();
        while output.read_line(&mut line).is_ok_and(|read| read > 0) {
            if line.starts_with("postgres://") {
                let _ = sender.send(line.trim_end().to_owned());
            }
            line.clear();
        }
        let _ = output.read_to_string(&mut line);
    });
    match receiver.recv_timeout(DEADLINE) {
        Ok(url) => url,
        Err(_) => {
            let _ = child.kill();
            panic!("kalam dev printed no postgres:// line; it logged:\n{}", log.lock().unwrap());
        }
    }
}

fn address_of(url: &str) -> SocketAddr {
    let after = url.rsplit_once('@').unwrap().1;
    after.split('/').next().unwrap().parse().unwrap_or_else(|_| panic!("no address in the printed URL"))
}
