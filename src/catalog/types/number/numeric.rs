//! `numeric` as decimal digits: exact, whatever Arrow decimal holds it in the end.

use arrow::datatypes::i256;

use super::integer::{invalid, out_of_range, trim};
use crate::error::{CatalogError, Result};

/// Most digits before the point of PostgreSQL's numeric.
const MAX_WHOLE_DIGITS: i64 = 131_072;
/// Exponents from here on are refused, whatever the digits are: PostgreSQL's `INT_MAX / 2`.
const EXPONENT_BOUND: i64 = 0x3FFF_FFFF;
/// Most digits behind the point.
const MAX_SCALE: i64 = 16_383;

/// A finite decimal number as text has it: sign, digits, and how many of them are behind the point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digits {
    pub negative: bool,
    /// ASCII digits without zeros in front; empty for zero.
    pub digits: Vec<u8>,
    /// How many of the digits are behind the point; zeros in front are implied.
    pub scale: usize,
}

/// Reads a `numeric` as it is written. `numeric(p,s)` is applied later by [`Digits::to_decimal`].
///
/// # Errors
/// 22P02 for what is no number, 22003 beyond PostgreSQL's range, 0A000 for NaN and Infinity, which
/// Arrow's decimals do not have.
pub fn parse_numeric(text: &str) -> Result<Digits> {
    let trimmed = trim(text);
    match Digits::parse(trimmed) {
        Some(number) => number.in_range(),
        None => {
            let word = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed).to_ascii_lowercase();
            if matches!(word.as_str(), "inf" | "infinity") || trimmed.eq_ignore_ascii_case("nan") {
                let message = format!("numeric value \"{trimmed}\" is not supported");
                return Err(CatalogError::NotSupported(message).into());
            }
            Err(invalid("numeric", text))
        }
    }
}

/// 22003 for a value that `numeric(precision, scale)` cannot hold, with PostgreSQL's DETAIL.
pub fn field_overflow(precision: impl Into<i32>, scale: impl Into<i32>) -> CatalogError {
    let (precision, scale) = (precision.into(), scale.into());
    let whole = precision - scale;
    let bound = if whole == 0 { "1".to_owned() } else { format!("10^{whole}") };
    CatalogError::NumberOutOfRange {
        message: "numeric field overflow".into(),
        detail: Some(format!(
            "A field with precision {precision}, scale {scale} must round to an absolute value less than {bound}."
        )),
    }
}

