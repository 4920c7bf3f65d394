//! Names that PostgreSQL chooses for constraints and indexes without one.

use crate::base::limits::IDENTIFIER_BYTES;

/// `<table>_<column>_<label>`, shortened as PostgreSQL's `makeObjectName` does it: the longer of the two
/// names loses bytes until everything fits.
pub(super) fn object_name(first: &str, second: Option<&str>, label: &str) -> String {
    let overhead = label.len() + 1 + usize::from(second.is_some());
    let available = IDENTIFIER_BYTES.saturating_sub(overhead);
    let (mut first_bytes, mut second_bytes) = (first.len(), second.map_or(0, str::len));
    while first_bytes + second_bytes > available {
        if first_bytes > second_bytes {
            first_bytes -= 1;
        } else {
            second_bytes -= 1;
        }
    }
    let first = &first[..first.floor_char_boundary(first_bytes)];
    match second {
        Some(second) => format!("{first}_{}_{label}", &second[..second.floor_char_boundary(second_bytes)]),
        None => format!("{first}_{label}"),
    }
}

/// The first of `label`, `label1`, `label2` … whose name is not taken.
pub(super) fn choose(first: &str, second: Option<&str>, label: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut name = object_name(first, second, label);
    let mut pass = 0;
    while is_taken(&name) {
        pass += 1;
        name = object_name(first, second, &format!("{label}{pass}"));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_postgresqls() {
        assert_eq!(object_name("messages", None, "pkey"), "messages_pkey");
        assert_eq!(object_name("messages", Some("role"), "check"), "messages_role_check");
        let long = "t".repeat(63);
        assert_eq!(object_name(&long, None, "pkey"), format!("{}_pkey", "t".repeat(58)));
        assert_eq!(object_name(&long, Some("c"), "check"), format!("{}_c_check", "t".repeat(55)));
        assert_eq!(object_name(&"ü".repeat(31), None, "pkey").len(), 63);
    }

    #[test]
    fn taken_names_are_numbered() {
        let taken = ["t_check", "t_check1"];
        assert_eq!(choose("t", None, "check", |name| taken.contains(&name)), "t_check2");
    }
}
