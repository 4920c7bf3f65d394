//! JSON: checked text for `json`, PostgreSQL's canonical form for `jsonb`.

mod cursor;
mod encode;
mod jsonb;
mod lex;
mod parse;
pub mod path;
mod value;

pub use cursor::{
    Elements, Members, Shape, as_text, at_path, check_strings, element, elements, member, members, step_index, trimmed,
    unquoted,
};
pub use encode::JsonEncoder;
pub use jsonb::{canonical, write_string};
pub use parse::{Value, validate};
pub use value::{compare_numbers, key_order, order_key};
