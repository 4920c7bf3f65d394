//! The `kalam` command: arguments, then the server.

fn main() {}
