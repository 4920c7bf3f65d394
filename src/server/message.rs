//! What a client says: the bodies of its messages, decoded.
//!
//! Every read is bounded by the body, a count is believed only if the bytes for it are there, and text that
//! is not UTF-8 is an error (22021) where pgwire would silently replace it. The texts of errors are PostgreSQL's.

use bytes::{Buf, Bytes};

use super::frame::Frame;
use crate::base::ids::Oid;
use crate::catalog::types::utf8;
use crate::error::{Result, SessionError};

/// One message after login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ClientMessage {
    Query(String),
    Parse {
        statement: String,
        sql: String,
        parameter_types: Vec<Oid>,
    },
    Bind(Bind),
    Describe {
        target: Target,
        name: String,
    },
    /// `max_rows` 0: all.
    Execute {
        portal: String,
        max_rows: usize,
    },
    Close {
        target: Target,
        name: String,
    },
    Flush,
    Sync,
    Terminate,
    CopyData(Bytes),
    CopyDone,
    CopyFail(String),
    FunctionCall,
}

/// Prepared statement or portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Statement,
    Portal,
}

/// Values for the parameters of a statement, and the formats of its results.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bind {
    pub portal: String,
    pub statement: String,
    pub parameter_formats: Vec<Format>,
    /// `None` is NULL.
    pub parameters: Vec<Option<Bytes>>,
    pub result_formats: Vec<Format>,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    #[default]
    Text,
    Binary,
}

impl Format {
    /// The format of column `index`: none given means text, one given counts for all.
    pub(super) fn of(formats: &[Format], index: usize) -> Format {
        match formats {
            [] => Format::Text,
            [all] => *all,
            each => each.get(index).copied().unwrap_or_default(),
        }
    }

    pub(super) fn code(self) -> i16 {
        match self {
            Self::Text => 0,
            Self::Binary => 1,
        }
    }
}

impl ClientMessage {
    /// Decodes a message whose type [`super::frame`] has allowed.
    ///
    /// # Errors
    /// 08P01 if the body does not have the form of its type, 22021 if text is not UTF-8. Both leave the
    /// connection usable: where the next message begins is known.
    pub(super) fn decode(frame: Frame) -> Result<Self> {
        let mut body = Body(frame.body);
        let message = match frame.kind {
            b'Q' => Self::Query(body.text()?),
            b'P' => {
                let (statement, sql) = (body.text()?, body.text()?);
                let count = body.count(4)?;
                let parameter_types = (0..count).map(|_| body.u32()).collect::<Result<_>>()?;
                Self::Parse { statement, sql, parameter_types }
            }
            b'B' => Self::Bind(body.bind()?),
            b'D' => Self::Describe { target: body.target("DESCRIBE")?, name: body.text()? },
            b'C' => Self::Close { target: body.target("CLOSE")?, name: body.text()? },
            b'E' => {
                let portal = body.text()?;
                // PostgreSQL takes a negative number as "all rows", too.
                Self::Execute { portal, max_rows: usize::try_from(body.i32()?).unwrap_or(0) }
            }
            b'H' => Self::Flush,
            b'S' => Self::Sync,
            b'X' => Self::Terminate,
            b'd' => Self::CopyData(std::mem::take(&mut body.0)),
            b'c' => Self::CopyDone,
            b'f' => Self::CopyFail(body.text()?),
            b'F' => {
                body.0.clear();
                Self::FunctionCall
            }
            kind => return Err(SessionError::BrokenProtocol(format!("invalid frontend message type {kind}")).into()),
        };
        body.end()?;
        Ok(message)
    }
}

/// Decodes the password message: the token as the client sent it, without its NUL.
///
/// # Errors
/// 08P01 if the body is not one text.
pub(super) fn password(frame: Frame) -> Result<String> {
    let mut body = Body(frame.body);
    let password = body.text()?;
    body.end()?;
    Ok(password)
}

/// The unread rest of a message.
pub(super) struct Body(pub Bytes);

impl Body {
    fn violation<T>(message: &str) -> Result<T> {
        Err(SessionError::ProtocolViolation(message.into()).into())
    }

    fn need(&self, bytes: usize) -> Result<()> {
        if self.0.len() < bytes {
            return Self::violation("insufficient data left in message");
        }
        Ok(())
    }

    /// A text that ends with NUL.
    pub(super) fn text(&mut self) -> Result<String> {
        let Some(length) = self.0.iter().position(|byte| *byte == 0) else {
            return Self::violation("invalid string in message");
        };
        let bytes = self.0.split_to(length);
        self.0.advance(1);
        utf8(&bytes).map(str::to_owned)
    }

    fn i16(&mut self) -> Result<i16> {
        self.need(2)?;
        Ok(self.0.get_i16())
    }

    pub(super) fn i32(&mut self) -> Result<i32> {
        self.need(4)?;
        Ok(self.0.get_i32())
    }

    fn u32(&mut self) -> Result<u32> {
        self.need(4)?;
        Ok(self.0.get_u32())
    }

    /// A count of items that take at least `item_bytes` each: it is not believed without their bytes.
    fn count(&mut self, item_bytes: usize) -> Result<usize> {
        self.need(2)?;
        let count = usize::from(self.0.get_u16());
        self.need(count * item_bytes)?;
        Ok(count)
    }

    fn formats(&mut self) -> Result<Vec<Format>> {
        let count = self.count(2)?;
        (0..count)
            .map(|_| match self.i16()? {
                0 => Ok(Format::Text),
                1 => Ok(Format::Binary),
                code => Err(SessionError::InvalidParameterValue(format!("unsupported format code: {code}")).into()),
            })
            .collect()
    }

