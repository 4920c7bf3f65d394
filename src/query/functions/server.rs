//! Functions that tell of the server and its objects: encodings, sizes as text, what is never there.

use std::sync::Arc;

use arrow::array::{ArrayRef, new_empty_array};
use arrow::datatypes::DataType;
use datafusion::logical_expr::{ScalarUDF, Volatility};

use super::kernel::Kernel;
use super::names;
use super::rowwise::Argument::{Any, Integer, Oid, Relation, Text};
use super::rowwise::{Body, Row, Rowwise};
use crate::catalog::facts::Facts;
use crate::catalog::types::PgType;
use crate::error::{CatalogError, QueryError, Result};
use crate::query::ScalarValue;
use crate::query::environment::Environment;

/// The encodings by number.
const ENCODINGS: [&str; 42] = [
    "SQL_ASCII",
    "EUC_JP",
    "EUC_CN",
    "EUC_KR",
    "EUC_TW",
    "EUC_JIS_2004",
    "UTF8",
    "MULE_INTERNAL",
    "LATIN1",
    "LATIN2",
    "LATIN3",
    "LATIN4",
    "LATIN5",
    "LATIN6",
    "LATIN7",
    "LATIN8",
    "LATIN9",
    "LATIN10",
    "WIN1256",
    "WIN1258",
    "WIN866",
    "WIN874",
    "KOI8R",
    "WIN1251",
    "WIN1252",
    "ISO_8859_5",
    "ISO_8859_6",
    "ISO_8859_7",
    "ISO_8859_8",
    "WIN1250",
    "WIN1253",
    "WIN1254",
    "WIN1255",
    "WIN1257",
    "KOI8U",
    "SJIS",
    "BIG5",
    "GBK",
    "UHC",
    "GB18030",
    "JOHAB",
    "SHIFT_JIS_2004",
];
/// Other names of theirs, without the characters that do not count.
const ENCODING_ALIASES: [(&str, usize); 30] = [
    ("abc", 19),
    ("alt", 20),
    ("euccn", 2),
    ("iso88591", 8),
    ("iso885910", 13),
    ("iso885913", 14),
    ("iso885914", 15),
    ("iso885915", 16),
    ("iso885916", 17),
    ("iso88592", 9),
    ("iso88593", 10),
    ("iso88594", 11),
    ("iso88599", 12),
    ("koi8", 22),
    ("mskanji", 35),
    ("shiftjis", 35),
    ("tcvn", 19),
    ("tcvn5712", 19),
    ("unicode", 6),
    ("vscii", 19),
    ("win", 23),
    ("win932", 35),
    ("win936", 37),
    ("win949", 38),
    ("win950", 36),
    ("windows932", 35),
    ("windows936", 37),
    ("windows949", 38),
    ("windows950", 36),
    ("windows1252", 24),
];
/// Units of sizes, and by how many bits each is larger than a byte.
const UNITS: [(&str, u32); 6] = [("bytes", 0), ("kB", 10), ("MB", 20), ("GB", 30), ("TB", 40), ("PB", 50)];

