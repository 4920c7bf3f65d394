//! Window functions that DataFusion does not compute, or computes otherwise than PostgreSQL.
//!
//! Its own operator is used for what it does well: numbers and ranks, and aggregates from the start of a partition
//! on, which need not wait for the end of the partition. Everything else runs here: frames with offsets, which may be
//! computed and are compared by the rules of the key's type; EXCLUDE; `lag`, `lead`, `ntile` and `nth_value` with
//! arguments of every row; and aggregates that cannot take a row back.
//!
//! A partition is held in memory while it is computed.

mod aggregates;
mod exec;
mod frames;
mod functions;
mod node;
mod planner;

pub use frames::{Bound, Frame, Offset};
pub use functions::Builtin;
pub use node::{Call, Function, Windowed};
pub use planner::Windows;
