"""What an application with psycopg 3 does; run by tests/clients/psycopg.rs with two URLs of the same tenant."""

import datetime as dt
import decimal
import sys
import threading
import uuid

import psycopg
from psycopg.types.json import Jsonb

URL, OTHER = sys.argv[1:3]


def queries():
    with psycopg.connect(URL) as connection:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO messages (conversation_id, content) VALUES (%s, %s) RETURNING id", ("lobby", "hello"))
            (message,) = cursor.fetchone()
            assert isinstance(message, uuid.UUID)
            cursor.execute("SELECT author, content FROM messages WHERE conversation_id = %s ORDER BY id DESC LIMIT 50", ("lobby",))
            assert cursor.fetchall() == [("app", "hello")]
    with psycopg.connect(URL) as connection:
        # The first block has committed at its end.
        assert connection.execute("SELECT count(*) FROM messages").fetchone() == (1,)


def types():
    values = {
        "bool": True,
        "int2": 7,
        "int4": -70000,
        "int8": 1 << 40,
        "float8": 0.1,
        "numeric": decimal.Decimal("12345.67890"),
        "text": "naïve 日本語 🙂",
        "varchar(30)": "short",
        "bytea": b"\x00\xff",
        "date": dt.date(2024, 2, 29),
        "time": dt.time(12, 34, 56, 789000),
        "timestamp": dt.datetime(2024, 2, 29, 12, 34, 56, 789),
        "timestamptz": dt.datetime(2024, 2, 29, 12, 34, 56, tzinfo=dt.timezone.utc),
        "interval": dt.timedelta(days=3, seconds=5, microseconds=7),
        "uuid": uuid.uuid4(),
    }
    with psycopg.connect(URL, autocommit=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        columns = ", ".join(f"c{n} {name}" for n, name in enumerate(values))
        connection.execute(f"CREATE TABLE typed (id int PRIMARY KEY, {columns}, j jsonb)")
        marks = ", ".join(["%s"] * (len(values) + 2))
        for key, binary in ((1, False), (2, True)):
            row = [key, *values.values(), Jsonb({"a": [1, None, "x"]})]
            connection.execute(f"INSERT INTO typed VALUES ({marks})", row, binary=binary)
        nulls = [3] + [None] * (len(values) + 1)
        connection.execute(f"INSERT INTO typed VALUES ({marks})", nulls)
        for binary in (False, True):
            cursor = connection.cursor(binary=binary)
            cursor.execute("SELECT * FROM typed ORDER BY id")
            rows = cursor.fetchall()
            assert len(rows) == 3
            for row in rows[:2]:
                assert list(row[1:-1]) == list(values.values()), (binary, row)
                assert row[-1] == {"a": [1, None, "x"]}, row
            assert rows[2] == (3, *[None] * (len(values) + 1))


def transactions():
    with psycopg.connect(URL) as connection, psycopg.connect(OTHER, autocommit=True) as other:
        connection.execute("CREATE TABLE t (id int PRIMARY KEY)")
        connection.commit()
        connection.execute("INSERT INTO t VALUES (1)")
        assert other.execute("SELECT count(*) FROM t").fetchone() == (0,)
        connection.rollback()
        connection.execute("INSERT INTO t VALUES (2)")
        connection.commit()
        assert other.execute("SELECT id FROM t").fetchall() == [(2,)]
        try:
            connection.execute("INSERT INTO t VALUES (2)")
        except psycopg.errors.UniqueViolation as error:
            assert error.diag.message_detail == "Key (id)=(2) already exists."
            assert error.diag.constraint_name == "t_pkey"
        else:
            raise AssertionError("a duplicate key was taken")
        try:
            connection.execute("SELECT 1")
        except psycopg.errors.InFailedSqlTransaction:
            connection.rollback()
        else:
            raise AssertionError("an aborted transaction went on")


def many():
    with psycopg.connect(URL, autocommit=True) as connection:
        with connection.cursor() as cursor:
            # executemany uses the protocol's pipeline.
            cursor.executemany("INSERT INTO t VALUES (%s)", [(n,) for n in range(100, 1100)])
        with connection.pipeline():
            results = [connection.execute("SELECT count(*) FROM t WHERE id > %s", (n,)) for n in (99, 599)]
        assert [result.fetchone()[0] for result in results] == [1000, 500]
        # The fifth execution of one statement is prepared on the server.
        for n in range(20):
            row = connection.execute("SELECT id FROM t WHERE id = %s", (100 + n,), prepare=n > 3).fetchone()
            assert row == (100 + n,)


def copy():
    with psycopg.connect(URL) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE TABLE copied (id int PRIMARY KEY, v text, at timestamptz)")
        with connection.cursor() as cursor:
            with cursor.copy("COPY copied FROM STDIN") as copy:
                for n in range(10000):
                    copy.write_row((n, f"row\t{n}\n", dt.datetime(2024, 1, 1, tzinfo=dt.timezone.utc)))
            with cursor.copy("COPY copied TO STDOUT") as copy:
                rows = b"".join(copy).decode().splitlines()
            # A message holds one row: what psycopg's own reader of rows relies on.
            for options in ("", "(FORMAT csv, HEADER)"):
                with cursor.copy(f"COPY (SELECT g.i, E'two\\nlines' FROM generate_series(1, 3) AS g(i)) TO STDOUT {options}") as copy:
                    pieces = [bytes(piece) for piece in copy]
                assert len(pieces) == (4 if options else 3), pieces
                assert pieces[-1] == (b'3,"two\nlines"\n' if options else b"3\ttwo\\nlines\n"), pieces
            with cursor.copy("COPY copied TO STDOUT") as copy:
                copy.set_types(["int4", "text", "timestamptz"])
                decoded = list(copy.rows())
            assert len(decoded) == 10000 and decoded[7][:2] == (7, "row\t7\n"), decoded[:8]
        assert (len(rows), rows[0]) == (10000, "0\trow\\t0\\n\t2024-01-01 00:00:00+00"), (len(rows), rows[0])
        connection.commit()
        try:
            with connection.cursor() as cursor, cursor.copy("COPY copied FROM STDIN") as copy:
                copy.write_row((1, "again", None))
        except psycopg.errors.UniqueViolation:
            connection.rollback()
        else:
            raise AssertionError("a duplicate key was taken")


def listen():
    with psycopg.connect(URL, autocommit=True) as listener, psycopg.connect(OTHER, autocommit=True) as sender:
        listener.execute("LISTEN news")
        timer = threading.Timer(0.0, lambda: sender.execute("SELECT pg_notify('news', 'hello')"))
        timer.start()
        for notification in listener.notifies(timeout=30, stop_after=1):
            assert (notification.channel, notification.payload) == ("news", "hello")
            assert notification.pid == sender.info.backend_pid
            break
        else:
            raise AssertionError("no notification came")
        timer.join()


def cancel():
    with psycopg.connect(URL, autocommit=True) as connection, psycopg.connect(OTHER, autocommit=True) as watcher:
        endless = "SELECT count(*) FROM generate_series(1, 200000000000) AS g(x) WHERE g.x % 7 = 8"

        def stop():
            active = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND state = 'active'"
            while watcher.execute(active, (connection.info.backend_pid,)).fetchone() != (1,):
                pass
            connection.cancel_safe(timeout=30)

        thread = threading.Thread(target=stop)
        thread.start()
        try:
            connection.execute(endless)
        except psycopg.errors.QueryCanceled:
            pass
        else:
            raise AssertionError("it was not cancelled")
        thread.join()
        assert connection.execute("SELECT 'on'").fetchone() == ("on",)


def stream():
    with psycopg.connect(URL, autocommit=True) as connection:
        seen = 0
        for (n,) in connection.cursor().stream("SELECT id FROM copied ORDER BY id"):
            assert n == seen
            seen += 1
        assert seen == 10000


for test in (queries, types, transactions, many, copy, listen, cancel, stream):
    test()
    print(test.__name__, "passed")
print("all passed")
