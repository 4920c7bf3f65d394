//! The encoding keeps the order and the digits; arithmetic agrees with itself.

use proptest::prelude::*;

use super::*;

fn number(text: &str) -> Numeric {
    Numeric::parse(text).unwrap()
}

fn encoded(number: &Numeric) -> Vec<u8> {
    let mut out = Vec::new();
    number.encode(&mut out);
    out
}

/// Numbers of all sizes, as text.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "-?[0-9]{1,6}(\\.[0-9]{0,4})?",
        3 => "-?[0-9]{1,60}\\.[0-9]{0,60}",
        2 => "-?0\\.0{0,80}[0-9]{1,5}",
        2 => "-?[1-9]{1,4}0{0,140}",
        1 => "-?[0-9]{1,3}e-?[0-9]{1,3}",
        1 => "NaN|Infinity|-Infinity|0|0\\.00|1\\.0|1\\.00|10|10\\.0",
    ]
}

proptest! {
    #[test]
    fn what_is_encoded_reads_back(text in texts()) {
        let value = number(&text);
        let bytes = encoded(&value);
        let back = Numeric::decode(&bytes).unwrap();
        prop_assert_eq!(back.to_string(), value.to_string());
        prop_assert_eq!(key_length(key(&bytes)), Some(key(&bytes).len()));
        // Whatever comes behind a key, its end is found.
        let mut longer = key(&bytes).to_vec();
        longer.extend_from_slice(&[0, 255, 7]);
        prop_assert_eq!(key_length(&longer), Some(key(&bytes).len()));
    }

    #[test]
    fn keys_are_ordered_as_numbers(left in texts(), right in texts()) {
        let (left, right) = (number(&left), number(&right));
        let (left_bytes, right_bytes) = (encoded(&left), encoded(&right));
        prop_assert_eq!(key(&left_bytes).cmp(key(&right_bytes)), left.cmp(&right));
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let _ = Numeric::decode(&bytes);
        let _ = key_length(&bytes);
    }

    #[test]
    fn sums_come_apart_again(left in texts(), right in texts()) {
        let (left, right) = (number(&left), number(&right));
        let sum = left.add(&right).unwrap();
        if let (Numeric::Finite(_), Numeric::Finite(_)) = (&left, &right) {
            prop_assert_eq!(sum.subtract(&right).unwrap(), left);
        }
    }

    #[test]
    fn quotient_and_remainder_make_the_dividend(left in texts(), right in texts()) {
        let (left, right) = (number(&left), number(&right));
        if let (Numeric::Finite(_), Numeric::Finite(_), false) = (&left, &right, right.is_zero()) {
            let whole = left.divide_whole(&right).unwrap();
            let rest = left.modulo(&right).unwrap();
            prop_assert_eq!(whole.multiply(&right).unwrap().add(&rest).unwrap(), left);
        }
    }

    #[test]
    fn a_sum_forgets_what_is_taken_out(first in texts(), second in texts()) {
        let (first, second) = (number(&first), number(&second));
        let mut sum = Sum::default();
        sum.add(&first);
        sum.add(&second);
        sum.remove(&second);
        prop_assert_eq!(sum.total().unwrap(), first);
    }
}

#[test]
fn scales_are_shown_and_do_not_matter() {
    assert_eq!(number("1.10").to_string(), "1.10");
    assert_eq!(number("1.10"), number("1.1"));
    assert_eq!(encoded(&number("1.10"))[..2], encoded(&number("1.1"))[..2]);
    assert_eq!(number("1e-5").to_string(), "0.00001");
    assert_eq!(number("1.50e1").to_string(), "15.0");
    assert_eq!(number(" -inf ").to_string(), "-Infinity");
    assert!(Numeric::parse("-nan").is_err());
    assert!(Numeric::parse("1e140000").is_err());
    assert_eq!(number("0e140000").to_string(), "0");
}

#[test]
fn floats_give_the_digits_they_have() {
    assert_eq!(Numeric::from_float8(0.1).to_string(), "0.1");
    assert_eq!(Numeric::from_float8(1e20).to_string(), "100000000000000000000");
    assert_eq!(Numeric::from_float8(-1.0 / 3.0).to_string(), "-0.333333333333333");
    assert_eq!(Numeric::from_float4(16_777_216.0).to_string(), "16777200");
}
