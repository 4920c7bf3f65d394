//! The one outgoing buffer of a connection.
//!
//! Replies gather here and leave in one write at Sync, at Flush, or when the bound is reached. The buffer
//! knows where the last complete message ends, so that a row that fails half-way, or a panic while one is
//! written, never leaves half a message in front of the error that reports it.
//!
//! ```text
//!   | already sent | complete messages … | a message being written |
//!                  ^ sent                ^ sealed
//! ```

use std::sync::Arc;

use bytes::BytesMut;
use pgwire::messages::Message;
use pgwire::messages::data::{FieldDescription, NoData, ParameterDescription, RowDescription};
use pgwire::messages::extendedquery::{BindComplete, CloseComplete, ParseComplete, PortalSuspended};
use pgwire::messages::response::{
    CommandComplete, EmptyQueryResponse, ErrorResponse, NoticeResponse, NotificationResponse, ReadyForQuery,
    TransactionStatus,
};
use pgwire::messages::startup::ParameterStatus;

/// Encodes replies and keeps them until they are sent.
#[derive(Debug, Default)]
pub(super) struct Output {
    bytes: Vec<u8>,
    sealed: usize,
    sent: usize,
    scratch: BytesMut,
}

impl Output {
    /// Bytes that can be sent now: complete messages only.
    pub(super) fn pending(&self) -> &[u8] {
        &self.bytes[self.sent..self.sealed]
    }

    /// Notes that the first `count` pending bytes are on their way.
    pub(super) fn advance(&mut self, count: usize) {
        self.sent += count;
        if self.sent == self.bytes.len() {
            self.bytes.clear();
            (self.sent, self.sealed) = (0, 0);
        }
    }

    /// Gives the memory of one unusually large reply back.
    pub(super) fn shrink(&mut self, capacity: usize) {
        if self.bytes.is_empty() && self.bytes.capacity() > capacity {
            self.bytes.shrink_to(capacity);
        }
    }

    /// Drops a message that was begun but not sealed.
    pub(super) fn discard_unsealed(&mut self) {
        self.bytes.truncate(self.sealed);
    }

    /// Adds one of pgwire's messages.
    pub(super) fn put(&mut self, message: &impl Message) {
        debug_assert_eq!(self.sealed, self.bytes.len(), "no message is put inside another one");
        self.scratch.clear();
        match message.encode(&mut self.scratch) {
            Ok(()) => {
                self.bytes.extend_from_slice(&self.scratch);
                self.sealed = self.bytes.len();
            }
            // pgwire refuses lengths that clients would refuse. The reply that is missing shows as a
            // protocol error at the client, which is right: it cannot be told in this protocol.
            Err(error) => tracing::error!(%error, "a reply is too long for the protocol"),
        }
    }

    /// Begins a message that is written in place, and gives the buffer to write its body to.
    pub(super) fn begin(&mut self, kind: u8) -> &mut Vec<u8> {
        self.discard_unsealed();
        self.bytes.push(kind);
        self.bytes.extend_from_slice(&[0; 4]);
        &mut self.bytes
    }

    /// Ends the message begun last: writes its length. `false` if it is longer than the protocol allows.
    #[must_use]
    pub(super) fn seal(&mut self) -> bool {
        let start = self.sealed + 1;
        let Ok(length) = i32::try_from(self.bytes.len() - start) else {
            self.discard_unsealed();
            return false;
        };
        self.bytes[start..start + 4].copy_from_slice(&length.to_be_bytes());
        self.sealed = self.bytes.len();
        true
    }

    pub(super) fn parse_complete(&mut self) {
        self.put(&ParseComplete::new());
    }

    pub(super) fn bind_complete(&mut self) {
        self.put(&BindComplete::new());
    }

    pub(super) fn close_complete(&mut self) {
        self.put(&CloseComplete::new());
    }

    pub(super) fn portal_suspended(&mut self) {
        self.put(&PortalSuspended::new());
    }

    pub(super) fn no_data(&mut self) {
        self.put(&NoData::new());
    }

    pub(super) fn empty_query(&mut self) {
        self.put(&EmptyQueryResponse::new());
    }

    pub(super) fn command_complete(&mut self, tag: impl Into<String>) {
        self.put(&CommandComplete::new(tag.into()));
    }

    pub(super) fn ready_for_query(&mut self, status: TransactionStatus) {
        self.put(&ReadyForQuery::new(status));
    }

    pub(super) fn parameter_status(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.put(&ParameterStatus::new(name.into(), value.into()));
    }

    pub(super) fn parameter_description(&mut self, types: Vec<u32>) {
        self.put(&ParameterDescription::new(types));
    }

    pub(super) fn row_description(&mut self, fields: Vec<FieldDescription>) {
        self.put(&RowDescription::new(fields));
    }

    pub(super) fn error(&mut self, fields: Vec<(u8, String)>) {
        self.put(&ErrorResponse::new(fields));
    }

    pub(super) fn notice(&mut self, fields: Vec<(u8, String)>) {
        self.put(&NoticeResponse::new(fields));
    }

    pub(super) fn notification(&mut self, sender: i32, channel: &Arc<str>, payload: &Arc<str>) {
        self.put(&NotificationResponse::new(sender, channel.to_string(), payload.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_not_sealed_is_never_sent() {
        let mut output = Output::default();
        output.parse_complete();
        output.begin(b'D').extend_from_slice(b"half a row");
        assert_eq!(output.pending(), b"1\0\0\0\x04");
        output.discard_unsealed();
        output.bind_complete();
        assert_eq!(output.pending(), b"1\0\0\0\x042\0\0\0\x04");
    }

    #[test]
    fn a_message_written_in_place_gets_its_length() {
        let mut output = Output::default();
        output.begin(b'D').extend_from_slice(b"\0\0");
        assert!(output.seal());
        assert_eq!(output.pending(), b"D\0\0\0\x06\0\0");
        output.advance(3);
        assert_eq!(output.pending(), b"\0\x06\0\0");
        output.begin(b'x');
        output.discard_unsealed();
        output.advance(4);
        assert_eq!(output.pending(), b"");
    }
}
