//! From the errors of Parquet, object_store and the file system to those of storage.
//!
//! A full disk hides in several of them. It must come out as [`StorageError::DiskFull`], because a client can
//! do something about it.

use std::io;

use arrow::error::ArrowError;
use parquet::errors::ParquetError;

use crate::error::StorageError;

pub(super) fn io_error(source: io::Error) -> StorageError {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StorageError::DiskFull { source },
        _ => StorageError::Io { source },
    }
}

pub(super) fn parquet_error(source: ParquetError) -> StorageError {
    match source {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(cause) => io_error(*cause),
            Err(cause) => match cause.downcast::<object_store::Error>() {
                Ok(source) => StorageError::ObjectStore { source: *source },
                Err(cause) => StorageError::Parquet { source: ParquetError::External(cause) },
            },
        },
        source => StorageError::Parquet { source },
    }
}

pub(super) fn arrow_error(source: ArrowError) -> StorageError {
    StorageError::Arrow { source }
}
