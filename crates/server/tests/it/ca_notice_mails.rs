//! The notices of an end as they arrive: by SMTP, on their days, once, with the terminal, the day and what to do.

use eligibility::calendar::{add_days, format_japanese, start_of_day, tokyo_date};
use eligibility::{Date, Instant};
use pki::keys::{KeyAlgorithm, PrivateKey};
use serde_json::json;
use server::ca::notices::Notices;
use server::config::{Mail, Secret};
use store::Store;
use testkit::mailbox::{Mailbox, ReceivedMail};
use testkit::system::{Engine, INSTITUTION};

use crate::ca_support::{DAY, Site, TERMINAL, code, request_of};
use crate::on_both_engines;
use crate::portal_support::{self, Portal};

on_both_engines! {
    each_notice_arrives_once_and_says_which_terminal_which_day_and_what_to_do
    what_was_renewed_is_not_told_of_any_more
}

const OFFICE: &str = "office@mihon.example";
const NEIGHBOUR: &str = "neighbour@mihon.example";
/// Days before the end on which a mail goes out.
const DAYS: [i32; 12] = [90, 60, 30, 15, 7, 6, 5, 4, 3, 2, 1, 0];
/// Days on which none does: the days around those.
const QUIET: [i32; 7] = [91, 89, 61, 31, 16, 14, 8];
/// Days after the end on which a mail goes out.
const AFTER: [i32; 4] = [1, 3, 7, 30];

/// An institution with a terminal, whose representative has an account on the portal; a neighbour has one too.
struct Office {
    portal: Portal,
    /// The end of the terminal's certificate.
    last_day: Date,
    serial: String,
    fingerprint: String,
    /// Another process over the same database.
    beside: Notices,
}

impl Office {
    async fn open(engine: Engine) -> Self {
        let mailbox = Mailbox::open().await;
        let url = mailbox.url();
        let site = Site::with(engine, |config| {
            config.portal = Some(portal_support::site());
            let sender = "no-reply@shikaku.example".to_owned();
            config.mail = Some(Mail { server: Secret::new(url), sender });
        })
        .await;
        let terminal = site.terminal("o1").await;
        // A second terminal, two hundred days younger, is not what the notices of the first are about.
        site.system.hands.advance(DAY * 200);
        let codes = site.letter_for("o2", "会計2号機").await;
        let key = PrivateKey::generate(KeyAlgorithm::P256).expect("a key");
        let wish = json!({ "request_pem": request_of("会計2号機", &key) });
        assert_eq!(site.retrieve(&codes, wish).await.0, 200);
        let read = pki::profile::TerminalIdentity::read(&terminal.chain[0]).expect("a certificate");
        let last_day = tokyo_date(read.validity.not_after);
        let store = Store::open(site.system.database_url(), store::Options::default()).await.expect("opens");
        let beside = Notices::new(store, site.system.clock.clone());
        let portal = Portal { system: site.system, mailbox };
        drop(portal.member(INSTITUTION, OFFICE).await);
        drop(portal.member("1319990020", NEIGHBOUR).await);
        let (serial, fingerprint) = (terminal.serial, terminal.fingerprint);
        Self { portal, last_day, serial, fingerprint, beside }
    }

    /// Goes to the morning of a day and lets both processes look, twice each and beside each other.
    async fn morning(&self, left: i32) {
        let day = start_of_day(add_days(self.last_day, -left));
        self.portal.system.hands.set(Instant(day.0 + 8 * 3_600_000));
        let authority = self.portal.system.server.authority().expect("an authority");
        let own = &authority.parts.notices;
        let (a, b, c, d) = tokio::join!(own.run(), self.beside.run(), own.run(), self.beside.run());
        for given in [a, b, c, d] {
            given.expect("looks");
        }
    }

    /// Mails to the representative about certificates, so far.
    fn told(&self) -> Vec<ReceivedMail> {
        let mails = self.portal.mailbox.mails().into_iter();
        mails.filter(|mail| mail.recipient == OFFICE && mail.text.contains("シリアル番号")).collect()
    }

    /// The mail after those that came before; the first one to this address was the registration's.
    async fn next(&self, before: usize) -> ReceivedMail {
        self.portal.mailbox.mail_to(OFFICE, before + 2).await
    }

    /// When nothing is under way any more.
    async fn settled(&self) {
        while self.portal.system.store().mails_waiting().await.expect("reads").count > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

fn subject(left: i32) -> String {
    match left {
        ..0 => "【重要】電子証明書の有効期限が切れました".to_owned(),
        0 => "【至急】電子証明書の有効期限は本日です".to_owned(),
        1..=7 => format!("【至急】電子証明書の有効期限まであと{left}日です"),
        _ => format!("電子証明書の有効期限まであと{left}日です"),
    }
}

async fn each_notice_arrives_once_and_says_which_terminal_which_day_and_what_to_do(engine: Engine) {
    let office = Office::open(engine).await;
    let mut days: Vec<i32> = DAYS.into_iter().chain(QUIET).chain(AFTER.map(|after| -after)).collect();
    days.sort_unstable_by(|a, b| b.cmp(a));
    let mut told = 0;
    for left in days {
        office.morning(left).await;
        if QUIET.contains(&left) {
            continue;
        }
        let mail = office.next(told).await;
        told += 1;
        assert_eq!(mail.text.lines().next(), Some(&*subject(left)), "{left} days left");
        let last_day = format_japanese(office.last_day);
        let what_to_do = if left < 0 {
            "「電子証明書発行申請」を行ってください"
        } else {
            "電子証明書更新申請サイトを開き、更新してください"
        };
        for words in [
            &format!("医療機関コード: {INSTITUTION}"),
            &format!("端末名称: {TERMINAL}"),
            &format!("シリアル番号: {}", office.serial),
            &last_day,
            what_to_do,
        ] {
            assert!(mail.text.contains(words), "{left} days left, {words}: {}", mail.text);
        }
        assert!(!mail.text.contains("会計2号機"), "{}", mail.text);
    }
    office.settled().await;
    assert_eq!(office.told().len(), DAYS.len() + AFTER.len(), "each once");
    let neighbour = office.portal.mailbox.mails().iter().filter(|mail| mail.recipient == NEIGHBOUR).count();
    assert_eq!(neighbour, 1, "the registration's alone");
    office.portal.system.stop().await;
}

async fn what_was_renewed_is_not_told_of_any_more(engine: Engine) {
    let office = Office::open(engine).await;
    office.morning(90).await;
    office.next(0).await;
    let key = PrivateKey::generate(KeyAlgorithm::P256).expect("a key");
    let desk = &office.portal.system.server.authority().expect("an authority").parts.desk;
    desk.renew(&code(), &office.fingerprint, &request_of(TERMINAL, &key)).await.expect("renews");
    for left in [60, 15, 7, 0, -1] {
        office.morning(left).await;
    }
    office.settled().await;
    let about = |serial: &str| office.told().iter().filter(|mail| mail.text.contains(serial)).count();
    assert_eq!(about(&office.serial), 1, "the first notice, before the renewal");
    office.portal.system.stop().await;
}
