//! Tenants, schemas, tables, columns, types and their OIDs.
