//! Portal, operator's side, authority and institution web of one server, each entered by its public door: people sign
//! up by mail and sign in with a second factor, operators with theirs.

use std::time::Duration;

use eligibility::account::{MailAddress, OperatorRole};
use eligibility::institution::InstitutionCode;
use server::config::{Environment, InstitutionWeb, Mail, Secret};
use server::web::{password::Passwords, totp};
use store::{Institution, InstitutionAddress, NewOperator, OperatorAccount, OperatorAdded};
use testkit::authority::with_authority;
use testkit::browser::{Browser, BrowserPage};
use testkit::mailbox::Mailbox;
use testkit::system::{Engine, INSTITUTION, TestSystem};

use crate::portal_support::{self, PASSWORD, Portal, login};
use crate::sites::seal;

/// The institution that applies.
pub(crate) const CLINIC: &str = INSTITUTION;
/// Another one.
pub(crate) const NEIGHBOUR: &str = "1319990020";
/// Between two looks at what the server does by itself.
const PAUSE: Duration = Duration::from_millis(50);

/// One server with everything, and everybody signed in.
pub(crate) struct House {
    pub(crate) portal: Portal,
    pub(crate) clinic: Browser,
    pub(crate) neighbour: Browser,
    pub(crate) reviewers: [Browser; 2],
    pub(crate) post_room: Browser,
}

pub(crate) fn code_of(code: &str) -> InstitutionCode {
    InstitutionCode::parse(code).expect("a code")
}

impl House {
    pub(crate) async fn open(engine: Engine) -> Self {
        let mailbox = Mailbox::open().await;
        let url = mailbox.url();
        let system = TestSystem::start_with(engine, |config| {
            with_authority(config);
            config.portal = Some(portal_support::site());
            config.operator = Some(portal_support::site());
            let environment = Environment::Verification;
            config.institution_web =
                Some(InstitutionWeb { environment, ..crate::support::institution_web() });
            config.limits.site_network_connections = 1024;
            let sender = "no-reply@shikaku.example".to_owned();
            config.mail = Some(Mail { server: Secret::new(url), sender });
        })
        .await;
        for (code, name) in [(CLINIC, "見本坂内科"), (NEIGHBOUR, "旧見本坂医院")] {
            let code = code_of(code);
            let institution = Institution { code: code.clone(), name: name.to_owned() };
            system.store().put_institution(institution).await.expect("an institution");
            let address = InstitutionAddress {
                postal_code: "1310045".to_owned(),
                first_line: "東京都墨田区架空一丁目2番3号".to_owned(),
                second_line: None,
            };
            system.store().put_institution_address(&code, address).await.expect("an address");
        }
        let portal = Portal { system, mailbox };
        let (clinic, _) = portal.member(CLINIC, "clinic@mihon.example").await;
        let (neighbour, _) = portal.member(NEIGHBOUR, "neighbour@mihon.example").await;
        let reviewers = [
            operator(&portal, "sato", OperatorRole::Reviewer).await,
            operator(&portal, "tanaka", OperatorRole::Reviewer).await,
        ];
        let post_room = operator(&portal, "yubin", OperatorRole::PostRoom).await;
        let house = Self { portal, clinic, neighbour, reviewers, post_room };
        for code in [CLINIC, NEIGHBOUR] {
            house.prove(code).await;
        }
        house
    }

    /// A person of the operator calls the institution and notes that the registrant is of it.
    async fn prove(&self, code: &str) {
        let at = format!("/registrants/{code}");
        let page = self.reviewers[0].get(&at).await;
        let subject = page.says(200, "未確認").hidden("subject");
        let fields = [("subject", &*subject), ("way", "phone"), ("note", "院長に電話で確認")];
        assert_eq!(self.reviewers[0].post(&format!("{at}/prove"), &fields).await.status, 303);
    }

    pub(crate) fn today(&self) -> String {
        self.portal.system.today().to_string()
    }
}

