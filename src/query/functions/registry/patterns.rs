//! Regular expressions: PostgreSQL's advanced ones, as far as an automaton can match them.
//!
//! The syntax is nearly that of the `regex` crate; what differs is translated. Of alternatives PostgreSQL takes the
//! one that makes the match longest, the automaton the first: where it matters what has matched, and not only whether
//! something has, a pattern with alternatives is not supported. Back references and looking around are not either.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int32Array, ListBuilder, StringArray, StringBuilder};
use arrow::datatypes::Int32Type;
use datafusion::logical_expr::{Expr, Volatility};
use regex::{Captures, Regex, RegexBuilder};

use super::Call;
use crate::base::limits::{BATCH_BYTES, VALUE_BYTES};
use crate::error::{QueryError, Result};
use crate::query::bind::refuse;
use crate::query::environment::Environment;
use crate::query::functions::kernel::{self, Kernel};

/// What a function does with a pattern. The arguments are a text and a pattern, then what is named here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// `~` and its siblings.
    Matches { negated: bool, case_insensitive: bool },
    /// `regexp_like(…, flags)`.
    Like,
    /// `regexp_count(…, start, flags)`.
    Count,
    /// `substring(text from pattern)`.
    Part,
    /// `regexp_match(…, flags)`.
    Groups,
    /// `regexp_replace(…, replacement, flags)`.
    Replace,
    /// `regexp_split_to_array(…, flags)`.
    Split,
}

fn what(source: &str) -> Option<What> {
    if let Some(operator) = source.strip_prefix("text").or_else(|| source.strip_prefix("name")) {
        let operator = match operator {
            "regexeq" => Some((false, false)),
            "regexne" => Some((true, false)),
            "icregexeq" => Some((false, true)),
            "icregexne" => Some((true, true)),
            _ => None,
        };
        if let Some((negated, case_insensitive)) = operator {
            return Some(What::Matches { negated, case_insensitive });
        }
    }
    Some(match source {
        "regexp_like" | "regexp_like_no_flags" => What::Like,
        "regexp_count" | "regexp_count_no_start" | "regexp_count_no_flags" => What::Count,
        "textregexsubstr" => What::Part,
        "regexp_match" | "regexp_match_no_flags" => What::Groups,
        "textregexreplace" | "textregexreplace_noopt" => What::Replace,
        "regexp_split_to_array" | "regexp_split_to_array_no_flags" => What::Split,
        _ => return None,
    })
}

pub(super) fn plan(call: &mut Call<'_>) -> Option<Result<Expr>> {
    let what = what(&call.source)?;
    let (name, arguments) = (format!("pg_{}", call.source), call.take());
    let work = move |_: &Environment, arrays: &[ArrayRef]| run(what, arrays);
    let function = Kernel::new(name, arguments.len(), call.result.clone(), Volatility::Immutable, work);
    Some(Ok(kernel::call(function, arguments)))
}

/// The arguments of one row.
struct Row<'a> {
    text: &'a str,
    pattern: &'a Pattern,
    replacement: &'a str,
    start: i32,
}

fn run(what: What, arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let (texts, patterns) = (arrays[0].as_string::<i32>(), arrays[1].as_string::<i32>());
    let text_at = |index: usize| arrays.get(index).map(|array| array.as_string::<i32>());
    let (replacements, starts, flags) = match what {
        What::Replace => (text_at(2), None, text_at(3)),
        What::Count => (None, arrays.get(2).map(|array| array.as_primitive::<Int32Type>()), text_at(3)),
        _ => (None, None, text_at(2)),
    };
    let mut known: Option<(&str, &str, Pattern)> = None;
    let mut answers = Answers::new(what, texts.len());
    for row in 0..texts.len() {
        if arrays.iter().any(|array| array.is_null(row)) {
            answers.null();
            continue;
        }
        let (pattern, flags) = (patterns.value(row), flags.map_or("", |flags| flags.value(row)));
        let start = starts.map_or(1, |starts| starts.value(row));
        if start < 1 {
            let message = format!("invalid value for parameter \"start\": {start}");
            return Err(QueryError::InvalidParameterValue(message).into());
        }
        let compiled = match known.take() {
            Some(same) if same.0 == pattern && same.1 == flags => same.2,
            _ => Pattern::new(what, pattern, flags)?,
        };
        let replacement = replacements.map_or("", |replacements| replacements.value(row));
        answers.add(what, &Row { text: texts.value(row), pattern: &compiled, replacement, start })?;
        known = Some((pattern, flags, compiled));
    }
    Ok(answers.finish())
}

