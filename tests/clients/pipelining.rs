//! One write per round trip: what the server sends for a pipeline leaves in one piece.

use std::process::{Command, Stdio};

use crate::support::server::Server;
use crate::support::wire::{Wire, bind, execute, parse, query, sync};
use crate::support::{find_program, postgres, until};

/// Counts the server's writes to sockets with strace while `work` runs.
fn writes_during(server: &Server, work: impl FnOnce()) -> usize {
    let strace = find_program("strace").expect("strace is missing: run `make setup`");
    let directory = crate::support::server::temporary_directory();
    let log = directory.path().join("strace.log");
    let process = server.process_id().to_string();
    let mut tracer = Command::new(strace)
        .args(["-f", "-q", "-e", "trace=sendto,sendmsg,write,writev", "-yy", "-o"])
        .arg(&log)
        .args(["-p", &process])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("strace is attached to every thread", || {
        let threads = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
        let mut statuses =
            threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("status")).ok());
        statuses.all(|status| !status.contains("TracerPid:\t0\n")).then_some(())
    });
    work();
    let _ = Command::new("kill").arg("-INT").arg(tracer.id().to_string()).status();
    tracer.wait().unwrap();
    let text = std::fs::read_to_string(&log).unwrap();
    text.lines().filter(|line| line.contains("<TCP:[") && !line.contains("resumed>")).count()
}

#[test]
fn a_pipeline_is_answered_in_one_write() {
    if !postgres::is_root()
        && std::fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").is_ok_and(|s| s.trim() != "0")
    {
        eprintln!("skipped: this machine does not let a user trace a process");
        return;
    }
    let server = Server::plain();
    let mut wire = Wire::connect(&server);
    wire.ok("CREATE TABLE t (id int PRIMARY KEY, v text)");
    let mut pipeline = parse("put", "INSERT INTO t VALUES ($1, $2)", &[]);
    for id in 0..100 {
        pipeline.extend(bind("", "put", 0, &[Some(id.to_string().as_bytes()), Some(b"value")], 0));
        pipeline.extend(execute("", 0));
    }
    pipeline.extend(sync());
    let writes = writes_during(&server, || {
        wire.send(&pipeline).unwrap();
        wire.until_ready().unwrap();
    });
    assert_eq!(writes, 1, "201 answers left in {writes} writes");

    let writes = writes_during(&server, || {
        for _ in 0..10 {
            wire.send(&query("SELECT * FROM t WHERE id = 5")).unwrap();
            wire.until_ready().unwrap();
        }
    });
    assert_eq!(writes, 10, "ten queries were answered in {writes} writes");
}

/// The client sends everything before it reads anything, more than the socket's buffers hold.
#[test]
fn a_long_pipeline_does_not_lock_up() {
    let server = Server::plain();
    let mut wire = Wire::connect(&server);
    wire.ok("CREATE TABLE t (id int PRIMARY KEY, v text)");
    let value = "x".repeat(1000);
    let mut pipeline = parse("put", "INSERT INTO t VALUES ($1, $2) RETURNING id, v", &[]);
    for id in 0..3000 {
        pipeline.extend(bind("", "put", 0, &[Some(id.to_string().as_bytes()), Some(value.as_bytes())], 0));
        pipeline.extend(execute("", 0));
    }
    pipeline.extend(sync());
    let mut half = wire.socket().try_clone().unwrap();
    let writer = std::thread::spawn(move || std::io::Write::write_all(&mut half, &pipeline));
    let messages = wire.until_ready().unwrap();
    writer.join().unwrap().unwrap();
    assert_eq!(messages.iter().filter(|message| message.tag == b'D').count(), 3000);
    assert_eq!(wire.value("SELECT count(*) FROM t"), "3000");
}
