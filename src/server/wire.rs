//! A connection's bytes, in and out: frames from the socket, replies to it.
//!
//! Reading is cancel-safe (bytes land in the buffer or stay in the socket), so that the loop can wait for
//! a message, a notification and a deadline at the same time. Writing waits for the client: a client that
//! does not read stops its own session and nobody else's.

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::frame::{self, Frame, Stage};
use super::output::Output;
use crate::error::SessionError;

/// Bytes asked from the socket at once.
const READ_BYTES: usize = 16 << 10;
/// Memory for replies that is kept between them.
const KEPT_OUTPUT_BYTES: usize = 256 << 10;

/// Bytes of a client that are thrown away while its connection is closed.
const GOODBYE_BYTES: usize = 64 << 20;

/// Why nothing can be read or written any more.
#[derive(Debug)]
pub(super) enum Broken {
    /// The client went away.
    Gone,
    /// The bytes cannot be a message.
    Protocol(SessionError),
}

impl From<std::io::Error> for Broken {
    fn from(error: std::io::Error) -> Self {
        tracing::debug!(%error, "the connection broke");
        Self::Gone
    }
}

impl From<SessionError> for Broken {
    fn from(error: SessionError) -> Self {
        Self::Protocol(error)
    }
}

/// A socket with its buffers.
#[derive(Debug)]
pub(super) struct Wire<S> {
    stream: S,
    input: BytesMut,
    pub output: Output,
    send_buffer_bytes: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// A connection that sends whenever `send_buffer_bytes` have gathered.
    pub(super) fn new(stream: S, send_buffer_bytes: usize) -> Self {
        Self { stream, input: BytesMut::new(), output: Output::default(), send_buffer_bytes }
    }

    /// The socket, for a TLS handshake: only if nothing that came before it is left in the buffer, since
    /// those bytes are not protected and must not be taken for what the client says under TLS (CVE-2021-23214).
    pub(super) fn into_stream_for_tls(self) -> Result<S, Broken> {
        if self.input.is_empty() && self.output.pending().is_empty() {
            return Ok(self.stream);
        }
        Err(SessionError::BrokenProtocol("received unencrypted data after SSL request".into()).into())
    }

    /// Whether bytes have arrived that no message was made of yet.
    pub(super) fn has_unread(&self) -> bool {
        !self.input.is_empty()
    }

    /// The next message. Cancel-safe.
    ///
    /// # Errors
    /// The client went away, or what it sent cannot be a message of this stage.
    pub(super) async fn next(&mut self, stage: Stage) -> Result<Frame, Broken> {
        loop {
            if let Some(frame) = frame::next(&mut self.input, stage)? {
                return Ok(frame);
            }
            self.fill().await?;
        }
    }

    /// The next message, if it is already here.
    ///
    /// # Errors
    /// What the client sent cannot be a message of this stage.
    pub(super) fn next_buffered(&mut self, stage: Stage) -> Result<Option<Frame>, Broken> {
        Ok(frame::next(&mut self.input, stage)?)
    }

    /// The next message without a type, as it comes before login. Cancel-safe.
    ///
    /// # Errors
    /// As [`Wire::next`].
    pub(super) async fn next_untyped(&mut self) -> Result<Bytes, Broken> {
        loop {
            if let Some(body) = frame::next_untyped(&mut self.input)? {
                return Ok(body);
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> Result<(), Broken> {
        // The buffer grows with what arrives, whatever length the message declares.
        self.input.reserve(READ_BYTES);
        match self.stream.read_buf(&mut self.input).await? {
            0 => Err(Broken::Gone),
            _ => Ok(()),
        }
    }

    /// Sends everything. Not cancelled half-way through a message: what is sent is taken off the buffer
    /// piece by piece, so that the next flush continues where this one stopped.
    ///
    /// # Errors
    /// The client went away.
    pub(super) async fn flush(&mut self) -> Result<(), Broken> {
        while !self.output.pending().is_empty() {
            let count = self.stream.write(self.output.pending()).await?;
            if count == 0 {
                return Err(Broken::Gone);
            }
            self.output.advance(count);
        }
        self.output.shrink(KEPT_OUTPUT_BYTES);
        Ok(self.stream.flush().await?)
    }

    /// Sends if so much has gathered that it should not grow further.
    ///
    /// # Errors
    /// The client went away.
    pub(super) async fn flush_if_full(&mut self) -> Result<(), Broken> {
        if self.is_full() { self.flush().await } else { Ok(()) }
    }

    pub(super) fn is_full(&self) -> bool {
        self.output.pending().len() >= self.send_buffer_bytes
    }

    /// Sends one byte outside of any message: the answer to an encryption request.
    ///
    /// # Errors
    /// The client went away.
    pub(super) async fn answer(&mut self, byte: u8) -> Result<(), Broken> {
        self.stream.write_all(&[byte]).await?;
        Ok(self.stream.flush().await?)
    }

    /// Says goodbye: sends what is left, closes the writing side, and waits for the client to close its own.
    /// What still comes is thrown away: a socket that is closed with unread bytes resets the connection, and
    /// the client would not see the reason.
    pub(super) async fn close(&mut self) {
        if self.flush().await.is_err() || self.stream.shutdown().await.is_err() {
            return;
        }
        let mut thrown_away = 0;
        while thrown_away < GOODBYE_BYTES {
            self.input.clear();
            self.input.reserve(READ_BYTES);
            match self.stream.read_buf(&mut self.input).await {
                Ok(0) | Err(_) => return,
                Ok(count) => thrown_away += count,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bytes_before_the_handshake_close_the_connection() {
        let (mut client, server) = tokio::io::duplex(1024);
        client.write_all(b"\0\0\0\x08\x04\xd2\x16\x2fQ\0\0\0\x0dDELETE 1\0").await.unwrap();
        let mut wire = Wire::new(server, 1024);
        assert_eq!(wire.next_untyped().await.unwrap(), &80_877_103_i32.to_be_bytes()[..]);
        let Err(Broken::Protocol(error)) = wire.into_stream_for_tls() else { panic!("must be refused") };
        assert_eq!(error.to_string(), "received unencrypted data after SSL request");
    }

    #[tokio::test]
    async fn a_reader_that_is_dropped_loses_nothing() {
        let (mut client, server) = tokio::io::duplex(1024);
        let mut wire = Wire::new(server, 1024);
        let stage = Stage::Session { message_bytes: 100 };
        client.write_all(b"Q\0\0\0\x06").await.unwrap();
        // The message is not complete: the reader takes what is there and is dropped while it waits.
        tokio::select! {
            biased;
            _ = wire.next(stage) => panic!("half a message is not a message"),
            () = std::future::ready(()) => {}
        }
        client.write_all(b";\0").await.unwrap();
        assert_eq!(wire.next(stage).await.unwrap().body, &b";\0"[..]);
    }
}
