//! The parameters that exist, as data, with PostgreSQL 15's names, bounds and defaults.
//!
//! A parameter that steers PostgreSQL's planner or its maintenance is accepted and kept, because scripts
//! and drivers set it, and ignoring it changes no answer. One that would change answers and cannot be
//! honoured accepts only the value that is true here (see [`super::value`]).

/// What `server_version` says: psql decides by it which catalog queries to send.
pub const SERVER_VERSION: &str = "15.18";
const SERVER_VERSION_NUM: &str = "150018";

/// What values a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Bool,
    Integer {
        minimum: i64,
        maximum: i64,
        unit: Unit,
    },
    Real {
        minimum: f64,
        maximum: f64,
    },
    Enum(&'static [&'static str]),
    Text,
    /// A list of identifiers: `search_path`.
    Names,
}

/// The unit of an integer without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    None,
    Milliseconds,
    Kilobytes,
    /// 8 kB pages.
    Blocks,
}

/// Who may change a parameter, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    Internal,
    Postmaster,
    Superuser,
    User,
}

impl Context {
    pub fn name(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Postmaster => "postmaster",
            Self::Superuser => "superuser",
            Self::User => "user",
        }
    }
}

/// One parameter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Definition {
    /// As SHOW ALL writes it; looked up in any case.
    pub name: &'static str,
    pub kind: Kind,
    pub context: Context,
    pub default: &'static str,
    pub description: &'static str,
}

/// The parameters whose changes are told to the client (ParameterStatus), in PostgreSQL's order.
pub(super) const REPORTED: [&str; 13] = [
    "application_name",
    "client_encoding",
    "DateStyle",
    "default_transaction_read_only",
    "in_hot_standby",
    "integer_datetimes",
    "IntervalStyle",
    "is_superuser",
    "server_encoding",
    "server_version",
    "session_authorization",
    "standard_conforming_strings",
    "TimeZone",
];

/// The parameter of this name.
pub(super) fn definition(name: &str) -> Option<&'static Definition> {
    DEFINITIONS.iter().find(|definition| definition.name.eq_ignore_ascii_case(name))
}

const INT: i64 = i32::MAX as i64;
const MEMORY: Kind = Kind::Integer { minimum: 64, maximum: INT, unit: Unit::Kilobytes };
const TIMEOUT: Kind = Kind::Integer { minimum: 0, maximum: INT, unit: Unit::Milliseconds };
const COST: Kind = Kind::Real { minimum: 0.0, maximum: f64::MAX };
const LIMIT: Kind = Kind::Integer { minimum: 1, maximum: INT, unit: Unit::None };
const WORKERS: Kind = Kind::Integer { minimum: 0, maximum: 1024, unit: Unit::None };
const MESSAGES: Kind =
    Kind::Enum(&["debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error"]);

const fn user(name: &'static str, kind: Kind, default: &'static str, description: &'static str) -> Definition {
    Definition { name, kind, context: Context::User, default, description }
}

const fn fixed(name: &'static str, default: &'static str, description: &'static str) -> Definition {
    Definition { name, kind: Kind::Text, context: Context::Internal, default, description }
}

const fn superuser(name: &'static str, kind: Kind, default: &'static str, description: &'static str) -> Definition {
    Definition { name, kind, context: Context::Superuser, default, description }
}

const fn postmaster(name: &'static str, kind: Kind, default: &'static str, description: &'static str) -> Definition {
    Definition { name, kind, context: Context::Postmaster, default, description }
}

const fn planner(name: &'static str) -> Definition {
    user(name, Kind::Bool, "on", "Kept for compatibility; the planner decides by itself.")
}

const ISOLATION: Kind = Kind::Enum(&["serializable", "repeatable read", "read committed", "read uncommitted"]);

