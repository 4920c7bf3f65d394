-- The base tables of pg_catalog that clients ask for and that have no rows, because KalamDB does not have
-- (or not yet have) what they describe.
--
-- Columns and OIDs as in PostgreSQL 15. Types that KalamDB does not have are declared as the ones they are
-- shown as: pg_node_tree and inet as text, aclitem[] as text[], xid as oid.

CREATE TABLE pg_catalog.pg_amop (
    oid            oid NOT NULL,
    amopfamily     oid NOT NULL,
    amoplefttype   oid NOT NULL,
    amoprighttype  oid NOT NULL,
    amopstrategy   int2 NOT NULL,
    amoppurpose    "char" NOT NULL,
    amopopr        oid NOT NULL,
    amopmethod     oid NOT NULL,
    amopsortfamily oid NOT NULL
) WITH (oid = 2602);

CREATE TABLE pg_catalog.pg_amproc (
    oid             oid NOT NULL,
    amprocfamily    oid NOT NULL,
    amproclefttype  oid NOT NULL,
    amprocrighttype oid NOT NULL,
    amprocnum       int2 NOT NULL,
    amproc          regproc NOT NULL
) WITH (oid = 2603);

CREATE TABLE pg_catalog.pg_auth_members (
    roleid       oid NOT NULL,
    member       oid NOT NULL,
    grantor      oid NOT NULL,
    admin_option bool NOT NULL
) WITH (oid = 1261);

CREATE TABLE pg_catalog.pg_conversion (
    oid            oid NOT NULL,
    conname        name NOT NULL,
    connamespace   oid NOT NULL,
    conowner       oid NOT NULL,
    conforencoding int4 NOT NULL,
    contoencoding  int4 NOT NULL,
    conproc        regproc NOT NULL,
    condefault     bool NOT NULL
) WITH (oid = 2607);

CREATE TABLE pg_catalog.pg_db_role_setting (
    setdatabase oid NOT NULL,
    setrole     oid NOT NULL,
    setconfig   text[]
) WITH (oid = 2964);

CREATE TABLE pg_catalog.pg_default_acl (
    oid             oid NOT NULL,
    defaclrole      oid NOT NULL,
    defaclnamespace oid NOT NULL,
    defaclobjtype   "char" NOT NULL,
    defaclacl       text[] NOT NULL
) WITH (oid = 826);

CREATE TABLE pg_catalog.pg_depend (
    classid     oid NOT NULL,
    objid       oid NOT NULL,
    objsubid    int4 NOT NULL,
    refclassid  oid NOT NULL,
    refobjid    oid NOT NULL,
    refobjsubid int4 NOT NULL,
    deptype     "char" NOT NULL
) WITH (oid = 2608);

CREATE TABLE pg_catalog.pg_description (
    objoid      oid NOT NULL,
    classoid    oid NOT NULL,
    objsubid    int4 NOT NULL,
    description text NOT NULL
) WITH (oid = 2609);

CREATE TABLE pg_catalog.pg_enum (
    oid           oid NOT NULL,
    enumtypid     oid NOT NULL,
    enumsortorder float4 NOT NULL,
    enumlabel     name NOT NULL
) WITH (oid = 3501);

CREATE TABLE pg_catalog.pg_event_trigger (
    oid        oid NOT NULL,
    evtname    name NOT NULL,
    evtevent   name NOT NULL,
    evtowner   oid NOT NULL,
    evtfoid    oid NOT NULL,
    evtenabled "char" NOT NULL,
    evttags    text[]
) WITH (oid = 3466);

CREATE TABLE pg_catalog.pg_extension (
    oid            oid NOT NULL,
    extname        name NOT NULL,
    extowner       oid NOT NULL,
    extnamespace   oid NOT NULL,
    extrelocatable bool NOT NULL,
    extversion     text NOT NULL,
    extconfig      oid[],
    extcondition   text[]
) WITH (oid = 3079);

CREATE TABLE pg_catalog.pg_foreign_data_wrapper (
    oid          oid NOT NULL,
    fdwname      name NOT NULL,
    fdwowner     oid NOT NULL,
    fdwhandler   oid NOT NULL,
    fdwvalidator oid NOT NULL,
    fdwacl       text[],
    fdwoptions   text[]
) WITH (oid = 2328);

