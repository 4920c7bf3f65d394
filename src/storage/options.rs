//! Settings of the engine.

use std::path::PathBuf;

use super::history::Limits;

/// When a commit is acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// After the write-ahead log is on the disk: survives a power cut.
    #[default]
    Sync,
    /// After the operating system has the bytes: survives a crash of the process, not of the machine.
    Os,
}

/// How to open an [`super::Engine`].
#[derive(Clone, Debug)]
pub struct StorageOptions {
    /// The data directory. Made if it does not exist.
    pub directory: PathBuf,
    pub durability: Durability,
    /// Memory for uncompressed blocks of RocksDB.
    pub block_cache_bytes: usize,
    /// Memory for rows that RocksDB has not written to a table file yet, over all column families.
    pub write_buffer_bytes: usize,
    /// Size of the write-ahead log at which RocksDB writes its memory out, so that old log files can go.
    pub max_wal_bytes: u64,
    /// Threads for RocksDB's flushes and compactions.
    pub background_jobs: usize,
    /// Table files of RocksDB held open. 0: all.
    pub max_open_files: usize,
    /// Memory for what is known of open history files: footers, indexes, bloom filters.
    pub history_cache_bytes: u64,
    /// How history files are cut.
    pub history_limits: Limits,
    /// Most transactions that may wait for the committer; further ones wait for a place.
    pub commit_queue: usize,
    /// Most bytes of rows that one group commit takes together.
    pub group_bytes: usize,
}

impl StorageOptions {
    /// Defaults for a data directory.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            durability: Durability::Sync,
            block_cache_bytes: 256 << 20,
            write_buffer_bytes: 128 << 20,
            max_wal_bytes: 1 << 30,
            background_jobs: 2,
            max_open_files: 0,
            history_cache_bytes: 64 << 20,
            history_limits: Limits::default(),
            commit_queue: 4096,
            group_bytes: 16 << 20,
        }
    }
}
