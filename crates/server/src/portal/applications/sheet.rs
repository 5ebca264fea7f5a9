//! 通知書をダウンロードする: the first accounts on a sheet, in a ZIP. Their initial passwords are made at the download,
//! stand on that one sheet, and are kept as hashes only; a sheet made again ends the one before.

use std::io::{Cursor, Write as _};
use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use eligibility::{
    Date, Instant,
    account::INITIAL_PASSWORD_DAYS,
    calendar::{format_n8, tokyo_date},
    institution::InstitutionCode,
};
use pki::letter::{Account, AccountSheet, Environment, FontFiles, FontsOnDemand, Recipient, Sender};
use store::{
    AccountSheetIssue, InstitutionAccount, InstitutionAddress, NewSheet, SheetAccount, StoredApplication,
};
use zeroize::Zeroizing;
use zip::write::SimpleFileOptions;

use super::detail::{has_sheet, write};
use super::{applicant, mine};
use crate::config::{self, AuthorityLetters};
use crate::institution::password_places;
use crate::web::password::{Passwords, initial_password};
use crate::web::signed_in::OnSite;
use crate::web::{FormData, PortalUser, Site, refused};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// The role, in records, of the account for a lost master password.
const RESET_ROLE: &str = "master_reset";

/// What an account is called on the sheet, and what it is for.
fn words(role: &str) -> (&'static str, &'static str) {
    match role {
        RESET_ROLE => (
            "マスタアカウントリセット用アカウント",
            "マスタアカウントのパスワードを忘れたときに、初期パスワードを再発行するためだけのアカウントです。",
        ),
        "administrator" => (
            "医療機関等管理者アカウント",
            "職員のアカウント、環境設定情報、目視確認用パスコードなどを管理する、最初の管理者のアカウントです。",
        ),
        _ => (
            "マスタアカウント",
            "医療機関等管理者のアカウントを登録・停止・再発行するためのアカウントです。日々の業務には使いません。",
        ),
    }
}

/// Who makes the sheets.
pub struct SheetMaker {
    /// The letters' fonts.
    pub fonts: FontsOnDemand,
    /// Hashes the initial passwords.
    pub passwords: Passwords,
    /// The office that sends them.
    pub sender: String,
    /// Where questions go: telephone and hours.
    pub contact: String,
    /// Address of the institutions' login page; `None` where this server has none.
    pub login_site: Option<String>,
    /// Which system the accounts are for.
    pub environment: Environment,
}

impl SheetMaker {
    /// As the authority's letters are made.
    ///
    /// # Errors
    /// When a font cannot be read or there is no randomness; what it was, in words.
    pub fn new(
        settings: &AuthorityLetters,
        login_site: Option<String>,
        environment: config::Environment,
    ) -> Result<Self, String> {
        let files = FontFiles {
            regular: settings.regular.clone(),
            bold: settings.bold.clone(),
            fallback: settings.fallback.clone(),
            bold_fallback: settings.bold_fallback.clone(),
        };
        Ok(Self {
            fonts: FontsOnDemand::new(files).map_err(|error| error.to_string())?,
            passwords: Passwords::new().map_err(|error| error.to_string())?,
            sender: settings.sender.clone(),
            contact: settings.contact.clone(),
            login_site,
            environment: written(environment),
        })
    }
}

/// The system's name in the words of the letters.
const fn written(environment: config::Environment) -> Environment {
    match environment {
        config::Environment::Production => Environment::Production,
        config::Environment::Verification => Environment::Trial,
        config::Environment::Demo => Environment::Demonstration,
    }
}

/// The offer of a sheet on an application's page.
pub(super) struct SheetOffer {
    /// Each account that would stand on it: what it is called, what it is for, its ユーザーID.
    pub(super) accounts: Vec<(&'static str, &'static str, String)>,
    /// How many were made: of two clicks one makes a sheet.
    pub(super) sheets: i64,
    /// Whether it is the account for a lost master password: the master has a password of its own.
    pub(super) is_reset: bool,
    /// Whether the first administrator has a password of its own: it stands on no sheet any more.
    pub(super) administrator_has_own: bool,
}

