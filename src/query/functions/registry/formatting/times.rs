//! Templates for dates, times and intervals.

use super::Language;
use crate::error::Result;

/// What a pattern writes or reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// `AD` and its siblings.
    Era {
        dots: bool,
    },
    /// `AM` and its siblings.
    Half {
        dots: bool,
    },
    Century,
    DayName,
    DayAbbreviated,
    DayOfYear,
    IsoDayOfYear,
    Day,
    Weekday,
    IsoWeekday,
    /// `FF1` to `FF6`.
    Fraction(u8),
    Exact,
    Hour24,
    Hour12,
    IsoWeek,
    /// The last so many digits of the year.
    IsoYear(u8),
    Julian,
    Minute,
    Month,
    MonthName,
    MonthAbbreviated,
    Millisecond,
    Offset,
    Quarter,
    Roman,
    SecondsOfDay,
    Second,
    ZoneHour,
    ZoneMinute,
    Zone,
    Microsecond,
    Week,
    WeekOfMonth,
    YearWithComma,
    Year(u8),
}

/// Which calendar a field is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Convention {
    Gregorian,
    Iso,
}

impl Field {
    pub(super) fn convention(self) -> Option<Convention> {
        use Field as F;
        match self {
            F::DayOfYear
            | F::Day
            | F::Weekday
            | F::Month
            | F::MonthName
            | F::MonthAbbreviated
            | F::Roman
            | F::Week
            | F::WeekOfMonth
            | F::YearWithComma
            | F::Year(_) => Some(Convention::Gregorian),
            F::IsoDayOfYear | F::IsoWeekday | F::IsoWeek | F::IsoYear(_) => Some(Convention::Iso),
            _ => None,
        }
    }

    /// Is what stands there digits and nothing else?
    pub(super) fn is_digits(self) -> bool {
        use Field as F;
        !matches!(
            self,
            F::Era { .. }
                | F::Half { .. }
                | F::DayName
                | F::DayAbbreviated
                | F::Exact
                | F::MonthName
                | F::MonthAbbreviated
                | F::Offset
                | F::Roman
                | F::ZoneHour
                | F::Zone
        )
    }
}

/// How the letters of a word are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Upper,
    Capital,
    Lower,
}

/// The patterns, in the order in which they are looked for. Those with a third letter case differ in it; all others
/// may be all upper or all lower.
const PATTERNS: [(&str, Field); 62] = [
    ("A.D.", Field::Era { dots: true }),
    ("A.M.", Field::Half { dots: true }),
    ("AD", Field::Era { dots: false }),
    ("AM", Field::Half { dots: false }),
    ("B.C.", Field::Era { dots: true }),
    ("BC", Field::Era { dots: false }),
    ("CC", Field::Century),
    ("DAY", Field::DayName),
    ("DDD", Field::DayOfYear),
    ("DD", Field::Day),
    ("DY", Field::DayAbbreviated),
    ("Day", Field::DayName),
    ("Dy", Field::DayAbbreviated),
    ("D", Field::Weekday),
    ("FF1", Field::Fraction(1)),
    ("FF2", Field::Fraction(2)),
    ("FF3", Field::Fraction(3)),
    ("FF4", Field::Fraction(4)),
    ("FF5", Field::Fraction(5)),
    ("FF6", Field::Fraction(6)),
    ("FX", Field::Exact),
    ("HH24", Field::Hour24),
    ("HH12", Field::Hour12),
    ("HH", Field::Hour12),
    ("IDDD", Field::IsoDayOfYear),
    ("ID", Field::IsoWeekday),
    ("IW", Field::IsoWeek),
    ("IYYY", Field::IsoYear(4)),
    ("IYY", Field::IsoYear(3)),
    ("IY", Field::IsoYear(2)),
    ("I", Field::IsoYear(1)),
    ("J", Field::Julian),
    ("MI", Field::Minute),
    ("MM", Field::Month),
    ("MONTH", Field::MonthName),
    ("MON", Field::MonthAbbreviated),
    ("MS", Field::Millisecond),
    ("Month", Field::MonthName),
    ("Mon", Field::MonthAbbreviated),
    ("OF", Field::Offset),
    ("P.M.", Field::Half { dots: true }),
    ("PM", Field::Half { dots: false }),
    ("Q", Field::Quarter),
    ("RM", Field::Roman),
    ("SSSSS", Field::SecondsOfDay),
    ("SSSS", Field::SecondsOfDay),
    ("SS", Field::Second),
    ("TZH", Field::ZoneHour),
    ("TZM", Field::ZoneMinute),
    ("TZ", Field::Zone),
    ("US", Field::Microsecond),
    ("WW", Field::Week),
    ("W", Field::WeekOfMonth),
    ("Y,YYY", Field::YearWithComma),
    ("YYYY", Field::Year(4)),
    ("YYY", Field::Year(3)),
    ("YY", Field::Year(2)),
    ("Y", Field::Year(1)),
    // For the letters that only begin these when they are small.
    ("day", Field::DayName),
    ("dy", Field::DayAbbreviated),
    ("month", Field::MonthName),
    ("mon", Field::MonthAbbreviated),
];

