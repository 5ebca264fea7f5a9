//! 《医療機関等別URL取得・変更》: the addresses of マイナ在宅受付Web with their 二次元バーコード, and the change of one.

use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequestParts, Path};
use axum::http::{HeaderValue, StatusCode, header, request::Parts};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::get};
use eligibility::codes::AccessUrlUse;
use eligibility::home_visit_url::{GRACE_DAYS_MAX, GraceDays, setting_of};
use eligibility::institution_account::InstitutionAction;

use super::days::moment;
use super::passcode::failed;
use super::user::InstitutionUser;
use super::{menu, settings};
use crate::facility::code_picture::{Caption, CodePicture};
use crate::facility::{FacilityDesk, ShownUrl, UrlShown, UrlWish};
use crate::web::once::Once;
use crate::web::see;
use crate::web::signed_in::OnSite;
use crate::web::{FormData, Shell, Site, refused, render};

/// Where it is.
pub(super) const PATH: &str = "/home-visit-url";
/// Its label.
pub(super) const TITLE: &str = "医療機関等別URL取得・変更";
const HELP: &str = "/help/home-visit-url";
const ACTION: InstitutionAction = InstitutionAction::ManageHomeVisitUrl;
/// The name of each use in paths.
const USES: [(AccessUrlUse, &str); 2] =
    [(AccessUrlUse::HomeVisit, "visit"), (AccessUrlUse::Online, "online")];

/// One address on the page.
struct Part {
    label: &'static str,
    name: &'static str,
    shown: Option<ShownAddress>,
    /// The function is on, and no address was made yet.
    missing: bool,
    /// The setting that keeps it from being there.
    needs: &'static str,
    /// Older addresses that still work, and until when.
    old: Vec<String>,
}

struct ShownAddress {
    address: String,
    picture: String,
    made: String,
}

#[derive(Template)]
#[template(path = "institution/home_visit_url.html")]
struct Page {
    shell: Shell,
    parts: Vec<Part>,
    settings_path: &'static str,
    settings_title: &'static str,
}

#[derive(Template)]
#[template(path = "institution/home_visit_url_change.html")]
struct Change {
    shell: Shell,
    label: &'static str,
    name: &'static str,
    generation: i64,
    once: Once,
    days: Vec<u8>,
}

#[derive(Template)]
#[template(path = "institution/home_visit_url_refused.html")]
struct Refused {
    shell: Shell,
    message: String,
    remedy: &'static str,
    /// Where the remedy is.
    lead: (&'static str, &'static str),
}

pub(super) fn pages() -> Router {
    Router::new()
        .route("/home-visit-url", get(page).post(make))
        .route("/home-visit-url/{use}/change", get(ask_change).post(change))
        .route("/home-visit-url/{use}/{file}", get(download))
}

/// Somebody who may manage the addresses, and what is needed for it: how every page here opens.
struct Keeper {
    site: Arc<Site>,
    desk: Arc<FacilityDesk>,
    user: InstitutionUser,
}

impl<S: Send + Sync> FromRequestParts<S> for Keeper {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let user = InstitutionUser::from_request_parts(parts, state).await?;
        let OnSite(site) = OnSite::from_request_parts(parts, state).await?;
        let desk = parts.extensions.get::<Arc<FacilityDesk>>().cloned().ok_or_else(refused::broken)?;
        user.must(&site, ACTION).await?;
        Ok(Self { site, desk, user })
    }
}

fn shell(site: &Site, user: &InstitutionUser) -> Shell {
    Shell { help: Some(HELP), ..menu::shell(site, TITLE, PATH, user) }
}

fn wish(site: &Site, user: &InstitutionUser, url_use: AccessUrlUse) -> UrlWish {
    UrlWish {
        institution_code: user.institution_code.clone(),
        url_use,
        actor: user.actor(),
        now: site.clock.now(),
    }
}

fn use_named(name: &str) -> Option<AccessUrlUse> {
    USES.iter().find(|(_, known)| *known == name).map(|(url_use, _)| *url_use)
}

