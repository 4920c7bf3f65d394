//! A full disk: no false acknowledgement, reads go on, and writes go on when space is free again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::harness::{Harness, Row, TABLE, TENANT, row};
use crate::base::clock::ManualClock;
use crate::base::random::Random;
use crate::error::StorageError;
use crate::storage::{Durability, Engine, StorageOptions};

/// A small file system in memory, unmounted at the end.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where mounting is not allowed: only root may, which is what CI's container runs as.
    fn mount(at: &Path, size: &str) -> Option<Self> {
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(at).output();
        mount.is_ok_and(|output| output.status.success()).then(|| Self(at.to_path_buf()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily, so that a failing test that still holds files open does not leave the mount behind.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn open(directory: &Path) -> Harness {
    let options = StorageOptions {
        durability: Durability::Sync,
        write_buffer_bytes: 2 << 20,
        ..super::harness::options(directory)
    };
    let engine = Engine::open(options, ManualClock::at(0), std::sync::Arc::new(())).unwrap();
    Harness::with(engine, TENANT, TABLE)
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_writes_go_on_when_space_is_free() {
    let directory = tempfile::tempdir().unwrap();
    let Some(_disk) = SmallDisk::mount(directory.path(), "24m") else {
        eprintln!("not allowed to mount a small file system: the full disk is not tested here");
        return;
    };
    let data = directory.path().join("data");
    let harness = open(&data);
    let ballast = directory.path().join("ballast");
    fs::write(&ballast, vec![1; 14 << 20]).unwrap();

    // Rows that do not compress, until the disk is full.
    let random = Random::default();
    let content = || {
        let mut bytes = [0; 3000];
        random.fill(&mut bytes);
        bytes.map(|byte| char::from(b'0' + byte % 64)).iter().collect::<String>()
    };
    let mut acknowledged: Vec<Row> = Vec::new();
    let mut refusals = 0;
    for id in 0..20_000 {
        let new = row("a", id, &content());
        match harness.try_commit(harness.engine.read_point(), |h, w| h.insert(w, &new)).await {
            Ok(seq) => {
                acknowledged.push(new);
                assert_eq!(seq.0, acknowledged.len() as u64, "a refused transaction consumes no number");
            }
            Err(error) => {
                assert!(matches!(error, StorageError::DiskFull { .. }), "{error:?}");
                assert_eq!(crate::Error::from(error).sqlstate().0, "53100");
                refusals += 1;
                if refusals == 3 {
                    break;
                }
            }
        }
    }
    assert_eq!(refusals, 3, "the disk is full");
    assert!(acknowledged.len() > 100);
    assert_eq!(harness.all().await, acknowledged, "reads go on, without the refused rows");

    fs::remove_file(&ballast).unwrap();
    // RocksDB looks for space every five seconds.
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let new = row("b", 1, "after");
        match harness.try_commit(harness.engine.read_point(), |h, w| h.insert(w, &new)).await {
            Ok(_) => {
                acknowledged.push(new);
                break;
            }
            Err(error) => assert!(Instant::now() < deadline, "writes did not go on: {error:?}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(harness.all().await, acknowledged);
    let last = harness.engine.last_seq();
    assert_eq!(last.0, acknowledged.len() as u64);
    drop(harness);
    let harness = open(&data);
    assert_eq!(harness.engine.last_seq(), last);
    assert_eq!(harness.all().await, acknowledged);
}
