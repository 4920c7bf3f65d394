//! SELECT: results, names, types.

use super::world::{World, numbers};
use crate::base::shutdown::CancellationToken;
use futures::StreamExt;

#[tokio::test]
async fn constants_have_postgresqls_names_and_types() {
    let world = World::new().await;
    let answer = world.run("SELECT 1, 1, 'x', 1.5, true, NULL, 1 AS a, 2 AS a, now()").await.unwrap();
    assert_eq!(answer.lines(), ["1|1|x|1.5|t|∅|1|2|2024-02-29 12:00:00+00"]);
    assert_eq!(
        answer.names(),
        ["?column?", "?column?", "?column?", "?column?", "?column?", "?column?", "a", "a", "now"]
    );
    assert_eq!(
        answer.types(),
        ["integer", "integer", "text", "numeric", "boolean", "text", "integer", "integer", "timestamp with time zone"]
    );
}

#[tokio::test]
async fn rows_come_back() {
    let world = World::new().await;
    world.create(numbers()).await;
    world
        .run("INSERT INTO numbers VALUES (1, 'one', 1.10, 1.5, 'a', '2024-01-31', true), (2, 'two', -2, 'NaN', NULL, NULL, 'f')")
        .await
        .unwrap();
    assert_eq!(
        world.lines("SELECT * FROM numbers ORDER BY n").await,
        ["1|one|1.10|1.5|a|2024-01-31|t", "2|two|-2.00|NaN|∅|∅|f"]
    );
    assert_eq!(world.lines("SELECT count(*), sum(n), max(t) FROM numbers WHERE b").await, ["1|1|one"]);
    assert_eq!(world.lines("SELECT t, count(*) FROM numbers GROUP BY 1 ORDER BY 2, 1 DESC").await, ["two|1", "one|1"]);
    assert_eq!(
        world.lines("SELECT d + 1, d - '2024-01-01', d + interval '1 month' FROM numbers WHERE n = 1").await,
        ["2024-02-01|30|2024-02-29 00:00:00"]
    );
    assert_eq!(world.lines("SELECT a.n, b.n FROM numbers a JOIN numbers b ON a.n < b.n").await, ["1|2"]);
    assert_eq!(world.lines("SELECT s.n FROM (SELECT n, n FROM numbers) s(n, m) WHERE m = 2").await, ["2"]);
    assert_eq!(
        world.lines("WITH x AS (SELECT n FROM numbers) SELECT *, n FROM x ORDER BY n FETCH FIRST 1 ROW ONLY").await,
        ["1|1"]
    );
    assert_eq!(world.lines("SELECT n FROM numbers WHERE n IN ('1', 3) OR t LIKE 'tw%' ORDER BY n").await, ["1", "2"]);
    assert_eq!(world.lines("VALUES (1, 'a'), (2, 'b') ORDER BY 1 DESC").await, ["2|b", "1|a"]);
    assert_eq!(world.lines("SELECT 1 UNION ALL SELECT 2 ORDER BY 1").await, ["1", "2"]);
}

#[tokio::test]
async fn columns_know_where_they_come_from() {
    let world = World::new().await;
    world
        .direct_path_off_and(|world| async move {
            let answer = world
                .run("SELECT s.content, upper(s.author), s.id AS x FROM (SELECT * FROM messages) s ORDER BY 1 LIMIT 1")
                .await
                .unwrap();
            let table = world.manager.catalogs().by_id(world.tenant).unwrap().table("public", "messages").unwrap().id.0;
            let origins: Vec<(u32, i16)> = answer.columns.iter().map(|column| (column.table, column.attnum)).collect();
            assert_eq!(origins, [(table, 5), (0, 0), (table, 2)]);
            for sql in [
                "SELECT content, count(*) OVER (), id AS x FROM messages",
                "SELECT content, count(*), id FROM messages GROUP BY id, content",
                "SELECT DISTINCT content, 1, id FROM messages",
            ] {
                let answer = world.run(sql).await.unwrap();
                let origins: Vec<(u32, i16)> =
                    answer.columns.iter().map(|column| (column.table, column.attnum)).collect();
                assert_eq!(origins, [(table, 5), (0, 0), (table, 2)], "{sql}");
            }
        })
        .await;
}

