//! The functions and operators over regular expressions.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanBuilder, Int32Array, Int32Builder, ListBuilder, StringArray, StringBuilder,
};
use arrow::datatypes::Int32Type;
use datafusion::logical_expr::Expr;
use parking_lot::Mutex;

use super::super::frame::{any_null, check_size, immutable};
use super::super::{Call, kernel_of};
use super::compiled::{Pattern, Search, Text};
use super::syntax::Options;
use super::tree::Captures;
use crate::catalog::types::PgType;
use crate::error::{Error, QueryError, Result};
use crate::query::bind::refuse;

/// What a function does with a pattern. Its first arguments are a text and the pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// `~` and its siblings.
    Matches {
        negated: bool,
        folds: bool,
    },
    Like,
    Count,
    /// `substring(text from pattern)`.
    Part,
    Instr,
    Substr,
    Match,
    /// `regexp_matches`: the rows as a list of lists.
    AllMatches,
    Replace,
    /// `regexp_split_to_array`, and with `table` the rows of `regexp_split_to_table` as a list.
    Split {
        table: bool,
    },
}

/// The arguments behind text and pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Replacement,
    Start,
    Nth,
    EndOption,
    Flags,
    Group,
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
        if let Some((negated, folds)) = operator {
            return Some(What::Matches { negated, folds });
        }
    }
    Some(match source {
        "textregexsubstr" => What::Part,
        _ if source.starts_with("regexp_like") => What::Like,
        _ if source.starts_with("regexp_count") => What::Count,
        _ if source.starts_with("regexp_instr") => What::Instr,
        _ if source.starts_with("regexp_substr") => What::Substr,
        _ if source.starts_with("regexp_matches") => What::AllMatches,
        _ if source.starts_with("regexp_match") => What::Match,
        _ if source.starts_with("textregexreplace") => What::Replace,
        _ if source.starts_with("regexp_split_to_array") => What::Split { table: false },
        _ if source.starts_with("regexp_split_to_table") => What::Split { table: true },
        _ => return None,
    })
}

fn roles(what: What, source: &str) -> &'static [Role] {
    use Role::{EndOption, Flags, Group, Nth, Replacement, Start};
    match what {
        What::Matches { .. } | What::Part => &[],
        What::Like | What::Match | What::AllMatches | What::Split { .. } => &[Flags],
        What::Count => &[Start, Flags],
        What::Instr => &[Start, Nth, EndOption, Flags, Group],
        What::Substr => &[Start, Nth, Flags, Group],
        What::Replace if source.contains("extended") => &[Replacement, Start, Nth, Flags],
        What::Replace => &[Replacement, Flags],
    }
}

pub(in super::super) fn plan(call: &mut Call<'_>) -> Option<Result<Expr>> {
    let what = what(&call.source)?;
    if matches!(what, What::AllMatches | What::Split { table: true }) && !call.fact.returns_set {
        return None;
    }
    let roles = roles(what, &call.source);
    let last = Last::default();
    Some(Ok(immutable(call, move |arrays| run(what, roles, &last, arrays))))
}

/// The set-returning ones: their rows as a list.
pub(in super::super) fn set_returning(call: &mut Call<'_>) -> Option<Result<Expr>> {
    plan(call)
}

/// `substring(text from pattern)`.
pub(in super::super) fn substring(text: Expr, pattern: Expr) -> Result<Expr> {
    let last = Last::default();
    let work = move |arrays: &[ArrayRef]| run(What::Part, &[], &last, arrays);
    Ok(kernel_of("pg_textregexsubstr", &PgType::Text, vec![text, pattern], work))
}

/// The pattern that was used last, which nearly always is the next one too.
#[derive(Default)]
struct Last(Mutex<Option<(String, String, Arc<Pattern>)>>);

impl Last {
    fn get(&self, pattern: &str, flags: &str) -> Option<Arc<Pattern>> {
        let last = self.0.lock();
        let (known, own, compiled) = last.as_ref()?;
        (known == pattern && own == flags).then(|| Arc::clone(compiled))
    }
}

/// The arguments of one row.
struct Row<'a> {
    text: &'a str,
    pattern: &'a Pattern,
    everywhere: bool,
    replacement: &'a str,
    /// Characters before the first that is looked at.
    start: usize,
    nth: Option<usize>,
    at_end: bool,
    group: Option<usize>,
}

