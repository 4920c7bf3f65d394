//! Functions of the session, of the server and of the system's catalogs.

use datafusion::logical_expr::Expr;

use super::{Call, adapt};
use crate::catalog::facts::FunctionFact;
use crate::error::Result;

/// Functions whose implementation has PostgreSQL's name for them, with whatever arguments.
const BY_NAME: &[&str] = &[
    "col_description",
    "current_database",
    "current_query",
    "current_schema",
    "current_schemas",
    "current_setting",
    "current_user",
    "flush",
    "format_type",
    "has_any_column_privilege",
    "has_column_privilege",
    "has_database_privilege",
    "has_function_privilege",
    "has_language_privilege",
    "has_schema_privilege",
    "has_sequence_privilege",
    "has_table_privilege",
    "has_tablespace_privilege",
    "has_type_privilege",
    "inet_client_port",
    "obj_description",
    "pg_advisory_unlock_all",
    "pg_backend_pid",
    "pg_cancel_backend",
    "pg_char_to_encoding",
    "pg_collation_actual_version",
    "pg_collation_is_visible",
    "pg_conf_load_time",
    "pg_conversion_is_visible",
    "pg_current_logfile",
    "pg_database_collation_actual_version",
    "pg_database_size",
    "pg_describe_object",
    "pg_encoding_to_char",
    "pg_function_is_visible",
    "pg_get_constraintdef",
    "pg_get_expr",
    "pg_get_function_arguments",
    "pg_get_function_identity_arguments",
    "pg_get_function_result",
    "pg_get_functiondef",
    "pg_get_indexdef",
    "pg_get_partition_constraintdef",
    "pg_get_partkeydef",
    "pg_get_ruledef",
    "pg_get_serial_sequence",
    "pg_get_statisticsobjdef",
    "pg_get_statisticsobjdef_columns",
    "pg_get_triggerdef",
    "pg_get_userbyid",
    "pg_get_viewdef",
    "pg_has_role",
    "pg_indexes_size",
    "pg_is_in_recovery",
    "pg_is_other_temp_schema",
    "pg_jit_available",
    "pg_my_temp_schema",
    "pg_notification_queue_usage",
    "pg_notify",
    "pg_opclass_is_visible",
    "pg_operator_is_visible",
    "pg_opfamily_is_visible",
    "pg_partition_root",
    "pg_postmaster_start_time",
    "pg_relation_is_publishable",
    "pg_relation_size",
    "pg_safe_snapshot_blocking_pids",
    "pg_size_bytes",
    "pg_size_pretty",
    "pg_statistics_obj_is_visible",
    "pg_table_is_visible",
    "pg_table_size",
    "pg_tablespace_location",
    "pg_terminate_backend",
    "pg_total_relation_size",
    "pg_trigger_depth",
    "pg_ts_config_is_visible",
    "pg_ts_dict_is_visible",
    "pg_ts_parser_is_visible",
    "pg_ts_template_is_visible",
    "pg_type_is_visible",
    "pg_typeof",
    "reauthenticate",
    "row_security_active",
    "session_user",
    "set_config",
    "shobj_description",
    "to_regclass",
    "to_regnamespace",
    "to_regproc",
    "to_regrole",
    "to_regtype",
    "version",
];

pub(super) fn plan(call: &mut Call<'_>) -> Option<Result<Expr>> {
    let fact: &FunctionFact = call.fact;
    let name = fact.name.as_str();
    if !BY_NAME.contains(&name) {
        return None;
    }
    // A size in bytes that is no integer has no function behind it.
    if call.source == "pg_size_pretty_numeric" {
        return None;
    }
    let name = if fact.schema == "pg_catalog" { name.to_owned() } else { format!("{}.{name}", fact.schema) };
    Some(adapt::call(call, &name))
}
