//! Expressions and what PostgreSQL 15 says they capture. `make catalog` compares the functions.

use super::compiled::{Pattern, Text};
use super::syntax::Options;

/// The match and its groups, as PostgreSQL's `regexp_match` with the whole expression in parentheses.
fn captures(text: &str, pattern: &str) -> Option<Vec<Option<String>>> {
    let compiled = Pattern::new(pattern, Options::default(), true).unwrap();
    let mut space = Text::default();
    space.read(text);
    let found = compiled.search(text, &space).unwrap().next(0).unwrap()?;
    Some(found.iter().map(|span| span.map(|span| space.part(text, span).to_owned())).collect())
}

#[test]
fn parts_match_what_postgresql_says() {
    for (text, pattern, wanted) in [
        ("XY1234Z", "Y*([0-9]{1,3})", "Y123,123"),
        ("XY1234Z", "Y*?([0-9]{1,3})", "Y1,1"),
        ("abcd0123", "(.*)(\\d+)(.*)", "abcd0123,abcd012,3,"),
        ("aab", "a*(?:ab)*(.*)", "aab,"),
        ("abc01234xyz", "(.*)(\\d+)(.*)", "abc01234xyz,abc0123,4,xyz"),
        ("abc01234xyz", "(?:(.*?)(\\d+)(.*)){1,1}", "abc01234xyz,abc,01234,xyz"),
        ("abc01234xyz", "(.*?)(\\d+)(.*)", "abc0,abc,0,"),
        ("foobarbaz", "o|oba", "o"),
        ("foobarbaz", "o(?:b|ba)", "oba"),
        ("aaa", "(a)(a)\\1", "aaa,a,a"),
        ("abcabc", "(abc|ab)\\1", "abcabc,abc"),
        ("aXbXbY", "(X)(b)*Y", "XbY,X,b"),
        ("xyz", "(x)|(z)", "x,x,-"),
        ("abab", "(a|ab)(c|bcd)*", "ab,ab,-"),
        ("foo bar", "\\mbar\\M", "bar"),
        ("price 12", "\\d+(?= )", "-"),
        ("12 x", "\\d+(?= )", "12"),
        ("a12 b3", "(?<=b)\\d", "3"),
        ("aaab", "(?!aa)a", "a"),
        ("zabcabd", "((ab)(c|d))+", "abcabd,abd,ab,d"),
    ] {
        let shown = match captures(text, pattern) {
            None => "-".to_owned(),
            Some(parts) => {
                parts.into_iter().map(|part| part.unwrap_or_else(|| "-".into())).collect::<Vec<_>>().join(",")
            }
        };
        assert_eq!(shown, wanted, "{text} ~ {pattern}");
    }
}

#[test]
fn mistakes_have_their_errors() {
    for pattern in
        ["(", "a)", "[a", "*a", "a**", "a{2,1}", "a{256}", "[b-a]", "\\q", "a\\", "(a)\\2", "[[:foo:]]", "^*"]
    {
        let error = Pattern::new(pattern, Options::default(), true).err().map(|error| error.sqlstate().0);
        assert_eq!(error, Some("2201B"), "{pattern}");
    }
}

#[test]
fn what_takes_too_long_is_an_error() {
    let compiled = Pattern::new("^(aa+)(aa+)(aa+)\\1\\2\\3\\3$", Options::default(), true).unwrap();
    let text = "a".repeat(997);
    let mut space = Text::default();
    space.read(&text);
    assert!(compiled.search(&text, &space).unwrap().next(0).is_err());
}
