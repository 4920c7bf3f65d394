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
# Functions whose arguments are a language of their own.
MORE = {"make_interval": 20, "make_time": 20, "make_timestamp": 30, "make_timestamptz": 30, "date_bin": 30, "age": 25,
        "overlaps": 30, "extract": 40, "date_part": 40, "date_trunc": 40, "to_char": 150, "to_date": 250, "to_timestamp": 250, "to_number": 150, "regexp_replace": 60, "regexp_match": 400, "regexp_like": 60, "regexp_instr": 40, "regexp_substr": 40,
        "regexp_split_to_array": 40, "regexp_count": 40, "split_part": 30, "format": 30, "unistr": 12, "substring": 40,
        "overlay": 20, "similar_to_escape": 20, "parse_ident": 30, "convert_from": 20, "textregexeq": 60,
        "texticregexeq": 30}
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
    "jsonpath": [
        "$",
        "$.a",
        "strict $.a",
        "$[*]",
        "strict $[*]",
        "$.**",
        "$.b[0 to last] + 1",
        "$[*] ? (@ > 1)",
        "$.* ? (@.b == null || exists(@.b))",
        "$.a == 1",
        "$[0].type()",
        "$.size()",
        "-$[*]",
        "$.**{1 to last}.type()",
        "1 / 0",
        "$.keyvalue().key",
        "strict $.x.y",
        "$[last]",
        "$ > $.b",
        "($.a == 1) is unknown",
        "$.**.abs()",
        '$ like_regex "^[a-s]"',
        '$ starts with "s"',
        "$.double() * 2.50",
        "$x",
    ],
    "oid": ["0", "16384", "4294967295"],
    "_text": ["{}", "{a,b}", "{a,NULL}", "{b,a,b}"],
    "_int4": ["{}", "{1,2}", "{2,NULL,2,-1}", "{3}"],
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
    ("regexp_replace", 2): ["-", "<\\&>", "\\1", "[\\2\\1]", "\\\\x\\"],
    ("overlay", 2): ["1", "2", "0", "-1", "5"],
    ("overlay", 3): ["0", "1", "3", "-1"],
    ("char", 0): ["abc", "", "b"],
    ("jsonb_set", 1): PATHS,
    ("jsonb_set_lax", 1): PATHS,
    ("jsonb_insert", 1): PATHS,
    ("jsonb_delete_path", 1): PATHS,
    ("jsonb_extract_path", 1): PATHS,
    ("jsonb_extract_path_text", 1): PATHS,
    ("json_extract_path", 1): PATHS,
    ("json_extract_path_text", 1): PATHS,
    ("jsonb_set_lax", 4): ["use_json_null", "delete_key", "return_target", "raise_exception", "none"],
    ("make_date", 0, "int4"): ["2024", "-44", "0", "1999"],
    ("make_time", 0): ["0", "12", "24", "-1", "25"],
    ("make_time", 1): ["0", "59", "60"],
    ("make_time", 2): ["0", "59.999999", "60", "61", "-1", "0.5"],
    **{("make_interval", place): ["0", "1", "-3", "1000"] for place in range(6)},
    ("make_interval", 6): ["0", "1.5", "-0.0000005", "100000"],
    **{(name, 0): ["2024", "-44", "0", "1999", "294246"] for name in ("make_timestamp", "make_timestamptz")},
    **{(name, 1): ["2", "13", "1", "7"] for name in ("make_timestamp", "make_timestamptz")},
    **{(name, 2): ["29", "31", "1"] for name in ("make_timestamp", "make_timestamptz")},
    **{(name, 3): ["0", "23", "24"] for name in ("make_timestamp", "make_timestamptz")},
    **{(name, 4): ["0", "59"] for name in ("make_timestamp", "make_timestamptz")},
    **{(name, 5): ["0", "59.5", "60", "61"] for name in ("make_timestamp", "make_timestamptz")},
    ("make_timestamptz", 6): ["UTC", "Europe/Berlin", "+05:30", "-8", "5", "nowhere", "EST", "+16"],
    **{("age", place, data_type): ["2024-02-29 12:30:45.123456", "1999-12-31 23:59:59", "2024-03-31 00:00:00", "2001-01-30", "0044-03-15 BC"]
       for place in (0, 1) for data_type in ("timestamp", "timestamptz")},
    ("date_bin", 0): ["15 min", "1 day", "2 hours 30 minutes", "1 mon", "0", "-1 day"],
    ("date_bin", 2): ["2001-01-01", "2030-06-01 12:00", "infinity", "1970-01-01 00:02:30"],
    ("timezone", 0, "interval"): ["02:30:00", "-08:00:00", "1 day", "00:00:00.5"],
    ("format", 0): ["%s", "%I", "%L", "%%", "|%10s|", "|%-10s|", "%1$s %1$L", "%2$s", "%", "%z", "|%-3I|", "%s%s"],
    ("unistr", 0): ["d\\0061t\\+000061", "\\D83D\\DE00", "\\D83D", "\\zz", "\\\\", "\\u00e4\\U0001F600", "x"],
    ("normalize", 0): ["a\u0308", "\u00e4", "\ufb01", "abc"],
    ("normalize", 1): ["NFC", "nfd", "NFKC", "NFKD", "x"],
    ("is_normalized", 0): ["a\u0308", "\u00e4", "\ufb01", "abc"],
    ("is_normalized", 1): ["NFC", "nfd", "NFKC", "NFKD", "x"],
    ("split_part", 0): ["a,b,c", "", "abcabcabc", ",a,", "abc"],
    ("split_part", 1): [",", "", "bcab", "abc"],
    ("split_part", 2): ["1", "2", "-1", "-2", "0", "5", "-5", "2147483647", "-2147483648"],
    ("parse_ident", 0): ['"SomeSchema".someTable', "a.b", "a b", '"a', "a.", ".a", 'a.""', " a . b ", "", "1a", "foo.boo[]", "\u00c4.b$1"],
    ("convert_from", 0): ["\\x616263", "\\xe4", "\\xc3a4", "\\xff", "\\x00", "\\xe282ac", "\\x80"],
    ("convert_from", 1): ["UTF8", "latin1", "LATIN9", "WIN1252", "nope"],
    ("convert", 0): ["\\x616263", "\\xe4", "\\xc3a4"],
    ("convert", 1): ["UTF8", "latin1", "nope"],
    ("convert", 2): ["UTF8", "latin1", "nope"],
    ("convert_to", 0): ["abc", "\u00e4", "\u20ac", "\u0436"],
    ("convert_to", 1): ["UTF8", "latin1", "LATIN9", "WIN1252", "nope"],
    ("get_byte", 1): ["0", "1", "2", "-1"],
    ("set_byte", 1): ["0", "1", "2", "-1"],
    ("get_bit", 1): ["0", "9", "15", "100", "-1"],
    ("set_bit", 1): ["0", "9", "15", "100", "-1"],
    ("set_bit", 2): ["0", "1", "2"],
    ("similar_to_escape", 0): ["a_%", 'a#"b#"c', "[a%]", "a.b\\", "(a|b)*", '#"#"#"', "#_x"],
    ("similar_to_escape", 1): ["#", "", "ab"],
    ("similar_escape", 1): ["#", "", "ab"],
    ("like", 1): ["%", "a%", "_b_", "a\\%", "x%"],
    ("notlike", 1): ["%", "a%", "_b_"],
    ("byteanlike", 1): ["%", "a%", "\\x6125"],
    ("bytealike", 1): ["%", "a%", "\\x6125"],
    ("length", 1): ["UTF8", "latin1", "nope"],
}

