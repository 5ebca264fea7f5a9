//! 通知書: the first accounts of an institution; and what both letters look like.

use eligibility::Date;

use super::canvas::{self, Canvas, Ink, PAGE_WIDTH, Style};
use super::fonts::Fonts;
use super::{Recipient, Sender, postal, written};
use crate::{Error, Result};

const LEFT: f32 = 20.0;
const RIGHT: f32 = PAGE_WIDTH - LEFT;
const WIDTH: f32 = RIGHT - LEFT;
/// The window of the envelope begins here when the letter is folded in three.
const WINDOW_LEFT: f32 = 24.0;
const WINDOW_TOP: f32 = 20.0;
const WINDOW_WIDTH: f32 = 78.0;
/// Most accounts on one sheet.
const ACCOUNTS_MAX: usize = 4;
/// Most address lines in the window.
const ADDRESS_LINES_MAX: usize = 3;

/// Which system an account is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// 本番環境.
    Production,
    /// 接続検証環境.
    Trial,
    /// デモ環境: everything on it is made up.
    Demonstration,
}

impl Environment {
    /// As the sheet says it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Production => "本番環境",
            Self::Trial => "接続検証環境",
            Self::Demonstration => "デモ環境",
        }
    }
}

/// One account.
#[derive(Clone)]
pub struct Account<'a> {
    /// What it is called, such as マスタアカウント.
    pub role: &'a str,
    /// What it is for, in a sentence.
    pub purpose: &'a str,
    /// ユーザーID.
    pub user_id: &'a str,
    /// The first password, to be changed at the first login.
    pub initial_password: &'a str,
}

/// The sheet's content. It holds passwords in plain text and has no `Debug`.
#[derive(Clone)]
pub struct AccountSheet<'a> {
    /// Whom it is for.
    pub recipient: Recipient<'a>,
    /// Who sends it.
    pub sender: Sender<'a>,
    /// 文書番号.
    pub document_number: &'a str,
    /// Date of the sheet.
    pub issued_on: Date,
    /// Which system.
    pub environment: Environment,
    /// One to four accounts.
    pub accounts: &'a [Account<'a>],
    /// Whether the account is for giving a master a new password instead of a lost one.
    pub for_lost_password: bool,
    /// Address of the login page; `None` while there is none to send anybody to.
    pub login_site: Option<&'a str>,
}

impl AccountSheet<'_> {
    /// The sheet as PDF.
    ///
    /// # Errors
    /// [`Error::Name`] without accounts, with too many, or for a postal code that is none;
    /// [`Error::Glyph`] for a character no font has.
    pub fn pdf(&self, fonts: &Fonts) -> Result<Vec<u8>> {
        if self.accounts.is_empty() || self.accounts.len() > ACCOUNTS_MAX {
            return Err(Error::Name("the accounts"));
        }
        canvas::document(TITLE, self.sender.name, fonts, |page| self.draw(page))
    }

    fn draw(&self, page: &mut Canvas<'_, '_>) -> Result<()> {
        let heading = Heading {
            recipient: &self.recipient,
            sender: &self.sender,
            document_number: self.document_number,
            issued_on: self.issued_on,
            title: TITLE,
        };
        heading.draw(page)?;
        let which = match self.for_lost_password {
            true => "で、マスタアカウントのパスワードを再発行するためのアカウント",
            false => "を利用するための、最初のアカウント",
        };
        let intro =
            format!("オンライン資格確認等システム（{}）{which}を通知します。", self.environment.label());
        let mut y = page.paragraph((LEFT, 96.0), WIDTH, 5.6, Style::text(10.0), &intro)?;
        let rows = [
            ("環境", self.environment.label().to_owned()),
            ("医療機関コード", self.recipient.institution_code.to_owned()),
            ("医療機関等名称", self.recipient.institution_name.to_owned()),
            ("ログイン画面", self.login_site.unwrap_or(LOGIN_LATER).to_owned()),
        ];
        y = table(page, y + 0.5, &rows)? + 4.0;
        for account in self.accounts {
            y = self.account(page, y, account)?;
        }
        let (title, steps) = match self.login_site {
            Some(_) if self.for_lost_password => ("パスワードの再発行の手順", RESET_STEPS),
            Some(_) => ("はじめに行うこと", LOGIN_STEPS),
            None => ("ログイン画面のご案内があるまで", WAITING_STEPS),
        };
        y = numbered(page, y + 7.0, title, steps)?;
        let note = "本通知書にはパスワードが記載されています。厳重に保管し、パスワードの変更が済んだら裁断して廃棄してください。";
        page.paragraph((LEFT, y + 5.0), WIDTH, 4.4, Style::text(8.0), note)?;
        footer(page, &self.sender)
    }

    fn account(&self, page: &mut Canvas<'_, '_>, y: f32, account: &Account<'_>) -> Result<f32> {
        const HEIGHT: f32 = 27.0;
        let frame = canvas::Frame { x: LEFT, y, width: WIDTH, height: HEIGHT };
        page.tinted(frame);
        page.outline(frame, 0.5, Ink::Accent);
        page.text(LEFT + 5.0, y + 5.6, Style::bold(9.5), account.role)?;
        page.fitted(LEFT + 5.0, y + 10.4, WIDTH - 10.0, Style::text(8.5), account.purpose)?;
        let code = Style::bold(14.0).spaced(0.06);
        for (line, label, value) in [
            (y + 17.0, "ユーザーID", account.user_id),
            (y + 24.0, "初期パスワード", account.initial_password),
        ] {
            page.text(LEFT + 5.0, line, Style::text(9.0), label)?;
            page.fitted(LEFT + 52.0, line + 0.5, WIDTH - 57.0, code, value)?;
        }
        Ok(y + HEIGHT + 3.0)
    }
}

