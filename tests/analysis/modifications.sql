-- INSERT: rows.
INSERT INTO numbers VALUES (1, 'a', 1.5, 2, 'abc', '2020-01-01', true)
INSERT INTO numbers VALUES ($1, $2, $3, $4, $5, $6, $7)
INSERT INTO numbers (n, t) VALUES ($1, $2), (3, $3)
INSERT INTO numbers (t, n) VALUES ($1 || 'x', $2 + 1) RETURNING n, t
INSERT INTO numbers (n) VALUES ($1), ($1 + 1)
INSERT INTO numbers (n, t) VALUES ($1, $1)
INSERT INTO numbers (n, t) VALUES ($2, 'x')
INSERT INTO numbers (n) VALUES (n)
INSERT INTO numbers (n) VALUES (numbers.n)
INSERT INTO people VALUES (1, 2, 3, 4, 5, 6)
INSERT INTO people (id, name) VALUES (1)
INSERT INTO people (id, name) VALUES ((1, 2))
INSERT INTO people (id, name) VALUES (ROW(1, 2))
INSERT INTO people (id, name) VALUES (1, 2, 3)
INSERT INTO people (id, id) VALUES (1, 2)
INSERT INTO people (id, nosuch) VALUES (1, 2)
INSERT INTO people (people.id) VALUES (1)
INSERT INTO people (id.x) VALUES (1)
INSERT INTO people (id) VALUES (true)
INSERT INTO people (id) VALUES ('x')
INSERT INTO people (id) VALUES ('9000000000')
INSERT INTO people (id) VALUES (1.5)
INSERT INTO people (id) VALUES (9000000000)
INSERT INTO people (id, name) VALUES (1, true), (2, now()), (3, 4)
INSERT INTO people (id, born) VALUES (1, now()), (2, '2020-01-01'::timestamp), (3, '2020-01-01'::text)
INSERT INTO people (id, born) VALUES (1, 1)
INSERT INTO people (id, name) VALUES (1, 'x'), (2)
INSERT INTO people (id, name) VALUES (1, 'x'), (2, 'y', 'z')
INSERT INTO people (id) VALUES (DEFAULT), ((DEFAULT))
INSERT INTO people (id) VALUES (DEFAULT + 1)
INSERT INTO people (id) VALUES (coalesce(DEFAULT, 1))
INSERT INTO people (id) SELECT DEFAULT
SELECT DEFAULT
SELECT "default" FROM people
VALUES (DEFAULT)
INSERT INTO people (id) VALUES (count(*))
INSERT INTO people (id) VALUES (1), (count(*))
INSERT INTO people (id) VALUES (generate_series(1, 2)) RETURNING id
INSERT INTO people (id) VALUES (generate_series(1, 2)), (3)
INSERT INTO people (id) VALUES (rank() OVER ())
INSERT INTO people (id) VALUES (1), (rank() OVER ())
INSERT INTO people (id, name) VALUES (1, (SELECT name FROM people LIMIT 1)), (2, (SELECT 'x'))
INSERT INTO people (id, name) VALUES (1, (SELECT 1, 2))
INSERT INTO people (id) VALUES ((SELECT nosuch))
INSERT INTO people DEFAULT VALUES RETURNING *
INSERT INTO people VALUES (1) RETURNING id AS i, *, people.*, public.people.name, 'x', 1, NULL, now()
INSERT INTO nosuch VALUES (1)
INSERT INTO nosuch.people VALUES (1)
INSERT INTO other.public.people VALUES (1)
WITH w AS (SELECT 1 AS a) INSERT INTO w VALUES (1)
WITH w AS (SELECT 1 AS a) INSERT INTO people (id) SELECT a FROM w RETURNING id
WITH w AS (SELECT 1 AS a) INSERT INTO people (id) VALUES ((SELECT a FROM w)), ((SELECT a + 1 FROM w))
WITH w AS (SELECT 1 AS a) INSERT INTO people (id) WITH w AS (SELECT 2 AS b) SELECT b FROM w
WITH w AS (SELECT 1 AS a) INSERT INTO people (id) WITH w AS (SELECT 2 AS b) SELECT a FROM w
INSERT INTO people (id) WITH w AS (SELECT 2 AS b) SELECT b FROM w
INSERT INTO people AS p (id) VALUES (1) RETURNING people.id
INSERT INTO people AS p (id) VALUES (1) RETURNING p.id, p.*
INSERT INTO people (id) VALUES (1) RETURNING nosuch
INSERT INTO people (id) VALUES (1) RETURNING posts.title
INSERT INTO people (id) VALUES (1) RETURNING count(*)
INSERT INTO people (id) VALUES (1) RETURNING generate_series(1, 2)
INSERT INTO people (id) VALUES (1) RETURNING rank() OVER ()
INSERT INTO people (id) VALUES (1) RETURNING (SELECT max(title) FROM posts WHERE author = people.id)
INSERT INTO people (id) VALUES (1) RETURNING $1, $2 + id, $3 || name
INSERT INTO numbers (v, x) VALUES ('abc', 1.25) RETURNING v, x, v || 'x', x + 1, -x
INSERT INTO wide (jb, j) VALUES ('{}', '[]'), ($1, $2)
INSERT INTO wide (jb) VALUES ('{')
INSERT INTO wide (jb) VALUES (1)
INSERT INTO wide (s, r) VALUES (40000, 1.5), (1, 'x')
INSERT INTO messages (conversation_id, id, metadata, created_at) VALUES ($1, $2, $3, $4)
INSERT INTO messages (conversation_id, id) VALUES ('a', 'nonsense')
-- INSERT: queries.
INSERT INTO people SELECT * FROM people
INSERT INTO people (id, name) SELECT author, title FROM posts ORDER BY n LIMIT 5 RETURNING *
INSERT INTO people (id, name) SELECT $1, $2
INSERT INTO people (id, name) SELECT DISTINCT $1, $2
INSERT INTO people (id, name) SELECT 'x', 'y'
INSERT INTO people (id, born) SELECT '1', '2020-01-01'
INSERT INTO people (id) SELECT 'x' UNION SELECT 'y'
INSERT INTO people (id, born) SELECT 1, '2020-01-01' UNION ALL SELECT 2, '2021-01-01'
INSERT INTO people (id) SELECT true
INSERT INTO people (id, name) SELECT 1
INSERT INTO people (id) SELECT 1, 2
INSERT INTO people (id) SELECT id, name FROM people
INSERT INTO people (id) SELECT name FROM people
INSERT INTO people (id) SELECT name::text FROM people
INSERT INTO people (id, name) VALUES (1, 'x') ORDER BY 1
INSERT INTO people (id, born) VALUES (1, '2020-01-01') ORDER BY 1
INSERT INTO people (id) VALUES ('1'), ('2') LIMIT 1
INSERT INTO people (id, name) SELECT p.id, nosuch FROM people p
INSERT INTO people (id) SELECT people.id FROM posts
INSERT INTO people (id) TABLE numbers
INSERT INTO people (id) (SELECT 1)
INSERT INTO people (id) ((VALUES (1), (2)))
INSERT INTO people (id) SELECT n FROM numbers GROUP BY n HAVING count(*) > $1
-- UPDATE.
UPDATE people SET id = true
UPDATE people SET nosuch = 1
UPDATE people SET people.id = 1
UPDATE people SET id.x = 1
UPDATE people SET id = 1, id = 2
UPDATE people SET (id, name) = (1, 2), id = 3
UPDATE people SET id = 1, nosuch = 2, id = 3
UPDATE people SET (id, name) = (1, DEFAULT)
UPDATE people SET (id, name) = (1)
UPDATE people SET (id, name) = (1, 2, 3)
UPDATE people SET (id, name) = 1
UPDATE people SET (id) = (1)
UPDATE people SET (id) = ROW(1)
UPDATE people SET (id) = (SELECT 1)
UPDATE people SET (id, name) = ROW(1, $1), city = $2
UPDATE people SET (id, name) = ROW(1)
UPDATE people SET (id, name) = (SELECT 1)
UPDATE people SET (id, name) = (SELECT 1, 2, 3)
UPDATE people SET (id, name) = (SELECT author, title FROM posts WHERE author = people.id LIMIT 1)
UPDATE people SET (id, name) = (SELECT true, 1)
UPDATE people SET (id, name) = (SELECT author, title FROM posts WHERE nosuch)
UPDATE people SET (id, nosuch) = (1, 2)
UPDATE people SET id = DEFAULT, name = (DEFAULT)
UPDATE people SET id = DEFAULT + 1
UPDATE people SET id = count(*)
UPDATE people SET id = rank() OVER ()
UPDATE people SET id = generate_series(1, 2)
UPDATE people SET id = (SELECT count(*) FROM posts WHERE author = people.id)
UPDATE people SET id = (SELECT 1, 2)
UPDATE people SET id = 1 WHERE count(*) > 0
UPDATE people SET id = 1 WHERE id
UPDATE people SET id = 1 WHERE nosuch = 1
UPDATE people SET id = 1 WHERE EXISTS (SELECT 1 FROM posts WHERE author = people.id) AND id IN (SELECT n FROM numbers)
UPDATE people SET id = 1 FROM people
UPDATE people SET id = 1 FROM people AS p WHERE p.id = people.id
UPDATE people AS p SET id = 1 FROM people WHERE p.id = people.id RETURNING p.id, people.id, *
UPDATE people AS p SET id = 1 WHERE people.id = 1
UPDATE people AS p SET id = p.id + 1, points = points + 1 WHERE p.id = $1 RETURNING p.*
UPDATE people SET id = 1 FROM (SELECT people.id) s
UPDATE people SET id = 1 FROM LATERAL (SELECT people.id) s
UPDATE people SET id = 1 FROM posts, LATERAL (SELECT posts.n) s
UPDATE people SET id = s.b FROM numbers s
UPDATE people SET name = nosuch FROM posts
UPDATE people SET name = id FROM people p
UPDATE people SET name = p.title, points = p.n FROM posts p WHERE p.author = id RETURNING *
UPDATE people SET points = v.a FROM (VALUES (1), (2)) v(a) WHERE id = v.a RETURNING v.a, name
UPDATE people SET points = 1 FROM posts JOIN numbers USING (n) WHERE id = author RETURNING n, posts.n, title
UPDATE people SET id = 1 RETURNING count(*)
UPDATE people SET id = 1 RETURNING nosuch
UPDATE people SET id = $1, born = $2 WHERE name = $3 AND points > $4 RETURNING $5 || name
UPDATE people SET points = $1 + points, name = $2
UPDATE people SET name = NULL, born = NULL, points = NULL
UPDATE people SET born = 'x'
UPDATE people SET born = 1
UPDATE numbers SET v = 'abcdef'::text, x = '1.239', f = 1, b = 't', d = now()
UPDATE numbers SET b = 1
UPDATE nosuch SET id = 1
UPDATE people SET id = 1 FROM nosuch
WITH w AS (SELECT 1 AS a) UPDATE people SET id = a FROM w WHERE id = w.a RETURNING w.a
WITH people AS (SELECT 1 AS a) UPDATE people SET id = 1 RETURNING *
-- DELETE.
DELETE FROM people
DELETE FROM people USING people
DELETE FROM people WHERE nosuch
DELETE FROM people WHERE id
DELETE FROM people WHERE id = $1 AND name = $2
DELETE FROM people p WHERE people.id = 1
DELETE FROM people AS p WHERE p.id = 1 RETURNING p.id AS gone, p.*
DELETE FROM people USING people p WHERE id = 1
DELETE FROM people USING posts WHERE author = id RETURNING *
DELETE FROM people USING posts, numbers WHERE author = id AND posts.n = numbers.n RETURNING title, t, name
DELETE FROM people USING LATERAL (SELECT people.id) s
DELETE FROM people WHERE count(*) > 1
DELETE FROM people WHERE rank() OVER () > 1
DELETE FROM people WHERE generate_series(1, 2) > 1
DELETE FROM people WHERE id IN (SELECT author FROM posts) AND NOT EXISTS (SELECT FROM numbers WHERE n = id)
DELETE FROM people WHERE id = (SELECT nosuch FROM posts)
DELETE FROM people RETURNING name || 1, count(*)
DELETE FROM nosuch
WITH w AS (SELECT 1 AS a) DELETE FROM people USING w WHERE id = a RETURNING id, a
WITH w AS (SELECT 1 AS a) DELETE FROM people WHERE id IN (SELECT a FROM w) AND name = $1
