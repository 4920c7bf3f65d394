//! Prepared statements, and the plans of statements by their text.
//!
//! A plan is good as long as the catalog has the version it was bound to and the settings that decide what
//! a text means (search_path, TimeZone, …) have not changed. It is made at Parse, because Describe has to
//! answer before Execute, and made again when it is found to be stale.

use std::collections::HashMap;
use std::sync::Arc;

use super::statement::by_key::ByKey;
use super::statement::command::Parsed;
use crate::base::ids::Oid;
use crate::catalog::types::PgType;
use crate::query::{Bound, BoundDelete, BoundInsert, BoundUpdate, OutputColumn};

/// Longest text whose plan is kept: a statement of many kilobytes carries its values in its text and does
/// not come again.
pub const CACHED_TEXT_BYTES: usize = 16 << 10;

/// A statement that is ready to be executed any number of times.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(crate) parsed: Arc<Parsed>,
    pub(crate) plan: Plan,
    pub(crate) valid: Validity,
    /// The types that the client declared; 0: none.
    pub(crate) declared: Vec<Oid>,
    pub(crate) parameters: Vec<PgType>,
    pub(crate) columns: Option<Arc<[OutputColumn]>>,
    /// Whether a client may have been told its columns, so that they must not change any more.
    pub(crate) described: bool,
}

impl Prepared {
    /// The types of `$1`, `$2`, …
    pub fn parameters(&self) -> &[PgType] {
        &self.parameters
    }

    /// The columns of its result; `None` if it gives no rows.
    pub fn columns(&self) -> Option<&Arc<[OutputColumn]>> {
        self.columns.as_ref()
    }

    /// The statement's text.
    pub fn text(&self) -> &str {
        self.parsed.text()
    }
}

/// What a plan depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Validity {
    pub catalog: u64,
    pub settings: u64,
}

/// How a statement runs.
#[derive(Clone, Debug)]
pub(crate) enum Plan {
    /// An empty text.
    Empty,
    Select(Arc<Bound>),
    Insert(Arc<BoundInsert>),
    Update(Arc<BoundUpdate>, Option<Arc<ByKey>>),
    Delete(Arc<BoundDelete>, Option<Arc<ByKey>>),
    /// Everything else has no plan: it is looked at when it runs.
    Other,
}

/// The plans of a session by text and declared types. Bounded; the least recently used one goes.
#[derive(Debug)]
pub(crate) struct PlanCache {
    entries: HashMap<Key, (u64, Arc<Prepared>)>,
    capacity: usize,
    clock: u64,
}

type Key = (Box<str>, Box<[Oid]>);

impl PlanCache {
    pub fn new(capacity: usize) -> Self {
        Self { entries: HashMap::new(), capacity, clock: 0 }
    }

    pub fn get(&mut self, text: &str, declared: &[Oid]) -> Option<Arc<Prepared>> {
        // The key is built only to look: short texts, and cheaper than a plan by orders of magnitude.
        if text.len() > CACHED_TEXT_BYTES {
            return None;
        }
        let (used, prepared) = self.entries.get_mut(&(Box::from(text), Box::from(declared)))?;
        self.clock += 1;
        *used = self.clock;
        Some(prepared.clone())
    }

    pub fn put(&mut self, prepared: Arc<Prepared>) {
        let text = prepared.parsed.text();
        if self.capacity == 0 || text.len() > CACHED_TEXT_BYTES {
            return;
        }
        if self.entries.len() >= self.capacity {
            // A linear search once per new text in a full cache, beside the cost of planning that text.
            if let Some(oldest) = self.entries.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone()) {
                self.entries.remove(&oldest);
            }
        }
        self.clock += 1;
        let key = (Box::from(text), Box::from(prepared.declared.as_slice()));
        self.entries.insert(key, (self.clock, prepared));
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }
}