/// All functions of this file.
pub fn functions() -> Vec<Arc<ScalarUDF>> {
    let mut all = vec![
        Rowwise::new("pg_encoding_to_char", &[Integer], PgType::Name, |_, row| {
            let name = row.integer(0).and_then(|number| ENCODINGS.get(usize::try_from(number).ok()?));
            Ok(ScalarValue::Utf8(Some((*name.unwrap_or(&"")).to_owned())))
        })
        .build(),
        Rowwise::new("pg_char_to_encoding", &[Text], PgType::Int4, |_, row| {
            Ok(ScalarValue::Int32(row.text(0).map(encoding)))
        })
        .build(),
        Rowwise::new("pg_size_bytes", &[Text], PgType::Int8, |_, row| {
            Ok(ScalarValue::Int64(row.text(0).map(size_in_bytes).transpose()?))
        })
        .build(),
        Rowwise::new("pg_get_serial_sequence", &[Text, Text], PgType::Text, serial_sequence).build(),
        Rowwise::new("pg_partition_root", &[Relation], PgType::Regclass, |_, _| Ok(ScalarValue::UInt32(None))).build(),
        Rowwise::new("pg_is_other_temp_schema", &[Oid], PgType::Bool, |_, _| Ok(ScalarValue::Boolean(Some(false))))
            .build(),
    ];
    let nothing: [(&'static str, &[super::rowwise::Argument], usize); 3] = [
        ("pg_current_logfile", &[Text], 1),
        ("pg_collation_actual_version", &[Oid], 0),
        ("pg_database_collation_actual_version", &[Oid], 0),
    ];
    for (name, arguments, optional) in nothing {
        let function = Rowwise::new(name, arguments, PgType::Text, |_, _| Ok(ScalarValue::Utf8(None)));
        all.push(function.optional(optional).build());
    }
    let visible: [(&'static str, Body); 3] = [
        ("pg_type_is_visible", |_, row| visible(row, |oid| Facts::shipped().type_of(oid).is_some())),
        ("pg_function_is_visible", |_, row| visible(row, |oid| Facts::shipped().function(oid).is_some())),
        ("pg_operator_is_visible", |_, row| visible(row, |oid| Facts::shipped().operator(oid).is_some())),
    ];
    all.extend(visible.map(|(name, body)| Rowwise::new(name, &[Oid], PgType::Bool, body).build()));
    // No session waits for the snapshot of another one, and nothing is partitioned.
    all.push(empty_list("pg_safe_snapshot_blocking_pids", PgType::Int4));
    all.push(empty_list("pg_partition_ancestors", PgType::Regclass));
    all.push(
        Rowwise::new("current_schemas", &[Any], PgType::Array(Box::new(PgType::Name)), |environment, row| {
            let path = environment.search_path.iter().filter(|schema| environment.catalog.has_schema(schema));
            let implicit =
                row.boolean(0) == Some(true) && !environment.search_path.iter().any(|own| own == "pg_catalog");
            let implicit = implicit.then(|| "pg_catalog".to_owned());
            let names: Vec<ScalarValue> =
                implicit.into_iter().chain(path.cloned()).map(|name| ScalarValue::Utf8(Some(name))).collect();
            Ok(ScalarValue::List(ScalarValue::new_list_nullable(&names, &DataType::Utf8)))
        })
        .build(),
    );
    all
}

fn empty_list(name: &'static str, element: PgType) -> Arc<ScalarUDF> {
    let list = PgType::Array(Box::new(element));
    let form = list.arrow();
    Kernel::new(name, 1, list, Volatility::Stable, move |_: &Environment, arrays: &[ArrayRef]| {
        let DataType::List(field) = &form else { return Ok(new_empty_array(&form)) };
        let one = ScalarValue::List(ScalarValue::new_list_nullable(&[], field.data_type()));
        let rows = arrays.first().map_or(1, |array| array.len());
        one.to_array_of_size(rows).map_err(crate::query::bind::errors::translate)
    })
}

/// All objects of these kinds are in pg_catalog, which is always on the path; what is not there is NULL.
fn visible(row: &Row<'_>, is_there: impl Fn(u32) -> bool) -> Result<ScalarValue> {
    let oid = row.oid(0, &PgType::Oid)?.unwrap_or(0);
    Ok(ScalarValue::Boolean(is_there(oid).then_some(true)))
}

fn encoding(name: &str) -> i32 {
    let plain = |name: &str| -> String {
        name.chars().filter(char::is_ascii_alphanumeric).map(|character| character.to_ascii_lowercase()).collect()
    };
    let wanted = plain(name);
    let wanted = wanted.strip_prefix("windows125").map_or_else(|| wanted.clone(), |rest| format!("win125{rest}"));
    let found = ENCODINGS.iter().position(|own| plain(own) == wanted);
    let found = found.or_else(|| ENCODING_ALIASES.iter().find(|(own, _)| *own == wanted).map(|(_, number)| *number));
    found.and_then(|number| i32::try_from(number).ok()).unwrap_or(-1)
}

/// `pg_size_bytes`: a number, perhaps with digits behind the point and an exponent, and a unit.
fn size_in_bytes(text: &str) -> Result<i64> {
    let trimmed = text.trim_matches([' ', '\t', '\n', '\r']);
    let invalid = |detail: Option<String>| QueryError::InvalidSize { text: text.to_owned(), detail };
    let digits = |rest: &str| rest.bytes().take_while(u8::is_ascii_digit).count();
    let sign = usize::from(trimmed.starts_with(['-', '+']));
    let whole = digits(&trimmed[sign..]);
    let mut end = sign + whole;
    let mut behind = 0;
    if trimmed[end..].starts_with('.') {
        behind = digits(&trimmed[end + 1..]);
        end += 1 + behind;
    }
    if whole + behind == 0 {
        return Err(invalid(None).into());
    }
    if let Some(rest) = trimmed[end..].strip_prefix(['e', 'E']) {
        let sign = usize::from(rest.starts_with(['-', '+']));
        let length = digits(&rest[sign..]);
        if length > 0 {
            end += 1 + sign + length;
        }
    }
    let (number, unit) = (&trimmed[..end], trimmed[end..].trim_start());
    let bits = match UNITS.iter().find(|(name, _)| unit.is_empty() || name.eq_ignore_ascii_case(unit)) {
        Some((_, bits)) => *bits,
        None => return Err(invalid(Some(format!("Invalid size unit: \"{unit}\"."))).into()),
    };
    let out_of_range = || QueryError::NumberOutOfRange("bigint out of range".into());
    scaled(number, bits).ok_or_else(|| out_of_range().into())
}

/// A decimal number times a power of two, rounded away from zero at one half.
fn scaled(number: &str, bits: u32) -> Option<i64> {
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (number, 0),
    };
    let negative = mantissa.starts_with('-');
    let mantissa = mantissa.trim_start_matches(['-', '+']);
    let (whole, behind) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{behind}");
    let digits = digits.trim_start_matches('0');
    let scale = i32::try_from(behind.len()).ok()? - exponent;
    if digits.is_empty() {
        return Some(0);
    }
    // More digits than a size can have behind the point decide nothing.
    let kept = digits.len().min(30);
    let scale = scale - i32::try_from(digits.len() - kept).ok()?;
    let value = digits[..kept].parse::<i128>().ok()?;
    let value = if scale <= 0 {
        value.checked_mul(10i128.checked_pow(scale.unsigned_abs())?)?.checked_mul(1i128 << bits)?
    } else {
        let divisor = 10i128.checked_pow(scale.unsigned_abs());
        let Some(divisor) = divisor else { return Some(0) };
        let (whole, rest) = (value / divisor, value % divisor);
        // The rest is less than the divisor: what is lost to keep it in range is far behind the point.
        let (rest, divisor) = if divisor > 1 << 70 { (rest >> 40, divisor >> 40) } else { (rest, divisor) };
        let rest = rest.checked_mul(1i128 << bits)?;
        whole.checked_mul(1i128 << bits)?.checked_add((rest * 2 + divisor) / (divisor * 2))?
    };
    i64::try_from(if negative { -value } else { value }).ok()
}

/// No column has a sequence; but the table and the column must be there.
fn serial_sequence(environment: &Environment, row: &Row<'_>) -> Result<ScalarValue> {
    let Some(relation) = row.oid(0, &PgType::Regclass)? else { return Ok(ScalarValue::Utf8(None)) };
    let column = row.text(1).unwrap_or_default();
    let columns = names::columns_of(&environment.catalog, relation).unwrap_or_default();
    if columns.iter().any(|own| own == column) {
        return Ok(ScalarValue::Utf8(None));
    }
    let table = names::relation_by_oid(&environment.catalog, relation).map(|(_, name)| name).unwrap_or_default();
    Err(CatalogError::UnknownColumn { column: column.to_owned(), table }.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_postgresql_reads_them() {
        for (text, bytes) in [
            ("1kB", 1024),
            (" 1.5 MB ", 1_572_864),
            ("-3 TB", -3_298_534_883_328),
            ("0.5", 1),
            ("1e3", 1000),
            ("1 PB", 1 << 50),
            (".5 kb", 512),
        ] {
            assert_eq!(size_in_bytes(text).unwrap(), bytes, "{text}");
        }
        for text in ["", "x", "1 XB", "9223372036854775808", "1e100"] {
            assert!(size_in_bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn encodings_have_many_names() {
        for (name, number) in
            [("UTF8", 6), ("utf-8", 6), ("unicode", 6), ("latin1", 8), ("Windows-1252", 24), ("x", -1)]
        {
            assert_eq!(encoding(name), number, "{name}");
        }
    }
}
