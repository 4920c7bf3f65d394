//! Fresh rows in RocksDB, history in Parquet, one commit pipeline.
