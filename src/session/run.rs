//! Running statements: from a parsed statement to its outcome.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow::array::RecordBatch;
use datafusion::common::ScalarValue;
use datafusion::execution::SendableRecordBatchStream;
use futures::{Stream, StreamExt};

use super::outcome::{CopyOut, Outcome, Rows};
use super::prepared::{Plan, Prepared, Validity};
use super::request::Request;
use super::state::{Block, Session};
use super::statement::command::{Body, Parsed, Utility};
use super::statement::{self, Running, by_key};
use crate::Result;
use crate::base::ids::Oid;
use crate::catalog::types::PgType;
use crate::error::{CatalogError, QueryError, SessionError};
use crate::query::{BoundStatement, Environment, OutputColumn};

impl Session {
    /// Runs one statement of a simple query. Statements run one after the other, and each outcome is used
    /// up before the next statement; then comes [`sync`](Session::sync).
    ///
    /// # Errors
    /// Every error that the statement can have. The session has then failed as [`fail`](Session::fail) says.
    pub async fn run(&mut self, parsed: &Parsed, parameters: Vec<ScalarValue>) -> Result<Outcome> {
        let outcome = self.run_here(parsed, parameters).await;
        outcome.map_err(|error| {
            self.fail();
            error.moved_by(parsed.offset())
        })
    }

    async fn run_here(&mut self, parsed: &Parsed, parameters: Vec<ScalarValue>) -> Result<Outcome> {
        if self.block == Block::Failed && !parsed.ends_transaction() {
            return Err(SessionError::Aborted.into());
        }
        let request = self.start(parsed);
        match &parsed.body {
            Body::Utility(utility) => self.utility(utility, request).await,
            Body::Sql(_) => {
                let cached = self.plans.get(parsed.text(), &[]);
                self.planned(request, parsed, cached, &[], &parameters).await
            }
        }
    }

    /// Runs a prepared statement.
    pub(super) async fn run_prepared(
        &mut self,
        prepared: &Arc<Prepared>,
        parameters: &[ScalarValue],
    ) -> Result<Outcome> {
        let parsed = prepared.parsed.clone();
        if self.block == Block::Failed && !parsed.ends_transaction() {
            return Err(SessionError::Aborted.into());
        }
        if matches!(prepared.plan, Plan::Empty) {
            return Ok(Outcome::Empty);
        }
        let request = self.start(&parsed);
        match &parsed.body {
            Body::Utility(utility) => self.utility(utility, request).await,
            Body::Sql(_) => {
                self.planned(request, &parsed, Some(prepared.clone()), &prepared.declared, parameters).await
            }
        }
    }

    fn start(&mut self, parsed: &Parsed) -> Request {
        self.requests += 1;
        let timeout = self.shared.settings.lock().current().statement_timeout;
        Request::start(&self.shared, self.requests, parsed.shared_text(), timeout)
    }

    /// Runs a statement that has a plan. The cached one is used if it is still good.
    async fn planned(
        &mut self,
        mut request: Request,
        parsed: &Parsed,
        cached: Option<Arc<Prepared>>,
        declared: &[Oid],
        parameters: &[ScalarValue],
    ) -> Result<Outcome> {
        let outcome = self.try_planned(&request, parsed, cached, declared, parameters).await;
        match outcome {
            Ok(outcome) => Ok(watch(outcome, request)),
            Err(error) => Err(request.failed(error)),
        }
    }

    async fn try_planned(
        &mut self,
        request: &Request,
        parsed: &Parsed,
        cached: Option<Arc<Prepared>>,
        declared: &[Oid],
        parameters: &[ScalarValue],
    ) -> Result<Outcome> {
        self.begin_statement(request).await?;
        let transaction = self.transaction.as_ref().expect("the statement has begun");
        let environment = self.environment(transaction, None, request.cancel().clone());
        let prepared = match cached {
            Some(prepared) if prepared.valid == self.validity(&environment) => prepared,
            stale => {
                let fresh = self.current_plan(parsed, declared, &environment)?;
                if let Some(stale) = stale
                    && stale.described
                    && !same_result(stale.columns.as_ref(), fresh.columns.as_ref())
                {
                    return Err(SessionError::PlanChanged.into());
                }
                fresh
            }
        };
        self.execute_plan(request, &prepared, environment, parameters).await
    }

