//! COPY FROM STDIN: lines become batches, batches go into the transaction, all or nothing.
//!
//! The session is not there while the data comes: the [`CopyIn`] holds its transaction and puts it back
//! when it is finished, fails, or is dropped. Memory is one line, one batch, and the transaction's own
//! writes, which `transaction.max_bytes` bounds.

use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{Field, Schema};
use parking_lot::Mutex;

use super::Running;
use super::copy_options::{Copy, Format, Header, Source};
use super::copy_reader::{Fields, Lines, bad};
use super::{names, not_supported};
use crate::Result;
use crate::base::shutdown::CancellationToken;
use crate::catalog::Table;
use crate::catalog::types::text::TextDecoder;
use crate::error::{CatalogError, ErrorKind, QueryError, SessionError, StorageError, TransactionError};
use crate::query::{Environment, Planner};
use crate::session::outcome::Outcome;
use crate::session::request::Request;
use crate::transaction::{OnConflict, Transaction};

/// Rows of one batch, and bytes of text after which a batch is full in any case.
const BATCH_ROWS: usize = 8_192;
const BATCH_BYTES: usize = 4 << 20;
/// Most bytes of a line or value that CONTEXT shows, as in PostgreSQL.
const SHOWN_BYTES: usize = 100;

/// A COPY FROM STDIN that waits for data.
pub struct CopyIn {
    table: Arc<Table>,
    /// For each field of a line: the index of its column.
    targets: Vec<usize>,
    format: Format,
    /// For each field: FORCE_NOT_NULL and FORCE_NULL.
    force: Vec<(bool, bool)>,
    lines: Lines,
    fields: Fields,
    header_done: bool,
    batch: Batch,
    count: u64,
    environment: Arc<Environment>,
    planner: Arc<Planner>,
    lease: Lease,
    cancel: CancellationToken,
    request: Option<Request>,
}

/// The rows that are not in the transaction yet.
struct Batch {
    decoders: Vec<TextDecoder>,
    rows: usize,
    bytes: usize,
    origins: Origins,
}

/// Where rows come from: the number of each row's line, and the beginning of its text for CONTEXT. The texts
/// lie behind one another, since one is asked for only when its row is refused.
#[derive(Default)]
struct Origins {
    /// (number of the line, where its text ends in `texts`).
    lines: Vec<(u64, usize)>,
    texts: Vec<u8>,
}

impl Origins {
    fn push(&mut self, number: u64, line: &[u8]) {
        // One byte more than is shown, so that a longer text is known for one.
        self.texts.extend_from_slice(&line[..line.len().min(SHOWN_BYTES + 1)]);
        self.lines.push((number, self.texts.len()));
    }

    fn get(&self, row: usize) -> Option<(u64, &[u8])> {
        let (number, end) = *self.lines.get(row)?;
        let start = row.checked_sub(1).map_or(0, |before| self.lines[before].1);
        Some((number, &self.texts[start..end]))
    }
}

/// A transaction away from its session.
struct Lease {
    transaction: Option<Transaction>,
    home: Arc<Mutex<Option<Transaction>>>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        *self.home.lock() = self.transaction.take();
    }
}

/// Begins a COPY FROM STDIN.
pub(crate) async fn run(running: &mut Running<'_>, copy: &Copy) -> Result<Outcome> {
    let Source::Table { name, columns } = &copy.source else { return Err(not_supported("COPY of a query FROM")) };
    let environment = running.environment.clone();
    let table = names::table(&environment.catalog, &environment.search_path, name)?;
    running.role().may_write(&table.name)?;
    if running.session.shared.settings.lock().is_on("transaction_read_only") {
        return Err(TransactionError::ReadOnly("COPY FROM".into()).into());
    }
    let targets = targets(&table, columns.as_deref())?;
    let force = force(&table, &targets, &copy.format)?;
    running.prepare_checks(&table);
    let planner = running.planner();
    let batch = Batch::new(&table, &targets, &environment);
    let transaction = running.session.transaction.take();
    let lease = Lease { transaction, home: running.session.lent.clone() };
    Ok(Outcome::CopyIn(Box::new(CopyIn {
        header_done: copy.format.header == Header::None,
        lines: Lines::new(&copy.format),
        format: copy.format.clone(),
        fields: Fields::default(),
        count: 0,
        cancel: running.cancel.clone(),
        request: None,
        table,
        targets,
        force,
        batch,
        environment,
        planner,
        lease,
    })))
}

