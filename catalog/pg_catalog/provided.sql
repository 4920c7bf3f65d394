-- Relations of pg_catalog whose rows come from the running server: its sessions and settings.
--
-- Columns and OIDs as in PostgreSQL 15. Types that KalamDB does not have are declared as the ones they are
-- shown as: pg_node_tree and inet as text, aclitem[] as text[], xid as oid.

CREATE TABLE pg_catalog.pg_settings (
    name            text,
    setting         text,
    unit            text,
    category        text,
    short_desc      text,
    extra_desc      text,
    context         text,
    vartype         text,
    source          text,
    min_val         text,
    max_val         text,
    enumvals        text[],
    boot_val        text,
    reset_val       text,
    sourcefile      text,
    sourceline      int4,
    pending_restart bool
) WITH (oid = 12104);

CREATE TABLE pg_catalog.pg_stat_activity (
    datid            oid,
    datname          name,
    pid              int4,
    leader_pid       int4,
    usesysid         oid,
    usename          name,
    application_name text,
    client_addr      text,
    client_hostname  text,
    client_port      int4,
    backend_start    timestamptz,
    xact_start       timestamptz,
    query_start      timestamptz,
    state_change     timestamptz,
    wait_event_type  text,
    wait_event       text,
    state            text,
    backend_xid      oid,
    backend_xmin     oid,
    query_id         int8,
    query            text,
    backend_type     text
) WITH (oid = 12222);