    /// The plan of a statement, from the cache if it is there and still good.
    pub(super) fn current_plan(
        &mut self,
        parsed: &Parsed,
        declared: &[Oid],
        environment: &Arc<Environment>,
    ) -> Result<Arc<Prepared>> {
        let valid = self.validity(environment);
        if let Some(cached) = self.plans.get(parsed.text(), declared).filter(|cached| cached.valid == valid) {
            return Ok(cached);
        }
        let fresh = Arc::new(self.plan(parsed, declared, environment)?);
        self.plans.put(fresh.clone());
        Ok(fresh)
    }

    pub(super) async fn execute_plan(
        &mut self,
        request: &Request,
        prepared: &Prepared,
        environment: Arc<Environment>,
        parameters: &[ScalarValue],
    ) -> Result<Outcome> {
        if parameters.len() < prepared.parameters.len() {
            return Err(QueryError::UndefinedParameter(parameters.len() + 1).into());
        }
        let mut running = Running { session: self, environment, parameters, cancel: request.cancel().clone() };
        match &prepared.plan {
            Plan::Empty => Ok(Outcome::Empty),
            Plan::Select(bound) => statement::select::run(&mut running, bound).await,
            Plan::Insert(bound) => statement::insert::run(&mut running, bound).await,
            Plan::Update(bound, by_key) => statement::update::run(&mut running, prepared, bound, by_key).await,
            Plan::Delete(bound, by_key) => statement::delete::run(&mut running, prepared, bound, by_key).await,
            Plan::Other => match &prepared.parsed.body {
                Body::Sql(parsed) => statement::ddl::run(&mut running, parsed).await,
                Body::Utility(_) => Err(statement::not_supported("this statement")),
            },
        }
    }

    async fn utility(&mut self, utility: &Utility, mut request: Request) -> Result<Outcome> {
        match statement::utility::run(self, utility, &request).await {
            Ok(outcome) => Ok(watch(outcome, request)),
            Err(error) => Err(request.failed(error)),
        }
    }

    /// Opens a transaction if there is none, and begins a statement in it.
    pub(super) async fn begin_statement(&mut self, request: &Request) -> Result<()> {
        let (lock_timeout, style) = {
            let settings = self.shared.settings.lock();
            (settings.current().lock_timeout, settings.style().clone())
        };
        let transaction = self.ensure_transaction()?;
        transaction.set_cancel(request.cancel().clone());
        transaction.set_lock_timeout(lock_timeout);
        transaction.set_style(style);
        self.hand_over_notices()?;
        self.queried = true;
        let transaction = self.transaction.as_mut().expect("it was opened above");
        transaction.statement_begin().await
    }

    /// Gives the notifications of functions that ran while a result streamed to the transaction.
    pub(super) fn hand_over_notices(&mut self) -> Result<()> {
        let outbox = std::mem::take(&mut *self.shared.outbox.lock());
        if outbox.is_empty() {
            return Ok(());
        }
        let transaction = self.ensure_transaction()?;
        for notice in outbox {
            transaction.notify(notice.channel, notice.payload)?;
        }
        Ok(())
    }

    pub(super) fn validity(&self, environment: &Environment) -> Validity {
        Validity { catalog: environment.catalog.version, settings: self.shared.settings.lock().generation() }
    }

