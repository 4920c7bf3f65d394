-- Schemas.
-- oid 13401
CREATE VIEW information_schema.schemata AS
SELECT current_database() AS catalog_name,
       n.nspname AS schema_name,
       pg_catalog.pg_get_userbyid(n.nspowner) AS schema_owner,
       CAST(NULL AS text) AS default_character_set_catalog,
       CAST(NULL AS text) AS default_character_set_schema,
       CAST(NULL AS text) AS default_character_set_name,
       CAST(NULL AS text) AS sql_path
FROM pg_catalog.pg_namespace n;