#[tokio::test]
async fn literals_take_the_type_of_their_column() {
    let world = World::new().await;
    world
        .run(
            "INSERT INTO messages (conversation_id, id, content, metadata) VALUES
              ('lobby', '00000000-0000-7000-8000-000000000001', 'hello', '{\"b\": 1, \"a\": [1, {\"c\": \"x\"}]}')",
        )
        .await
        .unwrap();
    for (condition, found) in [
        ("id = '00000000-0000-7000-8000-000000000001'", true),
        ("id = '{00000000-0000-7000-8000-000000000001}'", true),
        ("id <> '00000000-0000-7000-8000-000000000001'", false),
        ("id IN ('00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-000000000001')", true),
        ("id BETWEEN '00000000-0000-7000-8000-000000000000' AND '00000000-0000-7000-8000-00000000000F'", true),
        ("id::text LIKE '%0001'", true),
        ("id = ANY ('{00000000-0000-7000-8000-000000000001}')", true),
        ("id IS NOT DISTINCT FROM '00000000-0000-7000-8000-000000000001'", true),
        ("reply_to IS DISTINCT FROM id", true),
        ("created_at = '2024-02-29 13:00:00+01'", true),
        ("created_at > now() - interval '1 hour'", true),
        ("created_at < 'yesterday'", false),
        ("metadata->>'b' = '1'", true),
        ("metadata->'a'->1->>'c' = 'x'", true),
        ("metadata #>> '{a,1,c}' = 'x'", true),
        ("metadata = '{\"a\":[1,{\"c\":\"x\"}],\"b\":1}'", true),
        ("CASE WHEN role = 'user' THEN id ELSE '00000000-0000-0000-0000-000000000000' END = id", true),
        ("coalesce(reply_to, '00000000-0000-7000-8000-000000000001') = id", true),
    ] {
        let lines = world.lines(&format!("SELECT count(*) FROM messages WHERE {condition}")).await;
        assert_eq!(lines, [if found { "1" } else { "0" }], "{condition}");
    }
    assert_eq!(
        world.lines("SELECT metadata, metadata->'a' FROM messages").await,
        ["{\"a\": [1, {\"c\": \"x\"}], \"b\": 1}|[1, {\"c\": \"x\"}]"]
    );
}

#[tokio::test]
async fn casts_are_postgresqls() {
    let world = World::new().await;
    for (expression, value) in [
        ("3.7::int", "4"),
        ("2.5::float8::int", "2"),
        ("(-3.5)::int", "-4"),
        ("'  42 '::int", "42"),
        ("'abcdef'::varchar(3)", "abc"),
        ("true::text", "true"),
        ("'t'::bool", "t"),
        ("'\\x41'::bytea::text", "\\x41"),
        ("'2024-02-30'::text::varchar", "2024-02-30"),
        ("'1 day 2 hours'::interval", "1 day 02:00:00"),
        ("date '2024-02-29' + 1", "2024-03-01"),
        ("interval '90' day", "90 days"),
        ("'{1,2}'::int[]", "{1,2}"),
        ("'pg_class'::regclass", "pg_class"),
        ("'messages'::regclass::text", "messages"),
        ("'integer'::regtype", "integer"),
        ("23::regtype", "integer"),
        ("'a' || 1", "a1"),
        ("interval '1 month' = interval '30 days'", "t"),
        ("'2024-02-29'::timestamp at time zone 'Europe/Berlin'", "2024-02-28 23:00:00+00"),
        ("date_trunc('month', now())", "2024-02-01 00:00:00+00"),
        ("E'a\\tb'", "a\tb"),
        ("now() - '2024-02-28 11:00+00'", "1 day 01:00:00"),
        ("pg_typeof(1.5)", "numeric"),
        ("1 = ANY (ARRAY[1, NULL])", "t"),
        ("quote_ident('select')", "\"select\""),
        ("current_user || '@' || current_database()", "app@demo"),
        ("array_to_string(ARRAY(SELECT x FROM (VALUES (2), (1)) v(x) ORDER BY x), ',')", "1,2"),
    ] {
        assert_eq!(world.lines(&format!("SELECT {expression}")).await, [value], "{expression}");
    }
    assert_eq!(world.lines("SELECT 2 = ANY (ARRAY[1, NULL]), 1 <> ALL (ARRAY[2, 3])").await, ["∅|t"]);
    assert_eq!(world.lines("SELECT uuidv7() <> uuidv7(), gen_random_uuid() <> gen_random_uuid()").await, ["t|t"]);
}