/// The answers of one of the functions.
enum Answers {
    Flags(Vec<Option<bool>>),
    Counts(Vec<Option<i32>>),
    Texts(StringBuilder),
    Lists(ListBuilder<StringBuilder>),
}

impl Answers {
    fn new(what: What, rows: usize) -> Self {
        match what {
            What::Matches { .. } | What::Like => Self::Flags(Vec::with_capacity(rows)),
            What::Count => Self::Counts(Vec::with_capacity(rows)),
            What::Part | What::Replace => Self::Texts(StringBuilder::new()),
            What::Groups | What::Split => Self::Lists(ListBuilder::new(StringBuilder::new())),
        }
    }

    fn null(&mut self) {
        match self {
            Self::Flags(flags) => flags.push(None),
            Self::Counts(counts) => counts.push(None),
            Self::Texts(texts) => texts.append_null(),
            Self::Lists(lists) => lists.append(false),
        }
    }

    fn add(&mut self, what: What, row: &Row<'_>) -> Result<()> {
        let regex = &row.pattern.regex;
        match self {
            Self::Flags(flags) => {
                let negated = matches!(what, What::Matches { negated: true, .. });
                flags.push(Some(regex.is_match(row.text) != negated));
            }
            Self::Counts(counts) => {
                let skipped = usize::try_from(row.start - 1).unwrap_or(0);
                let count = match row.text.char_indices().map(|(at, _)| at).chain([row.text.len()]).nth(skipped) {
                    Some(0) => matches(regex, row.text).count(),
                    // What stands before the start decides whether the pattern's anchors hold.
                    Some(_) => return Err(refuse::not_supported("regexp_count with a start")),
                    None => 0,
                };
                counts.push(Some(i32::try_from(count).unwrap_or(i32::MAX)));
            }
            Self::Texts(texts) if what == What::Part => match regex.captures(row.text) {
                // The first group, if there is one.
                Some(found) => texts.append_option(found.get(usize::from(found.len() > 1)).map(|part| part.as_str())),
                None => texts.append_null(),
            },
            Self::Texts(texts) => {
                let replaced = replace(row)?;
                if replaced.len() as u64 > VALUE_BYTES
                    || (texts.values_slice().len() + replaced.len()) as u64 > BATCH_BYTES
                {
                    return Err(QueryError::LimitExceeded("requested length too large".into()).into());
                }
                texts.append_value(replaced);
            }
            Self::Lists(lists) if what == What::Groups => match regex.captures(row.text) {
                Some(found) => {
                    let skipped = usize::from(found.len() > 1);
                    for part in found.iter().skip(skipped) {
                        lists.values().append_option(part.map(|part| part.as_str()));
                    }
                    lists.append(true);
                }
                None => lists.append(false),
            },
            Self::Lists(lists) => {
                for part in split(regex, row.text) {
                    lists.values().append_value(part);
                }
                lists.append(true);
            }
        }
        Ok(())
    }

    fn finish(self) -> ArrayRef {
        match self {
            Self::Flags(flags) => Arc::new(BooleanArray::from(flags)),
            Self::Counts(counts) => Arc::new(Int32Array::from(counts)),
            Self::Texts(mut texts) => Arc::new(texts.finish()) as Arc<StringArray>,
            Self::Lists(mut lists) => Arc::new(lists.finish()),
        }
    }
}

/// The matches from left to right. Unlike those of the crate, an empty one may stand right behind another one.
fn matches<'a>(regex: &'a Regex, text: &'a str) -> impl Iterator<Item = Captures<'a>> {
    let mut from = Some(0);
    std::iter::from_fn(move || {
        let found = regex.captures_at(text, from?)?;
        let whole = found.get(0)?;
        let step = text[whole.end()..].chars().next().map(char::len_utf8);
        from = if whole.is_empty() { step.map(|step| whole.end() + step) } else { Some(whole.end()) };
        Some(found)
    })
}

/// The parts between the matches; an empty match at either end, or right behind another one, parts nothing.
fn split<'a>(regex: &Regex, text: &'a str) -> Vec<&'a str> {
    let (mut parts, mut from) = (Vec::new(), 0);
    for found in matches(regex, text) {
        let Some(whole) = found.get(0) else { continue };
        if whole.start() == text.len() || whole.end() == from {
            continue;
        }
        parts.push(&text[from..whole.start()]);
        from = whole.end();
    }
    parts.push(&text[from..]);
    parts
}

