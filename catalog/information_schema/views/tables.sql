-- Tables and views.
-- oid 13402
CREATE VIEW information_schema.tables AS
SELECT current_database() AS table_catalog,
       n.nspname AS table_schema,
       c.relname AS table_name,
       CASE WHEN c.relkind IN ('r', 'p') THEN 'BASE TABLE'
            WHEN c.relkind = 'v' THEN 'VIEW'
            WHEN c.relkind = 'f' THEN 'FOREIGN' END AS table_type,
       CAST(NULL AS text) AS self_referencing_column_name,
       CAST(NULL AS text) AS reference_generation,
       CAST(NULL AS text) AS user_defined_type_catalog,
       CAST(NULL AS text) AS user_defined_type_schema,
       CAST(NULL AS text) AS user_defined_type_name,
       CASE WHEN c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'kalam')
            THEN 'YES' ELSE 'NO' END AS is_insertable_into,
       'NO' AS is_typed,
       CAST(NULL AS text) AS commit_action
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'f', 'p');