fn parameter(name: &str, value: i32) -> Error {
    QueryError::InvalidParameterValue(format!("invalid value for parameter \"{name}\": {value}")).into()
}

fn run(what: What, roles: &[Role], last: &Last, arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let (texts, patterns) = (arrays[0].as_string::<i32>(), arrays[1].as_string::<i32>());
    let find = |role: Role| roles.iter().position(|own| *own == role).and_then(|index| arrays.get(index + 2));
    let text_of = |role: Role| find(role).map(|array| array.as_string::<i32>());
    let number_of = |role: Role| find(role).map(|array| array.as_primitive::<Int32Type>());
    let (replacements, flags): (Option<&StringArray>, Option<&StringArray>) =
        (text_of(Role::Replacement), text_of(Role::Flags));
    let (starts, nths) = (number_of(Role::Start), number_of(Role::Nth));
    let (end_options, groups) = (number_of(Role::EndOption), number_of(Role::Group));
    let positive = |numbers: Option<&Int32Array>, row: usize, name: &str, least: i32| -> Result<Option<usize>> {
        let Some(number) = numbers.map(|numbers| numbers.value(row)) else { return Ok(None) };
        if number < least { Err(parameter(name, number)) } else { Ok(usize::try_from(number).ok()) }
    };
    let mut space = Text::default();
    let mut answers = Answers::new(what, texts.len());
    for row in 0..texts.len() {
        if any_null(arrays, row) {
            answers.null();
            continue;
        }
        let (pattern, flags) = (patterns.value(row), flags.map_or("", |flags| flags.value(row)));
        if what == What::Replace
            && !roles.contains(&Role::Nth)
            && flags.starts_with(|first: char| first.is_ascii_digit())
        {
            let letter = flags.chars().next().unwrap_or_default();
            let message = format!("invalid regular expression option: \"{letter}\"");
            let hint = "If you meant to use regexp_replace() with a start parameter, cast the fourth argument to \
                        integer explicitly.";
            return Err(Error::from(QueryError::InvalidParameterValue(message)).hint(hint));
        }
        let start = positive(starts, row, "start", 1)?.unwrap_or(1) - 1;
        let least = i32::from(what != What::Replace);
        let nth = positive(nths, row, "n", least)?;
        let at_end = match end_options.map(|options| options.value(row)) {
            None | Some(0) => false,
            Some(1) => true,
            Some(other) => return Err(parameter("endoption", other)),
        };
        let (options, everywhere) = options(what, flags)?;
        let group = positive(groups, row, "subexpr", 0)?;
        let compiled = match last.get(pattern, flags) {
            Some(same) => same,
            None => {
                let shows_match = !matches!(what, What::Matches { .. } | What::Like);
                let compiled = Arc::new(Pattern::new(pattern, options, shows_match)?);
                *last.0.lock() = Some((pattern.to_owned(), flags.to_owned(), Arc::clone(&compiled)));
                compiled
            }
        };
        let replacement = replacements.map_or("", |replacements| replacements.value(row));
        let text = texts.value(row);
        answers.add(
            what,
            &Row { text, pattern: &compiled, everywhere, replacement, start, nth, at_end, group },
            &mut space,
        )?;
    }
    answers.finish()
}

/// How a pattern with these flags is read, and whether all matches are meant.
fn options(what: What, flags: &str) -> Result<(Options, bool)> {
    let mut options = Options { folds: matches!(what, What::Matches { folds: true, .. }), ..Options::default() };
    let mut everywhere = false;
    for flag in flags.chars() {
        match flag {
            'g' if matches!(what, What::Replace | What::AllMatches) => everywhere = true,
            'g' => return Err(not_global(what)),
            'i' => options.folds = true,
            'c' => options.folds = false,
            'm' | 'n' => (options.stops_at_lines, options.line_anchors) = (true, true),
            'p' => (options.stops_at_lines, options.line_anchors) = (true, false),
            'w' => (options.stops_at_lines, options.line_anchors) = (false, true),
            's' => (options.stops_at_lines, options.line_anchors) = (false, false),
            'x' => options.expanded = true,
            't' => options.expanded = false,
            'q' => options.literal = true,
            'b' | 'e' => return Err(refuse::not_supported(format!("regular expression option \"{flag}\""))),
            other => {
                let message = format!("invalid regular expression option: \"{other}\"");
                return Err(QueryError::InvalidParameterValue(message).into());
            }
        }
    }
    Ok((options, everywhere))
}