fn name_of(url_use: AccessUrlUse) -> &'static str {
    USES.iter().find(|(known, _)| *known == url_use).map_or("", |(_, name)| name)
}

/// What a page says instead of an address that is not there.
fn told_refusal(
    site: &Site,
    user: &InstitutionUser,
    url_use: AccessUrlUse,
    shown: Option<&UrlShown>,
) -> Response {
    let setting = setting_of(url_use);
    let (message, remedy, lead) = match shown {
        None => (
            "URLはまだ生成されていません。".to_owned(),
            "医療機関等別URL取得・変更の画面で生成してください。",
            (PATH, TITLE),
        ),
        Some(UrlShown::FunctionOff) => (
            format!("「{}」が「利用しない」になっているため、URLはありません。", setting.label()),
            "環境設定情報更新で「利用する」に変更してから、もう一度開いてください。",
            (settings::PATH, settings::TITLE),
        ),
        Some(UrlShown::Conflict | UrlShown::InUse(_)) => (
            "ほかの方が、このURLを先に変更しました。今回の変更は行っていません。".to_owned(),
            "現在のURLを確認してください。",
            (PATH, TITLE),
        ),
    };
    render(StatusCode::CONFLICT, &Refused { shell: shell(site, user), message, remedy, lead })
}

async fn part(
    site: &Site,
    desk: &FacilityDesk,
    user: &InstitutionUser,
    url_use: AccessUrlUse,
) -> Result<Part, Response> {
    let wish = wish(site, user, url_use);
    let looked = desk.known_home_visit_url(&site.store, &wish).await.map_err(|error| failed(&error))?;
    let missing = looked.is_none();
    let shown = match looked {
        Some(UrlShown::InUse(ShownUrl { address, made_at, .. })) => {
            let picture =
                CodePicture::new(&address).map(|code| code.on_page().to_owned()).unwrap_or_default();
            Some(ShownAddress { address, picture, made: moment(made_at) })
        }
        Some(UrlShown::FunctionOff | UrlShown::Conflict) | None => None,
    };
    let urls = site.store.home_visit_urls(&user.institution_code, wish.now).await;
    let urls = urls.map_err(|error| refused::by_store(&error))?;
    let old = urls.iter().filter(|url| url.url_use == url_use && shown.is_some());
    let old = old.filter_map(|url| url.ends_at).map(moment).collect();
    let (label, name) = (url_use.label(), name_of(url_use));
    Ok(Part { label, name, shown, missing, needs: setting_of(url_use).label(), old })
}

/// Makes the addresses of the functions that are on, where there is none. Switching a function on does so, so that
/// whoever clicks the menu has the address, as the procedure says, and looking at a page makes nothing.
pub(super) async fn ensure(site: &Site, desk: &FacilityDesk, user: &InstitutionUser) -> Result<(), Response> {
    for (url_use, _) in USES {
        desk.home_visit_url(&site.store, &wish(site, user, url_use)).await.map_err(|error| failed(&error))?;
    }
    Ok(())
}

/// 《URL・二次元バーコードを生成》.
async fn make(Keeper { site, desk, user }: Keeper) -> Response {
    ensure(&site, &desk, &user).await.map_or_else(|response| response, |()| see(PATH))
}

async fn page(Keeper { site, desk, user }: Keeper) -> Response {
    let mut parts = Vec::new();
    for (url_use, _) in USES {
        match part(&site, &desk, &user, url_use).await {
            Ok(part) => parts.push(part),
            Err(response) => return response,
        }
    }
    let page = Page {
        shell: shell(&site, &user),
        parts,
        settings_path: settings::PATH,
        settings_title: settings::TITLE,
    };
    render(StatusCode::OK, &page)
}