#[tokio::test]
async fn times_are_local_to_the_session() {
    let mut world = World::new().await;
    world.style.time_zone = crate::catalog::types::Zone::named("America/New_York").unwrap();
    assert_eq!(
        world.lines("SELECT now(), now()::date, date_trunc('day', now()), '2024-07-01'::timestamptz").await,
        ["2024-02-29 07:00:00-05|2024-02-29|2024-02-29 00:00:00-05|2024-07-01 00:00:00-04"]
    );
}

#[tokio::test]
async fn correlated_subqueries_have_one_row() {
    let world = World::new().await;
    world.create(numbers()).await;
    world.run("INSERT INTO numbers (n, t) VALUES (1, 'a'), (2, 'b'), (2, 'c')").await.unwrap();
    assert_eq!(
        world.lines("SELECT o.n, (SELECT i.t FROM numbers i WHERE i.n = o.n + 1 AND i.t <> 'c' AND o.t <> 'x') FROM numbers o ORDER BY o.t").await,
        ["1|b", "2|∅", "2|∅"]
    );
    assert_eq!(
        world.lines("SELECT o.t, (SELECT i.t FROM numbers i WHERE i.n = o.n ORDER BY i.t DESC LIMIT 1) FROM numbers o ORDER BY o.t").await,
        ["a|a", "b|c", "c|c"]
    );
    assert_eq!(
        world.lines("SELECT o.t, (SELECT count(*) FROM numbers i WHERE i.n = o.n) FROM numbers o ORDER BY o.t").await,
        ["a|1", "b|2", "c|2"]
    );
    assert_eq!(
        world
            .lines("SELECT t FROM numbers o WHERE EXISTS (SELECT 1 FROM numbers i WHERE i.n = o.n AND i.t > o.t)")
            .await,
        ["b"]
    );
    assert_eq!(
        world.lines("SELECT o.t, EXISTS (SELECT 1 FROM numbers i WHERE i.n = o.n AND i.t > o.t), NOT EXISTS (SELECT 1 WHERE false), o.n IN (SELECT n + 1 FROM numbers), o.n NOT IN (SELECT NULL::int) FROM numbers o ORDER BY o.t").await,
        ["a|f|t|f|∅", "b|t|t|t|∅", "c|f|t|t|∅"]
    );
    let failed = world.failure("SELECT (SELECT i.t FROM numbers i WHERE i.n = o.n) FROM numbers o").await;
    assert_eq!(
        (failed.0.as_str(), failed.1.as_str()),
        ("21000", "more than one row returned by a subquery used as an expression")
    );
    assert_eq!(world.failure("SELECT (SELECT t FROM numbers)").await.0, "21000");
}

#[tokio::test]
async fn queries_can_be_recursive() {
    let world = World::new().await;
    world.create(numbers()).await;
    world.run("INSERT INTO numbers (n, t) VALUES (1, 'a'), (2, 'b')").await.unwrap();
    for sql in [
        "WITH RECURSIVE s(n) AS (SELECT n FROM numbers WHERE n = 1 UNION ALL SELECT s.n + p.n FROM s JOIN numbers p ON p.n = 1 WHERE s.n < 3) SELECT n FROM s ORDER BY n",
        "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 3) SELECT n FROM s ORDER BY n",
        "WITH RECURSIVE s AS (SELECT 1 AS n UNION SELECT s.n + 1 FROM s WHERE s.n < 3) SELECT * FROM s ORDER BY 1",
    ] {
        assert_eq!(world.lines(sql).await, ["1", "2", "3"], "{sql}");
    }
    assert_eq!(
        world.lines("WITH RECURSIVE s(n, path) AS (SELECT n, t FROM numbers WHERE n = 1 UNION ALL SELECT p.n, s.path || p.t FROM s JOIN numbers p ON p.n = s.n + 1) SELECT path FROM s ORDER BY n").await,
        ["a", "ab"]
    );
}

#[tokio::test]
async fn numbers_of_any_size_are_read() {
    let world = World::new().await;
    assert_eq!(
        world.lines("SELECT 1e-30, -1e-30, 1.50, 1e2, 0.00000000000000000001, 12345678901234567890").await,
        [
            "0.000000000000000000000000000001|-0.000000000000000000000000000001|1.50|100|0.00000000000000000001|12345678901234567890"
        ]
    );
    assert_eq!(world.lines("SELECT length((-1.7e308)::text), 1e300 = 1e300::text::numeric").await, ["310|t"]);
}

