//! A terminal as tests need it: one real TLS connection at a time, kept open on purpose, HTTP/1.1 or HTTP/2.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::{http1, http2};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{HeaderMap, Method, Request};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Name the server's certificate carries.
pub const SERVER_NAME: &str = "localhost";

/// Name of the page of line authentication, on the same certificate.
pub const LINE_AUTHENTICATION_NAME: &str = "www.lineauth.mnw";

/// Which HTTP to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Http {
    /// HTTP/1.1.
    One,
    /// HTTP/2: requests of one connection run beside each other.
    Two,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The body as sent.
    pub bytes: Bytes,
}

impl Reply {
    /// The body as JSON; `Null` when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    /// The catalogue's code in a refusal.
    #[must_use]
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoReply {
    /// The connection could not be made or broke.
    #[error("connection: {0}")]
    Connection(#[from] std::io::Error),
    /// HTTP failed.
    #[error("http: {0}")]
    Http(#[from] hyper::Error),
}

enum Sender {
    One(tokio::sync::Mutex<http1::SendRequest<Full<Bytes>>>),
    Two(http2::SendRequest<Full<Bytes>>),
}

/// An open connection.
pub struct Connection {
    sender: Sender,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// [`NoReply`] when TCP, TLS or HTTP refuse.
    pub async fn open(address: SocketAddr, tls: &Arc<ClientConfig>, http: Http) -> Result<Self, NoReply> {
        Self::over(open_tls(address, tls, http).await?, http).await
    }

    /// Connects from one of this machine's addresses.
    ///
    /// # Errors
    /// As [`Connection::open`].
    pub async fn open_from(
        source: IpAddr,
        address: SocketAddr,
        tls: &Arc<ClientConfig>,
        http: Http,
    ) -> Result<Self, NoReply> {
        let stream = connect_from(source, address).await?;
        Self::over(shake_hands(stream, tls, http).await?, http).await
    }

    async fn over(stream: TlsStream<TcpStream>, http: Http) -> Result<Self, NoReply> {
        let stream = TokioIo::new(stream);
        let sender = match http {
            Http::One => {
                let (sender, connection) = http1::handshake(stream).await?;
                tokio::spawn(connection);
                Sender::One(tokio::sync::Mutex::new(sender))
            }
            Http::Two => {
                let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
                tokio::spawn(connection);
                Sender::Two(sender)
            }
        };
        Ok(Self { sender })
    }

    /// Sends a request whose body is JSON.
    ///
    /// # Errors
    /// [`NoReply`] when the connection broke.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Reply, NoReply> {
        let bytes = body.map_or_else(Bytes::new, |value| Bytes::from(value.to_string()));
        let mut request =
            Request::builder().method(method).uri(path).body(Full::new(bytes)).expect("a request");
        request.headers_mut().insert(CONTENT_TYPE, "application/json".parse().expect("a header"));
        self.request(request).await
    }

    /// Sends any request.
    ///
    /// # Errors
    /// [`NoReply`] when the connection broke.
    pub async fn request(&self, mut request: Request<Full<Bytes>>) -> Result<Reply, NoReply> {
        let response = match &self.sender {
            Sender::One(sender) => {
                request.headers_mut().entry(HOST).or_insert_with(|| SERVER_NAME.parse().expect("a header"));
                let mut sender = sender.lock().await;
                sender.ready().await?;
                sender.send_request(request).await?
            }
            Sender::Two(sender) => {
                // What HTTP/1.1 says in a header stands in the address here.
                let host = request.headers_mut().remove(HOST);
                let host = host.as_ref().map_or(SERVER_NAME, |host| host.to_str().expect("a name"));
                let path = request.uri().path_and_query().expect("a path");
                *request.uri_mut() = format!("https://{host}{path}").parse().expect("an address");
                let mut sender = sender.clone();
                sender.ready().await?;
                sender.send_request(request).await?
            }
        };
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await?.to_bytes();
        Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, bytes })
    }
}

/// Opens a TLS connection and nothing on it.
///
/// # Errors
/// What TCP or TLS said.
pub async fn open_tls(
    address: SocketAddr,
    tls: &Arc<ClientConfig>,
    http: Http,
) -> std::io::Result<TlsStream<TcpStream>> {
    shake_hands(TcpStream::connect(address).await?, tls, http).await
}

/// Opens a plain connection from one of this machine's addresses.
///
/// # Errors
/// What TCP said.
pub async fn connect_from(source: IpAddr, address: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind(SocketAddr::new(source, 0))?;
    socket.connect(address).await
}

async fn shake_hands(
    stream: TcpStream,
    tls: &Arc<ClientConfig>,
    http: Http,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut config = ClientConfig::clone(tls);
    config.alpn_protocols = vec![match http {
        Http::One => b"http/1.1".to_vec(),
        Http::Two => b"h2".to_vec(),
    }];
    stream.set_nodelay(true)?;
    let name = ServerName::try_from(SERVER_NAME).expect("a server name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}