CREATE TABLE pg_catalog.pg_foreign_server (
    oid        oid NOT NULL,
    srvname    name NOT NULL,
    srvowner   oid NOT NULL,
    srvfdw     oid NOT NULL,
    srvtype    text,
    srvversion text,
    srvacl     text[],
    srvoptions text[]
) WITH (oid = 1417);

CREATE TABLE pg_catalog.pg_foreign_table (
    ftrelid   oid NOT NULL,
    ftserver  oid NOT NULL,
    ftoptions text[]
) WITH (oid = 3118);

CREATE TABLE pg_catalog.pg_inherits (
    inhrelid         oid NOT NULL,
    inhparent        oid NOT NULL,
    inhseqno         int4 NOT NULL,
    inhdetachpending bool NOT NULL
) WITH (oid = 2611);

CREATE TABLE pg_catalog.pg_init_privs (
    objoid    oid NOT NULL,
    classoid  oid NOT NULL,
    objsubid  int4 NOT NULL,
    privtype  "char" NOT NULL,
    initprivs text[] NOT NULL
) WITH (oid = 3394);

CREATE TABLE pg_catalog.pg_largeobject_metadata (
    oid      oid NOT NULL,
    lomowner oid NOT NULL,
    lomacl   text[]
) WITH (oid = 2995);

CREATE TABLE pg_catalog.pg_opclass (
    oid          oid NOT NULL,
    opcmethod    oid NOT NULL,
    opcname      name NOT NULL,
    opcnamespace oid NOT NULL,
    opcowner     oid NOT NULL,
    opcfamily    oid NOT NULL,
    opcintype    oid NOT NULL,
    opcdefault   bool NOT NULL,
    opckeytype   oid NOT NULL
) WITH (oid = 2616);

CREATE TABLE pg_catalog.pg_opfamily (
    oid          oid NOT NULL,
    opfmethod    oid NOT NULL,
    opfname      name NOT NULL,
    opfnamespace oid NOT NULL,
    opfowner     oid NOT NULL
) WITH (oid = 2753);

CREATE TABLE pg_catalog.pg_parameter_acl (
    oid     oid NOT NULL,
    parname text NOT NULL,
    paracl  text[]
) WITH (oid = 6243);

CREATE TABLE pg_catalog.pg_partitioned_table (
    partrelid     oid NOT NULL,
    partstrat     "char" NOT NULL,
    partnatts     int2 NOT NULL,
    partdefid     oid NOT NULL,
    partattrs     int2vector NOT NULL,
    partclass     oidvector NOT NULL,
    partcollation oidvector NOT NULL,
    partexprs     text
) WITH (oid = 3350);

CREATE TABLE pg_catalog.pg_policy (
    oid           oid NOT NULL,
    polname       name NOT NULL,
    polrelid      oid NOT NULL,
    polcmd        "char" NOT NULL,
    polpermissive bool NOT NULL,
    polroles      oid[] NOT NULL,
    polqual       text,
    polwithcheck  text
) WITH (oid = 3256);

CREATE TABLE pg_catalog.pg_publication (
    oid          oid NOT NULL,
    pubname      name NOT NULL,
    pubowner     oid NOT NULL,
    puballtables bool NOT NULL,
    pubinsert    bool NOT NULL,
    pubupdate    bool NOT NULL,
    pubdelete    bool NOT NULL,
    pubtruncate  bool NOT NULL,
    pubviaroot   bool NOT NULL
) WITH (oid = 6104);

CREATE TABLE pg_catalog.pg_publication_namespace (
    oid     oid NOT NULL,
    pnpubid oid NOT NULL,
    pnnspid oid NOT NULL
) WITH (oid = 6237);

CREATE TABLE pg_catalog.pg_publication_rel (
    oid     oid NOT NULL,
    prpubid oid NOT NULL,
    prrelid oid NOT NULL,
    prqual  text,
    prattrs int2vector
) WITH (oid = 6106);

CREATE TABLE pg_catalog.pg_range (
    rngtypid      oid NOT NULL,
    rngsubtype    oid NOT NULL,
    rngmultitypid oid NOT NULL,
    rngcollation  oid NOT NULL,
    rngsubopc     oid NOT NULL,
    rngcanonical  regproc NOT NULL,
    rngsubdiff    regproc NOT NULL
) WITH (oid = 3541);

