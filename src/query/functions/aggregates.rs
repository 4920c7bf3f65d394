//! `sum` and `avg` with PostgreSQL's types and without overflow.
//!
//! | of                  | is added up in    | `sum`            | `avg`    |
//! |---------------------|-------------------|------------------|----------|
//! | smallint, integer   | 64 bits           | bigint           | numeric  |
//! | bigint, numeric     | see [`moments`]   | numeric          | numeric  |
//! | real                | 64 bits           | real             | float8   |
//! | double precision    | 64 bits           | double precision | float8   |
//! | interval            | field by field    | interval         | –        |
//!
//! The functions have names of their own in plans: DataFusion's rules take a `sum` of sums for a sum, which
//! would change the type.

use std::sync::{Arc, LazyLock};

use arrow::array::{ArrowPrimitiveType, AsArray, Float64Array};
use arrow::compute::{CastOptions, cast_with_options, nullif};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type, Int64Type, IntervalMonthDayNanoType, IntervalUnit};
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, ReversedUDAF, Signature, Volatility,
};

use super::accumulate::{Addend, Distinct, Finish, Groups, Single, Total, overflow};
use super::{moments, string_agg, undefined};
use crate::catalog::types::PgType;
use crate::error::QueryError;
use crate::query::bind::errors;

/// The aggregate function of this name, if it is one of ours.
pub fn by_name(name: &str) -> Option<Arc<AggregateUDF>> {
    static SUM: LazyLock<Arc<AggregateUDF>> = LazyLock::new(|| function(What::Sum));
    static AVERAGE: LazyLock<Arc<AggregateUDF>> = LazyLock::new(|| function(What::Average));
    match name {
        "sum" => Some(Arc::clone(&SUM)),
        "avg" => Some(Arc::clone(&AVERAGE)),
        "string_agg" => Some(string_agg::function()),
        _ => None,
    }
}

