//! The manifest: which Parquet files are the history of a table.
//!
//! One JSON row of the `meta` column family per file. Because the manifest lives in the same RocksDB as the
//! fresh rows, one RocksDB snapshot fixes both, and a flush that moves rows from one to the other is one
//! write batch: no reader can see a row twice or not at all.
//!
//! ```text
//! 'h' 'f' tenant u32 BE | table u32 BE | file id (16 bytes)   ->  HistoryFile as JSON
//! 'h' 'v' tenant u32 BE | table u32 BE                        ->  version u64 BE of the table's manifest
//! ```
//!
//! The version moves with every change of a table's set of files. It makes the parsed list cacheable, and it
//! tells the committer that a transaction read before the last flush.

use std::fmt;
use std::sync::Arc;

use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::stats::ColumnStats;
use crate::base::ids::{Seq, TableId, TenantId};
use crate::error::StorageError;
use crate::storage::{ColumnRange, KeyRange, Shape};

/// The name of one history file. A UUIDv7, so that a directory lists in the order of creation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub Uuid);

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for FileId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FileId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Uuid::parse_str(&text).map(FileId).map_err(serde::de::Error::custom)
    }
}

/// One immutable Parquet file of a table: what a reader must know to skip it without opening it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryFile {
    pub id: FileId,
    pub tenant: TenantId,
    pub table: TableId,
    pub rows: u64,
    /// The size on disk.
    pub bytes: u64,
    /// The commits of the oldest and of the newest row.
    pub min_seq: Seq,
    pub max_seq: Seq,
    /// The first and the last encoded key. Both are in the file.
    #[serde(with = "hex")]
    pub min_key: Vec<u8>,
    #[serde(with = "hex")]
    pub max_key: Vec<u8>,
    /// One entry per stored column, in the order of the shape.
    pub columns: Vec<ColumnStats>,
    /// Microseconds since the Unix epoch.
    pub created_at_us: i64,
}

impl HistoryFile {
    /// Where the file lies, relative to the data directory. Also its path in the object store.
    pub fn path(&self) -> String {
        path(self.tenant, self.table, self.id)
    }

    /// Whether `key` lies between the first and the last key of the file.
    pub fn spans(&self, key: &[u8]) -> bool {
        self.min_key.as_slice() <= key && key <= self.max_key.as_slice()
    }

    /// Whether some key of the file may lie in `range`.
    pub fn overlaps(&self, range: &KeyRange) -> bool {
        range.overlaps(&self.min_key, &self.max_key)
    }

    /// Whether some row of the file may satisfy all of `ranges`. Never a wrong `false`.
    pub fn may_match(&self, shape: &Shape, ranges: &[ColumnRange]) -> bool {
        ranges.iter().all(|range| self.columns.get(range.column).is_none_or(|stats| stats.may_match(shape, range)))
    }
}

/// Where a file lies, relative to the data directory.
pub fn path(tenant: TenantId, table: TableId, id: FileId) -> String {
    format!("{DIRECTORY}/{tenant}/{table}/{id}.{EXTENSION}")
}

/// The directory of all history files, inside the data directory.
pub const DIRECTORY: &str = "history";
/// The extension of a history file.
pub const EXTENSION: &str = "parquet";

const FILES: &[u8; 2] = b"hf";
const VERSIONS: &[u8; 2] = b"hv";

/// The key of a file's row in the `meta` column family.
pub fn file_key(file: &HistoryFile) -> Vec<u8> {
    let mut key = table_prefix(file.tenant, file.table);
    key.extend_from_slice(file.id.0.as_bytes());
    key
}

/// What the rows of all files of a table begin with.
pub fn table_prefix(tenant: TenantId, table: TableId) -> Vec<u8> {
    [FILES.as_slice(), &tenant.0.to_be_bytes(), &table.0.to_be_bytes()].concat()
}

/// What the rows of all files of a tenant begin with.
pub fn tenant_prefix(tenant: TenantId) -> Vec<u8> {
    [FILES.as_slice(), &tenant.0.to_be_bytes()].concat()
}

/// What the rows of all files of all tenants begin with.
pub fn all_prefix() -> Vec<u8> {
    FILES.to_vec()
}

/// The key of a table's manifest version in the `meta` column family.
pub fn version_key(tenant: TenantId, table: TableId) -> Vec<u8> {
    [VERSIONS.as_slice(), &tenant.0.to_be_bytes(), &table.0.to_be_bytes()].concat()
}

/// What the manifest versions of all tables of a tenant begin with.
pub fn version_prefix(tenant: TenantId) -> Vec<u8> {
    [VERSIONS.as_slice(), &tenant.0.to_be_bytes()].concat()
}

/// The stored form of a manifest version.
pub fn encode_version(version: u64) -> [u8; 8] {
    version.to_be_bytes()
}

/// The manifest version of a table: 0 until its first flush.
///
/// # Errors
/// `Corrupted` when the stored value is not eight bytes.
pub fn decode_version(value: Option<&[u8]>) -> Result<u64, StorageError> {
    match value {
        None => Ok(0),
        Some(bytes) => bytes
            .try_into()
            .map(u64::from_be_bytes)
            .map_err(|_| StorageError::Corrupted { what: "the version of a manifest is not eight bytes".into() }),
    }
}

