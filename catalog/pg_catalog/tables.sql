-- The base tables of pg_catalog that have rows. The rows are made from a tenant's definitions by
-- src/catalog/system.
--
-- Columns and OIDs as in PostgreSQL 15. Types that KalamDB does not have are declared as the ones they are
-- shown as: pg_node_tree and inet as text, aclitem[] as text[], xid as oid.

CREATE TABLE pg_catalog.pg_namespace (
    oid      oid NOT NULL,
    nspname  name NOT NULL,
    nspowner oid NOT NULL,
    nspacl   text[]
) WITH (oid = 2615);

CREATE TABLE pg_catalog.pg_class (
    oid                 oid NOT NULL,
    relname             name NOT NULL,
    relnamespace        oid NOT NULL,
    reltype             oid NOT NULL,
    reloftype           oid NOT NULL,
    relowner            oid NOT NULL,
    relam               oid NOT NULL,
    relfilenode         oid NOT NULL,
    reltablespace       oid NOT NULL,
    relpages            int4 NOT NULL,
    reltuples           float4 NOT NULL,
    relallvisible       int4 NOT NULL,
    reltoastrelid       oid NOT NULL,
    relhasindex         bool NOT NULL,
    relisshared         bool NOT NULL,
    relpersistence      "char" NOT NULL,
    relkind             "char" NOT NULL,
    relnatts            int2 NOT NULL,
    relchecks           int2 NOT NULL,
    relhasrules         bool NOT NULL,
    relhastriggers      bool NOT NULL,
    relhassubclass      bool NOT NULL,
    relrowsecurity      bool NOT NULL,
    relforcerowsecurity bool NOT NULL,
    relispopulated      bool NOT NULL,
    relreplident        "char" NOT NULL,
    relispartition      bool NOT NULL,
    relrewrite          oid NOT NULL,
    relfrozenxid        oid NOT NULL,
    relminmxid          oid NOT NULL,
    relacl              text[],
    reloptions          text[],
    relpartbound        text
) WITH (oid = 1259);

CREATE TABLE pg_catalog.pg_attribute (
    attrelid       oid NOT NULL,
    attname        name NOT NULL,
    atttypid       oid NOT NULL,
    attstattarget  int4 NOT NULL,
    attlen         int2 NOT NULL,
    attnum         int2 NOT NULL,
    attndims       int4 NOT NULL,
    attcacheoff    int4 NOT NULL,
    atttypmod      int4 NOT NULL,
    attbyval       bool NOT NULL,
    attalign       "char" NOT NULL,
    attstorage     "char" NOT NULL,
    attcompression "char" NOT NULL,
    attnotnull     bool NOT NULL,
    atthasdef      bool NOT NULL,
    atthasmissing  bool NOT NULL,
    attidentity    "char" NOT NULL,
    attgenerated   "char" NOT NULL,
    attisdropped   bool NOT NULL,
    attislocal     bool NOT NULL,
    attinhcount    int4 NOT NULL,
    attcollation   oid NOT NULL,
    attacl         text[],
    attoptions     text[],
    attfdwoptions  text[],
    attmissingval  text[]
) WITH (oid = 1249);

CREATE TABLE pg_catalog.pg_attrdef (
    oid     oid NOT NULL,
    adrelid oid NOT NULL,
    adnum   int2 NOT NULL,
    adbin   text NOT NULL
) WITH (oid = 2604);

CREATE TABLE pg_catalog.pg_index (
    indexrelid          oid NOT NULL,
    indrelid            oid NOT NULL,
    indnatts            int2 NOT NULL,
    indnkeyatts         int2 NOT NULL,
    indisunique         bool NOT NULL,
    indnullsnotdistinct bool NOT NULL,
    indisprimary        bool NOT NULL,
    indisexclusion      bool NOT NULL,
    indimmediate        bool NOT NULL,
    indisclustered      bool NOT NULL,
    indisvalid          bool NOT NULL,
    indcheckxmin        bool NOT NULL,
    indisready          bool NOT NULL,
    indislive           bool NOT NULL,
    indisreplident      bool NOT NULL,
    indkey              int2vector NOT NULL,
    indcollation        oidvector NOT NULL,
    indclass            oidvector NOT NULL,
    indoption           int2vector NOT NULL,
    indexprs            text,
    indpred             text
) WITH (oid = 2610);

