//! Before a session exists: plaintext, bytes ahead of the handshake, statements behind a failed login, broken
//! and oversized messages.

use std::io::{Read, Write};

use crate::support::server::Server;
use crate::support::wire::{Wire, frame, password, query, ssl_request, startup, tags, untagged};

#[test]
fn plaintext_is_refused_before_a_password_is_asked_for() {
    let server = Server::start();
    let mut wire = Wire::plain(server.address()).unwrap();
    wire.send(&startup(&[("user", "app"), ("database", "demo")])).unwrap();
    let messages = wire.until_closed();
    assert_eq!(tags(&messages), "E", "no request for a password: {messages:?}");
    let fields = messages[0].fields();
    assert_eq!((fields.get('S'), fields.sqlstate()), ("FATAL", "28000"));
    assert_eq!(Wire::connect(&server).value("SELECT 'others'"), "others");
}

/// What was in the buffer before the handshake must not be read as if it came through it.
#[test]
fn bytes_before_the_handshake_close_the_connection() {
    let server = Server::start();
    let token = server.token("demo", "app", "owner");
    for injected in [
        startup(&[("user", "app"), ("database", "demo")]),
        [startup(&[("user", "app"), ("database", "demo")]), password(&token), query("SELECT 1")].concat(),
        vec![0],
        vec![b'Q'; 100],
    ] {
        let mut wire = Wire::plain(server.address()).unwrap();
        wire.send(&[ssl_request(), injected].concat()).unwrap();
        let mut rest = Vec::new();
        let _ = wire.socket().try_clone().unwrap().read_to_end(&mut rest);
        assert!(rest.is_empty() || rest == b"S" || rest.first() == Some(&b'E') || rest.starts_with(b"SE"), "{rest:?}");
    }
    assert_eq!(Wire::connect(&server).value("SELECT 'others'"), "others");
}

#[test]
fn statements_behind_a_failed_login_never_run() {
    let server = Server::plain();
    let mut witness = Wire::connect(&server);
    witness.ok("CREATE TABLE t (id int PRIMARY KEY)");
    witness.ok("INSERT INTO t VALUES (1)");
    let attack = [
        startup(&[("user", "app"), ("database", "demo")]),
        password("wrong"),
        query("DELETE FROM t"),
        frame(b'P', &[b"\0DELETE FROM t\0\0\0"]),
        frame(b'B', &[b"\0\0\0\0\0\0\0\0"]),
        frame(b'E', &[b"\0\0\0\0\0"]),
        frame(b'S', &[]),
    ]
    .concat();
    let mut wire = Wire::plain(server.address()).unwrap();
    wire.send(&attack).unwrap();
    let messages = wire.until_closed();
    assert_eq!(tags(&messages), "RE", "{messages:?}");
    assert_eq!(witness.value("SELECT count(*) FROM t"), "1");

    // Without any login at all.
    for attack in [
        [startup(&[("user", "app"), ("database", "demo")]), query("DELETE FROM t")].concat(),
        query("DELETE FROM t"),
        [startup(&[("user", "app"), ("database", "demo")]), frame(b'S', &[]), query("DELETE FROM t")].concat(),
    ] {
        let mut wire = Wire::plain(server.address()).unwrap();
        wire.send(&attack).unwrap();
        let messages = wire.until_closed();
        assert!(!tags(&messages).contains(['Z', 'C', 'D']), "{messages:?}");
        assert_eq!(witness.value("SELECT count(*) FROM t"), "1");
    }
}

