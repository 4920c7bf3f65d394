//! From the bytes of COPY FROM STDIN to lines and their fields, as PostgreSQL cuts them.
//!
//! The client's messages end anywhere, also inside a character. Bytes gather here until a whole line is
//! there; a line may be as long as [`COPY_LINE_BYTES`]. The line end is what the first line ends with, and
//! another one later is an error, as in PostgreSQL.

use std::ops::Range;

use super::copy_options::Format;
use crate::Result;
use crate::error::{CatalogError, SessionError};

/// Longest line of COPY data.
pub const COPY_LINE_BYTES: usize = 64 << 20;

/// Cuts bytes into lines.
#[derive(Debug)]
pub(crate) struct Lines {
    csv: Option<(u8, u8)>,
    buffer: Vec<u8>,
    /// Where the next line begins in the buffer.
    start: usize,
    /// How far the buffer was looked at.
    scanned: usize,
    in_quote: bool,
    /// The byte before was an escape, in CSV with an escape that is not the quote.
    after_escape: bool,
    end_of_line: Option<EndOfLine>,
    ended: bool,
    /// The number of the last line that was given out, from 1: line ends inside quotes count, too, so that it
    /// is the number that an editor shows for the end of the row.
    pub number: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EndOfLine {
    Newline,
    Return,
    Both,
}

impl Lines {
    pub fn new(format: &Format) -> Self {
        Self {
            csv: format.csv.then_some((format.quote, format.escape)),
            buffer: Vec::new(),
            start: 0,
            scanned: 0,
            in_quote: false,
            after_escape: false,
            end_of_line: None,
            ended: false,
            number: 0,
        }
    }

    /// Adds bytes of the client.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.ended {
            return;
        }
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.scanned -= self.start;
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next line, without its end. `None`: more bytes are needed, or there are no more lines.
    ///
    /// # Errors
    /// 22P04 for a line end of another kind or bytes after the end marker; 54000 for an endless line.
    pub fn next(&mut self, finished: bool) -> Result<Option<Range<usize>>> {
        if self.ended {
            return Ok(None);
        }
        while let Some(&byte) = self.buffer.get(self.scanned) {
            match byte {
                b'\n' | b'\r' if !self.in_quote => match self.line_end(byte, finished)? {
                    Some(length) => {
                        let line = self.start..self.scanned;
                        self.start = self.scanned + length;
                        self.scanned = self.start;
                        self.number += 1;
                        return Ok(self.unless_marker(line));
                    }
                    None => return Ok(None),
                },
                b'\\' if self.csv.is_none() => {
                    // The byte after a backslash is data, also a line end.
                    let Some(&next) = self.buffer.get(self.scanned + 1) else {
                        if finished {
                            self.scanned += 1;
                            continue;
                        }
                        return Ok(None);
                    };
                    if next == b'.' {
                        return self.end_marker(finished);
                    }
                    self.scanned += 2;
                    continue;
                }
                _ => {}
            }
            if let Some((quote, escape)) = self.csv {
                // What ends lines is not known in the first one; PostgreSQL takes it for a carriage return.
                let counted = if self.end_of_line == Some(EndOfLine::Newline) { b'\n' } else { b'\r' };
                if self.in_quote && byte == counted {
                    self.number += 1;
                }
                if self.in_quote && byte == escape && escape != quote {
                    self.after_escape = !self.after_escape;
                } else {
                    if byte == quote && !self.after_escape {
                        self.in_quote = !self.in_quote;
                    }
                    self.after_escape = false;
                }
            }
            self.scanned += 1;
        }
        if self.buffer.len() - self.start > COPY_LINE_BYTES {
            return Err(SessionError::LimitExceeded("COPY line is too long".into()).into());
        }
        if finished && self.start < self.buffer.len() {
            let line = self.start..self.buffer.len();
            self.start = self.buffer.len();
            self.number += 1;
            return Ok(self.unless_marker(line));
        }
        Ok(None)
    }

    /// In the CSV format the end marker is a line like any other, but for what it says.
    fn unless_marker(&mut self, line: Range<usize>) -> Option<Range<usize>> {
        if self.csv.is_some() && &self.buffer[line.clone()] == b"\\." {
            self.ended = true;
            return None;
        }
        Some(line)
    }

    /// A backslash and a point in the text format: before a line end they end the data, and what stands
    /// before them on their line is the last one.
    fn end_marker(&mut self, finished: bool) -> Result<Option<Range<usize>>> {
        match self.buffer.get(self.scanned + 2) {
            None if !finished => Ok(None),
            None | Some(b'\n' | b'\r') => {
                self.ended = true;
                if self.scanned == self.start {
                    return Ok(None);
                }
                self.number += 1;
                Ok(Some(self.start..self.scanned))
            }
            Some(_) => Err(bad("end-of-copy marker corrupt")),
        }
    }