    /// Makes the plan of a statement.
    pub(super) fn plan(&self, parsed: &Parsed, declared: &[Oid], environment: &Arc<Environment>) -> Result<Prepared> {
        let hints = hints(declared)?;
        let planner = &self.shared.services.planner;
        let environment = &match &parsed.body {
            // Positions in errors count in the text that is bound.
            Body::Sql(sql) => {
                Arc::new(Environment { source: Some(sql.source.clone()), ..Environment::clone(environment) })
            }
            Body::Utility(_) => environment.clone(),
        };
        let mut columns = None;
        let mut parameters: Vec<PgType> = Vec::new();
        let plan = match &parsed.body {
            Body::Sql(sql) => match planner.bind_statement(environment, &sql.statement, &hints)? {
                None => Plan::Other,
                Some(BoundStatement::Query(bound)) => {
                    columns = Some(bound.columns.clone());
                    parameters.clone_from(&bound.parameters);
                    Plan::Select(Arc::new(bound))
                }
                Some(BoundStatement::Insert(bound)) => {
                    columns = bound.returning.as_ref().map(|returning| returning.columns.clone());
                    parameters.clone_from(&bound.parameters);
                    Plan::Insert(Arc::new(bound))
                }
                Some(BoundStatement::Update(bound)) => {
                    columns = bound.returning.as_ref().map(|returning| returning.columns.clone());
                    parameters.clone_from(&bound.parameters);
                    let by_key = by_key::of_update(planner, environment, &sql.statement, &bound.table, &parameters);
                    Plan::Update(Arc::new(bound), by_key.map(Arc::new))
                }
                Some(BoundStatement::Delete(bound)) => {
                    columns = bound.returning.as_ref().map(|returning| returning.columns.clone());
                    parameters.clone_from(&bound.parameters);
                    let by_key = by_key::of_delete(planner, environment, &sql.statement, &bound.table, &parameters);
                    Plan::Delete(Arc::new(bound), by_key.map(Arc::new))
                }
            },
            Body::Utility(utility) => {
                columns = statement::utility::columns(self, utility)?;
                Plan::Other
            }
        };
        Ok(Prepared {
            parsed: Arc::new(parsed.clone()),
            plan,
            valid: self.validity(environment),
            declared: declared.to_vec(),
            parameters,
            columns,
            described: false,
        })
    }
}

/// The types that a client declared; 0 leaves a type to inference.
fn hints(declared: &[Oid]) -> Result<Vec<Option<PgType>>> {
    let type_of = |oid: &Oid| match oid {
        0 => Ok(None),
        705 => Ok(None), // unknown
        oid => match PgType::from_oid(*oid, -1) {
            Some(known) => Ok(Some(known)),
            None => Err(CatalogError::UnknownType(oid.to_string()).into()),
        },
    };
    declared.iter().map(type_of).collect()
}

pub(super) fn same_result(before: Option<&Arc<[OutputColumn]>>, now: Option<&Arc<[OutputColumn]>>) -> bool {
    match (before, now) {
        (None, None) => true,
        (Some(before), Some(now)) => {
            before.len() == now.len()
                && before.iter().zip(now.iter()).all(|(a, b)| a.name == b.name && a.data_type == b.data_type)
        }
        _ => false,
    }
}

/// Translates the errors of a running plan.
pub(super) fn rows(stream: SendableRecordBatchStream) -> Rows {
    stream.map(|batch| batch.map_err(crate::query::bind::errors::translate)).boxed()
}

/// Lets the request live as long as its rows stream.
fn watch(outcome: Outcome, mut request: Request) -> Outcome {
    match outcome {
        Outcome::Rows { columns, stream, tag } => {
            let stream = Watched { inner: stream, request, count: |batch: &RecordBatch| batch.num_rows() as u64 };
            Outcome::Rows { columns, stream: stream.boxed(), tag }
        }
        Outcome::CopyOut(CopyOut { columns, stream, rows }) => {
            request.count_with(rows.clone());
            let stream = Watched { inner: stream, request, count: |_| 0 };
            Outcome::CopyOut(CopyOut { columns, stream: stream.boxed(), rows })
        }
        Outcome::CopyIn(mut copy) => {
            copy.keep(request);
            Outcome::CopyIn(copy)
        }
        Outcome::Command { tag } => {
            request.add_rows(affected(&tag));
            Outcome::Command { tag }
        }
        Outcome::Empty => Outcome::Empty,
    }
}

/// The number of rows in a tag.
pub(super) fn affected(tag: &str) -> u64 {
    tag.rsplit(' ').next().and_then(|count| count.parse().ok()).unwrap_or(0)
}

struct Watched<T> {
    inner: futures::stream::BoxStream<'static, Result<T>>,
    request: Request,
    count: fn(&T) -> u64,
}

impl<T> Stream for Watched<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = std::task::ready!(self.inner.poll_next_unpin(context));
        Poll::Ready(match item {
            Some(Ok(item)) => {
                let rows = (self.count)(&item);
                self.request.add_rows(rows);
                Some(Ok(item))
            }
            Some(Err(error)) => Some(Err(self.request.failed(error))),
            None => None,
        })
    }
}
