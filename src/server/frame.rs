//! Framing: where one message of a client ends and the next begins.
//!
//! ```text
//!   after startup   | type u8 | length i32 BE, counts itself | body … |
//!   before          |           length i32 BE, counts itself | body … |
//! ```
//!
//! pgwire's decoders trust the declared length, see the whole read buffer, and panic on short bodies.
//! Bytes of strangers get here first: type and length are judged before anything is decoded, a decoder sees
//! exactly the body, and a length never sizes an allocation: the buffer grows only as bytes arrive.

use bytes::{Buf, Bytes, BytesMut};

use crate::error::SessionError;

/// Longest message before the client is known, except the one with the token (PostgreSQL:
/// `MAX_STARTUP_PACKET_LENGTH`).
pub(super) const STARTUP_BYTES: usize = 10_000;
/// Longest message of the types that only carry names (PostgreSQL: `PQ_SMALL_MESSAGE_LIMIT`).
const SMALL_BYTES: usize = 10_000;

/// One message, its type judged and its body complete, but not decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub kind: u8,
    pub body: Bytes,
}

/// What a client may send now.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stage {
    /// Only the token, at most so many bytes.
    Login { token_bytes: usize },
    /// Everything of the simple and the extended protocol, at most so many bytes.
    Session { message_bytes: usize },
}

impl Stage {
    /// The longest message of a type, its length field included; `None` if the type is not allowed.
    fn longest(self, kind: u8) -> Option<usize> {
        match (self, kind) {
            // The token ends with a NUL.
            (Self::Login { token_bytes }, b'p') => Some(token_bytes + 5),
            (Self::Login { .. }, _) => None,
            (Self::Session { message_bytes }, b'Q' | b'P' | b'B' | b'F' | b'd') => Some(message_bytes),
            (Self::Session { .. }, b'C' | b'D' | b'E' | b'H' | b'S' | b'X' | b'c' | b'f') => Some(SMALL_BYTES),
            (Self::Session { .. }, _) => None,
        }
    }
}

/// Takes the next complete message out of `input`, or says that more bytes are needed.
///
/// # Errors
/// FATAL 08P01 if the bytes cannot be a message of this stage.
pub(super) fn next(input: &mut BytesMut, stage: Stage) -> Result<Option<Frame>, SessionError> {
    let Some(&kind) = input.first() else { return Ok(None) };
    let Some(longest) = stage.longest(kind) else {
        return Err(match stage {
            Stage::Login { .. } => {
                SessionError::BrokenProtocol(format!("expected a password, got message type {kind}"))
            }
            Stage::Session { .. } => SessionError::BrokenProtocol(format!("invalid frontend message type {kind}")),
        });
    };
    let Some(length) = input.get(1..5) else { return Ok(None) };
    let length = checked_length(length, longest)?;
    if input.len() < 1 + length {
        return Ok(None);
    }
    input.advance(5);
    Ok(Some(Frame { kind, body: input.split_to(length - 4).freeze() }))
}

/// Takes the next message without a type: what a client may send before it is answered for the first time.
///
/// # Errors
/// FATAL 08P01 if the length cannot be that of a startup message.
pub(super) fn next_untyped(input: &mut BytesMut) -> Result<Option<Bytes>, SessionError> {
    let Some(length) = input.get(..4) else { return Ok(None) };
    let length = checked_length(length, STARTUP_BYTES)
        .ok()
        .filter(|length| *length >= 8)
        .ok_or_else(|| SessionError::BrokenProtocol("invalid length of startup packet".into()))?;
    if input.len() < length {
        return Ok(None);
    }
    input.advance(4);
    Ok(Some(input.split_to(length - 4).freeze()))
}

fn checked_length(bytes: &[u8], longest: usize) -> Result<usize, SessionError> {
    let length = i32::from_be_bytes(bytes.try_into().expect("the caller took four bytes"));
    usize::try_from(length)
        .ok()
        .filter(|length| (4..=longest).contains(length))
        .ok_or_else(|| SessionError::BrokenProtocol("invalid message length".into()))
}

