-- KalamDB's own relations, whose rows come from the running server. All of them show the session's own
-- tenant only; kalam.tenants shows what the token may see.

-- The databases of this server.
CREATE TABLE kalam.tenants (
    id         oid,
    name       text,
    owner      text,
    created_at timestamptz
) WITH (oid = 13201);

-- The Parquet files that the statement's snapshot reads.
CREATE TABLE kalam.history_files (
    schema_name text,
    table_name  text,
    table_oid   oid,
    path        text,
    rows        int8,
    bytes       int8,
    min_seq     int8,
    max_seq     int8,
    created_at  timestamptz
) WITH (oid = 13202);

-- The last flushes.
CREATE TABLE kalam.flushes (
    table_name  text,
    started_at  timestamptz,
    duration_us int8,
    rows        int8,
    files       int4,
    bytes       int8,
    error       text
) WITH (oid = 13203);

-- Who listens to what.
CREATE TABLE kalam.subscriptions (
    pid     int4,
    channel text,
    queued  int8
) WITH (oid = 13204);
