-- The columns of primary, unique and foreign keys.
-- oid 13405
CREATE VIEW information_schema.key_column_usage AS
SELECT current_database() AS constraint_catalog,
       nc.nspname AS constraint_schema,
       c.conname AS constraint_name,
       current_database() AS table_catalog,
       nr.nspname AS table_schema,
       r.relname AS table_name,
       a.attname AS column_name,
       CAST(array_position(c.conkey, a.attnum) AS integer) AS ordinal_position,
       CAST(NULL AS integer) AS position_in_unique_constraint
FROM pg_catalog.pg_constraint c
JOIN pg_catalog.pg_namespace nc ON nc.oid = c.connamespace
JOIN pg_catalog.pg_class r ON r.oid = c.conrelid
JOIN pg_catalog.pg_namespace nr ON nr.oid = r.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
WHERE c.contype IN ('p', 'u', 'f')
  AND r.relkind IN ('r', 'p')
  AND NOT a.attisdropped
  AND array_position(c.conkey, a.attnum) IS NOT NULL;
