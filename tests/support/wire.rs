//! A PostgreSQL client made of bytes: what no well-behaved driver would send, and what drivers hide.
//!
//! Blocking and simple on purpose. Every read has a deadline, so that a server that stops answering fails a
//! test instead of hanging it.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use super::DEADLINE;
use super::client::tls_config;

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// A connection.
pub struct Wire {
    stream: Stream,
    /// ParameterStatus values that have arrived.
    pub parameters: HashMap<String, String>,
    /// BackendKeyData: process id and secret.
    pub key: (i32, i32),
}

/// A message of the server.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    pub tag: u8,
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?}", self.tag as char, shortened(&String::from_utf8_lossy(&self.body)))
    }
}

/// The beginning of a long text, for reports.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(300) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}

/// An ErrorResponse or NoticeResponse by its field letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields(pub HashMap<char, String>);

/// A result of one simple query, or its error.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// Name and type OID of every column.
    pub columns: Vec<(String, u32)>,
    pub rows: Vec<Vec<Option<String>>>,
    pub tags: Vec<String>,
    pub notices: Vec<Fields>,
    /// From ReadyForQuery: I, T or E.
    pub status: char,
}

impl Fields {
    pub fn get(&self, field: char) -> &str {
        self.0.get(&field).map_or("", String::as_str)
    }

    pub fn sqlstate(&self) -> &str {
        self.get('C')
    }

    pub fn message(&self) -> &str {
        self.get('M')
    }
}

impl std::fmt::Display for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.get('S'), self.sqlstate(), self.message())
    }
}

impl std::error::Error for Fields {}

impl Message {
    pub fn fields(&self) -> Fields {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let parts = self.body.split(|byte| *byte == 0).filter(|part| !part.is_empty());
        Fields(parts.map(|part| (part[0] as char, text(&part[1..]))).collect())
    }

    /// The values of a DataRow.
    pub fn values(&self) -> Vec<Option<Vec<u8>>> {
        let mut reader = Reader(&self.body);
        let count = reader.i16();
        (0..count)
            .map(|_| {
                let length = reader.i32();
                (length >= 0).then(|| reader.bytes(length as usize).to_vec())
            })
            .collect()
    }

    /// The columns of a RowDescription.
    pub fn columns(&self) -> Vec<Column> {
        let mut reader = Reader(&self.body);
        let count = reader.i16();
        (0..count)
            .map(|_| Column {
                name: reader.text(),
                table: reader.i32() as u32,
                attnum: reader.i16(),
                oid: reader.i32() as u32,
                size: reader.i16(),
                typmod: reader.i32(),
                format: reader.i16(),
            })
            .collect()
    }

    /// The text of a message that is one string, such as CommandComplete.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.body.strip_suffix(b"\0").unwrap_or(&self.body)).into_owned()
    }

    /// Process id, channel and payload of a NotificationResponse.
    pub fn notification(&self) -> (i32, String, String) {
        let mut reader = Reader(&self.body);
        (reader.i32(), reader.text(), reader.text())
    }
}

/// One column of a RowDescription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub table: u32,
    pub attnum: i16,
    pub oid: u32,
    pub size: i16,
    pub typmod: i32,
    pub format: i16,
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (head, tail) = self.0.split_at(count);
        self.0 = tail;
        head
    }

    fn i16(&mut self) -> i16 {
        i16::from_be_bytes(self.bytes(2).try_into().unwrap())
    }

    fn i32(&mut self) -> i32 {
        i32::from_be_bytes(self.bytes(4).try_into().unwrap())
    }

    fn text(&mut self) -> String {
        let end = self.0.iter().position(|byte| *byte == 0).expect("a terminated string");
        let text = String::from_utf8_lossy(self.bytes(end)).into_owned();
        self.bytes(1);
        text
    }
}

impl Wire {
    /// Connects without TLS and sends nothing.
    pub fn plain(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        stream.set_write_timeout(Some(DEADLINE))?;
        Ok(Self { stream: Stream::Plain(stream), parameters: HashMap::new(), key: (0, 0) })
    }

