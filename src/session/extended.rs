//! The extended query protocol: prepared statements and portals by name.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use datafusion::common::ScalarValue;
use futures::StreamExt;

use super::outcome::Outcome;
use super::portal::{Portal, PortalState};
use super::prepared::{Plan, Prepared};
use super::state::{Block, Session};
use super::statement::command::{Body, Parsed};
use crate::Result;
use crate::base::ids::Oid;
use crate::base::shutdown::CancellationToken;
use crate::error::SessionError;

impl Session {
    /// Parse: prepares a statement under a name; the empty name is replaced silently.
    ///
    /// # Errors
    /// 42P05 for a name in use, 42601 for more than one statement, and every error of parsing and binding.
    /// The session has then failed as [`fail`](Session::fail) says.
    pub async fn prepare(&mut self, name: &str, sql: &str, parameter_oids: &[Oid]) -> Result<()> {
        let outcome = self.try_prepare(name, sql, parameter_oids);
        outcome.inspect_err(|_| self.fail())
    }

    fn try_prepare(&mut self, name: &str, sql: &str, declared: &[Oid]) -> Result<()> {
        let prepared = match self.plans.get(sql, declared) {
            // A stale plan is found out when it is executed, but Describe comes before that.
            Some(cached) if self.block != Block::Failed && self.is_current(&cached)? => {
                Arc::new(Prepared { described: true, ..Prepared::clone(&cached) })
            }
            _ => {
                let mut statements = self.split(sql)?;
                if statements.len() > 1 {
                    return Err(SessionError::MultipleCommands.into());
                }
                let statement = statements.pop();
                if self.block == Block::Failed && !statement.as_ref().is_none_or(Parsed::ends_transaction) {
                    return Err(SessionError::Aborted.into());
                }
                self.prepared(statement, sql, declared)?
            }
        };
        self.keep_statement(name, prepared)
    }

    fn is_current(&mut self, prepared: &Prepared) -> Result<bool> {
        let settings = self.shared.settings.lock().generation();
        let catalog = self.ensure_transaction()?.catalog().version;
        Ok(prepared.valid.catalog == catalog && prepared.valid.settings == settings)
    }

    fn prepared(&mut self, statement: Option<Parsed>, sql: &str, declared: &[Oid]) -> Result<Arc<Prepared>> {
        let Some(parsed) = statement else { return Ok(Arc::new(empty(sql, declared))) };
        // The end of a failed block is prepared without looking anything up.
        if self.block == Block::Failed {
            return Ok(Arc::new(Prepared { parsed: Arc::new(parsed), plan: Plan::Other, ..empty(sql, declared) }));
        }
        self.ensure_transaction()?;
        let transaction = self.transaction.as_ref().expect("it was opened above");
        let environment = self.environment(transaction, None, CancellationToken::new());
        let offset = parsed.offset();
        let planned = self.plan(&parsed, declared, &environment).map_err(|error| error.moved_by(offset))?;
        if matches!(parsed.body, Body::Sql(_)) && parsed.text() == sql {
            self.plans.put(Arc::new(planned.clone()));
        }
        Ok(Arc::new(Prepared { described: true, ..planned }))
    }

    pub(super) fn keep_statement(&mut self, name: &str, prepared: Arc<Prepared>) -> Result<()> {
        let most = self.shared.services.limits.prepared_statements;
        let count = self.statements.len();
        match self.statements.entry(name.to_owned()) {
            Entry::Occupied(mut taken) if name.is_empty() => {
                taken.insert(prepared);
            }
            Entry::Occupied(_) => return Err(SessionError::DuplicateStatement(name.to_owned()).into()),
            Entry::Vacant(_) if count >= most => return Err(SessionError::TooManyStatements { maximum: most }.into()),
            Entry::Vacant(free) => {
                free.insert(prepared);
            }
        }
        Ok(())
    }

    /// A prepared statement: what Describe answers.
    ///
    /// # Errors
    /// 26000 if there is none of this name.
    pub fn statement(&self, name: &str) -> Result<&Arc<Prepared>> {
        self.statements.get(name).ok_or_else(|| {
            // PostgreSQL has its own words for the one without a name.
            let error = match name {
                "" => SessionError::UnknownUnnamedStatement,
                name => SessionError::UnknownStatement(name.to_owned()),
            };
            error.into()
        })
    }