#[tokio::test]
async fn functions_of_the_session_act_and_answer() {
    let world = World::new().await;
    assert_eq!(
        world
            .lines(
                "SELECT set_config('application_name', 'x', false), current_setting('server_version_num')::int / 100"
            )
            .await,
        ["x|1500"]
    );
    assert_eq!(world.lines("SELECT current_setting('nosuch', true)").await, ["∅"]);
    assert_eq!(world.failure("SELECT current_setting('nosuch')").await.0, "42704");
    assert_eq!(world.lines("SELECT pg_notify('news', 'hello')").await.len(), 1);
    assert_eq!(*world.host.notifications.lock(), [("news".to_owned(), "hello".to_owned())]);
    assert_eq!(world.lines("SELECT kalam.flush('messages')").await, ["42"]);
    assert_eq!(world.failure("SELECT kalam.flush('nosuch')").await.0, "42P01");
    assert_eq!(world.lines("SELECT pg_listening_channels()").await, ["lobby", "news"]);
    assert_eq!(world.lines("SELECT * FROM pg_listening_channels()").await, ["lobby", "news"]);
    assert_eq!(world.lines("SELECT * FROM generate_series(1, 3) AS s WHERE s > 1").await, ["2", "3"]);
    assert_eq!(world.lines("SELECT generate_series(1, 2)").await, ["1", "2"]);
    assert!(world.lines("SELECT version()").await[0].starts_with("PostgreSQL 15.18 (KalamDB "));
}

#[tokio::test]
async fn what_runs_is_visible() {
    let world = World::new().await;
    assert_eq!(world.lines("SELECT name, owner FROM kalam.tenants").await, ["demo|app"]);
    assert_eq!(world.lines("SELECT table_name, duration, rows FROM kalam.flushes").await, ["messages|00:00:01.5|3"]);
    assert_eq!(world.lines("SELECT channel FROM kalam.subscriptions").await, ["lobby"]);
    assert_eq!(world.lines("SELECT count(*) FROM kalam.history_files").await, ["0"]);
    assert_eq!(world.lines("SELECT pid, usename, state FROM pg_stat_activity").await, ["7|app|active"]);
    assert_eq!(world.lines("SELECT setting FROM pg_settings WHERE name = 'TimeZone'").await, ["UTC"]);
    assert_eq!(world.lines("SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'messages' ORDER BY ordinal_position LIMIT 2").await, [
        "conversation_id|text",
        "id|uuid"
    ]);
    assert_eq!(world.lines("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").await, ["messages"]);
}

#[tokio::test]
async fn a_cancelled_statement_is_not_planned_to_the_end() {
    let world = World::new().await;
    let transaction = world.begin().await;
    let sql = "SELECT count(*) FROM generate_series(1, 10) a(x), generate_series(1, 10) b(y)";
    let environment = world.environment(&transaction, sql);
    let parsed = crate::query::parse(sql).unwrap().remove(0);
    let crate::query::ast::Statement::Query(query) = parsed.statement else { panic!("{sql}") };
    world.planner.bind(&environment, &query, &[]).unwrap();
    environment.cancel.cancel();
    assert_eq!(world.planner.bind(&environment, &query, &[]).unwrap_err().sqlstate().0, "57014");
}

#[tokio::test]
async fn a_cancelled_result_stops_in_the_middle() {
    let world = World::new().await;
    let transaction = world.begin().await;
    let sql = "SELECT a.x FROM generate_series(1, 1000000) a(x), generate_series(1, 1000) b(y)";
    let environment = world.environment(&transaction, sql);
    let bound = world.bind(sql, &[]).await.unwrap();
    let cancel = CancellationToken::new();
    let (view, store) = (transaction.view(), transaction.store());
    let mut rows = world.planner.execute(&environment, &bound, &[], view, store, cancel.clone()).await.unwrap();
    assert!(rows.next().await.unwrap().is_ok());
    cancel.cancel();
    let error = rows.next().await.unwrap().unwrap_err();
    assert_eq!(crate::query::bind::errors::translate(error).sqlstate().0, "57014");
    assert!(rows.next().await.is_none());
}

impl World {
    async fn direct_path_off_and<F: Future<Output = ()>>(mut self, test: impl FnOnce(World) -> F) {
        self.direct_path = false;
        test(self).await;
    }
}
