//! Aggregates over frames.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::compute::filter;
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::Accumulator;
use datafusion::physical_expr::aggregate::AggregateFunctionExpr;

use super::frames::{Frames, Partition};

/// An aggregate's answers for the rows of a partition.
///
/// As long as frames only grow, rows are added; what an exact accumulator can take back, it takes back; otherwise it
/// starts again. Sums of floating point numbers always start again, as in PostgreSQL: taking a large one back would
/// leave its rounding behind.
///
/// # Errors
/// Those of the aggregate.
pub fn compute(
    aggregate: &AggregateFunctionExpr,
    partition: &Partition,
    frames: &Frames<'_>,
    arguments: &[ArrayRef],
    mask: Option<&ArrayRef>,
    answers: &mut Vec<ScalarValue>,
    mut check: impl FnMut() -> DataFusionResult<()>,
) -> DataFusionResult<()> {
    let input = Input::new(arguments, mask)?;
    let is_exact = !arguments.iter().any(|argument| argument.data_type().is_floating());
    let mut state = State { aggregate, accumulator: aggregate.create_accumulator()?, seen: 0..0, is_fresh: true };
    let takes_back = is_exact && state.accumulator.supports_retract_batch();
    let mut before: Option<[Range<usize>; 3]> = None;
    for row in 0..partition.rows {
        check()?;
        let ranges = frames.of(row).map(|range| input.places(&range));
        if let (Some(before), Some(last)) = (&before, answers.last()) {
            if row > 0 && *before == ranges {
                answers.push(last.clone());
                continue;
            }
        }
        let is_one = ranges[1].is_empty() && ranges[2].is_empty();
        if is_one {
            state.move_to(&input, &ranges[0], takes_back)?;
        } else {
            state.restart()?;
            for range in &ranges {
                state.add(&input, range)?;
            }
            state.is_fresh = false;
            state.seen = usize::MAX..usize::MAX;
        }
        answers.push(state.accumulator.evaluate()?);
        before = Some(ranges);
    }
    Ok(())
}

/// The rows that FILTER lets through.
struct Input {
    columns: Vec<ArrayRef>,
    /// How many rows are left before each row, if not all are.
    left: Option<Vec<usize>>,
}

impl Input {
    fn new(arguments: &[ArrayRef], mask: Option<&ArrayRef>) -> DataFusionResult<Self> {
        let Some(mask) = mask else { return Ok(Self { columns: arguments.to_vec(), left: None }) };
        let mask: BooleanArray = mask.as_boolean().iter().map(|passes| Some(passes == Some(true))).collect();
        let columns = arguments.iter().map(|column| filter(column, &mask)).collect::<Result<Vec<_>, _>>()?;
        let mut left = Vec::with_capacity(mask.len() + 1);
        let mut count = 0;
        left.push(0);
        for row in 0..mask.len() {
            count += usize::from(mask.value(row));
            left.push(count);
        }
        Ok(Self { columns, left: Some(left) })
    }

    fn places(&self, range: &Range<usize>) -> Range<usize> {
        match &self.left {
            None => range.clone(),
            Some(left) => left[range.start]..left[range.end],
        }
    }

    fn slices(&self, range: &Range<usize>) -> Vec<ArrayRef> {
        self.columns.iter().map(|column| column.slice(range.start, range.len())).collect()
    }
}

struct State<'a> {
    aggregate: &'a AggregateFunctionExpr,
    accumulator: Box<dyn Accumulator>,
    /// The rows that the accumulator has seen.
    seen: Range<usize>,
    is_fresh: bool,
}

impl State<'_> {
    fn restart(&mut self) -> DataFusionResult<()> {
        if !self.is_fresh {
            self.accumulator = self.aggregate.create_accumulator()?;
            self.is_fresh = true;
        }
        Ok(())
    }

    fn add(&mut self, input: &Input, range: &Range<usize>) -> DataFusionResult<()> {
        if !range.is_empty() {
            self.accumulator.update_batch(&input.slices(range))?;
            self.is_fresh = false;
        }
        Ok(())
    }

    fn move_to(&mut self, input: &Input, range: &Range<usize>, takes_back: bool) -> DataFusionResult<()> {
        let seen = self.seen.clone();
        let grows = !seen.is_empty() && range.end >= seen.end && range.start < seen.end;
        if grows && range.start == seen.start {
            self.add(input, &(seen.end..range.end))?;
        } else if grows && takes_back && range.start > seen.start {
            self.accumulator.retract_batch(&input.slices(&(seen.start..range.start)))?;
            self.add(input, &(seen.end..range.end))?;
        } else {
            self.restart()?;
            self.add(input, range)?;
        }
        self.seen = range.clone();
        Ok(())
    }
}