    fn target(&mut self, message: &str) -> Result<Target> {
        self.need(1)?;
        match self.0.get_u8() {
            b'S' => Ok(Target::Statement),
            b'P' => Ok(Target::Portal),
            other => Self::violation(&format!("invalid {message} message subtype {other}")),
        }
    }

    fn bind(&mut self) -> Result<Bind> {
        let (portal, statement) = (self.text()?, self.text()?);
        let parameter_formats = self.formats()?;
        let count = self.count(4)?;
        let mut parameters = Vec::with_capacity(count);
        for _ in 0..count {
            parameters.push(match self.i32()? {
                -1 => None,
                length => {
                    let Ok(length) = usize::try_from(length) else {
                        return Self::violation("insufficient data left in message");
                    };
                    self.need(length)?;
                    Some(self.0.split_to(length))
                }
            });
        }
        let result_formats = self.formats()?;
        if parameter_formats.len() > 1 && parameter_formats.len() != parameters.len() {
            return Self::violation(&format!(
                "bind message has {} parameter formats but {} parameters",
                parameter_formats.len(),
                parameters.len()
            ));
        }
        Ok(Bind { portal, statement, parameter_formats, parameters, result_formats })
    }

    pub(super) fn end(&self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Self::violation("invalid message format") }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(kind: u8, body: &[u8]) -> Result<ClientMessage> {
        ClientMessage::decode(Frame { kind, body: Bytes::copy_from_slice(body) })
    }

    fn refused(kind: u8, body: &[u8]) -> (String, &'static str) {
        let error = decode(kind, body).unwrap_err();
        (error.to_string(), error.sqlstate().0)
    }

    #[test]
    fn messages_are_read() {
        assert_eq!(decode(b'Q', b"SELECT 1\0").unwrap(), ClientMessage::Query("SELECT 1".into()));
        assert_eq!(
            decode(b'P', b"s\0SELECT $1\0\0\x02\0\0\0\x17\0\0\0\0").unwrap(),
            ClientMessage::Parse { statement: "s".into(), sql: "SELECT $1".into(), parameter_types: vec![23, 0] }
        );
        assert_eq!(
            decode(b'B', b"p\0s\0\0\x01\0\x01\0\x02\0\0\0\x02hi\xff\xff\xff\xff\0\x01\0\x01").unwrap(),
            ClientMessage::Bind(Bind {
                portal: "p".into(),
                statement: "s".into(),
                parameter_formats: vec![Format::Binary],
                parameters: vec![Some(Bytes::from_static(b"hi")), None],
                result_formats: vec![Format::Binary],
            })
        );
        assert_eq!(
            decode(b'E', b"\0\xff\xff\xff\xff").unwrap(),
            ClientMessage::Execute { portal: String::new(), max_rows: 0 }
        );
        assert_eq!(
            decode(b'D', b"Sx\0").unwrap(),
            ClientMessage::Describe { target: Target::Statement, name: "x".into() }
        );
        assert_eq!(decode(b'd', b"\xff\0").unwrap(), ClientMessage::CopyData(Bytes::from_static(b"\xff\0")));
    }

    #[test]
    fn a_query_with_nul_inside_is_refused() {
        assert_eq!(refused(b'Q', b"SELECT 'a\0b'\0"), ("invalid message format".into(), "08P01"));
        assert_eq!(refused(b'Q', b"SELECT 1"), ("invalid string in message".into(), "08P01"));
    }

    #[test]
    fn invalid_utf8_is_22021() {
        assert_eq!(
            refused(b'Q', b"SELECT '\xff'\0"),
            ("invalid byte sequence for encoding \"UTF8\": 0xff".into(), "22021")
        );
    }

    #[test]
    fn counts_without_their_bytes_are_refused() {
        let insufficient = ("insufficient data left in message".to_string(), "08P01");
        assert_eq!(refused(b'P', b"\0\0\xff\xff"), insufficient);
        assert_eq!(refused(b'B', b"\0\0\xff\xff"), insufficient);
        assert_eq!(refused(b'B', b"\0\0\0\0\0\x01\x7f\xff\xff\xff"), insufficient);
        assert_eq!(refused(b'B', b"\0\0\0\0\0\x01\xff\xff\xff\xfe\0\0"), insufficient);
        assert_eq!(refused(b'E', b"\0\0\0"), insufficient);
        assert_eq!(refused(b'D', b""), insufficient);
    }

    #[test]
    fn what_only_looks_like_a_message_is_refused() {
        assert_eq!(refused(b'S', b"x").0, "invalid message format");
        assert_eq!(refused(b'D', b"Zx\0").0, "invalid DESCRIBE message subtype 90");
        assert_eq!(refused(b'B', b"\0\0\0\x01\0\x02\0\0\0\0"), ("unsupported format code: 2".into(), "22023"));
    }

    proptest! {
        #[test]
        fn garbage_never_panics(kind in prop::sample::select(&b"QPBDCEHSXdcfF"[..]), body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(kind, &body);
            let _ = password(Frame { kind: b'p', body: body.into() });
        }

        /// A Bind cut anywhere is an error, never a shorter Bind.
        #[test]
        fn a_truncated_bind_is_refused(cut in 0_usize..30) {
            let whole = b"p\0s\0\0\x01\0\x01\0\x02\0\0\0\x02hi\xff\xff\xff\xff\0\x01\0\x01";
            prop_assume!(cut < whole.len());
            prop_assert!(decode(b'B', &whole[..cut]).is_err());
        }
    }
}
