//! `card simulate --data` while a demo runs on that folder: the same card, which the demo's server believes.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Stdio},
    time::Duration,
};

use card::{
    pin::{Pin, PinKind},
    session::LastTry,
    transport::{CardTransport, Disposition, TransportError},
};
use eligibility::consent::CareForm;
use kiosk::{
    TerminalLink, TerminalLinkConfig, Trouble,
    session::{Choices, Proof, check},
};

use crate::{
    pages,
    program::{RunningDemo, shikaku},
};

/// Longest wait for the card to come; reaching it is a failure.
const PATIENCE: Duration = Duration::from_secs(120);

/// The reader's end of a vpcd connection: a length of two bytes before each message.
pub(crate) struct Reader(TcpStream);

impl Reader {
    fn send(&mut self, message: &[u8]) -> Result<(), TransportError> {
        let length = u16::try_from(message.len()).expect("a short message").to_be_bytes();
        self.0.write_all(&[&length[..], message].concat()).map_err(|_| TransportError::Removed)
    }

    fn receive(&mut self) -> Result<Vec<u8>, TransportError> {
        let mut length = [0; 2];
        self.0.read_exact(&mut length).map_err(|_| TransportError::Removed)?;
        let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
        self.0.read_exact(&mut message).map_err(|_| TransportError::Removed)?;
        Ok(message)
    }
}

impl CardTransport for Reader {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        self.send(command)?;
        self.receive()
    }

    fn atr(&mut self) -> Result<Vec<u8>, TransportError> {
        self.send(&[4])?;
        self.receive()
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        self.send(&[2])
    }

    fn disconnect(&mut self, _: Disposition) -> Result<(), TransportError> {
        self.send(&[0])
    }
}

/// A simulated card that plays until this is dropped.
pub(crate) struct Playing(Child);

impl Drop for Playing {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn insert(persona: &str, data: &Path) -> (Playing, Reader) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let place = listener.local_addr().expect("bound").to_string();
    let mut command = shikaku(["card", "simulate", "--persona", persona, "--vpcd", &place, "--data"]);
    let mut playing = Playing(command.arg(data).stdout(Stdio::null()).spawn().expect("the program starts"));
    listener.set_nonblocking(true).expect("can be asked");
    let began = std::time::Instant::now();
    let stream = loop {
        if let Ok((stream, _)) = listener.accept() {
            break stream;
        }
        let ended = playing.0.try_wait().expect("can be asked");
        assert!(ended.is_none(), "`card simulate` ended beside a running demo: {ended:?}");
        assert!(began.elapsed() < PATIENCE, "no card came");
        std::thread::sleep(Duration::from_millis(20));
    };
    stream.set_nonblocking(false).expect("can be told");
    stream.set_read_timeout(Some(PATIENCE)).expect("can be told");
    (playing, Reader(stream))
}

/// One session with this card at the demo's own terminal.
async fn session(demo: &RunningDemo, data: &Path, reader: Reader) -> wire::reader_link::ReaderOutcome {
    tried(demo, data, reader).await.expect("the card and the terminal do their part")
}

/// The same, with what may go wrong on the way.
pub(crate) async fn tried(
    demo: &RunningDemo,
    data: &Path,
    reader: Reader,
) -> Result<wire::reader_link::ReaderOutcome, Trouble> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let link = demo.announcement["reader_link"].as_str().expect("an address");
    let link = TerminalLinkConfig {
        address: link.strip_prefix("http://").expect("plain").parse().expect("an address"),
        token_file: data.join("terminal/state/reader-link.token"),
        reader_serial: None,
    };
    let link = TerminalLink::new(&link).expect("a link");
    let pin = Pin::new(PinKind::Authentication, "1234").expect("four digits");
    let choices =
        Choices { consents: Vec::new(), care_form: CareForm::Outpatient, prescription_issue_select: None };
    let proof = Proof::Pin { pin, last_try: LastTry::Refuse };
    check(reader, proof, choices, &link).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_played_beside_a_running_demo_is_believed_by_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let demo = RunningDemo::start(data);

    // A card the demo has used, and one it has not made yet.
    let used = pages::post(&demo, "/checks/card", "persona=hanako&proof=pin").await;
    assert!(used.text().await.expect("a page").contains("QualificationValidity&#62;1&#60;"));
    let everybody = population::personas(server::clock::Clock::system().today());
    for persona in ["hanako", "dialysis"] {
        let person = everybody.iter().find(|person| person.id == persona).expect("is in the cast");
        let (playing, reader) = insert(persona, data);
        let outcome = session(&demo, data, reader).await;
        assert_eq!((outcome.segment.as_str(), outcome.validity.as_deref()), ("1", Some("1")), "{persona}");
        assert_eq!(outcome.name.as_deref(), Some(person.person.name.as_str()));
        drop(playing);
    }
    // A revoked card is revoked beside the demo as well.
    let (_playing, reader) = insert("card-revoked", data);
    assert_eq!(session(&demo, data, reader).await.code.as_deref(), Some("OQSB1104E"));

    // The demo goes on as before, with its cards and with its authority.
    let after = pages::post(&demo, "/checks/card", "persona=hanako&proof=pin").await;
    assert!(after.text().await.expect("a page").contains("QualificationValidity&#62;1&#60;"));
}
