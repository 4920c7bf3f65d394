//! `format()`: values of any types in a template.

use arrow::array::{Array, ArrayRef, AsArray};
use datafusion::logical_expr::Expr;

use super::frame::{check_size, rows};
use super::{Call, text};
use crate::catalog::describe::{quote_ident, quote_literal};
use crate::catalog::types::number::parse_integer;
use crate::error::{Error, QueryError, Result};

pub(super) fn plan(call: &mut Call<'_>) -> Option<Result<Expr>> {
    match call.source.as_str() {
        "text_format" | "text_format_nv" => {}
        _ => return None,
    }
    let types = call.types;
    let arguments = call.take().into_iter().zip(types).enumerate();
    let texts = arguments.map(
        |(index, (argument, data_type))| {
            if index == 0 { argument } else { text::as_output(argument, data_type) }
        },
    );
    call.arguments = texts.collect();
    Some(Ok(super::frame::immutable(call, run)))
}

fn run(arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let texts: Vec<_> = arrays.iter().map(|array| array.as_string::<i32>()).collect();
    let mut builder = arrow::array::StringBuilder::new();
    let mut buffer = String::new();
    for row in 0..rows(arrays) {
        if texts[0].is_null(row) {
            builder.append_null();
            continue;
        }
        let values: Vec<Option<&str>> =
            texts[1..].iter().map(|text| text.is_valid(row).then(|| text.value(row))).collect();
        buffer.clear();
        write(texts[0].value(row), &values, &mut buffer)?;
        check_size(buffer.len(), builder.values_slice().len() + buffer.len())?;
        builder.append_value(&buffer);
    }
    Ok(std::sync::Arc::new(builder.finish()))
}

fn wrong(message: impl Into<String>) -> Error {
    QueryError::InvalidParameterValue(message.into()).into()
}

fn with_hint(message: impl Into<String>) -> Error {
    wrong(message).hint("For a single \"%\" use \"%%\".")
}

fn unterminated() -> Error {
    with_hint("unterminated format() type specifier")
}

/// Where a width comes from.
enum Width {
    None,
    Digits(i32),
    /// The next argument, or the one of this number.
    Argument(Option<i32>),
}

struct Specifier {
    argument: Option<i32>,
    left: bool,
    width: Width,
    conversion: char,
}

struct Reader<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
}

impl Reader<'_> {
    fn peek(&mut self) -> Result<char> {
        self.rest.peek().copied().ok_or_else(unterminated)
    }

    fn digits(&mut self) -> Result<Option<i32>> {
        let mut number: Option<i32> = None;
        while let Some(digit) = self.rest.peek().and_then(|character| character.to_digit(10)) {
            self.rest.next();
            let digit = i32::try_from(digit).unwrap_or(0);
            let next = number.unwrap_or(0).checked_mul(10).and_then(|number| number.checked_add(digit));
            number = Some(next.ok_or_else(|| QueryError::NumberOutOfRange("number is out of range".into()))?);
        }
        if number.is_some() {
            self.peek()?;
        }
        Ok(number)
    }

    fn specifier(&mut self) -> Result<Specifier> {
        let mut found = Specifier { argument: None, left: false, width: Width::None, conversion: ' ' };
        let first = self.digits()?;
        match first {
            Some(number) if self.peek()? == '$' => {
                self.rest.next();
                found.argument = Some(numbered(number)?);
                self.peek()?;
            }
            Some(number) => found.width = Width::Digits(number),
            None => {}
        }
        if matches!(found.width, Width::None) {
            while self.peek()? == '-' {
                self.rest.next();
                found.left = true;
            }
            if self.peek()? == '*' {
                self.rest.next();
                self.peek()?;
                found.width = match self.digits()? {
                    Some(number) => {
                        if self.peek()? != '$' {
                            return Err(wrong("width argument position must be ended by \"$\""));
                        }
                        self.rest.next();
                        Width::Argument(Some(numbered(number)?))
                    }
                    None => Width::Argument(None),
                };
            } else if let Some(number) = self.digits()? {
                found.width = Width::Digits(number);
            }
        }
        found.conversion = self.peek()?;
        self.rest.next();
        Ok(found)
    }
}

