//! JSON: checked text for `json`, PostgreSQL's canonical form for `jsonb`.

mod jsonb;
mod lex;
mod parse;

#[cfg(test)]
mod tests;

pub use jsonb::{canonical, write_string};
pub use parse::validate;
