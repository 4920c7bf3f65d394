//! The statements without a plan: dispatch, and the ones too small for a file of their own.

use std::sync::Arc;

use datafusion::common::ScalarValue;

use super::command::{Body, Discard, Parsed, Utility};
use super::{Running, copy_in, copy_out, database, ddl, explain, listen, not_supported, set, transaction};
use crate::Result;
use crate::catalog::types::PgType;
use crate::error::{QueryError, SessionError};
use crate::query::ast::{Expr, SelectItem, SetExpr, Statement};
use crate::query::{self, OutputColumn};
use crate::session::outcome::Outcome;
use crate::session::prepared::Prepared;
use crate::session::request::Request;
use crate::session::run::same_result;
use crate::session::state::{Block, Session};

fn tag(tag: &str) -> Result<Outcome> {
    Ok(Outcome::Command { tag: tag.to_owned() })
}

/// Runs a statement without a plan.
pub(crate) async fn run(session: &mut Session, utility: &Utility, request: &Request) -> Result<Outcome> {
    match utility {
        Utility::Begin { modes, start } => {
            transaction::begin(session, *modes, if *start { "START TRANSACTION" } else { "BEGIN" })
        }
        Utility::Commit { chain } => transaction::commit(session, *chain).await,
        Utility::Rollback { chain } => transaction::rollback(session, *chain),
        Utility::SetTransaction { modes, session: for_session } => transaction::set(session, *modes, *for_session),
        Utility::Set { name, local, value } => set::set(session, name, value.as_deref(), *local),
        // No constraint here is deferrable, so all of them are immediate already.
        Utility::SetConstraints => tag("SET CONSTRAINTS"),
        Utility::Reset(name) => set::reset(session, name.as_deref()),
        Utility::Show(name) => set::show(session, name.as_deref()),
        Utility::Listen(channel) => listen::listen(session, channel),
        Utility::Unlisten(channel) => listen::unlisten(session, channel.as_deref()),
        Utility::Notify { channel, payload } => listen::notify(session, channel, payload.as_deref()),
        Utility::Discard(what) => discard(session, *what),
        Utility::Deallocate(name) => deallocate(session, name.as_deref()),
        Utility::Prepare { name, types, statement } => prepare(session, name, types, statement, request).await,
        Utility::Execute { name, arguments } => execute(session, name, arguments, request).await,
        Utility::Close(name) => close(session, name.as_deref()),
        Utility::CreateDatabase { name, owner } => database::create(session, name, owner.as_deref()).await,
        Utility::DropDatabase { name, if_exists, force } => database::drop(session, name, *if_exists, *force).await,
        Utility::CreateSchema { .. } | Utility::Drop { .. } | Utility::Truncate { .. } => {
            let mut running = start(session, request).await?;
            ddl::run_utility(&mut running, utility).await
        }
        Utility::Copy(copy) => {
            copy.check_target()?;
            let mut running = start(session, request).await?;
            if copy.from { copy_in::run(&mut running, copy).await } else { copy_out::run(&mut running, copy).await }
        }
        Utility::Explain { options, statement } => {
            let mut running = start(session, request).await?;
            explain::run(&mut running, *options, statement).await.map_err(|error| error.moved_by(statement.offset()))
        }
        Utility::Nothing => Ok(Outcome::Empty),
        Utility::NotSupported(feature) => Err(not_supported(feature)),
    }
}

/// Begins a statement that reads or changes the database.
async fn start<'a>(session: &'a mut Session, request: &Request) -> Result<Running<'a>> {
    session.begin_statement(request).await?;
    let transaction = session.transaction.as_ref().expect("the statement has begun");
    let environment = session.environment(transaction, None, request.cancel().clone());
    Ok(Running { session, environment, parameters: &[], cancel: request.cancel().clone() })
}

/// The columns of the statements that give rows, for Describe.
pub(crate) fn columns(session: &Session, utility: &Utility) -> Result<Option<Arc<[OutputColumn]>>> {
    Ok(match utility {
        Utility::Show(name) => Some(set::columns(session, name.as_deref())),
        Utility::Explain { options, .. } => Some(explain::columns(*options)),
        Utility::Execute { name, .. } => session.statement(name)?.columns().cloned(),
        _ => None,
    })
}

/// A session as new, but for its settings' startup values and its identity.
fn discard(session: &mut Session, what: Discard) -> Result<Outcome> {
    match what {
        Discard::All => {
            if session.block == Block::Explicit {
                return Err(SessionError::InTransactionBlock("DISCARD ALL".into()).into());
            }
            session.portals.clear();
            session.statements.clear();
            session.plans.clear();
            session.ensure_transaction()?;
            session.shared.settings.lock().reset_all();
            listen::unlisten(session, None)?;
            tag("DISCARD ALL")
        }
        Discard::Plans => {
            session.plans.clear();
            tag("DISCARD PLANS")
        }
        Discard::Sequences => tag("DISCARD SEQUENCES"),
        Discard::Temp => tag("DISCARD TEMP"),
    }
}

