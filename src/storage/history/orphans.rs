//! Removes history files that no manifest names: orphans of a crash at the start, replaced files later.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::mpsc;

use super::errors::io_error;
use super::manifest::{self, HistoryFile};
use super::writer;
use crate::error::StorageError;
use crate::storage::Obsolete;
use crate::storage::snapshot::Registry;

/// Removes every history file below `directory` that `named` does not list, and directories that are empty
/// then. Called before the first read point, so nobody reads them. Returns how many files were removed.
///
/// # Errors
/// When a directory cannot be listed or a file cannot be removed.
pub(in crate::storage) fn collect(directory: &Path, named: &[HistoryFile]) -> Result<usize, StorageError> {
    let named: HashSet<PathBuf> = named.iter().map(|file| directory.join(file.path())).collect();
    let mut removed = 0;
    visit(&directory.join(manifest::DIRECTORY), &named, &mut removed).map_err(io_error)?;
    if removed > 0 {
        tracing::info!(files = removed, "removed history files that an interrupted flush left behind");
    }
    Ok(removed)
}

fn visit(directory: &Path, named: &HashSet<PathBuf>, removed: &mut usize) -> io::Result<()> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            visit(&path, named, removed)?;
            // Fails for a directory with files in it, which is what is wanted.
            let _ = fs::remove_dir(&path);
        } else if path.extension().is_some_and(|extension| extension == manifest::EXTENSION) && !named.contains(&path) {
            fs::remove_file(&path)?;
            *removed += 1;
        }
    }
    Ok(())
}

/// Removes files that left the manifest at `version`, when no read point is alive that may read them. Holds
/// on to nothing of the engine: files that are left when the runtime ends are orphans at the next start.
pub(super) async fn remove_released(registry: Arc<Registry>, version: u64, paths: Vec<PathBuf>) {
    if paths.is_empty() {
        return;
    }
    registry.released_before(version).await;
    let removed = tokio::task::spawn_blocking(move || paths.iter().for_each(|path| writer::remove(path)));
    // Aborted only when the runtime ends.
    let _ = removed.await;
}

/// Removes the files of truncated and dropped tables as they come.
pub(super) async fn collect_obsolete(
    registry: Arc<Registry>,
    directory: PathBuf,
    mut obsolete: mpsc::UnboundedReceiver<Obsolete>,
) {
    while let Some(Obsolete { version, files }) = obsolete.recv().await {
        let paths = files.iter().map(|file| directory.join(file.path())).collect();
        tokio::spawn(remove_released(Arc::clone(&registry), version, paths));
    }
}
