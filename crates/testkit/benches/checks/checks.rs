//! Checks by card and by number, as fast as they go and at half of that.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use eligibility::card_certificate::CardCertificateId;
use eligibility::consent::{CareForm, ConsentChoice, ConsentKind};
use eligibility::coverage::Coverage;
use eligibility::institution::InstitutionCode;
use eligibility::verification::{NumberQuery, ProofMethod};
use eligibility::{Date, Instant};
use pki::Validity;
use pki::jlis::{CardAuthorityKind, CardSubject, KeyPool, SimulatedJlis};
use store::{CardLookup, Options, Store};
use wire::terminal_api::{
    CARD_VERIFICATIONS_PATH, CardCheckRequest, NONCES_PATH, NUMBER_VERIFICATIONS_PATH, NonceAnswer,
    NonceRequest, NumberCheckRequest,
};

use crate::Line;
use crate::footprint::Footprint;
use crate::load::{self, Measured, Target, ask_once, post};
use crate::process::Running;
use crate::site::{PERSONS, Site};

/// Checks of the run at full speed.
const FULL: usize = 30_000;
/// Checks of the run at half speed.
const HALF: usize = 15_000;
/// Checks that warm the caches first.
const WARM: usize = 3_000;
/// Connections of the load generator.
pub(crate) const CONNECTIONS: usize = 48;
/// Different people asked about, spread over the whole population.
const PEOPLE: u32 = 4_000;
/// RSA keys shared by their cards: making a key takes longer than everything else.
const KEYS: usize = 16;
/// Body of an answer to a card check, bytes; the floor's answers are as long.
const CARD_ANSWER_BYTES: usize = 2_850;
/// Body of an answer to a number check, bytes.
const NUMBER_ANSWER_BYTES: usize = 1_550;
/// Characters of a nonce.
const NONCE_CHARS: usize = 54;
/// Nonces fetched by one request.
const NONCES_AT_ONCE: u32 = 64;

/// Somebody to ask about.
struct Asked {
    certificate: Vec<u8>,
    key: usize,
    coverage: Coverage,
}

/// Everybody to ask about, with the keys of their cards.
pub(crate) struct People {
    asked: Vec<Asked>,
    keys: KeyPool,
    fingerprint: String,
    pub(crate) institution: InstitutionCode,
    as_of: Date,
}

impl People {
    /// The question about the n-th of them, as typed from an insurance card.
    pub(crate) fn query(&self, index: usize) -> NumberQuery {
        let coverage = &self.asked[index % self.asked.len()].coverage;
        NumberQuery {
            as_of: self.as_of,
            insurer_number: coverage.insurer_number.clone(),
            insured_symbol: coverage.insured_symbol.clone(),
            insured_number: coverage.insured_number.clone(),
            branch_number: coverage.branch_number.clone(),
            birthdate: coverage.person.birthdate,
            ceiling_consent: true,
        }
    }
}

/// Checks by card: nonces are fetched and signed before the clock starts, as cards do that.
pub(crate) async fn card(site: &Site, people: &People) -> Result<Line> {
    let sample = signed(people, &["0".repeat(NONCE_CHARS)], 0)?;
    let floor = floor(site, people, sample[0].len(), CARD_ANSWER_BYTES).await?;
    let (server, target) = site.serve()?;
    let warm = card_requests(people, &target, WARM).await?;
    load::run(&target, warm, CONNECTIONS, None).await?;
    let requests = card_requests(people, &target, FULL).await?;
    let first = requests[0].clone();
    let full = metered(site, &server, &target, requests, None).await?;
    as_long_as_the_floors(&ask_once(&target, &first).await?, CARD_ANSWER_BYTES)?;
    let requests = card_requests(people, &target, HALF).await?;
    let half = metered(site, &server, &target, requests, Some(full.measured.per_second() / 2.0)).await?;
    line("card_check", &full, &half, &floor, &server)
}

/// Checks by number.
pub(crate) async fn number(site: &Site, people: &People) -> Result<Line> {
    let sample = number_requests(people, "sample", 1)?;
    let floor = floor(site, people, sample[0].len(), NUMBER_ANSWER_BYTES).await?;
    let (server, target) = site.serve()?;
    load::run(&target, number_requests(people, "warm", WARM)?, CONNECTIONS, None).await?;
    let requests = number_requests(people, "full", FULL)?;
    let first = requests[0].clone();
    let full = metered(site, &server, &target, requests, None).await?;
    as_long_as_the_floors(&ask_once(&target, &first).await?, NUMBER_ANSWER_BYTES)?;
    let requests = number_requests(people, "half", HALF)?;
    let half = metered(site, &server, &target, requests, Some(full.measured.per_second() / 2.0)).await?;
    line("number_check", &full, &half, &floor, &server)
}

