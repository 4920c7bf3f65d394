//! `to_char` of numbers.

use super::numbers::{Node, Shape, SignPlace, Symbol, Template};
use super::ordinal;
use crate::base::limits::VALUE_BYTES;
use crate::error::{CatalogError, QueryError, Result};

/// Digits of a double and of a float that are sure.
const DOUBLE_DIGITS: usize = 15;
const FLOAT_DIGITS: usize = 6;
/// Places of a Roman number.
const ROMAN_WIDTH: usize = 15;
const ROMAN: [(u32, &str); 13] = [
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
];

/// Writes an integer.
///
/// # Errors
/// 22P02 for an ordinal of what is no number.
pub(super) fn int4(value: i32, template: &Template, out: &mut String) -> Result<bool> {
    let mut shape = template.shape.clone();
    let text = if shape.exponent {
        scientific(f64::from(value), shape.behind)
    } else if shape.roman {
        roman(i64::from(value))
    } else {
        // PostgreSQL's product wraps around here.
        let factor =
            if shape.shifts { power(shape.shift).and_then(|factor| i32::try_from(factor).ok()) } else { Some(1) };
        integer(i64::from(value.wrapping_mul(factor.unwrap_or(i32::MIN))), &mut shape)
    };
    finish(&text, template, shape, out)
}

/// Writes a bigint.
///
/// # Errors
/// 22003 if `V` shifts it out of its type.
pub(super) fn int8(value: i64, template: &Template, out: &mut String) -> Result<bool> {
    let mut shape = template.shape.clone();
    let text = if shape.exponent {
        scientific_of(&value.to_string(), shape.behind)
    } else if shape.roman {
        let small = i32::try_from(value).map_err(|_| QueryError::NumberOutOfRange("integer out of range".into()))?;
        roman(i64::from(small))
    } else {
        let overflow = || QueryError::NumberOutOfRange("bigint out of range".into());
        let factor = if shape.shifts { power(shape.shift).ok_or_else(overflow)? } else { 1 };
        integer(value.checked_mul(factor).ok_or_else(overflow)?, &mut shape)
    };
    finish(&text, template, shape, out)
}

fn power(digits: usize) -> Option<i64> {
    u32::try_from(digits).ok().and_then(|digits| 10_i64.checked_pow(digits))
}

/// Writes a double.
///
/// # Errors
/// As [`int4`].
pub(super) fn float8(value: f64, template: &Template, out: &mut String) -> Result<bool> {
    float(value, DOUBLE_DIGITS, template, out)
}

/// Writes a float.
///
/// # Errors
/// As [`float8`].
pub(super) fn float4(value: f32, template: &Template, out: &mut String) -> Result<bool> {
    float(f64::from(value), FLOAT_DIGITS, template, out)
}

fn float(value: f64, sure: usize, template: &Template, out: &mut String) -> Result<bool> {
    let mut shape = template.shape.clone();
    let text = if shape.exponent {
        if value.is_finite() { scientific(value, shape.behind) } else { no_number(&shape) }
    } else if shape.roman {
        // What is no integer is none of the numbers that can be written.
        #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
        roman(value.round_ties_even() as i64)
    } else {
        let mut value = value;
        if shape.shifts {
            #[expect(clippy::cast_precision_loss, reason = "the number of digits of a template is small")]
            let factor = 10_f64.powf(shape.shift as f64);
            value *= factor;
            if sure == FLOAT_DIGITS {
                #[expect(clippy::cast_possible_truncation, reason = "the product is a float as well")]
                let short = value as f32;
                value = f64::from(short);
            }
            shape.before += shape.shift;
        }
        let whole = fixed(value.abs(), 0).len();
        if whole >= sure {
            shape.behind = 0;
        } else if whole + shape.behind > sure {
            shape.behind = sure - whole;
        }
        fixed(value, shape.behind)
    };
    finish_number(text, template, shape, out)
}

