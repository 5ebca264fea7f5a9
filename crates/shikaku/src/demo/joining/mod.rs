//! Joining, as the demo has it: an institution that has not joined yet, the people of the operator, mail and post, the
//! carrier of the lines. Everything that a person outside the system would do is done here, by the same doors.

mod carrier;
pub(crate) mod clinic;
pub(crate) mod fonts;
mod letterbox;
pub(crate) mod line_door;
pub(crate) mod mailbox;
mod mime;
pub(crate) mod progress;
pub(crate) mod settings;
mod smtp;
pub(crate) mod staff;

pub(crate) use letterbox::Letterbox;
pub(crate) use mailbox::Mailbox;

use std::net::{IpAddr, Ipv4Addr};

use anyhow::{Context, Result};
use eligibility::{
    Instant,
    institution::InstitutionCode,
    line::{AddressPrefix, CircuitKind, CustomerId},
};
use server::{Server, clock::Clock, config::LINE_AUTHENTICATION_ORIGIN};
use store::{Institution, InstitutionAddress, LineRegistration, NewLine};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    demo::{ports::Ports, premises},
    folder::DataFolder,
};

/// The institution that joins on its first day: designated, in the register, without anything else.
pub(crate) const NEW_CODE: &str = "1319990052";
/// Its name, with a character of which Japan's fonts have two shapes.
pub(crate) const NEW_NAME: &str = "架空葛\u{E0100}城髙﨑クリニック";
/// Postal code, address, building: where its letters go.
const NEW_ADDRESS: (&str, &str, &str) = ("1310045", "東京都墨田区架空一丁目2番3号", "架空ビルディング4階");
/// お客さまID in the paper that its carrier sent.
pub(crate) const NEW_CUSTOMER_ID: &str = "CAF0000000052";
/// お客さまID of the institution that works already, and of the ones that stand beside it in situations.
const OLD_CUSTOMER_ID: &str = "CAF0000000012";
/// Where the line of the institution that works already ends: this machine's usual address.
const OLD_LINE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Where the new institution's line ends: another address of this machine, so that each has a line of its own.
pub(crate) const NEW_LINE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
/// Who the audit log says registered what a demo brings along.
const ACTOR: &str = "demo";

/// How the page of line authentication is opened under its own name from the new institution's line.
pub(crate) struct LineByName {
    /// The line for the file of hosts.
    pub(crate) hosts: String,
    /// The page, as it is typed: with this demo's port where it does not have that of `https://`.
    pub(crate) address: String,
    /// Whether the address is the procedures' own.
    pub(crate) as_told: bool,
    /// The same from the line of the institution that works already.
    pub(crate) from_old_line: (String, String),
    /// Certificate of the authority that a browser must trust for it.
    pub(crate) root: String,
}

impl LineByName {
    /// In this demo.
    pub(crate) fn of(folder: &DataFolder, ports: Ports, as_told: bool) -> Self {
        let with_port = premises::line_by_name(ports);
        let address = if as_told { LINE_AUTHENTICATION_ORIGIN.to_owned() } else { with_port.clone() };
        Self {
            hosts: format!("{NEW_LINE} {}", settings::LINE_NAME),
            address,
            as_told,
            from_old_line: (format!("{OLD_LINE} {}", settings::LINE_NAME), with_port),
            root: folder.authority().join(pki::authority::ROOT_CERTIFICATE_FILE).display().to_string(),
        }
    }
}

/// The code of the new institution.
pub(crate) fn new_institution() -> Result<InstitutionCode> {
    Ok(InstitutionCode::parse(NEW_CODE)?)
}

/// Mail, post and the carrier, while they run.
pub(crate) struct Town {
    pub(crate) mailbox: Mailbox,
    pub(crate) letterbox: Letterbox,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Town {
    /// Opens the mailbox before the server may send anything.
    pub(crate) async fn open(folder: &DataFolder, ports: Ports) -> Result<Self> {
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let mailbox = Mailbox::open(&folder.root().join("mailbox"))?;
        let listener = tokio::net::TcpListener::bind(ports.smtp()).await.context("the demo's mail server")?;
        tasks.spawn(smtp::serve(listener, mailbox.clone(), stop.clone()));
        let letterbox = Letterbox::open(&folder.root().join("post"), folder.key(settings::SECRETS_KEY))?;
        Ok(Self { mailbox, letterbox, stop, tasks })
    }

    /// Lets postman and carrier begin their rounds.
    pub(crate) fn begin(&self, server: &Server, clock: &Clock) {
        let (store, stop) = (server.store().clone(), self.stop.clone());
        self.tasks.spawn(self.letterbox.clone().run(store.clone(), stop.clone()));
        self.tasks.spawn(carrier::run(store, clock.clone(), stop));
    }

    /// Ends them.
    pub(crate) async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// A task that ends with the town.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// When the town ends.
    pub(crate) fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }
}

/// The line of an institution that works already: registered with its carrier's address, and connected.
pub(crate) async fn connect_line(server: &Server, institution: &InstitutionCode, now: Instant) -> Result<()> {
    let store = server.store();
    if store.line_of(institution).await?.is_none() {
        let line = NewLine {
            institution_code: institution.clone(),
            circuit: CircuitKind::IpVpnNtt,
            customer_id: Some(CustomerId::parse(OLD_CUSTOMER_ID)?),
            prefixes: Some(vec![AddressPrefix::containing(OLD_LINE, 32)?]),
            shared: true,
        };
        let registered = store.register_line(line, ACTOR, now).await?;
        anyhow::ensure!(registered == LineRegistration::Done, "the line of {institution}: {registered:?}");
    }
    store.connect_line(OLD_LINE, now).await?;
    Ok(server.refresh_lines().await?)
}

/// The new institution is in the register, as after its designation.
pub(crate) async fn designate(server: &Server) -> Result<()> {
    let (store, code) = (server.store(), new_institution()?);
    if store.institution(&code).await?.is_none() {
        store.put_institution(Institution { code: code.clone(), name: NEW_NAME.to_owned() }).await?;
    }
    if store.institution_address(&code).await?.is_none() {
        let (postal_code, first_line, second_line) = NEW_ADDRESS;
        let address = InstitutionAddress {
            postal_code: postal_code.to_owned(),
            first_line: first_line.to_owned(),
            second_line: Some(second_line.to_owned()),
        };
        store.put_institution_address(&code, address).await?;
    }
    Ok(())
}

/// Everything that joining needs in the database before the first day.
pub(crate) async fn settle(server: &Server, folder: &DataFolder, now: Instant) -> Result<()> {
    connect_line(server, &premises::institution()?, now).await?;
    designate(server).await?;
    staff::settle(server, folder, now).await
}
