//! A data directory on a disk that fills up: 53100, no false acknowledgement, reads go on, and writes go on again
//! when there is space.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::postgres::is_root;
use crate::support::server::{Server, temporary_directory};
use crate::support::until;
use crate::support::wire::Wire;

/// A small disk in memory, unmounted at the end.
struct Disk {
    path: PathBuf,
    _directory: TempDir,
}

impl Disk {
    /// None, with a printed reason, where this user may not mount.
    fn mount(megabytes: usize) -> Option<Self> {
        if !is_root() {
            eprintln!("skipped: only root can mount a small disk");
            return None;
        }
        let directory = temporary_directory();
        let path = directory.path().join("disk");
        std::fs::create_dir(&path).unwrap();
        let size = format!("size={megabytes}m");
        let status = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "kalam-test"]).arg(&path).status();
        if !status.is_ok_and(|status| status.success()) {
            eprintln!("skipped: this machine does not let root mount a tmpfs");
            return None;
        }
        Some(Self { path, _directory: directory })
    }

    /// Takes all the space that is left.
    fn fill(&self) -> PathBuf {
        let file = self.path.join("ballast");
        let _ = Command::new("dd").args(["if=/dev/zero", "bs=64k", "status=none"]).arg(of(&file)).output();
        let _ = Command::new("dd")
            .args(["if=/dev/zero", "bs=512", "status=none", "conv=notrunc", "oflag=append"])
            .arg(of(&file))
            .output();
        file
    }
}

fn of(file: &Path) -> String {
    format!("of={}", file.display())
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.path).status();
    }
}

#[test]
fn a_full_disk_loses_nothing_and_recovers() {
    let Some(disk) = Disk::mount(300) else { return };
    let data = disk.path.join("data");
    let mut server = Server::on(&data);
    let mut wire = Wire::connect(&server);
    let mut reader = Wire::connect(&server);
    wire.ok("CREATE TABLE t (id int PRIMARY KEY, v text)");
    let pad = "x".repeat(100_000);
    let mut acknowledged = 0;
    let insert = |wire: &mut Wire, id: i32| wire.run(&format!("INSERT INTO t VALUES ({id}, '{pad}')"));
    for id in 0..50 {
        insert(&mut wire, id).unwrap();
        acknowledged += 1;
    }
    wire.ok("SELECT kalam.flush('t')");
    let ballast = disk.fill();

    let error = loop {
        match insert(&mut wire, acknowledged) {
            Ok(_) => acknowledged += 1,
            Err(error) => break error,
        }
        assert!(acknowledged < 100_000, "a full disk takes everything");
    };
    assert_eq!(error.sqlstate(), "53100", "{error}");
    // It stays so while the disk is full, for every kind of write; reads go on, and see what was acknowledged.
    for sql in ["UPDATE t SET v = 'short' WHERE id = 1", "DELETE FROM t WHERE id = 1", "CREATE TABLE u (id int)"] {
        match wire.run(sql) {
            Err(error) => assert_eq!(error.sqlstate(), "53100", "{sql}: {error}"),
            Ok(_) => panic!("a full disk took {sql}"),
        }
    }
    if let Err(error) = wire.run("SELECT kalam.flush('t')") {
        assert_eq!(error.sqlstate(), "53100", "{error}"); // with nothing to move it has nothing to write
    }
    assert_eq!(reader.value("SELECT count(*) FROM t"), acknowledged.to_string());
    assert_eq!(Wire::connect(&server).value("SELECT count(*) FROM t"), acknowledged.to_string());

    // Space again: writes go on without a restart.
    std::fs::remove_file(&ballast).unwrap();
    until("writes go on when there is space", || insert(&mut wire, acknowledged).ok());
    acknowledged += 1;
    wire.ok("UPDATE t SET v = 'short' WHERE id = 1");
    assert_eq!(reader.value("SELECT count(*) FROM t"), acknowledged.to_string());

    // Full again and killed: nothing that was acknowledged is lost.
    let ballast = disk.fill();
    while insert(&mut wire, acknowledged).is_ok() {
        acknowledged += 1;
    }
    server.kill();
    std::fs::remove_file(&ballast).unwrap();
    server.restart();
    let mut wire = Wire::connect(&server);
    assert_eq!(wire.value("SELECT count(*) FROM t"), acknowledged.to_string());
    assert_eq!(wire.value("SELECT max(id) FROM t"), (acknowledged - 1).to_string());
    assert_eq!(wire.value("SELECT v FROM t WHERE id = 1"), "short");
    wire.ok("SELECT kalam.flush('t')");
    assert_eq!(wire.value("SELECT count(*) FROM t"), acknowledged.to_string());
    drop((wire, reader));
    server.kill();
}
