//! The border behind which DataFusion's SQL planner sits.

pub mod bound;

pub use bound::{Bound, BoundDelete, BoundInsert, BoundUpdate, ConflictAction, OutputColumn, Returning};