fn numbered(number: i32) -> Result<i32> {
    if number == 0 {
        return Err(wrong("format specifies argument 0, but arguments are numbered from 1"));
    }
    Ok(number)
}

fn write(template: &str, values: &[Option<&str>], out: &mut String) -> Result<()> {
    let mut reader = Reader { rest: template.chars().peekable() };
    let mut next = 0;
    let mut take = |number: Option<i32>| -> Result<Option<&str>> {
        let index = match number {
            Some(number) => usize::try_from(number).unwrap_or(usize::MAX),
            None => next + 1,
        };
        next = index;
        values.get(index - 1).copied().ok_or_else(|| wrong("too few arguments for format()"))
    };
    while let Some(character) = reader.rest.next() {
        if character != '%' {
            out.push(character);
            continue;
        }
        if reader.peek()? == '%' {
            reader.rest.next();
            out.push('%');
            continue;
        }
        let mut specifier = reader.specifier()?;
        if !matches!(specifier.conversion, 's' | 'I' | 'L') {
            let message = format!("unrecognized format() type specifier \"{}\"", specifier.conversion);
            return Err(with_hint(message));
        }
        let width = match specifier.width {
            Width::None => 0,
            Width::Digits(width) => width,
            Width::Argument(number) => match take(number)? {
                Some(text) => match parse_integer::<i32>(text, "integer")? {
                    width if width < 0 => {
                        specifier.left = true;
                        let too_small = || QueryError::NumberOutOfRange("number is out of range".into());
                        width.checked_neg().ok_or_else(too_small)?
                    }
                    width => width,
                },
                None => 0,
            },
        };
        let value = take(specifier.argument)?;
        let text = match (specifier.conversion, value) {
            ('s', value) => std::borrow::Cow::Borrowed(value.unwrap_or("")),
            ('I', Some(value)) => quote_ident(value).into(),
            ('I', None) => {
                let message = "null values cannot be formatted as an SQL identifier";
                return Err(QueryError::NullNotAllowed(message.into()).into());
            }
            (_, Some(value)) => quote_literal(value).into(),
            (_, None) => "NULL".into(),
        };
        let missing = usize::try_from(width).unwrap_or(0).saturating_sub(text.chars().count());
        check_size(missing.saturating_add(text.len()), out.len())?;
        if specifier.left {
            out.push_str(&text);
        }
        out.extend(std::iter::repeat_n(' ', missing));
        if !specifier.left {
            out.push_str(&text);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(template: &str, values: &[Option<&str>]) -> Result<String> {
        let mut out = String::new();
        write(template, values, &mut out).map(|()| out)
    }

    #[test]
    fn templates_are_postgresqls() {
        let (foo, bar) = (Some("foo"), Some("bar"));
        assert_eq!(format("Testing %s, %s, %%", &[foo, bar]).unwrap(), "Testing foo, bar, %");
        assert_eq!(format("|%10s|%-10s|", &[foo, bar]).unwrap(), "|       foo|bar       |");
        assert_eq!(format("|%*s|", &[Some("-10"), foo]).unwrap(), "|foo       |");
        assert_eq!(format("|%-*s|", &[Some("10"), foo]).unwrap(), "|foo       |");
        assert_eq!(format("%3$s, %2$s, %s", &[foo, bar, Some("baz")]).unwrap(), "baz, bar, baz");
        assert_eq!(format("%L %I", &[None, Some("a b")]).unwrap(), "NULL \"a b\"");
        for template in ["%", "%z", "%0$s", "%9$s", "%1$", "%I"] {
            assert!(format(template, &[None]).is_err(), "{template}");
        }
    }
}
