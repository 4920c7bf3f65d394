//! The type `time`: PostgreSQL's `DecodeTimeOnly`. A date and a zone may stand beside the time; they are
//! read, and say nothing.

use super::decode::{DATE, MERIDIEM, Parts, TIME, ZONE};
use super::fault::Fault;
use super::fields::{date, displacement, number, run_together, time, validate_date};
use super::lex::{self, Look};
use super::tokens::{self, Token};
use crate::catalog::types::{OutputStyle, Zone};
use crate::error::Result;

/// Reads a `time`, in microseconds since midnight.
///
/// # Errors
/// 22007 and 22008 as PostgreSQL.
pub fn parse_time(text: &str, style: &OutputStyle) -> Result<i64> {
    decode(text, style).map_err(|fault| fault.of("time", text))
}

fn decode(text: &str, style: &OutputStyle) -> Result<i64, Fault> {
    let fields = lex::fields(text)?;
    let mut parts = Parts::default();
    let mut mask = 0;
    let mut iso = false;
    for (index, (look, field)) in fields.iter().enumerate() {
        let date_may_be_here = index == 0 && fields.len() >= 2;
        let next_is_time = fields.get(1).is_some_and(|(look, _)| *look == Look::Time);
        let last_is_date = fields.last().is_some_and(|(look, _)| *look == Look::Date);
        let found = match look {
            Look::Date if date_may_be_here && (last_is_date || next_is_time) => {
                date(&mut parts, field, mask, style.date_order)?
            }
            Look::Date if field.starts_with(|c: char| c.is_ascii_digit()) => {
                if mask & TIME != 0 {
                    return Err(Fault::BadFormat);
                }
                let dash = field.find('-').ok_or(Fault::BadFormat)?;
                displacement(&field[dash..])?;
                iso = false;
                ZONE | run_together(&mut parts, &field[..dash], mask | DATE)?
            }
            Look::Date => {
                parts.zone = Some(Zone::by_name(field).ok_or_else(|| Fault::UnknownZone(field.clone()))?);
                ZONE
            }
            Look::Time => {
                iso = false;
                time(&mut parts, field)?;
                TIME
            }
            Look::Zone => {
                displacement(field)?;
                ZONE
            }
            Look::Number if iso => {
                iso = false;
                run_together(&mut parts, field, mask | DATE)?
            }
            Look::Number => match field.find('.') {
                Some(_) if date_may_be_here && last_is_date => date(&mut parts, field, mask, style.date_order)?,
                Some(point) if point > 2 => run_together(&mut parts, field, mask | DATE)?,
                Some(_) => return Err(Fault::BadFormat),
                None if field.len() > 4 => run_together(&mut parts, field, mask | DATE)?,
                None => number(&mut parts, field, mask | DATE, style.date_order)?,
            },
            Look::String | Look::Special if Zone::abbreviation(field).is_some() => ZONE,
            Look::String | Look::Special => match tokens::special(field) {
                Some(Token::Ignore) => continue,
                Some(Token::Now) => {
                    parts.set_instant(style.now_us.ok_or(Fault::NoClock)?, &style.time_zone);
                    TIME
                }
                Some(Token::Zulu) => {
                    parts.set_time(0);
                    TIME | ZONE
                }
                Some(word @ (Token::Am | Token::Pm)) => {
                    parts.meridiem = Some(word);
                    MERIDIEM
                }
                Some(word @ (Token::Ad | Token::Bc)) => {
                    parts.bc = word == Token::Bc;
                    0
                }
                Some(Token::IsoTime) => {
                    iso = true;
                    0
                }
                Some(_) => return Err(Fault::BadFormat),
                None => {
                    parts.zone = Some(Zone::named(field).ok_or(Fault::BadFormat)?);
                    ZONE
                }
            },
        };
        if found & mask != 0 {
            return Err(Fault::BadFormat);
        }
        mask |= found;
    }
    validate_date(&mut parts, mask)?;
    parts.apply_meridiem()?;
    if parts.time_overflows() {
        return Err(Fault::FieldOverflow);
    }
    if mask & TIME == 0 {
        return Err(Fault::BadFormat);
    }
    // A zone whose offset depends on the day needs a day.
    if parts.zone.as_ref().is_some_and(|zone| !matches!(zone, Zone::Fixed { .. })) && mask & DATE != DATE {
        return Err(Fault::BadFormat);
    }
    Ok(parts.time_us())
}
