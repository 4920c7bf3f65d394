//! PostgreSQL's types over Arrow arrays.
