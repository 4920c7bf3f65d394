//! JSON: checked text for `json`, PostgreSQL's canonical form for `jsonb`.

mod encode;
mod jsonb;
mod lex;
mod parse;

pub use encode::JsonEncoder;
pub use jsonb::{canonical, write_string};
pub use parse::validate;