fn replace(row: &Row<'_>) -> Result<String> {
    let mut answer = String::with_capacity(row.text.len());
    let mut from = 0;
    for found in matches(&row.pattern.regex, row.text) {
        let Some(whole) = found.get(0) else { continue };
        answer.push_str(&row.text[from..whole.start()]);
        insert(row.replacement, &found, &mut answer);
        from = whole.end();
        if answer.len() as u64 > VALUE_BYTES {
            return Err(QueryError::LimitExceeded("requested length too large".into()).into());
        }
        if !row.pattern.everywhere {
            break;
        }
    }
    answer.push_str(&row.text[from..]);
    Ok(answer)
}

/// Writes a replacement, in which `\1` is a group, `\&` is the whole match and `\\` a backslash.
fn insert(replacement: &str, found: &Captures<'_>, answer: &mut String) {
    let mut characters = replacement.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\\' {
            answer.push(character);
            continue;
        }
        match characters.peek().copied() {
            Some('\\') => answer.push('\\'),
            Some('&') => answer.push_str(&found[0]),
            Some(digit @ '1'..='9') => {
                let group = digit.to_digit(10).and_then(|group| found.get(group as usize));
                answer.push_str(group.map_or("", |group| group.as_str()));
            }
            _ => {
                answer.push('\\');
                continue;
            }
        }
        characters.next();
    }
}

/// A compiled pattern.
struct Pattern {
    regex: Regex,
    /// Flag `g`.
    everywhere: bool,
}

impl Pattern {
    fn new(what: What, pattern: &str, flags: &str) -> Result<Self> {
        let mut case_insensitive = matches!(what, What::Matches { case_insensitive: true, .. });
        let (mut everywhere, mut lines, mut newline, mut literal, mut expanded) = (false, false, true, false, false);
        for flag in flags.chars() {
            match flag {
                'g' if what == What::Replace => everywhere = true,
                'g' => {
                    let message = match what {
                        What::Groups => "regexp_match() does not support the \"global\" option",
                        What::Like => "regexp_like() does not support the \"global\" option",
                        What::Count => "regexp_count() does not support the \"global\" option",
                        _ => "regexp_split_to_array() does not support the \"global\" option",
                    };
                    return Err(QueryError::InvalidParameterValue(message.into()).into());
                }
                'i' => case_insensitive = true,
                'c' => case_insensitive = false,
                'n' | 'm' => (lines, newline) = (true, false),
                's' => (lines, newline) = (false, true),
                'w' => (lines, newline) = (true, true),
                'x' => expanded = true,
                't' => expanded = false,
                'q' => literal = true,
                'b' | 'e' | 'p' => return Err(refuse::not_supported(format!("regular expression option \"{flag}\""))),
                other => {
                    let message = format!("invalid regular expression option: \"{other}\"");
                    return Err(QueryError::InvalidParameterValue(message).into());
                }
            }
        }
        let shows_match = !matches!(what, What::Matches { .. } | What::Like);
        let translated = if literal { regex::escape(pattern) } else { translate(pattern, shows_match, newline)? };
        let built = RegexBuilder::new(&translated)
            .case_insensitive(case_insensitive)
            .multi_line(lines)
            .dot_matches_new_line(newline)
            .ignore_whitespace(expanded)
            .build();
        match built {
            Ok(regex) => Ok(Self { regex, everywhere }),
            Err(regex::Error::CompiledTooBig(_)) => Err(invalid("regular expression is too complex")),
            Err(_) => Err(match unbalanced(pattern) {
                Some(what) => invalid(what),
                None => refuse::not_supported(format!("regular expression \"{pattern}\"")),
            }),
        }
    }
}

fn invalid(what: &str) -> crate::Error {
    QueryError::InvalidRegex(format!("invalid regular expression: {what}")).into()
}

/// What is surely wrong with a pattern that cannot be compiled.
fn unbalanced(pattern: &str) -> Option<&'static str> {
    let (mut depth, mut in_brackets) = (0_i64, false);
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' if characters.next().is_none() => return Some("invalid escape \\ sequence"),
            '[' if !in_brackets => in_brackets = true,
            ']' => in_brackets = false,
            '(' if !in_brackets => depth += 1,
            ')' if !in_brackets => depth -= 1,
            _ => {}
        }
    }
    if in_brackets {
        return Some("brackets [] not balanced");
    }
    if depth != 0 {
        return Some("parentheses () not balanced");
    }
    matches!(pattern.chars().next(), Some('*' | '+' | '?')).then_some("quantifier operand invalid")
}