impl SheetOffer {
    /// What is offered to this account; `None` where there is no sheet or it may not have one.
    pub(super) async fn of(
        site: &Site,
        user: &PortalUser,
        stored: &StoredApplication,
    ) -> Result<Option<Self>, store::Error> {
        if !has_sheet(stored) {
            return Ok(None);
        }
        let accounts = site.store.sheet_accounts(&user.institution_code).await?;
        let Some(first) = accounts.first() else { return Ok(None) };
        let (sheets, is_reset) = (first.sheets, first.role == RESET_ROLE);
        let administrator_has_own = !is_reset && accounts.len() == 1;
        let named = accounts.into_iter().map(|one| {
            let (name, purpose) = words(&one.role);
            (name, purpose, one.user_id)
        });
        Ok(Some(Self { accounts: named.collect(), sheets, is_reset, administrator_has_own }))
    }
}

/// 通知書をダウンロードする.
pub(super) async fn download(
    OnSite(site): OnSite,
    Extension(maker): Extension<Option<Arc<SheetMaker>>>,
    user: PortalUser,
    path: Path<(String, String)>,
    typed: FormData,
) -> Response {
    let stored = match mine(&site, &user, path).await {
        Ok(stored) if has_sheet(&stored) => stored,
        Ok(_) => return refused::not_there(),
        Err(refused) => return refused,
    };
    let Ok(seen_sheets) = typed.get("sheets").parse() else { return refused::incomplete() };
    match issue(&site, maker, &user, seen_sheets).await {
        Ok(Issued::Sheet(zip)) => attachment(&user, zip),
        Ok(Issued::Not(told)) => {
            write(&site, &user, &stored, StatusCode::CONFLICT, Some(told.to_owned())).await
        }
        Err(refused) => refused,
    }
}

