//! Begin, locks, write set, constraints, commit.
