//! お知らせの公開.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::{account::OperatorAction, field::FieldText};
use store::{ApplicationId, NOTICE_BODY_MAX_CHARS, NOTICE_TITLE_MAX_CHARS, Notice};

use super::acting;
use crate::portal::applications::{new_id, summary};
use crate::web::signed_in::OnSite;
use crate::web::{FormData, FormView, OperatorUser, Shell, Site, refused, render, see};

const FIELDS: &[FieldText] = &[
    FieldText { id: "title", label: "表題", required: true, hint: "80文字以内" },
    FieldText {
        id: "body", label: "本文", required: true, hint: "4000文字以内。空行で段落を分けます"
    },
    FieldText {
        id: "important", label: "重要なお知らせとして目立たせる", required: false, hint: ""
    },
];

struct NoticeView {
    id: String,
    title: String,
    important: bool,
    published: String,
    by: String,
    withdrawn: Option<String>,
}

#[derive(Template)]
#[template(path = "operator/notices.html")]
struct Page {
    shell: Shell,
    id: String,
    fields: Vec<String>,
    wrong: Option<String>,
    notices: Vec<NoticeView>,
}

async fn write(
    site: &Site,
    user: &OperatorUser,
    (id, typed): (String, FormData),
    wrong: Option<String>,
) -> Response {
    let notices = match site.store.every_notice().await {
        Ok(notices) => notices,
        Err(error) => return refused::by_store(&error),
    };
    let view = FormView::filled(FIELDS, typed);
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let shown = notices.into_iter().map(|notice| NoticeView {
        id: notice.id,
        title: notice.title,
        important: notice.important,
        published: summary::moment(notice.published_at),
        by: notice.published_by,
        withdrawn: notice.withdrawn_at.map(summary::moment),
    });
    let page = Page {
        shell: super::shell(site, "お知らせの公開", "/notices", user),
        id,
        fields: vec![view.line("title"), view.lines("body"), view.tick("important")],
        wrong,
        notices: shown.collect(),
    };
    render(status, &page)
}

/// The page.
pub(super) async fn page(OnSite(site): OnSite, user: OperatorUser) -> Response {
    if let Err(refused) = super::allowed(&site, &user, OperatorAction::PublishNotices).await {
        return refused;
    }
    write(&site, &user, (new_id(), FormData::default()), None).await
}

/// What is wrong with a notice.
fn fault(title: &str, body: &str) -> Option<String> {
    let length = |text: &str| text.chars().count();
    if title.is_empty() || length(title) > NOTICE_TITLE_MAX_CHARS {
        return Some(format!("表題を{NOTICE_TITLE_MAX_CHARS}文字以内で入力してください。"));
    }
    let wrong = body.is_empty() || length(body) > NOTICE_BODY_MAX_CHARS;
    wrong.then(|| format!("本文を{NOTICE_BODY_MAX_CHARS}文字以内で入力してください。"))
}

/// 公開する.
pub(super) async fn publish(OnSite(site): OnSite, user: OperatorUser, typed: FormData) -> Response {
    let by = match acting(&site, &user, OperatorAction::PublishNotices).await {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    let Some(id) = ApplicationId::parse(typed.get("id")) else { return refused::incomplete() };
    let (title, body) =
        (typed.get("title").trim().to_owned(), typed.get("body").trim().replace("\r\n", "\n"));
    if let Some(wrong) = fault(&title, &body) {
        return write(&site, &user, (id.to_string(), typed), Some(wrong)).await;
    }
    let notice = Notice {
        id: id.to_string(),
        title,
        body,
        important: typed.get("important") == "on",
        published_at: site.clock.now(),
        published_by: by.account,
        withdrawn_at: None,
    };
    match site.store.publish_notice(notice).await {
        Ok(_) => see("/notices"),
        Err(error) => refused::by_store(&error),
    }
}

/// 公開を終える.
pub(super) async fn withdraw(OnSite(site): OnSite, user: OperatorUser, Path(id): Path<String>) -> Response {
    let by = match acting(&site, &user, OperatorAction::PublishNotices).await {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    match site.store.withdraw_notice(&id, &by.account, site.clock.now()).await {
        Ok(_) => see("/notices"),
        Err(error) => refused::by_store(&error),
    }
}