/// PostgreSQL's syntax in that of the `regex` crate.
fn translate(pattern: &str, shows_match: bool, newline: bool) -> Result<String> {
    let refused = |what: &str| refuse::not_supported(format!("{what} in a regular expression"));
    let mut answer = String::with_capacity(pattern.len() + 8);
    let (pattern, is_literal) = match pattern.strip_prefix("***=") {
        Some(literal) => (literal, true),
        None => (pattern.strip_prefix("***:").unwrap_or(pattern), false),
    };
    if is_literal {
        return Ok(regex::escape(pattern));
    }
    let mut characters = pattern.chars().peekable();
    let mut in_brackets = false;
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('y') if !in_brackets => answer.push_str("\\b"),
                Some('Y') if !in_brackets => answer.push_str("\\B"),
                Some('m') if !in_brackets => answer.push_str("\\b{start}"),
                Some('M') if !in_brackets => answer.push_str("\\b{end}"),
                Some('Z') if !in_brackets => answer.push_str("\\z"),
                Some('b') => answer.push_str("\\x08"),
                Some('B') => answer.push_str("\\\\"),
                Some('e') => answer.push_str("\\x1b"),
                Some('1'..='9') => return Err(refused("a back reference")),
                Some('0' | 'c' | 'u' | 'U' | 'x') => return Err(refused("a character by its number")),
                Some(escaped @ ('d' | 'D' | 's' | 'S' | 'w' | 'W' | 'A' | 'a' | 'f' | 'n' | 'r' | 't' | 'v')) => {
                    answer.extend(['\\', escaped]);
                }
                Some(other) if other.is_alphanumeric() => return Err(invalid("invalid escape \\ sequence")),
                Some(other) if other.is_ascii() => answer.extend(['\\', other]),
                Some(other) => answer.push(other),
                None => return Err(invalid("invalid escape \\ sequence")),
            },
            '[' if in_brackets => match characters.peek() {
                Some(':') => answer.push('['),
                Some('.' | '=') => return Err(refused("a collating element")),
                _ => answer.push_str("\\["),
            },
            '[' => {
                in_brackets = true;
                answer.push('[');
                if characters.peek() == Some(&'^') {
                    if !newline {
                        return Err(refused("an excluding bracket with option n"));
                    }
                    answer.extend(characters.next());
                }
                // A closing bracket in the first place is a character.
                if characters.next_if_eq(&']').is_some() {
                    answer.push_str("\\]");
                }
            }
            ']' if in_brackets => {
                // The end of a class's name is not the end of the brackets.
                in_brackets =
                    answer.ends_with(':') && answer.rfind("[:").is_some_and(|at| !answer[at..].contains(":]"));
                answer.push(']');
            }
            '&' | '~' | '-' if in_brackets && characters.peek() == Some(&character) => answer.extend(['\\', character]),
            '|' if shows_match && !in_brackets => return Err(refused("an alternative")),
            '(' if !in_brackets && characters.peek() == Some(&'?') => {
                let mut ahead = characters.clone();
                ahead.next();
                if ahead.next() != Some(':') {
                    return Err(refused("an option or a look around"));
                }
                answer.push('(');
            }
            other => answer.push(other),
        }
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_match(text: &str, pattern: &str) -> Result<bool> {
        Ok(Pattern::new(What::Like, pattern, "")?.regex.is_match(text))
    }

    #[test]
    fn the_syntax_is_postgresqls() {
        for (text, pattern, wanted) in [
            ("a\nb", "a.b", true),
            ("foo bar", "\\mbar\\M", true),
            ("foobar", "\\mbar", false),
            ("a]", "[]]", true),
            ("a[", "[[]", true),
            ("a5", "^[[:alpha:]][[:digit:]]$", true),
            ("a.c", "***=a.c", true),
            ("abc", "***=a.c", false),
            ("a&&b", "[&&]", true),
        ] {
            assert_eq!(is_match(text, pattern).unwrap(), wanted, "{text} ~ {pattern}");
        }
        for (pattern, sqlstate) in [
            ("(", "2201B"),
            ("[a", "2201B"),
            ("*a", "2201B"),
            ("(a)\\1", "0A000"),
            ("a(?=b)", "0A000"),
            ("a\\", "2201B"),
        ] {
            assert_eq!(is_match("", pattern).unwrap_err().sqlstate().0, sqlstate, "{pattern}");
        }
    }

    #[test]
    fn empty_matches_part_characters_only() {
        assert_eq!(split(&Regex::new("").unwrap(), "abc"), ["a", "b", "c"]);
        assert_eq!(split(&Regex::new(",").unwrap(), ",a,"), ["", "a", ""]);
    }
}
