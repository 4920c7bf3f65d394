//! JSON: checked text for `json`, PostgreSQL's canonical form for `jsonb`.

mod jsonb;
mod lex;
mod parse;

pub use jsonb::{canonical, write_string};
pub use parse::validate;
