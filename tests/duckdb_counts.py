"""Counts the messages in a table's history files with DuckDB; run by tests/main_job.rs.

Arguments: the history folder of a data directory, and the number of the table. Prints one JSON object.
"""

import json
import pathlib
import sys

import duckdb

history, table = sys.argv[1:3]
files = [str(path) for path in pathlib.Path(history).glob(f"*/{table}/*.parquet")]
rows, rooms, length = duckdb.execute(
    "SELECT count(*), count(DISTINCT conversation_id), sum(length(content)) FROM read_parquet(?)", [files]
).fetchone()
print(json.dumps({"rows": rows, "rooms": rooms, "length": int(length), "files": len(files)}))
