-- Columns of tables.
-- oid 13403
CREATE VIEW information_schema.columns AS
SELECT current_database() AS table_catalog,
       n.nspname AS table_schema,
       c.relname AS table_name,
       a.attname AS column_name,
       CAST(a.attnum AS integer) AS ordinal_position,
       pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS column_default,
       CASE WHEN a.attnotnull THEN 'NO' ELSE 'YES' END AS is_nullable,
       CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'ARRAY'
            ELSE pg_catalog.format_type(a.atttypid, NULL) END AS data_type,
       CASE WHEN t.typname = 'varchar' AND a.atttypmod > 0 THEN a.atttypmod - 4 END AS character_maximum_length,
       CASE WHEN t.typname IN ('text', 'varchar') THEN
                 CASE WHEN t.typname = 'varchar' AND a.atttypmod > 0 THEN (a.atttypmod - 4) * 4
                      ELSE 1073741824 END END AS character_octet_length,
       CASE t.typname WHEN 'int2' THEN 16
                      WHEN 'int4' THEN 32
                      WHEN 'int8' THEN 64
                      WHEN 'float4' THEN 24
                      WHEN 'float8' THEN 53
                      WHEN 'numeric' THEN
                           CASE WHEN a.atttypmod > 0 THEN ((a.atttypmod - 4) >> 16) & 65535 END
                      END AS numeric_precision,
       CASE WHEN t.typname IN ('int2', 'int4', 'int8', 'float4', 'float8') THEN 2
            WHEN t.typname = 'numeric' THEN 10 END AS numeric_precision_radix,
       CASE WHEN t.typname IN ('int2', 'int4', 'int8') THEN 0
            WHEN t.typname = 'numeric' AND a.atttypmod > 0 THEN (a.atttypmod - 4) & 65535 END AS numeric_scale,
       CASE WHEN t.typname = 'date' THEN 0
            WHEN t.typname IN ('time', 'timestamp', 'timestamptz', 'interval') THEN 6 END AS datetime_precision,
       CAST(NULL AS text) AS interval_type,
       CAST(NULL AS integer) AS interval_precision,
       CAST(NULL AS text) AS character_set_catalog,
       CAST(NULL AS text) AS character_set_schema,
       CAST(NULL AS text) AS character_set_name,
       CAST(NULL AS text) AS collation_catalog,
       CAST(NULL AS text) AS collation_schema,
       CAST(NULL AS text) AS collation_name,
       CAST(NULL AS text) AS domain_catalog,
       CAST(NULL AS text) AS domain_schema,
       CAST(NULL AS text) AS domain_name,
       current_database() AS udt_catalog,
       tn.nspname AS udt_schema,
       t.typname AS udt_name,
       CAST(NULL AS text) AS scope_catalog,
       CAST(NULL AS text) AS scope_schema,
       CAST(NULL AS text) AS scope_name,
       CAST(NULL AS integer) AS maximum_cardinality,
       CAST(a.attnum AS text) AS dtd_identifier,
       'NO' AS is_self_referencing,
       'NO' AS is_identity,
       CAST(NULL AS text) AS identity_generation,
       CAST(NULL AS text) AS identity_start,
       CAST(NULL AS text) AS identity_increment,
       CAST(NULL AS text) AS identity_maximum,
       CAST(NULL AS text) AS identity_minimum,
       'NO' AS identity_cycle,
       'NEVER' AS is_generated,
       CAST(NULL AS text) AS generation_expression,
       CASE WHEN n.nspname NOT IN ('pg_catalog', 'information_schema', 'kalam') THEN 'YES' ELSE 'NO' END AS is_updatable
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'f', 'p');
