//! Integration tests: one binary, one module per subject, so that DataFusion is linked once.
//!
//! Everything here talks to the real `kalam` command over its socket, as a client would; what a module
//! promises to its neighbours is tested beside the module, and what SQL means in `sqllogictest/`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics: that is its report")]
#![allow(clippy::print_stdout, reason = "cargo captures what a test prints")]
#![allow(clippy::disallowed_methods, reason = "a client has its own clock and its own randomness")]

mod analysis;
mod calls;
mod catalog;
mod clients;
mod commands;
mod crash;
mod differential;
mod inside;
mod main_job;
mod resolution;
mod security;
mod support;
mod tidy;
