//! Startup messages, and negotiation over real sockets: what is answered, what is refused, and when
//! nothing is said at all.

use std::sync::Arc;

use bytes::BufMut;
use proptest::prelude::*;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::config::Tls;
use crate::server::cli::encrypt;
use crate::server::tls;

const SSL: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
const GSS: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 48];

type Negotiated = Result<(Wire<Socket>, Opening), (Option<Wire<Socket>>, Failed)>;

fn startup_message() -> Vec<u8> {
    let body = b"\0\x03\0\0user\0app\0database\0demo\0\0";
    let mut message = Vec::new();
    message.put_u32(u32::try_from(body.len() + 4).unwrap());
    message.extend_from_slice(body);
    message
}

fn with_tls() -> (Identity, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let config = Tls { self_signed: true, ..Tls::default() };
    (tls::identity(&config, directory.path()).unwrap().unwrap(), directory)
}

/// Lets `client` talk to a negotiating server, and gives what both came to.
async fn meet<T>(tls: Option<&Identity>, client: impl AsyncFnOnce(TcpStream) -> T) -> (Negotiated, T) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = async { negotiate(listener.accept().await.unwrap().0, tls, 1024).await };
    let client = async { client(TcpStream::connect(address).await.unwrap()).await };
    tokio::join!(server, client)
}

fn told(negotiated: Negotiated) -> Error {
    match negotiated {
        Err((Some(_), Failed::Told(error))) => error,
        other => panic!("expected an error to tell, got {:?}", other.map(|(_, opening)| opening)),
    }
}

fn is_gone(negotiated: &Negotiated) -> bool {
    matches!(negotiated, Err((_, Failed::Gone)))
}

fn is_started(negotiated: &Negotiated) -> bool {
    matches!(negotiated, Ok((_, Opening::Start(Startup { user, .. }))) if user == "app")
}

#[tokio::test]
async fn a_startup_message_without_tls_is_refused() {
    let (identity, _directory) = with_tls();
    let (negotiated, ()) =
        meet(Some(&identity), async |mut client| client.write_all(&startup_message()).await.unwrap()).await;
    let error = told(negotiated);
    assert_eq!(error.sqlstate().0, "28000");
    assert_eq!(error.to_string(), "TLS is required: connect with sslmode=require");
}

#[tokio::test]
async fn encryption_is_declined_where_it_is_off() {
    let (negotiated, answers) = meet(None, async |mut client| {
        let mut answers = [0; 2];
        client.write_all(&GSS).await.unwrap();
        client.read_exact(&mut answers[..1]).await.unwrap();
        client.write_all(&SSL).await.unwrap();
        client.read_exact(&mut answers[1..]).await.unwrap();
        client.write_all(&startup_message()).await.unwrap();
        answers
    })
    .await;
    assert_eq!(&answers, b"NN");
    assert!(is_started(&negotiated));
}

#[tokio::test]
async fn a_handshake_leads_to_a_session() {
    let (identity, _directory) = with_tls();
    let (negotiated, _client) = meet(Some(&identity), async |mut client: TcpStream| {
        client.write_all(&GSS).await.unwrap();
        assert_eq!(client.read_u8().await.unwrap(), b'N');
        let mut client = encrypt(client, identity.certificate_sha256).await.unwrap();
        client.write_all(&startup_message()).await.unwrap();
        client.flush().await.unwrap();
        client
    })
    .await;
    assert!(is_started(&negotiated));
}

/// CVE-2021-23214: what comes before the handshake must not be taken for what comes after it.
#[tokio::test]
async fn bytes_behind_an_encryption_request_close_the_connection() {
    let (identity, _directory) = with_tls();
    let (negotiated, said) = meet(Some(&identity), async |mut client| {
        client.write_all(&[&SSL[..], &startup_message()].concat()).await.unwrap();
        let mut said = Vec::new();
        // The server closes with unread bytes, which may reset the connection.
        let _ = client.read_to_end(&mut said).await;
        said
    })
    .await;
    assert!(is_gone(&negotiated));
    assert_eq!(said, b"");
}

#[tokio::test]
async fn bytes_that_race_with_the_handshake_break_it() {
    let (identity, _directory) = with_tls();
    let (negotiated, ()) = meet(Some(&identity), async |mut client| {
        client.write_all(&SSL).await.unwrap();
        assert_eq!(client.read_u8().await.unwrap(), b'S');
        client.write_all(&startup_message()).await.unwrap();
        let mut rest = Vec::new();
        let _ = client.read_to_end(&mut rest).await;
    })
    .await;
    assert!(is_gone(&negotiated));
}

