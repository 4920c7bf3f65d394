//! What a parameter accepts, the form in which its value is kept, and the form in which SHOW writes it.

use super::table::{Definition, Kind, Unit};
use crate::Result;
use crate::catalog::types::Zone;
use crate::error::SessionError;

/// Checks a value and brings it into the form that is kept.
///
/// # Errors
/// 22023 with PostgreSQL's words, or 0A000 for a value that PostgreSQL takes and that cannot be honoured.
pub(super) fn normalise(definition: &Definition, value: &str) -> Result<String> {
    let kept = match definition.kind {
        Kind::Bool => match boolean(value) {
            Some(value) => if value { "on" } else { "off" }.to_owned(),
            None => {
                let message = format!("parameter \"{}\" requires a Boolean value", definition.name);
                return Err(SessionError::InvalidParameterValue(message).into());
            }
        },
        Kind::Integer { minimum, maximum, unit } => integer(definition, value, minimum, maximum, unit)?.to_string(),
        Kind::Real { minimum, maximum } => match value.trim().parse::<f64>() {
            Ok(number) if (minimum..=maximum).contains(&number) => number.to_string(),
            Ok(number) => {
                let message = format!(
                    "{number} is outside the valid range for parameter \"{}\" ({minimum} .. {maximum})",
                    definition.name
                );
                return Err(SessionError::InvalidParameterValue(message).into());
            }
            Err(_) => return Err(invalid(definition, value)),
        },
        Kind::Enum(values) => match values.iter().find(|known| known.eq_ignore_ascii_case(value)) {
            Some(known) => (*known).to_owned(),
            None => {
                return Err(SessionError::InvalidChoice {
                    name: definition.name.into(),
                    value: value.into(),
                    choices: values.join(", "),
                }
                .into());
            }
        },
        Kind::Text | Kind::Names => value.to_owned(),
    };
    special(definition, kept)
}

/// The parameters whose values have a meaning of their own.
fn special(definition: &Definition, value: String) -> Result<String> {
    match definition.name {
        "TimeZone" => {
            // `<…>` marks the text of an interval, from SET TIME ZONE INTERVAL: an offset east of Greenwich.
            let zone = match value.strip_prefix('<').and_then(|text| text.strip_suffix('>')) {
                Some(interval) if interval.starts_with(['+', '-']) => offset(interval),
                Some(interval) if interval.starts_with(|c: char| c.is_ascii_digit()) && !interval.contains('<') => {
                    offset(&format!("+{interval}"))
                }
                _ => Zone::parse(&value),
            };
            zone.map(|zone| zone.to_string()).ok_or_else(|| invalid(definition, &value))
        }
        "DateStyle" => date_style(definition, &value),
        "IntervalStyle" if matches!(value.as_str(), "postgres_verbose" | "sql_standard") => {
            Err(refused(definition, &value))
        }
        "client_encoding" => match encoding_name(&value).as_str() {
            "utf8" | "unicode" => Ok("UTF8".into()),
            "sqlascii" | "latin1" | "iso88591" | "win1252" | "latin9" | "win1251" | "euccn" | "sjis" => {
                Err(refused(definition, &value))
            }
            _ => Err(invalid(definition, &value)),
        },
        "standard_conforming_strings" | "transform_null_equals" | "row_security" | "exit_on_error"
            if value != definition.default =>
        {
            Err(refused(definition, &value))
        }
        "default_transaction_isolation" if value == "serializable" => Err(refused(definition, &value)),
        // PostgreSQL keeps only printable ASCII of it.
        "application_name" => Ok(value
            .chars()
            .map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' })
            .take(crate::base::limits::IDENTIFIER_BYTES)
            .collect()),
        _ => Ok(value),
    }
}

/// What PostgreSQL looks at in the name of an encoding: letters and digits. Clients send `'utf-8'`, quotes and all.
pub(crate) fn encoding_name(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// How SHOW writes a kept value.
pub(super) fn display(definition: &Definition, value: &str) -> String {
    let Kind::Integer { unit, .. } = definition.kind else { return value.to_owned() };
    let Ok(number) = value.parse::<i64>() else { return value.to_owned() };
    let scale: &[(&str, i64)] = match unit {
        Unit::None => return value.to_owned(),
        Unit::Milliseconds => &[("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1)],
        Unit::Kilobytes | Unit::Blocks => &[("TB", 1 << 30), ("GB", 1 << 20), ("MB", 1 << 10), ("kB", 1)],
    };
    let number = if unit == Unit::Blocks { number * 8 } else { number };
    if number <= 0 {
        return number.to_string();
    }
    let (name, size) = scale.iter().find(|(_, size)| number % size == 0).expect("the last unit is 1");
    format!("{}{name}", number / size)
}

/// PostgreSQL's booleans: any unambiguous prefix of true, false, yes, no, on, off, 1, 0.
pub(super) fn boolean(value: &str) -> Option<bool> {
    let value = value.trim().to_ascii_lowercase();
    match value.as_str() {
        "" | "o" => None,
        "1" => Some(true),
        "0" => Some(false),
        "on" => Some(true),
        text if "true".starts_with(text) || "yes".starts_with(text) => Some(true),
        text if "false".starts_with(text) || "no".starts_with(text) || "off".starts_with(text) => Some(false),
        _ => None,
    }
}

fn integer(definition: &Definition, value: &str, minimum: i64, maximum: i64, unit: Unit) -> Result<i64> {
    let text = value.trim();
    let digits = text.find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c))).unwrap_or(text.len());
    let (number, suffix) = (text[..digits].parse::<f64>().ok(), text[digits..].trim());
    let factor = match (unit, suffix) {
        (_, "") => Some(1.0),
        (Unit::Milliseconds, "us") => Some(0.001),
        (Unit::Milliseconds, "ms") => Some(1.0),
        (Unit::Milliseconds, "s") => Some(1_000.0),
        (Unit::Milliseconds, "min") => Some(60_000.0),
        (Unit::Milliseconds, "h") => Some(3_600_000.0),
        (Unit::Milliseconds, "d") => Some(86_400_000.0),
        (Unit::Kilobytes | Unit::Blocks, memory) => {
            let kilobytes = match memory {
                "B" => Some(1.0 / 1024.0),
                "kB" => Some(1.0),
                "MB" => Some(1024.0),
                "GB" => Some(1024.0 * 1024.0),
                "TB" => Some(1024.0 * 1024.0 * 1024.0),
                _ => None,
            };
            kilobytes.map(|size| if unit == Unit::Blocks { size / 8.0 } else { size })
        }
        _ => None,
    };
    let (Some(number), Some(factor)) = (number, factor) else { return Err(invalid(definition, value)) };
    let scaled = (number * factor).round_ties_even();
    #[expect(clippy::cast_precision_loss, reason = "bounds are far below 2^53")]
    if !(minimum as f64..=maximum as f64).contains(&scaled) {
        let unit = match unit {
            Unit::None => "",
            Unit::Milliseconds => " ms",
            Unit::Kilobytes => " kB",
            Unit::Blocks => " 8kB",
        };
        let message = format!(
            "{scaled}{unit} is outside the valid range for parameter \"{}\" ({minimum} .. {maximum})",
            definition.name
        );
        return Err(SessionError::InvalidParameterValue(message).into());
    }
    #[expect(clippy::cast_possible_truncation, reason = "rounded, and within the bounds")]
    Ok(scaled as i64)
}