    /// Close of a statement. One that does not exist is not an error.
    pub fn close_statement(&mut self, name: &str) {
        self.statements.remove(name);
    }

    /// Bind: makes a portal of a statement and its parameters. The empty name is replaced silently.
    ///
    /// # Errors
    /// 26000, 42P03 for a name in use, 08P01 for the wrong number of parameters, 25P02 in a failed block.
    pub async fn bind(&mut self, portal: &str, statement: &str, parameters: Vec<ScalarValue>) -> Result<()> {
        let outcome = self.try_bind(portal, statement, parameters);
        outcome.inspect_err(|_| self.fail())
    }

    fn try_bind(&mut self, portal: &str, statement: &str, parameters: Vec<ScalarValue>) -> Result<()> {
        let prepared = self.statement(statement)?.clone();
        if self.block == Block::Failed && !prepared.parsed.ends_transaction() {
            return Err(SessionError::Aborted.into());
        }
        if parameters.len() != prepared.parameters.len() {
            let message = format!(
                "bind message supplies {} parameters, but prepared statement \"{statement}\" requires {}",
                parameters.len(),
                prepared.parameters.len()
            );
            return Err(SessionError::ProtocolViolation(message).into());
        }
        if self.block != Block::Failed {
            self.ensure_transaction()?;
        }
        let made = Portal { statement: prepared, parameters, state: PortalState::Ready };
        if !portal.is_empty() && self.portals.contains_key(portal) {
            return Err(SessionError::DuplicatePortal(portal.to_owned()).into());
        }
        self.portals.insert(portal.to_owned(), made);
        Ok(())
    }

    /// A portal: what Describe answers.
    ///
    /// # Errors
    /// 34000 if there is none of this name.
    pub fn portal(&self, name: &str) -> Result<&Portal> {
        self.portals.get(name).ok_or_else(|| SessionError::UnknownPortal(name.to_owned()).into())
    }

    /// Execute: runs a portal, or goes on with what [`suspend`](Session::suspend) has put back.
    ///
    /// # Errors
    /// 34000, 55000 for a statement that was executed already, and every error of the statement. The
    /// session has then failed as [`fail`](Session::fail) says.
    pub async fn execute_portal(&mut self, name: &str) -> Result<Outcome> {
        let outcome = self.try_execute_portal(name).await;
        outcome.inspect_err(|_| self.fail())
    }

    async fn try_execute_portal(&mut self, name: &str) -> Result<Outcome> {
        let portal = self.portals.get_mut(name).ok_or_else(|| SessionError::UnknownPortal(name.to_owned()))?;
        let statement = portal.statement.clone();
        match std::mem::replace(&mut portal.state, PortalState::Running) {
            PortalState::Suspended(outcome) => Ok(*outcome),
            PortalState::Ready => {
                let parameters = std::mem::take(&mut portal.parameters);
                let offset = statement.parsed.offset();
                self.run_prepared(&statement, &parameters).await.map_err(|error| error.moved_by(offset))
            }
            // It ran to its end: a SELECT has no more rows, anything else cannot be run twice.
            PortalState::Running => match (statement.columns(), &statement.plan) {
                (Some(columns), Plan::Select(_)) => Ok(Outcome::Rows {
                    columns: columns.clone(),
                    stream: futures::stream::empty().boxed(),
                    tag: super::outcome::RowsTag::Select,
                }),
                _ => Err(SessionError::PortalDone(name.to_owned()).into()),
            },
        }
    }

    /// Puts the rest of a result back into its portal: PortalSuspended.
    pub fn suspend(&mut self, name: &str, rest: Outcome) {
        if let Some(portal) = self.portals.get_mut(name) {
            portal.state = PortalState::Suspended(Box::new(rest));
        }
    }

    /// Close of a portal. One that does not exist is not an error.
    pub fn close_portal(&mut self, name: &str) {
        self.portals.remove(name);
    }
}

fn empty(sql: &str, declared: &[Oid]) -> Prepared {
    Prepared {
        parsed: Arc::new(Parsed::empty(sql)),
        plan: Plan::Empty,
        valid: super::prepared::Validity { catalog: 0, settings: 0 },
        declared: declared.to_vec(),
        parameters: Vec::new(),
        columns: None,
        described: false,
    }
}