    /// The length of the line end here; `None` when the next byte decides and is not there yet.
    fn line_end(&mut self, byte: u8, finished: bool) -> Result<Option<usize>> {
        let found = match (byte, self.end_of_line) {
            (b'\n', None | Some(EndOfLine::Newline)) => EndOfLine::Newline,
            (b'\n', Some(_)) => return Err(wrong_end(EndOfLine::Newline, self.csv.is_some())),
            (_, Some(EndOfLine::Newline)) => return Err(wrong_end(EndOfLine::Return, self.csv.is_some())),
            (_, Some(EndOfLine::Return)) => EndOfLine::Return,
            (_, before) => match self.buffer.get(self.scanned + 1) {
                None if !finished => return Ok(None),
                Some(b'\n') => EndOfLine::Both,
                _ if before.is_some() => return Err(wrong_end(EndOfLine::Return, self.csv.is_some())),
                _ => EndOfLine::Return,
            },
        };
        self.end_of_line = Some(found);
        Ok(Some(if found == EndOfLine::Both { 2 } else { 1 }))
    }

    /// The bytes of a line.
    pub fn bytes(&self, line: Range<usize>) -> &[u8] {
        &self.buffer[line]
    }
}

fn wrong_end(found: EndOfLine, csv: bool) -> crate::Error {
    let (what, csv_hint, text_hint) = match found {
        EndOfLine::Newline => {
            ("newline", "Use quoted CSV field to represent newline.", "Use \"\\n\" to represent newline.")
        }
        _ => (
            "carriage return",
            "Use quoted CSV field to represent carriage return.",
            "Use \"\\r\" to represent carriage return.",
        ),
    };
    let (kind, hint) = if csv { ("unquoted", csv_hint) } else { ("literal", text_hint) };
    SessionError::CopyLineEnd { message: format!("{kind} {what} found in data"), hint }.into()
}

/// The fields of one line, decoded. Buffers are reused from line to line.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    text: Vec<u8>,
    /// The place of each field in `text`; `None` is NULL. Whether it was quoted stands beside it.
    places: Vec<(Option<Range<usize>>, bool)>,
}

impl Fields {
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// A field's text; `None` is NULL.
    ///
    /// # Errors
    /// 22021 for bytes that are not UTF-8, or a NUL.
    pub fn get(&self, at: usize) -> Result<Option<&str>> {
        let (Some(place), _) = &self.places[at] else { return Ok(None) };
        utf8(&self.text[place.clone()]).map(Some)
    }

    /// Cuts a line of the text format.
    pub fn read_text(&mut self, line: &[u8], format: &Format) {
        self.text.clear();
        self.places.clear();
        let mut raw = 0;
        let mut start = 0;
        let mut at = 0;
        loop {
            match line.get(at).copied() {
                Some(byte) if byte != format.delimiter => {
                    at += 1;
                    if byte == b'\\' {
                        at = self.unescape(line, at);
                    } else {
                        self.text.push(byte);
                    }
                }
                ended => {
                    // NULL is recognised before escapes are decoded: `\N` is one, `\\N` is a text.
                    let is_null = &line[raw..at] == format.null.as_bytes();
                    self.places.push(((!is_null).then_some(start..self.text.len()), false));
                    start = self.text.len();
                    at += 1;
                    raw = at;
                    if ended.is_none() {
                        return;
                    }
                }
            }
        }
    }

