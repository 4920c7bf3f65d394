//! Windows: OVER, WINDOW and their frames.

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, NamedWindowDefinition, NamedWindowExpr, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowSpec,
    WindowType,
};

use super::calls::{Extras, LATERAL_HINT};
use super::clause::Clause;
use super::{Analyser, oids, refuse};
use crate::base::ids::Oid;
use crate::catalog::facts::{CastContext, FunctionKind};
use crate::error::{Error, QueryError, Result};
use crate::query::bind::names::folded;
use crate::query::bind::resolve::Resolved;
use crate::query::bind::tree::{
    Expression, Frame, FrameBound, FrameExclusion, FrameUnits, Kind, Position, SortKey, Window, WindowDefinition,
};
use crate::query::marks;

impl Analyser<'_> {
    /// The WINDOW clause.
    pub(super) fn named_windows(&mut self, definitions: &[NamedWindowDefinition]) -> Result<()> {
        for NamedWindowDefinition(ident, definition) in definitions {
            let name = folded(ident);
            let at = self.places.after(Some(ident.span.start), "(");
            if self.window_named(&name)?.is_some() {
                let message = format!("window \"{name}\" is already defined");
                return Err(self.fail(QueryError::Windowing(message), at));
            }
            let NamedWindowExpr::WindowSpec(spec) = definition else {
                return Err(self.fail(refuse::not_supported("a window that is only a name"), at));
            };
            let window = WindowDefinition { name: Some(name), ..self.window(spec, at)? };
            self.level()?.windows.push(window);
        }
        Ok(())
    }

    fn window_named(&mut self, name: &str) -> Result<Option<usize>> {
        Ok(self.level()?.windows.iter().position(|window| window.name.as_deref() == Some(name)))
    }

    fn window_reference(&mut self, ident: &Ident) -> Result<usize> {
        let name = folded(ident);
        match self.window_named(&name)? {
            Some(index) => Ok(index),
            None => {
                let message = format!("window \"{name}\" does not exist");
                Err(self.fail(QueryError::UndefinedObject(message), Some(ident.span.start)))
            }
        }
    }

    /// A window in parentheses, which open `at`.
    fn window(&mut self, spec: &WindowSpec, at: Option<Position>) -> Result<WindowDefinition> {
        let (name, exclusion) = base_name(spec.window_name.as_ref());
        let base = match &name {
            Some(ident) => {
                let index = self.window_reference(ident)?;
                Some((ident, self.level()?.windows[index].clone()))
            }
            None => None,
        };
        let mut partition_by = Vec::with_capacity(spec.partition_by.len());
        for key in &spec.partition_by {
            let key = self.expression_in(key, Clause::PartitionBy)?;
            let key = self.settle(key)?;
            self.check_equality(&key, key.position)?;
            if !partition_by.contains(&key) {
                partition_by.push(key);
            }
        }
        let mut order_by: Vec<SortKey> = Vec::with_capacity(spec.order_by.len());
        for key in &spec.order_by {
            let expression = self.expression_in(&key.expr, Clause::WindowOrder)?;
            let expression = self.settle(expression)?;
            let place = expression.position;
            let bound = self.sort_key(expression, key, place)?;
            if !order_by.iter().any(|other| other.expression == bound.expression) {
                order_by.push(bound);
            }
        }
        if let Some((ident, base)) = base {
            let name = folded(ident);
            let windowing = |message: String| Error::from(QueryError::Windowing(message));
            if !partition_by.is_empty() {
                let message = format!("cannot override PARTITION BY clause of window \"{name}\"");
                return Err(self.at(windowing(message), at));
            }
            if !order_by.is_empty() && !base.order_by.is_empty() {
                let message = format!("cannot override ORDER BY clause of window \"{name}\"");
                return Err(self.at(windowing(message), at));
            }
            if base.frame != default_frame() {
                let message = format!("cannot copy window \"{name}\" because it has a frame clause");
                let error = windowing(message);
                let alone = order_by.is_empty() && spec.window_frame.is_none();
                let error = if alone { error.hint("Omit the parentheses in this OVER clause.") } else { error };
                return Err(self.at(error, at));
            }
            partition_by = base.partition_by;
            if order_by.is_empty() {
                order_by = base.order_by;
            }
        }
        let frame = match &spec.window_frame {
            Some(frame) => Frame { exclusion, ..self.frame(frame, &order_by, at)? },
            None => default_frame(),
        };
        Ok(WindowDefinition { name: None, partition_by, order_by, frame })
    }

    fn frame(&mut self, frame: &WindowFrame, order_by: &[SortKey], at: Option<Position>) -> Result<Frame> {
        let (units, word) = match frame.units {
            WindowFrameUnits::Rows => (FrameUnits::Rows, "ROWS"),
            WindowFrameUnits::Range => (FrameUnits::Range, "RANGE"),
            WindowFrameUnits::Groups => (FrameUnits::Groups, "GROUPS"),
        };
        let place = self.places.after(self.places.next(at), word);
        let first = match frame.end_bound {
            Some(_) => self.places.next(self.places.next(place)),
            None => self.places.next(place),
        };
        let last = self.places.next(self.places.after(first, "AND"));
        let windowing = |message: &str, at: Option<Position>| -> Result<Frame> {
            Err(self.fail(QueryError::Windowing(message.into()), at))
        };
        let current = WindowFrameBound::CurrentRow;
        let end = frame.end_bound.as_ref().unwrap_or(&current);
        // What PostgreSQL's grammar refuses.
        match (&frame.start_bound, end) {
            (WindowFrameBound::Following(None), _) => {
                return windowing("frame start cannot be UNBOUNDED FOLLOWING", first);
            }
            (_, WindowFrameBound::Preceding(None)) => {
                return windowing("frame end cannot be UNBOUNDED PRECEDING", last);
            }
            (WindowFrameBound::Following(_), WindowFrameBound::CurrentRow) if frame.end_bound.is_none() => {
                return windowing("frame starting from following row cannot end with current row", first);
            }
            (WindowFrameBound::CurrentRow, WindowFrameBound::Preceding(_)) => {
                return windowing("frame starting from current row cannot have preceding rows", last);
            }
            (WindowFrameBound::Following(_), WindowFrameBound::Preceding(_) | WindowFrameBound::CurrentRow) => {
                return windowing("frame starting from following row cannot have preceding rows", last);
            }
            _ => {}
        }
        if units == FrameUnits::Groups && order_by.is_empty() {
            return windowing("GROUPS mode requires an ORDER BY clause", at);
        }
        let has_offset = |bound: &WindowFrameBound| {
            matches!(bound, WindowFrameBound::Preceding(Some(_)) | WindowFrameBound::Following(Some(_)))
        };
        if units == FrameUnits::Range && order_by.len() != 1 && (has_offset(&frame.start_bound) || has_offset(end)) {
            let message = "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column";
            return windowing(message, at);
        }
        let start = self.bound(&frame.start_bound, units, word, order_by)?;
        let end = self.bound(end, units, word, order_by)?;
        Ok(Frame { units, start, end, exclusion: FrameExclusion::NoOthers })
    }

    fn bound(
        &mut self,
        bound: &WindowFrameBound,
        units: FrameUnits,
        word: &'static str,
        order_by: &[SortKey],
    ) -> Result<FrameBound> {
        match bound {
            WindowFrameBound::CurrentRow => Ok(FrameBound::CurrentRow),
            WindowFrameBound::Preceding(None) => Ok(FrameBound::UnboundedPreceding),
            WindowFrameBound::Following(None) => Ok(FrameBound::UnboundedFollowing),
            WindowFrameBound::Preceding(Some(offset)) => {
                self.offset(offset, units, word, order_by).map(|offset| FrameBound::Preceding(Box::new(offset)))
            }
            WindowFrameBound::Following(Some(offset)) => {
                self.offset(offset, units, word, order_by).map(|offset| FrameBound::Following(Box::new(offset)))
            }
        }
    }

    fn offset(
        &mut self,
        offset: &Expr,
        units: FrameUnits,
        word: &'static str,
        order_by: &[SortKey],
    ) -> Result<Expression> {
        // sqlparser takes a text for an interval here, whether the word stands before it or not.
        let offset = match offset {
            Expr::Interval(interval) if interval.leading_field.is_none() => match interval.value.as_ref() {
                Expr::Value(value) if !self.places.follows(Some(value.span.start), "INTERVAL") => {
                    interval.value.as_ref()
                }
                _ => offset,
            },
            other => other,
        };
        let offset = self.expression_in(offset, Clause::WindowFrame(word))?;
        let at = offset.position;
        let value = if units == FrameUnits::Range {
            let [key] = order_by else { return Err(refuse::not_supported("RANGE over several columns")) };
            self.range_offset(offset, &key.expression, word)?
        } else {
            self.resolver.specific(offset, oids::INT8, word).map_err(|error| self.at(error, at))?
        };
        let mut column = None;
        value.walk(0, &mut |part, depth| {
            if part.kind.reaches() == Some(depth) {
                column = column.or(Some(part.position));
            }
            true
        });
        match column {
            Some(at) => {
                let message = format!("argument of {word} must not contain variables");
                Err(self.fail(QueryError::InvalidColumnReference(message), at))
            }
            None => Ok(value),
        }
    }

    /// The offset of RANGE, in a type that can be added to the key that the rows are ordered by.
    fn range_offset(&mut self, offset: Expression, key: &Expression, word: &str) -> Result<Expression> {
        // The right types of `in_range` for each key.
        let (key_type, candidates): (Oid, &[Oid]) = match key.data_type.oid {
            oids::INT2 => (oids::INT2, &[oids::INT8, oids::INT4, oids::INT2]),
            oids::INT4 => (oids::INT4, &[oids::INT8, oids::INT4, oids::INT2]),
            oids::INT8 => (oids::INT8, &[oids::INT8]),
            oids::NUMERIC => (oids::NUMERIC, &[oids::NUMERIC]),
            oids::FLOAT4 => (oids::FLOAT4, &[oids::FLOAT8]),
            oids::FLOAT8 => (oids::FLOAT8, &[oids::FLOAT8]),
            dated @ (oids::DATE | oids::TIME | oids::TIMETZ | oids::TIMESTAMP | oids::TIMESTAMPTZ | oids::INTERVAL) => {
                (dated, &[oids::INTERVAL])
            }
            _ => (key.data_type.oid, &[]),
        };
        let at = offset.position;
        let column = self.type_name(key.data_type.oid);
        let unsupported = |message: String| Error::from(QueryError::NotSupported(message));
        if candidates.is_empty() {
            let message = format!("RANGE with offset PRECEDING/FOLLOWING is not supported for column type {column}");
            return Err(self.at(unsupported(message), key.position));
        }
        let own = offset.data_type.oid;
        let preferred = if own == oids::UNKNOWN { key_type } else { own };
        let fitting: Vec<Oid> = candidates
            .iter()
            .copied()
            .filter(|oid| self.resolver.can_coerce(own, *oid, CastContext::Implicit))
            .collect();
        let chosen = match fitting.as_slice() {
            [only] => *only,
            several if several.contains(&preferred) => preferred,
            [] => {
                let message = format!(
                    "RANGE with offset PRECEDING/FOLLOWING is not supported for column type {column} and offset type {}",
                    self.type_name(own)
                );
                let error = unsupported(message).hint("Cast the offset value to an appropriate type.");
                return Err(self.at(error, at));
            }
            _ => {
                let message = format!(
                    "RANGE with offset PRECEDING/FOLLOWING has multiple interpretations for column type {column} and \
                     offset type {}",
                    self.type_name(own)
                );
                let error = unsupported(message).hint("Cast the offset value to the exact intended type.");
                return Err(self.at(error, at));
            }
        };
        self.to_common(offset, chosen, word)
    }

    /// A call with OVER.
    pub(super) fn window_call(
        &mut self,
        resolved: Resolved<'_>,
        extras: &Extras<'_>,
        filter: Option<Expression>,
        over: &WindowType,
        at: Option<Position>,
    ) -> Result<Expression> {
        let unsupported = |message: &str| Error::from(QueryError::NotSupported(message.into()));
        if !extras.within_group.is_empty() {
            let message = format!("OVER is not supported for ordered-set aggregate {}", resolved.fact.name);
            return Err(self.at(unsupported(&message), at));
        }
        if extras.distinct {
            return Err(self.at(unsupported("DISTINCT is not implemented for window functions"), at));
        }
        if !extras.order_by.is_empty() {
            return Err(self.at(unsupported("aggregate ORDER BY is not implemented for window functions"), at));
        }
        if filter.is_some() && resolved.fact.kind == FunctionKind::Window {
            let message = "FILTER is not implemented for non-aggregate window functions";
            return Err(self.at(unsupported(message), at));
        }
        let message = "window function calls cannot contain set-returning function calls";
        self.refuse_sets(&resolved.arguments, message, LATERAL_HINT)?;
        let mut nested = None;
        for argument in &resolved.arguments {
            argument.walk(0, &mut |part, depth| {
                if depth == 0 && matches!(part.kind, Kind::Window(_)) {
                    nested = nested.or(Some(part.position));
                }
                depth == 0
            });
        }
        if let Some(at) = nested {
            return Err(self.fail(QueryError::Windowing("window function calls cannot be nested".into()), at));
        }
        self.clause().allow_window().map_err(|error| self.at(error, at))?;
        let window = match over {
            WindowType::NamedWindow(ident) => self.window_reference(ident)?,
            WindowType::WindowSpec(spec) => {
                let open = self.places.after(self.places.after(at, "OVER"), "(");
                let window = self.window(spec, open)?;
                let level = self.level()?;
                match level.windows.iter().position(|other| other.name.is_none() && *other == window) {
                    Some(index) => index,
                    None => {
                        level.windows.push(window);
                        level.windows.len() - 1
                    }
                }
            }
        };
        let frame = self.level()?.windows[window].frame.clone();
        let call = Window {
            function: resolved.fact.oid,
            arguments: resolved.arguments,
            star: extras.star,
            distinct: false,
            filter: filter.map(Box::new),
            window,
            frame,
        };
        Ok(Expression { kind: Kind::Window(call), data_type: resolved.result, position: at })
    }
}

