//! A browser without scripts: real HTTP to a site, a jar of cookies, forms, and the headers that browsers send.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;

use crate::client::{Http, open_tls};

/// A page as it arrived.
#[derive(Clone, Debug)]
pub struct BrowserPage {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
    /// The body as sent.
    pub bytes: Bytes,
}

impl BrowserPage {
    /// Where it leads; empty when nowhere.
    #[must_use]
    pub fn to(&self) -> &str {
        self.headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The value of a hidden field; empty when there is none.
    #[must_use]
    pub fn hidden(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let rest = self.text.split_once(&start).map_or("", |(_, rest)| rest);
        rest.split('"').next().unwrap_or_default().to_owned()
    }

    /// Fails unless the page has the status and the words.
    ///
    /// # Panics
    /// Then.
    #[track_caller]
    pub fn says(&self, status: u16, words: &str) -> &Self {
        assert_eq!(self.status, status, "{words}: {}", self.text);
        assert!(self.text.contains(words), "{words} is not in {}", self.text);
        self
    }

    /// Fails unless the page leads there.
    ///
    /// # Panics
    /// Then.
    #[track_caller]
    pub fn leads(&self, to: &str) -> &Self {
        assert_eq!((self.status, self.to()), (303, to), "{}", self.text);
        self
    }
}

/// A browser.
#[derive(Clone)]
pub struct Browser {
    address: SocketAddr,
    origin: String,
    tls: Option<Arc<ClientConfig>>,
    jar: Arc<Mutex<BTreeMap<String, String>>>,
}

/// Letters and digits stay, everything else is escaped.
fn escaped(text: &str) -> String {
    let byte = |b: u8| match b {
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_' => char::from(b).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

impl Browser {
    /// A fresh one for a site.
    #[must_use]
    pub fn new(address: SocketAddr, origin: &str) -> Self {
        Self { address, origin: origin.to_owned(), tls: None, jar: Arc::default() }
    }

    /// A fresh one for a site that is reached over TLS, with a client certificate or without.
    #[must_use]
    pub fn over_tls(address: SocketAddr, origin: &str, tls: &Arc<ClientConfig>) -> Self {
        Self { tls: Some(Arc::clone(tls)), ..Self::new(address, origin) }
    }

    /// Puts a cookie into the jar.
    pub fn hold(&self, name: &str, value: &str) {
        let mut jar = self.jar.lock().unwrap_or_else(PoisonError::into_inner);
        jar.insert(name.to_owned(), value.to_owned());
    }

    /// One with the same cookies, from here on apart.
    #[must_use]
    pub fn copied(&self) -> Self {
        Self { jar: Arc::new(Mutex::new(self.cookies())), ..self.clone() }
    }

    /// The cookies it holds.
    #[must_use]
    pub fn cookies(&self) -> BTreeMap<String, String> {
        self.jar.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Opens a page: a path, or an address of the site.
    pub async fn get(&self, path: &str) -> BrowserPage {
        self.send(Method::GET, path, String::new(), &[]).await
    }

    /// Hands in a form.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> BrowserPage {
        let origin = self.origin.clone();
        self.post_with(path, fields, &[("origin", &origin), ("sec-fetch-site", "same-origin")]).await
    }

    /// Hands in a form with these headers instead of a browser's own.
    pub async fn post_with(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> BrowserPage {
        let pairs = fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
        self.send(Method::POST, path, pairs.collect::<Vec<_>>().join("&"), headers).await
    }

    /// Sends anything.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: impl Into<Bytes>,
        headers: &[(&str, &str)],
    ) -> BrowserPage {
        let mut sender = self.connect().await;
        let path = path.strip_prefix(&self.origin).unwrap_or(path);
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            let host = self.origin.split_once("://").map_or("", |(_, host)| host);
            request = request.header(header::HOST, host);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let cookies: Vec<String> =
            self.cookies().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let request = request
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(body.into()))
            .expect("a request");
        let (head, body) = sender.send_request(request).await.expect("an answer").into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        self.keep(&head.headers);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        BrowserPage { status: head.status.as_u16(), headers: head.headers, text, bytes }
    }

    async fn connect(&self) -> http1::SendRequest<Full<Bytes>> {
        if let Some(tls) = &self.tls {
            let stream = open_tls(self.address, tls, Http::One).await.expect("shakes hands");
            let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("speaks HTTP");
            tokio::spawn(connection);
            return sender;
        }
        let stream = TcpStream::connect(self.address).await.expect("connects");
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("speaks HTTP");
        tokio::spawn(connection);
        sender
    }

    fn keep(&self, headers: &HeaderMap) {
        let mut jar = self.jar.lock().unwrap_or_else(PoisonError::into_inner);
        for line in
            headers.get_all(header::SET_COOKIE).iter().filter_map(|line| HeaderValue::to_str(line).ok())
        {
            let pair = line.split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else { continue };
            if line.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}
