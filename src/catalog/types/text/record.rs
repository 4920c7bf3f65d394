//! The text of a row: `(a,"b c",)`.

/// Whether PostgreSQL quotes a field with this text.
pub(super) fn needs_quotes(text: &[u8]) -> bool {
    text.is_empty() || text.iter().any(|byte| b"\"\\(), \t\n\r\x0b\x0c".contains(byte))
}

/// Puts quotes around what was written since `start`; quotes and backslashes in it are doubled.
pub(super) fn quote(out: &mut Vec<u8>, start: usize) {
    let text = out.split_off(start);
    out.push(b'"');
    for byte in text {
        if byte == b'"' || byte == b'\\' {
            out.push(byte);
        }
        out.push(byte);
    }
    out.push(b'"');
}
