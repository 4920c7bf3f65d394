//! A real PostgreSQL 15 in a temporary directory: what KalamDB's answers are compared with.
//!
//! One server serves a whole test binary and every user of it makes a database of its own. It ends with the
//! binary, however that ends: its shell waits for the end of a pipe that only the binary holds open.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::wire::Wire;
use super::{find_program, free_port, skipped, until};

/// The reference server of this test binary.
pub struct Postgres {
    address: SocketAddr,
    databases: AtomicU32,
    _shell: Child,
}

static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();

/// The reference server, started at first use; None when `KALAM_SKIP` names postgresql.
pub fn shared() -> Option<&'static Postgres> {
    SHARED.get_or_init(|| (!skipped("postgresql")).then(Postgres::start)).as_ref()
}

impl Postgres {
    fn start() -> Self {
        let postgres = find_program("postgres")
            .expect("PostgreSQL 15 is missing: run `make setup`, or go without it by KALAM_SKIP=postgresql");
        let initdb = find_program("initdb").expect("initdb is beside postgres");
        let directory = std::env::temp_dir().join(format!("kalam-postgres-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let cluster = directory.join("cluster");
        let port = free_port();
        let as_owner = if is_root() {
            // PostgreSQL refuses to run as root; the package made this user.
            let status = Command::new("chown").arg("postgres").arg(&directory).status().unwrap();
            assert!(status.success(), "chown postgres {}", directory.display());
            "setpriv --reuid=postgres --regid=postgres --init-groups "
        } else {
            ""
        };
        // KalamDB orders text by its bytes and knows Unicode's letters.
        let script = format!(
            "cd {directory} || exit 1
             {as_owner}{initdb} -D {cluster} -U app -A trust -E UTF8 --locale=C --lc-ctype=C.UTF-8 --no-sync >init.log 2>&1 || {{ cat init.log >&2; exit 1; }}
             {as_owner}{postgres} -D {cluster} -p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={directory} \
                -c fsync=off -c timezone=UTC -c log_timezone=UTC -c max_connections=200 >server.log 2>&1 &
             read -r end
             kill -QUIT $!
             wait $!
             cd / && rm -rf {directory}",
            directory = quoted(&directory),
            cluster = quoted(&cluster),
            initdb = quoted(&initdb),
            postgres = quoted(&postgres),
        );
        let mut shell = Command::new("bash");
        shell.arg("-c").arg(script).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut shell = shell.spawn().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        until("PostgreSQL 15 accepts connections", || {
            if let Some(status) = shell.try_wait().unwrap() {
                panic!("PostgreSQL 15 did not start: {status}");
            }
            let mut wire = Wire::plain(address).ok()?;
            wire.login("app", "postgres", "").ok()
        });
        shell.stdin.as_mut().unwrap().flush().unwrap();
        Self { address, databases: AtomicU32::new(0), _shell: shell }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A new empty database, and its name.
    pub fn database(&self) -> String {
        let name = format!("reference_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut wire = Wire::plain(self.address).unwrap();
        wire.login("app", "postgres", "").unwrap();
        wire.run(&format!("CREATE DATABASE {name} TEMPLATE template0")).unwrap();
        name
    }

    /// A URL for a new empty database.
    pub fn url(&self) -> String {
        format!("postgres://app@{}/{}?sslmode=disable", self.address, self.database())
    }
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_str().unwrap())
}

pub fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout.trim_ascii() == b"0"
}