fn fixed(value: f64, digits: usize) -> String {
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity".into() } else { "-Infinity".into() }
    } else {
        format!("{value:.digits$}")
    }
}

/// Writes a numeric, which comes as its text.
///
/// # Errors
/// 22003 for a Roman number of what is no integer.
pub(super) fn numeric(value: &str, template: &Template, out: &mut String) -> Result<bool> {
    let mut shape = template.shape.clone();
    let is_number = !value.ends_with(['N', 'y']);
    let text = if shape.exponent {
        if is_number { scientific_of(value, shape.behind) } else { no_number(&shape) }
    } else if shape.roman {
        if !is_number {
            let what = if value.ends_with('N') { "NaN" } else { "infinity" };
            return Err(CatalogError::NotSupported(format!("cannot convert {what} to integer")).into());
        }
        let number = rounded(value, 0).parse::<i32>();
        roman(i64::from(number.map_err(|_| QueryError::NumberOutOfRange("integer out of range".into()))?))
    } else {
        let shifted = if shape.shifts && is_number { moved(value, shape.shift) } else { value.to_owned() };
        if shape.shifts {
            shape.before += shape.shift;
        }
        if is_number { rounded(&shifted, shape.behind) } else { shifted }
    };
    finish_number(text, template, shape, out)
}

/// `#` for a value that has no digits.
fn no_number(shape: &Shape) -> String {
    let mut text: Vec<u8> = vec![b'#'; shape.before + shape.behind + 6];
    text[0] = b' ';
    if let Some(point) = text.get_mut(shape.before + 1) {
        *point = b'.';
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// A decimal text with its point some places to the right.
fn moved(value: &str, places: usize) -> String {
    let (whole, behind) = value.split_once('.').unwrap_or((value, ""));
    let mut digits = format!("{whole}{behind}");
    if behind.len() < places {
        digits.extend(std::iter::repeat_n('0', places - behind.len()));
        return normal(&digits);
    }
    let point = whole.len() + places;
    normal(&format!("{}.{}", &digits[..point], &digits[point..]))
}

/// Without zeros at the beginning.
fn normal(value: &str) -> String {
    let (sign, digits) = match value.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", value),
    };
    let digits = digits.trim_start_matches('0');
    let zero = if digits.is_empty() || digits.starts_with('.') { "0" } else { "" };
    format!("{sign}{zero}{digits}")
}

/// A decimal text with exactly so many digits behind the point; halves go away from zero.
fn rounded(value: &str, scale: usize) -> String {
    let (sign, digits) = match value.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", value),
    };
    let (whole, behind) = digits.split_once('.').unwrap_or((digits, ""));
    let mut kept: Vec<u8> = whole.bytes().chain(behind.bytes().chain(std::iter::repeat(b'0')).take(scale)).collect();
    if behind.as_bytes().get(scale).is_some_and(|digit| *digit >= b'5') {
        increment(&mut kept);
    }
    let mut text = String::from_utf8_lossy(&kept).into_owned();
    if scale > 0 {
        text.insert(text.len() - scale, '.');
    }
    let is_zero = !text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    if is_zero { text } else { format!("{sign}{text}") }
}

/// One more in the last place.
fn increment(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        if *digit == b'9' {
            *digit = b'0';
        } else {
            *digit += 1;
            return;
        }
    }
    digits.insert(0, b'1');
}

/// `%.*e` of C, with a blank for the sign of what is not negative.
fn scientific(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    let blank = if mantissa.starts_with('-') { "" } else { " " };
    format!("{blank}{mantissa}e{sign}{exponent:0>2}")
}

