-- The databases that the session may see. Counters are NULL: KalamDB does not keep them.
-- oid 13305
CREATE VIEW pg_catalog.pg_stat_database AS
SELECT d.oid AS datid,
       d.datname AS datname,
       CAST(NULL AS integer) AS numbackends,
       CAST(NULL AS bigint) AS xact_commit,
       CAST(NULL AS bigint) AS xact_rollback,
       CAST(NULL AS bigint) AS blks_read,
       CAST(NULL AS bigint) AS blks_hit,
       CAST(NULL AS bigint) AS tup_returned,
       CAST(NULL AS bigint) AS tup_fetched,
       CAST(NULL AS bigint) AS tup_inserted,
       CAST(NULL AS bigint) AS tup_updated,
       CAST(NULL AS bigint) AS tup_deleted,
       CAST(NULL AS bigint) AS conflicts,
       CAST(NULL AS bigint) AS deadlocks,
       CAST(NULL AS timestamp with time zone) AS stats_reset
FROM pg_catalog.pg_database d;