/// The name of the window that another one is based on, and what its frame leaves out.
fn base_name(ident: Option<&Ident>) -> (Option<Ident>, FrameExclusion) {
    let Some(ident) = ident else { return (None, FrameExclusion::NoOthers) };
    let Some(rest) = marks::behind(ident, marks::EXCLUDE) else {
        return (Some(ident.clone()), FrameExclusion::NoOthers);
    };
    let known = [
        ("CURRENT ROW ", FrameExclusion::CurrentRow),
        ("NO OTHERS ", FrameExclusion::NoOthers),
        ("GROUP ", FrameExclusion::Group),
        ("TIES ", FrameExclusion::Ties),
    ];
    let found = known.iter().find_map(|(words, own)| rest.strip_prefix(words).map(|name| (name, *own)));
    let Some((name, exclusion)) = found else { return (Some(ident.clone()), FrameExclusion::NoOthers) };
    // The name was folded already.
    let name = (!name.is_empty()).then(|| Ident { value: name.to_owned(), quote_style: Some('"'), span: ident.span });
    (name, exclusion)
}

/// RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW.
fn default_frame() -> Frame {
    Frame {
        units: FrameUnits::Range,
        start: FrameBound::UnboundedPreceding,
        end: FrameBound::CurrentRow,
        exclusion: FrameExclusion::NoOthers,
    }
}
