-- Constraints: keys, checks, and NOT NULL, which the standard calls a check.
-- oid 13404
CREATE VIEW information_schema.table_constraints AS
SELECT current_database() AS constraint_catalog,
       nc.nspname AS constraint_schema,
       c.conname AS constraint_name,
       current_database() AS table_catalog,
       nr.nspname AS table_schema,
       r.relname AS table_name,
       CASE c.contype WHEN 'c' THEN 'CHECK'
                      WHEN 'f' THEN 'FOREIGN KEY'
                      WHEN 'p' THEN 'PRIMARY KEY'
                      WHEN 'u' THEN 'UNIQUE' END AS constraint_type,
       CASE WHEN c.condeferrable THEN 'YES' ELSE 'NO' END AS is_deferrable,
       CASE WHEN c.condeferred THEN 'YES' ELSE 'NO' END AS initially_deferred,
       'YES' AS enforced,
       CASE WHEN c.contype = 'u' THEN 'YES' END AS nulls_distinct
FROM pg_catalog.pg_constraint c
JOIN pg_catalog.pg_namespace nc ON nc.oid = c.connamespace
JOIN pg_catalog.pg_class r ON r.oid = c.conrelid
JOIN pg_catalog.pg_namespace nr ON nr.oid = r.relnamespace
WHERE c.contype IN ('c', 'f', 'p', 'u') AND r.relkind IN ('r', 'p')
UNION ALL
SELECT current_database(),
       nr.nspname,
       CAST(nr.oid AS text) || '_' || CAST(r.oid AS text) || '_' || CAST(a.attnum AS text) || '_not_null',
       current_database(),
       nr.nspname,
       r.relname,
       'CHECK',
       'NO',
       'NO',
       'YES',
       CAST(NULL AS text)
FROM pg_catalog.pg_namespace nr
JOIN pg_catalog.pg_class r ON r.relnamespace = nr.oid
JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
WHERE a.attnotnull AND a.attnum > 0 AND NOT a.attisdropped AND r.relkind IN ('r', 'p');
