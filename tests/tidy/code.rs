//! Just enough of Rust's lexer to look at code without its comments, its strings and its tests.
//!
//! A real parser would be a dependency for a handful of questions that need only tokens: which modules a
//! file names, and whether it unwraps.

/// The code of a source text: comments and the contents of string and character literals are blanked, line
/// breaks stay, so that positions and line numbers are those of the file.
pub fn without_comments_and_strings(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        let end = match bytes[i] {
            b'/' if bytes[i..].starts_with(b"//") => line_end(bytes, i),
            b'/' if bytes[i..].starts_with(b"/*") => block_comment_end(bytes, i),
            b'"' => string_end(bytes, i + 1),
            b'r' | b'b' | b'c' if !follows_identifier(bytes, i) => match raw_or_prefixed_end(bytes, i) {
                Some(end) => end,
                None => {
                    out.push(bytes[i]);
                    i += 1;
                    continue;
                }
            },
            b'\'' => match character_end(bytes, i) {
                Some(end) => end,
                None => i + 1, // a lifetime
            },
            other => {
                out.push(other);
                i += 1;
                continue;
            }
        };
        out.extend(bytes[i..end].iter().map(|byte| if *byte == b'\n' { b'\n' } else { b' ' }));
        i = end;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Blanks every item under `#[cfg(test)]`: up to its closing brace, or to the semicolon of `mod tests;`.
pub fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find(MARK) {
        let (before, item) = rest.split_at(at);
        out.push_str(before);
        let end = item_end(item);
        out.extend(item[..end].chars().filter(|c| *c == '\n'));
        rest = &item[end..];
    }
    out.push_str(rest);
    out
}

/// The first path segments named after `crate::`, one per use, with their line numbers.
pub fn crate_segments(code: &str) -> Vec<(usize, String)> {
    const ROOT: &str = "crate::";
    let mut found = Vec::new();
    for (at, _) in code.match_indices(ROOT) {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        let after = &code[at + ROOT.len()..];
        if let Some(group) = after.strip_prefix('{') {
            found.extend(group_heads(group).into_iter().map(|head| (line, head)));
        } else {
            found.push((line, identifier(after)));
        }
    }
    found
}

/// Whether `code` contains `word` as a whole identifier, and on which lines.
pub fn lines_with_word(code: &str, word: &str) -> Vec<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    code.lines()
        .enumerate()
        .filter(|(_, line)| {
            line.match_indices(word)
                .any(|(at, _)| !line[..at].ends_with(is_part) && !line[at + word.len()..].starts_with(is_part))
        })
        .map(|(index, _)| index + 1)
        .collect()
}

fn group_heads(group: &str) -> Vec<String> {
    let mut heads = Vec::new();
    let mut depth = 1;
    let mut start = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && c == ',') {
            let head = identifier(group[start..at].trim_start());
            if !head.is_empty() {
                heads.push(head);
            }
            start = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    heads
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn item_end(item: &str) -> usize {
    let mut depth = 0;
    for (at, c) in item.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth <= 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    item.len()
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    bytes[from..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |length| from + length)
}

fn block_comment_end(bytes: &[u8], from: usize) -> usize {
    let mut depth = 0;
    let mut i = from;
    while i < bytes.len() {
        if bytes[i..].starts_with(b"/*") {
            depth += 1;
            i += 2;
        } else if bytes[i..].starts_with(b"*/") {
            depth -= 1;
            i += 2;
            if depth == 0 {
                return i;
            }
        } else {
            i += 1;
        }
    }
    bytes.len()
}

fn string_end(bytes: &[u8], mut i: usize) -> usize {
    while i < bytes.len() {
        match bytes[i] {
            b'\\' => i += 2,
            b'"' => return i + 1,
            _ => i += 1,
        }
    }
    bytes.len()
}

/// The end of `r"…"`, `r#"…"#`, `b"…"`, `br"…"`, `c"…"` or `b'x'` at `from`; None when it is an identifier.
fn raw_or_prefixed_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut i = from;
    let mut raw = false;
    while i < bytes.len() && matches!(bytes[i], b'r' | b'b' | b'c') && i - from < 2 {
        raw |= bytes[i] == b'r';
        i += 1;
    }
    if !raw {
        return match bytes.get(i) {
            Some(b'"') => Some(string_end(bytes, i + 1)),
            Some(b'\'') => character_end(bytes, i),
            _ => None,
        };
    }
    let hashes = bytes[i..].iter().take_while(|byte| **byte == b'#').count();
    i += hashes;
    if bytes.get(i) != Some(&b'"') {
        return None;
    }
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let length = bytes[i + 1..].windows(close.len()).position(|window| window == close)?;
    Some(i + 1 + length + close.len())
}

fn character_end(bytes: &[u8], from: usize) -> Option<usize> {
    match bytes.get(from + 1)? {
        b'\\' => bytes[from + 3..].iter().position(|byte| *byte == b'\'').map(|length| from + 3 + length + 1),
        // A character literal is one character, up to four bytes, then the quote; anything else is a lifetime.
        first => {
            let width = match first {
                0x00..=0x7F => 1,
                0xC0..=0xDF => 2,
                0xE0..=0xEF => 3,
                _ => 4,
            };
            (bytes.get(from + 1 + width) == Some(&b'\'')).then_some(from + 2 + width)
        }
    }
}

fn follows_identifier(bytes: &[u8], at: usize) -> bool {
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_')
}
