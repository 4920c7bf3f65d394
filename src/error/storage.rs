//! What can go wrong at the disk.

use super::report::Report;

/// An error of the storage floor.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Another process holds the data directory.
    #[error("the data directory is locked by another process")]
    Locked { path: std::path::PathBuf },
    /// The data directory was written by a version with another format.
    #[error("the data directory has format version {found}, this program reads version {expected}")]
    UnknownFormat { found: String, expected: u32 },
    /// A new data directory would lie among files that are not the database's.
    #[error("it exists but is not empty, and is no data directory of KalamDB")]
    NotEmpty,
    /// Other users can look into the data directory, and this one may not change that.
    #[error("the data directory has invalid permissions: they should be u=rwx (0700)")]
    OpenToOthers,
    /// The disk is full. Nothing of the write is there; it may be tried again when space is free.
    #[error("could not write: No space left on device")]
    DiskFull { source: std::io::Error },
    /// RocksDB reported an error.
    #[error("storage error")]
    RocksDb { source: rocksdb::Error },
    /// A Parquet file could not be written or read.
    #[error("history file error")]
    Parquet { source: parquet::errors::ParquetError },
    /// The object store reported an error.
    #[error("history file error")]
    ObjectStore { source: object_store::Error },
    /// A file or directory could not be used.
    #[error("storage error")]
    Io { source: std::io::Error },
    /// Bytes on disk do not have the form they must have.
    #[error("data is corrupted")]
    Corrupted { what: String },
    /// An iterator left the range of its tenant: an invariant of isolation broke.
    #[error("data is corrupted")]
    ForeignKey,
    /// The engine stopped after an earlier write error, or is shutting down.
    #[error("the database does not accept writes")]
    Stopped { reason: String },
    /// A row or key is longer than what can be stored.
    #[error("row is too big: size {bytes}, maximum size {maximum}")]
    TooBig { bytes: usize, maximum: usize },
    /// The scan was canceled.
    #[error("canceling statement due to user request")]
    Canceled,
    /// Arrow refused to build an array.
    #[error("internal data error")]
    Arrow { source: arrow::error::ArrowError },
}

impl StorageError {
    pub(super) fn describe(&self, report: &mut Report) {
        if let Self::DiskFull { .. } = self {
            report.hint = Some("Free space on the server's disk and try again.".into());
        }
    }
}

impl From<rocksdb::Error> for StorageError {
    /// RocksDB's errors arrive as text, so that is where a full disk is told from a broken one.
    fn from(source: rocksdb::Error) -> Self {
        if source.as_ref().contains("No space left on device") {
            return Self::DiskFull { source: std::io::Error::new(std::io::ErrorKind::StorageFull, source) };
        }
        match source.kind() {
            rocksdb::ErrorKind::Corruption => Self::Corrupted { what: source.into() },
            _ => Self::RocksDb { source },
        }
    }
}

impl From<arrow::error::ArrowError> for StorageError {
    fn from(source: arrow::error::ArrowError) -> Self {
        Self::Arrow { source }
    }
}

impl From<std::io::Error> for StorageError {
    fn from(source: std::io::Error) -> Self {
        match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::DiskFull { source },
            _ => Self::Io { source },
        }
    }
}
