//! EXPLAIN: the plan as a tree, and with ANALYZE what it did.
//!
//! The text shows every operator as DataFusion describes it. The JSON has PostgreSQL's shape, `Plan` with its
//! `Plans`, and PostgreSQL's names of operators where there is such an operator, so that the tools that draw
//! plans can draw these. There are no costs in it: nobody estimated any.

use std::fmt;
use std::sync::Arc;

use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::joins::{HashJoinExec, NestedLoopJoinExec};
use datafusion::physical_plan::{DisplayFormatType, ExecutionPlan, execute_stream};
use futures::StreamExt;
use serde_json::{Map, Value, json};

use super::ScalarValue;
use super::bind::bound::Plan;
use super::bind::{Bound, errors};
use super::environment::Environment;
use super::planner::Planner;
use super::scan::ScanExec;
use super::watch::Watch;
use crate::base::shutdown::CancellationToken;
use crate::error::Result;
use crate::storage::{TenantStore, View};

/// What EXPLAIN is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExplainOptions {
    /// Run the query and show what it did.
    pub analyze: bool,
    pub verbose: bool,
}

/// A plan, told.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// What stands above the plan when it is asked for verbosely.
    pub notes: Vec<String>,
    pub root: Node,
    /// The tag of a statement that changed rows.
    pub result: Option<String>,
    /// How long it took, in milliseconds, if it ran.
    pub execution_ms: Option<f64>,
}

/// One operator.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// PostgreSQL's name of such an operator.
    pub kind: String,
    /// One line about it.
    pub description: String,
    /// What PostgreSQL says of such an operator: `Relation Name`, `Join Type`.
    pub properties: Vec<(&'static str, Value)>,
    /// The rows it gave, if it ran.
    pub rows: Option<usize>,
    /// The time it computed, in milliseconds, in all partitions together and without its inputs.
    pub time_ms: Option<f64>,
    /// All its figures, if it ran.
    pub metrics: Option<String>,
    pub inputs: Vec<Node>,
}

impl Explanation {
    /// The lines of `QUERY PLAN`.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = self.notes.clone();
        self.root.write(0, &mut lines);
        lines.extend(self.result.as_ref().map(|result| format!("Result: {result}")));
        lines.extend(self.execution_ms.map(|elapsed| format!("Execution Time: {elapsed:.3} ms")));
        lines
    }

    /// The one value of `QUERY PLAN` with FORMAT JSON.
    pub fn json(&self) -> String {
        let mut statement = Map::new();
        statement.insert("Plan".into(), self.root.json());
        if let Some(elapsed) = self.execution_ms {
            statement.insert("Execution Time".into(), json!(elapsed));
        }
        format!("{:#}", Value::Array(vec![Value::Object(statement)]))
    }
}

impl Node {
    fn write(&self, depth: usize, lines: &mut Vec<String>) {
        let metrics = self.metrics.as_ref().map(|metrics| format!(", metrics=[{metrics}]")).unwrap_or_default();
        // PostgreSQL's arrows: what reads plans as text finds the operators by them.
        let (width, arrow) = if depth == 0 { (0, "") } else { (depth * 6 - 4, "->  ") };
        lines.push(format!("{:width$}{arrow}{}{metrics}", "", self.description));
        for input in &self.inputs {
            input.write(depth + 1, lines);
        }
    }

    fn json(&self) -> Value {
        let mut node = Map::new();
        node.insert("Node Type".into(), json!(self.kind));
        for (name, value) in &self.properties {
            node.insert((*name).into(), value.clone());
        }
        if self.description != self.kind {
            node.insert("Details".into(), json!(self.description));
        }
        if let Some(rows) = self.rows {
            node.insert("Actual Rows".into(), json!(rows));
            node.insert("Actual Loops".into(), json!(1));
        }
        if let Some(elapsed) = self.time_ms {
            node.insert("Actual Total Time".into(), json!(elapsed));
        }
        if !self.inputs.is_empty() {
            node.insert("Plans".into(), self.inputs.iter().map(Self::json).collect());
        }
        Value::Object(node)
    }

    /// The tree of a physical plan, without the operators that only serve its running.
    fn of(plan: &Arc<dyn ExecutionPlan>, options: ExplainOptions) -> Self {
        if let Some(watch) = plan.downcast_ref::<Watch>() {
            return Self::of(watch.input(), options);
        }
        if let Some(cooperative) = plan.downcast_ref::<CooperativeExec>() {
            return Self::of(cooperative.input(), options);
        }
        let (kind, properties) = postgres_node(plan.as_ref());
        let verbosity = if options.verbose { DisplayFormatType::Verbose } else { DisplayFormatType::Default };
        let description = Description(plan.as_ref(), verbosity).to_string();
        let description = description.trim().replace('\n', " ");
        let metrics = plan.metrics().filter(|_| options.analyze);
        let metrics = metrics.map(|metrics| metrics.aggregate_by_name().sorted_for_display().timestamps_removed());
        #[expect(clippy::cast_precision_loss, reason = "nanoseconds of one statement fit a double")]
        let milliseconds = |nanoseconds: usize| nanoseconds as f64 / 1_000_000.0;
        Self {
            kind,
            description,
            properties,
            rows: metrics.as_ref().and_then(|metrics| metrics.output_rows()),
            time_ms: metrics.as_ref().and_then(|metrics| metrics.elapsed_compute()).map(milliseconds),
            metrics: options.analyze.then(|| metrics.map(|metrics| metrics.to_string()).unwrap_or_default()),
            inputs: plan.children().into_iter().map(|input| Self::of(input, options)).collect(),
        }
    }
}