/// The columns that a COPY names, or all.
pub(super) fn targets(table: &Table, columns: Option<&[String]>) -> Result<Vec<usize>> {
    let Some(columns) = columns else { return Ok((0..table.columns.len()).collect()) };
    let mut targets = Vec::with_capacity(columns.len());
    for name in columns {
        let at = table
            .column(name)
            .ok_or_else(|| CatalogError::UnknownColumn { column: name.clone(), table: table.name.clone() })?;
        if targets.contains(&at) {
            return Err(CatalogError::DuplicateColumn(name.clone()).into());
        }
        targets.push(at);
    }
    Ok(targets)
}

/// For each field whether FORCE_NOT_NULL and FORCE_NULL are about it.
fn force(table: &Table, targets: &[usize], format: &Format) -> Result<Vec<(bool, bool)>> {
    for (option, columns) in [("FORCE_NOT_NULL", &format.force_not_null), ("FORCE_NULL", &format.force_null)] {
        check_named(table, targets, option, columns.names())?;
    }
    let named = |at: &usize| {
        let name = &table.columns[*at].name;
        (format.force_not_null.has(name), format.force_null.has(name))
    };
    Ok(targets.iter().map(named).collect())
}

/// The columns of a FORCE option have to be copied.
pub(super) fn check_named(table: &Table, targets: &[usize], option: &str, columns: &[String]) -> Result<()> {
    for name in columns {
        let at = table
            .column(name)
            .ok_or_else(|| CatalogError::UnknownColumn { column: name.clone(), table: table.name.clone() })?;
        if !targets.contains(&at) {
            let message = format!("{option} column \"{name}\" not referenced by COPY");
            return Err(SessionError::InvalidColumnReference(message).into());
        }
    }
    Ok(())
}

impl CopyIn {
    /// How many fields a line has, for CopyInResponse. All are text.
    pub fn columns(&self) -> usize {
        self.targets.len()
    }

    /// Fires when the statement is canceled while data is awaited.
    pub fn cancelled(&self) -> &CancellationToken {
        &self.cancel
    }

    pub(crate) fn keep(&mut self, request: Request) {
        self.request = Some(request);
    }

