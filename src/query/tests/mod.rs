//! Queries on the real engine, the real catalog and real transactions, in a temporary directory.

mod arithmetic;
mod direct;
mod dml;
mod errors;
mod parameters;
mod psql;
mod registry;
mod select;
mod world;