CREATE TABLE pg_catalog.pg_constraint (
    oid            oid NOT NULL,
    conname        name NOT NULL,
    connamespace   oid NOT NULL,
    contype        "char" NOT NULL,
    condeferrable  bool NOT NULL,
    condeferred    bool NOT NULL,
    convalidated   bool NOT NULL,
    conrelid       oid NOT NULL,
    contypid       oid NOT NULL,
    conindid       oid NOT NULL,
    conparentid    oid NOT NULL,
    confrelid      oid NOT NULL,
    confupdtype    "char" NOT NULL,
    confdeltype    "char" NOT NULL,
    confmatchtype  "char" NOT NULL,
    conislocal     bool NOT NULL,
    coninhcount    int4 NOT NULL,
    connoinherit   bool NOT NULL,
    conkey         int2[],
    confkey        int2[],
    conpfeqop      oid[],
    conppeqop      oid[],
    conffeqop      oid[],
    confdelsetcols int2[],
    conexclop      oid[],
    conbin         text
) WITH (oid = 2606);

CREATE TABLE pg_catalog.pg_type (
    oid            oid NOT NULL,
    typname        name NOT NULL,
    typnamespace   oid NOT NULL,
    typowner       oid NOT NULL,
    typlen         int2 NOT NULL,
    typbyval       bool NOT NULL,
    typtype        "char" NOT NULL,
    typcategory    "char" NOT NULL,
    typispreferred bool NOT NULL,
    typisdefined   bool NOT NULL,
    typdelim       "char" NOT NULL,
    typrelid       oid NOT NULL,
    typsubscript   regproc NOT NULL,
    typelem        oid NOT NULL,
    typarray       oid NOT NULL,
    typinput       regproc NOT NULL,
    typoutput      regproc NOT NULL,
    typreceive     regproc NOT NULL,
    typsend        regproc NOT NULL,
    typmodin       regproc NOT NULL,
    typmodout      regproc NOT NULL,
    typanalyze     regproc NOT NULL,
    typalign       "char" NOT NULL,
    typstorage     "char" NOT NULL,
    typnotnull     bool NOT NULL,
    typbasetype    oid NOT NULL,
    typtypmod      int4 NOT NULL,
    typndims       int4 NOT NULL,
    typcollation   oid NOT NULL,
    typdefaultbin  text,
    typdefault     text,
    typacl         text[]
) WITH (oid = 1247);

CREATE TABLE pg_catalog.pg_proc (
    oid             oid NOT NULL,
    proname         name NOT NULL,
    pronamespace    oid NOT NULL,
    proowner        oid NOT NULL,
    prolang         oid NOT NULL,
    procost         float4 NOT NULL,
    prorows         float4 NOT NULL,
    provariadic     oid NOT NULL,
    prosupport      regproc NOT NULL,
    prokind         "char" NOT NULL,
    prosecdef       bool NOT NULL,
    proleakproof    bool NOT NULL,
    proisstrict     bool NOT NULL,
    proretset       bool NOT NULL,
    provolatile     "char" NOT NULL,
    proparallel     "char" NOT NULL,
    pronargs        int2 NOT NULL,
    pronargdefaults int2 NOT NULL,
    prorettype      oid NOT NULL,
    proargtypes     oidvector NOT NULL,
    proallargtypes  oid[],
    proargmodes     "char"[],
    proargnames     text[],
    proargdefaults  text,
    protrftypes     oid[],
    prosrc          text NOT NULL,
    probin          text,
    prosqlbody      text,
    proconfig       text[],
    proacl          text[]
) WITH (oid = 1255);

