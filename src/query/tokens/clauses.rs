//! Clauses: FROM, ORDER BY, locking, limits and the frames of windows.

use datafusion::sql::sqlparser::tokenizer::Token;

use super::Rewriting;
use crate::error::{Error, QueryError, Result};
use crate::query::marks;

impl Rewriting<'_> {
    /// `EXCLUDE …` at the end of a frame goes into the name that the window is based on.
    pub(super) fn exclude(&mut self, index: usize) -> Result<usize> {
        let (words, length) = if self.words(index + 1, &["CURRENT", "ROW"]) {
            ("CURRENT ROW", 2)
        } else if self.words(index + 1, &["NO", "OTHERS"]) {
            ("NO OTHERS", 2)
        } else if self.word(index + 1, "GROUP") {
            ("GROUP", 1)
        } else if self.word(index + 1, "TIES") {
            ("TIES", 1)
        } else {
            return Err(self.syntax(index + 1));
        };
        let start = self.levels.last().map_or(0, |level| level.start);
        let clauses = ["PARTITION", "ORDER", "ROWS", "RANGE", "GROUPS"];
        let base = match self.output.get(start).map(|token| (&token.token, token.span)) {
            Some((Token::Word(word), span))
                if word.quote_style.is_some() || !clauses.contains(&word.value.to_ascii_uppercase().as_str()) =>
            {
                let name = if word.quote_style.is_some() { word.value.clone() } else { word.value.to_lowercase() };
                Some((name, span))
            }
            _ => None,
        };
        match base {
            Some((name, span)) => {
                self.output[start] = marks::token(format!("{}{words} {name}", marks::EXCLUDE), span);
            }
            None => {
                let mark = marks::token(format!("{}{words} ", marks::EXCLUDE), self.span(index));
                self.output.insert(start.min(self.output.len()), mark);
            }
        }
        Ok(index + 1 + length)
    }

    /// `ONLY t`, `ONLY (t)`: there is no inheritance.
    pub(super) fn only(&mut self, index: usize) -> Result<usize> {
        let mut next = index + 1;
        let parenthesis = self.is(next, &Token::LParen);
        if parenthesis {
            next += 1;
        }
        if !self.any_word(next) || self.one_of(next, &["SELECT", "VALUES", "WITH"]) {
            return Err(self.syntax(next));
        }
        next = self.name(next);
        if parenthesis {
            if !self.is(next, &Token::RParen) {
                return Err(self.syntax(next));
            }
            next += 1;
        }
        Ok(next)
    }

    /// Copies a name with its qualifiers.
    pub(super) fn name(&mut self, index: usize) -> usize {
        let mut next = index;
        self.copy(next);
        next += 1;
        while self.is(next, &Token::Period) && self.any_word(next + 1) {
            self.copy(next);
            self.copy(next + 1);
            next += 2;
        }
        next
    }

    /// `FROM t *`.
    pub(super) fn from(&mut self, index: usize) -> Result<usize> {
        let distinct = self.last_is("DISTINCT") && self.word(index, "FROM");
        self.copy(index);
        let next = index + 1;
        if distinct || !self.any_word(next) || self.one_of(next, &["ONLY", "LATERAL", "ROWS"]) {
            return Ok(next);
        }
        let mut end = next + 1;
        while self.is(end, &Token::Period) && self.any_word(end + 1) {
            end += 2;
        }
        if !self.is(end, &Token::Mul) {
            return Ok(next);
        }
        let next = self.name(next);
        Ok(next + 1)
    }

    /// `FOR UPDATE OF a, b NOWAIT` and its siblings: the strength and the names become one name.
    pub(super) fn lock(&mut self, index: usize) -> Result<usize> {
        let (strength, length) = if self.words(index + 1, &["NO", "KEY", "UPDATE"]) {
            ("NO KEY UPDATE", 3)
        } else if self.words(index + 1, &["KEY", "SHARE"]) {
            ("KEY SHARE", 2)
        } else if self.word(index + 1, "UPDATE") {
            ("UPDATE", 1)
        } else if self.word(index + 1, "SHARE") {
            ("SHARE", 1)
        } else if self.words(index + 1, &["READ", "ONLY"]) {
            return Ok(index + 3);
        } else {
            self.copy(index);
            return Ok(index + 1);
        };
        let span = self.span(index);
        let outside = std::mem::take(&mut self.output);
        for word in ["FOR", "UPDATE", "OF"] {
            self.push_word(word, span);
        }
        self.mark(format!("{}{strength}", marks::LOCK), span);
        let mut next = index + 1 + length;
        if self.word(next, "OF") {
            next += 1;
            loop {
                if !self.any_word(next) {
                    return Err(self.syntax(next));
                }
                if self.is(next + 1, &Token::Period) {
                    let message = format!("FOR {strength} must specify unqualified relation names");
                    let position = self.lines.position(self.span(next).start);
                    return Err(Error::from(QueryError::Syntax(message)).at(position));
                }
                self.push(Token::Period, self.span(next));
                self.copy(next);
                next += 1;
                if !self.is(next, &Token::Comma) {
                    break;
                }
                next += 1;
            }
        }
        if self.word(next, "NOWAIT") {
            self.copy(next);
            next += 1;
        } else if self.words(next, &["SKIP", "LOCKED"]) {
            self.copy(next);
            self.copy(next + 1);
            next += 2;
        }
        let clause = std::mem::replace(&mut self.output, outside);
        self.locks.push((self.levels.len().saturating_sub(1), clause));
        Ok(next)
    }

    /// The locking clauses of the levels from `depth` on, at the end of theirs.
    pub(super) fn flush_locks(&mut self, depth: usize) {
        let mut index = 0;
        while index < self.locks.len() {
            if self.locks[index].0 >= depth {
                let (_, clause) = self.locks.remove(index);
                self.output.extend(clause);
            } else {
                index += 1;
            }
        }
    }

    /// `FETCH FIRST n ROWS ONLY` is `LIMIT n`.
    pub(super) fn fetch(&mut self, index: usize) -> Result<usize> {
        let plain = |this: &mut Self| {
            this.copy(index);
            Ok(index + 1)
        };
        if !self.one_of(index + 1, &["FIRST", "NEXT"]) {
            return plain(self);
        }
        let first = index + 2;
        let end = match self.at(first) {
            Some(Token::LParen) => self.behind(first),
            Some(Token::Plus | Token::Minus) => first + 2,
            Some(Token::Word(_)) if self.one_of(first, &["ROW", "ROWS"]) => first,
            _ => first + 1,
        };
        if !(self.one_of(end, &["ROW", "ROWS"]) && self.word(end + 1, "ONLY")) {
            return plain(self);
        }
        self.push_word("LIMIT", self.span(index));
        if end == first {
            self.push(Token::Number("1".into(), false), self.span(index));
        }
        let mut next = first;
        while next < end {
            next = self.step(next)?;
        }
        Ok(end + 2)
    }

    /// `ORDER BY a USING <`, `JOIN … USING (a) AS j`.
    pub(super) fn using(&mut self, index: usize) -> Result<usize> {
        let next = index + 1;
        let (operator, end) = match self.at(next) {
            Some(Token::Word(_)) if self.word(next, "OPERATOR") && self.is(next + 1, &Token::LParen) => {
                let end = self.behind(next + 1);
                (self.at(end - 2).map(ToString::to_string), end)
            }
            Some(Token::LParen) => {
                let end = self.behind(next);
                if !self.in_query() || !self.word(end, "AS") || !self.any_word(end + 1) {
                    self.copy(index);
                    return Ok(next);
                }
                self.copy(index);
                for inner in next..end - 1 {
                    self.copy(inner);
                }
                self.push(Token::Comma, self.span(end));
                self.mark(marks::JOIN_ALIAS, self.span(end));
                self.push(Token::Period, self.span(end));
                self.copy(end + 1);
                self.copy(end - 1);
                return Ok(end + 2);
            }
            Some(Token::Word(_)) | None => (None, next),
            Some(token) => (Some(token.to_string()), next + 1),
        };
        match operator.as_deref() {
            None => {
                self.copy(index);
                Ok(next)
            }
            Some("<") => {
                self.push_word("ASC", self.span(index));
                Ok(end)
            }
            Some(">") => {
                self.push_word("DESC", self.span(index));
                Ok(end)
            }
            Some(other) => {
                let error =
                    Error::from(QueryError::WrongObject(format!("operator {other} is not a valid ordering operator")));
                let hint = "Ordering operators must be \"<\" or \">\" members of btree operator families.";
                Err(error.hint(hint).at(self.lines.position(self.span(next).start)))
            }
        }
    }

    /// `TABLESAMPLE method (…) REPEATABLE (…)`: both lists become the arguments of one call.
    pub(super) fn sample(&mut self, index: usize) -> Result<usize> {
        if !self.any_word(index + 1) || !self.is(index + 2, &Token::LParen) {
            self.copy(index);
            return Ok(index + 1);
        }
        let span = self.span(index);
        let end = self.behind(index + 2);
        if end == index + 4 {
            return Err(self.syntax(index + 3));
        }
        self.copy(index);
        self.push_word("BERNOULLI", span);
        self.push(Token::LParen, span);
        self.mark(marks::SAMPLE, span);
        self.push(Token::Period, span);
        self.copy(index + 1);
        self.push(Token::LParen, span);
        self.mark("ROW", span);
        let mut next = index + 2;
        while next < end {
            next = self.step(next)?;
        }
        if self.word(end, "REPEATABLE") && self.is(end + 1, &Token::LParen) {
            self.push(Token::Comma, span);
            next = end + 1;
            let last = self.behind(next);
            while next < last {
                next = self.step(next)?;
            }
        }
        self.push(Token::RParen, span);
        self.push(Token::RParen, span);
        Ok(next)
    }
}
