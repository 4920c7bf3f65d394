SELECT oid, oprname, oprkind, oprcanmerge, oprcanhash, oprleft, oprright, oprresult, oprcom, oprnegate,
       oprcode::oid AS oprcode
FROM pg_catalog.pg_operator
WHERE oprnamespace = 'pg_catalog'::regnamespace
ORDER BY oid
