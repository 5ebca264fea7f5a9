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

/// Runs at full speed, of which the middle one counts.
const ROUNDS: usize = 3;
/// Checks of a run at full speed.
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
    let floor = Floor::start(site, people, true, (sample[0].len(), CARD_ANSWER_BYTES)).await?;
    let requests = async |target: &Target, _: &str, count| card_requests(people, target, count).await;
    compare("card_check", site, &floor, requests).await
}

/// Checks by number, against a floor that verifies no signature, as there is none to verify.
pub(crate) async fn number(site: &Site, people: &People) -> Result<Line> {
    let sample = number_requests(people, "sample", 1)?;
    let floor = Floor::start(site, people, false, (sample[0].len(), NUMBER_ANSWER_BYTES)).await?;
    let requests = async |_: &Target, run: &str, count| number_requests(people, run, count);
    compare("number_check", site, &floor, requests).await
}

/// Measures the server between two runs of the floor, [`ROUNDS`] times, then both at half speed. A machine whose speed
/// drifts drifts for both, so a round's ratio is that to the floor's mean before and after it.
async fn compare(
    name: &'static str,
    site: &Site,
    floor: &Floor,
    requests: impl AsyncFn(&Target, &str, usize) -> Result<Arc<Vec<Vec<u8>>>>,
) -> Result<Line> {
    let (server, target) = site.serve()?;
    load::run(&target, requests(&target, "warm", WARM).await?, CONNECTIONS, None).await?;
    let mut rounds = Vec::with_capacity(ROUNDS);
    let mut before = floor.at_full_speed().await?;
    for round in 0..ROUNDS {
        let asked = requests(&target, &format!("full{round}"), FULL).await?;
        let first = asked[0].clone();
        let full = metered(site, &server, &target, asked, None).await?;
        floor.answers_as_long(&ask_once(&target, &first).await?)?;
        let after = floor.at_full_speed().await?;
        let round = Round { full, floor_per_second: (before + after) / 2.0 };
        eprintln!("  {round}");
        rounds.push(round);
        before = after;
    }
    let per_second = median(&rounds, |round| round.full.measured.per_second());
    let floor_per_second = median(&rounds, |round| round.floor_per_second);
    let floor_half = floor.at(floor_per_second / 2.0).await?;
    let asked = requests(&target, "half", HALF).await?;
    let half = load::run(&target, asked, CONNECTIONS, Some(per_second / 2.0)).await?;
    Ok(Line {
        name,
        per_second: Some(per_second),
        floor_per_second: Some(floor_per_second),
        ratio: Some(median(&rounds, Round::ratio)),
        floor_p50_ms: Some(floor_half.percentile(0.50)),
        floor_p99_ms: Some(floor_half.percentile(0.99)),
        p50_ms: Some(half.percentile(0.50)),
        p99_ms: Some(half.percentile(0.99)),
        cpu_us: Some(median(&rounds, |round| round.full.cpu_us)),
        rss_mib: Some(server.rss_anon_mib()?),
        audit_bytes: Some(median(&rounds, |round| round.full.audit_bytes)),
        stored_bytes: Some(median(&rounds, |round| round.full.stored_bytes)),
    })
}

/// The server at full speed, and the floor just before and after it.
struct Round {
    full: Metered,
    floor_per_second: f64,
}

impl Round {
    fn ratio(&self) -> f64 {
        self.full.measured.per_second() / self.floor_per_second
    }
}

impl std::fmt::Display for Round {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (per_second, cpu_us) = (self.full.measured.per_second(), self.full.cpu_us);
        let (floor, ratio) = (self.floor_per_second, self.ratio());
        write!(f, "{per_second:.0}/s, {cpu_us:.0} µs of CPU each, {ratio:.2} of the floor's {floor:.0}/s")
    }
}

/// The middle one of the rounds' values.
fn median(rounds: &[Round], value: impl Fn(&Round) -> f64) -> f64 {
    let mut values: Vec<f64> = rounds.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
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
            visual_check: None,
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

/// The bare server, running, and what it is asked.
struct Floor {
    _process: Running,
    target: Target,
    /// One for each of the people, asked in turn.
    requests: Vec<Vec<u8>>,
    answer_bytes: usize,
}

impl Floor {
    /// Starts it and warms it up: the same connections as the server's, messages of these lengths, and with a signature
    /// to verify or without.
    async fn start(
        site: &Site,
        people: &People,
        with_proof: bool,
        (request_bytes, answer_bytes): (usize, usize),
    ) -> Result<Self> {
        let population = usize::try_from(PERSONS)?;
        crate::floor::prepare(&site.floor_database(), population)?;
        let signer = people.keys.keys().first().context("no key")?;
        let public_key = BASE64.encode(rsa_public_key(signer.public_key().spki_der())?);
        let mut requests = Vec::with_capacity(people.asked.len());
        for index in 0..people.asked.len() {
            let key = crate::floor::key(index * (population / people.asked.len()));
            let mut body = serde_json::json!({ "key": key, "answer_bytes": answer_bytes, "filling": "" });
            if with_proof {
                let signature = BASE64.encode(signer.sign(key.as_bytes())?);
                body["proof"] = serde_json::json!({ "signature": signature, "public_key": public_key });
            }
            let missing = request_bytes.saturating_sub(post("/", &serde_json::to_vec(&body)?).len());
            body["filling"] = "x".repeat(missing).into();
            requests.push(post("/", &serde_json::to_vec(&body)?));
        }
        let (process, target) = site.serve_floor()?;
        let floor = Self { _process: process, target, requests, answer_bytes };
        load::run(&floor.target, floor.many(WARM), CONNECTIONS, None).await?;
        Ok(floor)
    }

    fn many(&self, count: usize) -> Arc<Vec<Vec<u8>>> {
        Arc::new(self.requests.iter().cycle().take(count).cloned().collect())
    }

    /// Requests per second.
    async fn at_full_speed(&self) -> Result<f64> {
        Ok(load::run(&self.target, self.many(FULL), CONNECTIONS, None).await?.per_second())
    }

    async fn at(&self, per_second: f64) -> Result<Measured> {
        load::run(&self.target, self.many(HALF), CONNECTIONS, Some(per_second)).await
    }

    /// Says so when the server's answers have become longer or shorter than the floor's, by more than a tenth.
    fn answers_as_long(&self, answer: &[u8]) -> Result<()> {
        let floor_bytes = self.answer_bytes;
        anyhow::ensure!(
            answer.len().abs_diff(floor_bytes) * 10 <= floor_bytes,
            "an answer has {} bytes, the floor's {floor_bytes}: give the floor answers as long",
            answer.len()
        );
        Ok(())
    }
}

/// The RSAPublicKey inside a SubjectPublicKeyInfo.
fn rsa_public_key(spki: &[u8]) -> Result<Vec<u8>> {
    use x509_parser::prelude::FromDer as _;
    let (_, spki) = x509_parser::x509::SubjectPublicKeyInfo::from_der(spki)?;
    Ok(spki.subject_public_key.data.to_vec())
}