#[test]
fn broken_messages_before_login_end_that_connection_only() {
    let server = Server::start();
    let mut witness = Wire::connect(&server);
    let huge = |tag: u8, length: u32| [vec![tag], length.to_be_bytes().to_vec()].concat();
    let attacks: Vec<Vec<u8>> = vec![
        vec![],
        vec![0],
        vec![0; 3],
        0u32.to_be_bytes().to_vec(),
        3u32.to_be_bytes().to_vec(),
        4u32.to_be_bytes().to_vec(),
        7u32.to_be_bytes().to_vec(),
        u32::MAX.to_be_bytes().to_vec(),
        0x7fff_ffffu32.to_be_bytes().to_vec(),
        [0x7fff_ffffu32.to_be_bytes(), 196_608u32.to_be_bytes()].concat(),
        untagged(&[&196_608u32.to_be_bytes()]),
        untagged(&[&196_608u32.to_be_bytes(), b"user"]),
        untagged(&[&196_608u32.to_be_bytes(), b"user\0app"]),
        untagged(&[&196_608u32.to_be_bytes(), b"user\0app\0database"]),
        untagged(&[&196_608u32.to_be_bytes(), b"user\0\xff\xfe\0database\0demo\0\0"]),
        untagged(&[&196_608u32.to_be_bytes(), b"\0"]),
        untagged(&[&196_608u32.to_be_bytes(), &[b'x'; 20_000]]),
        untagged(&[&80_877_102u32.to_be_bytes(), b"\0\0"]),
        untagged(&[&80_877_102u32.to_be_bytes(), &[0; 400]]),
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        [startup(&[("user", "app"), ("database", "demo")]), huge(b'p', 0)].concat(),
        [startup(&[("user", "app"), ("database", "demo")]), huge(b'p', 3)].concat(),
        [startup(&[("user", "app"), ("database", "demo")]), huge(b'p', 0x7fff_ffff)].concat(),
        [startup(&[("user", "app"), ("database", "demo")]), huge(b'p', u32::MAX)].concat(),
        [startup(&[("user", "app"), ("database", "demo")]), frame(b'p', &[b"no end"])].concat(),
        [startup(&[("user", "app"), ("database", "demo")]), frame(b'p', &[b"\xff\xfe\0"])].concat(),
        [startup(&[("user", "app"), ("database", "demo")]), frame(b'p', &[b"OAUTHBEARER\0\x7f\xff\xff\xff"])].concat(),
        [startup(&[("user", "app"), ("database", "demo")]), frame(b'p', &[b"x\0\0\0\0"])].concat(),
        [startup(&[("user", "app"), ("database", "demo")]), frame(b'?', &[b"unknown"])].concat(),
    ];
    for tls in [false, true] {
        for attack in &attacks {
            let mut wire = if tls { Wire::tls(server.address()) } else { Wire::plain(server.address()) }.unwrap();
            let _ = wire.send(attack);
            let _ = wire.socket().shutdown(std::net::Shutdown::Write);
            let messages = wire.until_closed();
            assert!(!tags(&messages).contains('Z'), "{attack:?}: {messages:?}");
        }
        assert_eq!(witness.value("SELECT 'others'"), "others");
    }
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

/// A declared length is a claim: memory is given for bytes that arrive, not for bytes that are announced.
#[test]
fn announced_bytes_take_no_memory() {
    let server = Server::plain();
    let resident = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.process_id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap().to_owned();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let mut witness = Wire::connect(&server);
    let before = resident();
    let mut open = Vec::new();
    for _ in 0..100 {
        let mut wire = Wire::plain(server.address()).unwrap();
        wire.send(&[&10_000u32.to_be_bytes()[..], &196_608u32.to_be_bytes(), b"user\0"].concat()).unwrap();
        open.push(wire);
    }
    for _ in 0..10 {
        let mut wire = Wire::connect(&server);
        wire.send(&[&b"Q"[..], &60_000_000u32.to_be_bytes(), b"SELECT"].concat()).unwrap();
        open.push(wire);
    }
    assert_eq!(witness.value("SELECT 'others'"), "others");
    let grown = resident().saturating_sub(before);
    assert!(grown < 100_000, "600 MB were announced, the server grew by {grown} kB");
    drop(open);
}

/// Someone who only connects, many times, does not keep the others out.
#[test]
fn many_silent_connections_leave_room_for_others() {
    let server = Server::plain();
    let silent: Vec<_> = (0..200).map(|_| std::net::TcpStream::connect(server.address()).unwrap()).collect();
    assert_eq!(Wire::connect(&server).value("SELECT 'others'"), "others");
    for mut stream in silent {
        let _ = stream.write_all(&[0xff; 8]);
    }
    assert_eq!(Wire::connect(&server).value("SELECT 'others'"), "others");
}
