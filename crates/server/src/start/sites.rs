//! The sites that people sign in to, started.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::{Extension, Router};
use pki::letter::{FontFiles, Fonts, Repertoire};
use rustls::ServerConfig;
use store::{Audience, Store};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use zeroize::Zeroizing;

use super::{StartError, bind, local, material};
use crate::clock::Clock;
use crate::config::{Config, WebSite};
use crate::mail::{self, MailError, Postman};
use crate::portal::applications::SheetMaker;
use crate::web::password::Passwords;
use crate::web::seal::Seal;
use crate::web::sign_in::{self, SignInDesk};
use crate::web::{MenuEntry, Site, door, housekeeping};
use crate::{operator, portal};

/// A site that answers.
#[derive(Clone, Debug)]
pub struct RunningSite {
    /// Where it answers.
    pub address: SocketAddr,
    /// How browsers write it.
    pub origin: String,
}

/// The sites that answer.
#[derive(Clone, Debug, Default)]
pub(super) struct RunningSites {
    pub(super) portal: Option<RunningSite>,
    pub(super) operator: Option<RunningSite>,
}

/// What both sites are started with.
struct Ground<'a> {
    config: &'a Config,
    store: &'a Store,
    clock: &'a Clock,
    tasks: &'a TaskTracker,
    stop: &'a CancellationToken,
}

/// What one site is besides its address.
struct Plan {
    name: &'static str,
    audience: Audience,
    home: &'static str,
    menu: &'static [MenuEntry],
    name_label: &'static str,
    name_kind: &'static str,
    links: &'static [(&'static str, &'static str)],
    setting: &'static str,
}

const PORTAL: Plan = Plan {
    name: portal::NAME,
    audience: Audience::Portal,
    home: "/my-menu",
    menu: portal::MENU,
    name_label: "メールアドレス",
    name_kind: "email",
    links: portal::SIGN_IN_LINKS,
    setting: "portal.listen",
};
const OPERATOR: Plan = Plan {
    name: operator::NAME,
    audience: Audience::Operator,
    home: "/",
    menu: operator::MENU,
    name_label: "ユーザーID",
    name_kind: "text",
    links: &[],
    setting: "operator.listen",
};

pub(super) async fn start(
    config: &Config,
    store: &Store,
    clock: &Clock,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Result<RunningSites, StartError> {
    let ground = Ground { config, store, clock, tasks, stop };
    let mut running = RunningSites::default();
    if let Some(settings) = &config.portal {
        let sheets = sheets(config)?;
        let routes = |desk: &Arc<SignInDesk>| portal::site(desk, sheets);
        running.portal = Some(ground.site(settings, &PORTAL, routes).await?);
        let work = portal::applications::CarryingOut::new(store.clone(), clock.clone());
        tasks.spawn(work.run(stop.clone()));
    }
    if let Some(settings) = &config.operator {
        let printing = printing(config)?;
        let routes = |desk: &Arc<SignInDesk>| {
            let own = operator::routes(Arc::clone(&desk.seal));
            let own = match printing {
                Some(printing) => own.layer(Extension(printing)),
                None => own,
            };
            desk.site.furnish(own.merge(sign_in::routes(Arc::clone(desk))))
        };
        running.operator = Some(ground.site(settings, &OPERATOR, routes).await?);
    }
    if config.portal.is_some() || config.operator.is_some() || config.institution_web.is_some() {
        tasks.spawn(housekeeping::run(store.clone(), clock.clone(), stop.clone()));
    }
    if let Some(settings) = &config.mail {
        // Without a key nobody signs in here, and no mail with a link is written.
        let seal = config.secrets_key.is_some().then(|| seal(config)).transpose()?;
        let server = settings.server.reveal();
        let postman = Postman::new(store.clone(), clock.clone(), seal, server, &settings.sender);
        let refused = |error: MailError| {
            let remedy = if matches!(error, MailError::Open(_)) { mail::REMEDY } else { "" };
            StartError::Setting { setting: "mail.server", message: format!("{error}. {remedy}") }
        };
        let postman = postman.map_err(refused)?;
        tasks.spawn(postman.run(stop.clone()));
    }
    Ok(running)
}

impl Ground<'_> {
    async fn site(
        &self,
        settings: &WebSite,
        plan: &Plan,
        routes: impl FnOnce(&Arc<SignInDesk>) -> Router,
    ) -> Result<RunningSite, StartError> {
        let tls: Option<Arc<ServerConfig>> = material::site_tls(settings, plan.setting, self.clock)?;
        let listener = bind(plan.setting, settings.listen).await?;
        let address = local(&listener, settings.listen);
        let origin = settings.origin_at(address);
        let site = Arc::new(Site {
            name: plan.name,
            audience: Some(plan.audience),
            origin: origin.clone(),
            other_origins: Vec::new(),
            sign_in: "/login",
            home: plan.home,
            menu: plan.menu,
            store: self.store.clone(),
            clock: self.clock.clone(),
        });
        let refused = |message: String| StartError::Setting { setting: plan.setting, message };
        let desk = Arc::new(SignInDesk {
            site,
            passwords: Passwords::new().map_err(|error| refused(error.to_string()))?,
            seal: seal(self.config)?,
            name_label: plan.name_label,
            name_kind: plan.name_kind,
            links: plan.links,
        });
        let limits = self.config.limits.site();
        self.tasks.spawn(door::serve(listener, tls, routes(&desk), limits, self.stop.clone()));
        tracing::info!(%address, site = plan.setting, "a site answers");
        Ok(RunningSite { address, origin })
    }
}

/// Who makes 通知書: they look like the authority's letters and come from the same office. None without an authority.
fn sheets(config: &Config) -> Result<Option<Arc<SheetMaker>>, StartError> {
    let Some(authority) = &config.authority else { return Ok(None) };
    let web = config.institution_web.as_ref();
    let login_site = web.map(|web| web.origin.clone());
    let environment = web.map(|web| web.environment).unwrap_or_default();
    let maker = SheetMaker::new(&authority.letters, login_site, environment);
    let refused = |message| StartError::Setting { setting: "authority.letters", message };
    Ok(Some(Arc::new(maker.map_err(refused)?)))
}

/// What the letters' fonts can print, so that a decision knows it. None without an authority.
fn printing(config: &Config) -> Result<Option<Arc<Repertoire>>, StartError> {
    let Some(authority) = &config.authority else { return Ok(None) };
    let letters = &authority.letters;
    let files = FontFiles {
        regular: letters.regular.clone(),
        bold: letters.bold.clone(),
        fallback: letters.fallback.clone(),
        bold_fallback: letters.bold_fallback.clone(),
    };
    let repertoire = Fonts::load(&files).and_then(|fonts| Repertoire::of(&fonts));
    let refused =
        |error: pki::Error| StartError::Setting { setting: "authority.letters", message: error.to_string() };
    repertoire.map(|repertoire| Some(Arc::new(repertoire))).map_err(refused)
}

/// What seals whatever must be read again.
pub(super) fn seal(config: &Config) -> Result<Arc<Seal>, StartError> {
    let setting = "secrets_key";
    let Some(path) = &config.secrets_key else {
        let message = "there is no key that seals second factors, mailed links and letters".to_owned();
        return Err(StartError::Setting { setting, message });
    };
    let text = material::read(setting, path)?;
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim(), &mut *key)
        .map_err(|_| material::file_error(setting, path, "it must hold 32 bytes in hex"))?;
    Seal::new(&key).map(Arc::new).map_err(|error| material::file_error(setting, path, error))
}
