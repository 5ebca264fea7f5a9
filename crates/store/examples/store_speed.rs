//! How fast the store is on this machine: import, card checks, number checks, durable.
//!
//! `cargo run --release -p store --example store_speed -- [PERSONS] [SECONDS] [URL]`

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant as Clock},
};

use eligibility::{
    Instant,
    card_certificate::CardCertificateId,
    codes::{CardClassification, InquiryMethod, Relation, Sex, Validity},
    consent::{CareForm, ConsentKind},
    coverage::Coverage,
    institution::InstitutionCode,
    insurer::InsurerNumber,
    matching::NumberKey,
    person::{Person, PersonKey, Protection},
};
use store::{
    CardLookup, NewConsent, NewVerification, NumberLookup, NumberQuestion, Options, Store,
    audit::AuditEvent,
    import::{CHUNK_ROWS, Card, FileMeta},
};

/// Insurers that the persons are spread over.
const INSURERS: u32 = 50;
/// Checks under way at once.
const CLIENTS: u32 = 64;

fn key(number: u32) -> PersonKey {
    PersonKey(format!("{:016x}", u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

fn insurer(number: u32) -> InsurerNumber {
    InsurerNumber::with_check_digit(&format!("06{:05}", number % INSURERS + 13_000)).expect("7 digits")
}

fn card(number: u32) -> CardCertificateId {
    CardCertificateId { issuer: "ab".repeat(32), serial: format!("{:x}", number.wrapping_mul(2_654_435_761)) }
}

fn coverage(number: u32) -> Coverage {
    Coverage {
        coverage_id: format!("m{number}"),
        person_key: key(number),
        person: Person {
            name: "山田　太郎".to_owned(),
            kana: Some("ヤマダ　タロウ".to_owned()),
            other_name: None,
            other_kana: None,
            birthdate: "1980-02-28".parse().expect("a date"),
            sex: Sex::Male,
            sex_on_back: None,
            address: Some("東京都千代田区霞が関１丁目２番３号".to_owned()),
            postcode: Some("100-0013".to_owned()),
            protection: Protection::default(),
        },
        insurer_number: insurer(number),
        insured_symbol: Some("１２３".to_owned()),
        insured_number: format!("{number}"),
        branch_number: Some("01".to_owned()),
        relation: Some(Relation::Insured),
        insured_name: Some("山田　太郎".to_owned()),
        classification: CardClassification::General,
        qualified_on: "2020-04-01".parse().expect("a date"),
        disqualified_on: None,
        reason_of_loss: None,
        card_issued_on: Some("2020-04-01".parse().expect("a date")),
        card_valid_from: None,
        card_valid_until: None,
        copay_ratio: None,
        ceiling_certificates: vec![],
        elderly_certificates: vec![],
        specific_disease_certificates: vec![],
        medical_tickets: vec![],
    }
}

fn new_verification(id: u64, person: PersonKey, card: bool) -> NewVerification {
    let consent =
        |kind| NewConsent { kind, care_form: CareForm::Outpatient, granted: true, valid_until: None };
    NewVerification {
        institution_code: InstitutionCode::parse("1319990012").expect("ten digits"),
        request_id: format!(
            "n:{:032x}",
            u128::from(id).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
        ),
        verification_id: format!("0190-{id:032x}"),
        question_digest: [1; 32],
        method: if card { InquiryMethod::Card } else { InquiryMethod::Number },
        proof_method: None,
        proof_digest: card.then_some([2; 32]),
        validity: Some(Validity::Valid),
        person_key: Some(person),
        answer: vec![b'x'; 1500],
        consents: if card {
            vec![consent(ConsentKind::Medication), consent(ConsentKind::Checkup)]
        } else {
            vec![]
        },
        wrong_guess: (!card).then_some(false),
        audit: AuditEvent {
            actor: "terminal:front-desk-1".to_owned(),
            action: "verification.card".to_owned(),
            object: "person:0123456789abcdef".to_owned(),
            outcome: "valid".to_owned(),
            detail: String::new(),
        },
        recorded_at: Instant(1_795_305_600_000),
    }
}

async fn one_check(store: &Store, id: u64, persons: u32, is_card: bool) {
    let number = u32::try_from(id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).unwrap_or(0) % persons;
    let institution = InstitutionCode::parse("1319990012").expect("ten digits");
    if is_card {
        let found = store.card_context(&institution, &card(number)).await.expect("reads");
        assert!(matches!(found.lookup, CardLookup::Person { .. }));
    } else {
        let (insurer, key) = (insurer(number), NumberKey::of(&number.to_string()));
        let birthdate = "1980-02-28".parse().expect("a date");
        let question = NumberQuestion {
            institution_code: institution,
            request_id: id.to_string(),
            question_digest: [0; 32],
            insurer,
            number: key,
            birthdate,
            asked_at: Instant(1_795_305_600_000),
        };
        let found = store.number_check(question).await.expect("reads");
        assert!(matches!(found, NumberLookup::Found(found) if found.coverages.len() == 1));
    }
    store.record_verification(new_verification(id, key(number), is_card)).await.expect("records");
}

fn cpu_us() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("/proc");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    // utime and stime in ticks of 10 ms.
    (fields[11].parse::<u64>().expect("ticks") + fields[12].parse::<u64>().expect("ticks")) * 10_000
}

fn rss_anon() -> String {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc");
    status.lines().find(|line| line.starts_with("RssAnon")).unwrap_or("").to_owned()
}

async fn measure(store: &Store, persons: u32, seconds: u64, is_card: bool, ids: &Arc<AtomicU64>) {
    let (began, cpu, done) = (Clock::now(), cpu_us(), Arc::new(AtomicU64::new(0)));
    let end = began + Duration::from_secs(seconds);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (store, done, ids) = (store.clone(), done.clone(), ids.clone());
            tokio::spawn(async move {
                while Clock::now() < end {
                    one_check(&store, ids.fetch_add(1, Relaxed), persons, is_card).await;
                    done.fetch_add(1, Relaxed);
                }
            })
        })
        .collect();
    for client in clients {
        client.await.expect("checks");
    }
    let done = done.load(Relaxed).max(1);
    println!(
        "{}: {:.0}/s, {} µs CPU each; {:?}",
        if is_card { "card" } else { "number" },
        done as f64 / began.elapsed().as_secs_f64(),
        (cpu_us() - cpu) / done,
        store.counters(),
    );
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let persons: u32 = arguments.next().map_or(200_000, |text| text.parse().expect("persons"));
    let seconds: u64 = arguments.next().map_or(5, |text| text.parse().expect("seconds"));
    let folder = std::env::temp_dir().join(format!("store-speed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let url = arguments.next().unwrap_or_else(|| format!("sqlite:{}", folder.join("speed.db").display()));
    let store = Store::open(&url, Options::default()).await.expect("opens");
    store.migrate().await.expect("migrates");

    let began = Clock::now();
    for part in 0..INSURERS {
        let members: Vec<u32> = (0..persons).filter(|n| n % INSURERS == part).collect();
        let meta =
            FileMeta { insurer_number: insurer(part), content_hash: [1; 32], rows: members.len() as u64 };
        let rows = members.into_iter().map(|number| Ok(coverage(number)));
        store.import_insurer_file(meta, rows, || Instant(0), |_| (), |_| ()).await.expect("imports");
    }
    println!(
        "import: {:.0} persons/s ({CHUNK_ROWS} a chunk)",
        f64::from(persons) / began.elapsed().as_secs_f64()
    );
    let began = Clock::now();
    let cards = (0..persons).map(|number| {
        Ok(Card { certificate: card(number), person_key: key(number), superseded_by: None, registered: true })
    });
    store.import_cards([1; 32], cards, || Instant(0), |_| ()).await.expect("imports");
    println!("cards: {:.0}/s; {}", f64::from(persons) / began.elapsed().as_secs_f64(), rss_anon());

    let ids = Arc::new(AtomicU64::new(1));
    for round in 0..4 {
        measure(&store, persons, seconds, round % 2 == 0, &ids).await;
    }
    println!("{}", rss_anon());
    drop(store);
    let _ = std::fs::remove_dir_all(folder);
}