/// The stored form of a manifest entry.
pub fn encode(file: &HistoryFile) -> Vec<u8> {
    serde_json::to_vec(file).expect("a manifest entry has only strings, numbers and lists")
}

/// Reads a manifest entry.
///
/// # Errors
/// `Corrupted` when it is not the JSON of a [`HistoryFile`].
pub fn decode(value: &[u8]) -> Result<HistoryFile, StorageError> {
    serde_json::from_slice(value)
        .map_err(|error| StorageError::Corrupted { what: format!("a manifest entry cannot be read: {error}") })
}

/// The files of one table at one version of its manifest, sorted by their first key.
pub type Files = Arc<[Arc<HistoryFile>]>;

/// Parsed manifests by table and version. A version's list never changes, so nothing is ever invalidated:
/// old versions fall out when newer ones push them.
pub struct ManifestCache(Cache<(TenantId, TableId, u64), Files>);

/// Most parsed manifests that are kept: one entry per table that is in use.
const CACHED_MANIFESTS: usize = 4096;

impl Default for ManifestCache {
    fn default() -> Self {
        Self(Cache::new(CACHED_MANIFESTS))
    }
}

impl ManifestCache {
    /// The files of `table` at `version`; `load` reads the stored entries when they are not cached.
    ///
    /// # Errors
    /// Those of `load`, and `Corrupted` when an entry cannot be read.
    pub fn get<E: From<StorageError>>(
        &self,
        tenant: TenantId,
        table: TableId,
        version: u64,
        load: impl FnOnce() -> Result<Vec<Vec<u8>>, E>,
    ) -> Result<Files, E> {
        self.0.get_or_insert_with(&(tenant, table, version), || {
            let mut files = Vec::new();
            for entry in load()? {
                let file = decode(&entry)?;
                if file.tenant != tenant || file.table != table {
                    return Err(StorageError::ForeignKey.into());
                }
                files.push(Arc::new(file));
            }
            files.sort_by(|a, b| a.min_key.cmp(&b.min_key).then(a.id.cmp(&b.id)));
            Ok(files.into())
        })
    }
}

impl fmt::Debug for ManifestCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ManifestCache({} tables)", self.0.len())
    }
}

/// Bytes as lower-case hexadecimal text, for JSON that a person can read.
pub(super) mod hex {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        decode(&text).ok_or_else(|| serde::de::Error::custom("not hexadecimal"))
    }

    pub fn encode(bytes: &[u8]) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        bytes
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .map(|digit| char::from(DIGITS[usize::from(digit)]))
            .collect()
    }

    pub fn decode(text: &str) -> Option<Vec<u8>> {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
        pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
    }

    /// The same for a value that may be missing.
    pub mod option {
        use serde::{Deserialize, Deserializer, Serializer};

        pub fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
            match bytes {
                Some(bytes) => serializer.serialize_some(&super::encode(bytes)),
                None => serializer.serialize_none(),
            }
        }

        pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
            let text = Option::<String>::deserialize(deserializer)?;
            text.map(|text| super::decode(&text).ok_or_else(|| serde::de::Error::custom("not hexadecimal"))).transpose()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(id: u128, min_key: &[u8]) -> HistoryFile {
        HistoryFile {
            id: FileId(Uuid::from_u128(id)),
            tenant: TenantId(16384),
            table: TableId(7),
            rows: 3,
            bytes: 1000,
            min_seq: Seq(1),
            max_seq: Seq(9),
            min_key: min_key.to_vec(),
            max_key: vec![0xff; 3],
            columns: vec![ColumnStats { min: Some(vec![1]), max: None, nulls: 2 }],
            created_at_us: 5,
        }
    }

    #[test]
    fn an_entry_survives_its_json() {
        let file = file(1, &[0, 1, 0xab]);
        assert_eq!(decode(&encode(&file)).unwrap(), file);
        assert!(String::from_utf8(encode(&file)).unwrap().contains("\"0001ab\""));
    }

    #[test]
    fn garbage_is_an_error_and_not_a_panic() {
        for text in ["", "{}", "[]", "{\"id\":\"zz\"}"] {
            assert!(matches!(decode(text.as_bytes()), Err(StorageError::Corrupted { .. })), "{text}");
        }
        assert_eq!(hex::decode("0"), None);
        assert_eq!(hex::decode("0g"), None);
        assert!(decode_version(Some(&[1, 2])).is_err());
    }

    #[test]
    fn a_version_is_loaded_once_and_sorted_by_key() {
        let cache = ManifestCache::default();
        let entries = || Ok::<_, StorageError>(vec![encode(&file(1, b"m")), encode(&file(2, b"a"))]);
        let files = cache.get(TenantId(16384), TableId(7), 1, entries).unwrap();
        assert_eq!(files.iter().map(|file| file.min_key.clone()).collect::<Vec<_>>(), [b"a".to_vec(), b"m".to_vec()]);
        let again = cache.get::<StorageError>(TenantId(16384), TableId(7), 1, || panic!("loaded twice")).unwrap();
        assert!(Arc::ptr_eq(&files, &again));
    }

    #[test]
    fn an_entry_of_another_table_is_refused() {
        let cache = ManifestCache::default();
        let result = cache.get(TenantId(16384), TableId(8), 1, || Ok(vec![encode(&file(1, b"m"))]));
        assert!(matches!(result, Err(StorageError::ForeignKey)));
    }
}
