//! COPY over the wire: data in until CopyDone or CopyFail, data out as it is made.
//!
//! Incoming data goes to the statement message by message, so that the memory in use does not grow with
//! the file. All or nothing is the statement's business: a failure here rolls its transaction back.

use futures::StreamExt;
use pgwire::messages::copy::{CopyDone, CopyInResponse, CopyOutResponse};

use super::connection::{Connection, Failure, Stop};
use super::message::ClientMessage;
use crate::error::{Error, QueryError, SessionError};
use crate::session::{CopyIn, CopyOut};

impl Connection {
    pub(super) async fn copy_in(&mut self, mut copy: Box<CopyIn>) -> Result<String, Failure> {
        self.send_notices();
        let columns = columns(copy.columns());
        self.wire.output.put(&CopyInResponse::new(0, columns, vec![0; usize::from(columns.unsigned_abs())]));
        self.wire.flush().await?;
        loop {
            let stage = self.stage();
            let frame = tokio::select! {
                biased;
                () = copy.cancelled().cancelled() => return Err(Error::from(QueryError::Canceled).into()),
                frame = self.wire.next(stage) => frame?,
            };
            let kind = frame.kind;
            match ClientMessage::decode(frame)? {
                ClientMessage::CopyData(data) => copy.write(&data).await?,
                ClientMessage::CopyDone => return Ok(copy.finish().await?),
                ClientMessage::CopyFail(reason) => return Err(copy.fail(&reason).into()),
                // Some drivers send them while they copy; PostgreSQL does not mind.
                ClientMessage::Flush | ClientMessage::Sync => {}
                ClientMessage::Terminate => return Err(Failure::Stop(Stop::Gone)),
                _ => {
                    let message = format!("unexpected message type 0x{kind:02X} during COPY from stdin");
                    return Err(SessionError::ProtocolViolation(message).into());
                }
            }
        }
    }

    pub(super) async fn copy_out(&mut self, mut copy: CopyOut) -> Result<String, Failure> {
        self.send_notices();
        let columns = columns(copy.columns);
        self.wire.output.put(&CopyOutResponse::new(0, columns, vec![0; usize::from(columns.unsigned_abs())]));
        while let Some(lines) = copy.stream.next().await {
            // One line per message, as PostgreSQL sends them: some clients take a message for a row. They
            // gather in the buffer and leave in large writes.
            for line in lines?.iter() {
                self.wire.output.begin(b'd').extend_from_slice(line);
                if !self.wire.output.seal() {
                    let detail = "A line of COPY data is longer than a message can be.".to_owned();
                    return Err(Error::from(QueryError::OutOfMemory { detail }).into());
                }
                self.wire.flush_if_full().await?;
            }
        }
        self.wire.output.put(&CopyDone::new());
        Ok(copy.tag())
    }
}

fn columns(count: usize) -> i16 {
    // No table has more columns than `base::limits::COLUMNS`.
    i16::try_from(count).unwrap_or(i16::MAX)
}
