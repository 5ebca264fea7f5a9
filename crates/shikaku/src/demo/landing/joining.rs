//! The pages about joining: the first day, and what arrives by mail and by post.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use eligibility::{
    Instant,
    calendar::{format_japanese, tokyo_date},
};

use super::{Pages, broken, render, unknown};
use crate::demo::joining::{
    LineByName, NEW_CODE, NEW_CUSTOMER_ID, NEW_NAME, fonts, mailbox::Mail, progress::Step, staff::Shown,
};

/// The first day, step by step.
#[derive(Template)]
#[template(path = "first_day.html")]
struct FirstDay {
    steps: Vec<Step>,
    /// What the new institution writes into forms.
    about: [(&'static str, String); 5],
    people: Vec<Shown>,
    operator: String,
    /// オンライン資格確認等システム, as the new institution's browser opens it.
    web: String,
    /// What to install for letters, where there is no font.
    missing: Option<&'static str>,
    /// How the page of line authentication is opened under its own name.
    by_name: LineByName,
}

/// What arrived.
#[derive(Template)]
#[template(path = "mailbox.html")]
struct Arrived {
    letters: Vec<LetterView>,
    mails: Vec<Mail>,
    name: &'static str,
}

struct LetterView {
    id: String,
    document_number: String,
    terminal_name: String,
    posted: String,
    tracking_number: String,
}

fn day(at: Instant) -> String {
    format_japanese(tokyo_date(at))
}

pub(super) async fn first_day(State(pages): State<Arc<Pages>>) -> Response {
    let system = &pages.system;
    let read = async { anyhow::Ok((system.first_day().await?, system.telephones()?)) };
    match read.await {
        Ok((steps, people)) => {
            let page = FirstDay {
                steps,
                about: [
                    ("医療機関コード", NEW_CODE.to_owned()),
                    ("医療機関等の名称", NEW_NAME.to_owned()),
                    ("お客さまID", format!("{NEW_CUSTOMER_ID}（回線事業者の「ご利用内容のご案内」から）")),
                    ("電気通信回線種別", "IP-VPN（NTT・光コラボ）".to_owned()),
                    ("メールアドレス", "どのアドレスでも「メールと郵便」に届きます。".to_owned()),
                ],
                people,
                operator: system.operator_site(),
                web: system.new_gateway(),
                missing: fonts::find().is_none().then_some(fonts::REMEDY),
                by_name: system.line_by_name(),
            };
            render(StatusCode::OK, &page)
        }
        Err(error) => broken(&error),
    }
}

pub(super) async fn mailbox(State(pages): State<Arc<Pages>>) -> Response {
    let system = &pages.system;
    let read = async {
        let letters = system.town.letterbox.arrived(system.store()).await?;
        anyhow::Ok((letters, system.town.mailbox.mails()?))
    };
    match read.await {
        Ok((letters, mails)) => {
            let letters = letters.into_iter().map(|letter| LetterView {
                posted: letter.posted_at.map(day).unwrap_or_default(),
                tracking_number: letter.tracking_number.unwrap_or_default(),
                id: letter.letter_id,
                document_number: letter.document_number,
                terminal_name: letter.terminal_name,
            });
            render(StatusCode::OK, &Arrived { letters: letters.collect(), mails, name: NEW_NAME })
        }
        Err(error) => broken(&error),
    }
}

pub(super) async fn letter(State(pages): State<Arc<Pages>>, Path(id): Path<String>) -> Response {
    let system = &pages.system;
    match system.town.letterbox.letter(system.store(), &id).await {
        Ok(Some(pdf)) => {
            let headers = [
                (header::CONTENT_TYPE, "application/pdf"),
                (header::CONTENT_DISPOSITION, "inline; filename=\"letter.pdf\""),
            ];
            (headers, pdf).into_response()
        }
        Ok(None) => unknown().await,
        Err(error) => broken(&error),
    }
}
