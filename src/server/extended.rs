//! The extended query protocol: Parse, Bind, Describe, Execute, Close.
//!
//! Replies are only buffered here: they leave at Sync or Flush, so that a whole pipeline is one write. An
//! error skips everything up to Sync (`connection.rs`); Sync ends the implicit transaction.

use super::connection::{Connection, Failure};
use super::encode;
use super::message::{Bind, Target};
use super::parameters;
use super::simple::{End, Sent};
use crate::base::ids::Oid;
use crate::error::SessionError;
use crate::session::Outcome;

impl Connection {
    pub(super) async fn parse(&mut self, name: &str, sql: &str, types: &[Oid]) -> Result<(), Failure> {
        self.session.prepare(name, sql, types).await?;
        self.wire.output.parse_complete();
        Ok(())
    }

    pub(super) async fn bind(&mut self, bind: Bind) -> Result<(), Failure> {
        let statement = self.session.statement(&bind.statement)?.clone();
        let columns = statement.columns().map_or(0, |columns| columns.len());
        if bind.result_formats.len() > 1 && bind.result_formats.len() != columns {
            let message = format!(
                "bind message has {} result formats but query has {columns} columns",
                bind.result_formats.len()
            );
            return Err(SessionError::ProtocolViolation(message).into());
        }
        let values = parameters::decode(&bind, statement.parameters(), &self.session.style())?;
        self.session.bind(&bind.portal, &bind.statement, values).await?;
        self.formats.insert(bind.portal, bind.result_formats);
        self.wire.output.bind_complete();
        Ok(())
    }

    pub(super) async fn describe(&mut self, target: Target, name: &str) -> Result<(), Failure> {
        let (columns, formats) = match target {
            Target::Statement => {
                let statement = self.session.statement(name)?;
                let types = statement.parameters().iter().map(|parameter| parameter.oid()).collect();
                let columns = statement.columns().cloned();
                self.wire.output.parameter_description(types);
                (columns, &[][..])
            }
            Target::Portal => {
                let columns = self.session.portal(name)?.columns().cloned();
                (columns, self.formats.get(name).map_or(&[][..], Vec::as_slice))
            }
        };
        match columns {
            Some(columns) => self.wire.output.row_description(encode::describe(&columns, formats)),
            None => self.wire.output.no_data(),
        }
        Ok(())
    }

    pub(super) async fn execute(&mut self, portal: &str, max_rows: usize) -> Result<(), Failure> {
        let outcome = self.session.execute_portal(portal).await?;
        let end = match outcome {
            Outcome::Empty => End::Empty,
            Outcome::Command { tag } => End::Tag(tag),
            Outcome::Rows { columns, stream, tag } => {
                let limit = if max_rows == 0 { usize::MAX } else { max_rows };
                let formats = self.formats.get(portal).cloned().unwrap_or_default();
                let Sent { rows, rest } = self.send_rows(&columns, stream, &formats, limit).await?;
                if let Some(stream) = rest {
                    self.session.suspend(portal, Outcome::Rows { columns, stream, tag });
                    self.send_notices();
                    self.wire.output.portal_suspended();
                    return Ok(());
                }
                End::Tag(tag.finish(rows))
            }
            Outcome::CopyIn(copy) => End::Tag(self.copy_in(copy).await?),
            Outcome::CopyOut(copy) => End::Tag(self.copy_out(copy).await?),
        };
        self.send_end(end);
        Ok(self.wire.flush_if_full().await?)
    }

    pub(super) fn close(&mut self, target: Target, name: &str) -> Result<(), Failure> {
        // Closing what is not there is no error.
        match target {
            Target::Statement => self.session.close_statement(name),
            Target::Portal => {
                self.session.close_portal(name);
                self.formats.remove(name);
            }
        }
        self.wire.output.close_complete();
        Ok(())
    }
}
