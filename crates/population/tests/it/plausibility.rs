//! Figures close to those of Japan. Bounds are wide enough for every seed at this size.

use std::collections::{HashMap, HashSet};

use eligibility::{
    Date, calendar,
    codes::{Relation, Sex, Validity},
    coverage::Coverage,
    institution::InstitutionCode,
    insurer::InsurerKind,
    verification::decide_by_card,
};
use jiff::civil::date;

use crate::collected::{Collected, collect};

const AS_OF: Date = date(2026, 11, 22);
const PEOPLE: u32 = 30_000;

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * f64::from(u32::try_from(part).expect("small")) / f64::from(u32::try_from(whole).expect("small"))
}

fn japan() -> Collected {
    collect(PEOPLE, 20_261_122, AS_OF)
}

/// One coverage for each citizen.
fn citizens(all: &Collected) -> Vec<&Coverage> {
    all.by_person().into_values().filter(|c| c[0].person_key.0.starts_with('P')).map(|c| c[0]).collect()
}

#[test]
fn ages_and_sexes_are_those_of_japan() {
    let all = japan();
    let people = citizens(&all);
    assert!(people.len() >= PEOPLE as usize * 99 / 100);
    let share = |ages: std::ops::Range<i16>| {
        let inside = people.iter().filter(|c| ages.contains(&calendar::age_on(c.person.birthdate, AS_OF)));
        percent(inside.count(), people.len())
    };
    for (ages, low, high) in [
        (0..15, 10.0, 12.5),
        (15..65, 57.0, 61.0),
        (65..75, 11.0, 13.7),
        (75..120, 15.5, 19.0),
        (100..120, 0.02, 0.25),
    ] {
        let share = share(ages.clone());
        assert!((low..high).contains(&share), "{ages:?}: {share}");
    }
    let women = people.iter().filter(|c| c.person.sex == Sex::Female).count();
    assert!((50.0..53.0).contains(&percent(women, people.len())));
}

#[test]
fn insurer_kinds_have_plausible_shares() {
    let all = japan();
    let valid: Vec<&Coverage> = all.citizens().filter(|c| c.covers(AS_OF)).collect();
    let mut shares: HashMap<InsurerKind, usize> = HashMap::new();
    for coverage in &valid {
        *shares.entry(coverage.insurer_number.kind()).or_default() += 1;
    }
    for (kind, low, high) in [
        (InsurerKind::National, 16.0, 25.0),
        (InsurerKind::NationalGuild, 1.0, 4.0),
        (InsurerKind::JapanHealth, 26.0, 36.0),
        (InsurerKind::HealthSociety, 17.0, 26.0),
        (InsurerKind::MutualAid, 5.0, 10.0),
        (InsurerKind::LateElderly, 14.0, 19.0),
        (InsurerKind::PublicAssistance, 1.0, 2.6),
    ] {
        let share = percent(shares.get(&kind).copied().unwrap_or(0), valid.len());
        assert!((low..high).contains(&share), "{kind:?}: {share}");
    }
}

#[test]
fn nearly_everybody_alive_is_covered_and_some_have_changed() {
    let all = japan();
    let institution = InstitutionCode::parse("1319990012").expect("ten digits");
    let people = all.by_person();
    let mut answers: HashMap<Validity, usize> = HashMap::new();
    let (mut alone, mut several, mut ahead) = (0, 0, 0);
    for coverages in people.values() {
        let owned: Vec<Coverage> = coverages.iter().map(|c| (*c).clone()).collect();
        *answers.entry(decide_by_card(&owned, AS_OF, &institution).validity).or_default() += 1;
        if owned.len() == 1 {
            alone += 1
        } else {
            several += 1
        }
        ahead += usize::from(owned.iter().any(|c| c.qualified_on > AS_OF));
    }
    let share = |validity| percent(answers.get(&validity).copied().unwrap_or(0), people.len());
    assert!(share(Validity::Valid) > 94.0, "{answers:?}");
    assert!((0.5..4.0).contains(&share(Validity::Invalid)), "{answers:?}");
    assert!(share(Validity::ValidTicketUnregistered) > 0.5, "{answers:?}");
    assert!((12.0..40.0).contains(&percent(several, alone + several)));
    assert!(ahead > 20, "{ahead}");
}

#[test]
fn households_share_address_insurer_and_the_heads_name() {
    let all = japan();
    let mut homes: HashMap<&str, Vec<&Coverage>> = HashMap::new();
    for coverage in all.citizens().filter(|c| c.covers(AS_OF)) {
        homes.entry(coverage.person.address.as_deref().expect("an address")).or_default().push(coverage);
    }
    let members = |home: &&Vec<&Coverage>| home.iter().map(|c| &c.person_key).collect::<HashSet<_>>().len();
    let shared = homes.values().filter(|home| members(home) > 1).count();
    assert!((40.0..75.0).contains(&percent(shared, homes.len())), "{}", percent(shared, homes.len()));
    let families: Vec<&Coverage> = all.citizens().filter(|c| c.relation == Some(Relation::Family)).collect();
    assert!(percent(families.len(), all.coverages.len()) > 25.0);
    for family in &families {
        assert_ne!(family.insured_name.as_deref(), None);
        assert_ne!(family.branch_number.as_deref(), Some("00"));
    }
    let minors = families.iter().filter(|c| calendar::age_on(c.person.birthdate, AS_OF) < 18).count();
    let all_minors = all.citizens().filter(|c| calendar::age_on(c.person.birthdate, AS_OF) < 18).count();
    assert!(percent(minors, all_minors) > 97.0);
}

#[test]
fn the_rare_is_there() {
    let all = japan();
    let citizens: Vec<&Coverage> = all.citizens().collect();
    for character in ["髙", "﨑", "𠮷", "辻\u{E0100}", "葛\u{E0100}"] {
        assert!(citizens.iter().any(|c| c.person.name.contains(character)), "{character}");
    }
    assert!(citizens.iter().any(|c| c.person.other_name.is_some()));
    assert!(citizens.iter().any(|c| c.person.protection.address_withheld));
    assert!(citizens.iter().any(|c| c.person.sex == Sex::NotSet && c.person.sex_on_back.is_some()));
    assert!(citizens.iter().any(|c| c.is_preschool(AS_OF)));
    assert!(citizens.iter().any(|c| !c.specific_disease_certificates.is_empty()));
    assert!(
        citizens
            .iter()
            .any(|c| c.medical_tickets.iter().any(|t| t.institution_code.as_str() == "1319990012"))
    );
    let mut births: HashMap<(&str, Date), HashSet<&str>> = HashMap::new();
    for c in &citizens {
        let home = c.person.address.as_deref().expect("an address");
        births.entry((home, c.person.birthdate)).or_default().insert(&c.person_key.0);
    }
    assert!(births.values().any(|twins| twins.len() > 1), "twins");
    let owners: HashSet<&str> = all.cards.iter().map(|card| card.person_key.0.as_str()).collect();
    assert!((75.0..85.0).contains(&percent(owners.len(), PEOPLE as usize)));
    assert!(all.cards.iter().any(|card| card.superseded_by.is_some()));
    assert!(all.cards.iter().any(|card| !card.registered));
}
