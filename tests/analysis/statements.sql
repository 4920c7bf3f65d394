-- Literals.
SELECT 1, 2147483647, 2147483648, -2147483648, 9223372036854775807, 9223372036854775808, 1.5, 1e3, .5, 5.
SELECT 'a', E'a\nb', $$dollar$$, N'national', NULL, true, false
SELECT date '2020-01-01', timestamp '2020-01-01 00:00', timestamptz '2020-01-01 00:00+00', time '10:00', interval '1 day', interval '1' day, interval '1 2' day to hour
SELECT date 'nonsense'
SELECT 'abc'::int
SELECT int4 '12', float8 '1.5', bool 'yes', uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', jsonb '{}'
SELECT '{1,2}'::int[], ARRAY[1,2,3], ARRAY['a','b'], ARRAY[1,2.5], ARRAY[[1,2],[3,4]], ARRAY[]::text[], ARRAY['1','2']::int[]
SELECT ARRAY[]
SELECT ARRAY[1,'x']
SELECT ARRAY[1,true]
SELECT -1, - 1, +1, -1.5, -(-1), - n FROM numbers
-- Output names.
SELECT n, t AS text, x::int, CAST(f AS text), 'x'::text, now()::date, upper(t), pg_catalog.lower(t), (n), count(*) OVER (), CASE WHEN b THEN 1 END, CASE WHEN b THEN 1 ELSE n END, EXISTS (SELECT 1), (SELECT max(id) FROM people), ARRAY(SELECT 1), ARRAY[1], ROW(1) IS NULL, COALESCE(t, 'x'), NULLIF(n, 1), GREATEST(1, 2), LEAST(1, 2) FROM numbers
SELECT current_date, current_timestamp, current_timestamp(3), localtime, localtimestamp, current_user, session_user, user, current_role, current_catalog, current_schema
SELECT EXTRACT(year FROM d), POSITION('a' IN t), SUBSTRING(t FROM 1 FOR 2), SUBSTRING(t, 1), TRIM(t), TRIM(BOTH 'x' FROM t), TRIM(LEADING FROM t), TRIM(TRAILING 'y' FROM t), OVERLAY(t PLACING 'x' FROM 1), CEIL(f), FLOOR(f), d AT TIME ZONE 'UTC' FROM numbers
SELECT "Mixed", "Mixed" AS "Other" FROM wide
SELECT 1 AS a, 2 AS a
SELECT numbers.n, public.numbers.n FROM numbers
SELECT t.n FROM numbers AS t
SELECT * FROM numbers
SELECT numbers.* FROM numbers
SELECT *, n FROM numbers
SELECT public.numbers.* FROM numbers
SELECT interval '1 day' AS i, '1'::interval, bool 'x'
SELECT x IS NULL, x IS NOT NULL, b IS TRUE, b IS NOT UNKNOWN, NOT b, b AND true FROM numbers
SELECT coalesce(NULL, NULL), nullif('a', 'a'), greatest('a', 'b')
-- Missing and ambiguous names.
SELECT nosuch
SELECT nosuch FROM numbers
SELECT nam FROM people
SELECT p.nam FROM people p
SELECT people.name FROM people p
SELECT q.name FROM people p
SELECT id FROM people, wide
SELECT people.nosuch FROM people
SELECT nosuch.* FROM people
SELECT * FROM nosuch
SELECT * FROM nosuch.people
SELECT * FROM public.nosuch
SELECT nosuch.public.people.id FROM people
SELECT n FROM numbers, posts
SELECT autor FROM posts
SELECT titel FROM posts, people
SELECT * FROM people p, posts p
SELECT * FROM people, people
SELECT * FROM people a, people b WHERE id = 1
SELECT name FROM people WHERE nosuch = 1
SELECT name FROM people WHERE name = nosuch.x
SELECT name FROM people ORDER BY nosuch
SELECT name FROM people GROUP BY nosuch
SELECT name FROM people HAVING nosuch > 1
SELECT *
SELECT count(*) FROM people p WHERE p.id = people.id
SELECT "NAME" FROM people
SELECT NAME, "name", nAmE FROM People
SELECT people.name FROM "People"
SELECT x FROM (SELECT id AS y FROM people) s
SELECT s.x FROM (SELECT id AS y FROM people) s
SELECT p.id, (SELECT q.id) FROM people p
SELECT * FROM people JOIN posts ON people.id = posts.autor
SELECT * FROM people JOIN posts ON id = author JOIN wide ON id = 1
SELECT * FROM people WHERE people.id = posts.author
SELECT * FROM people, (SELECT * FROM posts WHERE author = people.id) s
SELECT * FROM people, LATERAL (SELECT * FROM posts WHERE author = people.id) s
SELECT * FROM people p LEFT JOIN LATERAL (SELECT * FROM posts WHERE author = p.id) s ON true
SELECT * FROM people p RIGHT JOIN LATERAL (SELECT * FROM posts WHERE author = p.id) s ON true
SELECT * FROM people p FULL JOIN LATERAL (SELECT * FROM posts WHERE author = p.id) s ON true
-- Operators.
SELECT 1 + 1, 1 + 1.5, 1.5 * 2, 7 / 2, 7 % 2, 2 ^ 3, 1 << 2, 5 & 3, 5 | 3, 5 # 3, ~5, @ -5, |/ 4, 1 = 1, 1 <> 2, 1 < 2, 'a' || 'b', 'a' || 1, 1 || 'a'
SELECT 1 + 'a'
SELECT 1 + '2'
SELECT 1 + true
SELECT n + t FROM numbers
SELECT t + t FROM numbers
SELECT t || n, n || t FROM numbers
SELECT n || n FROM numbers
SELECT d + 1, d - d, d + interval '1 day', d + time '10:00', now() - interval '1 day' FROM numbers
SELECT d + d FROM numbers
SELECT - t FROM numbers
SELECT NOT 1
SELECT NOT 'x'
SELECT NOT 'true'
SELECT 1 AND true
SELECT true OR 'x'
SELECT n = 'abc' FROM numbers
SELECT n = '1' FROM numbers
SELECT n = t FROM numbers
SELECT n = 1.5, n = f, x = f FROM numbers
SELECT t LIKE 'a%', t NOT LIKE 'a', t ILIKE 'b', t NOT ILIKE 'x', t LIKE 'a' ESCAPE '!', t SIMILAR TO 'x', t NOT SIMILAR TO 'x', t ~ 'x', t !~ 'x', t ~* 'x', t !~* 'x' FROM numbers
SELECT n LIKE 'a' FROM numbers
SELECT 1 LIKE 'a'
SELECT t LIKE 1 FROM numbers
SELECT jb -> 'a', jb ->> 'a', jb -> 1, jb #> '{a}', jb #>> '{a}', jb @> '{}', jb <@ '{}', jb ? 'a', jb - 'a', jb || '{}' FROM wide
SELECT j -> 'a', j ->> 'a' FROM wide
SELECT jb + 1 FROM wide
SELECT j = j FROM wide
SELECT 1 OPERATOR(pg_catalog.+) 2
SELECT 1 IS DISTINCT FROM 2, NULL IS DISTINCT FROM 1, n IS NOT DISTINCT FROM NULL FROM numbers
SELECT 1 IS DISTINCT FROM 'x'
SELECT n IS DISTINCT FROM t FROM numbers
SELECT n BETWEEN 1 AND 2, n NOT BETWEEN 1 AND 2, t BETWEEN 'a' AND 'b' FROM numbers
SELECT n BETWEEN 1 AND 'x' FROM numbers
SELECT n BETWEEN t AND 1 FROM numbers
SELECT n IN (1, 2), n IN (1), n NOT IN (1, 2), n IN (1, 2.5), n IN (1, f), t IN ('a', 'b') FROM numbers
SELECT n IN (1, 'x') FROM numbers
SELECT n IN ('x', t) FROM numbers
SELECT n IN (t) FROM numbers
SELECT n IN ('a', 'b') FROM numbers
SELECT t IN (1, 2) FROM numbers
SELECT t NOT IN (1, 2) FROM numbers
SELECT n IN (1, true) FROM numbers
SELECT (1, 2) = (1, 2), (1, 2) < (1, 3), (1, 'a') <> (2, 'b'), ROW(1, 2) >= ROW(1, 2), (n, t) IN ((1, 'a'), (2, 'b')) FROM numbers
SELECT (1, 2) = (1, 2, 3)
SELECT (1, 2) = (1, 'x')
SELECT (n, t) = (t, n) FROM numbers
SELECT (1, 2) IS DISTINCT FROM (1, 3)
SELECT (1, 2) || (1, 2)
SELECT n = ANY (ARRAY[1, 2]), n = ALL ('{1,2}'), n <> ALL (ARRAY[1]), n = ANY (ia) FROM numbers, (SELECT ARRAY[1] AS ia, ARRAY['a'] AS ta) AS arrays
SELECT n = ANY (1) FROM numbers
SELECT n = ANY ('x') FROM numbers
SELECT n = ANY (ARRAY['a']) FROM numbers
SELECT t LIKE ANY (ARRAY['a', 'b']) FROM numbers
SELECT n + ANY (ARRAY[1]) FROM numbers
SELECT (d, d) OVERLAPS (d, d) FROM numbers
SELECT t COLLATE "C" FROM numbers
SELECT n COLLATE "C" FROM numbers
SELECT ia[1], ia[1:2], ta[n], (ARRAY[1,2])[1] FROM (SELECT ARRAY[1] AS ia, ARRAY['a'] AS ta) AS arrays, numbers
SELECT n[1] FROM numbers
SELECT ia['x'] FROM (SELECT ARRAY[1] AS ia, ARRAY['a'] AS ta) AS arrays
SELECT ia[true] FROM (SELECT ARRAY[1] AS ia, ARRAY['a'] AS ta) AS arrays
SELECT b IS TRUE, n IS TRUE FROM numbers
SELECT 'x' IS TRUE
SELECT 1 = 1 = true
SELECT now() AT TIME ZONE 'UTC', ts AT TIME ZONE 'UTC', ts AT TIME ZONE interval '1 hour' FROM wide
SELECT ia AT TIME ZONE 'UTC' FROM (SELECT ARRAY[1] AS ia, ARRAY['a'] AS ta) AS arrays
-- Casts.
SELECT 1::text, '1'::int, 1.5::int, t::int, n::bool, b::int, d::timestamp, x::float8, x::numeric(5,1), t::varchar(5) FROM numbers
SELECT d::int FROM numbers
SELECT CAST(d AS int) FROM numbers
SELECT 1::nosuch
SELECT CAST(1 AS nosuch)
SELECT b::date FROM numbers
SELECT 1.5::bool
SELECT text(1), int4(1.5), int4('5'), date('2020-01-01'), varchar('a')
SELECT 'x'::varchar(3), 'abcdef'::varchar(3), 'x'::text::varchar
SELECT ARRAY[1,2]::text[], ARRAY['x']::int[]
SELECT NULL::int, NULL::text, NULL
SELECT '2020-01-01'::date + '1 day'::interval
-- CASE and its siblings.
SELECT CASE WHEN b THEN 1 ELSE 2.5 END, CASE n WHEN 1 THEN 'a' ELSE 'b' END, CASE WHEN b THEN NULL ELSE d END FROM numbers
SELECT CASE WHEN n THEN 1 END FROM numbers
SELECT CASE WHEN b THEN 1 ELSE 'x' END FROM numbers
SELECT CASE WHEN b THEN 1 ELSE t END FROM numbers
SELECT CASE WHEN b THEN t ELSE 1 END FROM numbers
SELECT CASE n WHEN 'x' THEN 1 END FROM numbers
SELECT CASE n WHEN t THEN 1 END FROM numbers
SELECT CASE t WHEN 1 THEN 1 END FROM numbers
SELECT COALESCE(n, 1.5), COALESCE(n, f), COALESCE(t, v), COALESCE(d, now()) FROM numbers
SELECT COALESCE(n, 'x') FROM numbers
SELECT COALESCE(n, t) FROM numbers
SELECT COALESCE(t, n) FROM numbers
SELECT GREATEST(n, t) FROM numbers
SELECT LEAST(1, 'x')
SELECT NULLIF(n, t) FROM numbers
SELECT NULLIF(n, 'x') FROM numbers
SELECT NULLIF(1, 2.5), NULLIF('a', NULL), NULLIF(NULL, 1)
-- Functions.
SELECT length(t), upper(t), abs(n), abs(x), round(x), round(x, 1), round(f), substr(t, 1, 2), replace(t, 'a', 'b'), now(), date_trunc('day', now()), date_trunc('day', d), to_char(now(), 'YYYY'), md5(t), random(), pi(), sqrt(n), power(2, 3), mod(7, 2), concat('a', 1, NULL), concat_ws(',', 'a', 'b'), left(t, 1), right(t, 1), lpad(t, 5), strpos(t, 'a'), split_part(t, ',', 1), starts_with(t, 'a'), generate_series(1, 2) IS NULL FROM numbers
SELECT nosuch(1)
SELECT nosuch()
SELECT nosuch('a', 1)
SELECT nosuch.f(1)
SELECT length(1)
SELECT length()
SELECT length(n) FROM numbers
SELECT upper(1)
SELECT abs('x')
SELECT abs(t) FROM numbers
SELECT round(f, 1) FROM numbers
SELECT substr(t) FROM numbers
SELECT now(1)
SELECT pg_catalog.nosuch(1)
SELECT length(DISTINCT t) FROM numbers
SELECT length(t) FILTER (WHERE true) FROM numbers
SELECT length(t) OVER () FROM numbers
SELECT length(*) FROM numbers
SELECT length(t ORDER BY t) FROM numbers
SELECT EXTRACT(year FROM t) FROM numbers
SELECT EXTRACT(nosuch FROM d) FROM numbers
SELECT SUBSTRING(n FROM 1) FROM numbers
SELECT POSITION(1 IN t) FROM numbers
SELECT TRIM(1)
SELECT OVERLAY(t PLACING 1 FROM 1) FROM numbers
SELECT ceil('1.5'), ceil(1.5), ceil(1), ceiling(1.5), floor(1.5), floor(t) FROM numbers
SELECT make_date(year => 2020, month => 1, day => 1)
SELECT make_date(2020, 1, nosuch => 1)
SELECT make_interval(days => 10), make_interval(1, 2)
SELECT pg_typeof(1), pg_typeof('x'), pg_typeof(NULL)
SELECT array_length(ia, 1), array_append(ia, 1), array_append(ia, 'x'), cardinality(ta), array_to_string(ta, ','), unnest(ia) FROM (SELECT ARRAY[1] AS ia, ARRAY['a'] AS ta) AS arrays
SELECT array_append(ia, t) FROM (SELECT ARRAY[1] AS ia, ARRAY['a'] AS ta) AS arrays, numbers
SELECT jsonb_build_object('a', 1), to_jsonb(n), jsonb_array_length(jb), jsonb_typeof(jb) FROM wide, numbers
SELECT coalesce()
SELECT string_to_array('a,b', ',')
SELECT format('%s', 1), quote_ident('a'), quote_literal(1)
SELECT age(now()), age(ts, ts) FROM wide
-- Aggregates.
SELECT count(*), count(n), count(DISTINCT n), sum(n), sum(x), sum(f), avg(n), avg(f), min(t), max(d), bool_and(b), string_agg(t, ','), array_agg(n), array_agg(t ORDER BY n DESC) FROM numbers
SELECT sum(s), sum(id), avg(r), sum(i), min(tm), max(by), jsonb_agg(jb), json_agg(j) FROM wide
SELECT sum(t) FROM numbers
SELECT sum('1')
SELECT count()
SELECT count(*, 1)
SELECT sum(*) FROM numbers
SELECT string_agg(n, ',') FROM numbers
SELECT string_agg(DISTINCT t, ',' ORDER BY t) FROM numbers
SELECT string_agg(DISTINCT t, ',' ORDER BY n) FROM numbers
SELECT count(DISTINCT j) FROM wide
SELECT count(*) FILTER (WHERE n > 1), sum(n) FILTER (WHERE b) FROM numbers
SELECT count(*) FILTER (WHERE n) FROM numbers
SELECT count(*) FILTER (WHERE count(*) > 1) FROM numbers
SELECT sum(count(*)) FROM numbers
SELECT sum(sum(n)) FROM numbers
SELECT n, count(*) FROM numbers
SELECT n, count(*) FROM numbers GROUP BY n
SELECT n + 1, count(*) FROM numbers GROUP BY n
SELECT n + 1, count(*) FROM numbers GROUP BY n + 1
SELECT n + 2, count(*) FROM numbers GROUP BY n + 1
SELECT t, n, count(*) FROM numbers GROUP BY n
SELECT upper(t) AS u, count(*) FROM numbers GROUP BY u
SELECT upper(t), count(*) FROM numbers GROUP BY 1
SELECT upper(t), count(*) FROM numbers GROUP BY 3
SELECT upper(t), count(*) FROM numbers GROUP BY 0
SELECT upper(t), count(*) FROM numbers GROUP BY 'x'
SELECT upper(t), count(*) FROM numbers GROUP BY 1.5
SELECT n AS t, count(*) FROM numbers GROUP BY t
SELECT n AS q, t AS q FROM numbers GROUP BY q
SELECT n AS q, t AS q FROM numbers ORDER BY q
SELECT n AS q, n AS q FROM numbers ORDER BY q
SELECT count(*) FROM numbers HAVING count(*) > 1
SELECT count(*) FROM numbers HAVING n > 1
SELECT 1 FROM numbers HAVING true
SELECT n FROM numbers HAVING true
SELECT n FROM numbers WHERE count(*) > 1
SELECT n FROM numbers WHERE sum(n) OVER () > 1
SELECT n FROM numbers GROUP BY count(*)
SELECT n FROM numbers GROUP BY sum(n) OVER ()
SELECT count(*) FROM numbers GROUP BY n HAVING sum(n) OVER () > 1
SELECT n FROM numbers ORDER BY count(*)
SELECT n FROM numbers LIMIT count(*)
SELECT n FROM numbers JOIN posts ON count(*) > 1
SELECT * FROM numbers JOIN posts ON sum(1) OVER () > 1
SELECT * FROM generate_series(1, count(*))
VALUES (count(*))
SELECT people.name, people.city FROM people GROUP BY people.id
SELECT name, count(*) FROM people JOIN posts ON id = author GROUP BY people.id
SELECT name, title, count(*) FROM people JOIN posts ON id = author GROUP BY people.id
SELECT title FROM posts GROUP BY author
SELECT title FROM posts GROUP BY author, n
SELECT * FROM people GROUP BY id
SELECT * FROM people GROUP BY name
SELECT p.* FROM people p GROUP BY p.name
SELECT j, count(*) FROM wide GROUP BY j
SELECT n, (SELECT max(id) FROM people WHERE id = numbers.n) FROM numbers GROUP BY n
SELECT n, (SELECT max(id) FROM people WHERE name = numbers.t) FROM numbers GROUP BY n
SELECT (SELECT sum(numbers.n)) FROM numbers
SELECT (SELECT sum(numbers.n) FROM people) FROM numbers
SELECT (SELECT sum(numbers.n + id) FROM people) FROM numbers
SELECT n, (SELECT sum(numbers.n)) FROM numbers
SELECT * FROM people WHERE id = (SELECT max(people.id))
SELECT 1 FROM people WHERE EXISTS (SELECT 1 FROM posts HAVING count(people.id) > 1)
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY f) FROM numbers
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY n), mode() WITHIN GROUP (ORDER BY t), percentile_disc(0.5) WITHIN GROUP (ORDER BY n) FROM numbers
SELECT percentile_cont(0.5) FROM numbers
SELECT percentile_cont(f) WITHIN GROUP (ORDER BY n) FROM numbers
SELECT sum(n) WITHIN GROUP (ORDER BY n) FROM numbers
SELECT n, t, count(*) FROM numbers GROUP BY ROLLUP (n, t)
SELECT n, t, count(*) FROM numbers GROUP BY CUBE (n, t)
SELECT n, t, count(*) FROM numbers GROUP BY GROUPING SETS ((n), (t), ())
SELECT n, v, count(*) FROM numbers GROUP BY GROUPING SETS ((n), (t), ())
SELECT GROUPING(n) FROM numbers GROUP BY n
SELECT count(*) FROM numbers GROUP BY ()
SELECT n FROM numbers GROUP BY ()
SELECT name FROM people GROUP BY GROUPING SETS ((id), (city))
-- Windows.
SELECT row_number() OVER (), rank() OVER (ORDER BY n), dense_rank() OVER (PARTITION BY t ORDER BY n), lag(n) OVER (ORDER BY n), lead(n, 1, 0) OVER w, first_value(t) OVER w, ntile(2) OVER w, sum(n) OVER w, percent_rank() OVER w FROM numbers WINDOW w AS (PARTITION BY t ORDER BY n)
SELECT row_number() FROM numbers
SELECT rank() OVER nosuch FROM numbers
SELECT sum(n) OVER (w ORDER BY n), sum(n) OVER (w) FROM numbers WINDOW w AS (PARTITION BY t)
SELECT sum(n) OVER (w PARTITION BY t) FROM numbers WINDOW w AS (ORDER BY t)
SELECT sum(n) OVER (w ORDER BY n) FROM numbers WINDOW w AS (ORDER BY t)
SELECT sum(n) OVER (w) FROM numbers WINDOW w AS (ORDER BY t ROWS UNBOUNDED PRECEDING)
SELECT sum(n) OVER w FROM numbers WINDOW w AS (), w AS ()
SELECT sum(n) OVER (ORDER BY n ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM numbers
SELECT sum(n) OVER (ORDER BY n ROWS BETWEEN n PRECEDING AND CURRENT ROW) FROM numbers
SELECT sum(n) OVER (ORDER BY n ROWS BETWEEN 'x' PRECEDING AND CURRENT ROW) FROM numbers
SELECT sum(n) OVER (ORDER BY n ROWS BETWEEN true PRECEDING AND CURRENT ROW) FROM numbers
SELECT sum(n) OVER (ORDER BY n ROWS UNBOUNDED FOLLOWING) FROM numbers
SELECT sum(n) OVER (GROUPS 1 PRECEDING) FROM numbers
SELECT sum(n) OVER (ORDER BY n RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM numbers
SELECT sum(sum(n)) OVER () FROM numbers
SELECT sum(n) OVER (ORDER BY count(*)) FROM numbers GROUP BY n
SELECT sum(row_number() OVER ()) OVER () FROM numbers
SELECT sum(row_number() OVER ()) FROM numbers
SELECT count(DISTINCT n) OVER () FROM numbers
SELECT array_agg(n ORDER BY n) OVER () FROM numbers
SELECT row_number() FILTER (WHERE true) OVER () FROM numbers
SELECT count(*) FILTER (WHERE b) OVER () FROM numbers
SELECT row_number() OVER (ORDER BY j) FROM wide
SELECT row_number() OVER (PARTITION BY j) FROM wide
SELECT row_number() OVER (ORDER BY row_number() OVER ()) FROM numbers
SELECT n, rank() OVER (ORDER BY sum(f)) FROM numbers GROUP BY n
SELECT n, rank() OVER (ORDER BY f) FROM numbers GROUP BY n
SELECT lag(n, 1, 'x') OVER (ORDER BY n) FROM numbers
SELECT lag(n, 1, t) OVER (ORDER BY n) FROM numbers
SELECT lag() OVER () FROM numbers
-- DISTINCT, ORDER BY, LIMIT.
SELECT DISTINCT n FROM numbers ORDER BY n
SELECT DISTINCT n FROM numbers ORDER BY t
SELECT DISTINCT n FROM numbers ORDER BY n + 1
SELECT DISTINCT n + 1 FROM numbers ORDER BY n + 1
SELECT DISTINCT j FROM wide
SELECT DISTINCT ON (n) n, t FROM numbers ORDER BY n, t
SELECT DISTINCT ON (n) n, t FROM numbers ORDER BY t
SELECT DISTINCT ON (n, t) n, t FROM numbers ORDER BY t
SELECT DISTINCT ON (n) t FROM numbers ORDER BY t, n
SELECT DISTINCT ON (1) n, t FROM numbers
SELECT DISTINCT ON (3) n, t FROM numbers
SELECT DISTINCT ON (nosuch) n, t FROM numbers
SELECT n FROM numbers ORDER BY 1
SELECT n FROM numbers ORDER BY 2
SELECT n FROM numbers ORDER BY -1
SELECT n FROM numbers ORDER BY 'x'
SELECT n FROM numbers ORDER BY NULL
SELECT n FROM numbers ORDER BY n + 1, t DESC NULLS LAST
SELECT n AS a FROM numbers ORDER BY a
SELECT n AS a FROM numbers ORDER BY a + 1
SELECT n AS t FROM numbers ORDER BY t
SELECT j FROM wide ORDER BY j
SELECT 'x' AS a FROM numbers ORDER BY a
SELECT n FROM numbers LIMIT 1 OFFSET 2
SELECT n FROM numbers LIMIT '1'
SELECT n FROM numbers LIMIT 'x'
SELECT n FROM numbers LIMIT n
SELECT n FROM numbers OFFSET n
SELECT n FROM numbers LIMIT 1.5
SELECT n FROM numbers LIMIT true
SELECT n FROM numbers LIMIT NULL
SELECT n FROM numbers LIMIT ALL
SELECT n FROM numbers LIMIT (SELECT 1)
SELECT n FROM numbers FETCH FIRST 2 ROWS ONLY
SELECT n FROM numbers FETCH FIRST ROW ONLY
SELECT n FROM numbers ORDER BY n FETCH FIRST 2 ROWS WITH TIES
SELECT n FROM numbers FETCH FIRST 2 ROWS WITH TIES
SELECT n FROM numbers LIMIT $1 OFFSET $2
(SELECT n FROM numbers ORDER BY n) LIMIT 1
(SELECT n FROM numbers LIMIT 1) ORDER BY n
(SELECT n FROM numbers LIMIT 1) LIMIT 2
(SELECT n FROM numbers ORDER BY n) ORDER BY n
-- FROM.
SELECT * FROM people a JOIN posts b ON a.id = b.author
SELECT * FROM people a LEFT JOIN posts b ON a.id = b.author
SELECT * FROM people a CROSS JOIN posts b
SELECT * FROM people a JOIN posts b USING (id)
SELECT * FROM numbers a JOIN posts b USING (n)
SELECT n, a.n, b.n FROM numbers a JOIN posts b USING (n)
SELECT * FROM numbers a LEFT JOIN posts b USING (n)
SELECT * FROM numbers a RIGHT JOIN posts b USING (n)
SELECT * FROM numbers a FULL JOIN posts b USING (n)
SELECT n FROM numbers a FULL JOIN posts b USING (n) GROUP BY n
SELECT * FROM numbers a JOIN posts b USING (n, n)
SELECT * FROM people NATURAL JOIN wide
SELECT * FROM people NATURAL LEFT JOIN posts
SELECT id FROM people NATURAL JOIN wide
SELECT * FROM people a JOIN wide b USING (id)
SELECT id FROM people a FULL JOIN wide b USING (id)
SELECT * FROM (people a JOIN posts b ON a.id = b.author) AS j
SELECT j.id, j.title FROM (people a JOIN posts b ON a.id = b.author) AS j
SELECT a.id FROM (people a JOIN posts b ON a.id = b.author) AS j
SELECT * FROM (people a JOIN posts b ON a.id = b.author) AS j (x, y)
SELECT * FROM (numbers a JOIN posts b USING (n)) AS j
SELECT * FROM people a JOIN (posts b JOIN wide c ON b.n = c.s) ON a.id = c.id
SELECT * FROM people a JOIN posts b ON a.id = b.title
SELECT * FROM people a JOIN posts b ON a.id
SELECT * FROM people a JOIN posts b ON 'x'
SELECT * FROM numbers a JOIN wide b USING (t)
SELECT * FROM people AS p (a, b)
SELECT p.a, city FROM people AS p (a, b)
SELECT * FROM people AS p (a, b, c, d, e, f)
SELECT * FROM (SELECT 1, 'x') AS s (a, b)
SELECT * FROM (SELECT 1, 'x', NULL) AS s
SELECT * FROM (SELECT 1) AS s (a, b)
SELECT * FROM (SELECT 1)
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS v
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS v (x, y) WHERE x > 1
SELECT * FROM (VALUES (1))
SELECT * FROM generate_series(1, 3)
SELECT * FROM generate_series(1, 3) AS g
SELECT g, g.g, g.g + 1 FROM generate_series(1, 3) AS g
SELECT i FROM generate_series(1, 3) AS g (i)
SELECT * FROM generate_series(1, 3) WITH ORDINALITY
SELECT * FROM generate_series(1, 3) WITH ORDINALITY AS g (i, o)
SELECT * FROM generate_series(now(), now(), interval '1 day') AS day
SELECT * FROM generate_series(1, 'x')
SELECT * FROM nosuch(1)
SELECT * FROM unnest(ARRAY[1,2], ARRAY['a','b'])
SELECT * FROM unnest(ARRAY[1,2]) AS u
SELECT * FROM unnest(ARRAY[1,2]) WITH ORDINALITY AS u (x, n)
SELECT * FROM unnest(ARRAY[1,2], ARRAY['a']) AS u (x, y, z)
SELECT * FROM (SELECT ARRAY[1] AS ia, ARRAY['a'] AS ta) AS arrays, unnest(ia) AS e
SELECT * FROM (SELECT ARRAY[1] AS ia, ARRAY['a'] AS ta) AS arrays, LATERAL unnest(ia) AS e (v)
SELECT * FROM jsonb_each('{"a":1}')
SELECT * FROM jsonb_each_text('{"a":1}') AS e
SELECT key, value FROM wide, jsonb_each(jb)
SELECT * FROM jsonb_array_elements('[1]')
SELECT * FROM jsonb_array_elements('[1]') AS e
SELECT value FROM jsonb_array_elements_text('["a"]')
SELECT * FROM now()
SELECT * FROM upper('x') AS u
SELECT * FROM count(*)
SELECT * FROM regexp_split_to_table('a b', ' ')
TABLE people
TABLE nosuch
SELECT FROM people
SELECT * FROM people p JOIN LATERAL generate_series(1, p.id) g ON true
SELECT * FROM people TABLESAMPLE SYSTEM (10)
SELECT * FROM people FOR UPDATE
-- VALUES.
VALUES (1, 'a'), (2, 'b')
VALUES (1), (2.5), (NULL)
VALUES (1), ('x')
VALUES (1), (true)
VALUES (1, 2), (3)
VALUES (1), (2) ORDER BY 1
VALUES (1), (2) ORDER BY column1 DESC LIMIT 1
VALUES (1), (2) ORDER BY nosuch
VALUES ('a'), (NULL)
VALUES (NULL)
-- Set operations.
SELECT 1 UNION SELECT 2
SELECT 1 UNION SELECT 2.5
SELECT 1 AS a UNION ALL SELECT 2 AS b
SELECT 1 UNION SELECT 'x'
SELECT 1 UNION SELECT '2'
SELECT 'a' UNION SELECT 'b'
SELECT NULL UNION SELECT 1
SELECT NULL UNION SELECT NULL UNION SELECT 1
SELECT 1 UNION SELECT 1, 2
SELECT 1, 2 UNION SELECT 1
SELECT 1 INTERSECT SELECT 1, 2
SELECT n FROM numbers UNION SELECT t FROM numbers
SELECT n FROM numbers EXCEPT SELECT b FROM numbers
SELECT n FROM numbers INTERSECT SELECT f FROM numbers
SELECT j FROM wide UNION SELECT j FROM wide
SELECT j FROM wide UNION ALL SELECT j FROM wide
SELECT n AS a FROM numbers UNION SELECT id FROM people ORDER BY a
SELECT n AS a FROM numbers UNION SELECT id FROM people ORDER BY 1
SELECT n AS a FROM numbers UNION SELECT id FROM people ORDER BY a + 1
SELECT n AS a FROM numbers UNION SELECT id FROM people ORDER BY nosuch
SELECT n AS a FROM numbers UNION SELECT id AS b FROM people ORDER BY b
SELECT n AS a FROM numbers UNION SELECT id FROM people ORDER BY n
SELECT 1 UNION (SELECT 2 ORDER BY 1 LIMIT 1)
(SELECT 1 LIMIT 1) UNION ALL (SELECT 2)
SELECT 1 UNION SELECT 2 LIMIT 1
SELECT 1 UNION VALUES (2), (3)
SELECT v FROM numbers UNION SELECT v FROM numbers
SELECT v FROM numbers UNION SELECT t FROM numbers
SELECT x FROM numbers UNION ALL SELECT n FROM numbers
SELECT x FROM numbers UNION ALL SELECT x FROM numbers
SELECT 'a'::varchar(3) UNION SELECT 'b'::varchar(4)
SELECT 1 UNION SELECT 2 EXCEPT SELECT 3 INTERSECT SELECT 4
SELECT * FROM (SELECT 1 AS a UNION SELECT 2) s WHERE a > 1
SELECT d FROM numbers UNION SELECT now()
SELECT d FROM numbers UNION SELECT '2020-01-01'
SELECT d FROM numbers UNION SELECT 'x'
-- WITH.
WITH c AS (SELECT 1 AS a) SELECT * FROM c
WITH c (b) AS (SELECT 1 AS a, 2) SELECT * FROM c
WITH c (a, b) AS (SELECT 1) SELECT * FROM c
WITH c AS (SELECT 1), c AS (SELECT 2) SELECT * FROM c
WITH c AS (SELECT 1 AS a), d AS (SELECT a + 1 AS b FROM c) SELECT * FROM c, d
WITH d AS (SELECT * FROM c), c AS (SELECT 1 AS a) SELECT * FROM d
WITH c AS (SELECT * FROM c) SELECT * FROM c
WITH c AS (SELECT 1 AS a) SELECT x.a, c.a FROM c AS x
WITH c AS (SELECT 1 AS a) SELECT nosuch FROM c
WITH c AS (SELECT 1 AS a) SELECT (SELECT max(a) FROM c), 2
WITH c AS MATERIALIZED (SELECT 1 AS a) SELECT * FROM c
WITH people AS (SELECT 'x' AS only) SELECT * FROM people
WITH people AS (SELECT 'x' AS only) SELECT * FROM public.people
WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM c WHERE n < 5) SELECT * FROM c
WITH RECURSIVE c (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM c WHERE n < 5) SELECT sum(n) FROM c
WITH RECURSIVE c AS (SELECT 1 AS n UNION SELECT n + 1.5 FROM c) SELECT * FROM c
WITH RECURSIVE c AS (SELECT 'a' AS s UNION ALL SELECT s || 'b' FROM c) SELECT * FROM c
WITH RECURSIVE c AS (SELECT 'a'::varchar(3) AS s UNION ALL SELECT s || 'b' FROM c) SELECT * FROM c
WITH RECURSIVE c AS (SELECT n + 1 AS n FROM c) SELECT * FROM c
WITH RECURSIVE c AS (SELECT n FROM c UNION ALL SELECT 1) SELECT * FROM c
WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL SELECT (SELECT n FROM c)) SELECT * FROM c
WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL SELECT a.n FROM c a, c b) SELECT * FROM c
WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL SELECT c.n FROM people LEFT JOIN c ON true) SELECT * FROM c
WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL SELECT c.n FROM c LEFT JOIN people ON true) SELECT * FROM c
WITH RECURSIVE c AS (SELECT 1 AS n INTERSECT SELECT n FROM c) SELECT * FROM c
WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL (SELECT n FROM c EXCEPT SELECT 1)) SELECT * FROM c
WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL (SELECT 1 EXCEPT SELECT n FROM c)) SELECT * FROM c
WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL SELECT n FROM c ORDER BY 1) SELECT * FROM c
WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL SELECT n FROM c LIMIT 1) SELECT * FROM c
WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL SELECT max(n) FROM c) SELECT * FROM c
WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL SELECT n, 2 FROM c) SELECT * FROM c
WITH RECURSIVE c AS (SELECT 1 AS a) SELECT * FROM c
WITH RECURSIVE t (id, path) AS (SELECT id, ARRAY[id] FROM people UNION ALL SELECT p.id, path || p.id FROM people p JOIN t ON p.points = t.id) SELECT * FROM t
-- Subqueries.
SELECT (SELECT 1), (SELECT 'x'), (SELECT NULL)
SELECT (SELECT 1, 2)
SELECT (SELECT 1 FROM people) + 1
SELECT 1 + (SELECT 'x')
SELECT 1 + (SELECT t FROM numbers)
SELECT EXISTS (SELECT * FROM people), NOT EXISTS (SELECT 1)
SELECT n IN (SELECT id FROM people), n NOT IN (SELECT id FROM people) FROM numbers
SELECT n IN (SELECT name FROM people) FROM numbers
SELECT n IN (SELECT id, name FROM people) FROM numbers
SELECT (n, t) IN (SELECT id, name FROM people) FROM numbers
SELECT (n, t) IN (SELECT id FROM people) FROM numbers
SELECT n = ANY (SELECT id FROM people), n > ALL (SELECT id FROM people), n <> SOME (SELECT 1) FROM numbers
SELECT n = ANY (SELECT name FROM people) FROM numbers
SELECT n + ANY (SELECT 1) FROM numbers
SELECT (n, t) = (SELECT id, name FROM people) FROM numbers
SELECT (n, t) = (SELECT id FROM people) FROM numbers
SELECT ARRAY(SELECT id FROM people ORDER BY id), ARRAY(SELECT ia FROM (SELECT ARRAY[1] AS ia, ARRAY['a'] AS ta) AS arrays)
SELECT ARRAY(SELECT 1, 2)
SELECT * FROM people p WHERE EXISTS (SELECT 1 FROM posts WHERE author = p.id AND EXISTS (SELECT 1 FROM numbers WHERE n = p.id))
SELECT * FROM people p WHERE id = (SELECT author FROM posts WHERE author = q.id)
SELECT (SELECT name FROM posts) FROM people
SELECT (SELECT id) FROM people
SELECT 1 WHERE 1
SELECT 1 WHERE 'x'
SELECT 1 WHERE 't'
SELECT 1 WHERE NULL
SELECT n FROM numbers WHERE t
SELECT n FROM numbers WHERE (SELECT true)
-- Parameters.
SELECT $1
SELECT $1::int, $2 + 1
SELECT $1 + $2
SELECT $1 || 'x'
SELECT * FROM people WHERE id = $1 AND name = $2
SELECT * FROM people WHERE id IN ($1, $2)
SELECT * FROM people WHERE id = ANY ($1)
SELECT * FROM people WHERE name LIKE $1 OR born > $2
SELECT * FROM people WHERE id BETWEEN $1 AND $2
SELECT * FROM people WHERE $1 BETWEEN id AND 10
SELECT COALESCE($1, 1), CASE WHEN $2 THEN $3 ELSE 1.5 END
SELECT $1 = $1
SELECT $1::int, $1::text
SELECT $1 + 1, $1 || 'x'
SELECT $2
SELECT $0
SELECT upper($1), length($2), $3 IS NULL
SELECT * FROM people LIMIT $1
SELECT now() - $1
SELECT d + $1 FROM numbers
SELECT jb -> $1 FROM wide
SELECT jb ->> $1, jb @> $2 FROM wide
SELECT $1 UNION SELECT 1
VALUES ($1), (1)
SELECT ARRAY[$1, 1]
SELECT $1 IN (1, 2)
SELECT $1 IN (SELECT 1)
SELECT count(*) FROM people WHERE name = $1 AND $1 IS NOT NULL
SELECT $1 IS NULL
SELECT NULLIF($1, 1)
SELECT concat($1, 'x')
SELECT generate_series(1, $1) IS NULL
SELECT * FROM generate_series(1, $1)
SELECT $1 AS a ORDER BY a
SELECT DISTINCT $1
SELECT (SELECT $1) + 1
-- Guards and other databases.
SELECT TOP 1 n FROM numbers
SELECT n FROM numbers QUALIFY true
SELECT * EXCLUDE (n) FROM numbers
SELECT [1, 2]
SELECT n FROM numbers LIMIT 1, 2
-- What clients ask.
SELECT oid, typname FROM pg_type WHERE typname = 'int4'
SELECT c.relname, n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' ORDER BY 1, 2
SELECT version(), current_database(), current_setting('server_version')
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull FROM pg_attribute a WHERE a.attrelid = 'people'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
SELECT conversation_id, count(*) AS n, max(created_at) AS last FROM messages GROUP BY conversation_id ORDER BY last DESC LIMIT 10
SELECT id, role, content FROM messages WHERE conversation_id = $1 AND created_at > now() - interval '1 day' ORDER BY id DESC LIMIT 50
SELECT metadata ->> 'model' AS model, count(*) FROM messages WHERE metadata @> '{"tool": true}' GROUP BY 1 HAVING count(*) > 1
SELECT m.id, r.content AS quoted FROM messages m LEFT JOIN messages r ON r.conversation_id = m.conversation_id AND r.id = m.reply_to
SELECT role, count(*) FILTER (WHERE content ILIKE '%hello%') FROM messages GROUP BY role
SELECT date_trunc('hour', created_at) AS hour, count(*) FROM messages GROUP BY hour ORDER BY hour
SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY conversation_id ORDER BY created_at DESC) AS rn FROM messages) s WHERE rn = 1
-- GROUPING, sets in the select list, offsets of RANGE.
SELECT n, GROUPING(n), GROUPING(n, t), count(*) FROM numbers GROUP BY ROLLUP (n, t) HAVING GROUPING(n) = 0 ORDER BY GROUPING(t)
SELECT GROUPING(f) FROM numbers GROUP BY n
SELECT GROUPING(n) FROM numbers
SELECT n FROM numbers WHERE GROUPING(n) = 1 GROUP BY n
SELECT generate_series(1, 3), n FROM numbers
SELECT unnest(ARRAY[1, 2]), unnest(ARRAY['a'])
SELECT generate_series(1, 3) + 1
SELECT sum(generate_series(1, 3))
SELECT sum(generate_series(1, 3)) OVER ()
SELECT CASE WHEN true THEN generate_series(1, 3) END
SELECT COALESCE(generate_series(1, 3), 1)
SELECT n FROM numbers WHERE generate_series(1, 3) = 1
SELECT n FROM numbers LIMIT generate_series(1, 3)
SELECT n FROM numbers ORDER BY generate_series(1, 3)
SELECT generate_series(1, 3) AS g ORDER BY g DESC
SELECT * FROM numbers JOIN people ON generate_series(1, 3) = 1
SELECT sum(n) OVER (ORDER BY n RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM numbers
SELECT sum(n) OVER (ORDER BY d RANGE BETWEEN interval '1 day' PRECEDING AND CURRENT ROW) FROM numbers
SELECT sum(n) OVER (ORDER BY d RANGE BETWEEN '1 day' PRECEDING AND CURRENT ROW) FROM numbers
SELECT sum(n) OVER (ORDER BY d RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM numbers
SELECT sum(n) OVER (ORDER BY t RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM numbers
SELECT sum(n) OVER (ORDER BY n, d RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM numbers
SELECT sum(n) OVER (ORDER BY x RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM numbers
SELECT sum(n) OVER (ORDER BY f RANGE BETWEEN 1 PRECEDING AND n FOLLOWING) FROM numbers
SELECT sum(n) OVER (ORDER BY n ROWS BETWEEN CURRENT ROW AND 1 PRECEDING) FROM numbers
SELECT sum(n) OVER (ORDER BY n ROWS BETWEEN 1 FOLLOWING AND CURRENT ROW) FROM numbers
SELECT sum(n) OVER (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED PRECEDING) FROM numbers
SELECT sum(n) OVER (ORDER BY n ROWS 1 FOLLOWING) FROM numbers
SELECT sum(n) OVER (ORDER BY n ROWS BETWEEN 1.5 PRECEDING AND CURRENT ROW) FROM numbers
SELECT sum(n) OVER (ORDER BY n ROWS $1 PRECEDING) FROM numbers
-- Names in odd places.
SELECT p.name AS "Name", p."city" FROM people AS p WHERE P.ID = 1
SELECT "p".name FROM people "P"
SELECT p."Name" FROM people p
SELECT id AS "id", "id" FROM people
SELECT public.people.nosuch FROM people
SELECT other.people.id FROM people
SELECT people.people FROM people
SELECT a.b.c.d.e FROM people
SELECT people.id.name FROM people
SELECT (people).id FROM people
SELECT people FROM people
SELECT s FROM (SELECT 1 AS a) s
SELECT count(people) FROM people
SELECT count(people.*) FROM people
SELECT ctid, tableoid FROM people
SELECT people.* AS x FROM people
SELECT id, id AS id2, id + 1 FROM people ORDER BY id2, 3
SELECT id FROM people ORDER BY people.id, public.people.name
SELECT DISTINCT id AS x FROM people ORDER BY id
SELECT DISTINCT name AS id FROM people ORDER BY id
SELECT name AS id FROM people GROUP BY id
SELECT name AS id FROM people GROUP BY name ORDER BY id
SELECT name AS x FROM people WHERE x = 'a'
SELECT name AS x FROM people HAVING x = 'a'
SELECT count(*) AS c FROM people HAVING c > 1
SELECT count(*) AS c FROM people ORDER BY c
SELECT max(id) AS m, min(id) AS m FROM people ORDER BY m
SELECT 1 AS one, 2 AS two ORDER BY one + two
SELECT 1 AS one ORDER BY 1 + 1
SELECT id FROM people ORDER BY 1.0
SELECT id FROM people ORDER BY true
SELECT id FROM people ORDER BY $1
SELECT id FROM people ORDER BY (SELECT 1)
SELECT id FROM people ORDER BY lower(name) COLLATE "C", upper(city) DESC NULLS FIRST
SELECT id FROM people p WHERE EXISTS (SELECT FROM posts WHERE author = p.id)
SELECT id FROM people p WHERE EXISTS (SELECT FROM posts WHERE author = p.nosuch)
SELECT id FROM people p WHERE id IN (SELECT author FROM posts GROUP BY author HAVING count(*) > p.points)
SELECT (SELECT p.id FROM posts LIMIT 1) FROM people p
SELECT (SELECT count(*) FROM posts WHERE author = p.id) AS posts, p.name FROM people p ORDER BY posts DESC
SELECT p.name, count(q.n) FROM people p LEFT JOIN posts q ON q.author = p.id GROUP BY p.id ORDER BY 2 DESC
SELECT p.name, q.title FROM people p, posts q, numbers WHERE p.id = q.author AND numbers.n = q.n
SELECT * FROM people p, (SELECT p.id) s
SELECT * FROM (SELECT 1 AS a) x JOIN LATERAL (SELECT x.a + 1 AS b) y ON true JOIN LATERAL (SELECT y.b + x.a AS c) z ON true
SELECT x.a FROM (SELECT 1 AS a) x JOIN (SELECT x.a AS b) y ON true
SELECT * FROM people p LEFT JOIN (posts q JOIN numbers r ON r.n = p.id) ON true
SELECT * FROM generate_series(1, 2) a, generate_series(a, 3) b
SELECT a.a, b.b FROM generate_series(1, 2) a, generate_series(1, a.a) b
SELECT * FROM people p JOIN LATERAL (SELECT max(p.id)) s ON true
SELECT * FROM people NATURAL JOIN people
SELECT * FROM people p NATURAL JOIN people q
SELECT count(*) FROM numbers a JOIN numbers b USING (n, t) JOIN numbers c USING (n)
SELECT n FROM numbers a JOIN numbers b USING (n) JOIN numbers c ON c.n = a.n
SELECT n FROM (SELECT n, n FROM numbers) s
SELECT * FROM (SELECT n, n FROM numbers) s JOIN posts USING (n)
SELECT * FROM people a (id, x) JOIN wide b USING (id)
-- More of literals and operators.
SELECT 0x10
SELECT 1_000
SELECT b'101', x'1F'
SELECT U&'d\0061t\+000061'
SELECT E'\x41', E'\u0041', E'a''b', 'a''b'
SELECT 12345678901234567890, 1.0e10, 1e-5, 0.1::float8, 1e400
SELECT '1.5'::numeric, '1e5'::float8, '12'::int8, 'x'::bytea, '[1]'::jsonb
SELECT 'bad'::jsonb
SELECT '{1,x}'::int[]
SELECT '2020-13-01'::date
SELECT '99999999999'::int
SELECT 'abc'::uuid
SELECT 'abc'::bool
SELECT interval 'bad'
SELECT 1 + NULL, NULL + NULL, NULL || 'x', NULL = NULL, NOT NULL, NULL AND true
SELECT 1 = '1', '1' = 1, 'a' = 'b', 'a' < 'b', 1.5 = '1.5', now() > '2020-01-01', d > '2020-01-01', '2020-01-01' < d FROM numbers
SELECT now() > 'x'
SELECT d = 'nonsense' FROM numbers
SELECT n = '' FROM numbers
SELECT f = 'x' FROM numbers
SELECT b = 'maybe' FROM numbers
SELECT s + s, s + n, s + id, s * 1.5, r + r, r + 1, r * f, r + x, id + 1, id / s FROM wide, numbers
SELECT i * 2, 2 * i, i / 2, i + i, - i, ts + i, ts - ts, ts - i, tm + i, tm - tm, ts::date, ts + tm, now() - ts, d - 1, 1 + d FROM wide, numbers
SELECT i + 1 FROM wide
SELECT ts + 1 FROM wide
SELECT by || by, by = by, length(by) FROM wide
SELECT jb = jb, jb < jb, jb = '{}' FROM wide
SELECT jb -> 'a' -> 'b' ->> 'c', jb['a'] FROM wide
SELECT jb ?| ARRAY['a'], jb ?& ARRAY['a'] FROM wide
SELECT ARRAY[1] || 2, 1 || ARRAY[2], ARRAY[1] || ARRAY[2], ARRAY[1] @> ARRAY[1], ARRAY[1] && ARRAY[2], ARRAY[1] = ARRAY[1], ARRAY[1] < ARRAY[2]
SELECT ARRAY[1] || 'a'
SELECT ARRAY[1] || '{2}'
SELECT ARRAY[1] = ARRAY['a']
SELECT ARRAY[1] = '{1}'
SELECT v || v, v = t, v || 'x', upper(v), v LIKE 'a' FROM numbers
SELECT CAST(v AS text), v::varchar(2), t::varchar, x::numeric, x + 1, x * x, round(x), -x, +x, abs(x) FROM numbers
SELECT t::name, 'a'::name, nm FROM numbers, (SELECT 'x'::name AS nm) s
SELECT "Mixed" || '' FROM wide
SELECT mixed FROM wide
SELECT n::text || t, n || '' FROM numbers
SELECT NOT b AND n > 1 OR t IS NULL FROM numbers
SELECT b = true, b <> NOT b, b > false FROM numbers
SELECT n IS NULL = b FROM numbers
SELECT n AND b FROM numbers
SELECT b OR t FROM numbers
SELECT n > 1 > 2 FROM numbers
SELECT n NOT IN (1, NULL), n IN (NULL), n IN (NULL, NULL) FROM numbers
SELECT t IN ('a', NULL), d IN ('2020-01-01', '2020-01-02'), d IN ('x', 'y') FROM numbers
SELECT n IN (SELECT n FROM numbers WHERE n = numbers.n) FROM numbers
SELECT CASE WHEN n = 1 THEN '1' WHEN n = 2 THEN 2 END FROM numbers
SELECT CASE WHEN b THEN 'a' ELSE NULL END, CASE WHEN b THEN NULL END, CASE 1 WHEN 1 THEN now() ELSE NULL END FROM numbers
SELECT CASE WHEN b THEN v ELSE v END, CASE WHEN b THEN x ELSE x END, CASE WHEN b THEN x ELSE n END, COALESCE(v, v), COALESCE(x, x), (SELECT x), (SELECT v), max(x), max(v) FROM numbers GROUP BY b, v, x, n
SELECT GREATEST(n, 1.5), GREATEST(d, now()), LEAST('a', t), GREATEST(NULL, NULL) FROM numbers
SELECT (1, 2) IN ((1, 2), (3, 4)), (1, 2) NOT IN ((1, 2))
SELECT (1, 2) IN ((1, 2, 3))
SELECT (n, t) IN (SELECT n, t FROM numbers) FROM numbers
SELECT (1, NULL) IS NULL, ROW(1, 2) IS NOT NULL
SELECT ROW(1, 'a')
SELECT (1, 2)
SELECT ROW()
-- More calls.
SELECT coalesce(sum(n), 0), coalesce(avg(n), 0), count(*)::int, sum(n)::float8 / count(*), round(avg(n), 2) FROM numbers
SELECT min(n, t) FROM numbers
SELECT max() FROM numbers
SELECT max(j) FROM wide
SELECT max(b) FROM numbers
SELECT avg(t) FROM numbers
SELECT avg('x') FROM numbers
SELECT avg(NULL) FROM numbers
SELECT sum(NULL)
SELECT array_agg(NULL)
SELECT array_agg('x'), array_agg(DISTINCT n ORDER BY n), string_agg(t, ',' ORDER BY t DESC), string_agg(v, ',') FROM numbers
SELECT array_agg(ARRAY[n]) FROM numbers
SELECT count(DISTINCT n, t) FROM numbers
SELECT count(DISTINCT *) FROM numbers
SELECT bool_and(n) FROM numbers
SELECT every(b), bool_or(n > 1), bit_and(n), stddev(n), variance(f), corr(f, f) FROM numbers
SELECT greatest(max(n), min(n)) FROM numbers
SELECT nullif(count(*), 0) FROM numbers
SELECT sum(n) FILTER (WHERE sum(n) > 1) FROM numbers
SELECT sum(n) FILTER (WHERE EXISTS (SELECT 1 FROM people WHERE id = n)) FROM numbers
SELECT count(*) FROM numbers WHERE n = (SELECT max(n) FROM numbers)
SELECT n FROM numbers GROUP BY n HAVING count(*) = (SELECT max(c) FROM (SELECT count(*) AS c FROM numbers GROUP BY n) s)
SELECT t, sum(n) OVER (PARTITION BY t) AS s FROM numbers ORDER BY s
SELECT t, sum(n) OVER (PARTITION BY t) AS s FROM numbers WHERE s > 1
SELECT t, sum(n) OVER w + 1, avg(n) OVER w FROM numbers WINDOW w AS (PARTITION BY t), v AS (w ORDER BY n)
SELECT t, count(*), sum(count(*)) OVER (ORDER BY t) FROM numbers GROUP BY t
SELECT rank() OVER (ORDER BY max(n)) FROM numbers
SELECT rank() OVER (ORDER BY n) FROM numbers GROUP BY t
SELECT nosuch(n) OVER () FROM numbers
SELECT lower(t) OVER w FROM numbers WINDOW w AS ()
SELECT rank(1) OVER () FROM numbers
SELECT ntile('x') OVER () FROM numbers
SELECT lag(n, 't') OVER () FROM numbers
SELECT nth_value(n, 2) OVER (ORDER BY n), cume_dist() OVER (ORDER BY n), last_value(t) OVER () FROM numbers
SELECT upper(t, t), upper() FROM numbers
SELECT pg_catalog.upper(n) FROM numbers
SELECT public.upper(t) FROM numbers
SELECT "UPPER"(t) FROM numbers
SELECT Upper(T) FROM Numbers
SELECT now() + 1
SELECT date_trunc(1, now())
SELECT date_trunc('day', 'x')
SELECT date_part('year', d), date_part('year', now()), extract(epoch from now()), extract(day from interval '1 day'), extract(year from '2020-01-01') FROM numbers
SELECT extract(year from timestamp '2020-01-01')
SELECT to_timestamp(1), to_timestamp(1.5), make_date(2020, 1, 1), make_timestamp(2020, 1, 1, 1, 1, 1)
SELECT substring('abc', 2), substring('abc' from 'b'), substring('abc' from 2), substring('abc' for 2), substring('abc', 1, '2')
SELECT trim('  a  '), ltrim('a'), rtrim('a', 'x'), btrim('a'), trim(both from 'a'), trim('x' from 'a')
SELECT position('a' in 'abc'), strpos('abc', 'b'), overlay('abc' placing 'x' from 2 for 1)
SELECT round(1.5), round(1.5::float8), round('1.5'), trunc(1.5), ceil(n), abs(-1), sign(-1.5), sqrt('4'), mod(5, 2), div(5, 2), power(2, 3), exp(1), ln(2), log(10), log(2, 8) FROM numbers
SELECT random() < 0.5, pi(), degrees(1), width_bucket(1, 0, 10, 5)
SELECT concat(), concat_ws(',')
SELECT repeat('a', 3), reverse('abc'), initcap('a'), ascii('a'), chr(65), translate('a', 'b', 'c'), md5('a'), encode('a', 'hex'), decode('61', 'hex')
SELECT regexp_replace('a', 'b', 'c'), regexp_match('a', 'b'), regexp_split_to_array('a', 'b'), regexp_replace('a', 'b', 'c', 'g')
SELECT array_position(ARRAY[1], 1), array_remove(ARRAY[1], 1), array_cat(ARRAY[1], ARRAY[2]), array_upper(ARRAY[1], 1), array_dims(ARRAY[1]), cardinality(ARRAY[1]), array_to_string(ARRAY[1], ',')
SELECT array_length('{1}', 1)
SELECT unnest(NULL)
SELECT cardinality(NULL), array_length(NULL, 1)
SELECT jsonb_array_length('[]'), jsonb_typeof('1'), jsonb_extract_path(jb, 'a'), jsonb_extract_path_text(jb, 'a', 'b'), jsonb_set(jb, '{a}', '1'), to_json(1), to_jsonb('x'::text), jsonb_pretty(jb), jsonb_strip_nulls(jb) FROM wide
SELECT to_jsonb('x')
SELECT gen_random_uuid(), current_setting('x'), set_config('a', 'b', false), pg_backend_pid(), inet_server_addr()
SELECT has_table_privilege('people', 'select'), pg_table_is_visible(1), obj_description(1, 'pg_class'), format_type(23, -1), pg_get_userbyid(10)
SELECT pg_size_pretty(1::bigint), pg_relation_size('people'), pg_total_relation_size('people')
SELECT col_description(1, 1), pg_encoding_to_char(6), pg_get_constraintdef(1), pg_get_indexdef(1), pg_get_expr(NULL, 1)
SELECT oid::regclass, 'people'::regclass::oid, 'int4'::regtype, 1::regclass FROM pg_class
SELECT typname::text, typlen, typtype = 'b', typcategory FROM pg_type
SELECT nspname || '.' || relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
SELECT proname, proargtypes[0] FROM pg_proc
SELECT * FROM pg_catalog.pg_namespace WHERE nspname = ANY (current_schemas(true))
SELECT conname, conkey, 1 = ANY (conkey) FROM pg_constraint
-- What clients and people write.
WITH a AS (SELECT n FROM numbers), b AS (SELECT n FROM a UNION ALL SELECT x FROM numbers) SELECT * FROM b WHERE n > 1
WITH a AS (SELECT n FROM numbers) SELECT n FROM a UNION SELECT x FROM numbers ORDER BY 1 LIMIT 3
WITH a AS (SELECT DISTINCT n FROM numbers) SELECT DISTINCT n FROM a UNION SELECT x FROM numbers
SELECT * FROM people p WHERE id IN (SELECT DISTINCT author FROM posts WHERE n = p.id UNION SELECT 1.5)
SELECT DISTINCT n FROM numbers UNION SELECT 1.5
SELECT n FROM numbers UNION ALL SELECT s FROM wide UNION ALL SELECT id FROM wide
SELECT ARRAY(SELECT n FROM numbers UNION SELECT x FROM numbers)
SELECT 1 UNION ALL SELECT NULL UNION ALL SELECT 'x'
SELECT '1' UNION ALL SELECT 1 UNION ALL SELECT 2.5
SELECT NULL UNION ALL SELECT NULL UNION ALL SELECT 1
(SELECT 1 AS a UNION SELECT 2) UNION SELECT 3 ORDER BY a
(SELECT 1 AS a UNION SELECT 2 ORDER BY 1) UNION SELECT 3 ORDER BY a
SELECT 1 AS a UNION (SELECT 2 UNION SELECT 2.5) ORDER BY a
SELECT a.x FROM (SELECT 1 AS x UNION ALL SELECT 2.5) a
SELECT t FROM numbers UNION SELECT NULL
SELECT NULL UNION SELECT t FROM numbers ORDER BY 1
SELECT n, t FROM numbers WHERE (n, t) NOT IN (SELECT id, name FROM people)
SELECT x.* FROM people p, LATERAL (SELECT count(*) AS c, max(n) FROM posts WHERE author = p.id GROUP BY ()) x
SELECT p.id, x.c FROM people p LEFT JOIN LATERAL (SELECT count(*) AS c FROM posts WHERE author = p.id) x ON x.c > 0
SELECT id FROM people WHERE name = (VALUES ('a'))
SELECT (VALUES (1), (2))
SELECT * FROM people WHERE id IN (VALUES (1), (2))
SELECT (TABLE people)
SELECT count(*) FROM (SELECT DISTINCT city FROM people) s
SELECT city, count(*) FILTER (WHERE points > 3) AS many, sum(points) AS total FROM people GROUP BY city HAVING sum(points) > 1 ORDER BY total DESC NULLS LAST, city LIMIT 5 OFFSET 1
SELECT id, CASE WHEN points > 5 THEN 'high' WHEN points > 2 THEN 'mid' ELSE 'low' END AS grade FROM people ORDER BY grade, id
SELECT date_trunc('month', born) AS m, count(*) FROM people GROUP BY 1 ORDER BY 1
SELECT born - interval '1 year' AS y, age(born, born) FROM people
SELECT max(born) - min(born) FROM people
SELECT name || ' (' || coalesce(city, '?') || ')' AS label FROM people
SELECT upper(left(name, 1)) || substr(name, 2) FROM people
SELECT id % 2 = 0 AS even FROM people
SELECT id::text || name FROM people
SELECT count(*) * 100.0 / sum(count(*)) OVER () AS share FROM people GROUP BY city
SELECT DISTINCT ON (city) city, name, points FROM people ORDER BY city, points DESC NULLS LAST
SELECT DISTINCT ON (lower(city)) city FROM people ORDER BY lower(city), points
SELECT DISTINCT ON (city) city FROM people ORDER BY 1, 2
SELECT city, name, lag(name) OVER (PARTITION BY city ORDER BY born) FROM people
SELECT *, count(*) OVER () AS total FROM people ORDER BY id LIMIT 10
SELECT p.*, q.* FROM people p JOIN posts q ON p.id = q.author WHERE q.title ILIKE '%a%' AND p.born BETWEEN '1900-01-01' AND '1950-01-01'
SELECT p.name FROM people p JOIN posts q ON p.id = q.author GROUP BY p.name, q.n HAVING q.n > 1
SELECT p.name FROM people p JOIN posts q ON p.id = q.author GROUP BY p.name HAVING q.n > 1
SELECT * FROM people WHERE points = max(points)
SELECT * FROM people WHERE points > ALL (ARRAY[1, 2])
SELECT * FROM people WHERE name ~ '^A' AND name !~* 'b$' AND name LIKE ANY ('{a%,b%}')
SELECT * FROM people WHERE (city, points) = ('London', 7)
SELECT * FROM people WHERE (city, points) > ('London', '7')
SELECT * FROM people WHERE city IS NOT DISTINCT FROM $1::text
SELECT * FROM people WHERE born = $1::date + 1 OR $2
SELECT * FROM people WHERE name = any($1::text[])
SELECT * FROM people WHERE name = $1 ORDER BY $2 LIMIT $3
SELECT $1::jsonb ->> 'a', ($2::int[])[1]
SELECT $1 > now(), $2 = 'x', $3 + 1.5, $4 AND true, -$5
SELECT $1, $1::int
SELECT $1::int, $1
SELECT CASE $1 WHEN 1 THEN 'a' END
SELECT sum($1)
SELECT max($1) FROM people
SELECT string_agg(name, $1) FROM people
SELECT lower($1), $1 = 1
SELECT * FROM people WHERE id = $1 OR name = $1
SELECT EXISTS (SELECT 1 FROM people WHERE id = $1) AND $2
SELECT $1 LIKE $2
SELECT $1 IN ($2, 3)
SELECT $1 BETWEEN $2 AND 5
SELECT row_number() OVER (ORDER BY $1)
SELECT * FROM (VALUES ($1, $2::int)) v (a, b)
SELECT ARRAY[$1]
SELECT $1::varchar(3), $2::numeric(5, 2)
SELECT interval '1 day' * $1
SELECT now() + $1 * interval '1 day'
SELECT now() + $1
SELECT 'now'::timestamp, 'today'::date, 'infinity'::timestamptz
SELECT timestamp with time zone '2020-01-01', timestamp without time zone '2020-01-01', double precision '1', character varying 'a'
SELECT '1'::integer, '1'::bigint, '1'::smallint, '1'::real, '1'::double precision, '1'::decimal, 'a'::char(3), 'a'::character varying(5), '1'::int2, 't'::boolean
SELECT 'a'::char
SELECT 1::bit(3)
SELECT 1::int4[], '{}'::text[][]
SELECT n::numeric(5,2), n::numeric(3), n::varchar(2), t::numeric(2000, 1) FROM numbers
SELECT n::varchar(0) FROM numbers
SELECT n::int(3) FROM numbers
SELECT t::text(3) FROM numbers
SELECT now()::timestamp(3), now()::time, now()::timestamptz(0)
SELECT 1 FROM people LIMIT -1
SELECT 1 FROM people OFFSET 'a'
SELECT 1 FROM people FETCH FIRST $1 ROWS ONLY
SELECT 1 FROM people FETCH NEXT (1 + 1) ROWS ONLY
SELECT FROM numbers ORDER BY n
SELECT DISTINCT FROM numbers
SELECT count(*) FROM numbers ORDER BY n
SELECT count(*) FROM numbers LIMIT 1
SELECT n FROM numbers GROUP BY n ORDER BY t
SELECT n FROM numbers GROUP BY n ORDER BY max(t)
SELECT DISTINCT n FROM numbers GROUP BY n, t ORDER BY n
SELECT DISTINCT n FROM numbers GROUP BY n, t ORDER BY t
SELECT n + 1 AS m FROM numbers GROUP BY m ORDER BY m
SELECT n + 1 AS m FROM numbers GROUP BY m HAVING m > 1
SELECT numbers.n FROM numbers GROUP BY n
SELECT n FROM numbers GROUP BY numbers.n
SELECT s.n FROM (SELECT n FROM numbers) s GROUP BY n
SELECT n AS a, t AS a FROM numbers GROUP BY a
SELECT n, count(*) FROM numbers GROUP BY n, n, 1
SELECT upper(t) FROM numbers GROUP BY upper(t) HAVING upper(t) = 'A'
SELECT upper(t) || 'x' FROM numbers GROUP BY upper(t)
SELECT lower(t) FROM numbers GROUP BY upper(t)
SELECT CASE WHEN n > 1 THEN t END FROM numbers GROUP BY n
SELECT t FROM numbers GROUP BY CASE WHEN n > 1 THEN 1 END
SELECT n IN (1, 2) FROM numbers GROUP BY n IN (1, 2)
SELECT $1 + n FROM numbers GROUP BY $1 + n
SELECT sum(n) AS s FROM numbers GROUP BY s
SELECT rank() OVER () AS r FROM numbers GROUP BY r
SELECT EXISTS (SELECT 1 FROM people WHERE people.id = numbers.n) FROM numbers GROUP BY t
-- What psql 15 asks for its commands that describe.
SELECT n.nspname as "Schema", c.relname as "Name", CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' WHEN 't' THEN 'TOAST table' WHEN 'f' THEN 'foreign table' WHEN 'p' THEN 'partitioned table' WHEN 'I' THEN 'partitioned index' END as "Type", pg_catalog.pg_get_userbyid(c.relowner) as "Owner" FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam WHERE c.relkind IN ('r','p','v','m','S','f','') AND n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_toast' AND n.nspname <> 'information_schema' AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1,2
SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relname OPERATOR(pg_catalog.~) '^(people)$' COLLATE pg_catalog.default AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 2, 3
SELECT c.relchecks, c.relkind, c.relhasindex, c.relhasrules, c.relhastriggers, c.relrowsecurity, c.relforcerowsecurity, false AS relhasoids, c.relispartition, '', c.reltablespace, CASE WHEN c.reloftype = 0 THEN '' ELSE c.reloftype::pg_catalog.regtype::pg_catalog.text END, c.relpersistence, c.relreplident, am.amname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_class tc ON (c.reltoastrelid = tc.oid) LEFT JOIN pg_catalog.pg_am am ON (c.relam = am.oid) WHERE c.oid = '16397'
SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef), a.attnotnull, (SELECT c.collname FROM pg_catalog.pg_collation c, pg_catalog.pg_type t WHERE c.oid = a.attcollation AND t.oid = a.atttypid AND a.attcollation <> t.typcollation) AS attcollation, a.attidentity, a.attgenerated FROM pg_catalog.pg_attribute a WHERE a.attrelid = '16397' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
SELECT c2.relname, i.indisprimary, i.indisunique, i.indisclustered, i.indisvalid, pg_catalog.pg_get_indexdef(i.indexrelid, 0, true), pg_catalog.pg_get_constraintdef(con.oid, true), contype, condeferrable, condeferred, i.indisreplident, c2.reltablespace FROM pg_catalog.pg_class c, pg_catalog.pg_class c2, pg_catalog.pg_index i LEFT JOIN pg_catalog.pg_constraint con ON (conrelid = i.indrelid AND conindid = i.indexrelid AND contype IN ('p','u','x')) WHERE c.oid = '16397' AND c.oid = i.indrelid AND i.indexrelid = c2.oid ORDER BY i.indisprimary DESC, c2.relname
SELECT r.conname, pg_catalog.pg_get_constraintdef(r.oid, true) FROM pg_catalog.pg_constraint r WHERE r.conrelid = '16397' AND r.contype = 'c' ORDER BY 1
SELECT pol.polname, pol.polpermissive, CASE WHEN pol.polroles = '{0}' THEN NULL ELSE pg_catalog.array_to_string(array(select rolname from pg_catalog.pg_roles where oid = any (pol.polroles) order by 1),',') END, pg_catalog.pg_get_expr(pol.polqual, pol.polrelid), pg_catalog.pg_get_expr(pol.polwithcheck, pol.polrelid), CASE pol.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' END AS cmd FROM pg_catalog.pg_policy pol WHERE pol.polrelid = '16397' ORDER BY 1
SELECT oid, stxrelid::pg_catalog.regclass, stxnamespace::pg_catalog.regnamespace::pg_catalog.text AS nsp, stxname, pg_catalog.pg_get_statisticsobjdef_columns(oid) AS columns, 'd' = any(stxkind) AS ndist_enabled, 'f' = any(stxkind) AS deps_enabled, 'm' = any(stxkind) AS mcv_enabled, stxstattarget FROM pg_catalog.pg_statistic_ext WHERE stxrelid = '16397' ORDER BY nsp, stxname
SELECT pubname , NULL , NULL FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_publication_namespace pn ON p.oid = pn.pnpubid JOIN pg_catalog.pg_class pc ON pc.relnamespace = pn.pnnspid WHERE pc.oid ='16397' and pg_catalog.pg_relation_is_publishable('16397') UNION SELECT pubname , pg_get_expr(pr.prqual, c.oid) , (CASE WHEN pr.prattrs IS NOT NULL THEN (SELECT string_agg(attname, ', ') FROM pg_catalog.generate_series(0, pg_catalog.array_upper(pr.prattrs::pg_catalog.int2[], 1)) s, pg_catalog.pg_attribute WHERE attrelid = pr.prrelid AND attnum = prattrs[s]) ELSE NULL END) FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_publication_rel pr ON p.oid = pr.prpubid JOIN pg_catalog.pg_class c ON c.oid = pr.prrelid WHERE pr.prrelid = '16397' UNION SELECT pubname , NULL , NULL FROM pg_catalog.pg_publication p WHERE p.puballtables AND pg_catalog.pg_relation_is_publishable('16397') ORDER BY 1
SELECT c.oid::pg_catalog.regclass FROM pg_catalog.pg_class c, pg_catalog.pg_inherits i WHERE c.oid = i.inhparent AND i.inhrelid = '16397' AND c.relkind != 'p' AND c.relkind != 'I' ORDER BY inhseqno
SELECT c.oid::pg_catalog.regclass, c.relkind, inhdetachpending, pg_catalog.pg_get_expr(c.relpartbound, c.oid) FROM pg_catalog.pg_class c, pg_catalog.pg_inherits i WHERE c.oid = i.inhrelid AND i.inhparent = '16397' ORDER BY pg_catalog.pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT', c.oid::pg_catalog.regclass::pg_catalog.text
SELECT c.relchecks, c.relkind, c.relhasindex, c.relhasrules, c.relhastriggers, c.relrowsecurity, c.relforcerowsecurity, false AS relhasoids, c.relispartition, pg_catalog.array_to_string(c.reloptions || array(select 'toast.' || x from pg_catalog.unnest(tc.reloptions) x), ', ') , c.reltablespace, CASE WHEN c.reloftype = 0 THEN '' ELSE c.reloftype::pg_catalog.regtype::pg_catalog.text END, c.relpersistence, c.relreplident, am.amname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_class tc ON (c.reltoastrelid = tc.oid) LEFT JOIN pg_catalog.pg_am am ON (c.relam = am.oid) WHERE c.oid = '16397'
SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef), a.attnotnull, (SELECT c.collname FROM pg_catalog.pg_collation c, pg_catalog.pg_type t WHERE c.oid = a.attcollation AND t.oid = a.atttypid AND a.attcollation <> t.typcollation) AS attcollation, a.attidentity, a.attgenerated, a.attstorage, a.attcompression AS attcompression, CASE WHEN a.attstattarget=-1 THEN NULL ELSE a.attstattarget END AS attstattarget, pg_catalog.col_description(a.attrelid, a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid = '16397' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
SELECT n.nspname as "Schema", c.relname as "Name", CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' WHEN 't' THEN 'TOAST table' WHEN 'f' THEN 'foreign table' WHEN 'p' THEN 'partitioned table' WHEN 'I' THEN 'partitioned index' END as "Type", pg_catalog.pg_get_userbyid(c.relowner) as "Owner" FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam WHERE c.relkind IN ('r','p','') AND n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_toast' AND n.nspname <> 'information_schema' AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1,2
SELECT n.nspname as "Schema", c.relname as "Name", CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' WHEN 't' THEN 'TOAST table' WHEN 'f' THEN 'foreign table' WHEN 'p' THEN 'partitioned table' WHEN 'I' THEN 'partitioned index' END as "Type", pg_catalog.pg_get_userbyid(c.relowner) as "Owner", CASE c.relpersistence WHEN 'p' THEN 'permanent' WHEN 't' THEN 'temporary' WHEN 'u' THEN 'unlogged' END as "Persistence", am.amname as "Access method", pg_catalog.pg_size_pretty(pg_catalog.pg_table_size(c.oid)) as "Size", pg_catalog.obj_description(c.oid, 'pg_class') as "Description" FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam WHERE c.relkind IN ('r','p','') AND n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_toast' AND n.nspname <> 'information_schema' AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1,2
SELECT d.datname as "Name", pg_catalog.pg_get_userbyid(d.datdba) as "Owner", pg_catalog.pg_encoding_to_char(d.encoding) as "Encoding", d.datcollate as "Collate", d.datctype as "Ctype", d.daticulocale as "ICU Locale", CASE d.datlocprovider WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' END AS "Locale Provider", pg_catalog.array_to_string(d.datacl, E'\n') AS "Access privileges" FROM pg_catalog.pg_database d ORDER BY 1
SELECT d.datname as "Name", pg_catalog.pg_get_userbyid(d.datdba) as "Owner", pg_catalog.pg_encoding_to_char(d.encoding) as "Encoding", d.datcollate as "Collate", d.datctype as "Ctype", d.daticulocale as "ICU Locale", CASE d.datlocprovider WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' END AS "Locale Provider", pg_catalog.array_to_string(d.datacl, E'\n') AS "Access privileges", CASE WHEN pg_catalog.has_database_privilege(d.datname, 'CONNECT') THEN pg_catalog.pg_size_pretty(pg_catalog.pg_database_size(d.datname)) ELSE 'No Access' END as "Size", t.spcname as "Tablespace", pg_catalog.shobj_description(d.oid, 'pg_database') as "Description" FROM pg_catalog.pg_database d JOIN pg_catalog.pg_tablespace t on d.dattablespace = t.oid ORDER BY 1
SELECT n.nspname as "Schema", p.proname as "Name", pg_catalog.pg_get_function_result(p.oid) as "Result data type", pg_catalog.pg_get_function_arguments(p.oid) as "Argument data types", CASE p.prokind WHEN 'a' THEN 'agg' WHEN 'w' THEN 'window' WHEN 'p' THEN 'proc' ELSE 'func' END as "Type" FROM pg_catalog.pg_proc p LEFT JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE pg_catalog.pg_function_is_visible(p.oid) AND n.nspname <> 'pg_catalog' AND n.nspname <> 'information_schema' ORDER BY 1, 2, 4
SELECT n.nspname as "Schema", p.proname as "Name", pg_catalog.pg_get_function_result(p.oid) as "Result data type", pg_catalog.pg_get_function_arguments(p.oid) as "Argument data types", CASE p.prokind WHEN 'a' THEN 'agg' WHEN 'w' THEN 'window' WHEN 'p' THEN 'proc' ELSE 'func' END as "Type" FROM pg_catalog.pg_proc p LEFT JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE p.proname OPERATOR(pg_catalog.~) '^(upper)$' COLLATE pg_catalog.default AND pg_catalog.pg_function_is_visible(p.oid) ORDER BY 1, 2, 4
SELECT n.nspname AS "Name", pg_catalog.pg_get_userbyid(n.nspowner) AS "Owner" FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1
SELECT n.nspname AS "Name", pg_catalog.pg_get_userbyid(n.nspowner) AS "Owner", pg_catalog.array_to_string(n.nspacl, E'\n') AS "Access privileges", pg_catalog.obj_description(n.oid, 'pg_namespace') AS "Description" FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1
SELECT r.rolname, r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, r.rolcanlogin, r.rolconnlimit, r.rolvaliduntil, ARRAY(SELECT b.rolname FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles b ON (m.roleid = b.oid) WHERE m.member = r.oid) as memberof , r.rolreplication , r.rolbypassrls FROM pg_catalog.pg_roles r WHERE r.rolname !~ '^pg_' ORDER BY 1
SELECT n.nspname as "Schema", c.relname as "Name", CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' WHEN 't' THEN 'TOAST table' WHEN 'f' THEN 'foreign table' WHEN 'p' THEN 'partitioned table' WHEN 'I' THEN 'partitioned index' END as "Type", pg_catalog.pg_get_userbyid(c.relowner) as "Owner", c2.relname as "Table" FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid LEFT JOIN pg_catalog.pg_class c2 ON i.indrelid = c2.oid WHERE c.relkind IN ('i','I','') AND n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_toast' AND n.nspname <> 'information_schema' AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1,2
SELECT n.nspname as "Schema", c.relname as "Name", CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' WHEN 't' THEN 'TOAST table' WHEN 'f' THEN 'foreign table' WHEN 'p' THEN 'partitioned table' WHEN 'I' THEN 'partitioned index' END as "Type", pg_catalog.pg_get_userbyid(c.relowner) as "Owner" FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v','') AND n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_toast' AND n.nspname <> 'information_schema' AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1,2
SELECT n.nspname as "Schema", c.relname as "Name", CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' WHEN 't' THEN 'TOAST table' WHEN 'f' THEN 'foreign table' WHEN 'p' THEN 'partitioned table' WHEN 'I' THEN 'partitioned index' END as "Type", pg_catalog.pg_get_userbyid(c.relowner) as "Owner" FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('S','') AND n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_toast' AND n.nspname <> 'information_schema' AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1,2
SELECT n.nspname as "Schema", pg_catalog.format_type(t.oid, NULL) AS "Name", pg_catalog.obj_description(t.oid, 'pg_type') as "Description" FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE (t.typrelid = 0 OR (SELECT c.relkind = 'c' FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid)) AND NOT EXISTS(SELECT 1 FROM pg_catalog.pg_type el WHERE el.oid = t.typelem AND el.typarray = t.oid) AND n.nspname <> 'pg_catalog' AND n.nspname <> 'information_schema' AND pg_catalog.pg_type_is_visible(t.oid) ORDER BY 1, 2
SELECT n.nspname as "Schema", c.relname as "Name", CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' WHEN 'p' THEN 'partitioned table' END as "Type", pg_catalog.array_to_string(c.relacl, E'\n') AS "Access privileges", pg_catalog.array_to_string(ARRAY( SELECT attname || E':\n  ' || pg_catalog.array_to_string(attacl, E'\n  ') FROM pg_catalog.pg_attribute a WHERE attrelid = c.oid AND NOT attisdropped AND attacl IS NOT NULL ), E'\n') AS "Column privileges", pg_catalog.array_to_string(ARRAY( SELECT polname || CASE WHEN NOT polpermissive THEN E' (RESTRICTIVE)' ELSE '' END || CASE WHEN polcmd != '*' THEN E' (' || polcmd::pg_catalog.text || E'):' ELSE E':' END || CASE WHEN polqual IS NOT NULL THEN E'\n  (u): ' || pg_catalog.pg_get_expr(polqual, polrelid) ELSE E'' END || CASE WHEN polwithcheck IS NOT NULL THEN E'\n  (c): ' || pg_catalog.pg_get_expr(polwithcheck, polrelid) ELSE E'' END    || CASE WHEN polroles <> '{0}' THEN E'\n  to: ' || pg_catalog.array_to_string( ARRAY( SELECT rolname FROM pg_catalog.pg_roles WHERE oid = ANY (polroles) ORDER BY 1 ), E', ') ELSE E'' END FROM pg_catalog.pg_policy pol WHERE polrelid = c.oid), E'\n') AS "Policies" FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r','v','m','S','f','p') AND n.nspname !~ '^pg_' AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1, 2
SELECT spcname AS "Name", pg_catalog.pg_get_userbyid(spcowner) AS "Owner", pg_catalog.pg_tablespace_location(oid) AS "Location" FROM pg_catalog.pg_tablespace ORDER BY 1
SELECT e.extname AS "Name", e.extversion AS "Version", n.nspname AS "Schema", c.description AS "Description" FROM pg_catalog.pg_extension e LEFT JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace LEFT JOIN pg_catalog.pg_description c ON c.objoid = e.oid AND c.classoid = 'pg_catalog.pg_extension'::pg_catalog.regclass ORDER BY 1
SELECT n.nspname as "Schema", t.typname as "Name", pg_catalog.format_type(t.typbasetype, t.typtypmod) as "Type", (SELECT c.collname FROM pg_catalog.pg_collation c, pg_catalog.pg_type bt WHERE c.oid = t.typcollation AND bt.oid = t.typbasetype AND t.typcollation <> bt.typcollation) as "Collation", CASE WHEN t.typnotnull THEN 'not null' END as "Nullable", t.typdefault as "Default", pg_catalog.array_to_string(ARRAY( SELECT pg_catalog.pg_get_constraintdef(r.oid, true) FROM pg_catalog.pg_constraint r WHERE t.oid = r.contypid ), ' ') as "Check" FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'd' AND n.nspname <> 'pg_catalog' AND n.nspname <> 'information_schema' AND pg_catalog.pg_type_is_visible(t.oid) ORDER BY 1, 2
SELECT n.nspname as "Schema", o.oprname AS "Name", CASE WHEN o.oprkind='l' THEN NULL ELSE pg_catalog.format_type(o.oprleft, NULL) END AS "Left arg type", CASE WHEN o.oprkind='r' THEN NULL ELSE pg_catalog.format_type(o.oprright, NULL) END AS "Right arg type", pg_catalog.format_type(o.oprresult, NULL) AS "Result type", coalesce(pg_catalog.obj_description(o.oid, 'pg_operator'), pg_catalog.obj_description(o.oprcode, 'pg_proc')) AS "Description" FROM pg_catalog.pg_operator o LEFT JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace WHERE o.oprname OPERATOR(pg_catalog.~) E'^(\\+)$' COLLATE pg_catalog.default AND pg_catalog.pg_operator_is_visible(o.oid) ORDER BY 1, 2, 3, 4
SELECT pg_catalog.format_type(castsource, NULL) AS "Source type", pg_catalog.format_type(casttarget, NULL) AS "Target type", CASE WHEN c.castmethod = 'b' THEN '(binary coercible)' WHEN c.castmethod = 'i' THEN '(with inout)' ELSE p.proname END AS "Function", CASE WHEN c.castcontext = 'e' THEN 'no' WHEN c.castcontext = 'a' THEN 'in assignment' ELSE 'yes' END AS "Implicit?" FROM pg_catalog.pg_cast c LEFT JOIN pg_catalog.pg_proc p ON c.castfunc = p.oid LEFT JOIN pg_catalog.pg_type ts ON c.castsource = ts.oid LEFT JOIN pg_catalog.pg_namespace ns ON ns.oid = ts.typnamespace LEFT JOIN pg_catalog.pg_type tt ON c.casttarget = tt.oid LEFT JOIN pg_catalog.pg_namespace nt ON nt.oid = tt.typnamespace WHERE ( (true  AND pg_catalog.pg_type_is_visible(ts.oid) ) OR (true  AND pg_catalog.pg_type_is_visible(tt.oid) ) ) ORDER BY 1, 2
SELECT pubname AS "Name", pg_catalog.pg_get_userbyid(pubowner) AS "Owner", puballtables AS "All tables", pubinsert AS "Inserts", pubupdate AS "Updates", pubdelete AS "Deletes", pubtruncate AS "Truncates", pubviaroot AS "Via root" FROM pg_catalog.pg_publication ORDER BY 1
SELECT evtname as "Name", evtevent as "Event", pg_catalog.pg_get_userbyid(e.evtowner) as "Owner", case evtenabled when 'O' then 'enabled'  when 'R' then 'replica'  when 'A' then 'always'  when 'D' then 'disabled' end as "Enabled", e.evtfoid::pg_catalog.regproc as "Function", pg_catalog.array_to_string(array(select x from pg_catalog.unnest(evttags) as t(x)), ', ') as "Tags" FROM pg_catalog.pg_event_trigger e ORDER BY 1
SELECT s.srvname AS "Name", pg_catalog.pg_get_userbyid(s.srvowner) AS "Owner", f.fdwname AS "Foreign-data wrapper" FROM pg_catalog.pg_foreign_server s JOIN pg_catalog.pg_foreign_data_wrapper f ON f.oid=s.srvfdw ORDER BY 1
SELECT fdw.fdwname AS "Name", pg_catalog.pg_get_userbyid(fdw.fdwowner) AS "Owner", fdw.fdwhandler::pg_catalog.regproc AS "Handler", fdw.fdwvalidator::pg_catalog.regproc AS "Validator" FROM pg_catalog.pg_foreign_data_wrapper fdw ORDER BY 1
SELECT n.nspname AS "Schema", c.relname AS "Table", s.srvname AS "Server" FROM pg_catalog.pg_foreign_table ft INNER JOIN pg_catalog.pg_class c ON c.oid = ft.ftrelid INNER JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace INNER JOIN pg_catalog.pg_foreign_server s ON s.oid = ft.ftserver WHERE pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1, 2
SELECT n.nspname as "Schema", c.cfgname as "Name", pg_catalog.obj_description(c.oid, 'pg_ts_config') as "Description" FROM pg_catalog.pg_ts_config c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.cfgnamespace WHERE pg_catalog.pg_ts_config_is_visible(c.oid) ORDER BY 1, 2
SELECT l.lanname AS "Name", pg_catalog.pg_get_userbyid(l.lanowner) as "Owner", l.lanpltrusted AS "Trusted", d.description AS "Description" FROM pg_catalog.pg_language l LEFT JOIN pg_catalog.pg_description d ON d.classoid = l.tableoid AND d.objoid = l.oid AND d.objsubid = 0 WHERE l.lanplcallfoid != 0 ORDER BY 1
SELECT n.nspname AS "Schema", c.conname AS "Name", pg_catalog.pg_encoding_to_char(c.conforencoding) AS "Source", pg_catalog.pg_encoding_to_char(c.contoencoding) AS "Destination", CASE WHEN c.condefault THEN 'yes' ELSE 'no' END AS "Default?" FROM pg_catalog.pg_conversion c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace WHERE true AND n.nspname <> 'pg_catalog' AND n.nspname <> 'information_schema' AND pg_catalog.pg_conversion_is_visible(c.oid) ORDER BY 1, 2
SELECT n.nspname AS "Schema", c.collname AS "Name", c.collcollate AS "Collate", c.collctype AS "Ctype", c.colliculocale AS "ICU Locale", CASE c.collprovider WHEN 'd' THEN 'default' WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' END AS "Provider", CASE WHEN c.collisdeterministic THEN 'yes' ELSE 'no' END AS "Deterministic?" FROM pg_catalog.pg_collation c, pg_catalog.pg_namespace n WHERE n.oid = c.collnamespace AND n.nspname <> 'pg_catalog' AND n.nspname <> 'information_schema' AND c.collencoding IN (-1, pg_catalog.pg_char_to_encoding(pg_catalog.getdatabaseencoding())) AND pg_catalog.pg_collation_is_visible(c.oid) ORDER BY 1, 2
SELECT n.nspname as "Schema", p.proname AS "Name", pg_catalog.format_type(p.prorettype, NULL) AS "Result data type", CASE WHEN p.pronargs = 0 THEN CAST('*' AS pg_catalog.text) ELSE pg_catalog.pg_get_function_arguments(p.oid) END AS "Argument data types", pg_catalog.obj_description(p.oid, 'pg_proc') as "Description" FROM pg_catalog.pg_proc p LEFT JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE p.prokind = 'a' AND n.nspname <> 'pg_catalog' AND n.nspname <> 'information_schema' AND pg_catalog.pg_function_is_visible(p.oid) ORDER BY 1, 2, 4
SELECT s.name AS "Parameter", pg_catalog.current_setting(s.name) AS "Value" FROM pg_catalog.pg_settings s WHERE pg_catalog.lower(s.name) OPERATOR(pg_catalog.~) '^(work_mem)$' COLLATE pg_catalog.default ORDER BY 1
SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relname OPERATOR(pg_catalog.~) '^(pg_class)$' COLLATE pg_catalog.default AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 2, 3
SELECT c.relchecks, c.relkind, c.relhasindex, c.relhasrules, c.relhastriggers, c.relrowsecurity, c.relforcerowsecurity, false AS relhasoids, c.relispartition, '', c.reltablespace, CASE WHEN c.reloftype = 0 THEN '' ELSE c.reloftype::pg_catalog.regtype::pg_catalog.text END, c.relpersistence, c.relreplident, am.amname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_class tc ON (c.reltoastrelid = tc.oid) LEFT JOIN pg_catalog.pg_am am ON (c.relam = am.oid) WHERE c.oid = '1259'
SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef), a.attnotnull, (SELECT c.collname FROM pg_catalog.pg_collation c, pg_catalog.pg_type t WHERE c.oid = a.attcollation AND t.oid = a.atttypid AND a.attcollation <> t.typcollation) AS attcollation, a.attidentity, a.attgenerated FROM pg_catalog.pg_attribute a WHERE a.attrelid = '1259' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
SELECT c2.relname, i.indisprimary, i.indisunique, i.indisclustered, i.indisvalid, pg_catalog.pg_get_indexdef(i.indexrelid, 0, true), pg_catalog.pg_get_constraintdef(con.oid, true), contype, condeferrable, condeferred, i.indisreplident, c2.reltablespace FROM pg_catalog.pg_class c, pg_catalog.pg_class c2, pg_catalog.pg_index i LEFT JOIN pg_catalog.pg_constraint con ON (conrelid = i.indrelid AND conindid = i.indexrelid AND contype IN ('p','u','x')) WHERE c.oid = '1259' AND c.oid = i.indrelid AND i.indexrelid = c2.oid ORDER BY i.indisprimary DESC, c2.relname
SELECT pol.polname, pol.polpermissive, CASE WHEN pol.polroles = '{0}' THEN NULL ELSE pg_catalog.array_to_string(array(select rolname from pg_catalog.pg_roles where oid = any (pol.polroles) order by 1),',') END, pg_catalog.pg_get_expr(pol.polqual, pol.polrelid), pg_catalog.pg_get_expr(pol.polwithcheck, pol.polrelid), CASE pol.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' END AS cmd FROM pg_catalog.pg_policy pol WHERE pol.polrelid = '1259' ORDER BY 1
SELECT oid, stxrelid::pg_catalog.regclass, stxnamespace::pg_catalog.regnamespace::pg_catalog.text AS nsp, stxname, pg_catalog.pg_get_statisticsobjdef_columns(oid) AS columns, 'd' = any(stxkind) AS ndist_enabled, 'f' = any(stxkind) AS deps_enabled, 'm' = any(stxkind) AS mcv_enabled, stxstattarget FROM pg_catalog.pg_statistic_ext WHERE stxrelid = '1259' ORDER BY nsp, stxname
SELECT pubname , NULL , NULL FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_publication_namespace pn ON p.oid = pn.pnpubid JOIN pg_catalog.pg_class pc ON pc.relnamespace = pn.pnnspid WHERE pc.oid ='1259' and pg_catalog.pg_relation_is_publishable('1259') UNION SELECT pubname , pg_get_expr(pr.prqual, c.oid) , (CASE WHEN pr.prattrs IS NOT NULL THEN (SELECT string_agg(attname, ', ') FROM pg_catalog.generate_series(0, pg_catalog.array_upper(pr.prattrs::pg_catalog.int2[], 1)) s, pg_catalog.pg_attribute WHERE attrelid = pr.prrelid AND attnum = prattrs[s]) ELSE NULL END) FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_publication_rel pr ON p.oid = pr.prpubid JOIN pg_catalog.pg_class c ON c.oid = pr.prrelid WHERE pr.prrelid = '1259' UNION SELECT pubname , NULL , NULL FROM pg_catalog.pg_publication p WHERE p.puballtables AND pg_catalog.pg_relation_is_publishable('1259') ORDER BY 1
SELECT c.oid::pg_catalog.regclass FROM pg_catalog.pg_class c, pg_catalog.pg_inherits i WHERE c.oid = i.inhparent AND i.inhrelid = '1259' AND c.relkind != 'p' AND c.relkind != 'I' ORDER BY inhseqno
SELECT c.oid::pg_catalog.regclass, c.relkind, inhdetachpending, pg_catalog.pg_get_expr(c.relpartbound, c.oid) FROM pg_catalog.pg_class c, pg_catalog.pg_inherits i WHERE c.oid = i.inhrelid AND i.inhparent = '1259' ORDER BY pg_catalog.pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT', c.oid::pg_catalog.regclass::pg_catalog.text
SELECT 'upper'::pg_catalog.regproc::pg_catalog.oid

-- The productions of the grammar, one by one.
SELECT 1 BETWEEN SYMMETRIC 3 AND 0;
SELECT n NOT BETWEEN SYMMETRIC 3 AND 0 FROM numbers;
SELECT n BETWEEN ASYMMETRIC 3 AND 0 FROM numbers;
SELECT 1 BETWEEN 0 AND 2 AND true;
SELECT concat(VARIADIC ARRAY['a','b']);
SELECT concat('x', VARIADIC ARRAY['a','b']);
SELECT concat(VARIADIC 'x');
SELECT concat(VARIADIC 1);
SELECT VARIADIC 1;
SELECT jsonb_extract_path_text('{"a":1}'::jsonb, VARIADIC ARRAY['a']);
SELECT * FROM ROWS FROM (generate_series(1,2), generate_series(1,3));
SELECT * FROM ROWS FROM (generate_series(1,2), generate_series(1,3)) AS t(a,b);
SELECT * FROM ROWS FROM (generate_series(1,2), generate_series(1,3)) WITH ORDINALITY;
SELECT * FROM ROWS FROM (generate_series(1,2), generate_series(1,3)) WITH ORDINALITY AS t(a,b,c);
SELECT * FROM ROWS FROM (generate_series(1,2)) t;
SELECT * FROM numbers n, LATERAL ROWS FROM (generate_series(1,n.n)) t;
SELECT sum(n) OVER (ORDER BY n ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) FROM numbers;
SELECT sum(n) OVER (ORDER BY n ROWS UNBOUNDED PRECEDING EXCLUDE TIES) FROM numbers;
SELECT sum(n) OVER (ORDER BY n GROUPS UNBOUNDED PRECEDING EXCLUDE GROUP) FROM numbers;
SELECT sum(n) OVER (ORDER BY n RANGE UNBOUNDED PRECEDING EXCLUDE NO OTHERS) FROM numbers;
SELECT sum(n) OVER w FROM numbers WINDOW w AS (ORDER BY n ROWS UNBOUNDED PRECEDING EXCLUDE GROUP);
SELECT sum(n) OVER (w ROWS UNBOUNDED PRECEDING EXCLUDE GROUP) FROM numbers WINDOW w AS (ORDER BY n);
SELECT sum(n) OVER (ORDER BY n EXCLUDE TIES) FROM numbers;
SELECT sum(n) OVER (ORDER BY n ROWS UNBOUNDED PRECEDING EXCLUDE OTHERS) FROM numbers;
SELECT make_interval(days => 10);
SELECT make_interval(days := 10);
SELECT make_interval(1, days => 10);
SELECT make_interval(days => 10, 1);
SELECT make_interval(nope => 10);
VALUES ('t'), (1 IS NOT DISTINCT FROM NULL);
VALUES (1 IS NULL);
VALUES (1), (2) ORDER BY 1 LIMIT 1;
VALUES (DEFAULT);
VALUES ();
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(x, y);
SELECT (VALUES (1));
SELECT 1 IN ((SELECT 1), 5);
SELECT 1 IN (SELECT 1);
SELECT 1 IN ((SELECT 1));
SELECT 1 IN ((VALUES (1)));
SELECT 1 IN (VALUES (1));
SELECT 1 IN ();
SELECT 1 NOT IN (1, 2, NULL);
SELECT (1, 2) IN ((1, 2), (3, 4));
SELECT (1, 2) IN (SELECT 1, 2);
SELECT ROW(1, 2) IN (ROW(1, 2));
SELECT OPERATOR(pg_catalog.-) 2;
SELECT 1 OPERATOR(nope.+) 2;
SELECT 1 OPERATOR(+) 2;
SELECT 1 + 2 OPERATOR(pg_catalog.*) 3;
SELECT 'a' COLLATE "C";
SELECT 'a' COLLATE "C" < 'b';
SELECT 'a' COLLATE pg_catalog."C";
SELECT 1 COLLATE "C";
SELECT 'a' COLLATE "nope";
SELECT 'a' COLLATE "de_DE";
SELECT t COLLATE "C" FROM numbers ORDER BY t COLLATE "C" DESC;
SELECT 'a' LIKE ANY (ARRAY['a','b']);
SELECT 'a' LIKE ALL (ARRAY['a','b']);
SELECT 'a' NOT LIKE ANY (ARRAY['a','b']);
SELECT 'a' ILIKE ANY (ARRAY['a','b']);
SELECT 'a' ILIKE ALL (ARRAY['a','b']);
SELECT 'a' LIKE ANY (SELECT 'a');
SELECT 'a' LIKE ANY ('{a,b}');
SELECT 'a' LIKE SOME (ARRAY['a']);
SELECT 'a' LIKE 'b' ESCAPE 'c';
SELECT 'a' LIKE 'b' ESCAPE 'c' || 'd';
SELECT 'a' NOT LIKE 'b' ESCAPE '';
SELECT 'a' SIMILAR TO 'b' ESCAPE 'c';
SELECT 'a' NOT SIMILAR TO 'b';
SELECT (1)::text;
SELECT (SELECT 1)::text;
SELECT ARRAY[1]::text[];
SELECT ARRAY[1]::text;
SELECT CASE WHEN true THEN 1 END::text;
SELECT now()::date::text;
SELECT '1'::int::text;
SELECT -1::int2;
SELECT - 1::int2;
SELECT 'a'::varchar(3)::text;
SELECT NULL::text[];
SELECT '{1}'::int[][];
SELECT '{1}'::int[3];
SELECT CAST('1' AS int);
SELECT int '1';
SELECT int4 '1';
SELECT pg_catalog.int4 '1';
SELECT text 'abc';
SELECT varchar(2) 'abc';
SELECT numeric(3,1) '1.25';
SELECT double precision '1.5';
SELECT timestamp '2020-01-01';
SELECT timestamp with time zone '2020-01-01';
SELECT timestamp(0) '2020-01-01';
SELECT time without time zone '10:00';
SELECT uuid '00000000-0000-0000-0000-000000000000';
SELECT jsonb '{}';
SELECT bool 't';
SELECT nope 'a';
SELECT nope.nope 'a';
SELECT json '{"a":1}';
SELECT bytea '\x00';
SELECT "int4" '1';
SELECT name 'x';
SELECT b'101';
SELECT B'101';
SELECT x'1F';
SELECT X'1F';
SELECT b'102';
SELECT x'1G';
SELECT N'abc';
SELECT n'abc';
SELECT U&'d!0061t' UESCAPE '!';
SELECT U&"d\0061t" FROM numbers;
SELECT u&'\00e9';
SELECT E'a\tb';
SELECT e'\x41';
SELECT $$abc$$;
SELECT $tag$a$b$tag$;
SELECT 'a';
SELECT interval '1' day;
SELECT interval '1' year to month;
SELECT interval '1 2:03' day to second;
SELECT interval '1' second(3);
SELECT interval '1 day';
SELECT '1 day'::interval day;
SELECT '1'::interval hour to minute;
SELECT interval '1' nope;
SELECT n FROM numbers FETCH FIRST 10 PERCENT ROWS ONLY;
SELECT n FROM numbers FETCH NEXT 2 ROWS ONLY;
SELECT n FROM numbers FETCH FIRST (1+1) ROWS ONLY;
SELECT n FROM numbers FETCH FIRST 1+1 ROWS ONLY;
SELECT n FROM numbers OFFSET 1 ROW;
SELECT n FROM numbers OFFSET 1 ROWS FETCH FIRST 1 ROW ONLY;
SELECT n FROM numbers FETCH FIRST 1 ROW ONLY OFFSET 1;
SELECT n FROM numbers OFFSET 1 LIMIT 1;
SELECT n FROM numbers LIMIT 1 LIMIT 2;
SELECT ALL n FROM numbers;
SELECT DISTINCT n FROM numbers;
SELECT DISTINCT ALL n FROM numbers;
SELECT ALL DISTINCT n FROM numbers;
SELECT;
SELECT FROM numbers;
SELECT WHERE true;
SELECT FROM numbers WHERE n = 1 GROUP BY n;
SELECT ORDER BY 1;
SELECT LIMIT 1;
SELECT UNION SELECT;
SELECT UNION ALL SELECT;
SELECT EXISTS (SELECT);
SELECT EXISTS (SELECT FROM numbers);
SELECT (SELECT);
SELECT * FROM (SELECT) t;
WITH t AS (SELECT) SELECT FROM t;
SELECT ALL;
TABLE numbers;
TABLE numbers ORDER BY n LIMIT 1;
TABLE public.numbers;
TABLE "numbers";
TABLE nope;
TABLE ONLY numbers;
TABLE numbers UNION TABLE numbers;
SELECT * FROM (TABLE numbers) t;
SELECT EXISTS (TABLE numbers);
SELECT ARRAY(TABLE numbers);
WITH t AS (TABLE numbers) TABLE t;
SELECT n IN (TABLE numbers) FROM numbers;
SELECT '{}' IS JSON;
SELECT '{}' IS NOT JSON;
SELECT '{}' IS JSON OBJECT;
SELECT '{}' IS DOCUMENT;
SELECT '<a/>'::xml IS DOCUMENT;
SELECT 'a' IS NORMALIZED;
SELECT 'a' IS NFC NORMALIZED;
SELECT 'a' IS NOT NFKD NORMALIZED;
SELECT normalize('a');
SELECT normalize('a', NFC);
SELECT n FROM numbers GROUP BY DISTINCT n;
SELECT n FROM numbers GROUP BY ALL n;
SELECT n FROM numbers GROUP BY DISTINCT ROLLUP (n), CUBE (n);
SELECT n, t FROM numbers GROUP BY DISTINCT GROUPING SETS ((n), (n), (t));
SELECT n, t FROM numbers GROUP BY GROUPING SETS (n, (n, t), ());
SELECT n, t FROM numbers GROUP BY GROUPING SETS (ROLLUP (n, t), CUBE (n, t));
SELECT n, t FROM numbers GROUP BY GROUPING SETS (GROUPING SETS (n, t), ());
SELECT n, t FROM numbers GROUP BY ROLLUP ((n, t), b);
SELECT n, t, b FROM numbers GROUP BY CUBE ((n, t), b);
SELECT n, t, b FROM numbers GROUP BY CUBE (n), ROLLUP (t, b);
SELECT n, count(*) FROM numbers GROUP BY (n);
SELECT n, t FROM numbers GROUP BY (n, t);
SELECT n, t FROM numbers GROUP BY ((n), (t));
SELECT n, t FROM numbers GROUP BY ROW(n, t);
SELECT GROUPING(n, t), GROUPING(t) FROM numbers GROUP BY ROLLUP (n, t);
SELECT GROUPING(t) FROM numbers GROUP BY n;
SELECT GROUPING() FROM numbers GROUP BY n;
SELECT n FROM numbers GROUP BY ROLLUP (n) HAVING GROUPING(n) = 0 ORDER BY GROUPING(n);
SELECT (SELECT GROUPING(n)) FROM numbers GROUP BY n;
SELECT 1 HAVING 1 = 1;
SELECT name, city FROM people GROUP BY id;
SELECT p.*, count(*) FROM people p JOIN posts q ON q.author = p.id GROUP BY p.id;
SELECT p.* FROM people p GROUP BY p.id HAVING p.name = 'a' ORDER BY p.city;
SELECT p.name FROM people p GROUP BY ROLLUP (p.id);
SELECT x.name FROM (SELECT * FROM people) x GROUP BY x.id;
SELECT (SELECT p.name) FROM people p GROUP BY p.id;
SELECT * FROM (numbers JOIN posts USING (n)) AS j;
SELECT j.n FROM (numbers JOIN posts USING (n)) AS j;
SELECT * FROM (numbers JOIN posts USING (n)) AS j(a, b);
SELECT * FROM ((numbers JOIN posts USING (n))) AS j;
SELECT * FROM ((numbers CROSS JOIN posts) CROSS JOIN people);
SELECT * FROM (numbers);
SELECT * FROM ((numbers));
SELECT * FROM (numbers n) JOIN posts ON true;
SELECT * FROM (numbers) AS n;
SELECT * FROM ((SELECT 1 AS a) s JOIN (SELECT 1 AS a) t USING (a)) u;
SELECT * FROM ((SELECT 1 AS a)) s;
SELECT * FROM (SELECT 1 AS a) AS s (b);
SELECT * FROM numbers JOIN posts USING (n) AS u;
SELECT u.n FROM numbers JOIN posts USING (n) AS u;
SELECT numbers.n FROM numbers JOIN posts USING (n) AS u;
SELECT * FROM numbers NATURAL JOIN posts;
SELECT * FROM numbers NATURAL LEFT JOIN posts;
SELECT * FROM numbers NATURAL INNER JOIN posts;
SELECT * FROM numbers NATURAL FULL OUTER JOIN posts;
SELECT * FROM posts NATURAL RIGHT JOIN numbers;
SELECT * FROM numbers NATURAL JOIN people;
SELECT * FROM numbers NATURAL CROSS JOIN posts;
SELECT * FROM numbers CROSS JOIN posts ON true;
SELECT * FROM numbers JOIN posts;
SELECT * FROM numbers LEFT JOIN posts;
SELECT * FROM numbers JOIN posts ON true JOIN people ON true;
SELECT * FROM numbers LEFT OUTER JOIN posts ON numbers.n = posts.n;
SELECT * FROM numbers INNER JOIN posts ON true;
SELECT * FROM numbers FULL JOIN posts USING (n);
SELECT * FROM numbers SEMI JOIN posts ON true;
SELECT * FROM numbers LEFT SEMI JOIN posts USING (n);
SELECT * FROM numbers STRAIGHT_JOIN posts;
SELECT * FROM json_to_record('{"a":1,"b":"x"}') AS t(a int, b text);
SELECT * FROM json_to_record('{"a":1,"b":"x"}') AS (a int, b text);
SELECT t.a FROM jsonb_to_recordset('[{"a":1}]') AS t(a int);
SELECT * FROM json_to_record('{}');
SELECT * FROM json_to_record('{}') AS t;
SELECT * FROM generate_series(1,2) AS t(a int);
SELECT * FROM generate_series(1,2) AS (a int);
SELECT * FROM json_to_record('{}') AS t(a int) WITH ORDINALITY;
SELECT * FROM json_to_record('{}') WITH ORDINALITY AS t(a int);
SELECT * FROM generate_series(1,2) AS a(b);
SELECT * FROM generate_series(1,2) a;
SELECT a FROM generate_series(1,2) a;
SELECT a.a FROM generate_series(1,2) a;
SELECT * FROM generate_series(1,2) a(b,c);
SELECT * FROM generate_series(1,2) WITH ORDINALITY;
SELECT * FROM generate_series(1,2) WITH ORDINALITY AS t(a,b);
SELECT * FROM LATERAL generate_series(1,2) t;
SELECT * FROM numbers, LATERAL (SELECT numbers.n) s;
SELECT * FROM numbers, (SELECT numbers.n) s;
SELECT * FROM numbers RIGHT JOIN LATERAL (SELECT numbers.n) s ON true;
SELECT * FROM unnest(ARRAY[1,2]);
SELECT * FROM unnest(ARRAY[1,2], ARRAY['a']);
SELECT * FROM unnest(ARRAY[1,2], ARRAY['a']) WITH ORDINALITY AS t(a, b, c);
SELECT * FROM current_date;
SELECT * FROM current_user;
SELECT * FROM coalesce(1, 2);
SELECT * FROM CAST(1 AS int);
SELECT * FROM abs(-1);
SELECT * FROM upper('a') u;
SELECT * FROM ONLY numbers;
SELECT * FROM ONLY (numbers);
SELECT * FROM ONLY numbers AS n;
SELECT * FROM ONLY public.numbers n;
SELECT * FROM numbers *;
SELECT * FROM numbers * AS n;
SELECT * FROM public.numbers * n;
SELECT n FROM numbers * WHERE n = 1;
SELECT * FROM ONLY (SELECT 1) s;
SELECT * FROM numbers TABLESAMPLE SYSTEM (10);
SELECT * FROM numbers TABLESAMPLE BERNOULLI (10) REPEATABLE (1);
SELECT * FROM numbers AS n TABLESAMPLE BERNOULLI (10);
SELECT * FROM numbers TABLESAMPLE nope (10);
SELECT * FROM numbers TABLESAMPLE SYSTEM (10, 2);
SELECT * FROM numbers TABLESAMPLE SYSTEM ('a');
SELECT * FROM numbers TABLESAMPLE SYSTEM (NULL);
SELECT * FROM numbers TABLESAMPLE SYSTEM ();
SELECT * FROM numbers TABLESAMPLE SYSTEM (n);
SELECT * FROM numbers TABLESAMPLE SYSTEM (count(*));
SELECT * FROM numbers TABLESAMPLE SYSTEM (10) REPEATABLE (n);
SELECT * FROM numbers TABLESAMPLE SYSTEM (10) REPEATABLE ('x');
SELECT * FROM (SELECT 1) s TABLESAMPLE SYSTEM (10);
SELECT * FROM numbers AS n (a, b, c);
SELECT a FROM numbers AS n (a, b, c);
SELECT * FROM numbers AS n (a, b, c, d, e, f, g, h);
SELECT n.* FROM numbers AS n;
SELECT public.numbers.n FROM numbers;
SELECT tableoid FROM numbers;
SELECT numbers.tableoid FROM numbers;
SELECT tableoid::regclass FROM numbers;
SELECT n.tableoid, n.* FROM numbers n;
SELECT ctid FROM numbers;
SELECT xmin FROM numbers;
SELECT numbers.ctid FROM numbers;
SELECT cmax FROM numbers;
SELECT tableoid FROM (SELECT * FROM numbers) s;
SELECT nope.ctid FROM numbers;
SELECT ctid;
SELECT tableoid FROM numbers, people;
SELECT tableoid FROM generate_series(1,2);
SELECT oid FROM numbers;
SELECT n FROM numbers FOR UPDATE;
SELECT n FROM numbers FOR NO KEY UPDATE;
SELECT n FROM numbers FOR SHARE;
SELECT n FROM numbers FOR KEY SHARE;
SELECT n FROM numbers FOR UPDATE OF numbers NOWAIT;
SELECT n FROM numbers FOR UPDATE SKIP LOCKED;
SELECT n FROM numbers FOR UPDATE OF numbers FOR SHARE OF numbers;
SELECT n FROM numbers FOR UPDATE OF nope;
SELECT n FROM numbers x FOR UPDATE OF numbers;
SELECT n FROM numbers FOR UPDATE OF public.numbers;
SELECT DISTINCT n FROM numbers FOR UPDATE;
SELECT n FROM numbers GROUP BY n FOR UPDATE;
SELECT count(*) FROM numbers FOR UPDATE;
SELECT row_number() OVER () FROM numbers FOR UPDATE;
SELECT generate_series(1,2) FROM numbers FOR UPDATE;
SELECT n FROM numbers UNION SELECT n FROM numbers FOR UPDATE;
(SELECT n FROM numbers FOR UPDATE) UNION SELECT 1;
VALUES (1) FOR UPDATE;
SELECT * FROM (VALUES (1)) v FOR UPDATE;
SELECT * FROM (VALUES (1)) v FOR UPDATE OF v;
SELECT * FROM generate_series(1,2) g FOR UPDATE OF g;
SELECT * FROM numbers JOIN posts USING (n) FOR UPDATE OF numbers;
SELECT * FROM (numbers JOIN posts USING (n)) j FOR UPDATE OF j;
WITH c AS (SELECT 1 AS a) SELECT * FROM c FOR UPDATE OF c;
WITH c AS (SELECT 1 AS a) SELECT * FROM c FOR UPDATE;
SELECT * FROM (SELECT n FROM numbers) s FOR UPDATE;
SELECT * FROM (SELECT DISTINCT n FROM numbers) s FOR UPDATE;
SELECT n FROM numbers FOR UPDATE LIMIT 1;
SELECT n FROM numbers LIMIT 1 FOR UPDATE;
SELECT 1 FOR UPDATE;
SELECT n FROM numbers FOR READ ONLY;
WITH RECURSIVE t(n) AS (SELECT 1 UNION SELECT n+1 FROM t WHERE n < 5) SELECT * FROM t;
WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n+1 FROM t WHERE n < 5) SELECT * FROM t;
WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n+1 FROM t WHERE n < 5), u AS (SELECT * FROM t) SELECT * FROM u;
WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM a WHERE n < 3), b(m) AS (SELECT 1 UNION ALL SELECT m+1 FROM b WHERE m < 3) SELECT * FROM a, b;
WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM a WHERE n < 3), b(m) AS (SELECT n FROM a UNION ALL SELECT m+1 FROM b WHERE m < 3) SELECT * FROM b;
WITH RECURSIVE b AS (SELECT * FROM a), a AS (SELECT 1 AS n) SELECT * FROM b;
WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT * FROM a) SELECT * FROM a;
WITH RECURSIVE t(n) AS (WITH s AS (SELECT 1 AS x) SELECT x FROM s UNION ALL SELECT n+1 FROM t WHERE n < 5) SELECT * FROM t;
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL (WITH s AS (SELECT * FROM t) SELECT n+1 FROM s WHERE n < 5)) SELECT * FROM t;
WITH RECURSIVE t AS (SELECT 1 AS n) SELECT * FROM t;
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM t) SEARCH DEPTH FIRST BY n SET o SELECT * FROM t;
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM t) SEARCH BREADTH FIRST BY n SET o SELECT * FROM t;
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM t) CYCLE n SET c USING p SELECT * FROM t;
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM t) CYCLE n SET c TO 'y' DEFAULT 'n' USING p SELECT * FROM t;
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM t LIMIT 1) SELECT * FROM t;
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM t ORDER BY 1) SELECT * FROM t;
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM t OFFSET 1) SELECT * FROM t;
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM t FOR UPDATE) SELECT * FROM t;
WITH RECURSIVE t(n) AS (SELECT 1 INTERSECT SELECT n+1 FROM t) SELECT * FROM t;
WITH RECURSIVE t(n) AS (SELECT n FROM t) SELECT * FROM t;
WITH RECURSIVE t(n) AS (SELECT n FROM t UNION ALL SELECT 1) SELECT * FROM t;
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT a.n FROM t a, t b) SELECT * FROM t;
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n FROM t WHERE n IN (SELECT n FROM t)) SELECT * FROM t;
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT t.n FROM numbers LEFT JOIN t ON true) SELECT * FROM t;
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT 'a' FROM t) SELECT * FROM t;
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1.5 FROM t) SELECT * FROM t;
WITH t AS MATERIALIZED (SELECT 1) SELECT * FROM t;
WITH t AS NOT MATERIALIZED (SELECT 1) SELECT * FROM t;
WITH t(a, b) AS (SELECT 1, 2) SELECT * FROM t;
WITH t(a, b, c) AS (SELECT 1, 2) SELECT * FROM t;
WITH t AS (SELECT 1), t AS (SELECT 2) SELECT * FROM t;
WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a;
WITH a AS (WITH b AS (SELECT 1 AS x) SELECT * FROM b) SELECT * FROM a;
WITH a AS (SELECT 1) SELECT * FROM (WITH b AS (SELECT * FROM a) SELECT * FROM b) c;
WITH a AS (VALUES (1,2)) SELECT column1 FROM a;
(WITH a AS (SELECT 1) SELECT * FROM a);
WITH a AS (SELECT 1) (SELECT * FROM a);
WITH a AS (SELECT 1 AS x) (SELECT * FROM a) UNION SELECT 2;
SELECT (WITH a AS (SELECT 1 AS x) SELECT x FROM a);
SELECT EXISTS (WITH a AS (SELECT 1 AS x) SELECT x FROM a);
WITH a AS (DELETE FROM numbers RETURNING n) SELECT * FROM a;
SELECT (SELECT 1 AS foo)::text;
SELECT (SELECT n FROM numbers)::text;
SELECT CASE WHEN true THEN 1 ELSE (SELECT 2 AS foo) END;
SELECT CASE WHEN true THEN 1 ELSE (SELECT 2) END;
SELECT CASE n WHEN 1 THEN 2 ELSE n END FROM numbers;
SELECT CASE WHEN b THEN n::text ELSE n::text END FROM numbers;
SELECT ARRAY[1];
SELECT ARRAY(SELECT 1);
SELECT ARRAY[[1,2],[3,4]];
SELECT ARRAY[]::int[];
SELECT ARRAY[1, 'a'];
SELECT (ARRAY[1,2])[1];
SELECT (ARRAY[1,2])[1:2];
SELECT (ARRAY[1,2])[:2];
SELECT (ARRAY[1,2])[1:];
SELECT (ARRAY[1,2])[:];
SELECT (ARRAY[[1,2],[3,4]])[1][2];
SELECT (ARRAY[[1,2],[3,4]])[1:2][2];
SELECT (ARRAY[1,2])['a'];
SELECT ('{"a":1}'::jsonb)['a'];
SELECT ('{"a":1}'::jsonb)['a'][0];
SELECT jb['a'] FROM wide;
SELECT wide.jb['a'] FROM wide;
SELECT (wide).jb['a'] FROM wide;
SELECT (wide.jb)['a'] FROM wide;
SELECT (n)[1] FROM numbers;
SELECT EXISTS (SELECT 1);
SELECT NOT EXISTS (SELECT 1);
SELECT COALESCE(n, 1) FROM numbers;
SELECT COALESCE();
SELECT NULLIF(1, 2);
SELECT NULLIF(1);
SELECT NULLIF(1, 2, 3);
SELECT NULLIF(1.0, 2);
SELECT NULLIF('a', 'b');
SELECT GREATEST(1, 2.5), LEAST(1, 2);
SELECT GREATEST();
SELECT XMLELEMENT(NAME a);
SELECT xmlconcat('<a/>');
SELECT xmlforest(n) FROM numbers;
SELECT xmlparse(DOCUMENT '<a/>');
SELECT xmlpi(NAME a);
SELECT xmlroot('<a/>', VERSION NO VALUE);
SELECT xmlserialize(CONTENT '<a/>' AS text);
SELECT xmlexists('//a' PASSING '<a/>');
SELECT CURRENT_DATE;
SELECT CURRENT_TIME;
SELECT CURRENT_TIME(2);
SELECT CURRENT_TIMESTAMP(2);
SELECT LOCALTIME;
SELECT LOCALTIME(0);
SELECT LOCALTIMESTAMP(3);
SELECT CURRENT_ROLE, CURRENT_USER, SESSION_USER, USER, CURRENT_CATALOG, CURRENT_SCHEMA;
SELECT CURRENT_DATE();
SELECT CURRENT_USER();
SELECT CURRENT_SCHEMA();
SELECT CURRENT_TIMESTAMP();
SELECT CURRENT_TIMESTAMP(7);
SELECT COLLATION FOR ('a');
SELECT COLLATION FOR ('a' COLLATE "C");
SELECT COLLATION FOR (1);
SELECT EXTRACT(year FROM now());
SELECT EXTRACT('year' FROM now());
SELECT EXTRACT("year" FROM now());
SELECT EXTRACT(epoch FROM interval '1 day');
SELECT EXTRACT(nope FROM now());
SELECT OVERLAY('abc' PLACING 'x' FROM 1);
SELECT OVERLAY('abc' PLACING 'x' FROM 1 FOR 2);
SELECT overlay('abc', 'x', 1);
SELECT POSITION('a' IN 'b');
SELECT SUBSTRING('abc' FROM 2);
SELECT SUBSTRING('abc' FROM 2 FOR 1);
SELECT SUBSTRING('abc' FOR 1);
SELECT SUBSTRING('abc' SIMILAR 'a' ESCAPE '#');
SELECT SUBSTRING('abc' FROM 'a' FOR '#');
SELECT substring('abc', 1, 2);
SELECT SUBSTRING('abc' FROM 'b.');
SELECT substring();
SELECT TREAT(1 AS text);
SELECT TRIM(BOTH 'a' FROM 'aba');
SELECT TRIM(LEADING 'a' FROM 'aba');
SELECT TRIM(TRAILING FROM 'aba');
SELECT TRIM(FROM 'aba');
SELECT TRIM('aba');
SELECT TRIM('aba', 'a');
SELECT TRIM('a' FROM 'aba');
SELECT TRIM(BOTH FROM 'aba');
SELECT TRIM(BOTH 'aba');
SELECT now() AT TIME ZONE 'UTC';
SELECT now() AT TIME ZONE INTERVAL '1 hour';
SELECT now() AT LOCAL;
SELECT now() AT TIME ZONE 'UTC' AT TIME ZONE 'UTC';
SELECT n ISNULL FROM numbers;
SELECT n NOTNULL FROM numbers;
SELECT n IS NULL IS TRUE FROM numbers;
SELECT b IS TRUE, b IS NOT TRUE, b IS FALSE, b IS NOT FALSE, b IS UNKNOWN, b IS NOT UNKNOWN FROM numbers;
SELECT n IS TRUE FROM numbers;
SELECT n IS OF (int);
SELECT n IS DISTINCT FROM 1 FROM numbers;
SELECT n IS NOT DISTINCT FROM 1 FROM numbers;
SELECT n IS DISTINCT FROM 1 AND true FROM numbers;
SELECT NOT n = 1 FROM numbers;
SELECT NOT NOT true;
SELECT n = 1 = true FROM numbers;
SELECT n < 1 < 2 FROM numbers;
SELECT n + 1 = 2 AND b OR NOT b FROM numbers;
SELECT 2 ^ 3 ^ 2;
SELECT -2 ^ 2;
SELECT 1 - -1;
SELECT 1 - - 1;
SELECT + 1;
SELECT @ -5;
SELECT !! 5;
SELECT |/ 4.0;
SELECT ||/ 8.0;
SELECT ~ 5;
SELECT 5 @-@ 6;
SELECT @-@ 5;
SELECT 1 <-> 2;
SELECT 1 &&& 2;
SELECT 1 ### 2;
SELECT 1 = ANY (ARRAY[1,2]);
SELECT 1 = ANY ('{1,2}');
SELECT 1 = ANY (SELECT 1);
SELECT 1 = SOME (ARRAY[1,2]);
SELECT 1 <> ALL (ARRAY[1,2]);
SELECT 1 < ALL (SELECT 1);
SELECT 1 = ANY (1);
SELECT 1 OPERATOR(pg_catalog.=) ANY (ARRAY[1]);
SELECT (1, 2) = ANY (SELECT 1, 2);
SELECT (1, 2) < ALL (SELECT 1, 2);
SELECT (1, 2) = (SELECT 1, 2);
SELECT (1, 2) = ANY (ARRAY[1]);
SELECT 'a' ~ ANY (ARRAY['a']);
SELECT 1 + ANY (ARRAY[1]);
SELECT DEFAULT;
SELECT n FROM numbers WHERE CURRENT OF c;
SELECT UNIQUE (SELECT 1);
SELECT ROW(1, 2);
SELECT ROW(1);
SELECT ROW(1, 'a', NULL);
SELECT ROW(numbers.*) FROM numbers;
SELECT ROW(n, numbers.*) FROM numbers;
SELECT (n, numbers.*) FROM numbers;
SELECT ROW(1, 2) = ROW(1, 2);
SELECT ROW(1, 2) < ROW(1, 3);
SELECT ROW(1, 2) = ROW(1);
SELECT ROW() = ROW();
SELECT ROW(1) = ROW(1);
SELECT ROW(1, 'a') = ROW('b', 2);
SELECT ROW(1, 2) IS NULL;
SELECT ROW(1, NULL) IS NOT NULL;
SELECT (1, 2) IS DISTINCT FROM NULL;
SELECT ROW(1, 2) + ROW(1, 2);
SELECT ROW(1, 2) @> ROW(1, 2);
SELECT ROW(1,2)::text;
SELECT ROW(1,2)::int;
SELECT (ROW(1,2)).f1;
SELECT (ROW(1,2)).*;
SELECT (ROW(1,2)).f3;
SELECT (ROW(1,2)).*::text;
SELECT numbers FROM numbers;
SELECT m FROM numbers m;
SELECT m.n FROM (SELECT numbers AS m FROM numbers) s;
SELECT (m).n FROM (SELECT numbers AS m FROM numbers) s;
SELECT (s.m).n FROM (SELECT numbers AS m FROM numbers) s;
SELECT (m).* FROM (SELECT numbers AS m FROM numbers) s;
SELECT (s.m).* FROM (SELECT numbers AS m FROM numbers) s;
SELECT (m).n FROM numbers m;
SELECT (m).nope FROM numbers m;
SELECT (m).* FROM numbers m;
SELECT (m.*).n FROM numbers m;
SELECT (m.*) FROM numbers m;
SELECT (m).n + 1 FROM numbers m;
SELECT count(m) FROM numbers m;
SELECT count(m.*) FROM numbers m;
SELECT count(DISTINCT m) FROM numbers m;
SELECT m IS NULL, m IS NOT NULL FROM numbers m;
SELECT m.* IS NULL FROM numbers m;
SELECT m::text FROM numbers m;
SELECT row_to_json(m) FROM numbers m;
SELECT row_to_json(m.*) FROM numbers m;
SELECT to_jsonb(m), to_json(m) FROM numbers m;
SELECT json_agg(m), jsonb_agg(m) FROM numbers m;
SELECT array_agg(m) FROM numbers m;
SELECT m FROM numbers m ORDER BY m;
SELECT m FROM numbers m GROUP BY m;
SELECT DISTINCT m FROM numbers m;
SELECT m.n FROM numbers m GROUP BY m;
SELECT m FROM numbers m GROUP BY m.n;
SELECT m FROM people m GROUP BY m.id;
SELECT m = m FROM numbers m;
SELECT m < m FROM numbers m;
SELECT a = b FROM numbers a, people b;
SELECT m = ROW(1) FROM numbers m;
SELECT m IS DISTINCT FROM m FROM numbers m;
SELECT m IN (m) FROM numbers m;
SELECT m = ANY (SELECT numbers FROM numbers) FROM numbers m;
SELECT coalesce(m, m) FROM numbers m;
SELECT CASE WHEN true THEN m END FROM numbers m;
SELECT COALESCE(m, NULL) FROM numbers m;
SELECT (SELECT m) FROM numbers m;
SELECT (SELECT m FROM numbers m);
SELECT ((SELECT m FROM numbers m)).n;
SELECT (SELECT (m).n) FROM numbers m;
SELECT s FROM (SELECT 1 AS a, 'b' AS b) s;
SELECT s.* FROM (SELECT 1 AS a, 'b' AS b) s;
SELECT (s).a FROM (SELECT 1 AS a, 'b' AS b) s;
SELECT (s).c FROM (SELECT 1 AS a, 'b' AS b) s;
SELECT row_to_json(s) FROM (SELECT 1 AS a, 'b' AS b) s;
SELECT v FROM (VALUES (1, 2)) v;
SELECT c FROM (WITH c AS (SELECT 1 AS a) SELECT c FROM c) d;
WITH c AS (SELECT 1 AS a) SELECT c FROM c;
WITH c AS (SELECT 1 AS a) SELECT (c).a FROM c;
SELECT g FROM generate_series(1,2) g;
SELECT (g).g FROM generate_series(1,2) g;
SELECT g.g FROM generate_series(1,2) g;
SELECT u FROM unnest(ARRAY[1], ARRAY[2]) u;
SELECT j FROM (numbers JOIN posts USING (n)) j;
SELECT (j).n FROM (numbers JOIN posts USING (n)) j;
SELECT name(p) FROM people p;
SELECT id(p) FROM people p;
SELECT p.upper FROM people p;
SELECT p.text FROM people p;
SELECT nope(p) FROM people p;
SELECT n.length FROM numbers n;
SELECT (pg_get_keywords()).word;
SELECT (pg_get_keywords()).*;
SELECT (generate_series(1,2)).*;
SELECT (n).* FROM numbers;
SELECT (n).foo FROM numbers;
SELECT (1).foo;
SELECT upper((m).t) FROM numbers m;
SELECT upper(m) FROM numbers m;
SELECT m || 'a' FROM numbers m;
SELECT m + 1 FROM numbers m;
SELECT '(1,a)'::numbers;
SELECT NULL::numbers;
SELECT (NULL::numbers).n;
SELECT ROW(1,'a',2.5,1.5,'v','2020-01-01',true)::numbers;
SELECT (ROW(1,'a',2.5,1.5,'v','2020-01-01',true)::numbers).x;
SELECT ROW(1)::numbers;
SELECT m::people FROM numbers m;
SELECT m::record FROM numbers m;
SELECT pg_typeof(m) FROM numbers m;
SELECT pg_typeof(ROW(1,2));
SELECT ROW(1,2) UNION SELECT ROW(1,2);
SELECT m FROM numbers m UNION SELECT m FROM numbers m;
SELECT ARRAY[ROW(1,2)];
SELECT ARRAY[m] FROM numbers m;
SELECT max(m) FROM numbers m;
SELECT public.numbers FROM numbers;
SELECT (public.numbers).n FROM numbers;
SELECT x.numbers FROM numbers;
SELECT numbers.numbers FROM numbers;
SELECT numbers.numbers.n FROM numbers;
SELECT 1 a, 2 AS b, 3 "C";
SELECT 1 AS select;
SELECT 1 AS "select";
SELECT 1 user;
SELECT 1 year;
SELECT 1 AS year;
SELECT 1 over;
SELECT 1 name, 2 value, 3 type;
SELECT 1 AS ü;
SELECT n.t t FROM numbers n;
SELECT n AS FROM numbers;
SELECT n n, t t FROM numbers;
SELECT n FROM numbers AS user;
SELECT n FROM numbers x WHERE x.n = 1;
SELECT numbers.n FROM numbers x;
SELECT * FROM numbers LIMIT 1 OFFSET 1;
SELECT * EXCEPT (n) FROM numbers;
SELECT * REPLACE (1 AS n) FROM numbers;
SELECT n FROM numbers SORT BY n;
SELECT n FROM numbers CLUSTER BY n;
SELECT n FROM numbers DISTRIBUTE BY n;
SELECT n FROM numbers LATERAL VIEW explode(x) t;
SELECT n FROM numbers GROUP BY ALL;
SELECT n FROM numbers ORDER BY n WITH FILL;
SELECT n FROM numbers ORDER BY n USING <;
SELECT n FROM numbers ORDER BY n USING >;
SELECT n FROM numbers ORDER BY n USING OPERATOR(pg_catalog.<) NULLS FIRST;
SELECT n FROM numbers ORDER BY n USING +;
SELECT n FROM numbers ORDER BY n ASC NULLS FIRST;
SELECT n INTO foo FROM numbers;
SELECT n FROM numbers WINDOW w AS (ORDER BY n);
SELECT sum(n) OVER w, count(*) OVER (w) FROM numbers WINDOW w AS (PARTITION BY t);
SELECT n FROM numbers WINDOW w AS w2;
SELECT count(*) FILTER (WHERE n > 1) FROM numbers;
SELECT count(*) FILTER (WHERE n > 1) OVER () FROM numbers;
SELECT count(DISTINCT n) FROM numbers;
SELECT count(ALL n) FROM numbers;
SELECT count(n, *) FROM numbers;
SELECT array_agg(n ORDER BY n DESC) FROM numbers;
SELECT string_agg(t, ',' ORDER BY n) FROM numbers;
SELECT mode() WITHIN GROUP (ORDER BY n) FROM numbers;
SELECT rank(1) WITHIN GROUP (ORDER BY n) FROM numbers;
SELECT first_value(n) IGNORE NULLS OVER (ORDER BY n) FROM numbers;
SELECT first_value(n) RESPECT NULLS OVER (ORDER BY n) FROM numbers;
SELECT pg_catalog.count(*) FROM numbers;
SELECT count() FROM numbers;
SELECT now;
SELECT now(*);
SELECT f(DISTINCT 1);
SELECT lower(ALL 'A');
SELECT int4(1.5);
SELECT text(5);
SELECT float8(5);
SELECT numeric(5);
SELECT varchar(5);
SELECT char(5);
SELECT "char"(65);
SELECT "numeric"(5);
SELECT date('2020-01-01');
SELECT "timestamp"('2020-01-01');
SELECT time('10:00');
SELECT "interval"('1 day');
SELECT left('abc', 1), right('abc', 1);
SELECT if(true, 1, 2);
SELECT CONVERT('a', 'UTF8', 'LATIN1');
SELECT CONVERT(int, 1);
SELECT MAP {};
SELECT {'a': 1};
SELECT x -> x + 1 FROM numbers;
SELECT (a, b) -> a FROM numbers;
SELECT INTERVAL 1 DAY;
SELECT 1 MOD 2;
SELECT 1 XOR 2;
SELECT a RLIKE 'b' FROM numbers;
SELECT t REGEXP 'b' FROM numbers;
SELECT 1 == 1;
SELECT 1 <=> 1;
SELECT 'a' 'b';
SELECT "a" "b" FROM numbers;
SELECT 1;
SELECT 0x1F;
SELECT 1.;
SELECT .5;
SELECT 1e5, 1.5e-3;
SELECT 1e;
SELECT 123abc;
SELECT 99999999999999999999;
SELECT 'a\b';
SELECT $1::int;
SELECT $1 + 1;
SELECT :a;
SELECT @a;
SELECT #1;
SELECT [a] FROM numbers;
SELECT /* a /* nested */ b */ 1;
SELECT 1 UNION SELECT 2 INTERSECT SELECT 3;
SELECT 1 UNION DISTINCT SELECT 2;
SELECT 1 EXCEPT ALL SELECT 2;
SELECT 1 MINUS SELECT 2;
SELECT 1 UNION BY NAME SELECT 2;
SELECT 1 AS a UNION SELECT 2 ORDER BY a;
SELECT 1 AS a UNION SELECT 2 ORDER BY a + 1;
(SELECT 1) UNION (SELECT 2);
((SELECT 1));
((SELECT 1) UNION SELECT 2) ORDER BY 1;
(SELECT 1 ORDER BY 1) ORDER BY 1;
(SELECT 1 LIMIT 1) LIMIT 1;
SELECT 1 WHERE;
SELECT 1 FROM;
SELECT , 1;
SELECT 1,;
SELECT 1 FROM numbers,;
SELECT 1 GROUP BY;
SELECT 1 ORDER BY;
SELECT (1;
SELECT 1);
SELEC 1;
SELECT 1 FROM numbers WHERE WHERE;
FROM numbers;
FROM numbers SELECT n;
SELECT 1 LIMIT;
SELECT CAST(1 AS);
SELECT 1::;
SELECT (SELECT 1;
SELECT n FROM numbers t1 t2;
SELECT n FROM numbers AS;
SELECT 1 AS 'a';
SELECT 1 'a';
SELECT * FROM 'numbers';
SELECT * FROM "numbers";
SELECT n FROM numbers WHERE n IN (1,2,);
SELECT f(,1);
SELECT f(1,);
SELECT n.* AS x FROM numbers n;
SELECT * AS x FROM numbers;
SELECT n.*, n.n FROM numbers n;
SELECT nope.* FROM numbers;
SELECT nope.n FROM numbers;
SELECT numbers.n.t FROM numbers;
SELECT a.b.c.d.e FROM numbers;
SELECT count(*) + *;