    /// Takes data of the client; messages may end anywhere.
    ///
    /// # Errors
    /// Those of the data, of the table and of the transaction, with the line in CONTEXT; 57014. The caller
    /// drops the copy and calls [`super::super::Session::fail`].
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let outcome = self.take(bytes, false).await;
        outcome.map_err(|error| self.note(error))
    }

    /// The client has sent everything. Returns the tag of CommandComplete.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub async fn finish(mut self) -> Result<String> {
        let outcome = self.complete().await;
        outcome.map_err(|error| self.note(error))
    }

    async fn complete(&mut self) -> Result<String> {
        self.take(&[], true).await?;
        self.flush().await?;
        self.transaction().statement_end();
        if let Some(request) = &mut self.request {
            request.add_rows(self.count);
        }
        Ok(format!("COPY {}", self.count))
    }

    /// The client gave up (CopyFail). The caller drops the copy and calls
    /// [`super::super::Session::fail`].
    pub fn fail(mut self, reason: &str) -> crate::Error {
        let context = format!("COPY {}, line {}", self.table.name, self.lines.number + 1);
        let error = crate::Error::from(SessionError::CopyFailed(reason.to_owned())).context(context);
        self.note(error)
    }

    fn note(&mut self, error: crate::Error) -> crate::Error {
        match &mut self.request {
            Some(request) => request.failed(error),
            None => error,
        }
    }

    fn transaction(&mut self) -> &mut Transaction {
        self.lease.transaction.as_mut().expect("a copy holds its transaction until it is dropped")
    }

    async fn take(&mut self, bytes: &[u8], finished: bool) -> Result<()> {
        self.lines.push(bytes);
        loop {
            if self.cancel.is_cancelled() {
                return Err(QueryError::Canceled.into());
            }
            // A line is cut and decoded, then forgotten: what waits for the transaction are Arrow arrays.
            while self.batch.rows < BATCH_ROWS && self.batch.bytes < BATCH_BYTES {
                if !self.line(finished)? {
                    return Ok(());
                }
            }
            self.flush().await?;
        }
    }

    /// Reads one line; false when there is none yet.
    fn line(&mut self, finished: bool) -> Result<bool> {
        let next = self
            .lines
            .next(finished)
            .map_err(|error| error.context(format!("COPY {}, line {}", self.table.name, self.lines.number + 1)));
        let Some(line) = next? else { return Ok(false) };
        let number = self.lines.number;
        let bytes = self.lines.bytes(line);
        if !self.header_done {
            self.header_done = true;
            if self.format.header == Header::Match {
                check_header(&self.table, &self.targets, &self.format, bytes)
                    .map_err(|error| error.context(in_line(&self.table, number, bytes)))?;
            }
            return Ok(true);
        }
        let outcome = decode(
            bytes,
            number,
            &self.table,
            &self.targets,
            &self.format,
            &self.force,
            &mut self.fields,
            &mut self.batch,
        );
        outcome.map(|()| true).map_err(|error| error.context(in_line(&self.table, number, bytes)))
    }

    /// Gives the rows that wait to the transaction.
    async fn flush(&mut self) -> Result<()> {
        if self.batch.rows == 0 {
            return Ok(());
        }
        let fresh = Batch::new(&self.table, &self.targets, &self.environment);
        let mut batch = std::mem::replace(&mut self.batch, fresh);
        let fields: Vec<Field> = self
            .targets
            .iter()
            .map(|at| {
                let column = &self.table.columns[*at];
                column.data_type.field(&column.name, true)
            })
            .collect();
        let arrays = batch.decoders.iter_mut().map(TextDecoder::finish).collect();
        let given = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
            .map_err(|source| StorageError::Arrow { source })?;
        let rows = self.planner.fill_defaults(&self.environment, &self.table, &self.targets, &given)?;
        let table = self.table.clone();
        let outcome = self.transaction().insert(&table, rows.clone(), OnConflict::Error).await;
        match outcome {
            Ok(inserted) => {
                self.count += inserted.count;
                Ok(())
            }
            Err(error) => Err(self.locate(error, &rows, &batch.origins)),
        }
    }

    /// Finds the line that the transaction refused.
    fn locate(&self, error: crate::Error, rows: &RecordBatch, origins: &Origins) -> crate::Error {
        let table = &self.table;
        let (row, with_text) = match error.kind() {
            ErrorKind::Transaction(TransactionError::NotNull { column, .. }) => {
                let at = table.column(column).unwrap_or(0);
                let values = rows.column(at);
                ((0..values.len()).find(|row| values.is_null(*row)), true)
            }
            ErrorKind::Transaction(TransactionError::Check { .. }) => {
                let checks = self.planner.row_check(&self.environment);
                let violation = checks.first_violation(table, rows).ok().flatten();
                (violation.map(|violation| violation.row), true)
            }
            ErrorKind::Transaction(TransactionError::DuplicateKey { detail, .. }) => {
                (self.duplicate(detail, rows), false)
            }
            _ => (None, false),
        };
        let context = match row.and_then(|row| origins.get(row)) {
            Some((line, text)) if with_text => format!("COPY {}, line {line}: \"{}\"", table.name, shown(text)),
            Some((line, _)) => format!("COPY {}, line {line}", table.name),
            None => format!("COPY {}, line {}", table.name, self.lines.number),
        };
        error.context(context)
    }

    /// The row with the key that DETAIL names: the second one, if the data has it twice.
    fn duplicate(&self, detail: &str, rows: &RecordBatch) -> Option<usize> {
        let key = self.table.primary_key.as_ref()?;
        let names: Vec<&str> = key.columns.iter().map(|at| self.table.columns[*at].name.as_str()).collect();
        let mut found = None;
        for row in 0..rows.num_rows() {
            let values: Vec<String> = key
                .columns
                .iter()
                .map(|at| {
                    super::copy_out::text(
                        rows.column(*at),
                        row,
                        &self.table.columns[*at].data_type,
                        &self.environment.style,
                    )
                })
                .collect();
            if detail == format!("Key ({})=({}) already exists.", names.join(", "), values.join(", ")) {
                if found.is_some() {
                    return Some(row);
                }
                found = Some(row);
            }
        }
        found
    }
}