fn not_global(what: What) -> Error {
    let name = match what {
        What::Match => "regexp_match",
        What::Like => "regexp_like",
        What::Count => "regexp_count",
        What::Instr => "regexp_instr",
        What::Substr => "regexp_substr",
        What::Split { table: true } => "regexp_split_to_table",
        _ => "regexp_split_to_array",
    };
    let message = format!("{name}() does not support the \"global\" option");
    let error = Error::from(QueryError::InvalidParameterValue(message));
    if what == What::Match { error.hint("Use the regexp_matches function instead.") } else { error }
}

/// The answers of one of the functions.
enum Answers {
    Flags(BooleanBuilder),
    Counts(Int32Builder),
    Texts(StringBuilder),
    Lists(ListBuilder<StringBuilder>),
    ListsOfLists(ListBuilder<ListBuilder<StringBuilder>>),
}

impl Answers {
    fn new(what: What, rows: usize) -> Self {
        match what {
            What::Matches { .. } | What::Like => Self::Flags(BooleanBuilder::with_capacity(rows)),
            What::Count | What::Instr => Self::Counts(Int32Builder::with_capacity(rows)),
            What::Part | What::Substr | What::Replace => Self::Texts(StringBuilder::new()),
            What::Match | What::Split { .. } => Self::Lists(ListBuilder::new(StringBuilder::new())),
            What::AllMatches => Self::ListsOfLists(ListBuilder::new(ListBuilder::new(StringBuilder::new()))),
        }
    }

    fn null(&mut self) {
        match self {
            Self::Flags(flags) => flags.append_null(),
            Self::Counts(counts) => counts.append_null(),
            Self::Texts(texts) => texts.append_null(),
            Self::Lists(lists) => lists.append(false),
            Self::ListsOfLists(lists) => lists.append(false),
        }
    }

    fn add(&mut self, what: What, row: &Row<'_>, space: &mut Text) -> Result<()> {
        if let Self::Flags(flags) = self {
            let negated = matches!(what, What::Matches { negated: true, .. });
            flags.append_value(row.pattern.is_match(row.text, space)? != negated);
            return Ok(());
        }
        space.read(row.text);
        let space = &*space;
        let mut search = row.pattern.search(row.text, space)?;
        let part = |span: Option<(usize, usize)>| span.map(|span| space.part(row.text, span));
        match self {
            Self::Counts(counts) if what == What::Count => {
                let mut count = 0_i32;
                each(&mut search, row.start, space.length(), |_| {
                    count += 1;
                    true
                })?;
                counts.append_value(count);
            }
            Self::Counts(counts) => {
                let found = nth(&mut search, row, space.length())?;
                let place = found.map(|(begin, end)| if row.at_end { end + 1 } else { begin + 1 });
                counts.append_value(place.and_then(|place| i32::try_from(place).ok()).unwrap_or(0));
            }
            Self::Texts(texts) if what == What::Replace => {
                let replaced = replace(row, &mut search, space)?;
                check_size(replaced.len(), texts.values_slice().len() + replaced.len())?;
                texts.append_value(replaced);
            }
            Self::Texts(texts) if what == What::Substr => {
                texts.append_option(part(nth(&mut search, row, space.length())?));
            }
            // The first group, if there is one.
            Self::Texts(texts) => texts.append_option(match search.next(0)? {
                Some(found) => part(found[usize::from(found.len() > 1)]),
                None => None,
            }),
            Self::Lists(lists) if what == What::Match => match search.next(0)? {
                Some(found) => {
                    for span in groups(&found) {
                        lists.values().append_option(part(*span));
                    }
                    lists.append(true);
                }
                None => lists.append(false),
            },
            Self::Lists(lists) => {
                let mut from = 0;
                let length = space.length();
                each(&mut search, 0, length, |found| {
                    let Some((begin, end)) = found[0] else { return true };
                    // An empty match at either end, or right behind another one, parts nothing.
                    if begin < length && end > from {
                        lists.values().append_value(space.part(row.text, (from, begin)));
                        from = end;
                    }
                    true
                })?;
                lists.values().append_value(space.part(row.text, (from, length)));
                lists.append(true);
            }
            Self::ListsOfLists(lists) => {
                each(&mut search, 0, space.length(), |found| {
                    let inner = lists.values();
                    for span in groups(found) {
                        inner.values().append_option(part(*span));
                    }
                    inner.append(true);
                    row.everywhere
                })?;
                lists.append(true);
            }
            Self::Flags(_) => {}
        }
        Ok(())
    }