/// The same of a decimal text.
fn scientific_of(value: &str, digits: usize) -> String {
    let (sign, text) = match value.strip_prefix('-') {
        Some(text) => ("-", text),
        None => (" ", value),
    };
    let (whole, behind) = text.split_once('.').unwrap_or((text, ""));
    let all: Vec<u8> = whole.bytes().chain(behind.bytes()).collect();
    let leading = all.iter().take_while(|digit| **digit == b'0').count();
    if leading == all.len() {
        let zeros = "0".repeat(digits);
        let point = if digits > 0 { "." } else { "" };
        return format!(" 0{point}{zeros}e+00");
    }
    let mut exponent = i64::try_from(whole.len()).unwrap_or(0) - 1 - i64::try_from(leading).unwrap_or(0);
    let significant = &all[leading..];
    let mut kept: Vec<u8> = significant.iter().copied().chain(std::iter::repeat(b'0')).take(digits + 1).collect();
    if significant.get(digits + 1).is_some_and(|digit| *digit >= b'5') {
        increment(&mut kept);
        if kept.len() > digits + 1 {
            kept.pop();
            exponent += 1;
        }
    }
    let kept = String::from_utf8_lossy(&kept).into_owned();
    let (first, rest) = kept.split_at(1);
    let point = if digits > 0 { "." } else { "" };
    let mark = if exponent < 0 { '-' } else { '+' };
    format!("{sign}{first}{point}{rest}e{mark}{:02}", exponent.abs())
}

fn roman(value: i64) -> String {
    let Some(mut number) = u32::try_from(value).ok().filter(|number| (1..=3999).contains(number)) else {
        return "#".repeat(ROMAN_WIDTH);
    };
    let mut text = String::new();
    for (worth, letters) in ROMAN {
        while number >= worth {
            text.push_str(letters);
            number -= worth;
        }
    }
    text
}

/// The digits of an integer, with zeros behind the point.
fn integer(value: i64, shape: &mut Shape) -> String {
    if shape.shifts {
        shape.before += shape.shift;
    }
    let mut text = value.to_string();
    if shape.behind > 0 {
        text.push('.');
        text.extend(std::iter::repeat_n('0', shape.behind));
    }
    text
}

fn finish(text: &str, template: &Template, shape: Shape, out: &mut String) -> Result<bool> {
    finish_number(text.to_owned(), template, shape, out)
}

/// Fits the digits into the template.
fn finish_number(text: String, template: &Template, shape: Shape, out: &mut String) -> Result<bool> {
    if template.nodes.is_empty() {
        return Ok(true);
    }
    if shape.exponent {
        out.push_str(&text);
        return Ok(true);
    }
    let (mut sign, mut digits, mut blanks) = ('+', text, 0);
    if !shape.roman {
        if let Some(positive) = digits.strip_prefix('-') {
            (sign, digits) = ('-', positive.to_owned());
        }
        let whole = digits.find('.').unwrap_or(digits.len());
        if whole < shape.before {
            blanks = shape.before - whole;
        } else if whole > shape.before {
            // It does not fit.
            let mut marks = vec![b'#'; shape.before + shape.behind + 1];
            marks[shape.before] = b'.';
            digits = String::from_utf8_lossy(&marks).into_owned();
        }
    }
    Writer::new(template, shape, digits.as_bytes(), sign, blanks, out).run(&template.nodes)?;
    // PostgreSQL writes its end mark where there is no digit left; the text ends there.
    if let Some(end) = out.find('\0') {
        out.truncate(end);
    }
    Ok(true)
}

/// Digits on their way into a template: `NUM_processor` of `formatting.c`.
struct Writer<'a> {
    shape: Shape,
    digits: &'a [u8],
    /// The next digit.
    at: usize,
    sign: char,
    sign_written: bool,
    /// Places of the template before the first digit.
    blanks: usize,
    /// The last digit that counts with `FM`.
    last: Option<usize>,
    place: usize,
    places: usize,
    in_number: bool,
    out: &'a mut String,
}