    /// Decodes what follows a backslash at `at`, and answers where it ends.
    fn unescape(&mut self, line: &[u8], mut at: usize) -> usize {
        let Some(&byte) = line.get(at) else {
            self.text.push(b'\\');
            return at;
        };
        at += 1;
        let decoded = match byte {
            b'0'..=b'7' => {
                let mut value = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(&digit @ b'0'..=b'7') = line.get(at) else { break };
                    value = value * 8 + u32::from(digit - b'0');
                    at += 1;
                }
                // PostgreSQL keeps the low byte.
                u8::try_from(value & 0xff).expect("masked")
            }
            b'x' if line.get(at).is_some_and(u8::is_ascii_hexdigit) => {
                let mut value = 0;
                for _ in 0..2 {
                    let Some(digit) = line.get(at).and_then(|byte| char::from(*byte).to_digit(16)) else { break };
                    value = value * 16 + digit;
                    at += 1;
                }
                u8::try_from(value).expect("two hexadecimal digits")
            }
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            other => other,
        };
        self.text.push(decoded);
        at
    }

    /// Cuts a line of the CSV format.
    ///
    /// # Errors
    /// 22P04 for a quote that does not end.
    pub fn read_csv(&mut self, line: &[u8], format: &Format) -> Result<()> {
        self.text.clear();
        self.places.clear();
        let (mut start, mut at) = (0, 0);
        let (mut quoted, mut in_quote) = (false, false);
        loop {
            match line.get(at).copied() {
                None if in_quote => return Err(bad("unterminated CSV quoted field")),
                Some(byte) if in_quote => {
                    let next = line.get(at + 1).copied();
                    if byte == format.escape && next.is_some_and(|next| next == format.escape || next == format.quote) {
                        self.text.extend(next);
                        at += 2;
                        continue;
                    }
                    if byte == format.quote {
                        in_quote = false;
                    } else {
                        self.text.push(byte);
                    }
                    at += 1;
                }
                Some(byte) if byte == format.quote => {
                    quoted = true;
                    in_quote = true;
                    at += 1;
                }
                Some(byte) if byte != format.delimiter => {
                    self.text.push(byte);
                    at += 1;
                }
                ended => {
                    let is_null = !quoted && &self.text[start..] == format.null.as_bytes();
                    self.places.push(((!is_null).then_some(start..self.text.len()), quoted));
                    start = self.text.len();
                    at += 1;
                    quoted = false;
                    if ended.is_none() {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// FORCE_NOT_NULL: an unquoted null text is a text.
    pub fn force_not_null(&mut self, at: usize, null: &str) {
        if let (place @ None, _) = &mut self.places[at] {
            let start = self.text.len();
            self.text.extend_from_slice(null.as_bytes());
            *place = Some(start..self.text.len());
        }
    }

    /// FORCE_NULL: a quoted null text is NULL.
    pub fn force_null(&mut self, at: usize, null: &str) {
        if let (Some(place), true) = &self.places[at]
            && &self.text[place.clone()] == null.as_bytes()
        {
            self.places[at].0 = None;
        }
    }
}

/// A text of the client.
///
/// # Errors
/// 22021 for bytes that are not UTF-8, or a NUL.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str> {
    if bytes.contains(&0) {
        return Err(CatalogError::InvalidEncoding("0x00".into()).into());
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let bad = &bytes[error.valid_up_to()..];
        // PostgreSQL shows as many bytes as the first one announces.
        let announced = match bad.first() {
            Some(0xc0..=0xdf) => 2,
            Some(0xe0..=0xef) => 3,
            Some(0xf0..=0xf7) => 4,
            _ => 1,
        };
        let shown: Vec<String> = bad.iter().take(announced).map(|byte| format!("0x{byte:02x}")).collect();
        CatalogError::InvalidEncoding(shown.join(" ")).into()
    })
}

pub(crate) fn bad(message: &str) -> crate::Error {
    SessionError::BadCopyFormat(message.to_owned()).into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::copy_options::plain_format as format;
    use super::*;

    /// All lines of data that arrives in pieces of `size` bytes, each as its fields.
    fn read(data: &[u8], csv: bool, size: usize) -> Result<Vec<Vec<Option<String>>>> {
        let format = format(csv);
        let (mut lines, mut fields, mut out) = (Lines::new(&format), Fields::default(), Vec::new());
        let mut take = |lines: &mut Lines, finished| -> Result<()> {
            while let Some(line) = lines.next(finished)? {
                let line = lines.bytes(line).to_vec();
                if csv {
                    fields.read_csv(&line, &format)?
                } else {
                    fields.read_text(&line, &format)
                }
                let row = (0..fields.len()).map(|at| Ok(fields.get(at)?.map(str::to_owned))).collect::<Result<_>>()?;
                out.push(row);
            }
            Ok(())
        };
        for piece in data.chunks(size) {
            lines.push(piece);
            take(&mut lines, false)?;
        }
        take(&mut lines, true)?;
        Ok(out)
    }

    fn some(texts: &[&str]) -> Vec<Option<String>> {
        texts.iter().map(|text| (*text != "NULL").then(|| (*text).to_owned())).collect()
    }

    #[test]
    fn lines_do_not_depend_on_where_messages_end() {
        let text = b"a\\tb\t\\N\t\\x41\\102\n\\\\N\t\t\\\n\n\\.\nrest";
        let csv = b"a,\"b\n\"\"c\"\"\",\r\n\"\",,x\"y\"z\r\n";
        for size in 1..20 {
            assert_eq!(
                read(text, false, size).unwrap(),
                [some(&["a\tb", "NULL", "AB"]), some(&["\\N", "", "\n"])],
                "{size}"
            );
            assert_eq!(
                read(csv, true, size).unwrap(),
                [some(&["a", "b\n\"c\"", "NULL"]), some(&["", "NULL", "xyz"])],
                "{size}"
            );
        }
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (data, csv, message) in [
            (&b"a\nb\r\n"[..], false, "22P04: literal carriage return found in data"),
            (b"a\r\nb\nc", true, "22P04: unquoted newline found in data"),
            (b"\"a", true, "22P04: unterminated CSV quoted field"),
            (b"\\.x\n", false, "22P04: end-of-copy marker corrupt"),
            (b"a\xffb\n", false, "22021: invalid byte sequence for encoding \"UTF8\": 0xff"),
            (b"a\0b\n", true, "22021: invalid byte sequence for encoding \"UTF8\": 0x00"),
        ] {
            let error = read(data, csv, 3).unwrap_err();
            assert_eq!(format!("{}: {error}", error.sqlstate()), message);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(
            data in proptest::collection::vec(proptest::sample::select(b"a,\t\"\\\n\r.N\xc3".to_vec()), 0..60),
            csv: bool,
            size in 1..10_usize,
        ) {
            let whole = read(&data, csv, data.len().max(1)).map_err(|error| error.to_string());
            let pieces = read(&data, csv, size).map_err(|error| error.to_string());
            prop_assert_eq!(whole, pieces);
        }
    }
}