# Templates. Numbers and times have different ones.
NUMBER_TEMPLATES = [
    "999", "9.99", "FM9.99", "0.9", "FM0.9", "99,999.99", "9G999D99", "S999", "999S", "999MI", "FM999MI", "PL999", "SG999",
    "999PR", "FM999PR", "L999", "RN", "FMRN", "rn", "999th", "999TH", "99V99", "9.99EEEE", "B999", "0999", "FM0999", "FM999.990",
    '"x"999', "9 9 9", "00.00", "FM90.99", ".99", "FM.99", "9999999999999999999.99", "S9.9", "9.9S", "FM9.9S", "", "9.9.9",
    "S9S", "PR9", "99%", "EEEE9", "MI9.9", "SP9", "9,9,9", "FM9,999.999", "0,000.0", "FM00999.9900", "V9", "999.", "FM999.",
]
TIME_TEMPLATES = [
    "YYYY-MM-DD HH24:MI:SS.US", "Day, DD Month YYYY", "FMDay, FMDD FMMonth YYYY", "DY dd MON yy", "HH12:MI:SS AM", "hh:mi p.m.",
    "J Q WW W D DDD", "IYYY-IW-ID IDDD", "CC YYY Y,YYY BC", "a.d. RM rm FMrm", "SSSS SSSSS MS FF1 FF3 FF6", "TZ tz TZH:TZM OF",
    "DDth Ddth YYYYTH", "FMHH24:FMMI:FMSS", '"T"YYYY\\"x', "TMMonth TMDay tmmon", "YYYY", "yy y i iy iyy", "FF2 FF4 FF5 us ms",
    "MONTH month Mon mon MON", "DAY day Dy dy", "YYYYMMDD", "", "x-X", "YYYYSP", "FXYYYY", "DDTH", "HH", "dDDDdd",
]
READ_TEMPLATES = [
    "YYYY-MM-DD", "YYYYMMDD", "YYYY-MM-DD HH24:MI:SS", "DD Mon YYYY", "DD FMMonth YYYY", "HH12:MI AM", "YY-MM-DD", "Y,YYY-MM-DD",
    "IYYY-IW-ID", "YYYY-DDD", "J", "CC YY", "YYYY WW", "YYYY MM W", "YYYY-MM-DD BC", "RM YYYY", "SSSS", "SS.MS", "SS.US", "FF3",
    "YYYY-MM-DD TZH:TZM", "YYYY TZ", "FXYYYY-MM-DD", "YYYY IW", "DDth Mon YYYY", "Day YYYY", "MM/DD/YYYY", "YYYY-MM-DD Q",
    "YYYYxMMxDD", "YYYY MM  DD", '"d"YYYY', "IYYY IDDD", "HH24:MI:SS.US", "yyyy-mm-dd hh24:mi:ss.ff6", "MONTH", "DY", "D YYYY",
]
READ_TEXTS = [
    "2024-02-29", "20240229", "2024-02-29 12:34:56", "29 Feb 2024", "29 february 2024", "05:30 PM", "24-2-9", "2,024-02-29",
    "2024-09-4", "2024-060", "2460000", "21 05", "0044-03-15 BC", "vi 2024", "3661", "12.5", "12.345678", "2024-02-29 +05:30",
    "2024-02-29 -08:00", "2024-02-30", "2024-13-01", "x", "", "  2024  02  29", "2024/02/29", "29th Feb 2024", "Friday 2024", "d2024",
    "02/29/2024", "13:00 pm", "2024 9", "2024-02-29 25:00:00", "99999999999", "2024-2-29 1:2:3", "Feb", "tue", "4 2024",
]
NUMBER_TEXTS = ["123", "-12.5", "12,345.67", "1 2 3", "<12>", "12-", "+5", "$1.50", "abc", "", ".5", "0012", "1st", "99999", "-", "12.345", "- 1"]
SPECIAL.update({
    ("to_date", 0): READ_TEXTS, ("to_date", 1): READ_TEMPLATES,
    ("to_timestamp", 0): READ_TEXTS, ("to_timestamp", 1): READ_TEMPLATES,
    ("to_number", 0): NUMBER_TEXTS, ("to_number", 1): NUMBER_TEMPLATES,
    # What is looked up by the type of the first argument.
    ("to_char", 1, "number"): NUMBER_TEMPLATES, ("to_char", 1, "time"): TIME_TEMPLATES,
    ("to_char", 0, "int4"): ["0", "1", "-1", "485", "-12", "2147483647", "3999", "12345", "13"],
    ("to_char", 0, "int8"): ["0", "1", "-1", "485", "-12", "9223372036854775807", "4000", "12345", "22"],
    ("to_char", 0, "numeric"): ["0", "0.1", "-0.1", "148.5", "-485", "12.45", "0.0004859", "NaN", "1234567.891", "-0.004", "99.995", "1"],
    ("to_char", 0, "float8"): ["0", "0.1", "-0.1", "148.5", "-485", "1e20", "0.0004859", "NaN", "Infinity", "123456.7891", "-1.5"],
    ("to_char", 0, "float4"): ["0", "0.1", "-0.1", "148.5", "-485", "1e10", "NaN", "-Infinity", "12345.67", "-1.5"],
    ("to_char", 0, "timestamp"): ["2024-02-29 12:30:45.123456", "1999-12-31 00:00:00", "-infinity", "0044-03-15 05:06:07 BC",
                                  "2023-01-01 23:59:59.9", "12024-07-04 13:00:00", "2021-11-23 01:02:03"],
    ("to_char", 0, "interval"): ["1 mon", "30 days", "1 year 2 mons -3 days 04:05:06.7", "-35 days -25:01:02.5", "0", "100:00:00",
                                 "-2 years -3 mons", "3 years"],
})

