//! Numbers as bytes whose order is the order of the numbers.
//!
//! ```text
//!   value = ± 0.d1 d2 … dn × 100^exponent, with digits to the base 100 of which the first and the last are not zero
//!
//!   key    07                         -Infinity
//!          (complement of a positive number's key)
//!          80                         0
//!          8f | exponent + 2^20, 3 bytes | digits     exponent < -30
//!          90 + exponent + 30            | digits     -30 ≤ exponent ≤ 60
//!          f0 | exponent + 2^20, 3 bytes | digits     exponent > 60
//!          f8                         Infinity
//!          f9                         NaN
//!   digit  2d + 1, the last one 2d
//!   suffix scale, one byte up to 253; else two bytes (big endian) and ff
//! ```
//!
//! A key says itself where it ends, so that keys can stand in a row. Equal numbers have equal keys; what makes them
//! print differently, the scale, is a suffix that is read from its end.

use num_bigint::{BigInt, BigUint, Sign};

use super::coefficient::Coefficient;
use super::{Finite, Numeric};

const NEGATIVE_INFINITY: u8 = 0x07;
const ZERO: u8 = 0x80;
const TINY: u8 = 0x8f;
const FIRST: i64 = 0x90 + 30;
const LEAST_SHORT: i64 = -30;
const GREATEST_SHORT: i64 = 60;
const HUGE: u8 = 0xf0;
const INFINITY: u8 = 0xf8;
const NAN: u8 = 0xf9;
const EXPONENT_OFFSET: i64 = 1 << 20;
const LONG_SCALE: u8 = 0xff;
/// Pairs of digits that an `i128` may have, and one more.
const SMALL_PAIRS: usize = 20;

impl Numeric {
    /// Appends the number: its key and its scale.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.encode_key(out);
        let scale = match self {
            Numeric::Finite(number) => number.scale,
            _ => 0,
        };
        match u8::try_from(scale) {
            Ok(short @ ..254) => out.push(short),
            _ => {
                out.extend_from_slice(&scale.to_be_bytes());
                out.push(LONG_SCALE);
            }
        }
    }

    fn encode_key(&self, out: &mut Vec<u8>) {
        match self {
            Numeric::NegativeInfinity => out.push(NEGATIVE_INFINITY),
            Numeric::Infinity => out.push(INFINITY),
            Numeric::NaN => out.push(NAN),
            Numeric::Finite(number) if number.coefficient.is_zero() => out.push(ZERO),
            Numeric::Finite(number) => number.encode_key(out),
        }
    }

    /// Reads what [`encode`](Self::encode) wrote; `None` for other bytes.
    pub fn decode(bytes: &[u8]) -> Option<Numeric> {
        let (key, scale) = split(bytes)?;
        Self::decode_key(key, scale)
    }

    /// The number of a key, printed with `scale` digits behind the point.
    fn decode_key(key: &[u8], scale: u16) -> Option<Numeric> {
        let (&head, rest) = key.split_first()?;
        match head {
            NEGATIVE_INFINITY => return Some(Numeric::NegativeInfinity),
            INFINITY => return Some(Numeric::Infinity),
            NAN => return Some(Numeric::NaN),
            ZERO => return Some(Numeric::from_decimal(0, scale)),
            _ => {}
        }
        // The bytes of a negative number are those of its positive, complemented.
        let mask = if head < ZERO { 0xff } else { 0 };
        let (exponent, digits) = exponent(head ^ mask, rest, mask)?;
        let coefficient = digits_of(digits, mask)?;
        // The digits end so many decimal places behind the point.
        let end = (i64::try_from(digits.len()).ok()? - exponent) * 2;
        let shift = i64::from(scale) - end;
        let coefficient = match shift {
            0 => coefficient,
            1.. => coefficient.times_ten(shift),
            _ => coefficient.divided(&Coefficient::power_of_ten(-shift)).0,
        };
        let coefficient = if mask == 0 { coefficient } else { coefficient.negated() };
        Some(Numeric::Finite(Finite { coefficient, scale }))
    }
}

/// The exponent that a head and what is behind it say, and the digits.
fn exponent(head: u8, rest: &[u8], mask: u8) -> Option<(i64, &[u8])> {
    match head {
        TINY | HUGE => {
            let (bytes, digits) = rest.split_at_checked(3)?;
            let value = bytes.iter().fold(0, |value, byte| value << 8 | i64::from(byte ^ mask));
            Some((value - EXPONENT_OFFSET, digits))
        }
        0x90..HUGE => Some((i64::from(head) - FIRST, rest)),
        _ => None,
    }
}