fn deallocate(session: &mut Session, name: Option<&str>) -> Result<Outcome> {
    match name {
        Some(name) => match session.statements.remove(name) {
            Some(_) => tag("DEALLOCATE"),
            None => Err(SessionError::UnknownStatement(name.to_owned()).into()),
        },
        None => {
            session.statements.clear();
            tag("DEALLOCATE ALL")
        }
    }
}

/// CLOSE: there are no SQL cursors, but a portal of the protocol is closed the same way.
fn close(session: &mut Session, name: Option<&str>) -> Result<Outcome> {
    match name {
        Some(name) => match session.portals.remove(name) {
            Some(_) => tag("CLOSE CURSOR"),
            None => Err(SessionError::UnknownCursor(name.to_owned()).into()),
        },
        None => {
            session.portals.clear();
            tag("CLOSE CURSOR ALL")
        }
    }
}

/// PREPARE: the same names as the protocol's Parse.
async fn prepare(
    session: &mut Session,
    name: &str,
    types: &[String],
    statement: &Parsed,
    request: &Request,
) -> Result<Outcome> {
    if !matches!(&statement.body, Body::Sql(sql) if !matches!(sql.statement, Statement::CreateTable(_))) {
        let word = statement.text().split_whitespace().next().unwrap_or("");
        let message = format!("syntax error at or near \"{word}\"");
        return Err(crate::Error::from(QueryError::Syntax(message)).at(statement.offset() + 1));
    }
    let mut declared = Vec::with_capacity(types.len());
    for text in types {
        declared.push(type_named(text)?.oid());
    }
    let running = start(session, request).await?;
    let environment = running.environment.clone();
    let planned =
        session.plan(statement, &declared, &environment).map_err(|error| error.moved_by(statement.offset()))?;
    session.keep_statement(name, Arc::new(Prepared { described: true, ..planned }))?;
    tag("PREPARE")
}

/// A type by its SQL name.
fn type_named(text: &str) -> Result<PgType> {
    match query::parse::parse_expression(&format!("NULL::{text}"))? {
        Expr::Cast { data_type, .. } => query::pg_type(&data_type),
        _ => Err(QueryError::Syntax(format!("syntax error at or near \"{text}\"")).into()),
    }
}

/// EXECUTE: also of statements that were prepared by the protocol.
async fn execute(session: &mut Session, name: &str, arguments: &[String], request: &Request) -> Result<Outcome> {
    let prepared = session.statement(name)?.clone();
    let parameters = {
        let running = start(session, request).await?;
        evaluate(&running, name, &prepared, arguments)?
    };
    if let Body::Utility(_) = prepared.parsed.body {
        return Err(not_supported("EXECUTE of this statement"));
    }
    let transaction = session.transaction.as_ref().expect("the statement has begun");
    let environment = session.environment(transaction, None, request.cancel().clone());
    let current = if prepared.valid == session.validity(&environment) {
        prepared
    } else {
        let fresh = session.current_plan(&prepared.parsed, &prepared.declared, &environment)?;
        if !same_result(prepared.columns.as_ref(), fresh.columns.as_ref()) {
            return Err(SessionError::PlanChanged.into());
        }
        fresh
    };
    session.execute_plan(request, &current, environment, &parameters).await
}

/// The values of EXECUTE's arguments, converted to the types of the parameters.
pub(crate) fn evaluate(
    running: &Running<'_>,
    name: &str,
    prepared: &Prepared,
    arguments: &[String],
) -> Result<Vec<ScalarValue>> {
    if arguments.len() != prepared.parameters().len() {
        return Err(SessionError::WrongParameterCount {
            name: name.to_owned(),
            expected: prepared.parameters().len(),
            found: arguments.len(),
        }
        .into());
    }
    let planner = running.planner();
    arguments
        .iter()
        .zip(prepared.parameters())
        .enumerate()
        .map(|(index, (argument, target))| {
            let expression = argument_expression(argument)?;
            planner.evaluate_constant(&running.environment, &expression, target, Some(index + 1))
        })
        .collect()
}

/// An argument is parsed as the select list of a query, so that it can be any expression.
fn argument_expression(text: &str) -> Result<Expr> {
    let mut parsed = query::parse(&format!("SELECT {text}"))?;
    let expression = match parsed.pop().map(|parsed| parsed.statement) {
        Some(Statement::Query(query)) => match *query.body {
            SetExpr::Select(mut select) if select.projection.len() == 1 => match select.projection.pop() {
                Some(SelectItem::UnnamedExpr(expression)) => Some(expression),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    expression.ok_or_else(|| QueryError::Syntax(format!("syntax error at or near \"{text}\"")).into())
}