# Regular expressions, and texts that they say something about.
EXPRESSIONS = [
    "b", "^a", "(", "x*", "[a-c]+", "([a-c])(b)", "\u00e4", "a|ab", "(a|ab)(c|bcd)*", "(.)\\1", "(a*)(ab)*(.*)", "\\d+",
    "(.*?)(\\d+)(.*)", "(.*)(\\d+)(.*)", "\\m\\w+\\M", "(?i)AB", "b(?=c)", "(?<!a)b", "[[:alpha:]]+", "a{2,}?", "[^a-z]", "$", "",
    "(?:a|b)+?c", "((a)|(b))+", "^", "\\s*", "a**", "[z-a]", "\\q", "(a)(?:b|c)\\1?", "x{1,3}y", "(?x) a b # c",
]
SUBJECTS = ["", "abc", "aab", "abcd0123xyz", "\u00c4\u00f6\u00df x", "xabcabcx", "aaaa", "foo bar baz", "a1b22c333", "xxy"]


def expression(chosen, depth, groups):
    """A random expression; `groups` are the numbers of the groups that have ended."""
    def atom():
        kind = chosen.randrange(12)
        if kind < 6 or depth == 0:
            return chosen.choice(["a", "b", "c", ".", "[ab]", "[^a]"])
        if kind == 6 and groups:
            return f"\\{chosen.choice(groups)}"
        if kind == 7:
            return "(?:" + expression(chosen, depth - 1, groups) + ")"
        inner = expression(chosen, depth - 1, groups)
        groups.append(len(groups) + 1)
        return "(" + inner + ")"

    quantifiers = [""] * 5 + ["*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{1,2}?", "{0,2}", "{2,}?"]
    branch = lambda: "".join(atom() + chosen.choice(quantifiers) for _ in range(chosen.randrange(1, 4)))
    return "|".join(branch() for _ in range(chosen.choice([1, 1, 1, 2])))


