//! The shape of what is resolved: nodes, forms, modifiers, places. Which row wins is compared with a PostgreSQL in
//! `tests/resolution`.

use datafusion::common::ScalarValue;

use super::known::everything;
use super::*;
use crate::catalog::facts::CastContext;
use crate::query::bind::tree::{ArrayQuantifier, CoercionMethod, Expression, Form, Kind, Position, TypeRef};

const TEXT: u32 = 25;
const INT4: u32 = 23;
const VARCHAR: u32 = 1043;

fn with<T>(parameters: &Parameters, run: impl FnOnce(&Resolver<'_>) -> T) -> T {
    let style = OutputStyle::default();
    // Places are in this line.
    run(&Resolver::over(everything(), &style, parameters, "0123456789 123456789"))
}

fn resolve<T>(run: impl FnOnce(&Resolver<'_>) -> T) -> T {
    with(&Parameters::default(), run)
}

fn at(column: u64) -> Option<Position> {
    Some(Position { line: 1, column })
}

fn literal(text: &str, column: u64) -> Expression {
    let kind = Kind::Constant(ScalarValue::Utf8(Some(text.to_owned())));
    Expression { kind, data_type: TypeRef::plain(705), position: at(column) }
}

fn typed(oid: u32, typmod: i32) -> Expression {
    Expression { kind: Kind::Constant(ScalarValue::Null), data_type: TypeRef { oid, typmod }, position: at(1) }
}

fn parameter(parameters: &Parameters) -> Expression {
    let oid = parameters.mention(1).unwrap();
    Expression { kind: Kind::Parameter(1), data_type: TypeRef::plain(oid), position: at(3) }
}

fn call(name: &str, arguments: Vec<Expression>) -> Call {
    let arguments = arguments.into_iter().map(|value| Argument { name: None, value }).collect();
    Call { name: name.to_owned(), arguments, at: at(2), ..Call::default() }
}

fn function<'a>(resolver: &Resolver<'a>, call: Call) -> Resolved<'a> {
    match resolver.function(call).unwrap() {
        Callee::Function(resolved) => resolved,
        Callee::Coercion(expression) => panic!("{expression:?}"),
    }
}

fn constant(expression: &Expression) -> &ScalarValue {
    match &expression.kind {
        Kind::Constant(value) => value,
        other => panic!("{other:?} is not a constant"),
    }
}

#[test]
fn a_literal_is_read_where_it_is_used() {
    let sum = resolve(|resolver| resolver.operator("+", Some(typed(INT4, -1)), literal("7", 6), at(4))).unwrap();
    let Kind::Operator { operator, function, arguments } = &sum.kind else { panic!("{sum:?}") };
    assert_eq!((*operator, *function, sum.data_type), (551, 177, TypeRef::plain(INT4)));
    assert_eq!(sum.position, at(1));
    assert_eq!(constant(&arguments[1]), &ScalarValue::Int32(Some(7)));

    let error = resolve(|resolver| resolver.operator("+", Some(typed(INT4, -1)), literal("x", 6), at(4))).unwrap_err();
    let report = error.report();
    assert_eq!(report.message, "invalid input syntax for type integer: \"x\"");
    assert_eq!((report.sqlstate.0, report.position), ("22P02", Some(6)));
}

#[test]
fn an_operand_is_converted_by_the_function_of_the_cast() {
    let sum = resolve(|resolver| resolver.operator("+", Some(typed(INT4, -1)), typed(1700, -1), at(4))).unwrap();
    let Kind::Operator { arguments, .. } = &sum.kind else { panic!("{sum:?}") };
    let Kind::Function { function, form, .. } = &arguments[0].kind else { panic!("{sum:?}") };
    assert_eq!((*function, *form, sum.data_type.oid), (1740, Form::ImplicitCast, 1700));
}

#[test]
fn a_written_cast_cuts_off_and_an_assignment_does_not() {
    let target = TypeRef { oid: VARCHAR, typmod: 6 };
    for (context, form, cuts) in
        [(CastContext::Explicit, Form::ExplicitCast, true), (CastContext::Assignment, Form::ImplicitCast, false)]
    {
        let fitted = resolve(|resolver| resolver.coerce(literal("abc", 1), target, context, form)).unwrap().unwrap();
        assert_eq!(fitted.data_type, target);
        let Kind::Function { function, arguments, form: found, .. } = &fitted.kind else { panic!("{fitted:?}") };
        assert_eq!((*function, *found), (669, form));
        assert_eq!(constant(&arguments[0]), &ScalarValue::Utf8(Some("abc".into())));
        assert_eq!(constant(&arguments[1]), &ScalarValue::Int32(Some(6)));
        assert_eq!(constant(&arguments[2]), &ScalarValue::Boolean(Some(cuts)));
    }
}

