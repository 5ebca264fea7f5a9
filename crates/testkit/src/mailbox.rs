//! A mail server for one test: it speaks SMTP on loopback, keeps what it is sent, and can be told to be ill.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// How long a test waits for a mail.
const PATIENCE: Duration = Duration::from_secs(20);

/// A mail as it arrived.
#[derive(Clone, Debug)]
pub struct ReceivedMail {
    /// To whom, from the envelope.
    pub recipient: String,
    /// Headers and body as sent.
    pub raw: String,
    /// The body, decoded.
    pub text: String,
}

impl ReceivedMail {
    /// The first link in it.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn link(&self) -> &str {
        let start = self.text.find("http").expect("a link in the mail");
        self.text[start..].split_whitespace().next().expect("a link")
    }
}

/// The mail server.
#[derive(Clone)]
pub struct Mailbox {
    /// Where it listens.
    pub address: SocketAddr,
    mails: Arc<Mutex<Vec<ReceivedMail>>>,
    ill: Arc<AtomicBool>,
    refused: Arc<AtomicUsize>,
}

impl Mailbox {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mailbox = Self { address, mails: Arc::default(), ill: Arc::default(), refused: Arc::default() };
        let serving = mailbox.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mailbox = serving.clone();
                tokio::spawn(async move {
                    let _ = mailbox.converse(stream).await;
                });
            }
        });
        mailbox
    }

    /// Its address as settings have it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Refuses every mail for now (451), or no longer.
    pub fn be_ill(&self, ill: bool) {
        self.ill.store(ill, Ordering::SeqCst);
    }

    /// How many mails it refused.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }

    /// What has arrived.
    #[must_use]
    pub fn mails(&self) -> Vec<ReceivedMail> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The `count`th mail to somebody, once it has arrived; it is no longer in the mailbox then.
    ///
    /// # Panics
    /// When it does not arrive.
    pub async fn take(&self, recipient: &str, count: usize) -> ReceivedMail {
        let taken = self.mail_to(recipient, count).await;
        let mut mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        mails.retain(|mail| mail.raw != taken.raw);
        taken
    }

    /// The `count`th mail to somebody, once it has arrived.
    ///
    /// # Panics
    /// When it does not arrive.
    pub async fn mail_to(&self, recipient: &str, count: usize) -> ReceivedMail {
        let started = std::time::Instant::now();
        loop {
            let mut mails = self.mails().into_iter().filter(|mail| mail.recipient == recipient);
            if let Some(mail) = mails.nth(count - 1) {
                return mail;
            }
            assert!(started.elapsed() < PATIENCE, "no mail number {count} to {recipient}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn converse(&self, stream: TcpStream) -> std::io::Result<()> {
        let (reading, mut writing) = stream.into_split();
        let mut lines = BufReader::new(reading).lines();
        writing.write_all(b"220 mailbox.test ESMTP\r\n").await?;
        let mut recipient = String::new();
        while let Some(line) = lines.next_line().await? {
            let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
            let answer: &[u8] = match verb.as_str() {
                "EHLO" => b"250-mailbox.test\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
                "RCPT" if self.ill.load(Ordering::SeqCst) => {
                    self.refused.fetch_add(1, Ordering::SeqCst);
                    b"451 not now\r\n"
                }
                "RCPT" => {
                    recipient = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                    b"250 ok\r\n"
                }
                "DATA" => {
                    writing.write_all(b"354 go on\r\n").await?;
                    let mut raw = String::new();
                    while let Some(line) = lines.next_line().await? {
                        if line == "." {
                            break;
                        }
                        raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                        raw.push('\n');
                    }
                    let text = decoded(&raw);
                    let mail = ReceivedMail { recipient: recipient.clone(), raw, text };
                    self.mails.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
                    b"250 kept\r\n"
                }
                "QUIT" => {
                    writing.write_all(b"221 bye\r\n").await?;
                    return Ok(());
                }
                _ => b"250 ok\r\n",
            };
            writing.write_all(answer).await?;
        }
        Ok(())
    }
}

/// The body without its transfer encoding.
fn decoded(raw: &str) -> String {
    use base64::Engine as _;
    let (head, body) = raw.split_once("\n\n").unwrap_or(("", raw));
    let head = head.to_ascii_lowercase();
    if head.contains("transfer-encoding: base64") {
        let packed: String = body.split_whitespace().collect();
        let bytes = base64::engine::general_purpose::STANDARD.decode(packed).unwrap_or_default();
        return String::from_utf8_lossy(&bytes).into_owned();
    }
    if !head.contains("transfer-encoding: quoted-printable") {
        return body.to_owned();
    }
    let joined = body.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let code = more.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match (first, code.and_then(|two| u8::from_str_radix(two, 16).ok())) {
            (b'=', Some(byte)) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            _ => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
