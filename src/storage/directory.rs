//! The data directory: its format version.
//!
//! ```text
//!   data/
//!     format      the version of everything below, as text: "1\n"
//!     rocksdb/    fresh rows, manifest, catalog
//!     history/    Parquet files
//! ```
//!
//! The version is read before anything else is touched, so that a program never "repairs" or fills a
//! directory that it does not understand.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::StorageError;

/// The version that this program reads and writes.
pub(super) const FORMAT: u32 = 1;

const FORMAT_FILE: &str = "format";
const ROCKSDB: &str = "rocksdb";

/// Where RocksDB lies.
pub(super) fn rocksdb(directory: &Path) -> PathBuf {
    directory.join(ROCKSDB)
}

/// Makes the directory if it is not there, and checks its format version.
///
/// # Errors
/// `UnknownFormat` when another version wrote it, or when it has data but no version.
pub(super) fn prepare(directory: &Path) -> Result<(), StorageError> {
    let io = |source| StorageError::from(source);
    fs::create_dir_all(directory).map_err(io)?;
    let path = directory.join(FORMAT_FILE);
    match fs::read_to_string(&path) {
        Ok(text) if text.trim() == FORMAT.to_string() => Ok(()),
        Ok(text) => Err(unknown(&text)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(unknown("not text")),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io(error)),
        Err(_) if rocksdb(directory).exists() => Err(unknown("none")),
        Err(_) => write(directory, &path).map_err(io),
    }
}

/// Makes the names in the directory durable, and the directory's own: a commit in a database whose
/// directory is forgotten in a power cut would be lost.
pub(super) fn sync(directory: &Path) -> Result<(), StorageError> {
    File::open(directory)?.sync_all()?;
    if let Some(parent) = directory.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        File::open(parent)?.sync_all()?;
    }
    Ok(())
}

fn unknown(found: &str) -> StorageError {
    // The text comes from a file that is not ours, so only its beginning is repeated.
    let found: String = found.trim().chars().filter(|char| !char.is_control()).take(40).collect();
    StorageError::UnknownFormat { found, expected: FORMAT }
}

/// Writes the version so that after a crash it is there as a whole or not at all.
fn write(directory: &Path, path: &Path) -> io::Result<()> {
    let temporary = directory.join("format.new");
    let mut file = File::create(&temporary)?;
    writeln!(file, "{FORMAT}")?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_directory_gets_the_version_and_keeps_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/b");
        prepare(&path).unwrap();
        prepare(&path).unwrap();
        assert_eq!(fs::read_to_string(path.join(FORMAT_FILE)).unwrap(), "1\n");
    }

    #[test]
    fn another_version_is_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(FORMAT_FILE), "17\n").unwrap();
        let error = prepare(directory.path()).unwrap_err();
        assert_eq!(error.to_string(), "the data directory has format version 17, this program reads version 1");
        fs::write(directory.path().join(FORMAT_FILE), [0xFF, 0xFE]).unwrap();
        assert!(matches!(prepare(directory.path()), Err(StorageError::UnknownFormat { .. })));
    }

    #[test]
    fn data_without_a_version_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(rocksdb(directory.path())).unwrap();
        assert!(matches!(prepare(directory.path()), Err(StorageError::UnknownFormat { .. })));
    }
}