fn digits_of(bytes: &[u8], mask: u8) -> Option<Coefficient> {
    let digit = |byte: &u8| (byte ^ mask) >> 1;
    if bytes.is_empty() || bytes.iter().any(|byte| digit(byte) > 99) {
        return None;
    }
    if bytes.len() <= 9 {
        let value = bytes.iter().fold(0u64, |value, byte| value * 100 + u64::from(digit(byte)));
        return Some(Coefficient::Small(i128::from(value)));
    }
    if bytes.len() < SMALL_PAIRS {
        let value = bytes.iter().fold(0i128, |value, byte| value * 100 + i128::from(digit(byte)));
        return Some(Coefficient::Small(value));
    }
    let digits: Vec<u8> = bytes.iter().map(digit).collect();
    let magnitude = BigUint::from_radix_be(&digits, 100)?;
    Some(Coefficient::from(BigInt::from_biguint(Sign::Plus, magnitude)))
}

/// The key of an encoded number, and its scale.
fn split(bytes: &[u8]) -> Option<(&[u8], u16)> {
    let (&last, rest) = bytes.split_last()?;
    if last != LONG_SCALE {
        return Some((rest, u16::from(last)));
    }
    let (key, scale) = rest.split_at_checked(rest.len().checked_sub(2)?)?;
    Some((key, u16::from_be_bytes(scale.try_into().ok()?)))
}

/// The part of an encoded number that says its value: equal numbers have equal keys, and keys compare as numbers do.
pub fn key(bytes: &[u8]) -> &[u8] {
    split(bytes).map_or(bytes, |(key, _)| key)
}

/// How long the key at the beginning of some bytes is; `None` if there is none.
pub fn key_length(bytes: &[u8]) -> Option<usize> {
    let head = *bytes.first()?;
    let mask = if head < ZERO { 0xff } else { 0 };
    let digits = match head ^ mask {
        ZERO | INFINITY | NAN => return Some(1),
        TINY | HUGE => 4,
        0x90..HUGE => 1,
        _ => return None,
    };
    let last = bytes.get(digits..)?.iter().position(|byte| (byte ^ mask) & 1 == 0)?;
    Some(digits + last + 1)
}

impl Finite {
    fn encode_key(&self, out: &mut Vec<u8>) {
        // Pairs of digits lie beside the point.
        let scale = self.scale() + (self.scale() & 1);
        let aligned = self.at(scale);
        let mask = if aligned.signum() < 0 { 0xff } else { 0 };
        let mut buffer = [0u8; SMALL_PAIRS];
        let large;
        let digits: &[u8] = match &aligned {
            Coefficient::Small(value) => {
                let mut at = buffer.len();
                let mut rest = value.unsigned_abs();
                while rest > u128::from(u64::MAX) {
                    at -= 1;
                    buffer[at] = u8::try_from(rest % 100).unwrap_or(0);
                    rest /= 100;
                }
                let mut rest = u64::try_from(rest).unwrap_or(0);
                while rest > 0 {
                    at -= 1;
                    buffer[at] = u8::try_from(rest % 100).unwrap_or(0);
                    rest /= 100;
                }
                &buffer[at..]
            }
            Coefficient::Large(value) => {
                large = value.magnitude().to_radix_be(100);
                &large
            }
        };
        let exponent = i64::try_from(digits.len()).unwrap_or(i64::MAX) - scale / 2;
        let zeros = digits.iter().rev().take_while(|digit| **digit == 0).count();
        let digits = &digits[..digits.len() - zeros];
        if (LEAST_SHORT..=GREATEST_SHORT).contains(&exponent) {
            out.push(u8::try_from(FIRST + exponent).unwrap_or(HUGE) ^ mask);
        } else {
            out.push(if exponent < 0 { TINY } else { HUGE } ^ mask);
            let shifted = u32::try_from(exponent + EXPONENT_OFFSET).unwrap_or(u32::MAX);
            out.extend(shifted.to_be_bytes()[1..].iter().map(|byte| byte ^ mask));
        }
        if let Some((last, others)) = digits.split_last() {
            out.extend(others.iter().map(|digit| (digit << 1 | 1) ^ mask));
            out.push(last << 1 ^ mask);
        }
    }
}
