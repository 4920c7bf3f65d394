//! `rank`, `dense_rank`, `percent_rank` and `cume_dist` of a row that is not there: where it would stand in a group.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, ReversedUDAF, Signature, Volatility};

use super::collected::Collected;
use super::ordered_set::known;
use super::sorting::{Rows, comparable, shown};

/// What is asked of the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    Rank,
    DenseRank,
    PercentRank,
    CumulativeDistribution,
}

/// The aggregate. Its arguments are the columns that the group is ordered by, then as many values of the row.
pub fn function(standing: Standing, orders: Vec<SortOptions>) -> Arc<AggregateUDF> {
    let signature = Signature::any(orders.len() * 2, Volatility::Immutable);
    let name = match standing {
        Standing::Rank => "kalam_rank",
        Standing::DenseRank => "kalam_dense_rank",
        Standing::PercentRank => "kalam_percent_rank",
        Standing::CumulativeDistribution => "kalam_cume_dist",
    };
    let shown: Vec<&str> = orders.iter().map(|order| shown(*order)).collect();
    let name = format!("{name}[{}]", shown.join(", "));
    Arc::new(AggregateUDF::new_from_impl(Hypothetical { name, standing, orders, signature }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Hypothetical {
    name: String,
    standing: Standing,
    orders: Vec<SortOptions>,
    signature: Signature,
}

impl AggregateUDFImpl for Hypothetical {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(match self.standing {
            Standing::Rank | Standing::DenseRank => DataType::Int64,
            Standing::PercentRank | Standing::CumulativeDistribution => DataType::Float64,
        })
    }

    fn default_value(&self, _data_type: &DataType) -> DataFusionResult<ScalarValue> {
        Ok(answer(self.standing, 0, 0, 0, 0))
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> DataFusionResult<Box<dyn Accumulator>> {
        let width = self.orders.len();
        let types = args.expr_fields[..width].iter().map(|field| field.data_type().clone()).collect();
        Ok(Box::new(Standings {
            standing: self.standing,
            orders: self.orders.clone(),
            types: args.expr_fields[width..].iter().map(|field| field.data_type().clone()).collect(),
            row: args.exprs[width..].iter().map(known).collect(),
            rows: Collected::new(types),
        }))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> DataFusionResult<Vec<FieldRef>> {
        let width = self.orders.len();
        let mut fields = Collected::state_fields(args.name, &args.input_fields[..width]);
        for (index, field) in args.input_fields[width..].iter().enumerate() {
            let name = format_state_name(args.name, &format!("value {index}"));
            fields.push(Arc::new(Field::new(name, field.data_type().clone(), true)));
        }
        Ok(fields)
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::NotSupported
    }
}

#[derive(Debug)]
struct Standings {
    standing: Standing,
    orders: Vec<SortOptions>,
    types: Vec<DataType>,
    /// Known from the beginning, or from the first row of the group on.
    row: Option<Vec<ScalarValue>>,
    rows: Collected,
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
fn answer(standing: Standing, before: usize, groups: usize, equal: usize, rows: usize) -> ScalarValue {
    let whole = |number: usize| ScalarValue::Int64(i64::try_from(number).ok());
    match standing {
        Standing::Rank => whole(before + 1),
        Standing::DenseRank => whole(groups + 1),
        Standing::PercentRank if rows == 0 => ScalarValue::Float64(Some(0.0)),
        Standing::PercentRank => ScalarValue::Float64(Some(before as f64 / rows as f64)),
        Standing::CumulativeDistribution => ScalarValue::Float64(Some((before + equal + 1) as f64 / (rows + 1) as f64)),
    }
}

impl Standings {
    fn learn(&mut self, columns: &[ArrayRef]) -> DataFusionResult<()> {
        let is_empty = columns.first().is_none_or(|column| column.is_empty());
        if self.row.is_none() && !is_empty {
            let values = columns.iter().map(|column| ScalarValue::try_from_array(column, 0));
            self.row = Some(values.collect::<DataFusionResult<_>>()?);
        }
        Ok(())
    }
}

impl Accumulator for Standings {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        let (columns, row) = values.split_at(self.orders.len());
        self.learn(row)?;
        self.rows.add(columns)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DataFusionResult<()> {
        let (columns, row) = states.split_at(self.orders.len());
        // A state of no rows knows nothing of the row either.
        for index in 0..columns[0].len() {
            let columns: Vec<ArrayRef> = columns.iter().map(|column| column.slice(index, 1)).collect();
            let before = self.rows.rows();
            self.rows.merge(&columns)?;
            if self.rows.rows() > before {
                self.learn(&row.iter().map(|column| column.slice(index, 1)).collect::<Vec<_>>())?;
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> DataFusionResult<ScalarValue> {
        let total = self.rows.rows();
        let Some(row) = self.row.as_ref().filter(|_| total > 0) else {
            return Ok(answer(self.standing, 0, 0, 0, 0));
        };
        let columns = self.rows.columns()?.iter().map(comparable).collect::<DataFusionResult<Vec<_>>>()?;
        let row = row.iter().map(|value| comparable(&value.to_array()?)).collect::<DataFusionResult<Vec<_>>>()?;
        let against = Rows::new(&columns, &row, &self.orders)?;
        let mut before: Vec<usize> = Vec::new();
        let mut equal = 0;
        for index in 0..total {
            match against.compare(index, 0) {
                std::cmp::Ordering::Less => before.push(index),
                std::cmp::Ordering::Equal => equal += 1,
                std::cmp::Ordering::Greater => {}
            }
        }
        let count = before.len();
        if self.standing == Standing::DenseRank {
            let among = Rows::new(&columns, &columns, &self.orders)?;
            before.sort_by(|left, right| among.compare(*left, *right));
            before.dedup_by(|left, right| among.compare(*left, *right).is_eq());
        }
        Ok(answer(self.standing, count, before.len(), equal, total))
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        let mut state = self.rows.state()?;
        match &self.row {
            Some(row) => state.extend(row.iter().cloned()),
            None => {
                for data_type in &self.types {
                    state.push(ScalarValue::try_from(data_type)?);
                }
            }
        }
        Ok(state)
    }

    fn size(&self) -> usize {
        self.rows.size()
    }
}
