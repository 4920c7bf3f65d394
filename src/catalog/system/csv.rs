//! The CSV files under `catalog/`: comma, double quotes, one header line. They are part of the program, so
//! a bad one is a bug that the tests of this module find.

/// The rows of a CSV text, without its header.
pub(super) fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().skip(1).filter(|line| !line.is_empty()).map(fields)
}

/// The fields of a line. A quoted field may hold commas; quotes inside of fields are not used.
fn fields(line: &'static str) -> Vec<&'static str> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let (field, tail) = match rest.strip_prefix('"').and_then(|quoted| quoted.split_once('"')) {
            Some((field, tail)) => (field, tail),
            None => rest.split_at(rest.find(',').unwrap_or(rest.len())),
        };
        fields.push(field);
        match tail.strip_prefix(',') {
            Some(next) => rest = next,
            None => return fields,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_fields_may_hold_commas() {
        let found: Vec<_> = rows("a,b\n1,\",\",x\n,,\n").collect();
        assert_eq!(found, [vec!["1", ",", "x"], vec!["", "", ""]]);
    }
}
