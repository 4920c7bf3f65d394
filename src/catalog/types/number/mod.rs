//! Numbers: PostgreSQL's input and output of integers, floats and `numeric`.

mod float;
mod integer;

pub use float::{parse_float4, parse_float8, write_float4, write_float8};
pub use integer::{parse_bool, parse_integer, parse_oid, write_integer};
