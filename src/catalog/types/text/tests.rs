//! text tests.
