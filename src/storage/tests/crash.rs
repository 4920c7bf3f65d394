//! Crash consistency: the data directory is copied at every step, as a kill would leave it, and each
//! copy must open with everything that was acknowledged before it, and with nothing half.

use std::fs;
use std::path::Path;

use super::harness::{Harness, Row, row};
use crate::storage::history::manifest;
use crate::storage::{Durability, Engine, ManifestChange, StorageOptions};

/// Copies a directory file by file: what the operating system has is what a killed process leaves.
///
/// A kill stops everything in one moment and a copy takes a while, so files are copied in an order in which
/// none mentions a file that was copied too early: RocksDB's `CURRENT` and `MANIFEST`, then tables and logs.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let mut entries: Vec<_> = fs::read_dir(from).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(|entry| match entry.file_name().to_string_lossy().as_ref() {
        "CURRENT" => 0,
        name if name.starts_with("MANIFEST") => 1,
        _ => 2,
    });
    for entry in entries {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// What a copy of the directory, taken now, opens with.
async fn after_a_kill(engine: &Engine, directory: &Path) -> Vec<Row> {
    let scratch = tempfile::tempdir().unwrap();
    // Compactions go on in the background, and delete what a manifest copied before still mentions.
    engine.database().disable_file_deletions().unwrap();
    copy(directory, scratch.path());
    engine.database().enable_file_deletions().unwrap();
    Harness::open(scratch.path()).all().await
}

#[tokio::test]
async fn a_kill_between_any_two_steps_keeps_what_was_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let harness = Harness::open(directory.path());
    let mut expected: Vec<Row> = Vec::new();
    for round in 0..4 {
        let new: Vec<Row> = (0..10).map(|id| row("a", round * 10 + id, "x")).collect();
        harness.commit(|h, w| new.iter().for_each(|row| h.insert(w, row))).await;
        expected.extend(new);
        assert_eq!(after_a_kill(&harness.engine, directory.path()).await, expected);

        // A change of a flushed row, and a delete of one: overlays.
        if round > 0 {
            harness
                .commit(|h, w| {
                    h.put(w, &row("a", 3, &format!("round {round}")));
                    h.delete(w, "a", round * 10 - 1);
                })
                .await;
            expected.retain(|((_, id), _)| *id != round * 10 - 1);
            expected[3].1 = Some(format!("round {round}"));
            assert_eq!(after_a_kill(&harness.engine, directory.path()).await, expected);
        }

        let ticket = harness.begin_flush().await.unwrap();
        assert_eq!(after_a_kill(&harness.engine, directory.path()).await, expected, "flush begun");
        harness.commit(|h, w| h.put(w, &row("a", 3, "beside the flush"))).await;
        expected[3].1 = Some("beside the flush".into());
        // Files are written, the manifest does not know them: orphans must not be read.
        let files = harness.write_files(&ticket.at).await;
        assert_eq!(after_a_kill(&harness.engine, directory.path()).await, expected, "files written");
        let old = harness.store.history_files(&ticket.at, harness.shape.table).unwrap();
        let change = ManifestChange {
            add: files.iter().map(|file| (manifest::file_key(file), manifest::encode(file))).collect(),
            remove: old.iter().map(|file| manifest::file_key(file)).collect(),
        };
        harness.engine.end_flush(ticket, change).await.unwrap();
        assert_eq!(after_a_kill(&harness.engine, directory.path()).await, expected, "flush ended");
        harness.engine.compact(harness.store.tenant(), harness.shape.table);
        assert_eq!(after_a_kill(&harness.engine, directory.path()).await, expected, "compacted");
    }
    assert_eq!(harness.all().await, expected);
}

/// The newest log file of a data directory.
fn log(directory: &Path) -> std::path::PathBuf {
    let files = fs::read_dir(directory.join("rocksdb")).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "log")).max().unwrap()
}

#[tokio::test]
async fn a_log_cut_anywhere_keeps_a_prefix_of_the_commits() {
    let directory = tempfile::tempdir().unwrap();
    let harness = Harness::open(directory.path());
    // Each commit writes two rows: a cut in the middle of one must lose both.
    let mut lengths = vec![fs::metadata(log(directory.path())).unwrap().len()];
    for round in 0..12 {
        harness
            .commit(|h, w| {
                h.insert(w, &row("a", round, "x"));
                h.insert(w, &row("b", round, "y"));
            })
            .await;
        lengths.push(fs::metadata(log(directory.path())).unwrap().len());
    }
    assert!(lengths.is_sorted() && lengths[0] < lengths[12]);
    for cut in (lengths[0]..=lengths[12]).step_by(37) {
        let scratch = tempfile::tempdir().unwrap();
        copy(directory.path(), scratch.path());
        fs::OpenOptions::new().write(true).open(log(scratch.path())).unwrap().set_len(cut).unwrap();
        let whole = lengths.iter().filter(|length| **length <= cut).count() as i64 - 1;
        let found = Harness::open(scratch.path());
        assert_eq!(found.engine.last_seq().0, whole as u64, "cut at {cut}");
        let expected: Vec<Row> =
            (0..whole).map(|id| row("a", id, "x")).chain((0..whole).map(|id| row("b", id, "y"))).collect();
        assert_eq!(found.all().await, expected, "cut at {cut}");
    }
}

#[tokio::test]
async fn a_damaged_log_is_refused_and_not_silently_shortened() {
    let directory = tempfile::tempdir().unwrap();
    {
        let options = StorageOptions { durability: Durability::Sync, ..super::harness::options(directory.path()) };
        let engine = Engine::open(options, crate::base::clock::ManualClock::at(0), std::sync::Arc::new(())).unwrap();
        let harness = Harness::with(engine, super::harness::TENANT, super::harness::TABLE);
        for id in 0..20 {
            harness.commit(|h, w| h.insert(w, &row("a", id, "a text that is long enough to hit"))).await;
        }
    }
    let path = log(directory.path());
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xFF;
    fs::write(&path, bytes).unwrap();
    let opened = Engine::open(
        super::harness::options(directory.path()),
        crate::base::clock::ManualClock::at(0),
        std::sync::Arc::new(()),
    );
    assert!(opened.is_err(), "a bad record in the middle of the log must not start a shortened database");
}