# The groups of an expression are numbered by where they begin: here none has another inside that is referred to.
PATTERNS = random.Random(4711)
RANDOM = [expression(PATTERNS, 2, []) for _ in range(400)]
RANDOM_SUBJECTS = ["".join(PATTERNS.choice("aabbc") for _ in range(PATTERNS.randrange(1, 12))) for _ in range(60)]
for name in ("regexp_replace", "regexp_match", "regexp_like", "regexp_instr", "regexp_substr", "regexp_split_to_array",
             "regexp_count", "textregexeq", "texticregexeq"):
    SPECIAL[name, 0] = SUBJECTS
    SPECIAL[name, 1] = EXPRESSIONS
for name in ("regexp_match", "regexp_split_to_array"):
    SPECIAL[name, 0] = SUBJECTS + RANDOM_SUBJECTS
    SPECIAL[name, 1] = EXPRESSIONS + RANDOM
FLAGS = ["", "i", "g", "z", "n", "x", "q", "p"]
NUMBERS = ["1", "2", "0", "3", "100"]
SPECIAL.update({("regexp_match", 2): FLAGS, ("regexp_like", 2): FLAGS, ("regexp_split_to_array", 2): FLAGS})
SPECIAL.update({("regexp_replace", 3): [*FLAGS, "ig", "1"], ("regexp_replace", 4): NUMBERS, ("regexp_replace", 5): FLAGS})
SPECIAL.update({("regexp_count", 2): NUMBERS, ("regexp_count", 3): FLAGS})
SPECIAL.update({("regexp_instr", place): NUMBERS for place in (2, 3)})
SPECIAL.update({("regexp_instr", 4): ["0", "1", "2"], ("regexp_instr", 5): FLAGS, ("regexp_instr", 6): ["0", "1", "2", "-1"]})
SPECIAL.update({("regexp_substr", place): NUMBERS for place in (2, 3)})
SPECIAL.update({("regexp_substr", 4): FLAGS, ("regexp_substr", 5): ["0", "1", "2", "-1"]})


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
            # What it answers is another thing every day.
            if row["proname"] == "age" and len(arguments) == 1:
                continue
            if special or not arguments or not all(name in VALUES for name in arguments):
                continue
            # Each function has its own, so that a new one changes no other's cases.
            chosen = random.Random(int(row["oid"]))
            lists = [special_values(row["proname"], place, name, arguments[0]) for place, name in enumerate(arguments)]
            calls = {tuple(chosen.choice(values) for values in lists) for _ in range(MORE.get(row["proname"], PER_NUMERIC_FUNCTION if "numeric" in arguments else PER_FUNCTION))}
            calls.add(tuple([None] + [values[0] for values in lists[1:]]))
            for call in sorted(calls, key=str):
                said = answer(server, row["proname"], arguments, call)
                if said != "!42883":
                    lines.append([row["oid"], said, *map(shown, call)])
    path = ROOT / "src" / "query" / "functions" / "registry" / "cases.tsv"
    path.write_text("".join("\t".join(line) + "\n" for line in lines))


def special_values(function, place, data_type, first):
    """The values to try for an argument: numbers are for numbers."""
    kind = "time" if first.startswith(("time", "interval")) else "number"
    for key in ((function, place, data_type), (function, place, kind)):
        if key in SPECIAL:
            return SPECIAL[key]
    special = SPECIAL.get((function, place))
    is_number = data_type in ("int2", "int4", "int8", "float8", "float4", "numeric")
    if special is None or is_number != all(value.lstrip("-").replace(".", "").isdigit() for value in special):
        return VALUES[data_type]
    return special


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
