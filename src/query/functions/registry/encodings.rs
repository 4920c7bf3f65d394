//! The encodings that `convert_from`, `convert_to` and `convert` know: those whose characters are a table of 256, and
//! UTF-8 itself.

use crate::error::{CatalogError, QueryError, Result};
use crate::query::bind::refuse;

/// An encoding of text as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    /// Bytes without a meaning beyond ASCII.
    SqlAscii,
    Latin1,
    /// ISO 8859-15: Latin 1 with the euro and seven more.
    Latin9,
    Windows1252,
}

/// PostgreSQL's encodings that are not here: known, but not supported.
const OTHERS: [&str; 41] = [
    "BIG5",
    "EUCCN",
    "EUCJP",
    "EUCJIS2004",
    "EUCKR",
    "EUCTW",
    "GB18030",
    "GBK",
    "ISO88595",
    "ISO88596",
    "ISO88597",
    "ISO88598",
    "JOHAB",
    "KOI8",
    "KOI8R",
    "KOI8U",
    "LATIN2",
    "LATIN3",
    "LATIN4",
    "LATIN5",
    "LATIN6",
    "LATIN7",
    "LATIN8",
    "LATIN10",
    "MULEINTERNAL",
    "SJIS",
    "SHIFTJIS2004",
    "UHC",
    "WIN866",
    "WIN874",
    "WIN1250",
    "WIN1251",
    "WIN1253",
    "WIN1254",
    "WIN1255",
    "WIN1256",
    "WIN1257",
    "WIN1258",
    "WINDOWS1251",
    "WINDOWS1250",
    "WIN",
];

/// Where Latin 9 differs from Latin 1.
const LATIN9: [(u8, char); 8] =
    [(0xa4, '€'), (0xa6, 'Š'), (0xa8, 'š'), (0xb4, 'Ž'), (0xb8, 'ž'), (0xbc, 'Œ'), (0xbd, 'œ'), (0xbe, 'Ÿ')];

/// The characters 80 to 9f of Windows-1252; a space for the five that have none.
const WINDOWS_1252: &str = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";

impl Encoding {
    fn find(name: &str) -> Result<Option<Self>> {
        let plain: String =
            name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect();
        Ok(Some(match plain.as_str() {
            "UTF8" | "UNICODE" => Self::Utf8,
            "SQLASCII" => Self::SqlAscii,
            "LATIN1" | "ISO88591" => Self::Latin1,
            "LATIN9" | "ISO885915" => Self::Latin9,
            "WIN1252" | "WINDOWS1252" => Self::Windows1252,
            other if OTHERS.contains(&other) => return Err(refuse::not_supported(format!("encoding \"{name}\""))),
            _ => return Ok(None),
        }))
    }

    fn or(name: &str, what: &str) -> Result<Self> {
        let unknown = || QueryError::InvalidParameterValue(format!("invalid {what}encoding name \"{name}\"")).into();
        Self::find(name)?.ok_or_else(unknown)
    }

    /// The encoding of this name.
    ///
    /// # Errors
    /// 22023 if there is none.
    pub(super) fn named(name: &str) -> Result<Self> {
        Self::or(name, "")
    }

    pub(super) fn source(name: &str) -> Result<Self> {
        Self::or(name, "source ")
    }

    pub(super) fn destination(name: &str) -> Result<Self> {
        Self::or(name, "destination ")
    }

