//! How fast a coverage file is written and read on one core: `cargo run --release -p wire --example coverage_file_speed`.

use std::{io::Cursor, time::Instant};

use eligibility::{
    codes::{CardClassification, CeilingCertificateKind, CeilingClass, Relation, Sex},
    coverage::{CeilingCertificate, Coverage},
    insurer::InsurerNumber,
    person::{Person, PersonKey, Protection},
};
use jiff::civil::date;
use wire::insurer_file::{CoverageFileReader, CoverageFileWriter};

const ROWS: u32 = 300_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let insurer_number = InsurerNumber::parse("06139996")?;
    let mut coverage = Coverage {
        coverage_id: String::new(),
        person_key: PersonKey(String::new()),
        person: Person {
            name: "架空　花子".into(),
            kana: Some("カクウ　ハナコ".into()),
            other_name: None,
            other_kana: None,
            birthdate: date(1982, 5, 14),
            sex: Sex::Female,
            sex_on_back: None,
            address: Some("東京都架空区見本町１丁目２番３号".into()),
            postcode: Some("100-0099".into()),
            protection: Protection::default(),
        },
        insurer_number: insurer_number.clone(),
        insured_symbol: Some("2101".into()),
        insured_number: String::new(),
        branch_number: Some("00".into()),
        relation: Some(Relation::Insured),
        insured_name: Some("架空　花子".into()),
        classification: CardClassification::General,
        qualified_on: date(2018, 4, 1),
        disqualified_on: None,
        reason_of_loss: None,
        card_issued_on: Some(date(2018, 4, 5)),
        card_valid_from: Some(date(2018, 4, 1)),
        card_valid_until: None,
        copay_ratio: None,
        ceiling_certificates: vec![CeilingCertificate {
            kind: CeilingCertificateKind::Ceiling,
            class: CeilingClass::A03,
            issued_on: date(2026, 4, 1),
            valid_from: date(2026, 4, 1),
            valid_until: Some(date(2027, 3, 31)),
            long_term_on: None,
        }],
        elderly_certificates: Vec::new(),
        specific_disease_certificates: Vec::new(),
        medical_tickets: Vec::new(),
    };
    let started = Instant::now();
    let mut writer = CoverageFileWriter::new(Vec::new(), insurer_number)?;
    for row in 0..ROWS {
        coverage.coverage_id = format!("{row:08}");
        coverage.person_key = PersonKey(format!("0193a7c0-0000-7000-8000-{row:012}"));
        coverage.insured_number = row.to_string();
        writer.write(&coverage)?;
    }
    let (bytes, _) = writer.finish()?;
    let written = started.elapsed();
    let started = Instant::now();
    let mut rows = 0_u32;
    for coverage in CoverageFileReader::new(Cursor::new(&bytes))? {
        std::hint::black_box(coverage?);
        rows += 1;
    }
    let read = started.elapsed();
    println!("{rows} rows, {} bytes", bytes.len());
    println!("written {:.0} rows/s", f64::from(rows) / written.as_secs_f64());
    println!("read    {:.0} rows/s", f64::from(rows) / read.as_secs_f64());
    Ok(())
}