/// An operator as DataFusion writes it, without its inputs.
struct Description<'a>(&'a dyn ExecutionPlan, DisplayFormatType);

impl fmt::Display for Description<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_as(self.1, f)
    }
}

/// What PostgreSQL calls such an operator, and what it says of it.
fn postgres_node(plan: &dyn ExecutionPlan) -> (String, Vec<(&'static str, Value)>) {
    if let Some(scan) = plan.downcast_ref::<ScanExec>() {
        let table = scan.table();
        let properties = vec![("Schema", json!(table.schema)), ("Relation Name", json!(table.name))];
        let kind = if scan.has_range() { "Index Scan" } else { "Seq Scan" };
        return (kind.into(), properties);
    }
    let join_type = plan
        .downcast_ref::<HashJoinExec>()
        .map(HashJoinExec::join_type)
        .or_else(|| plan.downcast_ref::<NestedLoopJoinExec>().map(NestedLoopJoinExec::join_type));
    let properties = join_type.map(|join_type| ("Join Type", json!(postgres_join(&join_type.to_string()))));
    // `SortExec(TopK)` is a SortExec: what follows the name says how, or repeats the whole expression.
    let name = plan.name();
    let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or(name);
    let kind = match name {
        "HashJoinExec" => "Hash Join",
        "NestedLoopJoinExec" | "CrossJoinExec" => "Nested Loop",
        "SortMergeJoinExec" => "Merge Join",
        "AggregateExec" => "Aggregate",
        "SortExec" => "Sort",
        "CoalescePartitionsExec" => "Gather",
        "SortPreservingMergeExec" => "Gather Merge",
        "GlobalLimitExec" | "LocalLimitExec" => "Limit",
        "UnionExec" | "InterleaveExec" => "Append",
        "WindowAggExec" | "BoundedWindowAggExec" => "WindowAgg",
        "RecursiveQueryExec" => "Recursive Union",
        "WorkTableExec" => "WorkTable Scan",
        "UnnestExec" => "ProjectSet",
        "LazyMemoryExec" => "Function Scan",
        "DataSourceExec" => "Values Scan",
        "ProjectionExec" | "FilterExec" | "PlaceholderRowExec" | "EmptyExec" => "Result",
        _ => name.strip_suffix("Exec").unwrap_or(name),
    };
    (kind.to_owned(), properties.into_iter().collect())
}

/// `LeftSemi` is `Semi` in PostgreSQL, which turns no join around to have it on the other side.
fn postgres_join(name: &str) -> &str {
    match name {
        "LeftSemi" | "RightSemi" | "LeftMark" | "RightMark" => "Semi",
        "LeftAnti" | "RightAnti" => "Anti",
        other => other,
    }
}

impl Planner {
    /// How a query would run; with ANALYZE it runs.
    ///
    /// # Errors
    /// As [`Planner::execute`].
    #[expect(clippy::too_many_arguments, reason = "what execution takes, and what to show of it")]
    pub async fn explain(
        &self,
        environment: &Arc<Environment>,
        bound: &Bound,
        parameters: &[ScalarValue],
        view: View,
        store: &TenantStore,
        cancel: CancellationToken,
        options: ExplainOptions,
    ) -> Result<Explanation> {
        let started = environment.clock.now_us();
        let mut notes = Vec::new();
        let root = match &bound.plan {
            Plan::Direct(direct) => {
                let mut root = Node { kind: "Index Scan".into(), description: direct.describe(), ..Node::default() };
                if options.analyze {
                    let rows = count(direct.execute(parameters, view, store, cancel)?).await?;
                    root.rows = Some(rows);
                    root.metrics = Some(format!("output_rows={rows}"));
                }
                root
            }
            Plan::Logical { plan, .. } => {
                if options.verbose {
                    notes.extend(plan.display_indent().to_string().lines().map(str::to_owned));
                }
                let (physical, task) = self.physical(environment, bound, parameters, view, store, cancel).await?;
                if options.analyze {
                    let rows = execute_stream(Arc::clone(&physical), task).map_err(errors::translate)?;
                    count(rows).await?;
                }
                Node::of(&physical, options)
            }
        };
        #[expect(clippy::cast_precision_loss, reason = "microseconds of one statement fit a double")]
        let elapsed = options.analyze.then(|| (environment.clock.now_us() - started) as f64 / 1000.0);
        Ok(Explanation { notes, root, result: None, execution_ms: elapsed })
    }
}

async fn count(mut rows: super::SendableRecordBatchStream) -> Result<usize> {
    let mut count = 0;
    while let Some(batch) = rows.next().await {
        count += batch.map_err(errors::translate)?.num_rows();
    }
    Ok(count)
}
