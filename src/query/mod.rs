//! From SQL text to a running plan.
