//! The tables that every new tenant starts with, as the SQL that makes them.

/// Name and CREATE TABLE statement of each table, in the order to run them.
pub const NEW_TENANT: [(&str, &str); 2] = [
    ("conversations", include_str!("../../catalog/kalam/conversations.sql")),
    ("messages", include_str!("../../catalog/kalam/messages.sql")),
];
