#!/usr/bin/env python3
"""Writes catalog/pg_catalog/pg_{type,proc,operator,cast}.csv from a running PostgreSQL 15, and all of its rows
to catalog/postgresql/.

A row stays if it is in the file; rows with OIDs of our own (13000 and above) stay as they are. What PostgreSQL
says of the others is taken over. More rows are named by arguments:

    function:NAME         every function of this name whose types are there
    function:OID          one function
    type:NAME             a type and its array type, with their input and output functions
    operator:NAME         every operator of this name whose types are there
    operator:OID          one operator
    operators, casts      every operator, every cast, whose types are there
    casts:TYPE            those of them from or to one type
    drop:TABLE:OID        the row goes, as in drop:pg_proc:1299; of a function also its operators and casts

What operators and casts call becomes a row of pg_proc. The server is found as psql finds it (PGHOST, PGPORT,
PGUSER, PGDATABASE). `tests/catalog.rs` compares the files with a PostgreSQL 15.
"""

import csv
import io
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FILES = ROOT / "catalog" / "pg_catalog"
TABLES = ["pg_type", "pg_proc", "pg_operator", "pg_cast"]
# PostgreSQL gives its own rows numbers up to 12999; rows of pg_cast get theirs when its catalogs are made.
OWN = 13000


def ask(query):
    """The rows of a query as dicts of text."""
    copy = f"COPY ({query}) TO STDOUT (FORMAT csv, HEADER)"
    output = subprocess.run(
        ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", copy], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    reader = csv.DictReader(io.StringIO(output, newline=""))
    return {int(row["oid"]): row for row in reader}, reader.fieldnames


def main(arguments):
    version = subprocess.run(
        ["psql", "-X", "-q", "-A", "-t", "-c", "SHOW server_version"], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    if not version.startswith("15."):
        sys.exit(f"PostgreSQL 15 is needed, not {version.strip()}")
    theirs, columns, ours = {}, {}, {}
    for table in TABLES:
        theirs[table], columns[table] = ask((Path(__file__).parent / f"{table}.sql").read_text())
        path = FILES / f"{table}.csv"
        with open(path, newline="") as file:
            ours[table] = {int(row["oid"]): row for row in csv.DictReader(file)} if path.stat().st_size else {}
    for argument in arguments:
        include(argument, theirs, ours)
    for table in ("pg_operator", "pg_cast"):
        called = {"pg_operator": "oprcode", "pg_cast": "castfunc"}[table]
        for oid in ours[table]:
            function = int(theirs[table][oid][called])
            if function:
                ours["pg_proc"].setdefault(function, None)
    names = {}
    for oid, row in theirs["pg_proc"].items():
        names.setdefault(row["proname"], oid)
    for oid in ours["pg_type"]:
        for column in ("typinput", "typoutput", "typreceive", "typsend", "typsubscript"):
            name = theirs["pg_type"][oid][column]
            if name != "-":
                ours["pg_proc"].setdefault(names[name], None)
    for table in TABLES:
        with open(FILES / f"{table}.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, columns[table], restval="", extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
            for oid in sorted(ours[table]):
                if oid < OWN and oid not in theirs[table]:
                    sys.exit(f"{table}: PostgreSQL has no row {oid}")
                writer.writerow(theirs[table][oid] if oid < OWN else ours[table][oid])


    # All of PostgreSQL's rows take part when names are resolved. Larger numbers differ between its installations.
    for table in TABLES:
        with open(ROOT / "catalog" / "postgresql" / f"{table}.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, columns[table], lineterminator="\n")
            writer.writeheader()
            for oid in sorted(theirs[table]):
                if oid < 10000 or table == "pg_cast":
                    writer.writerow(theirs[table][oid])


def include(argument, theirs, ours):
    """Adds the rows that an argument names, or drops one."""
    known = lambda row, *names: all(int(row[name]) in ours["pg_type"] or row[name] == "0" for name in names)
    kind, _, name = argument.partition(":")
    before = sum(map(len, ours.values()))
    if kind == "function":
        for oid, row in theirs["pg_proc"].items():
            is_known = known(row, "prorettype") and all(int(t) in ours["pg_type"] for t in row["proargtypes"].split())
            if name == str(oid) or (name == row["proname"] and is_known):
                ours["pg_proc"].setdefault(oid, None)
    elif kind == "type":
        for oid, row in theirs["pg_type"].items():
            if row["typname"] in (name, f"_{name}"):
                ours["pg_type"].setdefault(oid, None)
    elif kind in ("operator", "operators"):
        for oid, row in theirs["pg_operator"].items():
            if name in ("", row["oprname"], str(oid)) and known(row, "oprleft", "oprright", "oprresult"):
                ours["pg_operator"].setdefault(oid, None)
    elif kind == "casts":
        for oid, row in theirs["pg_cast"].items():
            ends = [theirs["pg_type"][int(row[end])]["typname"] for end in ("castsource", "casttarget")]
            if known(row, "castsource", "casttarget") and (not name or name in ends):
                ours["pg_cast"].setdefault(oid, None)
    elif kind == "drop":
        table, _, oid = name.partition(":")
        del ours[table][int(oid)]
        if table == "pg_proc":
            # What the function computes goes with it.
            for other, column in (("pg_operator", "oprcode"), ("pg_cast", "castfunc")):
                rows = [key for key in ours[other] if theirs[other][key][column] == oid]
                for key in rows:
                    del ours[other][key]
    else:
        sys.exit(__doc__)
    if sum(map(len, ours.values())) == before:
        print(f"{argument}: nothing new", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
