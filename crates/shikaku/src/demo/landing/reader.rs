//! The tray of the demo's card reader: cards to put down and to take away.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{Pages, broken, render, unknown};

/// Its page.
pub(super) const PATH: &str = "/reader";

/// One card in the hand.
struct InHand<'p> {
    id: &'static str,
    name: &'p str,
    title: &'static str,
    lies: bool,
}

#[derive(Template)]
#[template(path = "reader.html")]
struct TrayPage<'p> {
    screen: &'p str,
    lying: Option<&'p str>,
    cards: Vec<InHand<'p>>,
}

pub(super) async fn show(State(pages): State<Arc<Pages>>) -> Response {
    let reader = pages.system.reader();
    let lying = reader.lying();
    let people = pages.system.people().iter().filter(|person| person.card.is_some());
    let cards: Vec<InHand<'_>> = people
        .map(|person| InHand {
            id: person.id,
            name: &person.person.name,
            title: person.title,
            lies: lying.as_deref() == Some(person.id),
        })
        .collect();
    let name = cards.iter().find(|card| card.lies).map(|card| card.name);
    render(StatusCode::OK, &TrayPage { screen: reader.start_url(), lying: name, cards })
}

#[derive(Deserialize)]
pub(super) struct PutForm {
    persona: String,
}

pub(super) async fn put(State(pages): State<Arc<Pages>>, Form(form): Form<PutForm>) -> Response {
    match pages.system.put_card(&form.persona).await {
        Some(Ok(())) => Redirect::to(PATH).into_response(),
        Some(Err(error)) => broken(&error),
        None => unknown().await,
    }
}

pub(super) async fn take(State(pages): State<Arc<Pages>>) -> Response {
    pages.system.reader().take();
    Redirect::to(PATH).into_response()
}