/// An account of the operator, made as the command line makes it, signed in through the door.
pub(crate) async fn operator(portal: &Portal, id: &str, role: OperatorRole) -> Browser {
    let system = &portal.system;
    let secret = totp::new_secret().expect("randomness");
    let hash = Passwords::new().expect("randomness").hash_text(PASSWORD).await.expect("a hash");
    let account = OperatorAccount {
        id: id.to_owned(),
        name: id.to_owned(),
        mail: MailAddress::parse(&format!("{id}@operator.example")).expect("an address"),
        role,
        created_by: "command-line".to_owned(),
        created_at: system.clock.now(),
        closed_at: None,
    };
    let sealed_totp_secret = seal().seal(id, &secret).expect("sealed");
    let new = NewOperator { account, password_hash: hash, sealed_totp_secret };
    assert_eq!(system.store().add_operator(new).await.expect("writes"), OperatorAdded::Added);
    let site = system.server.operator().expect("an operator's side");
    let browser = Browser::new(site.address, &site.origin);
    login(&browser, id, PASSWORD).await.leads("/login/second-factor");
    let code = portal.code(&secret, 0);
    browser.post("/login/totp", &[("code", &code)]).await.leads("/");
    browser
}

/// Keeps a draft; its place.
pub(crate) async fn draft(clinic: &Browser, kind: &str, fields: &[(&str, &str)]) -> String {
    let form = clinic.get(&format!("/applications/{kind}")).await;
    assert_eq!(form.status, 200, "{kind}: {}", form.text);
    let (id, version) = (form.hidden("id"), form.hidden("version"));
    let mut all = vec![("id", id.as_str()), ("version", version.as_str()), ("action", "save")];
    all.extend(fields);
    let kept = clinic.post(&format!("/applications/{kind}"), &all).await;
    let place = format!("/applications/{kind}/{id}");
    kept.leads(&format!("{place}/edit?saved=1"));
    clinic.get(kept.to()).await.says(200, "下書きを保存しました。");
    place
}

/// Goes on with a draft and hands it in.
pub(crate) async fn submit(clinic: &Browser, place: &str, fields: &[(&str, &str)]) {
    let form = clinic.get(&format!("{place}/edit")).await;
    let (id, version) = (form.hidden("id"), form.hidden("version"));
    let mut all = vec![("id", id.as_str()), ("version", version.as_str()), ("action", "confirm")];
    all.extend(fields);
    let (kind_place, _) = place.rsplit_once('/').expect("an id");
    clinic.post(kind_place, &all).await.leads(&format!("{place}/confirm"));
    let page = clinic.get(&format!("{place}/confirm")).await;
    let read = [("revision", &*page.hidden("revision")), ("version", &*page.hidden("version"))];
    clinic.post(&format!("{place}/submit"), &read).await.leads(&format!("{place}/submitted"));
    clinic.get(&format!("{place}/submitted")).await.says(200, "受付番号 ");
}

/// The operator's address of an application of the clinic's.
pub(crate) fn desk(place: &str) -> String {
    desk_of(CLINIC, place)
}

/// The operator's address of an application.
pub(crate) fn desk_of(code: &str, place: &str) -> String {
    format!("/applications/{code}/{}", place.rsplit('/').next().expect("an id"))
}

pub(crate) async fn approve(operator: &Browser, at: &str) -> BrowserPage {
    let page = operator.get(at).await;
    let (revision, checks) = (page.says(200, "版").hidden("revision"), page.hidden("checks"));
    let fields = [("revision", &*revision), ("checks", &*checks), ("decision", "approve")];
    operator.post(&format!("{at}/decide"), &fields).await
}

/// A page once it says this; the server gets there by itself, or the runner's limit reports it.
pub(crate) async fn until(browser: &Browser, path: &str, words: &str) -> BrowserPage {
    loop {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        if page.text.contains(words) {
            return page;
        }
        tokio::time::sleep(PAUSE).await;
    }
}
