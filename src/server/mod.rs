//! Sockets, TLS, tokens and PostgreSQL's wire protocol.
