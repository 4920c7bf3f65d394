//! One immutable version of everything a tenant has defined.
//!
//! Changing it gives a new version and the stored rows that say the same. Whoever changes definitions
//! holds the tenant's definition lock until its transaction ends, so versions of one tenant form a line.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::meta_keys;
use super::model::{Check, CheckDefinition, Column, PrimaryKey, Schema, StoredTable, Table, TableDefinition, Tenant};
use super::names;
use super::oids::{OidCounter, next_version};
use super::system;
use super::types::PgType;
use super::write::CatalogWrite;
use crate::base::ids::{Oid, TableId};
use crate::base::limits;
use crate::error::{CatalogError, Result};

/// The OID of the schema `public`, as in PostgreSQL.
pub(super) const PUBLIC_SCHEMA: Oid = 2200;

/// One version of a tenant's definitions.
#[derive(Clone, Debug)]
pub struct TenantCatalog {
    pub tenant: Arc<Tenant>,
    /// Unique among all versions of all tenants in this process: caches may be keyed by it.
    pub version: u64,
    schemas: BTreeMap<String, Arc<Schema>>,
    tables: BTreeMap<String, BTreeMap<String, Arc<Table>>>,
    by_id: HashMap<TableId, Arc<Table>>,
    oids: Arc<OidCounter>,
}

impl TenantCatalog {
    /// A tenant that has nothing but the schema `public`.
    pub(super) fn empty(tenant: Arc<Tenant>, next_oid: Oid) -> Self {
        let public = Schema { oid: PUBLIC_SCHEMA, name: "public".into(), owner: tenant.owner.clone() };
        Self {
            tenant,
            version: next_version(),
            schemas: BTreeMap::from([(public.name.clone(), Arc::new(public))]),
            tables: BTreeMap::new(),
            by_id: HashMap::new(),
            oids: Arc::new(OidCounter::starting_at(next_oid)),
        }
    }

    /// The schemas that the tenant's users own; the system's are in [`system::SCHEMAS`].
    pub fn schemas(&self) -> impl Iterator<Item = &Arc<Schema>> {
        self.schemas.values()
    }

    /// A schema of the tenant's users by name.
    pub fn schema(&self, name: &str) -> Option<&Arc<Schema>> {
        self.schemas.get(name)
    }

    /// Whether a schema of this name exists, the system's included.
    pub fn has_schema(&self, name: &str) -> bool {
        self.schemas.contains_key(name) || system::schema_oid(name).is_some()
    }

    /// The OID of a schema, the system's included.
    pub fn schema_oid(&self, name: &str) -> Option<Oid> {
        self.schemas.get(name).map(|schema| schema.oid).or_else(|| system::schema_oid(name))
    }