impl<'a> Writer<'a> {
    fn new(
        template: &Template,
        mut shape: Shape,
        digits: &'a [u8],
        sign: char,
        blanks: usize,
        out: &'a mut String,
    ) -> Self {
        debug_assert!(out.len() as u64 <= VALUE_BYTES && !template.nodes.is_empty());
        shape.zero_start = shape.zero_start.saturating_sub(1);
        if shape.roman {
            shape = Shape { roman: true, fills: shape.fills, ..Shape::default() };
        }
        let sign_written;
        if shape.plus || shape.minus {
            // The sign is written by its own pattern.
            sign_written = shape.minus || !shape.plus;
        } else {
            if sign != '-' && shape.fills {
                shape.brackets = false;
            }
            sign_written = sign == '+' && shape.fills && !shape.locale_sign;
            if shape.sign_place == Some(SignPlace::Before) && shape.before == shape.before_sign {
                shape.sign_place = Some(SignPlace::Behind);
            }
        }
        let mut places = (shape.behind + shape.before).saturating_sub(1);
        let mut last = None;
        if shape.fills && shape.has_point {
            last = digits.iter().position(|digit| *digit == b'.').map(|point| {
                let behind = digits[point..].iter().rposition(|digit| *digit != b'0').unwrap_or(0);
                point + behind
            });
            if let Some(known) = last {
                if shape.zero_end > blanks {
                    let zero = (digits.len() - 1).min(shape.zero_end - blanks);
                    last = Some(known.max(zero));
                }
            }
        }
        if !sign_written && blanks == 0 {
            places += 1;
        }
        Self { shape, digits, at: 0, sign, sign_written, blanks, last, place: 0, places, in_number: false, out }
    }

    fn run(&mut self, nodes: &[Node]) -> Result<()> {
        for node in nodes {
            let (symbol, is_small) = match node {
                Node::Symbol(symbol, is_small) => (*symbol, *is_small),
                Node::Character(character) => {
                    self.out.push(*character);
                    continue;
                }
            };
            let fills = self.shape.fills;
            match symbol {
                Symbol::Nine | Symbol::Zero | Symbol::Point | Symbol::LocalePoint => self.digit(symbol),
                Symbol::Comma | Symbol::Group => {
                    if self.in_number {
                        self.out.push(',');
                    } else if !fills {
                        self.out.push(' ');
                    }
                }
                Symbol::Currency => self.out.push(' '),
                Symbol::Roman => {
                    let text = String::from_utf8_lossy(&self.digits[self.at..]).into_owned();
                    let text = if is_small { text.to_ascii_lowercase() } else { text };
                    if fills {
                        self.out.push_str(&text);
                    } else {
                        self.out.push_str(&format!("{text:>ROMAN_WIDTH$}"));
                    }
                }
                Symbol::Ordinal => {
                    let is_too_long = self.digits.first() == Some(&b'#');
                    if !(self.shape.roman || is_too_long || self.sign == '-' || self.shape.has_point) {
                        let digits = String::from_utf8_lossy(self.digits).into_owned();
                        self.out.push_str(ordinal(&digits, !is_small)?);
                    }
                }
                Symbol::Minus if self.sign == '-' => self.out.push('-'),
                Symbol::Plus if self.sign == '+' => self.out.push('+'),
                Symbol::Minus | Symbol::Plus => {
                    if !fills {
                        self.out.push(' ');
                    }
                }
                Symbol::Sign => self.out.push(self.sign),
                _ => {}
            }
        }
        Ok(())
    }

    fn next_digit(&self) -> u8 {
        self.digits.get(self.at).copied().unwrap_or(0)
    }

    /// Is it the zero before the point that is not written?
    fn is_silent_zero(&self) -> bool {
        !self.shape.has_zero && self.at == 0 && self.digits.first() == Some(&b'0') && self.shape.behind != 0
    }

    fn ends_with_point(&self) -> bool {
        self.last.is_some_and(|last| self.digits.get(last) == Some(&b'.'))
    }

    fn push_sign(&mut self) {
        self.out.push(if self.sign == '-' { '-' } else { '+' });
    }