fn line(name: &'static str, full: &Metered, half: &Metered, floor: &Floor, server: &Running) -> Result<Line> {
    let per_second = full.measured.per_second();
    Ok(Line {
        name,
        per_second: Some(per_second),
        floor_per_second: Some(floor.per_second),
        ratio: Some(per_second / floor.per_second),
        floor_p50_ms: Some(floor.half.percentile(0.50)),
        floor_p99_ms: Some(floor.half.percentile(0.99)),
        p50_ms: Some(half.measured.percentile(0.50)),
        p99_ms: Some(half.measured.percentile(0.99)),
        cpu_us: Some(full.cpu_us),
        rss_mib: Some(server.rss_anon_mib()?),
        audit_bytes: Some(full.audit_bytes),
        stored_bytes: Some(full.stored_bytes),
    })
}

/// A run and what it took: the server's CPU per answer (microseconds), bytes per answer.
struct Metered {
    measured: Measured,
    cpu_us: f64,
    stored_bytes: f64,
    audit_bytes: f64,
}

async fn metered(
    site: &Site,
    server: &Running,
    target: &Target,
    requests: Arc<Vec<Vec<u8>>>,
    per_second: Option<f64>,
) -> Result<Metered> {
    let footprint = Footprint::of(&site.path("shikaku.db"))?;
    let (cpu_before, bytes_before) = (server.cpu_us()?, footprint.bytes()?);
    let measured = load::run(target, requests, CONNECTIONS, per_second).await?;
    let answers = measured.answered as f64;
    Ok(Metered {
        cpu_us: (server.cpu_us()? - cpu_before) / answers,
        stored_bytes: (footprint.bytes()? - bytes_before) / answers,
        audit_bytes: footprint.audit_bytes()?,
        measured,
    })
}

/// Finds people across the population and gives them the cards the register says they have.
pub(crate) async fn people(site: &Site) -> Result<People> {
    let store =
        Store::open(&format!("sqlite:{}", site.path("shikaku.db").display()), Options::default()).await?;
    let jlis = SimulatedJlis::open(&site.path("jlis"))?;
    let authority = jlis.newest(CardAuthorityKind::Authentication)?;
    let keys = KeyPool::load_or_generate(&site.path("bench-card-keys.pem"), KEYS)?;
    let now = now()?;
    let validity = Validity::new(Instant(now.0 - 86_400_000), Instant(now.0 + 4 * 365 * 86_400_000))?;
    let as_of = eligibility::calendar::tokyo_date(now);
    authority.reserve_serials(population::CITIZEN_SERIAL_BASE, population::CITIZEN_SERIAL_BASE + PERSONS)?;
    let mut asked = Vec::new();
    for ordinal in (0..PERSONS).step_by((PERSONS / PEOPLE) as usize) {
        let serial = population::CITIZEN_SERIAL_BASE + ordinal;
        let id =
            CardCertificateId { issuer: population::CARD_ISSUER.to_owned(), serial: format!("{serial:x}") };
        let CardLookup::Person { coverages, .. } = store.coverage_of_card(&id).await? else { continue };
        if eligibility::verification::self_access_blocked(&coverages) {
            continue;
        }
        let Some(coverage) = coverages.into_iter().find(|coverage| coverage.covers(as_of)) else { continue };
        let subject = CardSubject::of_serial("13104", serial)?;
        let key = serial as usize % keys.keys().len();
        let issued = authority.issue_card(&subject, serial, keys.keys()[key].public_key(), validity)?;
        asked.push(Asked { certificate: issued.der, key, coverage });
    }
    anyhow::ensure!(
        asked.len() > PEOPLE as usize / 2,
        "only {} people have a card and coverage",
        asked.len()
    );
    let institution = InstitutionCode::parse(population::DEMO_INSTITUTION)?;
    Ok(People { asked, keys, fingerprint: site.terminal_fingerprint()?, institution, as_of })
}

pub(crate) fn now() -> Result<Instant> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(Instant(i64::try_from(since.as_millis())?))
}

async fn card_requests(people: &People, target: &Target, count: usize) -> Result<Arc<Vec<Vec<u8>>>> {
    let mut nonces = Vec::with_capacity(count);
    while nonces.len() < count {
        let body = serde_json::to_vec(&NonceRequest { count: NONCES_AT_ONCE })?;
        let answer = ask_once(target, &post(NONCES_PATH, &body)).await?;
        nonces.extend(serde_json::from_slice::<NonceAnswer>(&answer)?.nonces);
    }
    nonces.truncate(count);
    // Signing is the cards' work; both cores do it while no clock runs.
    let half = nonces.len() / 2;
    let (left, right) = nonces.split_at(half);
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(|| signed(people, left, 0));
        let second = signed(people, right, half);
        (first.join().map_err(|_| anyhow::anyhow!("signing failed")), second)
    });
    let mut requests = first??;
    requests.extend(second?);
    Ok(Arc::new(requests))
}

