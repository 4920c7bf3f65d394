SELECT p.oid, p.proname, n.nspname AS pronamespace, l.lanname AS prolang, p.prokind, p.proisstrict, p.proretset,
       p.provolatile, p.pronargs, p.pronargdefaults, p.prorettype, p.proargtypes, p.provariadic,
       array_to_string(p.proallargtypes, ' ') AS proallargtypes,
       array_to_string(p.proargmodes, '') AS proargmodes,
       array_to_string(p.proargnames, ' ') AS proargnames,
       pg_get_expr(p.proargdefaults, 0) AS proargdefaults,
       p.prosrc, a.aggkind, a.aggnumdirectargs
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
LEFT JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid
WHERE n.nspname = 'pg_catalog'
ORDER BY p.oid
