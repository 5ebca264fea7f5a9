//! What is said when there is nothing to show: in plain words, with the next step, and nothing of what was asked.

use std::borrow::Cow;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use eligibility::account::{OperatorAction, OperatorRole};

use super::page::Shell;
use super::site::Site;

/// What a page says when there is nothing to show. The codes are the pages' own: what terminals are told has the
/// catalogue's.
#[derive(Clone, Copy, Debug)]
pub struct PageError {
    /// `OQC-` and four digits: the status and a running number.
    pub code: &'static str,
    /// The heading.
    pub title: &'static str,
    /// What happened.
    pub cause: &'static str,
    /// What whoever reads it does.
    pub remedy: &'static str,
    /// What the supplier does.
    pub supplier: &'static str,
}

/// A form came without what the page had put into it.
pub const INCOMPLETE: PageError = PageError {
    code: "OQC-4001",
    title: "受け付けられませんでした",
    cause: "送信された内容が完全ではありませんでした。",
    remedy: "前のページに戻り、再読み込みしてからもう一度お試しください。",
    supplier: "ブラウザーの拡張機能や中継装置が、送信内容を変えていないか確認してください。",
};
/// A change that came from another site's page.
pub const FOREIGN_PAGE: PageError = PageError {
    code: "OQC-4031",
    title: "受け付けられませんでした",
    cause: "このサイトのページ以外から送信されたため、何も変更していません。",
    remedy: "このサイトを開き直し、画面のボタンから操作してください。",
    supplier: "Origin や Sec-Fetch-Site を書き換える中継装置やソフトウェアがないか確認してください。",
};
/// The account's role does not do this; the page of the institution web says who may.
pub const NOT_ALLOWED: PageError = PageError {
    code: "OQC-4032",
    title: "この操作はできません",
    cause: "お使いのアカウントの権限区分では、この操作はできません。",
    remedy: "画面に表示された権限区分の方に依頼してください。",
    supplier: "対応は不要です。権限区分は、医療機関等の管理者がアカウント管理で決めます。",
};
/// It is not there, or not yours; both look alike.
pub const NOT_THERE: PageError = PageError {
    code: "OQC-4041",
    title: "ページが見つかりません",
    cause: "お探しのページはありません。移動したか、アドレスが正しくない可能性があります。",
    remedy: "トップページからもう一度お進みください。",
    supplier: "ブックマークやショートカットのアドレスを確認してください。",
};
/// The same, for a person of the operator whose role does not do this.
const OTHER_ROLES: PageError = PageError {
    code: "OQC-4042",
    title: "この権限では使えません",
    cause: "この画面を使えるのは、ほかの権限の方です。",
    remedy: "トップページから使える画面へ進むか、システム管理者にご相談ください。",
    supplier: "対応は不要です。権限はシステム管理者が決めます。",
};
/// The time to show a result is over.
pub const RESULT_OVER: PageError = PageError {
    code: "OQC-4101",
    title: "表示できる時間を過ぎました",
    cause: "資格確認の結果を表示できる時間を過ぎました。",
    remedy: "もう一度確認してください。資格は変わることがあります。",
    supplier: "対応は不要です。結果を残すときは、印刷かCSVを使います。",
};
/// Asked for under a name that is not this site's.
pub const UNKNOWN_HOST: PageError = PageError {
    code: "OQC-4211",
    title: "アドレスが違います",
    cause: "このアドレスでは利用できません。",
    remedy: "正しいアドレスは次のとおりです。ブックマークも直してください。",
    supplier: "名前解決と、端末の中継の設定にあるアドレスを確認してください。",
};
/// A fault of ours.
pub const BROKEN: PageError = PageError {
    code: "OQC-5001",
    title: "システムエラーが発生しました",
    cause: "システムの内部で問題が起きました。",
    remedy: "時間をおいてもう一度お試しください。続くときは運用窓口にご連絡ください。",
    supplier: "発生した日時と画面を控え、運用窓口に連絡してください。",
};
/// The database does not answer, or there is too much to do.
pub const BUSY: PageError = PageError {
    code: "OQC-5031",
    title: "ただいま混み合っています",
    cause: "処理を完了できませんでした。入力した内容は登録されていません。",
    remedy: "1分ほど待ってから、もう一度お試しください。",
    supplier: "続くときは、発生した日時を控えて運用窓口に連絡してください。",
};

