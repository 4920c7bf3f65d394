//! Who waits for whom, and the search for a cycle.
//!
//! The graph stores only what each waiting transaction waits *for* (at most one lock: a transaction does
//! one thing at a time). The edges to the holders are read from the lock table during the search, so a
//! grant never has to update the graph.
//!
//! Why the search is exact although shards change under it: waits begin and end only under the graph's
//! mutex, or by a grant. A transaction that is found waiting in a cycle has been waiting for the whole
//! search, so it released nothing, so the edge that led to it is still there. Hence no false alarm; and
//! since a cycle needs a last wait to close it, which searches from itself, no deadlock is missed.

use std::collections::{HashMap, HashSet};

use super::name::Name;
use super::table::{Holder, LockTable, OwnerId};

/// What every waiting transaction waits for.
#[derive(Default)]
pub(super) struct Graph {
    waits: HashMap<OwnerId, Wait>,
}

#[derive(Clone)]
struct Wait {
    name: Name,
    wanted: Holder,
}

/// One step of a cycle: `wait` is at its name for `blocker`.
struct Edge {
    wait: Wait,
    blocker: Holder,
}

impl Graph {
    pub(super) fn start(&mut self, name: Name, wanted: Holder) {
        self.waits.insert(wanted.id, Wait { name, wanted });
    }

    pub(super) fn end(&mut self, id: OwnerId) {
        self.waits.remove(&id);
    }

    /// How many transactions wait.
    pub(super) fn len(&self) -> usize {
        self.waits.len()
    }

    /// PostgreSQL's DETAIL of the deadlock that `start` closed, if it closed one.
    pub(super) fn deadlock(&self, table: &LockTable, start: OwnerId) -> Option<String> {
        let cycle = self.cycle(table, start)?;
        let lines: Vec<String> = cycle.iter().map(describe).collect();
        Some(lines.join("\n"))
    }

    /// Depth-first from `start` along "waits for", until an edge leads back to `start`.
    fn cycle(&self, table: &LockTable, start: OwnerId) -> Option<Vec<Edge>> {
        let mut visited = HashSet::from([start]);
        let mut path: Vec<Edge> = Vec::new();
        let mut open: Vec<(usize, Edge)> = Vec::new();
        self.expand(table, start, 0, &mut open);
        while let Some((depth, edge)) = open.pop() {
            path.truncate(depth);
            let next = edge.blocker.id;
            path.push(edge);
            if next == start {
                return Some(path);
            }
            if visited.insert(next) {
                self.expand(table, next, depth + 1, &mut open);
            }
        }
        None
    }

    fn expand(&self, table: &LockTable, id: OwnerId, depth: usize, open: &mut Vec<(usize, Edge)>) {
        if let Some(wait) = self.waits.get(&id) {
            let blockers = table.blockers(&wait.name, id);
            open.extend(blockers.into_iter().map(|blocker| (depth, Edge { wait: wait.clone(), blocker })));
        }
    }
}

/// One line as PostgreSQL writes it. A row wait is shown as what it is there: a wait for the transaction
/// that holds the row.
fn describe(edge: &Edge) -> String {
    let number = |from: usize| {
        let bytes = edge.wait.name.bytes().get(from..from + 4).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, u32::from_be_bytes)
    };
    let (tenant, table) = (number(1), number(5));
    let what = match edge.wait.name.bytes().first() {
        Some(b'r') => format!("ShareLock on transaction {}", edge.blocker.id.0),
        Some(b't') => format!("{} on relation {table} of database {tenant}", edge.wait.wanted.mode.name()),
        _ => format!("{} on object {tenant} of class 1262 of database 0", edge.wait.wanted.mode.name()),
    };
    format!("Process {} waits for {what}; blocked by process {}.", edge.wait.wanted.session.0, edge.blocker.session.0)
}
