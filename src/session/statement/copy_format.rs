//! The lines of COPY TO STDOUT.

use super::copy_options::Format;

/// Writes fields and line ends.
#[derive(Debug)]
pub(crate) struct Writer {
    format: Format,
    /// For each column: FORCE_QUOTE.
    force_quote: Vec<bool>,
}

impl Writer {
    pub fn new(format: Format, columns: &[String]) -> Self {
        let force_quote = columns.iter().map(|name| format.force_quote.has(name)).collect();
        Self { format, force_quote }
    }

    /// One line: for each column its text, or `None` for NULL.
    pub fn line<'a>(&self, fields: impl Iterator<Item = Option<&'a [u8]>>, out: &mut Vec<u8>) {
        for (at, field) in fields.enumerate() {
            if at > 0 {
                out.push(self.format.delimiter);
            }
            match field {
                None => out.extend_from_slice(self.format.null.as_bytes()),
                Some(text) if self.format.csv => self.csv(text, self.force_quote[at], out),
                Some(text) => self.text(text, out),
            }
        }
        out.push(b'\n');
    }

    /// The line with the columns' names.
    pub fn header(&self, columns: &[String], out: &mut Vec<u8>) {
        for (at, name) in columns.iter().enumerate() {
            if at > 0 {
                out.push(self.format.delimiter);
            }
            if self.format.csv { self.csv(name.as_bytes(), false, out) } else { self.text(name.as_bytes(), out) }
        }
        out.push(b'\n');
    }

    fn text(&self, text: &[u8], out: &mut Vec<u8>) {
        for &byte in text {
            let letter = match byte {
                8 => b'b',
                12 => b'f',
                b'\n' => b'n',
                b'\r' => b'r',
                b'\t' => b't',
                11 => b'v',
                b'\\' => b'\\',
                other if other == self.format.delimiter => other,
                other => {
                    out.push(other);
                    continue;
                }
            };
            out.extend_from_slice(&[b'\\', letter]);
        }
    }

    fn csv(&self, text: &[u8], force: bool, out: &mut Vec<u8>) {
        let Format { delimiter, quote, escape, .. } = self.format;
        let special = |byte: &u8| *byte == delimiter || *byte == quote || *byte == b'\n' || *byte == b'\r';
        let alone = self.force_quote.len() == 1 && text == b"\\.";
        if !(force || alone || text == self.format.null.as_bytes() || text.iter().any(special)) {
            out.extend_from_slice(text);
            return;
        }
        out.push(quote);
        for &byte in text {
            if byte == quote || byte == escape {
                out.push(escape);
            }
            out.push(byte);
        }
        out.push(quote);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::copy_options::{Columns, plain_format as format};
    use super::super::copy_reader::{Fields, Lines};
    use super::*;

    fn write(fields: &[Option<&str>], format: &Format) -> Vec<u8> {
        let names: Vec<String> = (0..fields.len()).map(|at| format!("c{at}")).collect();
        let mut out = Vec::new();
        Writer::new(format.clone(), &names).line(fields.iter().map(|field| field.map(str::as_bytes)), &mut out);
        out
    }

    #[test]
    fn lines_are_postgresqls() {
        let fields = [Some("a\tb\\"), None, Some(""), Some("x,\"y\"\n")];
        assert_eq!(write(&fields, &format(false)), b"a\\tb\\\\\t\\N\t\tx,\"y\"\\n\n");
        assert_eq!(write(&fields, &format(true)), b"a\tb\\,,\"\",\"x,\"\"y\"\"\n\"\n");
        assert_eq!(write(&[Some("\\.")], &format(true)), b"\"\\.\"\n");
        let forced = Format { force_quote: Columns::All, ..format(true) };
        assert_eq!(write(&[Some("1"), None], &forced), b"\"1\",\n");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            row in proptest::collection::vec(proptest::option::of("[a\\\\,\t\"\n\r.Nü]{0,6}"), 2..4),
            csv: bool,
        ) {
            let format = format(csv);
            let fields: Vec<_> = row.iter().map(Option::as_deref).collect();
            let mut lines = Lines::new(&format);
            lines.push(&write(&fields, &format));
            let line = lines.next(true).unwrap().expect("one line");
            let line = lines.bytes(line).to_vec();
            let mut read = Fields::default();
            if csv { read.read_csv(&line, &format).unwrap() } else { read.read_text(&line, &format) }
            let back: Vec<_> = (0..read.len()).map(|at| read.get(at).unwrap()).collect();
            prop_assert_eq!(back, fields);
        }
    }
}
