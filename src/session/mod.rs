//! Sessions: state, prepared statements, portals, statements.
