#!/usr/bin/env python3
"""Writes src/query/functions/registry/cases.tsv: calls of the catalog's functions, and what PostgreSQL 15 answers.

One line a call: the function's OID, the answer as text (`!SQLSTATE` for an error, `\\N` for NULL), the arguments as
texts. Functions behind operators and casts are called by their own names. A test computes them again. Needs psycopg;
the server is found as psql finds it.
"""

import csv
import random
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parent.parent.parent
FILES = ROOT / "catalog" / "pg_catalog"
PER_FUNCTION = 10
# Their results have scales of their own, and values that are no finite numbers.
PER_NUMERIC_FUNCTION = 150

VALUES = {
    "bool": ["true", "false"],
    "int2": ["0", "1", "-1", "32767", "-32768", "7", "2"],
    "int4": ["0", "1", "-1", "2147483647", "-2147483648", "10", "3", "2"],
    "int8": ["0", "1", "-1", "9223372036854775807", "-9223372036854775808", "12", "2147483648", "4"],
    "float4": ["0", "1.5", "-2.5", "NaN", "Infinity", "-Infinity", "1e30", "1e-30", "0.1", "-0"],
    "float8": ["0", "1.5", "-2.5", "NaN", "Infinity", "-Infinity", "1e300", "1e-300", "0.1", "-0", "0.5", "2"],
    "numeric": [
        "0", "1.50", "-2.5", "123456789.987654321", "0.001", "-7", "2", "3.5", "1.00", "0.5", "-0.000", "12.5000", "NaN",
        "Infinity", "-Infinity", "98765432109876543210987654321098765432109876.54321", "1e-25", "-1e40", "1.0000001",
        "10", "1000000", "0.9999", "33.33333333333333333333", "600",
    ],
    "text": ["", "abc", "Äöß x", "a%b_c", "  padded ", "aBc", "%", "b", "xabcabcx"],
    "name": ["abc", "b", ""],
    "varchar": ["", "abc", "Äöß x"],
    "char": ["a", "b"],
    "bytea": ["\\x", "\\x00ff", "\\x616263"],
    "date": ["2024-02-29", "1999-12-31", "infinity", "0044-03-15 BC", "1970-01-01"],
    "time": ["00:00:00", "23:59:59.999999", "12:34:56.5"],
    "timestamp": ["2024-02-29 12:30:45.123456", "1999-12-31 23:59:59", "-infinity", "2024-03-31 00:00:00"],
    "timestamptz": ["2024-02-29 12:30:45.123456+00", "1999-12-31 23:59:59+02", "infinity", "2024-03-31 00:00:00+00"],
    "interval": ["1 mon", "30 days", "24:00:00", "1 year 2 mons -3 days 04:05:06.7", "-1 day", "0", "-35 days 25:00:00"],
    "uuid": ["00000000-0000-0000-0000-000000000000", "ffffffff-0000-4000-8000-123456789abc"],
    "json": [
        '{"a": 1, "b": [1, 2]}',
        '[1, "x", null]',
        '"s"',
        "1.0",
        "null",
        '{"b": 1e2, "a": {"c": [true, "\\u0041\\n"]}, "b": 1.10}',
        '[{"a": 1.10}, [2, 3], "a", "b"]',
        "{}",
        "[]",
        ' { "a" : [ ] , "c": "\\u0000" } ',
    ],
    "jsonb": [
        '{"a": 1, "b": [1, 2]}',
        '[1, "x", null]',
        '"s"',
        "1.0",
        "null",
        "1",
        '{"b": 1e2, "a": {"b": {"c": "d"}}, "x": null}',
        '[{"a": 1.10}, [2, 3], "a", "b"]',
        "{}",
        "[]",
        "true",
        '"a"',
        "-12.50",
        "32768",
        "1e300",
        '{"a": {"b": null}, "c": [null, {"d": null}]}',
    ],
    "oid": ["0", "16384", "4294967295"],
    "_text": ["{}", "{a,b}", "{a,NULL}", "{b,a,b}"],
    "_int4": ["{}", "{1,2}"],
    "oidvector": ["1 2", "", "2"],
}
POLYMORPHIC = {
    "anyelement": "text",
    "anynonarray": "text",
    "anycompatible": "text",
    "anycompatiblenonarray": "text",
    "any": "text",
    "anyarray": "_text",
    "anycompatiblearray": "_text",
}
UNITS = ["year", "epoch", "second", "dow", "nonsense", "quarter", "hour", "millennium", "week"]
PATHS = ["{a}", "{a,b}", "{0}", "{-1}", "{b,0}", "{5}", "{-9}", "{x}", "{}", "{a,b,c}", "{0,a}", "{NULL}", "{1,-1}"]
# Arguments that only some values make sense for: by function and place.
SPECIAL = {
    ("date_part", 0): UNITS,
    ("extract", 0): UNITS,
    ("date_trunc", 0): UNITS,
    ("date_trunc", 2): ["UTC", "Europe/Berlin", "nowhere"],
    ("timezone", 0): ["UTC", "Europe/Berlin", "nowhere", "+02"],
    ("left", 1): ["0", "2", "-1", "50"],
    ("right", 1): ["0", "2", "-1", "50"],
    ("encode", 1): ["hex", "base64", "escape", "none"],
    ("decode", 0): ["00ff", "6g", "", "YWJj", "YQ==", "\\001a", "Y=", "\\8"],
    ("decode", 1): ["hex", "base64", "escape", "none"],
    ("repeat", 1): ["0", "3", "-1", "2147483647"],
    ("lpad", 1): ["0", "5", "-1", "2147483647"],
    ("rpad", 1): ["0", "5", "-1", "2147483647"],
    ("make_date", 0): ["2024", "-44", "0", "1999"],
    ("make_date", 1): ["2", "13", "1"],
    ("make_date", 2): ["29", "31", "0"],
    ("numeric", 1): ["-1"],
    ("varchar", 1): ["-1", "6", "8"],
    ("interval", 1): ["-1"],
    ("time", 1): ["-1"],
    ("timestamp", 1): ["-1"],
    ("timestamptz", 1): ["-1"],
    ("round", 1): ["0", "1", "-1", "2", "5"],
    ("trunc", 1): ["0", "1", "-1", "2", "5"],
    ("like_escape", 1): ["!", "", "\\", "ab"],
    ("regexp_replace", 1): ["b", "[a-c]+", "(", "x*"],
    ("regexp_replace", 2): ["-", "<\\&>", "\\1"],
    ("regexp_replace", 3): ["", "g", "i", "z"],
    ("overlay", 2): ["1", "2", "0", "-1", "5"],
    ("overlay", 3): ["0", "1", "3", "-1"],
    ("char", 0): ["abc", "", "b"],
    ("regexp_like", 1): ["b", "^a", "(", "x*", "ä"],
    ("regexp_like", 2): ["", "i", "z", "n"],
    ("regexp_count", 1): ["b", "^a", "(", "[a-c]"],
    ("regexp_count", 2): ["1", "0", "100"],
    ("regexp_count", 3): ["", "i"],
    ("regexp_split_to_array", 1): ["b", "", "[%_]", "x*"],
    ("regexp_split_to_array", 2): ["", "i", "g"],
    ("jsonb_set", 1): PATHS,
    ("jsonb_set_lax", 1): PATHS,
    ("jsonb_insert", 1): PATHS,
    ("jsonb_delete_path", 1): PATHS,
    ("jsonb_extract_path", 1): PATHS,
    ("jsonb_extract_path_text", 1): PATHS,
    ("json_extract_path", 1): PATHS,
    ("json_extract_path_text", 1): PATHS,
    ("jsonb_set_lax", 4): ["use_json_null", "delete_key", "return_target", "raise_exception", "none"],
    ("regexp_match", 1): ["b", "([a-c])(b)", "(", "x*"],
    ("regexp_match", 2): ["", "i", "z"],
}


