-- Roles that can log in: all of them can.
-- oid 13306
CREATE VIEW pg_catalog.pg_user AS
SELECT r.rolname AS usename,
       r.oid AS usesysid,
       r.rolcreatedb AS usecreatedb,
       r.rolsuper AS usesuper,
       r.rolreplication AS userepl,
       r.rolbypassrls AS usebypassrls,
       '********' AS passwd,
       r.rolvaliduntil AS valuntil,
       r.rolconfig AS useconfig
FROM pg_catalog.pg_roles r
WHERE r.rolcanlogin;