/// What stands in place of an address that is not known yet.
const LOGIN_LATER: &str = "準備ができしだい、ポータルサイトのお知らせでご案内します。";
const LOGIN_STEPS: &[&str] = &[
    "資格確認端末でログイン画面を開き、上のユーザーIDと初期パスワードを入力します。アカウントごとに行います。",
    "初回のログインで、必ずパスワードを変更します。初期パスワードは7日間有効で、一度しか使えません。",
    "医療機関等管理者アカウントで、職員のアカウントを登録します。管理者を増やすときは、マスタアカウントで登録します。",
    "マスタアカウントのパスワードを忘れたときは、ポータルサイトの「オンライン資格確認利用開始・変更申請」の画面から、マスタアカウントリセット用の通知書をダウンロードします。",
];
const RESET_STEPS: &[&str] = &[
    "資格確認端末でログイン画面を開き、上のユーザーIDと初期パスワードを入力して、パスワードを変更します。",
    "「マスタアカウントリセット」で、マスタアカウントの初期パスワードを再発行します。",
    "マスタアカウントでログインし、パスワードを変更します。このアカウントでは、ほかの操作はできません。",
];
const WAITING_STEPS: &[&str] = &[
    "このアカウントでのログインは、まだ始まっていません。電子証明書の申請や資格確認には必要ありません。",
    "ご案内があるまで、本通知書をほかの人の目に触れないところに保管します。",
    "ログインが始まるまでに初期パスワードの期限（7日）が過ぎたときは、ポータルサイトのマイメニューから通知書をもう一度ダウンロードします。",
];
const TITLE: &str = "オンライン資格確認等システム ユーザ設定情報 通知書";

/// The upper third: window, sender, title.
pub(super) struct Heading<'a> {
    pub(super) recipient: &'a Recipient<'a>,
    pub(super) sender: &'a Sender<'a>,
    pub(super) document_number: &'a str,
    pub(super) issued_on: Date,
    pub(super) title: &'a str,
}

impl Heading<'_> {
    pub(super) fn draw(&self, page: &mut Canvas<'_, '_>) -> Result<()> {
        let lines = self.recipient.address;
        if lines.is_empty() || lines.len() > ADDRESS_LINES_MAX {
            return Err(Error::Name("the address"));
        }
        let mut y = WINDOW_TOP + 4.0;
        page.text(WINDOW_LEFT, y, Style::text(10.5), &postal(self.recipient.postal_code)?)?;
        for line in lines {
            y += 5.4;
            page.fitted(WINDOW_LEFT, y, WINDOW_WIDTH, Style::text(10.0), line)?;
        }
        let name = format!("{}　御中", self.recipient.institution_name);
        page.fitted(WINDOW_LEFT, y + 8.5, WINDOW_WIDTH, Style::bold(12.5), &name)?;

        page.text_to(RIGHT, 24.0, Style::text(9.0), self.document_number)?;
        page.text_to(RIGHT, 29.4, Style::text(9.0), &written(self.issued_on))?;
        page.text_to(RIGHT, 42.0, Style::bold(10.5), self.sender.name)?;

        page.centred(80.0, Style::bold(17.0).spaced(0.06), self.title)?;
        page.line((LEFT, 85.5), (RIGHT, 85.5), 0.6, Ink::Accent);
        // Where to fold, a third of the page each.
        for fold in [99.0, 198.0] {
            page.line((4.0, fold), (9.0, fold), 0.15, Ink::Grey);
        }
        Ok(())
    }
}

/// Labels and values, one pair a row. Gives where the table ends.
pub(super) fn table(page: &mut Canvas<'_, '_>, y: f32, rows: &[(&str, String)]) -> Result<f32> {
    const ROW: f32 = 7.0;
    const LABELS: f32 = 48.0;
    let mut top = y;
    for (label, value) in rows {
        page.tinted(canvas::Frame { x: LEFT, y: top, width: LABELS, height: ROW });
        page.text(LEFT + 3.0, top + 4.8, Style::text(9.0), label)?;
        page.fitted(LEFT + LABELS + 3.0, top + 4.8, WIDTH - LABELS - 6.0, Style::text(10.0), value)?;
        page.line((LEFT, top), (RIGHT, top), 0.15, Ink::Grey);
        top += ROW;
    }
    page.line((LEFT, top), (RIGHT, top), 0.15, Ink::Grey);
    Ok(top)
}

/// A heading and numbered steps. Gives the baseline after the last.
pub(super) fn numbered(page: &mut Canvas<'_, '_>, y: f32, heading: &str, steps: &[&str]) -> Result<f32> {
    page.text(LEFT, y, Style::bold(10.5).ink(Ink::Accent), heading)?;
    let mut y = y + 5.8;
    for (number, step) in ('①'..).zip(steps) {
        page.text(LEFT, y, Style::bold(10.0), &number.to_string())?;
        y = page.paragraph((LEFT + 6.0, y), WIDTH - 6.0, 5.0, Style::text(9.5), step)? + 1.2;
    }
    Ok(y)
}

/// Who to ask, at the foot of the page.
pub(super) fn footer(page: &mut Canvas<'_, '_>, sender: &Sender<'_>) -> Result<()> {
    page.line((LEFT, 281.0), (RIGHT, 281.0), 0.15, Ink::Grey);
    page.text(LEFT, 285.6, Style::text(8.0), &format!("お問い合わせ　{}", sender.name))?;
    page.text_to(RIGHT, 285.6, Style::text(8.0), sender.contact)
}