    /// All tables, ordered by schema and name.
    pub fn tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.tables.values().flat_map(BTreeMap::values)
    }

    /// A table by its id.
    pub fn table_by_id(&self, id: TableId) -> Option<&Arc<Table>> {
        self.by_id.get(&id)
    }

    /// A table by its qualified name.
    pub fn table(&self, schema: &str, name: &str) -> Option<&Arc<Table>> {
        self.tables.get(schema)?.get(name)
    }

    /// The table that a name means: in `schema`, or else in the first schema of the search path that has one.
    pub fn resolve_table(&self, search_path: &[String], schema: Option<&str>, name: &str) -> Option<&Arc<Table>> {
        match schema {
            Some(schema) => self.table(schema, name),
            None => search_path.iter().find_map(|schema| self.table(schema, name)),
        }
    }

    /// The next version with a new table, and what to store.
    ///
    /// # Errors
    /// 3F000 for an unknown schema, 42P07 for a name that is taken, 42701 for a column named twice,
    /// 42703 for a key over an unknown column, 42710 for a constraint named twice, 0A000 for a type that
    /// cannot be stored or be part of a key, 42501 in a schema of the system, 54011 for too many columns.
    pub fn with_table(&self, new: TableDefinition) -> Result<(TenantCatalog, CatalogWrite)> {
        self.check_new_relation(&new.schema, &new.name)?;
        check_columns(&new)?;
        let table = Arc::new(self.build_table(new)?);
        let mut next = self.next();
        next.insert_table(table.clone());
        let mut write = next.write_of_oids();
        write.puts.push((meta_keys::table(self.tenant.id, table.id), meta_keys::json(&StoredTable::from(&*table))));
        Ok((next, write))
    }

    /// The next version without a table. Its rows, fresh and history, go with it.
    ///
    /// # Errors
    /// 42P01 if there is no such table.
    pub fn without_table(&self, id: TableId) -> Result<(TenantCatalog, CatalogWrite)> {
        let table = self.by_id.get(&id).ok_or_else(|| CatalogError::UnknownTable(id.to_string()))?.clone();
        let mut next = self.next();
        next.by_id.remove(&id);
        if let Some(tables) = next.tables.get_mut(&table.schema) {
            tables.remove(&table.name);
        }
        let mut write = next.write_of_oids();
        write.deletes.push(meta_keys::table(self.tenant.id, id));
        write.dropped_tables.push(id);
        Ok((next, write))
    }

    /// The next version with a new schema, and what to store.
    ///
    /// # Errors
    /// 42P06 if the name is taken, 42939 if it is reserved for the system.
    pub fn with_schema(&self, name: &str, owner: &str) -> Result<(TenantCatalog, CatalogWrite)> {
        if self.has_schema(name) {
            return Err(CatalogError::DuplicateSchema(name.to_owned()).into());
        }
        if name.starts_with("pg_") {
            return Err(CatalogError::ReservedSchema(name.to_owned()).into());
        }
        let schema = Schema { oid: self.oids.take(), name: name.to_owned(), owner: owner.to_owned() };
        let mut next = self.next();
        let mut write = next.write_of_oids();
        write.puts.push((meta_keys::schema(self.tenant.id, schema.oid), meta_keys::json(&schema)));
        next.schemas.insert(schema.name.clone(), Arc::new(schema));
        Ok((next, write))
    }

    /// The next version without a schema and the tables in it. The caller has refused a schema that is
    /// not empty unless the statement says CASCADE.
    ///
    /// # Errors
    /// 3F000 if there is no such schema, 42501 if it is the system's.
    pub fn without_schema(&self, name: &str) -> Result<(TenantCatalog, CatalogWrite)> {
        if system::schema_oid(name).is_some() {
            return Err(CatalogError::SystemCatalog(name.to_owned()).into());
        }
        let schema = self.schemas.get(name).ok_or_else(|| CatalogError::UnknownSchema(name.to_owned()))?;
        let mut next = self.next();
        let mut write = next.write_of_oids();
        for table in self.tables.get(name).into_iter().flat_map(BTreeMap::values) {
            next.by_id.remove(&table.id);
            write.deletes.push(meta_keys::table(self.tenant.id, table.id));
            write.dropped_tables.push(table.id);
        }
        next.tables.remove(name);
        next.schemas.remove(name);
        if schema.oid == PUBLIC_SCHEMA {
            // Every tenant starts with `public`: that it is gone must be written down.
            write.puts.push((meta_keys::schema(self.tenant.id, schema.oid), b"null".to_vec()));
        } else {
            write.deletes.push(meta_keys::schema(self.tenant.id, schema.oid));
        }
        Ok((next, write))
    }

    /// What to store so that no OID given out so far is given out again.
    pub(super) fn write_of_oids(&self) -> CatalogWrite {
        let next = self.oids.next().to_string().into_bytes();
        CatalogWrite { puts: vec![(meta_keys::next_oid(self.tenant.id), next)], ..CatalogWrite::default() }
    }

    pub(super) fn insert_table(&mut self, table: Arc<Table>) {
        self.by_id.insert(table.id, table.clone());
        self.tables.entry(table.schema.clone()).or_default().insert(table.name.clone(), table);
    }

    pub(super) fn insert_schema(&mut self, schema: Schema) {
        self.schemas.insert(schema.name.clone(), Arc::new(schema));
    }

    pub(super) fn remove_public(&mut self) {
        self.schemas.remove("public");
    }

    fn next(&self) -> TenantCatalog {
        TenantCatalog { version: next_version(), ..self.clone() }
    }

    fn check_new_relation(&self, schema: &str, name: &str) -> Result<()> {
        if system::schema_oid(schema).is_some() {
            return Err(CatalogError::SystemSchema(schema.to_owned()).into());
        }
        if !self.schemas.contains_key(schema) {
            return Err(CatalogError::UnknownSchema(schema.to_owned()).into());
        }
        if self.relation_exists(schema, name) {
            return Err(CatalogError::DuplicateRelation(name.to_owned()).into());
        }
        Ok(())
    }

    /// Tables and indexes share the names of a schema.
    fn relation_exists(&self, schema: &str, name: &str) -> bool {
        self.tables.get(schema).is_some_and(|tables| {
            tables.contains_key(name)
                || tables.values().any(|table| table.primary_key.as_ref().is_some_and(|key| key.name == name))
        })
    }

    fn build_table(&self, new: TableDefinition) -> Result<Table> {
        let id = TableId(self.oids.take());
        let key_columns = key_columns(&new)?;
        let columns: Vec<Column> = new
            .columns
            .iter()
            .zip(1..)
            .map(|(column, attnum)| Column {
                attnum,
                name: column.name.clone(),
                data_type: column.data_type.clone(),
                not_null: column.not_null || key_columns.contains(&usize::try_from(attnum - 1).unwrap_or(usize::MAX)),
                default: column.default.clone(),
                default_oid: if column.default.is_some() { self.oids.take() } else { 0 },
            })
            .collect();
        let primary_key = match &new.primary_key {
            Some(key) => {
                let name = self.key_name(&new, key.name.as_deref())?;
                Some(PrimaryKey { oid: self.oids.take(), constraint_oid: self.oids.take(), name, columns: key_columns })
            }
            None => None,
        };
        let checks = self.checks(&new, primary_key.as_ref())?;
        Ok(Table::from(StoredTable {
            id,
            schema: new.schema,
            name: new.name,
            owner: new.owner,
            columns,
            primary_key,
            checks,
            changes: new.changes,
        }))
    }

    fn key_name(&self, new: &TableDefinition, wanted: Option<&str>) -> Result<String> {
        let is_taken = |name: &str| name == new.name || self.relation_exists(&new.schema, name);
        match wanted {
            Some(name) if is_taken(name) => Err(CatalogError::DuplicateRelation(name.to_owned()).into()),
            Some(name) => Ok(name.to_owned()),
            None => Ok(names::choose(&new.name, None, "pkey", is_taken)),
        }
    }

    fn checks(&self, new: &TableDefinition, key: Option<&PrimaryKey>) -> Result<Vec<Check>> {
        let mut taken: BTreeSet<String> = key.map(|key| key.name.clone()).into_iter().collect();
        for name in new.checks.iter().filter_map(|check| check.name.clone()) {
            if !taken.insert(name.clone()) {
                return Err(CatalogError::DuplicateConstraint { name, table: new.name.clone() }.into());
            }
        }
        let mut checks = Vec::with_capacity(new.checks.len());
        for check in &new.checks {
            let name = match &check.name {
                Some(name) => name.clone(),
                None => check_name(new, check, &taken),
            };
            taken.insert(name.clone());
            let columns = check.columns.iter().filter_map(|name| position(new, name)).collect();
            checks.push(Check { oid: self.oids.take(), name, expression: check.expression.clone(), columns });
        }
        Ok(checks)
    }
}

