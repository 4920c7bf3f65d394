#!/usr/bin/env python3
"""Writes catalog/postgresql/families.csv: to which family of the manual's chapter 9 each function of PostgreSQL 15
belongs, by the patterns of families.txt beside this file. docs/compatibility.md counts them; `tests/catalog.rs`
compares and, with KALAM_WRITE=1, writes the table."""

import csv
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
POSTGRESQL = HERE.parent.parent / "catalog" / "postgresql"
# Functions that only the system calls have arguments or answers of these types.
INTERNAL = {"cstring", "internal", "language_handler", "index_am_handler", "table_am_handler"}


def families():
    """The families in the order of the file, each with its patterns."""
    text = "\n".join(line for line in (HERE / "families.txt").read_text().splitlines() if not line.startswith("#"))
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        title, *rest = paragraph.splitlines()
        yield title, " ".join(rest).split()


def belongs(patterns, name, signature, kind):
    for pattern in patterns:
        if pattern.startswith("="):
            if kind == pattern[1:]:
                return True
        elif r"\(" in pattern:
            if re.match(pattern, signature):
                return True
        elif kind == "f" and re.fullmatch(pattern, name):
            return True
    return False


def main():
    read = lambda name: csv.DictReader(open(POSTGRESQL / f"{name}.csv", newline=""))
    types = {row["oid"]: row["typname"] for row in read("pg_type")}
    known = list(families())
    with open(POSTGRESQL / "families.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["oid", "family"])
        for row in read("pg_proc"):
            arguments = [types.get(oid, oid) for oid in row["proargtypes"].split()]
            if INTERNAL.intersection([*arguments, types.get(row["prorettype"], "")]):
                continue
            signature = f"{row['proname']}({','.join(arguments)})"
            found = [title for title, patterns in known if belongs(patterns, row["proname"], signature, row["prokind"])]
            if found:
                writer.writerow([row["oid"], found[0]])


if __name__ == "__main__":
    main()
