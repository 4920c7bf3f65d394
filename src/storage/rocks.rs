//! RocksDB's options, each set on purpose.

use std::path::Path;
use std::sync::Arc;

use rocksdb::{
    BlockBasedOptions, BottommostLevelCompaction, Cache, ColumnFamilyDescriptor, CompactOptions, DB, DBCompressionType,
    DBRecoveryMode, LogLevel, Options,
};

use super::engine::Family;
use super::options::StorageOptions;
use crate::error::StorageError;

/// RocksDB insists on this column family. It is empty, and still matters: after a full disk RocksDB waits
/// for as much free space as the largest memtable of any family, which by default would be this one's.
const UNUSED_FAMILY: &str = "default";

/// Opens or makes the database.
///
/// # Errors
/// `Locked` when another process, or another engine of this one, has it open.
pub(super) fn open(path: &Path, options: &StorageOptions) -> Result<Arc<DB>, StorageError> {
    let cache = Cache::new_lru_cache(options.block_cache_bytes);
    let names = Family::ALL.map(Family::name).into_iter().chain([UNUSED_FAMILY]);
    let families = names.map(|name| ColumnFamilyDescriptor::new(name, family_options(&cache, options)));
    let db = DB::open_cf_descriptors(&database_options(options), path, families).map_err(|error| {
        let text: &str = error.as_ref();
        if text.contains("/LOCK") && text.to_ascii_lowercase().contains("lock") {
            StorageError::Locked { path: path.to_path_buf() }
        } else {
            error.into()
        }
    })?;
    for family in Family::ALL {
        // Options without a setter in the binding.
        db.set_options_cf(
            family.of(&db),
            &[
                // Reads every new table file back and compares it with what was to be written.
                ("paranoid_file_checks", "true"),
                // A TRUNCATE and every flush of a table leave a range tombstone. Lookups in a memtable with
                // many of them are slow, so such a memtable is written out early.
                ("memtable_max_range_deletions", "128"),
            ],
        )?;
    }
    Ok(Arc::new(db))
}

/// How a range that was just deleted is compacted: down to the last level, where its tombstones vanish.
pub(super) fn compact_options() -> CompactOptions {
    let mut options = CompactOptions::default();
    // Automatic compactions go on beside it.
    options.set_exclusive_manual_compaction(false);
    options.set_bottommost_level_compaction(BottommostLevelCompaction::IfHaveCompactionFilter);
    options
}

fn database_options(options: &StorageOptions) -> Options {
    let mut db = Options::default();
    db.create_if_missing(true);
    db.create_missing_column_families(true);

    // After kill -9 or a power cut the last record of the log may be torn; it was never acknowledged and is
    // cut off. A bad record anywhere else refuses to open: point-in-time recovery, RocksDB's default, would
    // silently start without what came after it.
    db.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    // A log file that is missing as a whole, or shorter than what was synced, is corruption too.
    db.set_track_and_verify_wals_in_manifest(true);
    db.set_paranoid_checks(true);
    // Recycled logs end in records of their former life, which cannot be told from a torn tail: RocksDB turns
    // recycling off in this recovery mode (db_impl_open.cc, SanitizeOptions). Said here instead of hidden.
    // The price of growing a file with each sync is paid once per group commit, and preallocation lowers it.
    db.set_recycle_log_file_num(0);

    db.set_db_write_buffer_size(options.write_buffer_bytes);
    // Column families are flushed together: `meta` changes with every commit but is tiny, and would
    // otherwise hold on to log files for ever.
    db.set_max_total_wal_size(options.max_wal_bytes);
    db.set_max_background_jobs(i32::try_from(options.background_jobs.max(1)).unwrap_or(i32::MAX));
    db.set_bytes_per_sync(1 << 20);
    // RocksDB says "all" as -1.
    let open_files = i32::try_from(options.max_open_files).unwrap_or(i32::MAX);
    db.set_max_open_files(if open_files == 0 { -1 } else { open_files });
    // One committer writes, so RocksDB's concurrency between writers only costs.
    db.set_allow_concurrent_memtable_write(false);
    db.set_enable_pipelined_write(false);
    // RocksDB's own text log: a few small files, only what matters.
    db.set_log_level(LogLevel::Warn);
    db.set_keep_log_file_num(4);
    db.set_max_log_file_size(4 << 20);
    db
}

fn family_options(cache: &Cache, options: &StorageOptions) -> Options {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(cache);
    table.set_block_size(16 << 10);
    table.set_format_version(6);
    // A key that is not there (every INSERT asks) costs no read of a block.
    table.set_bloom_filter(10.0, false);
    table.set_cache_index_and_filter_blocks(true);
    table.set_cache_index_and_filter_blocks_with_high_priority(true);
    table.set_pin_l0_filter_and_index_blocks_in_cache(true);

    let mut family = Options::default();
    family.set_block_based_table_factory(&table);
    // Smaller than all memtables together, so that one of them can be written out while another fills.
    family.set_write_buffer_size((options.write_buffer_bytes / 2).clamp(1 << 20, 64 << 20));
    // Fresh levels are rewritten soon, so they are packed fast; the last level holds 90 % of the bytes.
    family.set_compression_type(DBCompressionType::Lz4);
    family.set_bottommost_compression_type(DBCompressionType::Zstd);
    family.set_level_compaction_dynamic_level_bytes(true);
    family.set_memtable_whole_key_filtering(true);
    family.set_memtable_prefix_bloom_ratio(0.05);
    // A file with many tombstones in a row slows every scan over it: it is compacted at once.
    family.add_compact_on_deletion_collector_factory(4096, 1024, 0.5);
    family
}
