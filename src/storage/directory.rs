//! The data directory: its format version, and who may look into it.
//!
//! ```text
//!   data/         u=rwx (0700): what is inside needs no protection of its own
//!     format      the version of everything below, as text: "2\n"
//!     rocksdb/    fresh rows, manifest, catalog
//!     history/    Parquet files
//! ```
//!
//! The version is read before anything else is touched, so that a program never "repairs" or fills a
//! directory that it does not understand, or that belongs to something else.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::error::StorageError;

/// The version that this program reads and writes.
pub(super) const FORMAT: u32 = 2;

const FORMAT_FILE: &str = "format";
/// The version while it is written; a crash leaves it behind.
const FORMAT_TEMPORARY: &str = "format.new";
/// What a file system puts into its own root.
const LOST_AND_FOUND: &str = "lost+found";
/// The directory's owner may do everything, others nothing: messages are not for every user of the machine.
const MODE: u32 = 0o700;
const ROCKSDB: &str = "rocksdb";

/// Where RocksDB lies.
pub(super) fn rocksdb(directory: &Path) -> PathBuf {
    directory.join(ROCKSDB)
}

/// Makes the directory if it is not there, checks its format version, and shuts it to other users.
///
/// # Errors
/// `UnknownFormat` when another version wrote it, or when it has data but no version; `NotEmpty` when it
/// holds something else; `OpenToOthers` when it cannot be shut.
pub(super) fn prepare(directory: &Path) -> Result<(), StorageError> {
    make(directory)?;
    let path = directory.join(FORMAT_FILE);
    match fs::read_to_string(&path) {
        Ok(text) if text.trim() == FORMAT.to_string() => shut(directory),
        Ok(text) => Err(unknown(&text)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(unknown("not text")),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        Err(_) if rocksdb(directory).exists() => Err(unknown("none")),
        Err(_) if has_files(directory)? => Err(StorageError::NotEmpty),
        Err(_) => {
            shut(directory)?;
            Ok(write(directory, &path)?)
        }
    }
}

/// Parents get the usual permissions: they may be anybody's.
fn make(directory: &Path) -> io::Result<()> {
    if let Some(parent) = directory.parent() {
        fs::create_dir_all(parent)?;
    }
    match fs::DirBuilder::new().mode(MODE).create(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && directory.is_dir() => Ok(()),
        made => made,
    }
}

fn has_files(directory: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        if name != LOST_AND_FOUND && name != FORMAT_TEMPORARY {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Takes the directory from everybody but its owner. Earlier versions made it readable to all.
fn shut(directory: &Path) -> Result<(), StorageError> {
    let mode = fs::metadata(directory)?.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    match fs::set_permissions(directory, fs::Permissions::from_mode(MODE)) {
        Ok(()) => {
            let (directory, mode) = (directory.display(), format!("{mode:04o}"));
            tracing::warn!(%directory, mode, "other users could look into the data directory; it is 0700 now");
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(StorageError::OpenToOthers),
        Err(error) => Err(error.into()),
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
    let temporary = directory.join(FORMAT_TEMPORARY);
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
        assert_eq!(fs::read_to_string(path.join(FORMAT_FILE)).unwrap(), "2\n");
    }

    #[test]
    fn another_version_is_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(FORMAT_FILE), "17\n").unwrap();
        let error = prepare(directory.path()).unwrap_err();
        assert_eq!(error.to_string(), "the data directory has format version 17, this program reads version 2");
        fs::write(directory.path().join(FORMAT_FILE), [0xFF, 0xFE]).unwrap();
        assert!(matches!(prepare(directory.path()), Err(StorageError::UnknownFormat { .. })));
    }

    #[test]
    fn data_without_a_version_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(rocksdb(directory.path())).unwrap();
        assert!(matches!(prepare(directory.path()), Err(StorageError::UnknownFormat { .. })));
    }
    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn other_users_cannot_look_into_it() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        prepare(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
        // One that an earlier version made, and one that somebody else made.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        prepare(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
        let empty = parent.path().join("empty");
        fs::create_dir(&empty).unwrap();
        fs::set_permissions(&empty, fs::Permissions::from_mode(0o777)).unwrap();
        prepare(&empty).unwrap();
        assert_eq!(mode(&empty), 0o700);
    }

    #[test]
    fn a_directory_of_something_else_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("letter.txt"), "mine").unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(prepare(directory.path()), Err(StorageError::NotEmpty)));
        assert_eq!((fs::read_dir(directory.path()).unwrap().count(), mode(directory.path())), (1, 0o755));
        // What a file system and an interrupted start leave there is nobody's.
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join(LOST_AND_FOUND)).unwrap();
        fs::write(directory.path().join(FORMAT_TEMPORARY), "").unwrap();
        prepare(directory.path()).unwrap();
    }
}