#[tokio::test]
async fn direct_tls_needs_the_name_of_the_protocol() {
    let (identity, _directory) = with_tls();
    for (protocols, accepted) in [(vec![ALPN.to_vec()], true), (vec![], false)] {
        let (negotiated, ()) = meet(Some(&identity), async |client: TcpStream| {
            let mut config = crate::server::cli::pinned(identity.certificate_sha256);
            config.alpn_protocols = protocols;
            let name = ServerName::try_from("localhost").unwrap();
            let mut client = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, client).await.unwrap();
            // The server may be gone already.
            let _ = client.write_all(&startup_message()).await;
            let _ = client.flush().await;
        })
        .await;
        assert_eq!(is_started(&negotiated), accepted);
    }
}

#[tokio::test]
async fn a_cancel_request_needs_no_encryption() {
    let (identity, _directory) = with_tls();
    let (negotiated, ()) = meet(Some(&identity), async |mut client| {
        client.write_all(&[0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 5, 0, 0, 0, 6]).await.unwrap();
    })
    .await;
    assert!(matches!(negotiated, Ok((_, Opening::Cancel { session: 5, secret: 6 }))));
}

#[tokio::test]
async fn encryption_is_not_negotiated_for_ever() {
    let (negotiated, ()) = meet(None, async |mut client| {
        client.write_all(&SSL).await.unwrap();
        assert_eq!(client.read_u8().await.unwrap(), b'N');
        client.write_all(&SSL).await.unwrap();
    })
    .await;
    assert_eq!(told(negotiated).sqlstate().0, "0A000");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a stranger sends, the negotiation ends, and never with a session.
    #[test]
    fn garbage_opens_nothing(garbage in prop::collection::vec(any::<u8>(), 0..200)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (negotiated, ()) = runtime.block_on(meet(None, async |mut client| {
            // The server may close before everything is sent.
            let _ = client.write_all(&garbage).await;
        }));
        prop_assert!(negotiated.is_err());
    }
}

fn read(version: i32, parameters: &[u8]) -> Result<Startup> {
    let body = [&version.to_be_bytes()[..], parameters].concat();
    startup(version, Bytes::from(body))
}

#[test]
fn a_startup_message_names_user_and_database() {
    let startup = read(PROTOCOL_3_0, b"user\0app\0database\0demo\0DateStyle\0ISO\0options\0-c a.b=1\0\0").unwrap();
    assert_eq!((startup.user.as_str(), startup.database.as_str()), ("app", "demo"));
    let settings = [("a.b", "1"), ("DateStyle", "ISO")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(startup.settings, settings);
    assert_eq!(startup.unsupported, None);
    assert_eq!(read(PROTOCOL_3_0, b"user\0app\0\0").unwrap().database, "app");
}

#[test]
fn newer_protocols_are_negotiated_and_older_ones_refused() {
    let newer = read(PROTOCOL_3_0 + 2, b"user\0app\0_pq_.x\0on\0\0").unwrap();
    assert_eq!(newer.unsupported, Some(vec!["_pq_.x".to_owned()]));
    let error = read(2 << 16, b"user\0app\0\0").unwrap_err();
    assert_eq!(error.to_string(), "unsupported frontend protocol 2.0: server supports 3.0 to 3.0");
    assert_eq!(error.sqlstate().0, "0A000");
}

#[test]
fn malformed_startup_messages_are_refused() {
    for (parameters, sqlstate) in [
        (&b""[..], "08P01"),
        (b"user", "08P01"),
        (b"user\0app\0", "08P01"),
        (b"user\0app\0\0x", "08P01"),
        (b"user\0\xff\0\0", "22021"),
        (b"user\0app\0replication\0true\0\0", "0A000"),
        (b"user\0app\0options\0-x\0\0", "08P01"),
    ] {
        assert_eq!(read(PROTOCOL_3_0, parameters).unwrap_err().sqlstate().0, sqlstate, "{parameters:?}");
    }
}

#[test]
fn options_are_read_as_a_command_line() {
    let read = |text| options(text).unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(read("-c search_path=a,b  -cx=1"), [pair("search_path", "a,b"), pair("x", "1")]);
    assert_eq!(read("--statement-timeout=5s"), [pair("statement_timeout", "5s")]);
    assert_eq!(read(r"-c x=a\ b\\"), [pair("x", r"a b\")]);
    assert!(read("").is_empty());
    assert!(options("-c").is_err());
    assert!(options("-c x").is_err());
}

#[test]
fn a_cancel_request_has_one_length() {
    let mut body = CANCEL_CODE.to_be_bytes().to_vec();
    body.extend_from_slice(&[0, 0, 0, 7, 0, 0, 0, 9]);
    assert_eq!(cancel(&body.clone().into()), Some(Opening::Cancel { session: 7, secret: 9 }));
    body.push(0);
    assert_eq!(cancel(&body.clone().into()), None);
    assert_eq!(cancel(&Bytes::copy_from_slice(&body[..8])), None);
}