impl Batch {
    fn new(table: &Table, targets: &[usize], environment: &Environment) -> Self {
        let decoder = |at: &usize| TextDecoder::new(&table.columns[*at].data_type, &environment.style);
        Self { decoders: targets.iter().map(decoder).collect(), rows: 0, bytes: 0, origins: Origins::default() }
    }
}

/// Decodes one line into the batch.
#[expect(clippy::too_many_arguments, reason = "the parts of a CopyIn, whose line is borrowed meanwhile")]
fn decode(
    line: &[u8],
    number: u64,
    table: &Table,
    targets: &[usize],
    format: &Format,
    force: &[(bool, bool)],
    fields: &mut Fields,
    batch: &mut Batch,
) -> Result<()> {
    if format.csv {
        fields.read_csv(line, format)?;
    } else {
        fields.read_text(line, format);
    }
    if fields.len() > targets.len() {
        return Err(bad("extra data after last expected column"));
    }
    for (at, target) in targets.iter().enumerate() {
        // Values are decoded from left to right, and what comes first is what is reported.
        if at >= fields.len() {
            return Err(bad(&format!("missing data for column \"{}\"", table.columns[*target].name)));
        }
        let (force_not_null, force_null) = force[at];
        if force_not_null {
            fields.force_not_null(at, &format.null);
        }
        if force_null {
            fields.force_null(at, &format.null);
        }
        let decoder = &mut batch.decoders[at];
        match fields.get(at)? {
            Some(text) => decoder.append(text).map_err(|error| {
                let column = &table.columns[*target].name;
                error.context(format!(
                    "COPY {}, line {number}, column {column}: \"{}\"",
                    table.name,
                    shown(text.as_bytes())
                ))
            })?,
            None => decoder.append_null(),
        }
    }
    batch.rows += 1;
    batch.bytes += line.len();
    batch.origins.push(number, line);
    Ok(())
}

/// HEADER MATCH: the first line has to name the columns.
fn check_header(table: &Table, targets: &[usize], format: &Format, line: &[u8]) -> Result<()> {
    let mut fields = Fields::default();
    if format.csv {
        fields.read_csv(line, format)?;
    } else {
        fields.read_text(line, format);
    }
    if fields.len() != targets.len() {
        let message =
            format!("wrong number of fields in header line: got {}, expected {}", fields.len(), targets.len());
        return Err(bad(&message));
    }
    for (at, target) in targets.iter().enumerate() {
        let expected = &table.columns[*target].name;
        match fields.get(at)? {
            Some(found) if found == expected => {}
            Some(found) => {
                return Err(bad(&format!(
                    "column name mismatch in header line field {}: got \"{found}\", expected \"{expected}\"",
                    at + 1
                )));
            }
            None => {
                return Err(bad(&format!(
                    "column name mismatch in header line field {}: got null value (\"{}\"), expected \"{expected}\"",
                    at + 1,
                    format.null
                )));
            }
        }
    }
    Ok(())
}

fn in_line(table: &Table, number: u64, line: &[u8]) -> String {
    format!("COPY {}, line {number}: \"{}\"", table.name, shown(line))
}

/// The beginning of a line or value, as CONTEXT shows it.
fn shown(bytes: &[u8]) -> String {
    if bytes.len() <= SHOWN_BYTES {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let text = String::from_utf8_lossy(&bytes[..SHOWN_BYTES]);
    let text = text.trim_end_matches('\u{fffd}');
    format!("{text}...")
}