CREATE TABLE pg_catalog.pg_rewrite (
    oid        oid NOT NULL,
    rulename   name NOT NULL,
    ev_class   oid NOT NULL,
    ev_type    "char" NOT NULL,
    ev_enabled "char" NOT NULL,
    is_instead bool NOT NULL,
    ev_qual    text NOT NULL,
    ev_action  text NOT NULL
) WITH (oid = 2618);

CREATE TABLE pg_catalog.pg_seclabel (
    objoid   oid NOT NULL,
    classoid oid NOT NULL,
    objsubid int4 NOT NULL,
    provider text NOT NULL,
    label    text NOT NULL
) WITH (oid = 3596);

CREATE TABLE pg_catalog.pg_sequence (
    seqrelid     oid NOT NULL,
    seqtypid     oid NOT NULL,
    seqstart     int8 NOT NULL,
    seqincrement int8 NOT NULL,
    seqmax       int8 NOT NULL,
    seqmin       int8 NOT NULL,
    seqcache     int8 NOT NULL,
    seqcycle     bool NOT NULL
) WITH (oid = 2224);

CREATE TABLE pg_catalog.pg_shdepend (
    dbid       oid NOT NULL,
    classid    oid NOT NULL,
    objid      oid NOT NULL,
    objsubid   int4 NOT NULL,
    refclassid oid NOT NULL,
    refobjid   oid NOT NULL,
    deptype    "char" NOT NULL
) WITH (oid = 1214);

CREATE TABLE pg_catalog.pg_shdescription (
    objoid      oid NOT NULL,
    classoid    oid NOT NULL,
    description text NOT NULL
) WITH (oid = 2396);

CREATE TABLE pg_catalog.pg_statistic_ext (
    oid           oid NOT NULL,
    stxrelid      oid NOT NULL,
    stxname       name NOT NULL,
    stxnamespace  oid NOT NULL,
    stxowner      oid NOT NULL,
    stxstattarget int4 NOT NULL,
    stxkeys       int2vector NOT NULL,
    stxkind       "char"[] NOT NULL,
    stxexprs      text
) WITH (oid = 3381);

CREATE TABLE pg_catalog.pg_subscription (
    oid              oid NOT NULL,
    subdbid          oid NOT NULL,
    subskiplsn       text NOT NULL,
    subname          name NOT NULL,
    subowner         oid NOT NULL,
    subenabled       bool NOT NULL,
    subbinary        bool NOT NULL,
    substream        bool NOT NULL,
    subtwophasestate "char" NOT NULL,
    subdisableonerr  bool NOT NULL,
    subconninfo      text NOT NULL,
    subslotname      name,
    subsynccommit    text NOT NULL,
    subpublications  text[] NOT NULL
) WITH (oid = 6100);

CREATE TABLE pg_catalog.pg_transform (
    oid        oid NOT NULL,
    trftype    oid NOT NULL,
    trflang    oid NOT NULL,
    trffromsql regproc NOT NULL,
    trftosql   regproc NOT NULL
) WITH (oid = 3576);

CREATE TABLE pg_catalog.pg_trigger (
    oid            oid NOT NULL,
    tgrelid        oid NOT NULL,
    tgparentid     oid NOT NULL,
    tgname         name NOT NULL,
    tgfoid         oid NOT NULL,
    tgtype         int2 NOT NULL,
    tgenabled      "char" NOT NULL,
    tgisinternal   bool NOT NULL,
    tgconstrrelid  oid NOT NULL,
    tgconstrindid  oid NOT NULL,
    tgconstraint   oid NOT NULL,
    tgdeferrable   bool NOT NULL,
    tginitdeferred bool NOT NULL,
    tgnargs        int2 NOT NULL,
    tgattr         int2vector NOT NULL,
    tgargs         bytea NOT NULL,
    tgqual         text,
    tgoldtable     name,
    tgnewtable     name
) WITH (oid = 2620);

CREATE TABLE pg_catalog.pg_ts_config (
    oid          oid NOT NULL,
    cfgname      name NOT NULL,
    cfgnamespace oid NOT NULL,
    cfgowner     oid NOT NULL,
    cfgparser    oid NOT NULL
) WITH (oid = 3602);