    fn digit(&mut self, symbol: Symbol) {
        if self.shape.roman {
            return;
        }
        let (has_zero, fills) = (self.shape.has_zero, self.shape.fills);
        self.in_number = false;
        if !self.sign_written
            && (self.place >= self.blanks || (has_zero && self.shape.zero_start == self.place))
            && (!self.is_silent_zero() || self.ends_with_point())
        {
            self.leading_sign();
        }
        if self.place < self.blanks && (self.shape.zero_start > self.place || !has_zero) {
            if !fills {
                self.out.push(' ');
            }
        } else if has_zero && self.place < self.blanks && self.shape.zero_start <= self.place {
            self.out.push('0');
            self.in_number = true;
        } else {
            let digit = self.next_digit();
            if digit == b'.' {
                if self.last.is_none() || !self.ends_with_point() || fills {
                    self.out.push('.');
                }
            } else if self.last.is_some_and(|last| self.at > last) && symbol != Symbol::Zero {
                // Zeros at the end that FM leaves out.
            } else if self.is_silent_zero() {
                if !fills {
                    self.out.push(' ');
                } else if self.ends_with_point() {
                    self.out.push('0');
                }
            } else {
                self.out.push(char::from(digit));
                self.in_number = true;
            }
            if digit != 0 {
                self.at += 1;
            }
        }
        let mut end = self.places + usize::from(self.blanks > 0) + usize::from(self.shape.has_point);
        if self.last == Some(self.at) {
            end = self.place;
        }
        if self.place + 1 == end {
            if self.sign_written && self.shape.brackets {
                self.out.push(if self.sign == '+' { ' ' } else { '>' });
            } else if self.shape.locale_sign && self.shape.sign_place == Some(SignPlace::Behind) {
                self.push_sign();
            }
        }
        self.place += 1;
    }

    fn leading_sign(&mut self) {
        if self.shape.locale_sign {
            if self.shape.sign_place == Some(SignPlace::Before) {
                self.push_sign();
                self.sign_written = true;
            }
            return;
        }
        self.sign_written = true;
        match (self.shape.brackets, self.sign) {
            (true, '+') => self.out.push(' '),
            (true, _) => self.out.push('<'),
            (false, '+') if self.shape.fills => {}
            (false, '+') => self.out.push(' '),
            (false, _) => self.out.push('-'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::functions::registry::formatting::Language;

    #[test]
    fn decimal_texts_are_rounded_and_moved() {
        assert_eq!(rounded("1.995", 2), "2.00");
        assert_eq!(rounded("-0.004", 2), "0.00");
        assert_eq!(rounded("99.5", 0), "100");
        assert_eq!(moved("-1.25", 1), "-12.5");
        assert_eq!(moved("0.5", 3), "500");
        assert_eq!(scientific_of("0.00045", 1), " 4.5e-04");
        assert_eq!(scientific_of("-9.99", 1), "-1.0e+01");
        assert_eq!(scientific_of("0", 2), " 0.00e+00");
    }

    #[test]
    fn templates_are_filled() {
        let write = |value: &str, template: &str| {
            let mut out = String::new();
            numeric(value, &Template::parse(template).unwrap(), &mut out).map(|_| out).unwrap()
        };
        assert_eq!(write("-0.1", "99.99"), "  -.10");
        assert_eq!(write("-0.1", "FM9.99"), "-.1");
        assert_eq!(write("0.1", "0.9"), " 0.1");
        assert_eq!(write("148.5", "999D999"), " 148.500");
        assert_eq!(write("-485", "999S"), "485-");
        assert_eq!(write("485", "L999"), "  485");
        assert_eq!(write("485", "RN"), "        CDLXXXV");
        assert_eq!(write("482", "999th"), " 482nd");
        assert_eq!(write("-485", "999PR"), "<485>");
        assert_eq!(write("12.45", "99V9"), " 125");
        assert_eq!(write("0.0004859", "9.99EEEE"), " 4.86e-04");
    }
}