/// Those that people of an institution meet, in the order of their codes.
pub const PAGE_ERRORS: [&PageError; 8] =
    [&INCOMPLETE, &FOREIGN_PAGE, &NOT_ALLOWED, &NOT_THERE, &RESULT_OVER, &UNKNOWN_HOST, &BROKEN, &BUSY];

/// A page of its own, so that it can be shown where there is no site (a wrong name, a broken template).
#[derive(Template)]
#[template(path = "web/refused.html")]
struct Refused {
    words: Words,
    /// The site's own address, where it was asked for under another.
    origin: Option<String>,
}

/// The words of a refusal, kept beside it: the site puts them into its own frame.
#[derive(Clone, Debug)]
struct Words {
    error: PageError,
    cause: Cow<'static, str>,
}

impl From<PageError> for Words {
    fn from(error: PageError) -> Self {
        Self { error, cause: error.cause.into() }
    }
}

/// The same words in the frame of the site, with its menu.
#[derive(Template)]
#[template(path = "web/refused_on_site.html")]
struct OnSite {
    shell: Shell,
    words: Words,
}

/// Puts the words of a refusal into the site's frame; any other answer stays as it is.
pub(super) fn framed(site: &Site, response: Response) -> Response {
    let Some(words) = response.extensions().get::<Words>().cloned() else { return response };
    match (OnSite { shell: Shell::new(site, words.error.title, "", None), words }).render() {
        Ok(html) => (response.status(), Html(html)).into_response(),
        Err(_) => response,
    }
}

fn say(status: StatusCode, words: impl Into<Words>) -> Response {
    let words = words.into();
    let mut response = write(status, &Refused { words: words.clone(), origin: None });
    response.extensions_mut().insert(words);
    response
}

fn write(status: StatusCode, page: &Refused) -> Response {
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => status.into_response(),
    }
}

/// 404: it is not there, or not yours; both look alike.
#[must_use]
pub fn not_there() -> Response {
    say(StatusCode::NOT_FOUND, NOT_THERE)
}

/// 404 too, for a person of the operator whose role does not do this: nothing is said of what is there, but who may.
#[must_use]
pub fn for_other_roles(role: OperatorRole, action: OperatorAction) -> Response {
    let may = OperatorRole::ALL.iter().filter(|other| other.may(action)).map(|other| other.label());
    let may = may.collect::<Vec<_>>().join("・");
    let cause =
        format!("この画面を使えるのは、権限が「{may}」の方です。あなたの権限は「{}」です。", role.label());
    say(StatusCode::NOT_FOUND, Words { error: OTHER_ROLES, cause: cause.into() })
}

/// The fallback of a site's router.
pub(super) async fn not_here() -> Response {
    not_there()
}

/// 400: a form came without what the page had put into it.
#[must_use]
pub fn incomplete() -> Response {
    say(StatusCode::BAD_REQUEST, INCOMPLETE)
}

/// 403: a change that came from another site's page.
#[must_use]
pub(super) fn foreign_page() -> Response {
    say(StatusCode::FORBIDDEN, FOREIGN_PAGE)
}

/// 421: asked for under a name that is not this site's.
#[must_use]
pub(super) fn unknown_host(origin: &str) -> Response {
    let page = Refused { words: UNKNOWN_HOST.into(), origin: Some(origin.to_owned()) };
    write(StatusCode::MISDIRECTED_REQUEST, &page)
}

/// 503: the database does not answer, or there is too much to do.
#[must_use]
pub fn busy() -> Response {
    say(StatusCode::SERVICE_UNAVAILABLE, BUSY)
}

/// 500: a fault of ours.
#[must_use]
pub fn broken() -> Response {
    say(StatusCode::INTERNAL_SERVER_ERROR, BROKEN)
}

/// The page for an error of the store; what it was goes into the log only.
#[must_use]
pub fn by_store(error: &store::Error) -> Response {
    tracing::error!(%error, "a page's work failed in the store");
    busy()
}
