//! Integration tests: one binary, one module per subject, so that DataFusion is linked once.
