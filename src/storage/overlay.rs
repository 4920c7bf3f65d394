//! The overlay rule: when a write must say that history may hold its key.
//!
//! A fresh entry *without* the overlay flag promises that history has no row of its key: readers show it
//! beside history without looking, and a flush moves it into a new file without touching old ones. An
//! entry *with* the flag (a newer row, or a tombstone) hides the history row of its key. A promise that
//! is wrong shows a row twice or brings a deleted one back; a flag that was not needed only costs work.
//! So the flag is decided here, by the one thread that sees every commit and every flush in order:
//!
//! | current fresh entry | key known absent at the commit's read point, same manifest version | otherwise |
//! | --- | --- | --- |
//! | overlay | overlay | overlay |
//! | plain row | plain | plain |
//! | none | plain | overlay if the bounds of some file admit the key, else plain |
//!
//! Every overlay entry also has an empty entry of the same key in the column family `indexes`: a reader
//! learns what to hide from history in time proportional to the overlay, not to the fresh rows.

use std::collections::HashMap;
use std::sync::Arc;

use rocksdb::{DB, WriteBatch};

use super::address::Address;
use super::engine::Family;
use super::history::HistoryFile;
use super::row::{self, Header};
use super::shape::Shape;
use super::span::may_hold;
use super::write_set::Write;
use crate::base::ids::Seq;
use crate::error::StorageError;

/// What the committer knows of a table: always the state after everything it has written.
#[derive(Clone)]
pub(super) struct TableState {
    /// The manifest version.
    pub(super) version: u64,
    pub(super) files: Arc<[Arc<HistoryFile>]>,
    /// Whether some fresh entry overlays history.
    pub(super) overlays: bool,
}

impl TableState {
    /// Whether no fresh entry can have, or need, the overlay flag.
    fn is_plain(&self) -> bool {
        self.files.is_empty() && !self.overlays
    }

    fn may_hold(&self, shape: &Shape, key: &[u8]) -> bool {
        self.files.iter().any(|file| may_hold(file, shape, key))
    }
}

/// The fresh entry of a key as the group under construction leaves it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    None,
    Plain,
    Overlay,
}

/// One transaction's writes to one table.
pub(super) struct Target<'a> {
    pub(super) address: Address,
    pub(super) shape: &'a Shape,
    pub(super) seq: Seq,
    /// The table's manifest changed after the transaction looked.
    pub(super) moved: bool,
}

/// Turns writes into entries of one batch.
pub(super) struct Writer<'a> {
    db: &'a DB,
    pub(super) batch: WriteBatch,
    /// Entries written by this batch to tables with history; RocksDB does not show them yet.
    pending: HashMap<Vec<u8>, Entry>,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(db: &'a DB, bytes: usize) -> Self {
        let batch = WriteBatch::with_capacity_bytes(bytes);
        Self { db, batch, pending: HashMap::new(), key: Vec::new(), value: Vec::new() }
    }

    /// Adds one write of a transaction to a table.
    pub(super) fn write(
        &mut self,
        target: &Target<'_>,
        state: &mut TableState,
        key: &[u8],
        write: &Write,
    ) -> Result<(), StorageError> {
        target.address.key(key, &mut self.key);
        let overlay = self.needs_overlay(target, state, key, write)?;
        let seq = target.seq;
        let rows = Family::Rows.of(self.db);
        match write {
            Write::Put { row, .. } => {
                self.value.clear();
                self.value.extend_from_slice(row);
                row::stamp(&mut self.value, seq, overlay);
                self.batch.put_cf(rows, &self.key, &self.value);
            }
            Write::Delete { .. } if overlay => self.batch.put_cf(rows, &self.key, row::tombstone(seq)),
            Write::Delete { .. } => self.batch.delete_cf(rows, &self.key),
        }
        if overlay {
            self.batch.put_cf(Family::Indexes.of(self.db), &self.key, []);
            state.overlays = true;
        }
        if !state.is_plain() {
            let entry = match write {
                _ if overlay => Entry::Overlay,
                Write::Put { .. } => Entry::Plain,
                Write::Delete { .. } => Entry::None,
            };
            self.pending.insert(self.key.clone(), entry);
        }
        Ok(())
    }

    /// Removes all fresh entries of a table, also those of this batch.
    pub(super) fn clear(&mut self, address: &Address) {
        let (from, to) = address.all();
        for family in [Family::Rows, Family::Indexes] {
            self.batch.delete_range_cf(family.of(self.db), &from, &to);
        }
        self.pending.retain(|key, _| address.strip(key).is_err());
    }

    fn needs_overlay(
        &self,
        target: &Target<'_>,
        state: &TableState,
        key: &[u8],
        write: &Write,
    ) -> Result<bool, StorageError> {
        if state.is_plain() {
            return Ok(false);
        }
        let absent = write.known_absent() && !target.moved;
        if absent && !state.overlays {
            return Ok(false);
        }
        Ok(match self.entry()? {
            Entry::Overlay => true,
            Entry::Plain => false,
            Entry::None => !absent && state.may_hold(target.shape, key),
        })
    }

    /// The fresh entry of `self.key`.
    fn entry(&self) -> Result<Entry, StorageError> {
        if let Some(entry) = self.pending.get(&self.key) {
            return Ok(*entry);
        }
        let value = self.db.get_pinned_cf(Family::Rows.of(self.db), &self.key)?;
        let header = Header::read_optional(value.as_deref())?;
        Ok(header.map_or(Entry::None, |header| if header.overlay { Entry::Overlay } else { Entry::Plain }))
    }
}