    fn finish(self) -> Result<ArrayRef> {
        Ok(match self {
            Self::Flags(mut flags) => Arc::new(flags.finish()),
            Self::Counts(mut counts) => Arc::new(counts.finish()),
            Self::Texts(mut texts) => Arc::new(texts.finish()),
            Self::Lists(mut lists) => Arc::new(lists.finish()),
            Self::ListsOfLists(mut lists) => Arc::new(lists.finish()),
        })
    }
}

/// The groups of a match; without groups, the match.
fn groups(found: &Captures) -> &[Option<(usize, usize)>] {
    if found.len() > 1 { &found[1..] } else { found }
}

/// Shows the matches from left to right, while they are wanted. An empty one may stand right behind another one.
fn each(search: &mut Search<'_>, start: usize, length: usize, mut wanted: impl FnMut(&Captures) -> bool) -> Result<()> {
    let mut from = start;
    while from <= length {
        let Some(found) = search.next(from)? else { return Ok(()) };
        if !wanted(&found) {
            return Ok(());
        }
        from = match found[0] {
            Some((begin, end)) => end + usize::from(begin == end),
            None => return Ok(()),
        };
    }
    Ok(())
}

/// The match of a number, or one of its groups.
fn nth(search: &mut Search<'_>, row: &Row<'_>, length: usize) -> Result<Option<(usize, usize)>> {
    let (mut left, group) = (row.nth.unwrap_or(1), row.group.unwrap_or(0));
    let mut answer = None;
    // Without groups the match itself is the only one.
    if group > row.pattern.groups.max(1) {
        return Ok(None);
    }
    each(search, row.start, length, |found| {
        left -= 1;
        if left == 0 {
            answer = found[if found.len() > 1 { group } else { 0 }];
        }
        left > 0
    })?;
    Ok(answer)
}

fn replace(row: &Row<'_>, search: &mut Search<'_>, space: &Text) -> Result<String> {
    // Without a number it is the first match, or with option g all of them; the number 0 is all.
    let nth = row.nth.unwrap_or(usize::from(!row.everywhere));
    let mut answer = String::with_capacity(row.text.len());
    let (mut from, mut number, mut too_long) = (0, 0, None);
    each(search, row.start, space.length(), |found| {
        number += 1;
        let Some((begin, end)) = found[0] else { return true };
        if nth > 0 && number != nth {
            return true;
        }
        answer.push_str(space.part(row.text, (from, begin)));
        insert(row, found, space, &mut answer);
        from = end;
        too_long = check_size(answer.len(), 0).err();
        nth == 0 && too_long.is_none()
    })?;
    if let Some(error) = too_long {
        return Err(error);
    }
    answer.push_str(space.part(row.text, (from, space.length())));
    Ok(answer)
}

/// Writes a replacement, in which `\1` is a group, `\&` is the whole match and `\\` a backslash.
fn insert(row: &Row<'_>, found: &Captures, space: &Text, answer: &mut String) {
    let mut characters = row.replacement.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\\' {
            answer.push(character);
            continue;
        }
        let group = match characters.peek().copied() {
            Some('\\') => {
                answer.push('\\');
                characters.next();
                continue;
            }
            Some('&') => 0,
            Some(digit @ '1'..='9') => digit.to_digit(10).map_or(0, |digit| digit as usize),
            _ => {
                answer.push('\\');
                continue;
            }
        };
        characters.next();
        if let Some(span) = found.get(group).copied().flatten() {
            answer.push_str(space.part(row.text, span));
        }
    }
}
