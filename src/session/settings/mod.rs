//! The settings of a session: PostgreSQL's configuration parameters.
//!
//! - [`table`]: every parameter that has a meaning for clients, as data
//! - [`value`]: what a parameter accepts and how its value is written
//! - [`state`]: the values of one session, with SET LOCAL and what ROLLBACK takes back

mod state;
mod table;
mod value;

pub use state::Settings;
pub(crate) use state::quote_name;
pub use table::SERVER_VERSION;
