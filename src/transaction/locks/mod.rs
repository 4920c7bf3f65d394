//! The lock table: who may write which row, and who may change which table.
//!
//! Readers never come here, they read a snapshot. Writers lock rows by key, one after the other in key
//! order, and hold every lock until their transaction ends (strict two-phase locking):
//!
//! ```text
//!  lock("lobby", 1)                 shard = hash(key) % SHARDS, one short mutex each
//!  ──────────────────────────►  ┌─────────┬─────────┬─────────┬───
//!   free: holder = me, done     │ shard 0 │ shard 1 │ shard 2 │ …
//!   held: join the queue        └─────────┴────┬────┴─────────┴───
//!         tell the wait graph ─► cycle? 40P01  │  key → holders, FIFO queue of oneshot senders
//!         await the oneshot                    ▼
//! ```
//!
//! No thread is parked while a transaction waits, and the lock-free-running case touches one shard and
//! nothing else. The wait graph is entered only by transactions that must wait, so its single mutex costs
//! nothing otherwise; because every wait starts under that mutex, a deadlock is found at the moment its
//! last edge appears, by the transaction that closes the cycle, without a timer.

mod graph;
mod name;
mod owner;
mod table;

#[cfg(test)]
mod tests;

pub use owner::{Granted, Owner, Patience};
pub use table::{LockTable, Mode, Target};