CREATE TABLE pg_catalog.pg_ts_dict (
    oid            oid NOT NULL,
    dictname       name NOT NULL,
    dictnamespace  oid NOT NULL,
    dictowner      oid NOT NULL,
    dicttemplate   oid NOT NULL,
    dictinitoption text
) WITH (oid = 3600);

CREATE TABLE pg_catalog.pg_ts_parser (
    oid          oid NOT NULL,
    prsname      name NOT NULL,
    prsnamespace oid NOT NULL,
    prsstart     regproc NOT NULL,
    prstoken     regproc NOT NULL,
    prsend       regproc NOT NULL,
    prsheadline  regproc NOT NULL,
    prslextype   regproc NOT NULL
) WITH (oid = 3601);

CREATE TABLE pg_catalog.pg_ts_template (
    oid           oid NOT NULL,
    tmplname      name NOT NULL,
    tmplnamespace oid NOT NULL,
    tmplinit      regproc NOT NULL,
    tmpllexize    regproc NOT NULL
) WITH (oid = 3764);

CREATE TABLE pg_catalog.pg_user_mapping (
    oid       oid NOT NULL,
    umuser    oid NOT NULL,
    umserver  oid NOT NULL,
    umoptions text[]
) WITH (oid = 1418);

CREATE TABLE pg_catalog.pg_matviews (
    schemaname   name,
    matviewname  name,
    matviewowner name,
    tablespace   name,
    hasindexes   bool,
    ispopulated  bool,
    definition   text
) WITH (oid = 12038);

CREATE TABLE pg_catalog.pg_sequences (
    schemaname    name,
    sequencename  name,
    sequenceowner name,
    data_type     regtype,
    start_value   int8,
    min_value     int8,
    max_value     int8,
    increment_by  int8,
    cycle         bool,
    cache_size    int8,
    last_value    int8
) WITH (oid = 12048);

CREATE TABLE pg_catalog.pg_rules (
    schemaname name,
    tablename  name,
    rulename   name,
    definition text
) WITH (oid = 12023);

CREATE TABLE pg_catalog.pg_policies (
    schemaname name,
    tablename  name,
    policyname name,
    permissive text,
    roles      name[],
    cmd        text,
    qual       text,
    with_check text
) WITH (oid = 12018);

CREATE TABLE pg_catalog.pg_locks (
    locktype           text,
    database           oid,
    relation           oid,
    page               int4,
    tuple              int2,
    virtualxid         text,
    transactionid      oid,
    classid            oid,
    objid              oid,
    objsubid           int2,
    virtualtransaction text,
    pid                int4,
    mode               text,
    granted            bool,
    fastpath           bool,
    waitstart          timestamptz
) WITH (oid = 12073);

CREATE TABLE pg_catalog.pg_prepared_xacts (
    transaction oid,
    gid         text,
    prepared    timestamptz,
    owner       name,
    database    name
) WITH (oid = 12090);

CREATE TABLE pg_catalog.pg_replication_slots (
    slot_name           name,
    plugin              name,
    slot_type           text,
    datoid              oid,
    database            name,
    temporary           bool,
    active              bool,
    active_pid          int4,
    xmin                oid,
    catalog_xmin        oid,
    restart_lsn         text,
    confirmed_flush_lsn text,
    wal_status          text,
    safe_wal_size       int8,
    two_phase           bool
) WITH (oid = 12257);

CREATE TABLE pg_catalog.pg_stat_replication (
    pid              int4,
    usesysid         oid,
    usename          name,
    application_name text,
    client_addr      text,
    client_hostname  text,
    client_port      int4,
    backend_start    timestamptz,
    backend_xmin     oid,
    state            text,
    sent_lsn         text,
    write_lsn        text,
    flush_lsn        text,
    replay_lsn       text,
    write_lag        interval,
    flush_lag        interval,
    replay_lag       interval,
    sync_priority    int4,
    sync_state       text,
    reply_time       timestamptz
) WITH (oid = 12227);

CREATE TABLE pg_catalog.pg_cursors (
    name          text,
    statement     text,
    is_holdable   bool,
    is_binary     bool,
    is_scrollable bool,
    creation_time timestamptz
) WITH (oid = 12077);