/// All parameters, in the order of SHOW ALL.
pub(super) const DEFINITIONS: &[Definition] = &[
    user("application_name", Kind::Text, "", "Sets the application name to be reported in statistics and logs."),
    user("array_nulls", Kind::Bool, "on", "Enable input of NULL elements in arrays."),
    user(
        "backslash_quote",
        Kind::Enum(&["safe_encoding", "on", "off"]),
        "safe_encoding",
        "Sets whether \"\\'\" is allowed in string literals.",
    ),
    fixed("block_size", "8192", "Shows the size of a disk block."),
    user("bytea_output", Kind::Enum(&["escape", "hex"]), "hex", "Sets the output format for bytea."),
    user("check_function_bodies", Kind::Bool, "on", "Check routine bodies during CREATE FUNCTION."),
    user("client_encoding", Kind::Text, "UTF8", "Sets the client's character set encoding."),
    user("client_min_messages", MESSAGES, "notice", "Sets the message levels that are sent to the client."),
    user(
        "constraint_exclusion",
        Kind::Enum(&["partition", "on", "off"]),
        "partition",
        "Enables the planner to use constraints to optimize queries.",
    ),
    user("cpu_index_tuple_cost", COST, "0.005", "Kept for compatibility."),
    user("cpu_operator_cost", COST, "0.0025", "Kept for compatibility."),
    user("cpu_tuple_cost", COST, "0.01", "Kept for compatibility."),
    fixed("data_checksums", "on", "Shows whether data checksums are turned on for this cluster."),
    user("DateStyle", Kind::Text, "ISO, MDY", "Sets the display format for date and time values."),
    fixed("debug_assertions", "off", "Shows whether the running server has assertion checks enabled."),
    user("default_statistics_target", LIMIT, "100", "Sets the default statistics target."),
    user("default_table_access_method", Kind::Text, "heap", "Sets the default table access method for new tables."),
    user("default_tablespace", Kind::Text, "", "Sets the default tablespace to create tables and indexes in."),
    user("default_text_search_config", Kind::Text, "pg_catalog.simple", "Sets default text search configuration."),
    user(
        "default_toast_compression",
        Kind::Enum(&["pglz", "lz4"]),
        "pglz",
        "Sets the default compression method for compressible values.",
    ),
    user(
        "default_transaction_deferrable",
        Kind::Bool,
        "off",
        "Sets the default deferrable status of new transactions.",
    ),
    user(
        "default_transaction_isolation",
        ISOLATION,
        "read committed",
        "Sets the transaction isolation level of each new transaction.",
    ),
    user("default_transaction_read_only", Kind::Bool, "off", "Sets the default read-only status of new transactions."),
    user(
        "effective_cache_size",
        Kind::Integer { minimum: 1, maximum: INT, unit: Unit::Blocks },
        "524288",
        "Kept for compatibility.",
    ),
    user("effective_io_concurrency", WORKERS, "1", "Kept for compatibility."),
    planner("enable_async_append"),
    planner("enable_bitmapscan"),
    planner("enable_gathermerge"),
    planner("enable_hashagg"),
    planner("enable_hashjoin"),
    planner("enable_incremental_sort"),
    planner("enable_indexonlyscan"),
    planner("enable_indexscan"),
    planner("enable_material"),
    planner("enable_memoize"),
    planner("enable_mergejoin"),
    planner("enable_nestloop"),
    planner("enable_parallel_append"),
    planner("enable_parallel_hash"),
    planner("enable_partition_pruning"),
    user("enable_partitionwise_aggregate", Kind::Bool, "off", "Kept for compatibility."),
    user("enable_partitionwise_join", Kind::Bool, "off", "Kept for compatibility."),
    planner("enable_seqscan"),
    planner("enable_sort"),
    planner("enable_tidscan"),
    user("escape_string_warning", Kind::Bool, "on", "Warn about backslash escapes in ordinary string literals."),
    user("exit_on_error", Kind::Bool, "off", "Terminate session on any error."),
    user(
        "extra_float_digits",
        Kind::Integer { minimum: -15, maximum: 3, unit: Unit::None },
        "1",
        "Sets the number of digits displayed for floating-point values.",
    ),
    user("from_collapse_limit", LIMIT, "8", "Kept for compatibility."),
    user("geqo", Kind::Bool, "on", "Kept for compatibility."),
    user("geqo_threshold", LIMIT, "12", "Kept for compatibility."),
    user(
        "idle_in_transaction_session_timeout",
        TIMEOUT,
        "0",
        "Sets the maximum allowed idle time between queries, when in a transaction.",
    ),
    user(
        "idle_session_timeout",
        TIMEOUT,
        "0",
        "Sets the maximum allowed idle time between queries, when not in a transaction.",
    ),
    fixed("in_hot_standby", "off", "Shows whether hot standby is currently active."),
    fixed("integer_datetimes", "on", "Shows whether datetimes are integer based."),
    user(
        "IntervalStyle",
        Kind::Enum(&["postgres", "postgres_verbose", "sql_standard", "iso_8601"]),
        "postgres",
        "Sets the display format for interval values.",
    ),
    fixed("is_superuser", "off", "Shows whether the current user is a superuser."),
    user("jit", Kind::Bool, "off", "Kept for compatibility."),
    user("join_collapse_limit", LIMIT, "8", "Kept for compatibility."),
    user("kalam.direct_path", Kind::Bool, "on", "Lets statements by full key run without the general planner."),
    fixed("lc_collate", "C", "Shows the collation order locale."),
    fixed("lc_ctype", "C.UTF-8", "Shows the character classification and case conversion locale."),
    superuser("lc_messages", Kind::Text, "C", "Sets the language in which messages are displayed."),
    user("lc_monetary", Kind::Text, "C", "Sets the locale for formatting monetary amounts."),
    user("lc_numeric", Kind::Text, "C", "Sets the locale for formatting numbers."),
    user("lc_time", Kind::Text, "C", "Sets the locale for formatting date and time values."),
    postmaster("listen_addresses", Kind::Text, "localhost", "Sets the host name or IP address(es) to listen to."),
    user("lock_timeout", TIMEOUT, "0", "Sets the maximum allowed duration of any wait for a lock."),
    superuser("log_min_duration_statement", TIMEOUT, "0", "Kept for compatibility."),
    superuser("log_min_messages", MESSAGES, "warning", "Sets the message levels that are logged."),
    superuser(
        "log_statement",
        Kind::Enum(&["none", "ddl", "mod", "all"]),
        "all",
        "Sets the type of statements logged.",
    ),
    user("maintenance_work_mem", MEMORY, "65536", "Kept for compatibility."),
    postmaster("max_connections", LIMIT, "1000", "Sets the maximum number of concurrent connections."),
    fixed("max_function_args", "100", "Shows the maximum number of function arguments."),
    fixed("max_identifier_length", "63", "Shows the maximum identifier length."),
    fixed("max_index_keys", "32", "Shows the maximum number of index keys."),
    user("max_parallel_workers", WORKERS, "8", "Kept for compatibility."),
    user("max_parallel_workers_per_gather", WORKERS, "2", "Kept for compatibility."),
    postmaster("max_prepared_transactions", WORKERS, "0", "Sets the maximum number of prepared transactions."),
    user("min_parallel_table_scan_size", LIMIT, "1024", "Kept for compatibility."),
    user("parallel_setup_cost", COST, "1000", "Kept for compatibility."),
    user("parallel_tuple_cost", COST, "0.1", "Kept for compatibility."),
    user(
        "plan_cache_mode",
        Kind::Enum(&["auto", "force_generic_plan", "force_custom_plan"]),
        "auto",
        "Kept for compatibility.",
    ),
    user("quote_all_identifiers", Kind::Bool, "off", "When generating SQL fragments, quote all identifiers."),
    user("random_page_cost", COST, "4", "Kept for compatibility."),
    user("role", Kind::Text, "none", "Sets the current role."),
    user("row_security", Kind::Bool, "on", "Enable row security."),
    user("search_path", Kind::Names, "\"$user\", public", "Sets the schema search order for unqualified names."),
    user("seq_page_cost", COST, "1", "Kept for compatibility."),
    fixed("server_encoding", "UTF8", "Shows the server (database) character set encoding."),
    fixed("server_version", SERVER_VERSION, "Shows the server version."),
    fixed("server_version_num", SERVER_VERSION_NUM, "Shows the server version as an integer."),
    user("session_authorization", Kind::Text, "", "Sets the session user name."),
    postmaster("shared_buffers", MEMORY, "262144", "Sets the memory for blocks of fresh rows."),
    postmaster("ssl", Kind::Bool, "on", "Enables SSL connections."),
    user("standard_conforming_strings", Kind::Bool, "on", "Causes '...' strings to treat backslashes literally."),
    user("statement_timeout", TIMEOUT, "0", "Sets the maximum allowed duration of any statement."),
    user("synchronize_seqscans", Kind::Bool, "on", "Kept for compatibility."),
    user(
        "synchronous_commit",
        Kind::Enum(&["local", "remote_write", "remote_apply", "on", "off"]),
        "on",
        "Kept for compatibility; durability is a setting of the server.",
    ),
    user("temp_buffers", MEMORY, "8192", "Kept for compatibility."),
    user("temp_tablespaces", Kind::Text, "", "Sets the tablespace(s) to use for temporary tables and sort files."),
    user("TimeZone", Kind::Text, "UTC", "Sets the time zone for displaying and interpreting time stamps."),
    user("timezone_abbreviations", Kind::Text, "Default", "Selects a file of time zone abbreviations."),
    superuser("track_activities", Kind::Bool, "on", "Collects information about executing commands."),
    user("transaction_deferrable", Kind::Bool, "off", "Kept for compatibility."),
    user("transaction_isolation", ISOLATION, "read committed", "Sets the current transaction's isolation level."),
    user("transaction_read_only", Kind::Bool, "off", "Sets the current transaction's read-only status."),
    user("transform_null_equals", Kind::Bool, "off", "Treats \"expr=NULL\" as \"expr IS NULL\"."),
    user("vacuum_cost_delay", COST, "0", "Kept for compatibility."),
    postmaster("wal_level", Kind::Text, "replica", "Sets the level of information written to the WAL."),
    user("work_mem", MEMORY, "4096", "Kept for compatibility; memory is bounded for all statements together."),
    user("xmlbinary", Kind::Enum(&["base64", "hex"]), "base64", "Sets how binary values are to be encoded in XML."),
    user("xmloption", Kind::Enum(&["content", "document"]), "content", "Kept for compatibility."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_unique_and_in_the_order_of_show_all() {
        let names: Vec<_> = DEFINITIONS.iter().map(|definition| definition.name.to_lowercase()).collect();
        let mut sorted = names.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(names, sorted);
    }

    #[test]
    fn every_reported_parameter_exists() {
        for name in REPORTED {
            assert_eq!(definition(name).map(|definition| definition.name), Some(name));
        }
    }
}
