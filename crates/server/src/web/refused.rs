//! What is said when there is nothing to show: in plain words, with the next step, and nothing of what was asked.

use std::borrow::Cow;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use eligibility::account::{OperatorAction, OperatorRole};

use super::page::Shell;
use super::site::Site;

/// A page of its own, so that it can be shown where there is no site (a wrong name, a broken template).
#[derive(Template)]
#[template(path = "web/refused.html")]
struct Refused {
    title: &'static str,
    cause: Cow<'static, str>,
    remedy: &'static str,
    /// The site's own address, where it was asked for under another.
    origin: Option<String>,
}

/// The words of a refusal, kept beside it: the site puts them into its own frame.
#[derive(Clone, Debug)]
struct Words {
    title: &'static str,
    cause: Cow<'static, str>,
    remedy: &'static str,
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
    match (OnSite { shell: Shell::new(site, words.title, "", None), words }).render() {
        Ok(html) => (response.status(), Html(html)).into_response(),
        Err(_) => response,
    }
}

fn say(status: StatusCode, words: Words) -> Response {
    let Words { title, cause, remedy } = words.clone();
    let mut response = write(status, &Refused { title, cause, remedy, origin: None });
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
    say(
        StatusCode::NOT_FOUND,
        Words {
            title: "ページが見つかりません",
            cause: "お探しのページはありません。移動したか、アドレスが正しくない可能性があります。".into(),
            remedy: "トップページからもう一度お進みください。",
        },
    )
}

/// 404 too, for a person of the operator whose role does not do this: nothing is said of what is there, but who may.
#[must_use]
pub fn for_other_roles(role: OperatorRole, action: OperatorAction) -> Response {
    let may = OperatorRole::ALL.iter().filter(|other| other.may(action)).map(|other| other.label());
    let may = may.collect::<Vec<_>>().join("・");
    let cause =
        format!("この画面を使えるのは、権限が「{may}」の方です。あなたの権限は「{}」です。", role.label());
    let remedy = "左のメニューにある画面を使うか、システム管理者にご相談ください。";
    say(StatusCode::NOT_FOUND, Words { title: "この権限では使えません", cause: cause.into(), remedy })
}

/// The fallback of a site's router.
pub(super) async fn not_here() -> Response {
    not_there()
}

/// 400: a form came without what the page had put into it.
#[must_use]
pub fn incomplete() -> Response {
    say(
        StatusCode::BAD_REQUEST,
        Words {
            title: "受け付けられませんでした",
            cause: "送信された内容が完全ではありませんでした。".into(),
            remedy: "前のページに戻り、再読み込みしてからもう一度お試しください。",
        },
    )
}

/// 403: a change that came from another site's page.
#[must_use]
pub(super) fn foreign_page() -> Response {
    say(
        StatusCode::FORBIDDEN,
        Words {
            title: "受け付けられませんでした",
            cause: "このサイトのページ以外から送信されたため、何も変更していません。".into(),
            remedy: "このサイトを開き直し、画面のボタンから操作してください。",
        },
    )
}

/// 421: asked for under a name that is not this site's.
#[must_use]
pub(super) fn unknown_host(origin: &str) -> Response {
    let page = Refused {
        title: "アドレスが違います",
        cause: "このアドレスでは利用できません。".into(),
        remedy: "正しいアドレスは次のとおりです。ブックマークも直してください。",
        origin: Some(origin.to_owned()),
    };
    write(StatusCode::MISDIRECTED_REQUEST, &page)
}

/// 503: the database does not answer, or there is too much to do.
#[must_use]
pub fn busy() -> Response {
    say(
        StatusCode::SERVICE_UNAVAILABLE,
        Words {
            title: "ただいま混み合っています",
            cause: "処理を完了できませんでした。入力した内容は登録されていません。".into(),
            remedy: "1分ほど待ってから、もう一度お試しください。",
        },
    )
}

/// 500: a fault of ours.
#[must_use]
pub fn broken() -> Response {
    say(
        StatusCode::INTERNAL_SERVER_ERROR,
        Words {
            title: "システムエラーが発生しました",
            cause: "システムの内部で問題が起きました。".into(),
            remedy: "時間をおいてもう一度お試しください。続くときは運用窓口にご連絡ください。",
        },
    )
}

/// The page for an error of the store; what it was goes into the log only.
#[must_use]
pub fn by_store(error: &store::Error) -> Response {
    tracing::error!(%error, "a page's work failed in the store");
    busy()
}
