//! Reading the facts from CSV.

use std::collections::HashMap;
use std::str::FromStr;

use super::{CastContext, CastFact, CastMethod, Facts, FunctionFact, FunctionKind, OperatorFact, TypeFact};
use crate::base::ids::Oid;

/// Four CSV texts, each with a header line that has PostgreSQL's names of the columns, in any order. The queries in
/// `scripts/catalog/*.sql` give such texts.
#[derive(Clone, Copy, Debug)]
pub struct Texts<'a> {
    /// `pg_type`.
    pub types: &'a str,
    /// `pg_proc`, with two columns of `pg_aggregate`.
    pub functions: &'a str,
    /// `pg_operator`.
    pub operators: &'a str,
    /// `pg_cast`.
    pub casts: &'a str,
}

/// What the files under `catalog/pg_catalog` say. They are part of the program: a bad line is a bug that the tests
/// find.
pub(super) fn shipped() -> Facts {
    let texts = Texts {
        types: include_str!("../../../catalog/pg_catalog/pg_type.csv"),
        functions: include_str!("../../../catalog/pg_catalog/pg_proc.csv"),
        operators: include_str!("../../../catalog/pg_catalog/pg_operator.csv"),
        casts: include_str!("../../../catalog/pg_catalog/pg_cast.csv"),
    };
    Facts::parse(&texts).unwrap_or_else(|fault| panic!("catalog/pg_catalog: {fault}"))
}

impl Facts {
    /// The facts that these texts state.
    ///
    /// # Errors
    /// Says in words which column of which line cannot be read.
    pub fn parse(texts: &Texts<'_>) -> Result<Facts, String> {
        let mut facts = Facts::default();
        read(texts.types, |line| {
            let fact = type_fact(line)?;
            facts.types_by_name.insert(fact.name.clone(), fact.oid);
            facts.types.insert(fact.oid, fact);
            Ok(())
        })?;
        read(texts.functions, |line| {
            let fact = function_fact(line)?;
            facts.functions_by_name.entry(fact.name.clone()).or_default().push(fact.oid);
            facts.functions.insert(fact.oid, fact);
            Ok(())
        })?;
        read(texts.operators, |line| {
            let fact = operator_fact(line)?;
            facts.operators_by_name.entry(fact.name.clone()).or_default().push(fact.oid);
            facts.operators.insert(fact.oid, fact);
            Ok(())
        })?;
        read(texts.casts, |line| {
            let fact = cast_fact(line)?;
            facts.casts.insert((fact.source, fact.target), fact);
            Ok(())
        })?;
        facts.functions_by_name.values_mut().chain(facts.operators_by_name.values_mut()).for_each(|oids| oids.sort());
        Ok(facts)
    }
}

/// One line of a file, whose columns have names.
struct Line<'a> {
    columns: &'a HashMap<String, usize>,
    record: &'a csv::StringRecord,
}

impl Line<'_> {
    fn text(&self, column: &str) -> Result<&str, String> {
        let index = self.columns.get(column).ok_or_else(|| format!("there is no column {column}"))?;
        self.record.get(*index).ok_or_else(|| format!("{column} is missing"))
    }

    fn value<T: FromStr>(&self, column: &str) -> Result<T, String> {
        let text = self.text(column)?;
        text.parse().map_err(|_| format!("{column} cannot be \"{text}\""))
    }

    /// A boolean, as PostgreSQL writes it.
    fn flag(&self, column: &str) -> Result<bool, String> {
        match self.text(column)? {
            "t" => Ok(true),
            "f" => Ok(false),
            other => Err(format!("{column} cannot be \"{other}\"")),
        }
    }

    fn oids(&self, column: &str) -> Result<Vec<Oid>, String> {
        let number = |oid: &str| oid.parse().map_err(|_| format!("{column} cannot hold \"{oid}\""));
        self.text(column)?.split_ascii_whitespace().map(number).collect()
    }
}