/// A pattern with what modifies it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pattern {
    pub(super) field: Field,
    pub(super) name: &'static str,
    pub(super) case: Case,
    /// `FM`: no padding.
    pub(super) fill: bool,
    /// `TM`: names in the session's language, which is English.
    pub(super) translated: bool,
    /// `TH` is true, `th` is false.
    pub(super) ordinal: Option<bool>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Node {
    Pattern(Pattern),
    /// White space that nothing quotes.
    Space(char),
    /// What is neither letter nor digit nor white space, unquoted.
    Separator(char),
    Character(char),
}

#[derive(Debug)]
pub(super) struct Template {
    pub(super) nodes: Vec<Node>,
}

pub(super) fn is_separator(character: char) -> bool {
    character.is_ascii_graphic() && !character.is_ascii_alphanumeric()
}

/// White space as C's `isspace` has it.
pub(super) fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t'..='\r')
}

fn keyword(text: &str) -> Option<(&'static str, Field, Case)> {
    let is_lower = text.starts_with(|first: char| first.is_ascii_lowercase());
    PATTERNS.iter().find_map(|(name, field)| {
        let head = text.get(..name.len())?;
        if head == *name {
            let case = match name.as_bytes() {
                [first, ..] if first.is_ascii_lowercase() => Case::Lower,
                [_, .., last] if last.is_ascii_lowercase() => Case::Capital,
                _ => Case::Upper,
            };
            return Some((*name, *field, case));
        }
        let has_capital = name.bytes().any(|byte| byte.is_ascii_lowercase());
        let is_small = is_lower && !has_capital && head == name.to_ascii_lowercase();
        is_small.then_some((*name, *field, Case::Lower))
    })
}

impl Language for Template {
    fn parse(text: &str) -> Result<Self> {
        let mut nodes = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (mut fill, mut translated) = (false, false);
            if rest.starts_with("FM") || rest.starts_with("fm") {
                fill = true;
                rest = &rest[2..];
            } else if rest.starts_with("TM") || rest.starts_with("tm") {
                translated = true;
                rest = &rest[2..];
            }
            if let Some((name, field, case)) = keyword(rest) {
                rest = &rest[name.len()..];
                let mut ordinal = None;
                if let Some(behind) = rest.strip_prefix("TH") {
                    (ordinal, rest) = (Some(true), behind);
                } else if let Some(behind) = rest.strip_prefix("th") {
                    (ordinal, rest) = (Some(false), behind);
                } else if let Some(behind) = rest.strip_prefix("SP") {
                    // Spelling is a suffix that PostgreSQL reads and does nothing about.
                    rest = behind;
                }
                nodes.push(Node::Pattern(Pattern { field, name, case, fill, translated, ordinal }));
                continue;
            }
            rest = super::literal(rest, |character, quoted| {
                nodes.push(match character {
                    character if quoted => Node::Character(character),
                    character if is_separator(character) => Node::Separator(character),
                    character if is_space(character) => Node::Space(character),
                    character => Node::Character(character),
                });
            });
        }
        Ok(Self { nodes })
    }
}
