//! Settings of the file reach what they are about.

use std::path::Path;

use super::{Bench, fails, rows, run};

/// RocksDB writes the options that it runs with into a file beside its data.
fn rocksdb_options(data: &Path) -> String {
    let files = std::fs::read_dir(data.join("rocksdb")).unwrap().map(|entry| entry.unwrap().path());
    let newest = files.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("OPTIONS-")).max();
    std::fs::read_to_string(newest.unwrap()).unwrap()
}

#[tokio::test]
async fn rocksdb_runs_with_the_options_of_the_file() {
    let bench = Bench::with(|config| {
        config.storage.max_wal_bytes = 12_345_678;
        config.storage.background_jobs = 3;
        config.storage.max_open_files = 77;
        config.storage.write_buffer_bytes = 7_654_321;
    })
    .await;
    let options = rocksdb_options(&bench.config.storage.directory);
    for line in
        ["max_total_wal_size=12345678", "max_background_jobs=3", "max_open_files=77", "db_write_buffer_size=7654321"]
    {
        assert!(options.lines().any(|found| found.trim() == line), "{line} is not in\n{options}");
    }
    let all = Bench::with(|config| config.storage.max_open_files = 0).await;
    let options = rocksdb_options(&all.config.storage.directory);
    assert!(options.lines().any(|found| found.trim() == "max_open_files=-1"), "{options}");
}

#[tokio::test]
async fn history_files_are_cut_at_their_size() {
    for (target_file_bytes, many) in [(16 << 10, true), (256 << 20, false)] {
        let bench = Bench::with(|config| config.flush.target_file_bytes = target_file_bytes).await;
        let mut session = bench.session();
        run(&mut session, "CREATE TABLE t (a int PRIMARY KEY, b text)").await;
        run(&mut session, "INSERT INTO t SELECT g.i, md5(g.i::text) FROM generate_series(1, 10000) AS g(i)").await;
        rows(&mut session, "SELECT kalam.flush('t')").await;
        let files = rows(&mut session, "SELECT files FROM kalam.flushes").await.remove(0);
        let files: usize = files.parse().unwrap();
        assert_eq!(files > 1, many, "{files} files of {target_file_bytes} bytes");
        assert_eq!(rows(&mut session, "SELECT count(*) FROM t").await, ["10000"]);
    }
}

#[tokio::test]
async fn batches_have_the_rows_of_the_setting() {
    let bench = Bench::with(|config| config.query.batch_rows = 100).await;
    let mut session = bench.session();
    run(&mut session, "CREATE TABLE t (a int PRIMARY KEY, b int)").await;
    run(&mut session, "INSERT INTO t SELECT g.i, g.i % 7 FROM generate_series(1, 1000) AS g(i)").await;
    for sql in ["SELECT a FROM t", "SELECT b FROM t ORDER BY b", "SELECT a, count(*) FROM t GROUP BY a"] {
        let batches = session.query(sql).await.unwrap().batches;
        let sizes: Vec<usize> = batches.iter().map(arrow::array::RecordBatch::num_rows).collect();
        assert_eq!(sizes.iter().sum::<usize>(), 1000, "{sql}");
        assert!(sizes.iter().all(|rows| *rows <= 100), "{sql}: {sizes:?}");
    }
}

#[tokio::test]
async fn spilling_ends_at_its_limit() {
    let sort = "SELECT count(*) FROM (SELECT g.i, repeat(md5(g.i::text), 8) AS x FROM generate_series(1, 150000) AS g(i) \
                ORDER BY x OFFSET 1) AS s WHERE x IS NOT NULL";
    let small = |max_spill_bytes: u64| {
        Bench::with(move |config| {
            config.query.memory_bytes = 24 << 20;
            config.query.partitions = 1;
            config.query.max_spill_bytes = max_spill_bytes;
        })
    };
    let enough = small(1 << 30).await;
    assert_eq!(rows(&mut enough.session(), sort).await, ["149999"]);
    let little = small(1 << 20).await;
    assert_eq!(
        fails(&mut little.session(), sort).await,
        "53400: temporary file size exceeds query.max_spill_bytes (1024.0 KB)"
    );
    let spilled = std::fs::read_dir(little.config.storage.directory.join("spill")).unwrap();
    let left: usize = spilled.map(|dir| std::fs::read_dir(dir.unwrap().path()).unwrap().count()).sum();
    assert_eq!(left, 0, "a statement that failed leaves no file");
}
