//! Apply: a query that is run again for every row of another one.
//!
//! Some subqueries are joins ([`lower`](super::lower) makes them); all others run here, once for every distinct row
//! of the values that they mention, with these in the place of their outer columns. Slow, but with exactly
//! PostgreSQL's meaning: [`Apply`] adds to each row of its input the rows of a lateral subquery, or the value of a
//! subquery in an expression: a row, EXISTS, an array, or a test by ANY. The name and the idea are those of
//! C. Galindo-Legaria and M. Joshi, "Orthogonal Optimization of Subqueries and Aggregation" (2001).

mod correlated;
mod exec;
mod node;
mod planner;
mod rows;
mod series;
mod set;
mod unordered;
mod values;

pub use correlated::{Correlated, Input, is_volatile};
pub use node::{Apply, Gives, Key, Test, Value, outer_columns, own_columns};
pub use planner::QueryPlanner;
pub use series::Series;
pub use unordered::Unordered;