    fn label(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF8",
            Self::SqlAscii => "SQL_ASCII",
            Self::Latin1 => "LATIN1",
            Self::Latin9 => "LATIN9",
            Self::Windows1252 => "WIN1252",
        }
    }

    /// Fails for bytes that are no text of this encoding.
    ///
    /// # Errors
    /// 22021.
    pub(super) fn check(self, bytes: &[u8]) -> Result<()> {
        if self == Self::Utf8 {
            utf8(bytes)?;
        } else if bytes.contains(&0) {
            return Err(self.wrong(&[0]));
        }
        Ok(())
    }

    fn wrong(self, bytes: &[u8]) -> crate::Error {
        let shown: Vec<String> = bytes.iter().map(|byte| format!("0x{byte:02x}")).collect();
        let message = format!("invalid byte sequence for encoding \"{}\": {}", self.label(), shown.join(" "));
        QueryError::InvalidCharacters(message).into()
    }

    /// The text of bytes.
    ///
    /// # Errors
    /// 22021 and 22P05.
    pub(super) fn decode(self, bytes: &[u8]) -> Result<String> {
        match self {
            Self::Utf8 => Ok(utf8(bytes)?.to_owned()),
            // Into UTF-8 nothing is converted, the bytes must be it already.
            Self::SqlAscii => Ok(utf8(bytes)?.to_owned()),
            _ => {
                self.check(bytes)?;
                bytes.iter().map(|byte| self.character(*byte)).collect()
            }
        }
    }

    fn character(self, byte: u8) -> Result<char> {
        let other = match self {
            Self::Latin9 => LATIN9.iter().find(|(own, _)| *own == byte).map(|(_, character)| *character),
            Self::Windows1252 if (0x80..0xa0).contains(&byte) => {
                match WINDOWS_1252.chars().nth(usize::from(byte - 0x80)) {
                    Some(' ') | None => {
                        return Err(QueryError::UntranslatableCharacter(format!(
                            "character with byte sequence 0x{byte:02x} in encoding \"WIN1252\" has no equivalent in \
                             encoding \"UTF8\""
                        ))
                        .into());
                    }
                    known => known,
                }
            }
            _ => None,
        };
        Ok(other.unwrap_or(char::from(byte)))
    }

    /// Writes a text in this encoding.
    ///
    /// # Errors
    /// 22P05 for a character that it has not.
    pub(super) fn encode(self, text: &str, out: &mut Vec<u8>) -> Result<()> {
        if matches!(self, Self::Utf8 | Self::SqlAscii) {
            out.extend_from_slice(text.as_bytes());
            return Ok(());
        }
        for character in text.chars() {
            out.push(self.byte(character).ok_or_else(|| {
                let mut buffer = [0; 4];
                let bytes = character.encode_utf8(&mut buffer).bytes();
                let shown: Vec<String> = bytes.map(|byte| format!("0x{byte:02x}")).collect();
                crate::Error::from(QueryError::UntranslatableCharacter(format!(
                    "character with byte sequence {} in encoding \"UTF8\" has no equivalent in encoding \"{}\"",
                    shown.join(" "),
                    self.label()
                )))
            })?);
        }
        Ok(())
    }

    fn byte(self, character: char) -> Option<u8> {
        let own = u8::try_from(u32::from(character)).ok();
        match self {
            Self::Latin9 => match LATIN9.iter().find(|(_, other)| *other == character) {
                Some((byte, _)) => Some(*byte),
                None => own.filter(|byte| !LATIN9.iter().any(|(other, _)| other == byte)),
            },
            Self::Windows1252 => match own {
                Some(0x80..0xa0) => None,
                Some(byte) => Some(byte),
                None => {
                    let index = WINDOWS_1252.chars().position(|other| other == character)?;
                    u8::try_from(index).ok().map(|index| 0x80 + index)
                }
            },
            _ => own,
        }
    }

    /// The number of characters that bytes of this encoding have.
    pub(super) fn length(self, bytes: &[u8]) -> Result<usize> {
        match self {
            Self::Utf8 => Ok(utf8(bytes)?.chars().count()),
            _ => {
                self.check(bytes)?;
                Ok(bytes.len())
            }
        }
    }
}

/// Bytes as text, which has no zero byte.
fn utf8(bytes: &[u8]) -> Result<&str> {
    let wrong = |at: usize| {
        let length = match bytes[at] {
            0..0x80 => 1,
            0x80..0xe0 => 2,
            0xe0..0xf0 => 3,
            0xf0..0xf8 => 4,
            _ => 1,
        };
        let length = if (0x80..0xc0).contains(&bytes[at]) { 1 } else { length };
        let shown = &bytes[at..bytes.len().min(at + length)];
        let shown: Vec<String> = shown.iter().map(|byte| format!("0x{byte:02x}")).collect();
        crate::Error::from(CatalogError::InvalidEncoding(shown.join(" ")))
    };
    let text = std::str::from_utf8(bytes).map_err(|error| wrong(error.valid_up_to()))?;
    match bytes.iter().position(|byte| *byte == 0) {
        Some(at) => Err(wrong(at)),
        None => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_characters_are_inverse() {
        for encoding in [Encoding::Latin1, Encoding::Latin9, Encoding::Windows1252] {
            for byte in 1..=255 {
                let Ok(text) = encoding.decode(&[byte]) else { continue };
                let mut bytes = Vec::new();
                encoding.encode(&text, &mut bytes).unwrap();
                assert_eq!(bytes, [byte], "{encoding:?}");
            }
        }
        assert_eq!(Encoding::Windows1252.decode(&[0x80]).unwrap(), "€");
        assert!(Encoding::Latin1.encode("€", &mut Vec::new()).is_err());
    }
}