fn function(what: What) -> Arc<AggregateUDF> {
    let signature = Signature::user_defined(Volatility::Immutable);
    Arc::new(AggregateUDF::new_from_impl(TotalFunction { what, signature }))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum What {
    Sum,
    Average,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TotalFunction {
    what: What,
    signature: Signature,
}

impl TotalFunction {
    /// The name in SQL.
    fn shown(&self) -> &'static str {
        match self.what {
            What::Sum => "sum",
            What::Average => "avg",
        }
    }

    /// What of the numerics it tells, where its answer is one.
    fn of_numerics(&self, of: &DataType) -> Option<moments::What> {
        let is_numeric = of.is_decimal() || matches!(of, DataType::BinaryView | DataType::Int64);
        match self.what {
            What::Sum if is_numeric => Some(moments::What::Sum),
            What::Average if is_numeric || of.is_integer() => Some(moments::What::Average),
            _ => None,
        }
    }

    /// The type of the result.
    fn result(&self, of: &DataType) -> PgType {
        match (self.what, of) {
            _ if self.of_numerics(of).is_some() => PgType::Numeric(None),
            (What::Average, _) => PgType::Float8,
            (What::Sum, DataType::Int16 | DataType::Int32) => PgType::Int8,
            (What::Sum, DataType::Float32) => PgType::Float4,
            (What::Sum, DataType::Interval(_)) => PgType::Interval,
            (What::Sum, _) => PgType::Float8,
        }
    }

    /// The type in which values are added up.
    fn sum_type(of: &DataType) -> DataType {
        match of {
            DataType::Int16 | DataType::Int32 => DataType::Int64,
            DataType::Float32 | DataType::Float64 => DataType::Float64,
            other => other.clone(),
        }
    }

    fn finish(&self, result: DataType) -> Finish {
        match self.what {
            What::Sum => Arc::new(move |sums, counts| {
                let options = CastOptions { safe: false, ..CastOptions::default() };
                let out_of_range = |_| errors::translate(overflow(&result));
                let sums = cast_with_options(sums, &result, &options).map_err(out_of_range)?;
                let empty = counts.iter().map(|count| Some(count == Some(0))).collect();
                nullif(&sums, &empty).map_err(|error| errors::translate(error.into()))
            }),
            What::Average => Arc::new(|sums, counts| {
                #[expect(clippy::cast_precision_loss, reason = "a count of rows fits a double")]
                let average = |(sum, count): (f64, i64)| (count != 0).then(|| sum / count as f64);
                let sums = sums.as_primitive::<Float64Type>().values().iter().copied();
                Ok(Arc::new(sums.zip(counts.values().iter().copied()).map(average).collect::<Float64Array>()))
            }),
        }
    }
}

impl AggregateUDFImpl for TotalFunction {
    fn name(&self) -> &'static str {
        match self.what {
            What::Sum => "kalam_sum",
            What::Average => "kalam_avg",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> DataFusionResult<Vec<DataType>> {
        let accepted = match types {
            [DataType::Int16 | DataType::Int32 | DataType::Int64 | DataType::Float32 | DataType::Float64]
            | [DataType::Decimal128(..) | DataType::Decimal256(..) | DataType::BinaryView] => true,
            [DataType::Interval(IntervalUnit::MonthDayNano)] if self.what == What::Average => {
                let refused = QueryError::NotSupported("avg(interval) is not supported".into());
                return Err(errors::external(refused));
            }
            [DataType::Interval(IntervalUnit::MonthDayNano)] => true,
            _ => false,
        };
        if accepted {
            return Ok(types.to_vec());
        }
        let names: Vec<String> = types.iter().map(undefined::type_name).collect();
        let call = format!("{}({})", self.shown(), names.join(", "));
        Err(errors::external(QueryError::UndefinedFunction(call)))
    }

    fn return_type(&self, types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.result(&types[0]).arrow())
    }

    fn return_field(&self, arguments: &[FieldRef]) -> DataFusionResult<FieldRef> {
        Ok(Arc::new(self.result(arguments[0].data_type()).field(self.name(), true)))
    }

    fn accumulator(&self, args: AccumulatorArgs) -> DataFusionResult<Box<dyn Accumulator>> {
        struct Make;
        impl Choice for Make {
            type Made = Box<dyn Accumulator>;
            fn make<A: Addend>(&self, total: Total<A>, is_distinct: bool) -> Self::Made {
                if is_distinct { Box::new(Distinct::new(total)) } else { Box::new(Single::new(total)) }
            }
        }
        if let Some(what) = self.of_numerics(args.expr_fields[0].data_type()) {
            return Ok(moments::single(what, args.is_distinct));
        }
        Ok(self.choose(&args, &Make))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> DataFusionResult<Vec<FieldRef>> {
        if let Some(what) = self.of_numerics(args.input_fields[0].data_type()) {
            return Ok(moments::state_fields(what, args.name, args.is_distinct));
        }
        let sum_type = Self::sum_type(args.input_fields[0].data_type());
        if args.is_distinct {
            let element = Field::new_list_field(sum_type, true);
            return Ok(vec![Arc::new(Field::new_list(format_state_name(args.name, "distinct"), element, true))]);
        }
        Ok(vec![
            Arc::new(Field::new(format_state_name(args.name, "sum"), sum_type, true)),
            Arc::new(Field::new(format_state_name(args.name, "count"), DataType::Int64, true)),
        ])
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> DataFusionResult<Box<dyn GroupsAccumulator>> {
        struct Make;
        impl Choice for Make {
            type Made = Box<dyn GroupsAccumulator>;
            fn make<A: Addend>(&self, total: Total<A>, _is_distinct: bool) -> Self::Made {
                Box::new(Groups::new(total))
            }
        }
        if let Some(what) = self.of_numerics(args.expr_fields[0].data_type()) {
            return Ok(moments::groups(what));
        }
        Ok(self.choose(&args, &Make))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }
}

/// Makes an accumulator of whatever kind for a type that is chosen when the query is planned.
trait Choice {
    type Made;
    fn make<A: Addend>(&self, total: Total<A>, is_distinct: bool) -> Self::Made;
}

impl TotalFunction {
    fn choose<C: Choice>(&self, args: &AccumulatorArgs<'_>, choice: &C) -> C::Made {
        fn with<A: Addend + ArrowPrimitiveType, C: Choice>(
            sum_type: DataType,
            finish: Finish,
            choice: &C,
            is_distinct: bool,
        ) -> C::Made {
            choice.make(Total::<A>::new(sum_type, finish), is_distinct)
        }
        let of = args.expr_fields[0].data_type();
        let sum_type = Self::sum_type(of);
        let finish = self.finish(args.return_field.data_type().clone());
        match &sum_type {
            DataType::Int64 => with::<Int64Type, C>(sum_type, finish, choice, args.is_distinct),
            DataType::Interval(_) => with::<IntervalMonthDayNanoType, C>(sum_type, finish, choice, args.is_distinct),
            _ => with::<Float64Type, C>(sum_type, finish, choice, args.is_distinct),
        }
    }
}
