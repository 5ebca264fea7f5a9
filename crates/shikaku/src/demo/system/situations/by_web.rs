//! What somebody meets on a page of the institution web: asked for over real mutual TLS with the demo terminal's
//! certificate, in a session of an account of the demo.

use anyhow::{Context, Result, ensure};
use eligibility::{
    Instant,
    consent::{CareForm, ConsentSearch},
    errors::ErrorCode,
    institution_account::InstitutionRole,
};
use server::web::{SecretToken, session::cookie_name};
use store::{Audience, ConsentedWanted, Stage, WebSession, audit::AuditEvent};

use super::{
    System, Trial,
    line::{Caller, Heard, Line},
};
use crate::demo::{
    institution_accounts,
    landing::view::File,
    premises::{INSTITUTION_CODE, TERMINAL_CERTIFICATE, TERMINAL_KEY, institution, institution_web_origin},
};

/// Who died, and with whom every consent.
const DEAD_PERSONA: &str = "died";
/// For how long the session may be used, milliseconds.
const SESSION_MS: i64 = 60_000;

impl System {
    pub(super) async fn consent_over(&self) -> Result<Trial> {
        let (person, account) = (self.checked_at(DEAD_PERSONA).await?, institution_accounts::VIEWER);
        let month = eligibility::calendar::first_of_month(self.clock.today());
        let path = format!(
            "/medical-information/patients/{person}/records?kind=medication&from={month}&until={month}"
        );
        let (secret, session) = self.session_of(account).await?;
        let cookie = format!("{}={}", cookie_name(Audience::Institution), secret.reveal());
        let heard = self.web_line()?.get_as(&path, &cookie).await;
        let audit = told_of(&session, "account.sign-out");
        self.store().end_web_session(secret.hash(), session, audit, self.clock.now()).await?;
        let steps = vec![
            format!("医療情報閲覧のアカウント（{}）でログインした画面を用意する", account.id),
            "亡くなって同意も切れた患者さんの薬剤閲覧を、端末の証明書で開く".to_owned(),
            "同意取得済み患者一覧に戻され、コードが表示される".to_owned(),
        ];
        page(&heard?, steps)
    }

    /// The check at which this person agreed to something for home visits.
    async fn checked_at(&self, id: &str) -> Result<String> {
        let person = self.people.iter().find(|person| person.id == id).context("the person")?;
        let every = ConsentSearch { given: None, planned: None, care_form: Some(CareForm::HomeVisit) };
        let found = self.store().consented_people(&institution()?, ConsentedWanted::Found(every), 0).await?;
        let of_person = found.people.into_iter().find(|one| one.person_key == person.person_key);
        Ok(of_person.context("the consent")?.check_id)
    }

    /// A session that needs no password, so that whoever uses the account in a browser stays signed in.
    async fn session_of(&self, account: &institution_accounts::Account) -> Result<(SecretToken, WebSession)> {
        let secret = SecretToken::random()?;
        let now = self.clock.now();
        let session = WebSession {
            audience: Audience::Institution,
            subject: format!("{INSTITUTION_CODE}:{}", account.id),
            institution_code: Some(institution()?),
            role: InstitutionRole::Viewer.name().to_owned(),
            name: account.name.to_owned(),
            stage: Stage::Full,
            began_at: now,
            seen_at: now,
            ends_at: Instant(now.0 + SESSION_MS),
        };
        let audit = told_of(&session, "account.sign-in");
        let begun = self.store().begin_web_session(secret.hash(), session.clone(), None, audit).await?;
        ensure!(begun, "the session did not begin");
        Ok((secret, session))
    }

    fn web_line(&self) -> Result<Line> {
        let (root, key) = (self.root(), self.folder.key(TERMINAL_KEY));
        let certificate = self.folder.key(TERMINAL_CERTIFICATE);
        let origin = institution_web_origin(self.ports);
        let centre = origin.trim_start_matches("https://");
        Line::open(&Caller { root: &root, certificate: &certificate, key: &key, centre })
    }
}

/// What the audit log says of the session.
fn told_of(session: &WebSession, action: &str) -> AuditEvent {
    AuditEvent {
        actor: session.actor(),
        action: action.to_owned(),
        object: session.actor(),
        outcome: "done".to_owned(),
        detail: "simulated: brought about by the demo's list of errors".to_owned(),
    }
}

/// What a page says, as the trial it is.
fn page(heard: &Heard, steps: Vec<String>) -> Result<Trial> {
    let code =
        heard.body.split_once("コード <a href=\"/help/errors/").and_then(|(_, rest)| rest.split_once('"'));
    let (code, _) = code.with_context(|| format!("no code on the page: {}", heard.status))?;
    let known = ErrorCode::from_code(code).with_context(|| format!("{code} is in no catalogue"))?;
    let told = heard.body.split_once("role=\"alert\">").and_then(|(_, rest)| rest.split_once("</div>"));
    let answer = File {
        title: "画面の表示",
        path: format!("HTTP {}（text/html）", heard.status),
        content: told.map(|(alert, _)| alert.to_owned()).unwrap_or_default(),
        wrap: true,
    };
    Ok(Trial {
        code: code.to_owned(),
        message: known.message().to_owned(),
        remedy: None,
        steps,
        files: vec![answer],
        institution: INSTITUTION_CODE,
    })
}
