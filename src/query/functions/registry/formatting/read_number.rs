//! `to_number`: a number read by a template, as text.

use super::numbers::{Node, Shape, SignPlace, Symbol, Template};
use crate::error::{CatalogError, QueryError, Result};

/// Digits behind the point of the power of ten that `V` divides by, and so of the quotient.
const POWER_DIGITS: usize = 16;

/// A text being read: the reading half of `NUM_processor` of `formatting.c`.
struct Reader<'a> {
    shape: &'a Shape,
    source: &'a [u8],
    at: usize,
    sign: u8,
    digits: Vec<u8>,
    before: usize,
    behind: usize,
    has_point: bool,
}

/// Reads a number and writes its text.
///
/// # Errors
/// 22P02 if there is none, 22003 if it has more digits than the template, 0A000 for `RN` and `EEEE`.
pub(super) fn read(text: &str, template: &Template, out: &mut String) -> Result<()> {
    let shape = &template.shape;
    for (is_there, name) in [(shape.exponent, "EEEE"), (shape.roman, "RN")] {
        if is_there {
            return Err(QueryError::NotSupported(format!("\"{name}\" not supported for input")).into());
        }
    }
    let mut reader = Reader {
        shape,
        source: text.as_bytes(),
        at: 0,
        sign: b' ',
        digits: Vec::new(),
        before: 0,
        behind: 0,
        has_point: false,
    };
    reader.run(&template.nodes);
    reader.finish(out)
}

impl Reader<'_> {
    fn peek(&self) -> u8 {
        self.source.get(self.at).copied().unwrap_or(0)
    }

    fn is_at_end(&self) -> bool {
        self.at >= self.source.len()
    }

    /// Over one character, also of several bytes.
    fn skip(&mut self) {
        self.at += 1;
        while self.source.get(self.at).is_some_and(|byte| byte & 0xc0 == 0x80) {
            self.at += 1;
        }
    }

    /// Over characters that no number has.
    fn skip_others(&mut self, count: usize) {
        for _ in 0..count {
            if self.is_at_end() || b"0123456789.,+-".contains(&self.peek()) {
                return;
            }
            self.skip();
        }
    }

    fn run(&mut self, nodes: &[Node]) {
        for node in nodes {
            if self.is_at_end() {
                return;
            }
            let symbol = match node {
                Node::Symbol(symbol, _) => *symbol,
                Node::Character(_) => {
                    self.skip();
                    continue;
                }
            };
            match symbol {
                Symbol::Nine | Symbol::Zero | Symbol::Point | Symbol::LocalePoint => {
                    self.number(symbol);
                    self.at += 1;
                }
                // A comma counts as written, whether a number has begun or not.
                Symbol::Comma | Symbol::Group => {
                    if !self.shape.fills && self.peek() == b',' {
                        self.at += 1;
                    }
                }
                Symbol::Currency => self.skip_others(1),
                Symbol::Ordinal => {
                    if !(self.shape.has_point || self.sign == b'-') {
                        self.skip_others(2);
                    }
                }
                Symbol::Minus | Symbol::Plus | Symbol::Sign => {
                    let wanted: &[u8] = match symbol {
                        Symbol::Minus => b"-",
                        Symbol::Plus => b"+",
                        _ => b"-+",
                    };
                    if wanted.contains(&self.peek()) {
                        self.sign = self.peek();
                        self.at += 1;
                    } else {
                        self.skip_others(1);
                    }
                }
                _ => {}
            }
        }
    }

    /// A digit or the point, with a sign before or behind. The last byte read is left to the caller.
    fn number(&mut self, symbol: Symbol) {
        if self.peek() == b' ' {
            self.at += 1;
        }
        if self.is_at_end() {
            return;
        }
        let is_digit = matches!(symbol, Symbol::Zero | Symbol::Nine);
        if self.sign == b' ' && is_digit && self.before + self.behind == 0 {
            let next = self.peek();
            if self.shape.locale_sign && self.shape.sign_place == Some(SignPlace::Before) {
                if matches!(next, b'-' | b'+') {
                    self.sign = next;
                    self.at += 1;
                }
            } else if next == b'-' || (self.shape.brackets && next == b'<') {
                self.sign = b'-';
                self.at += 1;
            } else if next == b'+' {
                self.sign = b'+';
                self.at += 1;
            }
        }
        if self.is_at_end() {
            return;
        }
        let mut has_read = false;
        if self.peek().is_ascii_digit() {
            if self.has_point && self.behind == self.shape.behind {
                return;
            }
            self.digits.push(self.peek());
            if self.has_point {
                self.behind += 1;
            } else {
                self.before += 1;
            }
            has_read = true;
        } else if self.shape.has_point && !self.has_point && self.peek() == b'.' {
            self.digits.push(b'.');
            self.has_point = true;
            has_read = true;
        }
        if self.sign != b' ' || self.before + self.behind == 0 {
            return;
        }
        if self.shape.locale_sign && has_read {
            if let Some(next @ (b'-' | b'+')) = self.source.get(self.at + 1) {
                self.sign = *next;
                self.at += 1;
            }
        }
    }

    fn finish(mut self, out: &mut String) -> Result<()> {
        if self.digits.last() == Some(&b'.') {
            self.digits.pop();
        }
        if !self.digits.iter().any(u8::is_ascii_digit) {
            let text = format!("{}{}", char::from(self.sign), String::from_utf8_lossy(&self.digits));
            return Err(CatalogError::InvalidText { type_name: "numeric".into(), text }.into());
        }
        let digits = String::from_utf8_lossy(&self.digits).into_owned();
        let (whole, behind) = digits.split_once('.').unwrap_or((&digits, ""));
        let most = self.shape.before + self.shape.shift;
        if whole.trim_start_matches('0').len() > most {
            let (precision, scale) = (most + self.behind, self.behind);
            let error = crate::Error::from(QueryError::NumberOutOfRange("numeric field overflow".into()));
            return Err(error.detail(format!(
                "A field with precision {precision}, scale {scale} must round to an absolute value less than {}{}.",
                if most > 0 { "10^" } else { "" },
                if most > 0 { most.to_string() } else { "1".into() }
            )));
        }
        if self.sign == b'-' {
            out.push('-');
        }
        if !self.shape.shifts {
            out.push_str(&digits);
            return Ok(());
        }
        // `V` has moved the point.
        let shift = self.shape.shift;
        let all = format!("{whole:0>width$}{behind}", width = shift + 1);
        let point = all.len() - behind.len() - shift;
        let (whole, behind) = all.split_at(point);
        out.push_str(&format!("{whole}.{behind:0<POWER_DIGITS$}"));
        Ok(())
    }
}
