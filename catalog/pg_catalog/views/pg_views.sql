-- Views and their definitions.
-- oid 13302
CREATE VIEW pg_catalog.pg_views AS
SELECT n.nspname AS schemaname,
       c.relname AS viewname,
       pg_catalog.pg_get_userbyid(c.relowner) AS viewowner,
       pg_catalog.pg_get_viewdef(c.oid) AS definition
FROM pg_catalog.pg_class c
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'v';
