//! Apply: a query that is run again for every row of another one.
//!
//! DataFusion turns some correlated subqueries into joins. What it cannot turn runs here, once for every
//! distinct row of the values that it mentions, with these in the place of its outer columns. Slow, but with
//! exactly PostgreSQL's meaning. As a value in an expression it is the function of
//! [`functions::apply`](super::functions::apply); in FROM it is the operator [`Apply`]. The name and the idea are
//! those of C. Galindo-Legaria and M. Joshi, "Orthogonal Optimization of Subqueries and Aggregation" (2001).

mod correlated;
mod exec;
mod node;
mod planner;

pub use correlated::{Correlated, Input};
pub use exec::ApplyExec;
pub use node::Apply;
pub use planner::QueryPlanner;