/// An offset such as `+08:00` or `-08`, in hours east of Greenwich.
fn offset(text: &str) -> Option<Zone> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    ((0..=15).contains(&hours) && (0..60).contains(&minutes))
        .then(|| Zone::from_east(sign * (hours * 3600 + minutes * 60)))
}

/// `DateStyle` has two halves, the form and the order; each may be set alone, in any order.
fn date_style(definition: &Definition, value: &str) -> Result<String> {
    let mut order = None;
    for word in value.split([',', ' ']).filter(|word| !word.is_empty()) {
        match word.to_ascii_lowercase().as_str() {
            "iso" => {}
            "default" => order = Some("MDY"),
            "sql" | "german" => return Err(refused(definition, value)),
            word if word.starts_with("postgres") => return Err(refused(definition, value)),
            "mdy" | "us" | "noneuro" | "noneuropean" => order = Some("MDY"),
            "dmy" | "euro" | "european" => order = Some("DMY"),
            "ymd" => order = Some("YMD"),
            _ => return Err(invalid(definition, value)),
        }
    }
    Ok(format!("ISO, {}", order.unwrap_or("MDY")))
}

fn invalid(definition: &Definition, value: &str) -> crate::Error {
    SessionError::InvalidSetting { name: definition.name.into(), value: value.into() }.into()
}

fn refused(definition: &Definition, value: &str) -> crate::Error {
    let message = format!("the value \"{value}\" of parameter \"{}\" is not supported", definition.name);
    SessionError::NotSupported(message).into()
}

#[cfg(test)]
mod tests {
    use super::super::table::definition;
    use super::*;

    fn round(name: &str, value: &str) -> String {
        let definition = definition(name).unwrap();
        match normalise(definition, value) {
            Ok(kept) => display(definition, &kept),
            Err(error) => format!("{}: {error}", error.sqlstate()),
        }
    }

    #[test]
    fn values_are_normalised_as_postgresql_does() {
        for (name, value, shown) in [
            ("statement_timeout", "5000", "5s"),
            ("statement_timeout", "90s", "90s"),
            ("statement_timeout", "2min", "2min"),
            ("statement_timeout", "0", "0"),
            ("work_mem", "4096", "4MB"),
            ("work_mem", "1GB", "1GB"),
            ("effective_cache_size", "524288", "4GB"),
            ("jit", "t", "on"),
            ("jit", "OFF", "off"),
            ("TimeZone", "europe/berlin", "Europe/Berlin"),
            ("DateStyle", "iso", "ISO, MDY"),
            ("DateStyle", "ISO, DMY", "ISO, DMY"),
            ("client_encoding", "utf-8", "UTF8"),
            ("client_encoding", "'utf-8'", "UTF8"),
            ("client_encoding", "UTF 8", "UTF8"),
            ("extra_float_digits", "2", "2"),
            ("application_name", "psql", "psql"),
        ] {
            assert_eq!(round(name, value), shown, "{name} = {value}");
        }
    }

    #[test]
    fn wrong_values_get_postgresqls_words() {
        for (name, value, message) in [
            ("jit", "maybe", "22023: parameter \"jit\" requires a Boolean value"),
            ("statement_timeout", "abc", "22023: invalid value for parameter \"statement_timeout\": \"abc\""),
            (
                "statement_timeout",
                "-1",
                "22023: -1 ms is outside the valid range for parameter \"statement_timeout\" (0 .. 2147483647)",
            ),
            ("bytea_output", "base64", "22023: invalid value for parameter \"bytea_output\": \"base64\""),
            ("TimeZone", "Mars/Base", "22023: invalid value for parameter \"TimeZone\": \"Mars/Base\""),
            ("client_encoding", "nosuch", "22023: invalid value for parameter \"client_encoding\": \"nosuch\""),
        ] {
            assert_eq!(round(name, value), message);
        }
        assert!(round("client_encoding", "LATIN1").starts_with("0A000"));
        assert!(round("standard_conforming_strings", "off").starts_with("0A000"));
    }
}