#[test]
fn of_two_conversions_only_the_outer_one_is_printed() {
    let target = TypeRef { oid: VARCHAR, typmod: 6 };
    let cast = resolve(|resolver| resolver.cast(typed(INT4, -1), target, at(9))).unwrap();
    let Kind::Function { function: 669, arguments, form: Form::ExplicitCast, .. } = &cast.kind else {
        panic!("{cast:?}")
    };
    let Kind::Coerce { method: CoercionMethod::InOut, form: Form::ImplicitCast, .. } = arguments[0].kind else {
        panic!("{cast:?}")
    };
    assert_eq!(cast.position, at(1));
}

#[test]
fn a_modifier_can_be_forgotten_but_is_not_applied_twice() {
    let short = TypeRef { oid: VARCHAR, typmod: 6 };
    let cast = |target| resolve(|resolver| resolver.cast(typed(VARCHAR, 6), target, at(9))).unwrap();
    assert_eq!(cast(short), typed(VARCHAR, 6));
    let plain = cast(TypeRef::plain(VARCHAR));
    assert!(matches!(plain.kind, Kind::Coerce { method: CoercionMethod::Binary, .. }), "{plain:?}");
    assert_eq!(plain.data_type.typmod, -1);
}

#[test]
fn arrays_are_converted_by_element() {
    let cast = |source, target| resolve(|resolver| resolver.cast(typed(source, -1), target, at(9))).unwrap();
    // int4[] → numeric(10,2)[]: first by the cast of the elements, then to their modifier.
    let fitted = cast(1007, TypeRef { oid: 1231, typmod: 655_366 });
    let Kind::Coerce { argument, method: CoercionMethod::Array { function: 1703 }, .. } = fitted.kind else {
        panic!("{fitted:?}")
    };
    assert!(matches!(argument.kind, Kind::Coerce { method: CoercionMethod::Array { function: 1740 }, .. }));
    // varchar[] → text[]: nothing to do for any element.
    let relabelled = cast(1015, TypeRef::plain(1009));
    assert!(matches!(relabelled.kind, Kind::Coerce { method: CoercionMethod::Array { function: 0 }, .. }));
}

#[test]
fn the_first_use_of_a_parameter_decides() {
    let parameters = Parameters::default();
    with(&parameters, |resolver| {
        let (one, two) = (parameter(&parameters), parameter(&parameters));
        resolver.operator("+", Some(typed(INT4, -1)), one, at(4)).unwrap();
        assert_eq!(parameters.types().unwrap(), [INT4]);
        assert_eq!(parameter(&parameters).data_type.oid, INT4);
        // This mention had no type yet.
        let error = resolver.operator("||", Some(typed(TEXT, -1)), two, at(4)).unwrap_err().report();
        assert_eq!(error.message, "inconsistent types deduced for parameter $1");
        assert_eq!((error.sqlstate.0, error.detail.as_deref()), ("42P08", Some("integer versus text")));
        assert_eq!(parameters.check(1, 705).unwrap_err().sqlstate().0, "42P08");
    });
    let parameters = Parameters::declared(&[0, 20]);
    parameters.mention(1).unwrap();
    let error = parameters.types().unwrap_err().report();
    assert_eq!((error.sqlstate.0, error.message.as_str()), ("42P18", "could not determine data type of parameter $1"));
    assert_eq!(parameters.mention(2).unwrap(), 20);
    assert_eq!(parameters.mention(0).unwrap_err().sqlstate().0, "42P02");
    let settled = with(&parameters, |resolver| resolver.settle(parameter(&parameters))).unwrap();
    assert_eq!((settled.data_type.oid, parameters.types().unwrap()), (TEXT, vec![TEXT, 20]));
}

#[test]
fn named_arguments_are_put_in_order_and_defaults_filled_in() {
    resolve(|resolver| {
        let mut named = call("make_interval", vec![literal("3", 5), typed(INT4, -1)]);
        named.arguments[0].name = Some("days".into());
        named.arguments[1].name = Some("years".into());
        let found = function(resolver, named);
        assert_eq!(found.arguments.len(), 7);
        assert_eq!(constant(&found.arguments[0]), &ScalarValue::Null);
        assert_eq!(constant(&found.arguments[3]), &ScalarValue::Int32(Some(3)));
        assert_eq!(constant(&found.arguments[4]), &ScalarValue::Int32(Some(0)));
        assert_eq!(constant(&found.arguments[6]), &ScalarValue::Float64(Some(0.0)));
        assert_eq!(found.position, at(1));

        let mut twice = call("make_interval", vec![typed(INT4, -1), typed(INT4, -1)]);
        twice.arguments[0].name = Some("days".into());
        let error = resolver.function(twice.clone()).unwrap_err();
        assert_eq!(error.to_string(), "positional argument cannot follow named argument");
        twice.arguments[1].name = Some("days".into());
        let error = resolver.function(twice).unwrap_err();
        assert_eq!(error.to_string(), "argument name \"days\" used more than once");
    });
}

