//! The page: it says how the line stands that it was opened over, and has the two buttons.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use eligibility::Instant;
use eligibility::calendar;
use eligibility::line::{CHOICE_DECLINE, CHOICE_WISH, DECLINED, LineDecision, SUCCEEDED};
use store::{LineAnswer, LineRecord, Store};

use super::lines::Lines;
use super::presses::Presses;
use crate::clock::Clock;
use crate::web::door::Peer;
use crate::web::{FormData, Shell, Site, refused, render};

/// What the site is called.
const NAME: &str = "回線認証";
const CHOICE_PATH: &str = "/choice";
const CONNECTED_PATH: &str = "/connected";
const DECLINED_PATH: &str = "/declined";
/// The buttons' field, and what each of them sends.
const CHOICE: &str = "choice";
const WISH: &str = "connect";
const DECLINE: &str = "decline";

struct Desk {
    site: Arc<Site>,
    lines: Arc<Lines>,
    presses: Presses,
}

/// The site under `origin`, and under the others. What is pressed there is seen by `lines` at once.
pub fn site(
    (origin, other_origins): (String, Vec<String>),
    store: Store,
    clock: Clock,
    lines: Arc<Lines>,
) -> Router {
    let site = Arc::new(Site {
        name: NAME,
        audience: None,
        origin,
        other_origins,
        sign_in: "/",
        home: "/",
        menu: &[],
        store,
        clock,
    });
    let desk = Arc::new(Desk { site: Arc::clone(&site), lines, presses: Presses::default() });
    let routes = Router::new()
        .route("/", get(standing))
        .route(CONNECTED_PATH, get(connected))
        .route(DECLINED_PATH, get(declined))
        .route(CHOICE_PATH, post(choose))
        .with_state(desk);
    site.furnish(routes)
}

/// How a line stands, in the words of the page.
#[derive(Template)]
#[template(path = "line_auth/standing.html")]
struct Standing {
    shell: Shell,
    mark: &'static str,
    tone: &'static str,
    heading: &'static str,
    sentence: &'static str,
    /// Said above, when a button was pressed just before.
    pressed: Option<&'static str>,
    /// Label and value of each button.
    choices: Vec<(&'static str, &'static str)>,
    /// Until when the line is connected if it is not used.
    until: Option<String>,
    /// Whether there is something the desk should check at the line itself.
    check_line: bool,
    address: String,
}

#[derive(Template)]
#[template(path = "line_auth/declined.html")]
struct Declined {
    shell: Shell,
    sentence: &'static str,
}

#[derive(Template)]
#[template(path = "line_auth/too_often.html")]
struct TooOften {
    shell: Shell,
}

impl Desk {
    fn shell(&self, title: &'static str) -> Shell {
        Shell::new(&self.site, title, "/", None)
    }

    fn now(&self) -> Instant {
        self.site.clock.now()
    }

    async fn line(&self, peer: Peer) -> Result<LineDecision, Response> {
        let line = self.site.store.line_at(peer.0).await.map_err(|error| refused::by_store(&error))?;
        Ok(decided(line.as_ref(), peer, self.now()))
    }

    fn show(&self, decision: LineDecision, peer: Peer, pressed: Option<&'static str>) -> Response {
        let words = decision.page();
        let (mark, tone, status) = match decision {
            LineDecision::Connected { .. } | LineDecision::NotNeeded => ("✓", "go", StatusCode::OK),
            LineDecision::OfferChoice(_) => ("!", "care", StatusCode::OK),
            LineDecision::NotALine | LineDecision::NoCustomerId => ("✕", "stop", StatusCode::FORBIDDEN),
        };
        let until = match decision {
            LineDecision::Connected { until } => Some(told_day(until)),
            _ => None,
        };
        let page = Standing {
            shell: self.shell(words.heading),
            mark,
            tone,
            heading: words.heading,
            sentence: words.sentence,
            pressed,
            choices: words.choices.iter().map(|label| (*label, value_of(label))).collect(),
            until,
            check_line: !decision.lets_through(),
            address: peer.0.to_canonical().to_string(),
        };
        render(status, &page)
    }

