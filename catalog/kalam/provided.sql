-- KalamDB's own relations, whose rows come from the running server. All of them show the session's own
-- tenant only; kalam.tenants shows what the token may see.

-- The databases of this server.
CREATE TABLE kalam.tenants (
    name       name NOT NULL,
    id         oid NOT NULL,
    owner      name NOT NULL,
    created_at timestamptz NOT NULL
) WITH (oid = 13201);

-- The Parquet files that hold flushed rows.
CREATE TABLE kalam.history_files (
    table_name text NOT NULL,
    file       text NOT NULL,
    rows       int8 NOT NULL,
    bytes      int8 NOT NULL,
    min_seq    int8 NOT NULL,
    max_seq    int8 NOT NULL,
    created_at timestamptz NOT NULL
) WITH (oid = 13202);

-- The last flushes, the newest one last.
CREATE TABLE kalam.flushes (
    table_name text NOT NULL,
    started_at timestamptz NOT NULL,
    duration   interval NOT NULL,
    rows       int8 NOT NULL,
    files      int4 NOT NULL,
    bytes      int8 NOT NULL,
    error      text
) WITH (oid = 13203);

-- Who listens to what.
CREATE TABLE kalam.subscriptions (
    pid     int4 NOT NULL,
    channel text NOT NULL,
    queued  int8 NOT NULL
) WITH (oid = 13204);
