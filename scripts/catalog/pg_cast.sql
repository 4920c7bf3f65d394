SELECT oid, castsource, casttarget, castfunc, castcontext, castmethod
FROM pg_catalog.pg_cast
WHERE oid < 16384
ORDER BY oid