fn read(text: &str, mut each: impl FnMut(&Line<'_>) -> Result<(), String>) -> Result<(), String> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().map_err(|fault| fault.to_string())?;
    let columns: HashMap<String, usize> =
        header.iter().enumerate().map(|(index, name)| (name.to_owned(), index)).collect();
    for record in reader.records() {
        let record = record.map_err(|fault| fault.to_string())?;
        let line = Line { columns: &columns, record: &record };
        each(&line).map_err(|fault| format!("{fault} in {record:?}"))?;
    }
    Ok(())
}

fn type_fact(line: &Line<'_>) -> Result<TypeFact, String> {
    Ok(TypeFact {
        oid: line.value("oid")?,
        name: line.value("typname")?,
        length: line.value("typlen")?,
        by_value: line.flag("typbyval")?,
        kind: line.value("typtype")?,
        category: line.value("typcategory")?,
        preferred: line.flag("typispreferred")?,
        delimiter: line.value("typdelim")?,
        element: line.value("typelem")?,
        array: line.value("typarray")?,
        subscript: line.value("typsubscript")?,
        input: line.value("typinput")?,
        output: line.value("typoutput")?,
        receive: line.value("typreceive")?,
        send: line.value("typsend")?,
        align: line.value("typalign")?,
        storage: line.value("typstorage")?,
        collation: line.value("typcollation")?,
    })
}

fn function_fact(line: &Line<'_>) -> Result<FunctionFact, String> {
    let kind = match line.text("prokind")? {
        "f" => FunctionKind::Function,
        "p" => FunctionKind::Procedure,
        "a" => FunctionKind::Aggregate,
        "w" => FunctionKind::Window,
        other => return Err(format!("prokind cannot be \"{other}\"")),
    };
    let arguments = line.oids("proargtypes")?;
    // `pg_get_expr` writes the defaults with a comma between them; none of PostgreSQL's has one inside.
    let defaults: Vec<String> = match line.text("proargdefaults")? {
        "" => Vec::new(),
        list => list.split(", ").map(str::to_owned).collect(),
    };
    if defaults.len() != line.value::<usize>("pronargdefaults")?
        || arguments.len() != line.value::<usize>("pronargs")?
    {
        return Err("the arguments or their defaults are not as many as their number says".into());
    }
    let (names, outputs) = parameters(line, arguments.len())?;
    Ok(FunctionFact {
        oid: line.value("oid")?,
        name: line.value("proname")?,
        schema: line.value("pronamespace")?,
        language: line.value("prolang")?,
        kind,
        strict: line.flag("proisstrict")?,
        returns_set: line.flag("proretset")?,
        volatility: line.value("provolatile")?,
        result: line.value("prorettype")?,
        arguments,
        variadic: line.value("provariadic")?,
        defaults,
        names,
        outputs,
        source: line.value("prosrc")?,
        aggregate_kind: line.text("aggkind")?.parse().unwrap_or('n'),
        direct_arguments: line.text("aggnumdirectargs")?.parse().unwrap_or(0),
    })
}

/// The names of the input arguments, and the columns that come out.
type Parameters = (Vec<String>, Vec<(String, Oid)>);

fn parameters(line: &Line<'_>, inputs: usize) -> Result<Parameters, String> {
    // The three columns run side by side. Without modes all are input arguments; without names none has one.
    let modes = line.text("proargmodes")?;
    let all = line.oids("proallargtypes")?;
    let named = line.text("proargnames")?;
    let count = if all.is_empty() { inputs } else { all.len() };
    let names: Vec<&str> = if named.is_empty() { Vec::new() } else { named.split(' ').collect() };
    if !names.is_empty() && names.len() != count {
        return Err("proargnames has another length than the arguments".into());
    }
    let mut modes = modes.chars();
    let (mut input_names, mut outputs) = (Vec::new(), Vec::new());
    for index in 0..count {
        let name = names.get(index).copied().unwrap_or_default().to_owned();
        let mode = modes.next().unwrap_or('i');
        if matches!(mode, 'o' | 'b' | 't') {
            let data_type = all.get(index).ok_or("proallargtypes is missing")?;
            outputs.push((name.clone(), *data_type));
        }
        if matches!(mode, 'i' | 'b' | 'v') && !names.is_empty() {
            input_names.push(name);
        }
    }
    if input_names.iter().all(String::is_empty) {
        input_names.clear();
    }
    Ok((input_names, outputs))
}

fn operator_fact(line: &Line<'_>) -> Result<OperatorFact, String> {
    Ok(OperatorFact {
        oid: line.value("oid")?,
        name: line.value("oprname")?,
        left: line.value("oprleft")?,
        right: line.value("oprright")?,
        result: line.value("oprresult")?,
        commutator: line.value("oprcom")?,
        negator: line.value("oprnegate")?,
        mergeable: line.flag("oprcanmerge")?,
        hashable: line.flag("oprcanhash")?,
        function: line.value("oprcode")?,
    })
}

fn cast_fact(line: &Line<'_>) -> Result<CastFact, String> {
    let context = match line.text("castcontext")? {
        "i" => CastContext::Implicit,
        "a" => CastContext::Assignment,
        "e" => CastContext::Explicit,
        other => return Err(format!("castcontext cannot be \"{other}\"")),
    };
    let method = match line.text("castmethod")? {
        "f" => CastMethod::Function(line.value("castfunc")?),
        "b" => CastMethod::Binary,
        "i" => CastMethod::InOut,
        other => return Err(format!("castmethod cannot be \"{other}\"")),
    };
    Ok(CastFact {
        oid: line.value("oid")?,
        source: line.value("castsource")?,
        target: line.value("casttarget")?,
        context,
        method,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_files_can_be_read() {
        let facts = Facts::shipped();
        let int4 = facts.type_named("int4").unwrap();
        assert_eq!((int4.oid, int4.category, int4.preferred, int4.array), (23, 'N', false, 1007));
        assert!(facts.type_of(1007).unwrap().is_array());
        let plus = facts.operators_named("+").find(|plus| (plus.left, plus.right) == (23, 23)).unwrap();
        assert_eq!(facts.function(plus.function).unwrap().source, "int4pl");
        let widening = facts.cast(23, 20).unwrap();
        assert_eq!(widening.context, CastContext::Implicit);
        assert!(facts.cast(25, 23).is_none());
    }

    #[test]
    fn arguments_have_names_defaults_and_outputs() {
        let facts = Facts::shipped();
        let terminate = facts.functions_named("pg_terminate_backend").next().unwrap();
        assert_eq!(terminate.names, ["pid", "timeout"]);
        assert_eq!(terminate.defaults, ["0"]);
        let texts = Texts {
            types: "oid\n",
            functions: "oid,proname,pronamespace,prolang,prokind,proisstrict,proretset,provolatile,pronargs,\
                pronargdefaults,prorettype,proargtypes,provariadic,proallargtypes,proargmodes,proargnames,\
                proargdefaults,prosrc,aggkind,aggnumdirectargs\n\
                2,f,s,internal,f,t,t,i,2,1,2249,25 23,0,25 25 23,iot, \n",
            operators: "oid\n",
            casts: "oid\n",
        };
        let fault = Facts::parse(&texts).unwrap_err();
        assert!(fault.contains("UnequalLengths") || fault.contains("fields"), "{fault}");
        let texts = Texts { functions: &texts.functions.replace("iot, ", "iio,a b c,'x'::text,src,,"), ..texts };
        let facts = Facts::parse(&texts).unwrap();
        let fact = facts.function(2).unwrap();
        assert_eq!(fact.names, ["a", "b"]);
        assert_eq!(fact.outputs, [("c".to_owned(), 23)]);
        assert_eq!(fact.defaults, ["'x'::text"]);
    }

    #[test]
    fn what_a_row_refers_to_is_there() {
        let facts = Facts::shipped();
        for operator in facts.operators() {
            let function = facts.function(operator.function).unwrap();
            let arguments: Vec<Oid> = [operator.left, operator.right].into_iter().filter(|oid| *oid != 0).collect();
            assert_eq!(function.arguments.len(), arguments.len(), "{operator:?}");
            assert!([operator.right, operator.result].iter().all(|oid| facts.type_of(*oid).is_some()), "{operator:?}");
        }
        for cast in facts.casts() {
            if let CastMethod::Function(function) = cast.method {
                assert!(facts.function(function).is_some(), "{cast:?}");
            }
            assert!([cast.source, cast.target].iter().all(|oid| facts.type_of(*oid).is_some()), "{cast:?}");
        }
    }
}