    async fn press(&self, wish: &str, peer: Peer) -> Result<Response, Response> {
        let now = self.now();
        let line = self.site.store.line_at(peer.0).await.map_err(|error| refused::by_store(&error))?;
        // A line is counted as one, however many addresses it has.
        let who = match &line {
            Some(line) => line.prefix_of(peer.0).map_or_else(|| peer.network(), |prefix| prefix.to_string()),
            None => peer.network(),
        };
        if !self.presses.take(&who, now) {
            metrics::counter!("shikaku_line_presses_refused_total").increment(1);
            let page = TooOften { shell: self.shell("操作の回数が多すぎます") };
            return Ok(render(StatusCode::TOO_MANY_REQUESTS, &page));
        }
        let pressed = match wish {
            WISH => self.site.store.connect_line(peer.0, now).await,
            DECLINE => self.site.store.decline_line(peer.0, now).await,
            _ => return Err(refused::incomplete()),
        };
        let answer = pressed.map_err(|error| refused::by_store(&error))?;
        self.seen(&answer).await;
        Ok(Redirect::to(page_after(wish, answer.decision)).into_response())
    }

    /// What was changed here acts here at once.
    async fn seen(&self, answer: &LineAnswer) {
        if !answer.changed {
            return;
        }
        if let Err(error) = self.lines.refresh().await {
            tracing::warn!(%error, "a changed line could not be read again at once");
        }
        let institution = answer.institution_code.as_ref().map(ToString::to_string).unwrap_or_default();
        let connected = answer.decision.is_some_and(LineDecision::lets_through);
        tracing::info!(institution, connected, "a line was told what is wished");
    }
}

fn decided(line: Option<&LineRecord>, peer: Peer, now: Instant) -> LineDecision {
    line.map_or(LineDecision::NotALine, |line| line.decision(peer.0, now))
}

/// Where a browser goes after a button, so that loading the page again presses nothing.
fn page_after(wish: &str, decision: Option<LineDecision>) -> &'static str {
    match (wish, decision) {
        (WISH, Some(LineDecision::Connected { .. })) => CONNECTED_PATH,
        (DECLINE, Some(LineDecision::OfferChoice(_))) => DECLINED_PATH,
        _ => "/",
    }
}

fn value_of(label: &str) -> &'static str {
    if label == CHOICE_WISH { WISH } else { DECLINE }
}

/// A day as people read it: 和暦 with 西暦 beside.
fn told_day(at: Instant) -> String {
    let date = calendar::tokyo_date(at);
    format!("{}（{date}）", calendar::format_japanese(date))
}

async fn standing(State(desk): State<Arc<Desk>>, Extension(peer): Extension<Peer>) -> Response {
    match desk.line(peer).await {
        Ok(decision) => desk.show(decision, peer, None),
        Err(response) => response,
    }
}

/// After 「希望する」. What is not connected is not said to be.
async fn connected(State(desk): State<Arc<Desk>>, Extension(peer): Extension<Peer>) -> Response {
    match desk.line(peer).await {
        Ok(decision @ LineDecision::Connected { .. }) => desk.show(decision, peer, Some(SUCCEEDED)),
        Ok(decision) => desk.show(decision, peer, None),
        Err(response) => response,
    }
}

/// After 「希望しない」.
async fn declined(State(desk): State<Arc<Desk>>, Extension(peer): Extension<Peer>) -> Response {
    match desk.line(peer).await {
        Ok(LineDecision::OfferChoice(_)) => {
            let page = Declined { shell: desk.shell(CHOICE_DECLINE), sentence: DECLINED };
            render(StatusCode::OK, &page)
        }
        Ok(decision) => desk.show(decision, peer, None),
        Err(response) => response,
    }
}

async fn choose(State(desk): State<Arc<Desk>>, Extension(peer): Extension<Peer>, form: FormData) -> Response {
    desk.press(form.get(CHOICE), peer).await.unwrap_or_else(|response| response)
}