def main():
    read = lambda name: list(csv.DictReader(open(FILES / f"{name}.csv", newline="")))
    types = {row["oid"]: row["typname"] for row in read("pg_type")}
    lines = []
    with psycopg.connect("", autocommit=True) as connection:
        server = connection.pgconn
        for setting in ("timezone = 'UTC'", "datestyle = 'ISO, MDY'", "intervalstyle = 'postgres'"):
            server.exec_(f"SET {setting}".encode())
        for row in read("pg_proc"):
            arguments = [types.get(oid, "") for oid in row["proargtypes"].split()]
            arguments = [POLYMORPHIC.get(name, name) for name in arguments]
            if types.get(row["prorettype"], "cstring") in ("cstring", "internal"):
                continue
            special = row["proname"].startswith(("pg_", "has_", "obj_", "col_", "shobj_", "current_", "to_reg", "regclass", "row_sec"))
            if row["prokind"] != "f" or row["proretset"] == "t" or row["provolatile"] == "v" or int(row["oid"]) > 12999:
                continue
            if special or not arguments or not all(name in VALUES for name in arguments):
                continue
            # Each function has its own, so that a new one changes no other's cases.
            chosen = random.Random(int(row["oid"]))
            lists = [SPECIAL.get((row["proname"], place), VALUES[name]) for place, name in enumerate(arguments)]
            count = PER_NUMERIC_FUNCTION if "numeric" in arguments else PER_FUNCTION
            calls = {tuple(chosen.choice(values) for values in lists) for _ in range(count)}
            calls.add(tuple([None] + [values[0] for values in lists[1:]]))
            for call in sorted(calls, key=str):
                said = answer(server, row["proname"], arguments, call)
                if said != "!42883":
                    lines.append([row["oid"], said, *map(shown, call)])
    path = ROOT / "src" / "query" / "functions" / "registry" / "cases.tsv"
    path.write_text("".join("\t".join(line) + "\n" for line in lines))


def shown(value):
    return "\\N" if value is None else value.replace("\\", "\\\\")


def answer(server, name, types, call):
    """What PostgreSQL says to a call."""
    literals = []
    for value, data_type in zip(call, types):
        data_type = f'"{data_type}"'
        text = "NULL" if value is None else "'" + value.replace("'", "''") + "'"
        literals.append(f"{text}::pg_catalog.{data_type}")
    result = server.exec_(f'SELECT pg_catalog."{name}"({", ".join(literals)})'.encode())
    if result.status != psycopg.pq.ExecStatus.TUPLES_OK:
        return "!" + result.error_field(psycopg.pq.DiagnosticField.SQLSTATE).decode()
    value = result.get_value(0, 0)
    return shown(None if value is None else value.decode().replace("\n", " "))


if __name__ == "__main__":
    main()
