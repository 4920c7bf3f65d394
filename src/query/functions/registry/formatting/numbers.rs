//! Templates for numbers.

use super::Language;
use crate::error::{Error, QueryError, Result};

/// What a pattern stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symbol {
    Comma,
    Point,
    Zero,
    Nine,
    Blank,
    Currency,
    LocalePoint,
    Exponent,
    Fill,
    Group,
    Minus,
    Plus,
    Brackets,
    Roman,
    Sign,
    Spelled,
    LocaleSign,
    Ordinal,
    Shift,
}

const PATTERNS: [(&str, Symbol); 20] = [
    (",", Symbol::Comma),
    (".", Symbol::Point),
    ("0", Symbol::Zero),
    ("9", Symbol::Nine),
    ("B", Symbol::Blank),
    ("C", Symbol::Spelled),
    ("D", Symbol::LocalePoint),
    ("EEEE", Symbol::Exponent),
    ("FM", Symbol::Fill),
    ("G", Symbol::Group),
    ("L", Symbol::Currency),
    ("MI", Symbol::Minus),
    ("PL", Symbol::Plus),
    ("PR", Symbol::Brackets),
    ("RN", Symbol::Roman),
    ("SG", Symbol::Sign),
    ("SP", Symbol::Spelled),
    ("S", Symbol::LocaleSign),
    ("TH", Symbol::Ordinal),
    ("V", Symbol::Shift),
];

#[derive(Clone, Copy, Debug)]
pub(super) enum Node {
    /// A symbol, and whether it is written in small letters.
    Symbol(Symbol, bool),
    Character(char),
}

/// Where the sign of `S` stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignPlace {
    Before,
    Behind,
}

/// What the patterns of a template say together.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    /// Digits before and behind the point, and those that `V` shifts.
    pub(super) before: usize,
    pub(super) behind: usize,
    pub(super) shift: usize,
    /// The place of the first zero, from 1; 0 without one. Where the last one stands.
    pub(super) zero_start: usize,
    pub(super) zero_end: usize,
    pub(super) sign_place: Option<SignPlace>,
    /// The digits before the sign of `S`.
    pub(super) before_sign: usize,
    pub(super) has_point: bool,
    pub(super) fills: bool,
    pub(super) has_zero: bool,
    pub(super) blank: bool,
    pub(super) locale_sign: bool,
    pub(super) brackets: bool,
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) roman: bool,
    pub(super) shifts: bool,
    pub(super) exponent: bool,
}

#[derive(Debug)]
pub(super) struct Template {
    pub(super) nodes: Vec<Node>,
    pub(super) shape: Shape,
}

fn syntax(message: &str) -> Error {
    QueryError::Syntax(message.into()).into()
}

impl Shape {
    fn add(&mut self, symbol: Symbol) -> Result<()> {
        if self.exponent && symbol != Symbol::Exponent {
            return Err(syntax("\"EEEE\" must be the last pattern used"));
        }
        match symbol {
            Symbol::Nine => {
                if self.brackets {
                    return Err(syntax("\"9\" must be ahead of \"PR\""));
                }
                if self.shifts {
                    self.shift += 1;
                } else if self.has_point {
                    self.behind += 1;
                } else {
                    self.before += 1;
                }
            }
            Symbol::Zero => {
                if self.brackets {
                    return Err(syntax("\"0\" must be ahead of \"PR\""));
                }
                if !self.has_zero && !self.has_point {
                    self.has_zero = true;
                    self.zero_start = self.before + 1;
                }
                if self.has_point {
                    self.behind += 1;
                } else {
                    self.before += 1;
                }
                self.zero_end = self.before + self.behind;
            }
            Symbol::Blank => self.blank |= self.before == 0 && self.behind == 0 && !self.has_zero,
            Symbol::Point | Symbol::LocalePoint => {
                if self.has_point {
                    return Err(syntax("multiple decimal points"));
                }
                if self.shifts {
                    return Err(syntax("cannot use \"V\" and decimal point together"));
                }
                self.has_point = true;
            }
            Symbol::Fill => self.fills = true,
            Symbol::LocaleSign => {
                if self.locale_sign {
                    return Err(syntax("cannot use \"S\" twice"));
                }
                if self.plus || self.minus || self.brackets {
                    return Err(syntax("cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together"));
                }
                if !self.has_point {
                    self.sign_place = Some(SignPlace::Before);
                    self.before_sign = self.before;
                } else if self.sign_place.is_none() {
                    self.sign_place = Some(SignPlace::Behind);
                }
                self.locale_sign = true;
            }
            Symbol::Minus => {
                self.not_with_sign("MI")?;
                self.minus = true;
            }
            Symbol::Plus => {
                self.not_with_sign("PL")?;
                self.plus = true;
            }
            Symbol::Sign => {
                self.not_with_sign("SG")?;
                (self.minus, self.plus) = (true, true);
            }
            Symbol::Brackets => {
                if self.locale_sign || self.plus || self.minus {
                    return Err(syntax("cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together"));
                }
                self.brackets = true;
            }
            Symbol::Roman => self.roman = true,
            Symbol::Shift => {
                if self.has_point {
                    return Err(syntax("cannot use \"V\" and decimal point together"));
                }
                self.shifts = true;
            }
            Symbol::Exponent => {
                if self.exponent {
                    return Err(syntax("cannot use \"EEEE\" twice"));
                }
                let others = [self.blank, self.fills, self.locale_sign, self.brackets, self.minus, self.plus];
                if others.contains(&true) || self.roman || self.shifts {
                    let error = syntax("\"EEEE\" is incompatible with other formats");
                    let detail = "\"EEEE\" may only be used together with digit and decimal point patterns.";
                    return Err(error.detail(detail));
                }
                self.exponent = true;
            }
            Symbol::Comma | Symbol::Currency | Symbol::Group | Symbol::Spelled | Symbol::Ordinal => {}
        }
        Ok(())
    }

    fn not_with_sign(&self, name: &str) -> Result<()> {
        if self.locale_sign {
            return Err(syntax(&format!("cannot use \"S\" and \"{name}\" together")));
        }
        Ok(())
    }
}

impl Language for Template {
    fn parse(text: &str) -> Result<Self> {
        let (mut nodes, mut shape) = (Vec::new(), Shape::default());
        let mut rest = text;
        while !rest.is_empty() {
            let is_small = rest.starts_with(|first: char| first.is_ascii_lowercase());
            let found = PATTERNS.iter().find(|(name, _)| {
                let small = name.to_ascii_lowercase();
                rest.get(..name.len()).is_some_and(|head| head == if is_small { small.as_str() } else { name })
            });
            if let Some((name, symbol)) = found {
                shape.add(*symbol)?;
                nodes.push(Node::Symbol(*symbol, is_small));
                rest = &rest[name.len()..];
                continue;
            }
            rest = super::literal(rest, |character, _| nodes.push(Node::Character(character)));
        }
        Ok(Self { nodes, shape })
    }
}
