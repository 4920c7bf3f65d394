//! Transactions on the real engine and the real catalogs, in a temporary directory.

mod concurrency;
mod constraints;
mod ddl;
mod events;
mod history;
mod statements;
mod world;