fn signed(people: &People, nonces: &[String], offset: usize) -> Result<Vec<Vec<u8>>> {
    let agreed = |kind| ConsentChoice { kind, granted: true };
    let mut requests = Vec::with_capacity(nonces.len());
    for (index, nonce) in nonces.iter().enumerate() {
        let asked = &people.asked[(offset + index) % people.asked.len()];
        let mut request = CardCheckRequest {
            nonce: nonce.clone(),
            certificate: BASE64.encode(&asked.certificate),
            signature: String::new(),
            proof_method: ProofMethod::Pin,
            as_of: people.as_of,
            consents: vec![
                agreed(ConsentKind::Medication),
                agreed(ConsentKind::Treatment),
                agreed(ConsentKind::Operation),
                agreed(ConsentKind::Checkup),
            ],
            care_form: CareForm::Outpatient,
            prescription_issue_select: None,
        };
        let text = request.statement(&people.institution, &people.fingerprint).to_be_signed()?;
        request.signature = BASE64.encode(people.keys.keys()[asked.key].sign(&text)?);
        requests.push(post(CARD_VERIFICATIONS_PATH, &serde_json::to_vec(&request)?));
    }
    Ok(requests)
}

pub(crate) fn number_requests(people: &People, run: &str, count: usize) -> Result<Arc<Vec<Vec<u8>>>> {
    let started = now()?.0;
    let mut requests = Vec::with_capacity(count);
    for index in 0..count {
        let request = NumberCheckRequest::new(format!("{run}-{started}-{index}"), people.query(index));
        requests.push(post(NUMBER_VERIFICATIONS_PATH, &serde_json::to_vec(&request)?));
    }
    Ok(Arc::new(requests))
}

/// What the bare server does.
struct Floor {
    /// Requests per second at full speed.
    per_second: f64,
    /// At half of that.
    half: Measured,
}

/// Measures the bare server, with the same connections, as many requests, and messages of these lengths.
async fn floor(site: &Site, people: &People, request_bytes: usize, answer_bytes: usize) -> Result<Floor> {
    let population = usize::try_from(PERSONS)?;
    crate::floor::prepare(&site.floor_database(), population)?;
    let signer = people.keys.keys().first().context("no key")?;
    let public_key = BASE64.encode(rsa_public_key(signer.public_key().spki_der())?);
    let mut requests = Vec::with_capacity(FULL);
    for index in 0..people.asked.len() {
        let key = crate::floor::key(index * (population / people.asked.len()));
        let signature = BASE64.encode(signer.sign(key.as_bytes())?);
        let mut body = serde_json::json!({
            "key": key, "signed": key, "signature": signature, "public_key": public_key,
            "answer_bytes": answer_bytes, "filling": "",
        });
        let missing = request_bytes.saturating_sub(post("/", &serde_json::to_vec(&body)?).len());
        body["filling"] = "x".repeat(missing).into();
        requests.push(post("/", &serde_json::to_vec(&body)?));
    }
    let many = |count| Arc::new(requests.iter().cycle().take(count).cloned().collect::<Vec<_>>());
    let (_floor, target) = site.serve_floor()?;
    load::run(&target, many(WARM), CONNECTIONS, None).await?;
    let per_second = load::run(&target, many(FULL), CONNECTIONS, None).await?.per_second();
    let half = load::run(&target, many(HALF), CONNECTIONS, Some(per_second / 2.0)).await?;
    Ok(Floor { per_second, half })
}

/// Says so when answers have become longer or shorter than the floor's, by more than a tenth.
fn as_long_as_the_floors(answer: &[u8], floor_bytes: usize) -> Result<()> {
    anyhow::ensure!(
        answer.len().abs_diff(floor_bytes) * 10 <= floor_bytes,
        "an answer has {} bytes, the floor's {floor_bytes}: give the floor answers as long",
        answer.len()
    );
    Ok(())
}

/// The RSAPublicKey inside a SubjectPublicKeyInfo.
fn rsa_public_key(spki: &[u8]) -> Result<Vec<u8>> {
    use x509_parser::prelude::FromDer as _;
    let (_, spki) = x509_parser::x509::SubjectPublicKeyInfo::from_der(spki)?;
    Ok(spki.subject_public_key.data.to_vec())
}
