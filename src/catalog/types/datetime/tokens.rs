//! The words of date/time texts: PostgreSQL's `datetktbl` and `deltatktbl`.

/// Only this many bytes of a word count, as in PostgreSQL (`microseconds` is `microsecon`).
const TOKEN_BYTES: usize = 10;

/// What a word of a date or time means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Now,
    Yesterday,
    Today,
    Tomorrow,
    Zulu,
    Epoch,
    Infinity,
    MinusInfinity,
    Month(i64),
    Weekday,
    /// `dst`: one hour more than the zone before it.
    DaylightModifier,
    Am,
    Pm,
    Ad,
    Bc,
    /// The next field is a Julian day.
    Julian,
    /// The next field is an ISO time.
    IsoTime,
    /// A unit that only intervals use.
    Unit,
    Ignore,
}

/// A unit of an interval, with its meaning in months, days or microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
    Decade,
    Century,
    Millennium,
    Ago,
}

pub(super) fn special(word: &str) -> Option<Token> {
    Some(match clip(word) {
        "-infinity" => Token::MinusInfinity,
        "ad" => Token::Ad,
        "allballs" => Token::Zulu,
        "am" => Token::Am,
        "apr" | "april" => Token::Month(4),
        "at" | "on" => Token::Ignore,
        "aug" | "august" => Token::Month(8),
        "bc" => Token::Bc,
        "d" | "dow" | "doy" | "h" | "isodow" | "isoyear" | "m" | "mm" | "s" | "y" => Token::Unit,
        "dec" | "december" => Token::Month(12),
        "dst" => Token::DaylightModifier,
        "epoch" => Token::Epoch,
        "feb" | "february" => Token::Month(2),
        "infinity" => Token::Infinity,
        "j" | "jd" | "julian" => Token::Julian,
        "jan" | "january" => Token::Month(1),
        "jul" | "july" => Token::Month(7),
        "jun" | "june" => Token::Month(6),
        "mar" | "march" => Token::Month(3),
        "may" => Token::Month(5),
        "nov" | "november" => Token::Month(11),
        "now" => Token::Now,
        "oct" | "october" => Token::Month(10),
        "pm" => Token::Pm,
        "sep" | "sept" | "september" => Token::Month(9),
        "t" => Token::IsoTime,
        "today" => Token::Today,
        "tomorrow" => Token::Tomorrow,
        "yesterday" => Token::Yesterday,
        "mon" | "monday" | "tue" | "tues" | "tuesday" | "wed" | "weds" | "wednesday" | "thu" | "thur" | "thurs"
        | "thursday" | "fri" | "friday" | "sat" | "saturday" | "sun" | "sunday" => Token::Weekday,
        _ => return None,
    })
}

pub(super) fn unit(word: &str) -> Option<Unit> {
    Some(match clip(word) {
        "ago" => Unit::Ago,
        "c" | "cent" | "centuries" | "century" => Unit::Century,
        "d" | "day" | "days" => Unit::Day,
        "dec" | "decade" | "decades" | "decs" => Unit::Decade,
        "h" | "hour" | "hours" | "hr" | "hrs" => Unit::Hour,
        "m" | "min" | "mins" | "minute" | "minutes" => Unit::Minute,
        "microsecon" | "us" | "usec" | "usecond" | "useconds" | "usecs" => Unit::Microsecond,
        "mil" | "millennia" | "millennium" | "mils" => Unit::Millennium,
        "millisecon" | "ms" | "msec" | "msecond" | "mseconds" | "msecs" => Unit::Millisecond,
        "mon" | "mons" | "month" | "months" => Unit::Month,
        "s" | "sec" | "second" | "seconds" | "secs" => Unit::Second,
        "w" | "week" | "weeks" => Unit::Week,
        "y" | "year" | "years" | "yr" | "yrs" => Unit::Year,
        _ => return None,
    })
}

fn clip(word: &str) -> &str {
    // Words are ASCII: the lexer takes nothing else.
    word.get(..TOKEN_BYTES).unwrap_or(word)
}
