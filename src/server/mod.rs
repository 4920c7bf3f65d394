//! Sockets, TLS, tokens and PostgreSQL's wire protocol.
//!
//! The only user of pgwire, and the only place where bytes of strangers are read. [`Server`] takes a socket
//! and an open [`Database`](crate::database::Database); a connection becomes a
//! [`Session`](crate::session::Session) only after its token was verified.

mod listener;

mod startup;
mod tls;

mod auth;
mod jwt;
mod keys;

mod connection;
mod copy;
mod extended;
mod simple;

mod encode;
mod errors;
mod frame;
mod message;
mod output;
mod parameters;
mod wire;

pub mod cli;
mod logging;

pub use auth::Authenticator;
pub use jwt::{Audience, Claims, Refusal, Seconds, Verifier};
pub use keys::{LOCAL_ISSUER, SigningKey};
pub use listener::Server;
pub use tls::Identity;
