//! psycopg 3, the driver of Python, through a script of its own.

use crate::support::python;
use crate::support::server::Server;

#[test]
fn psycopg_does_the_main_job() {
    let server = Server::start();
    let reader = server.url("demo", "app", "owner");
    let Some(output) = python::run("clients/psycopg_client.py", &[server.printed_url(), &reader]) else { return };
    assert!(output.contains("all passed"), "{output}");
}