enum Issued {
    Sheet(Vec<u8>),
    Not(&'static str),
}

const NO_ADDRESS: &str =
    "医療機関等の所在地が台帳に登録されていないため、通知書を作成できません。運用窓口にご連絡ください。";
const NOT_HERE: &str = "このサイトでは通知書を作成できません。運用窓口にご連絡ください。";
const ALREADY: &str = "通知書は、この画面を開いた後にすでに作成されています。手元にないときは、もう一度ダウンロードしてください。前の通知書の初期パスワードは使えなくなります。";
const NOT_PROVEN: &str = "ご登録の方が医療機関等の方であることを、運用窓口から台帳の電話番号または所在地に確認しています。確認が終わるまで、通知書は作成できません。";

async fn issue(
    site: &Site,
    maker: Option<Arc<SheetMaker>>,
    user: &PortalUser,
    seen_sheets: i64,
) -> Result<Issued, Response> {
    let by_store = |error| refused::by_store(&error);
    let Some(maker) = maker else { return Ok(Issued::Not(NOT_HERE)) };
    let code = &user.institution_code;
    let accounts = site.store.sheet_accounts(code).await.map_err(by_store)?;
    let is_reset = accounts.first().ok_or_else(refused::not_there)?.role == RESET_ROLE;
    let institution = site.store.institution(code).await.map_err(by_store)?.ok_or_else(refused::not_there)?;
    let Some(address) = site.store.institution_address(code).await.map_err(by_store)? else {
        return Ok(Issued::Not(NO_ADDRESS));
    };
    let now = site.clock.now();
    let (printed, accounts) = with_passwords(site, &maker, code, accounts).await?;
    let sheet = Sheet {
        maker,
        code: code.to_string(),
        name: institution.name,
        address,
        accounts: printed,
        is_reset,
        number: seen_sheets.saturating_add(1),
        on: tokyo_date(now),
    };
    // Drawing takes long: not on the threads that serve.
    let made = tokio::task::spawn_blocking(move || sheet.make()).await;
    let Ok(Some(zip)) = made else { return Err(refused::broken()) };
    let by = applicant(site, user).await?;
    let password_until = Instant(now.0.saturating_add(i64::from(INITIAL_PASSWORD_DAYS) * DAY_MS));
    let new = NewSheet { accounts, seen_sheets, password_until, by, now };
    // Only what is durable is handed over.
    match site.store.issue_account_sheet(new).await.map_err(by_store)? {
        AccountSheetIssue::Issued(_) => Ok(Issued::Sheet(zip)),
        AccountSheetIssue::Already(_) => Ok(Issued::Not(ALREADY)),
        AccountSheetIssue::NotProven(_) => Ok(Issued::Not(NOT_PROVEN)),
        AccountSheetIssue::Unknown => Err(refused::not_there()),
    }
}

/// An account as it is printed: the only place where its initial password is to be read.
struct Printed {
    role: String,
    user_id: String,
    password: Zeroizing<String>,
}

/// A new initial password for each account: to be printed, and as a hash to be kept.
async fn with_passwords(
    site: &Site,
    maker: &SheetMaker,
    code: &InstitutionCode,
    accounts: Vec<InstitutionAccount>,
) -> Result<(Vec<Printed>, Vec<SheetAccount>), Response> {
    let (mut printed, mut kept) = (Vec::with_capacity(accounts.len()), Vec::with_capacity(accounts.len()));
    for account in accounts {
        let freed = password_places(site, &account.subject(code)).await;
        let freed = freed.map_err(|error| refused::by_store(&error))?;
        let InstitutionAccount { user_id, role, .. } = account;
        let password = initial_password().ok_or_else(refused::busy)?;
        let password_hash = maker.passwords.hash_text(&password).await.map_err(|_| refused::busy())?;
        kept.push(SheetAccount { user_id: user_id.clone(), password_hash, freed });
        printed.push(Printed { role, user_id, password });
    }
    Ok((printed, kept))
}

struct Sheet {
    maker: Arc<SheetMaker>,
    code: String,
    name: String,
    address: InstitutionAddress,
    accounts: Vec<Printed>,
    is_reset: bool,
    number: i64,
    on: Date,
}

impl Sheet {
    /// The ZIP.
    fn make(&self) -> Option<Vec<u8>> {
        let accounts: Vec<_> = self
            .accounts
            .iter()
            .map(|one| {
                let (role, purpose) = words(&one.role);
                Account { role, purpose, user_id: &one.user_id, initial_password: &one.password }
            })
            .collect();
        let mut lines = vec![self.address.first_line.as_str()];
        lines.extend(self.address.second_line.as_deref());
        let sheet = AccountSheet {
            recipient: Recipient {
                postal_code: &self.address.postal_code,
                address: &lines,
                institution_name: &self.name,
                institution_code: &self.code,
            },
            sender: Sender { name: &self.maker.sender, contact: &self.maker.contact },
            document_number: &format!(
                "通知 {}-{}{}",
                self.code,
                if self.is_reset { "R" } else { "" },
                self.number
            ),
            for_lost_password: self.is_reset,
            issued_on: self.on,
            environment: self.maker.environment,
            accounts: &accounts,
            login_site: self.maker.login_site.as_deref(),
        };
        let pdf = self.maker.fonts.take().and_then(|fonts| sheet.pdf(&fonts));
        let pdf = pdf.inspect_err(|error| tracing::error!(%error, "a 通知書 could not be drawn")).ok()?;
        let name = format!("通知書_{}_{}.pdf", self.code, format_n8(self.on));
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(name, SimpleFileOptions::default()).ok()?;
        zip.write_all(&pdf).ok()?;
        Some(zip.finish().ok()?.into_inner())
    }
}

fn attachment(user: &PortalUser, zip: Vec<u8>) -> Response {
    let name = format!("attachment; filename=\"notice-{}.zip\"", user.institution_code);
    let Ok(name) = HeaderValue::from_str(&name) else { return refused::broken() };
    let kind = HeaderValue::from_static("application/zip");
    ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], zip).into_response()
}