    /// Connects, asks for TLS and makes the handshake.
    pub fn tls(address: SocketAddr) -> io::Result<Self> {
        let mut wire = Self::plain(address)?;
        wire.send(&ssl_request())?;
        let mut answer = [0];
        wire.read_exact(&mut answer)?;
        assert_eq!(answer[0], b'S', "the server offers TLS");
        let Stream::Plain(stream) = wire.stream else { unreachable!("it was just made") };
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::new(tls_config()), name).map_err(io::Error::other)?;
        let stream = Stream::Tls(Box::new(StreamOwned::new(connection, stream)));
        Ok(Self { stream, parameters: HashMap::new(), key: (0, 0) })
    }

    /// Connects to a test server, with or without TLS as it has it, and logs in as `app` of `demo`.
    pub fn connect(server: &super::server::Server) -> Self {
        Self::connect_as(server, "demo", "app", "owner")
    }

    pub fn connect_as(server: &super::server::Server, tenant: &str, user: &str, role: &str) -> Self {
        let token = server.token(tenant, user, role);
        let mut wire = Self::to(server).unwrap();
        wire.login(user, tenant, &token).unwrap_or_else(|error| panic!("login: {error}"));
        wire
    }

    /// Connects to a test server without logging in.
    pub fn to(server: &super::server::Server) -> io::Result<Self> {
        if server.tls() { Self::tls(server.address()) } else { Self::plain(server.address()) }
    }

    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.stream {
            Stream::Plain(stream) => stream.write_all(bytes),
            Stream::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        }
    }

    /// The socket below, to set timeouts or to shut it down.
    pub fn socket(&self) -> &TcpStream {
        match &self.stream {
            Stream::Plain(stream) => stream,
            Stream::Tls(stream) => stream.get_ref(),
        }
    }

    pub fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.stream {
            Stream::Plain(stream) => stream.read(buffer),
            Stream::Tls(stream) => stream.read(buffer),
        }
    }

    fn read_exact(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        match &mut self.stream {
            Stream::Plain(stream) => stream.read_exact(buffer),
            Stream::Tls(stream) => stream.read_exact(buffer),
        }
    }

    /// The next message; an error of kind `UnexpectedEof` when the server has closed the connection.
    pub fn message(&mut self) -> io::Result<Message> {
        let mut head = [0; 5];
        self.read_exact(&mut head)?;
        let length = u32::from_be_bytes(head[1..].try_into().unwrap()) as usize;
        assert!((4..1 << 30).contains(&length), "a message of {length} bytes");
        let mut body = vec![0; length - 4];
        self.read_exact(&mut body)?;
        let message = Message { tag: head[0], body };
        match message.tag {
            b'S' => {
                let mut reader = Reader(&message.body);
                let name = reader.text();
                let value = reader.text();
                self.parameters.insert(name, value);
            }
            b'K' => {
                let mut reader = Reader(&message.body);
                self.key = (reader.i32(), reader.i32());
            }
            _ => {}
        }
        Ok(message)
    }

    /// Messages up to and with ReadyForQuery.
    pub fn until_ready(&mut self) -> io::Result<Vec<Message>> {
        let mut messages = Vec::new();
        loop {
            let message = self.message()?;
            let last = message.tag == b'Z';
            messages.push(message);
            if last {
                return Ok(messages);
            }
        }
    }

    /// Every message until the server closes the connection; a reset counts as closed.
    pub fn until_closed(&mut self) -> Vec<Message> {
        let mut messages = Vec::new();
        loop {
            match self.message() {
                Ok(message) => messages.push(message),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    panic!("the server neither answers nor closes; so far {messages:?}")
                }
                Err(_) => return messages,
            }
        }
    }

    /// Startup, password when asked for one, up to ReadyForQuery. The error is the server's.
    pub fn login(&mut self, user: &str, database: &str, password: &str) -> Result<(), Fields> {
        self.login_with(&[("user", user), ("database", database)], password)
    }

    pub fn login_with(&mut self, parameters: &[(&str, &str)], password: &str) -> Result<(), Fields> {
        let closed = |error: io::Error| Fields(HashMap::from([('M', format!("connection closed: {error}"))]));
        self.send(&startup(parameters)).map_err(closed)?;
        loop {
            let message = self.message().map_err(closed)?;
            match message.tag {
                b'R' => match Reader(&message.body).i32() {
                    0 => {}
                    3 => self.send(&frame(b'p', &[password.as_bytes(), b"\0"])).map_err(closed)?,
                    other => panic!("authentication method {other} is not spoken here"),
                },
                b'E' => return Err(message.fields()),
                b'Z' => return Ok(()),
                _ => {}
            }
        }
    }

    /// A simple query that must succeed or fail with an ErrorResponse; the connection goes on either way.
    pub fn run(&mut self, sql: &str) -> Result<Reply, Fields> {
        let (reply, error) = self.run_all(sql);
        match error {
            Some(error) => Err(error),
            None => Ok(reply),
        }
    }

    /// A simple query, with what arrived before an error too.
    pub fn run_all(&mut self, sql: &str) -> (Reply, Option<Fields>) {
        self.send(&query(sql)).unwrap_or_else(|error| panic!("{}: {error}", shortened(sql)));
        let mut reply = Reply::default();
        let mut failed = None;
        loop {
            let message = self.message().unwrap_or_else(|error| panic!("{}: {error}", shortened(sql)));
            match message.tag {
                b'T' => reply.columns = message.columns().into_iter().map(|c| (c.name, c.oid)).collect(),
                b'D' => reply.rows.push(message.values().into_iter().map(|value| value.map(utf8)).collect()),
                b'C' => reply.tags.push(message.text()),
                b'E' => failed = Some(message.fields()),
                b'N' => reply.notices.push(message.fields()),
                b'Z' => {
                    reply.status = message.body[0] as char;
                    return (reply, failed);
                }
                _ => {}
            }
        }
    }

    /// A simple query that must succeed.
    pub fn ok(&mut self, sql: &str) -> Reply {
        self.run(sql).unwrap_or_else(|error| panic!("{}\n{error}", shortened(sql)))
    }

    /// The rows of a query, columns joined by `|`, NULL as the word.
    pub fn rows(&mut self, sql: &str) -> Vec<String> {
        let line = |row: &Vec<Option<String>>| {
            row.iter().map(|value| value.as_deref().unwrap_or("NULL")).collect::<Vec<_>>().join("|")
        };
        self.ok(sql).rows.iter().map(line).collect()
    }

    /// The one value of a query.
    pub fn value(&mut self, sql: &str) -> String {
        let rows = self.rows(sql);
        assert_eq!(rows.len(), 1, "{sql}");
        rows.into_iter().next().unwrap()
    }

    /// A simple query that must fail; gives its fields.
    pub fn fails(&mut self, sql: &str) -> Fields {
        match self.run(sql) {
            Ok(_) => panic!("succeeded, but should not: {}", shortened(sql)),
            Err(fields) => fields,
        }
    }

    /// Sends extended-protocol messages followed by Sync, and reads up to ReadyForQuery.
    pub fn pipeline(&mut self, messages: &[Vec<u8>]) -> Vec<Message> {
        let mut bytes = messages.concat();
        bytes.extend(sync());
        self.send(&bytes).unwrap();
        self.until_ready().unwrap()
    }
}

