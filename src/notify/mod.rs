//! The hub of LISTEN/NOTIFY and change feeds.
