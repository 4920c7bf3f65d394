//! History: immutable Parquet files and their manifest.
