//! asyncpg, Python's asynchronous driver with a protocol of its own, through a script of its own.

use crate::support::python;
use crate::support::server::Server;

#[test]
fn asyncpg_does_the_main_job() {
    let server = Server::start();
    let Some(output) = python::run("clients/asyncpg_client.py", &[server.printed_url()]) else { return };
    assert!(output.contains("all passed"), "{output}");
}
