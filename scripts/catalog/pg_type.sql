SELECT oid, typname, typlen, typbyval, typtype, typcategory, typispreferred, typdelim,
       typsubscript, typelem, typarray, typinput, typoutput, typreceive, typsend, typalign, typstorage, typcollation
FROM pg_catalog.pg_type
WHERE typnamespace = 'pg_catalog'::regnamespace
ORDER BY oid