#[test]
fn values_for_a_variadic_parameter_become_an_array() {
    resolve(|resolver| {
        let path =
            function(resolver, call("jsonb_extract_path", vec![typed(3802, -1), literal("a", 4), literal("b", 7)]));
        let Kind::Array { elements, .. } = &path.arguments[1].kind else { panic!("{path:?}") };
        assert_eq!((path.arguments.len(), elements.len(), path.variadic), (2, 2, true));
        assert_eq!((path.arguments[1].data_type.oid, path.arguments[1].position), (1009, at(4)));

        // VARIADIC "any" takes them as they are.
        let joined = function(resolver, call("concat", vec![typed(INT4, -1), literal("b", 7)]));
        assert_eq!((joined.arguments.len(), joined.variadic), (2, false));
        let mut spread = call("concat", vec![typed(1007, -1)]);
        spread.variadic = true;
        assert!(function(resolver, spread).variadic);
    });
}

#[test]
fn polymorphic_results_follow_the_arguments() {
    resolve(|resolver| {
        let appended = function(resolver, call("array_append", vec![typed(1007, -1), typed(1700, -1)]));
        assert_eq!(appended.result.oid, 1231, "anycompatible");
        assert!(matches!(appended.arguments[0].kind, Kind::Coerce { method: CoercionMethod::Array { .. }, .. }));
        let any = resolver.array_operator(ArrayQuantifier::Any, "=", literal("1", 3), typed(1007, -1), at(4)).unwrap();
        let Kind::ArrayOperator { operator: 96, left, .. } = &any.kind else { panic!("{any:?}") };
        assert_eq!(constant(left), &ScalarValue::Int32(Some(1)));
    });
}

#[test]
fn a_type_name_in_the_form_of_a_call_is_a_cast() {
    resolve(|resolver| {
        let Callee::Coercion(read) = resolver.function(call("float8", vec![literal("1", 9)])).unwrap() else {
            panic!("not a conversion")
        };
        assert_eq!(constant(&read), &ScalarValue::Float64(Some(1.0)));
        let Callee::Coercion(text) = resolver.function(call("text", vec![typed(INT4, -1)])).unwrap() else {
            panic!("not a conversion")
        };
        assert!(matches!(text.kind, Kind::Coerce { method: CoercionMethod::InOut, form: Form::Call, .. }));
        // A cast with a function of its own is that function.
        assert_eq!(function(resolver, call("int4", vec![typed(1700, -1)])).fact.oid, 1744);
    });
}

#[test]
fn a_construct_says_which_type_it_needs() {
    let error = resolve(|resolver| resolver.boolean(typed(INT4, -1), "WHERE")).unwrap_err().report();
    assert_eq!(error.message, "argument of WHERE must be type boolean, not type integer");
    assert_eq!((error.sqlstate.0, error.position), ("42804", Some(1)));
    let pair = [typed(INT4, -1), typed(TEXT, -1)];
    let error = resolve(|resolver| resolver.common_type(&pair, "CASE")).unwrap_err();
    assert_eq!(error.to_string(), "CASE types integer and text cannot be matched");
    let pair = [typed(VARCHAR, 9), typed(VARCHAR, 6)];
    assert_eq!(resolve(|resolver| resolver.common_typmod(&pair, VARCHAR)), -1);
}

#[test]
fn what_is_not_there_is_not_supported_and_what_does_not_exist_is_an_error() {
    let (style, parameters) = (OutputStyle::default(), Parameters::default());
    let shipped = Resolver::new(Facts::shipped(), &style, &parameters, "");
    // PostgreSQL adds money to money.
    let error = shipped.operator("+", Some(typed(790, -1)), typed(790, -1), None).unwrap_err();
    assert_eq!(error.sqlstate().0, "0A000");
    let error = shipped.operator("+", Some(typed(790, -1)), typed(16, -1), None).unwrap_err();
    assert_eq!(error.to_string(), "operator does not exist: money + boolean");
    assert!(shipped.operator("+", Some(typed(INT4, -1)), typed(INT4, -1), None).is_ok());
}

#[test]
fn shipped_rows_come_before_postgresqls() {
    let (all, shipped) = (everything(), Facts::shipped());
    assert!(all.functions().count() > 3_200 && all.operators().count() == 799);
    for fact in shipped.functions() {
        let same = all.functions_named(&fact.name).filter(|other| other.oid == fact.oid).count();
        assert_eq!(same, 1, "{}", fact.name);
    }
}
