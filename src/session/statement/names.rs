//! From the names of statements to tables, with PostgreSQL's errors for names that mean nothing.

use std::sync::Arc;

use super::command::Name;
use super::lexer::Lexer;
use crate::Result;
use crate::catalog::{Table, TenantCatalog};
use crate::error::{CatalogError, QueryError, SessionError};
use crate::query::ast::{Ident, ObjectName};

/// Reads a name out of a text, as `'"My".messages'::regclass` does.
///
/// # Errors
/// 42602 for a text that is no name.
pub(crate) fn parse(text: &str) -> Result<Name> {
    let invalid = || crate::Error::from(SessionError::InvalidName("invalid name syntax".into()));
    let mut lexer = Lexer::new(text);
    let mut parts = Vec::new();
    loop {
        let name = lexer.next().map_err(|_| invalid())?.and_then(|token| token.name()).ok_or_else(invalid)?;
        parts.push(name);
        match lexer.next().map_err(|_| invalid())? {
            None => break,
            Some(token) if token.is_symbol(".") => {}
            Some(_) => return Err(invalid()),
        }
    }
    if parts.len() > 3 {
        return Err(invalid());
    }
    Ok(Name { parts, position: 0 })
}

/// The name in a syntax tree.
///
/// # Errors
/// 42601 for a name with more than three parts, 0A000 for one that is not made of identifiers.
pub(crate) fn of(name: &ObjectName) -> Result<Name> {
    let mut parts = Vec::with_capacity(name.0.len());
    for part in &name.0 {
        parts.push(ident(part.as_ident().ok_or_else(|| super::not_supported("a computed name"))?));
    }
    if parts.len() > 3 {
        let message = format!("improper qualified name (too many dotted names): {}", parts.join("."));
        return Err(QueryError::Syntax(message).into());
    }
    Ok(Name { parts, position: 0 })
}

/// What an identifier means: folded to lower case unless it is quoted.
pub(crate) fn ident(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
}

impl Name {
    /// The schema, if the name has one. A database before it has to be the current one.
    ///
    /// # Errors
    /// 0A000 for another database.
    pub fn schema(&self, database: &str) -> Result<Option<&str>> {
        match self.parts.as_slice() {
            [other, _, _] if other != database => {
                let message = format!("cross-database references are not implemented: {}", self.quoted());
                Err(SessionError::NotSupported(message).into())
            }
            [.., schema, _] => Ok(Some(schema)),
            _ => Ok(None),
        }
    }

    /// The last part.
    pub fn last(&self) -> &str {
        self.parts.last().map_or("", String::as_str)
    }

    fn quoted(&self) -> String {
        format!("\"{}\"", self.parts.join("."))
    }

    /// As error messages write it.
    pub fn written(&self) -> String {
        self.parts.join(".")
    }
}

/// The table that a name means.
///
/// # Errors
/// 42P01 as `relation "x" does not exist`, 42809 for a relation of the system.
pub(crate) fn table(catalog: &TenantCatalog, search_path: &[String], name: &Name) -> Result<Arc<Table>> {
    let schema = name.schema(&catalog.tenant.name)?;
    let found = catalog.resolve_table(search_path, schema, name.last()).cloned();
    // As in PostgreSQL, the names of utility statements are reported without their place.
    found.ok_or_else(|| match schema {
        Some(schema) if crate::catalog::system::schema_oid(schema).is_some() => {
            CatalogError::SystemCatalog(name.last().to_owned()).into()
        }
        _ => CatalogError::UnknownRelation(name.written()).into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_texts_fold_like_names_in_statements() {
        assert_eq!(parse("Public.\"My t\"").unwrap().parts, ["public", "My t"]);
        for wrong in ["", "a b", "a.", "a.b.c.d", "1", "'a'"] {
            assert_eq!(parse(wrong).unwrap_err().sqlstate().0, "42602", "{wrong}");
        }
    }

    #[test]
    fn another_database_is_refused() {
        let name = Name { parts: vec!["other".into(), "public".into(), "t".into()], position: 0 };
        assert_eq!(name.schema("demo").unwrap_err().sqlstate().0, "0A000");
        assert_eq!(name.schema("other").unwrap(), Some("public"));
    }
}