fn utf8(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| format!("not UTF-8: {error}"))
}

/// The tags of messages as text, without ParameterStatus.
pub fn tags(messages: &[Message]) -> String {
    messages.iter().filter(|message| message.tag != b'S').map(|message| message.tag as char).collect()
}

/// A message: tag, length, parts.
pub fn frame(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = 4 + parts.iter().map(|part| part.len()).sum::<usize>();
    let mut bytes = vec![tag];
    bytes.extend((length as u32).to_be_bytes());
    parts.iter().for_each(|part| bytes.extend(*part));
    bytes
}

/// A message without a tag: StartupMessage and its kin.
pub fn untagged(parts: &[&[u8]]) -> Vec<u8> {
    frame(0, parts).split_off(1)
}

pub fn ssl_request() -> Vec<u8> {
    untagged(&[&80_877_103u32.to_be_bytes()])
}

pub fn cancel_request(key: (i32, i32)) -> Vec<u8> {
    untagged(&[&80_877_102u32.to_be_bytes(), &key.0.to_be_bytes(), &key.1.to_be_bytes()])
}

pub fn startup(parameters: &[(&str, &str)]) -> Vec<u8> {
    let mut body = 196_608u32.to_be_bytes().to_vec();
    for (name, value) in parameters {
        body.extend(name.as_bytes());
        body.push(0);
        body.extend(value.as_bytes());
        body.push(0);
    }
    body.push(0);
    untagged(&[&body])
}

pub fn password(text: &str) -> Vec<u8> {
    frame(b'p', &[text.as_bytes(), b"\0"])
}

pub fn query(sql: &str) -> Vec<u8> {
    frame(b'Q', &[sql.as_bytes(), b"\0"])
}

pub fn parse(name: &str, sql: &str, types: &[u32]) -> Vec<u8> {
    let mut oids = (types.len() as u16).to_be_bytes().to_vec();
    types.iter().for_each(|oid| oids.extend(oid.to_be_bytes()));
    frame(b'P', &[name.as_bytes(), b"\0", sql.as_bytes(), b"\0", &oids])
}

/// Bind with parameters of one format and results of one format (0 text, 1 binary).
pub fn bind(portal: &str, statement: &str, format: i16, values: &[Option<&[u8]>], results: i16) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(1i16.to_be_bytes());
    body.extend(format.to_be_bytes());
    body.extend((values.len() as i16).to_be_bytes());
    for value in values {
        match value {
            Some(bytes) => {
                body.extend((bytes.len() as i32).to_be_bytes());
                body.extend(*bytes);
            }
            None => body.extend((-1i32).to_be_bytes()),
        }
    }
    body.extend(1i16.to_be_bytes());
    body.extend(results.to_be_bytes());
    frame(b'B', &[portal.as_bytes(), b"\0", statement.as_bytes(), b"\0", &body])
}

pub fn describe_statement(name: &str) -> Vec<u8> {
    frame(b'D', &[b"S", name.as_bytes(), b"\0"])
}

pub fn describe_portal(name: &str) -> Vec<u8> {
    frame(b'D', &[b"P", name.as_bytes(), b"\0"])
}

pub fn execute(portal: &str, max_rows: i32) -> Vec<u8> {
    frame(b'E', &[portal.as_bytes(), b"\0", &max_rows.to_be_bytes()])
}

pub fn close_statement(name: &str) -> Vec<u8> {
    frame(b'C', &[b"S", name.as_bytes(), b"\0"])
}

pub fn close_portal(name: &str) -> Vec<u8> {
    frame(b'C', &[b"P", name.as_bytes(), b"\0"])
}

pub fn flush() -> Vec<u8> {
    frame(b'H', &[])
}

pub fn sync() -> Vec<u8> {
    frame(b'S', &[])
}

pub fn terminate() -> Vec<u8> {
    frame(b'X', &[])
}