#[cfg(test)]
mod tests {
    use bytes::{BufMut, Bytes, BytesMut};
    use proptest::prelude::*;

    use super::*;

    const SESSION: Stage = Stage::Session { message_bytes: 1 << 20 };
    const LOGIN: Stage = Stage::Login { token_bytes: 100 };

    fn frame(kind: u8, body: &[u8]) -> BytesMut {
        let mut bytes = BytesMut::new();
        bytes.put_u8(kind);
        bytes.put_i32(i32::try_from(body.len() + 4).unwrap());
        bytes.put_slice(body);
        bytes
    }

    #[test]
    fn only_the_token_is_read_before_login() {
        assert!(next(&mut frame(b'Q', b"DELETE FROM t\0"), LOGIN).is_err());
        assert!(next(&mut frame(b'p', b"token\0"), LOGIN).unwrap().is_some());
        assert!(next(&mut frame(b'p', &[b'x'; 101]), LOGIN).unwrap().is_some());
        assert!(next(&mut frame(b'p', &[b'x'; 102]), LOGIN).is_err());
    }

    #[test]
    fn lengths_are_judged_before_the_body_arrives() {
        for (kind, length) in [(b'Q', 3), (b'Q', 0), (b'Q', -1), (b'Q', i32::MIN), (b'Q', 1 << 21), (b'E', 10_001)] {
            let mut bytes = BytesMut::new();
            bytes.put_u8(kind);
            bytes.put_i32(length);
            let error = next(&mut bytes, SESSION).unwrap_err();
            assert_eq!(error.to_string(), "invalid message length", "{kind} {length}");
        }
    }

    #[test]
    fn an_unknown_type_is_refused_at_its_first_byte() {
        for kind in (0..=255_u8).filter(|kind| !b"QPBFdCDEHSXcf".contains(kind)) {
            assert!(next(&mut BytesMut::from(&[kind][..]), SESSION).is_err(), "{kind}");
        }
    }

    #[test]
    fn a_startup_message_has_eight_to_ten_thousand_bytes() {
        for (length, fine) in [(7_i32, false), (8, true), (10_000, true), (10_001, false), (-8, false)] {
            let mut bytes = BytesMut::new();
            bytes.put_i32(length);
            assert_eq!(next_untyped(&mut bytes).is_ok(), fine, "{length}");
        }
    }

    proptest! {
        /// However the bytes are cut on their way, the same messages come out.
        #[test]
        fn messages_survive_any_cut(
            messages in prop::collection::vec((prop::sample::select(&b"QPBdES"[..]), prop::collection::vec(any::<u8>(), 0..200)), 1..8),
            cuts in prop::collection::vec(1_usize..50, 1..20),
        ) {
            let sent: Vec<u8> = messages.iter().flat_map(|(kind, body)| frame(*kind, body).to_vec()).collect();
            let mut input = BytesMut::new();
            let mut got = Vec::new();
            let mut rest = &sent[..];
            for cut in cuts.iter().cycle() {
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                input.extend_from_slice(now);
                rest = later;
                while let Some(frame) = next(&mut input, SESSION).unwrap() {
                    got.push((frame.kind, frame.body.to_vec()));
                }
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(got, messages);
            prop_assert!(input.is_empty());
        }

        /// Garbage is refused or waits for more; it never panics and never yields more than came in.
        #[test]
        fn garbage_never_panics(garbage in prop::collection::vec(any::<u8>(), 0..300)) {
            for stage in [LOGIN, SESSION] {
                let mut input = BytesMut::from(&garbage[..]);
                let mut taken = 0;
                while let Ok(Some(frame)) = next(&mut input, stage) {
                    taken += frame.body.len() + 5;
                }
                prop_assert!(taken + input.len() <= garbage.len() + 5);
            }
            let mut input = BytesMut::from(&garbage[..]);
            let _: Result<Option<Bytes>, _> = next_untyped(&mut input);
        }
    }
}
