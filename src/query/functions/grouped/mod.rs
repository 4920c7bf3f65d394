//! Aggregates that DataFusion does not have, or computes otherwise than PostgreSQL.
//!
//! [`statistics`] and [`joined`] see a row at a time. The others need all rows of a group, which [`collected`] keeps:
//! [`ordered`] puts them in order, or leaves equal ones away, before another aggregate sees them; [`ordered_set`] and
//! [`hypothetical`] look at the order itself.

pub mod collected;
pub mod hypothetical;
pub mod interval_average;
pub mod joined;
pub mod ordered;
pub mod ordered_set;
pub mod sorting;
pub mod statistics;
