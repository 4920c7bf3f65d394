-- The tables of users. KalamDB does not count accesses: what PostgreSQL counts is NULL here, never a
-- made-up number.
-- oid 13304
CREATE VIEW pg_catalog.pg_stat_user_tables AS
SELECT c.oid AS relid,
       n.nspname AS schemaname,
       c.relname AS relname,
       CAST(NULL AS bigint) AS seq_scan,
       CAST(NULL AS bigint) AS seq_tup_read,
       CAST(NULL AS bigint) AS idx_scan,
       CAST(NULL AS bigint) AS idx_tup_fetch,
       CAST(NULL AS bigint) AS n_tup_ins,
       CAST(NULL AS bigint) AS n_tup_upd,
       CAST(NULL AS bigint) AS n_tup_del,
       CAST(NULL AS bigint) AS n_tup_hot_upd,
       CAST(NULL AS bigint) AS n_live_tup,
       CAST(NULL AS bigint) AS n_dead_tup,
       CAST(NULL AS bigint) AS n_mod_since_analyze,
       CAST(NULL AS bigint) AS n_ins_since_vacuum,
       CAST(NULL AS timestamp with time zone) AS last_vacuum,
       CAST(NULL AS timestamp with time zone) AS last_autovacuum,
       CAST(NULL AS timestamp with time zone) AS last_analyze,
       CAST(NULL AS timestamp with time zone) AS last_autoanalyze,
       CAST(NULL AS bigint) AS vacuum_count,
       CAST(NULL AS bigint) AS autovacuum_count,
       CAST(NULL AS bigint) AS analyze_count,
       CAST(NULL AS bigint) AS autoanalyze_count
FROM pg_catalog.pg_class c
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 't', 'm', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'kalam');