CREATE TABLE pg_catalog.pg_aggregate (
    aggfnoid         regproc NOT NULL,
    aggkind          "char" NOT NULL,
    aggnumdirectargs int2 NOT NULL,
    aggtransfn       regproc NOT NULL,
    aggfinalfn       regproc NOT NULL,
    aggcombinefn     regproc NOT NULL,
    aggserialfn      regproc NOT NULL,
    aggdeserialfn    regproc NOT NULL,
    aggmtransfn      regproc NOT NULL,
    aggminvtransfn   regproc NOT NULL,
    aggmfinalfn      regproc NOT NULL,
    aggfinalextra    bool NOT NULL,
    aggmfinalextra   bool NOT NULL,
    aggfinalmodify   "char" NOT NULL,
    aggmfinalmodify  "char" NOT NULL,
    aggsortop        oid NOT NULL,
    aggtranstype     oid NOT NULL,
    aggtransspace    int4 NOT NULL,
    aggmtranstype    oid NOT NULL,
    aggmtransspace   int4 NOT NULL,
    agginitval       text,
    aggminitval      text
) WITH (oid = 2600);

CREATE TABLE pg_catalog.pg_operator (
    oid          oid NOT NULL,
    oprname      name NOT NULL,
    oprnamespace oid NOT NULL,
    oprowner     oid NOT NULL,
    oprkind      "char" NOT NULL,
    oprcanmerge  bool NOT NULL,
    oprcanhash   bool NOT NULL,
    oprleft      oid NOT NULL,
    oprright     oid NOT NULL,
    oprresult    oid NOT NULL,
    oprcom       oid NOT NULL,
    oprnegate    oid NOT NULL,
    oprcode      regproc NOT NULL,
    oprrest      regproc NOT NULL,
    oprjoin      regproc NOT NULL
) WITH (oid = 2617);

CREATE TABLE pg_catalog.pg_cast (
    oid         oid NOT NULL,
    castsource  oid NOT NULL,
    casttarget  oid NOT NULL,
    castfunc    oid NOT NULL,
    castcontext "char" NOT NULL,
    castmethod  "char" NOT NULL
) WITH (oid = 2605);

CREATE TABLE pg_catalog.pg_am (
    oid       oid NOT NULL,
    amname    name NOT NULL,
    amhandler regproc NOT NULL,
    amtype    "char" NOT NULL
) WITH (oid = 2601);

CREATE TABLE pg_catalog.pg_database (
    oid            oid NOT NULL,
    datname        name NOT NULL,
    datdba         oid NOT NULL,
    encoding       int4 NOT NULL,
    datlocprovider "char" NOT NULL,
    datistemplate  bool NOT NULL,
    datallowconn   bool NOT NULL,
    datconnlimit   int4 NOT NULL,
    datfrozenxid   oid NOT NULL,
    datminmxid     oid NOT NULL,
    dattablespace  oid NOT NULL,
    datcollate     text NOT NULL,
    datctype       text NOT NULL,
    daticulocale   text,
    datcollversion text,
    datacl         text[]
) WITH (oid = 1262);

CREATE TABLE pg_catalog.pg_collation (
    oid                 oid NOT NULL,
    collname            name NOT NULL,
    collnamespace       oid NOT NULL,
    collowner           oid NOT NULL,
    collprovider        "char" NOT NULL,
    collisdeterministic bool NOT NULL,
    collencoding        int4 NOT NULL,
    collcollate         text,
    collctype           text,
    colliculocale       text,
    collversion         text
) WITH (oid = 3456);

CREATE TABLE pg_catalog.pg_language (
    oid           oid NOT NULL,
    lanname       name NOT NULL,
    lanowner      oid NOT NULL,
    lanispl       bool NOT NULL,
    lanpltrusted  bool NOT NULL,
    lanplcallfoid oid NOT NULL,
    laninline     oid NOT NULL,
    lanvalidator  oid NOT NULL,
    lanacl        text[]
) WITH (oid = 2612);

CREATE TABLE pg_catalog.pg_tablespace (
    oid        oid NOT NULL,
    spcname    name NOT NULL,
    spcowner   oid NOT NULL,
    spcacl     text[],
    spcoptions text[]
) WITH (oid = 1213);

-- A view over the secret pg_authid in PostgreSQL.
CREATE TABLE pg_catalog.pg_roles (
    rolname        name,
    rolsuper       bool,
    rolinherit     bool,
    rolcreaterole  bool,
    rolcreatedb    bool,
    rolcanlogin    bool,
    rolreplication bool,
    rolconnlimit   int4,
    rolpassword    text,
    rolvaliduntil  timestamptz,
    rolbypassrls   bool,
    rolconfig      text[],
    oid            oid
) WITH (oid = 12000);
