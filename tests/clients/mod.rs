//! Real clients over the wire: tokio-postgres, psycopg, asyncpg, psql, and raw bytes where a client would hide them.

mod asyncpg;
mod cancel;
mod connections;
mod copy;
mod listen;
mod pipelining;
mod portals;
mod protocol;
mod psql;
mod psycopg;
mod queries;
mod types;
