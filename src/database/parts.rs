//! What each part of a database is told of the settings.
//!
//! The sections are taken apart without `..`, and a binding that is not used is a warning: a setting that is
//! added to [`Config`] and reaches nothing does not pass `make check`. The sections of the server are its own;
//! tests/tidy looks after those.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::{self, Config};
use crate::notify::QueueLimits;
use crate::query::PlannerOptions;
use crate::session::Limits;
use crate::storage::history::{self, Policy};
use crate::storage::{Durability, StorageOptions};

/// The settings, by who needs them.
pub(super) struct Parts {
    pub storage: StorageOptions,
    pub queue: QueueLimits,
    pub planner: PlannerOptions,
    pub limits: Limits,
    /// `None` when tables are not flushed by themselves.
    pub policy: Option<Policy>,
    /// Where statements put what does not fit into memory.
    pub spill: PathBuf,
}

impl Parts {
    pub(super) fn of(config: &Config) -> Self {
        let Config { server: _, tls: _, auth: _, storage, commit, flush, transaction, query, notify, log } = config;
        let config::Storage {
            directory,
            block_cache_bytes,
            write_buffer_bytes,
            max_wal_bytes,
            background_jobs,
            max_open_files,
            history_cache_bytes,
        } = storage;
        let config::Commit { durability, max_queue, max_group_bytes } = commit;
        let config::Flush {
            automatic,
            max_fresh_bytes,
            max_age_s,
            min_fresh_bytes,
            check_interval_s,
            target_file_bytes,
        } = flush;
        let config::Transaction { max_bytes, lock_timeout_ms } = transaction;
        let config::Query {
            memory_bytes,
            max_spill_bytes,
            statement_timeout_ms,
            partitions,
            batch_rows,
            plan_cache_entries,
            max_prepared_statements,
        } = query;
        let config::Notify { queue_messages, queue_bytes, max_channels } = notify;
        // How the log is written is the server's business; a library leaves it to the program around it.
        let config::Log { level: _, format: _, slow_statement_ms } = log;

        let spill = directory.join("spill");
        let partitions = match *partitions {
            0 => PlannerOptions::default().partitions,
            partitions => partitions,
        };
        Self {
            storage: StorageOptions {
                directory: directory.clone(),
                durability: match durability {
                    config::Durability::Sync => Durability::Sync,
                    config::Durability::Os => Durability::Os,
                },
                block_cache_bytes: *block_cache_bytes,
                write_buffer_bytes: *write_buffer_bytes,
                max_wal_bytes: *max_wal_bytes,
                background_jobs: *background_jobs,
                max_open_files: *max_open_files,
                history_cache_bytes: *history_cache_bytes as u64,
                history_limits: history::Limits { file_bytes: *target_file_bytes, ..history::Limits::default() },
                commit_queue: *max_queue,
                group_bytes: *max_group_bytes,
            },
            queue: QueueLimits { notifications: *queue_messages, bytes: *queue_bytes },
            planner: PlannerOptions {
                memory_bytes: *memory_bytes,
                spill_directory: Some(spill.clone()),
                max_spill_bytes: *max_spill_bytes,
                partitions,
                batch_rows: *batch_rows,
            },
            limits: Limits {
                prepared_statements: *max_prepared_statements,
                plans: *plan_cache_entries,
                transaction_bytes: *max_bytes,
                channels: *max_channels,
                statement_timeout: Duration::from_millis(*statement_timeout_ms),
                lock_timeout: Duration::from_millis(*lock_timeout_ms),
                slow_statement: Duration::from_millis(*slow_statement_ms),
            },
            policy: automatic.then(|| Policy {
                max_fresh_bytes: *max_fresh_bytes,
                max_age: Duration::from_secs(*max_age_s),
                min_fresh_bytes: *min_fresh_bytes,
                check_interval: Duration::from_secs(*check_interval_s),
            }),
            spill,
        }
    }
}