fn check_name(new: &TableDefinition, check: &CheckDefinition, taken: &BTreeSet<String>) -> String {
    let only = match check.columns.as_slice() {
        [only] => Some(only.as_str()),
        _ => None,
    };
    names::choose(&new.name, only, "check", |name| taken.contains(name))
}

fn position(new: &TableDefinition, name: &str) -> Option<usize> {
    new.columns.iter().position(|column| column.name == name)
}

/// The names that PostgreSQL's system columns have in every table, and our hidden ones.
const SYSTEM_COLUMNS: [&str; 6] = ["tableoid", "cmax", "xmax", "cmin", "xmin", "ctid"];
const HIDDEN_COLUMNS: [&str; 3] = [super::model::ROWID_COLUMN, "_key", "_seq"];

fn check_columns(new: &TableDefinition) -> Result<()> {
    if new.columns.len() > limits::COLUMNS {
        return Err(CatalogError::TooManyColumns { maximum: limits::COLUMNS }.into());
    }
    let mut seen = BTreeSet::new();
    for column in &new.columns {
        let name = column.name.as_str();
        if SYSTEM_COLUMNS.contains(&name) {
            return Err(CatalogError::SystemColumn(column.name.clone()).into());
        }
        if HIDDEN_COLUMNS.contains(&name) {
            let message = format!("column name \"{name}\" is reserved");
            return Err(CatalogError::NotSupported(message).into());
        }
        if !seen.insert(name) {
            return Err(CatalogError::DuplicateColumn(column.name.clone()).into());
        }
        if !column.data_type.is_storable() {
            let message = format!("columns of type {} are not supported", column.data_type);
            return Err(CatalogError::NotSupported(message).into());
        }
    }
    Ok(())
}

fn key_columns(new: &TableDefinition) -> Result<Vec<usize>> {
    let Some(key) = &new.primary_key else { return Ok(Vec::new()) };
    let mut positions = Vec::with_capacity(key.columns.len());
    for name in &key.columns {
        let position = position(new, name).ok_or_else(|| CatalogError::UnknownKeyColumn(name.clone()))?;
        if positions.contains(&position) {
            return Err(CatalogError::KeyColumnTwice(name.clone()).into());
        }
        let data_type = &new.columns[position].data_type;
        if *data_type == PgType::Json {
            return Err(CatalogError::NoOperatorClass(data_type.format()).into());
        }
        if !data_type.is_key() {
            let message = format!("a primary key over type {data_type} is not supported");
            return Err(CatalogError::NotSupported(message).into());
        }
        positions.push(position);
    }
    Ok(positions)
}
