"""What an application with asyncpg does; run by tests/clients/asyncpg.rs with the URL of a tenant.

asyncpg sends Flush where others send Sync, and binary values where others send text.
"""

import asyncio
import datetime as dt
import ssl
import sys
import uuid

import asyncpg

URL = sys.argv[1].split("?")[0]

CONTEXT = ssl.create_default_context()
CONTEXT.check_hostname = False
CONTEXT.verify_mode = ssl.CERT_NONE


async def connect():
    return await asyncpg.connect(URL, ssl=CONTEXT, timeout=30, command_timeout=30)


async def queries(connection):
    message = await connection.fetchval(
        "INSERT INTO messages (conversation_id, content) VALUES ($1, $2) RETURNING id", "lobby", "hello"
    )
    assert isinstance(message, uuid.UUID), message
    row = await connection.fetchrow(
        "SELECT author, content, created_at FROM messages WHERE conversation_id = $1 ORDER BY id DESC LIMIT 50", "lobby"
    )
    assert (row["author"], row["content"]) == ("app", "hello"), row
    assert isinstance(row["created_at"], dt.datetime), row


async def errors(connection):
    # An error at each step: Parse, Bind's values, Execute. None may leave the client waiting.
    for sql, arguments, error in (
        ("selec", (), asyncpg.PostgresSyntaxError),
        ("SELECT * FROM nosuch", (), asyncpg.UndefinedTableError),
        ("SELECT 1 / $1::int", (0,), asyncpg.DivisionByZeroError),
    ):
        try:
            await connection.fetch(sql, *arguments)
        except error:
            pass
        else:
            raise AssertionError(f"{sql} succeeded")
        assert await connection.fetchval("SELECT 1") == 1


async def transactions(connection):
    await connection.execute("CREATE TABLE t (id int PRIMARY KEY)")
    try:
        async with connection.transaction():
            await connection.execute("INSERT INTO t VALUES ($1)", 1)
            await connection.execute("INSERT INTO t VALUES ($1)", 1)
    except asyncpg.UniqueViolationError as error:
        assert error.detail == "Key (id)=(1) already exists.", error.detail
    assert await connection.fetchval("SELECT count(*) FROM t") == 0
    async with connection.transaction():
        await connection.executemany("INSERT INTO t VALUES ($1)", [(n,) for n in range(100)])
    seen = 0
    async with connection.transaction():
        async for row in connection.cursor("SELECT id FROM t ORDER BY id", prefetch=7):
            assert row["id"] == seen
            seen += 1
    assert seen == 100


async def listen(connection):
    heard = asyncio.Queue()
    await connection.add_listener("room", lambda *arguments: heard.put_nowait(arguments[2:]))
    other = await connect()
    await other.execute("NOTIFY room, 'hi'")
    assert await asyncio.wait_for(heard.get(), 30) == ("room", "hi")
    await other.close()
    await connection.reset()


async def pool():
    # What a pool does before it hands out a connection again: reset(), which gives back advisory locks.
    async with asyncpg.create_pool(URL, ssl=CONTEXT, min_size=1, max_size=1, command_timeout=30) as connections:
        for _ in range(3):
            async with connections.acquire() as connection:
                assert await connection.fetchval("SELECT 1") == 1


async def main():
    connection = await connect()
    for test in (queries, errors, transactions, listen):
        await test(connection)
        print(test.__name__, "passed")
    await connection.close()
    await pool()
    print("all passed")


asyncio.run(asyncio.wait_for(main(), 120))