impl Digits {
    /// Reads `[sign] digits [. digits] [e [sign] digits]`. `None` for anything else. The exponent moves
    /// the point; digits behind it stay (`1.50`), and are never added (`1e2` is 100).
    pub fn parse(text: &str) -> Option<Digits> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => {
                let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
                if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                    return None;
                }
                (
                    mantissa,
                    exponent.parse::<i64>().unwrap_or(if exponent.starts_with('-') { i64::MIN } else { i64::MAX }),
                )
            }
            None => (text, 0),
        };
        let unsigned = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
        let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        if whole.is_empty() && part.is_empty() || !whole.bytes().chain(part.bytes()).all(|b| b.is_ascii_digit()) {
            return None;
        }
        if !(-EXPONENT_BOUND..EXPONENT_BOUND).contains(&exponent) {
            return Some(Self::too_big());
        }
        let mut digits: Vec<u8> = whole.bytes().chain(part.bytes()).skip_while(|b| *b == b'0').collect();
        let scale = i64::try_from(part.len()).ok()? - exponent;
        if scale < 0 && !digits.is_empty() {
            if -scale > MAX_WHOLE_DIGITS {
                return Some(Self::too_big());
            } else {
                digits.resize(digits.len() + usize::try_from(-scale).ok()?, b'0');
            }
        }
        let scale = usize::try_from(scale.max(0)).ok()?;
        Some(Digits { negative: mantissa.starts_with('-') && !digits.is_empty(), digits, scale })
    }

    /// A number beyond every bound: it says so without the memory of the number that was written.
    fn too_big() -> Digits {
        Digits { negative: false, digits: vec![b'9'; usize::try_from(MAX_WHOLE_DIGITS).unwrap_or(0) + 1], scale: 0 }
    }

    /// The number, if PostgreSQL's numeric can hold it.
    ///
    /// # Errors
    /// 22003.
    pub fn in_range(self) -> Result<Digits> {
        let count = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
        if count(self.digits.len()) - count(self.scale) > MAX_WHOLE_DIGITS || count(self.scale) > MAX_SCALE {
            return Err(out_of_range("value overflows numeric format".into()));
        }
        Ok(self)
    }

    /// Sets the number of digits behind the point: zeros are added, or digits rounded away, half away from zero.
    pub fn round(&mut self, scale: usize) {
        if scale >= self.scale {
            if !self.digits.is_empty() {
                self.digits.resize(self.digits.len() + scale - self.scale, b'0');
            }
            self.scale = scale;
            return;
        }
        let cut = self.scale - scale;
        self.scale = scale;
        if cut > self.digits.len() {
            self.digits.clear();
        } else {
            let kept = self.digits.len() - cut;
            let up = self.digits[kept] >= b'5';
            self.digits.truncate(kept);
            if up {
                increment(&mut self.digits);
            }
        }
        if self.digits.is_empty() {
            self.negative = false;
        }
    }

    /// The number times `10^scale`, for a column `numeric(precision, scale)`.
    ///
    /// # Errors
    /// 22003 `numeric field overflow` with PostgreSQL's DETAIL.
    pub fn to_decimal(mut self, precision: u8, scale: i8) -> Result<i256> {
        self.round(usize::try_from(scale).unwrap_or(0));
        if self.digits.len() > usize::from(precision) {
            return Err(field_overflow(precision, scale).into());
        }
        Ok(self.to_i256())
    }

    /// The number times `10^scale`, for a column `numeric` without precision.
    ///
    /// # Errors
    /// 22003 for more digits before the point than the column's form has, 0A000 for more behind it: they
    /// would be lost silently.
    pub fn to_unconstrained(mut self, precision: u8, scale: i8) -> Result<i256> {
        let kept = usize::try_from(scale).unwrap_or(0);
        if self.scale > kept {
            let surplus = self.scale - kept;
            if self.digits.iter().rev().take(surplus).any(|digit| *digit != b'0') {
                let message = format!("numeric without precision keeps at most {kept} digits after the decimal point");
                return Err(CatalogError::NotSupported(message).into());
            }
        }
        self.round(kept);
        if self.digits.len() > usize::from(precision) {
            return Err(out_of_range("value overflows numeric format".into()));
        }
        Ok(self.to_i256())
    }

    /// The number times `10^scale` with the digits it has, the precision that takes, and the scale. `None` for more
    /// digits than Arrow's widest decimal has.
    pub fn exact(&self) -> Option<(i256, u8, i8)> {
        const WIDEST: usize = 76;
        let precision = self.digits.len().max(self.scale).max(1);
        if precision > WIDEST {
            return None;
        }
        Some((self.to_i256(), u8::try_from(precision).ok()?, i8::try_from(self.scale).ok()?))
    }

    fn to_i256(&self) -> i256 {
        let ten = i256::from_i128(10);
        let value = self.digits.iter().fold(i256::ZERO, |value, digit| {
            // At most 76 digits are left here, which an i256 holds.
            value.wrapping_mul(ten).wrapping_add(i256::from_i128((digit - b'0').into()))
        });
        if self.negative { value.wrapping_neg() } else { value }
    }

    /// Writes the number with all its digits.
    pub fn write(&self, out: &mut Vec<u8>) {
        if self.negative {
            out.push(b'-');
        }
        write_digits(&self.digits, self.scale, out);
    }
}

/// Writes a decimal of Arrow, given as its digits with a sign, with `scale` digits behind the point. With
/// `trim`, zeros at the end are left out: the form of `numeric` without precision, whose own scale is lost.
pub fn write_decimal(unscaled: &str, scale: i8, trim: bool, out: &mut Vec<u8>) {
    let digits = match unscaled.strip_prefix('-') {
        Some(digits) => {
            out.push(b'-');
            digits
        }
        None => unscaled,
    };
    let mut digits = digits.as_bytes();
    if digits == b"0" {
        digits = b"";
    }
    let Ok(mut scale) = usize::try_from(scale) else {
        out.extend_from_slice(if digits.is_empty() { b"0" } else { digits });
        let zeros = if digits.is_empty() { 0 } else { usize::from(scale.unsigned_abs()) };
        out.resize(out.len() + zeros, b'0');
        return;
    };
    if trim {
        while scale > 0 && digits.last().is_none_or(|digit| *digit == b'0') {
            digits = &digits[..digits.len().saturating_sub(1)];
            scale -= 1;
        }
    }
    write_digits(digits, scale, out);
}

fn write_digits(digits: &[u8], scale: usize, out: &mut Vec<u8>) {
    let whole = digits.len().saturating_sub(scale);
    if whole == 0 {
        out.push(b'0');
    } else {
        out.extend_from_slice(&digits[..whole]);
    }
    if scale > 0 {
        out.push(b'.');
        let part = &digits[whole..];
        out.resize(out.len() + scale - part.len(), b'0');
        out.extend_from_slice(part);
    }
}

fn increment(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
    digits.insert(0, b'1');
}
