//! What must not work: wrong tokens, plaintext, broken messages, the way to other tenants, to files and URLs.
//!
//! After every attack the same question: does the server still serve the others?

mod exhaustion;
mod input;
mod providers;
mod startup;
mod surface;
mod tenants;
mod tokens;