async fn ask_change(Keeper { site, desk, user }: Keeper, Path(name): Path<String>) -> Response {
    let Some(url_use) = use_named(&name) else { return refused::not_there() };
    match desk.known_home_visit_url(&site.store, &wish(&site, &user, url_use)).await {
        Ok(Some(UrlShown::InUse(url))) => {
            let page = Change {
                shell: shell(&site, &user),
                label: url_use.label(),
                name: name_of(url_use),
                generation: url.generation,
                once: Once::new(),
                days: (0..=GRACE_DAYS_MAX).collect(),
            };
            render(StatusCode::OK, &page)
        }
        Ok(other) => told_refusal(&site, &user, url_use, other.as_ref()),
        Err(error) => failed(&error),
    }
}

async fn change(Keeper { site, desk, user }: Keeper, Path(name): Path<String>, typed: FormData) -> Response {
    let Some(url_use) = use_named(&name) else { return refused::not_there() };
    let (once, grace) = (Once::of_form(&typed), GraceDays::parse(typed.get("grace")));
    let generation = typed.get("generation").parse().ok();
    let (Some(once), Some(grace), Some(generation)) = (once, grace, generation) else {
        return refused::incomplete();
    };
    let form = once.of_subject(user.subject());
    let wish = wish(&site, &user, url_use);
    match desk.change_home_visit_url(&site.store, &wish, Some(generation), grace, form).await {
        Ok(UrlShown::InUse(_)) => see(PATH),
        Ok(other) => told_refusal(&site, &user, url_use, Some(&other)),
        Err(error) => failed(&error),
    }
}

/// `code.png`, `code.pdf`, `code.svg`: the code with the institution's name under it.
async fn download(
    Keeper { site, desk, user }: Keeper,
    Path((name, file)): Path<(String, String)>,
) -> Response {
    let Some(url_use) = use_named(&name) else { return refused::not_there() };
    if !matches!(&*file, "code.png" | "code.pdf" | "code.svg") {
        return refused::not_there();
    }
    let url = match desk.known_home_visit_url(&site.store, &wish(&site, &user, url_use)).await {
        Ok(Some(UrlShown::InUse(url))) => url,
        Ok(other) => return told_refusal(&site, &user, url_use, other.as_ref()),
        Err(error) => return failed(&error),
    };
    let institution = match site.store.institution(&user.institution_code).await {
        Ok(institution) => institution.map(|found| found.name).unwrap_or_default(),
        Err(error) => return refused::by_store(&error),
    };
    // Fonts are read from disk and pictures drawn: not on a thread that answers others.
    let purpose = url_use.label();
    let drawn = tokio::task::spawn_blocking(move || {
        let caption = Caption { institution_name: &institution, purpose };
        draw(&desk, &file, &url.address, caption)
    });
    match drawn.await {
        Ok(Some((kind, content))) => {
            let (content_type, extension) = kind;
            let name = format!("attachment; filename=\"home-visit-{}.{extension}\"", name_of(url_use));
            let Ok(disposition) = HeaderValue::from_str(&name) else { return refused::broken() };
            let kind = HeaderValue::from_static(content_type);
            ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], content)
                .into_response()
        }
        Ok(None) => {
            let page = Refused {
                shell: shell(&site, &user),
                message: "二次元バーコードの画像を作成できませんでした。".to_owned(),
                remedy: "SVG形式のダウンロードをお試しください。続くときは運用窓口にご連絡ください。",
                lead: (PATH, TITLE),
            };
            render(StatusCode::SERVICE_UNAVAILABLE, &page)
        }
        Err(_) => refused::broken(),
    }
}

type Drawn = ((&'static str, &'static str), Vec<u8>);

fn draw(desk: &FacilityDesk, file: &str, address: &str, caption: Caption<'_>) -> Option<Drawn> {
    let picture = CodePicture::new(address)?;
    match file {
        "code.svg" => Some((("image/svg+xml", "svg"), picture.svg(caption).into_bytes())),
        "code.png" => Some((("image/png", "png"), picture.png(caption, desk.fonts()?)?)),
        _ => Some((("application/pdf", "pdf"), picture.pdf(caption, address, desk.fonts()?)?)),
    }
}
