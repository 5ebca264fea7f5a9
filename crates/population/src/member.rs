//! One person's coverages: the household's spells, cut by birth, 75th birthday and death.

use eligibility::{
    Date, calendar,
    codes::{CardClassification, ReasonOfLoss, Relation, Sex},
    coverage::Coverage,
    insurer::InsurerKind,
    person::{Person, PersonKey, Protection},
};

use crate::{
    career::{self, Counters, Spell},
    certificates,
    clan::{Clan, Member},
    dice::Dice,
    insurers::{Fund, Funds, Numbering},
    names,
};

/// Years after which an ended coverage is no longer in the insurers' data.
const KEPT_YEARS: i16 = 5;
/// Days before a 75th birthday from which insurers know of the change: the end of the one coverage and the
/// beginning of the other. Nobody notifies a loss that is years away.
const KNOWN_AHEAD_DAYS: i32 = 30;
/// Protected people, those whose card is blocked, and cards whose face hides the sex, in a hundred thousand.
const ADDRESS_WITHHELD: u32 = 60;
const SELF_ACCESS_BLOCKED: u32 = 15;
const SEX_ON_BACK: u32 = 20;
/// People from abroad who are known by another name.
const OTHER_NAME: u32 = 40_000;
/// Newborns (under two months) whose branch number is not notified yet.
const WITHOUT_BRANCH: u32 = 40_000;

/// What building coverages needs.
pub(crate) struct Registry<'r> {
    pub(crate) funds: &'r Funds,
    pub(crate) counters: &'r mut Counters,
    pub(crate) as_of: Date,
}

impl Registry<'_> {
    /// All coverages of a member, oldest first.
    pub(crate) fn coverages(
        &mut self,
        dice: &mut Dice,
        clan: &Clan,
        member: &Member,
        key: &PersonKey,
    ) -> Vec<Coverage> {
        let person = person(dice, clan, member, self.as_of);
        let late_from = calendar::late_elderly_from(member.body.birthdate);
        let late = self.funds.late_elderly[clan.place];
        let mut coverages = Vec::with_capacity(2);
        let spells = member.own.as_ref().unwrap_or(&clan.spells);
        let assisted = spells.iter().find(|spell| self.is_assistance(spell)).map(|spell| spell.from);
        for spell in spells {
            if let Some(coverage) = self.of_spell(dice, clan, member, spell, &person) {
                coverages.push(coverage);
            }
        }
        if self.knows_of(late_from) {
            let number = self.counters.next(late);
            let end = earliest(assisted.map(|day| (day, ReasonOfLoss::PublicAssistance)), death(member));
            let spell = Spell { fund: late, number, from: late_from, until: end };
            coverages.extend(self.build(member, &spell, spell.from, spell.until, &person, None));
        }
        for (at, coverage) in coverages.iter_mut().enumerate() {
            coverage.person_key = key.clone();
            coverage.coverage_id = format!("{}-{}", key.0, at + 1);
            certificates::add(dice, coverage, self.as_of);
        }
        coverages
    }

    /// Whether a 75th birthday is past, or so near that the insurers have told of it.
    fn knows_of(&self, late_from: Date) -> bool {
        late_from <= calendar::add_days(self.as_of, KNOWN_AHEAD_DAYS)
    }

    fn is_assistance(&self, spell: &Spell) -> bool {
        self.funds.all[spell.fund].numbering == Numbering::Recipient
    }

    fn of_spell(
        &mut self,
        dice: &mut Dice,
        clan: &Clan,
        member: &Member,
        spell: &Spell,
        person: &Person,
    ) -> Option<Coverage> {
        let mut spell = *spell;
        // Recipients of 医療扶助 are numbered one by one, households' insurance by household.
        if self.is_assistance(&spell) && member.rank > 0 {
            spell.number = self.counters.next(spell.fund);
        }
        let turn = calendar::late_elderly_from(member.body.birthdate);
        // 医療扶助 goes on beyond 75; insurance ends there.
        let ends = self.knows_of(turn) && !self.is_assistance(&spell);
        let late = ends.then_some((turn, ReasonOfLoss::OtherInsurance));
        let until = earliest(earliest(spell.until, late), death(member));
        let from = spell.from.max(member.body.birthdate);
        let forgotten = until.is_some_and(|(lost, _)| lost < calendar::birthday(self.as_of, -KEPT_YEARS));
        if forgotten {
            return None;
        }
        let head = member.own.is_none().then_some(clan);
        let mut coverage = self.build(member, &spell, from, until, person, head)?;
        let newborn = calendar::days_between(member.body.birthdate, self.as_of) < 60;
        if newborn && dice.chance(WITHOUT_BRANCH) {
            coverage.branch_number = None;
        }
        Some(coverage)
    }

    /// A coverage from its spell; `None` when nothing of it is left. `clan` is given to those who share the
    /// insurance of the household's head.
    fn build(
        &self,
        member: &Member,
        spell: &Spell,
        from: Date,
        until: Option<(Date, ReasonOfLoss)>,
        person: &Person,
        clan: Option<&Clan>,
    ) -> Option<Coverage> {
        if until.is_some_and(|(lost, _)| lost <= from) {
            return None;
        }
        let fund = &self.funds.all[spell.fund];
        let (insured_symbol, insured_number) = career::written(fund.numbering, spell.number);
        let assisted = fund.numbering == Numbering::Recipient;
        let head = clan.is_none() || member.rank == 0;
        let kind = fund.insurer.number.kind();
        let (card_valid_from, card_valid_until) = card_dates(kind, from, until, self.as_of);
        Some(Coverage {
            coverage_id: String::new(),
            person_key: PersonKey(String::new()),
            person: person.clone(),
            insurer_number: fund.insurer.number.clone(),
            insured_symbol,
            insured_number,
            branch_number: branch(fund, clan.map_or(0, |_| member.rank)),
            relation: (!assisted).then_some(if head { Relation::Insured } else { Relation::Family }),
            insured_name: insured_name(kind, member, clan),
            classification: classification(kind),
            qualified_on: from,
            disqualified_on: until.map(|(lost, _)| lost),
            reason_of_loss: until.map(|(_, reason)| reason),
            card_issued_on: card_valid_from,
            card_valid_from,
            card_valid_until,
            copay_ratio: None,
            ceiling_certificates: Vec::new(),
            elderly_certificates: Vec::new(),
            specific_disease_certificates: Vec::new(),
            medical_tickets: Vec::new(),
        })
    }
}

fn person(dice: &mut Dice, clan: &Clan, member: &Member, as_of: Date) -> Person {
    let body = member.body;
    let known_as =
        (clan.family.from_abroad && dice.chance(OTHER_NAME)).then(|| names::known_as(dice, body.is_woman()));
    let (other_name, other_kana) = known_as.unzip();
    let hidden = calendar::age_on(body.birthdate, as_of) >= 18 && dice.chance(SEX_ON_BACK);
    Person {
        name: member.name.clone(),
        kana: Some(member.kana.clone()),
        other_name,
        other_kana,
        birthdate: body.birthdate,
        sex: if hidden { Sex::NotSet } else { body.sex },
        sex_on_back: hidden.then_some(body.sex),
        address: Some(clan.address.clone()),
        postcode: Some(clan.postcode.clone()),
        protection: Protection {
            address_withheld: dice.chance(ADDRESS_WITHHELD),
            self_access_blocked: dice.chance(SELF_ACCESS_BLOCKED),
        },
    }
}

/// Certificates of insurers of places run from August to July; employers' ones as long as the membership.
fn card_dates(
    kind: InsurerKind,
    from: Date,
    until: Option<(Date, ReasonOfLoss)>,
    as_of: Date,
) -> (Option<Date>, Option<Date>) {
    match kind {
        InsurerKind::PublicAssistance => (None, None),
        InsurerKind::National | InsurerKind::NationalGuild | InsurerKind::LateElderly => {
            let last = until.map_or(as_of, |(lost, _)| calendar::previous_day(lost).min(as_of)).max(from);
            (Some(certificates::year_from(last).max(from)), Some(certificates::year_until(last)))
        }
        _ => (Some(from), None),
    }
}

fn branch(fund: &Fund, rank: usize) -> Option<String> {
    match fund.numbering {
        Numbering::Recipient => None,
        // 後期高齢 and insurers without symbol number each person; the head of others is 00.
        Numbering::NoSymbol if fund.insurer.number.kind() == InsurerKind::LateElderly => None,
        _ => Some(format!("{:02}", rank.min(99))),
    }
}

fn insured_name(kind: InsurerKind, member: &Member, clan: Option<&Clan>) -> Option<String> {
    match kind {
        InsurerKind::LateElderly | InsurerKind::PublicAssistance => None,
        _ => Some(clan.map_or_else(|| member.name.clone(), |clan| clan.head_name.clone())),
    }
}

fn classification(kind: InsurerKind) -> CardClassification {
    match kind {
        InsurerKind::PublicAssistance => CardClassification::PublicAssistance,
        InsurerKind::SelfDefenseForces => CardClassification::SelfDefenseForces,
        InsurerKind::SpecialRetired => CardClassification::SpecialRetired,
        _ => CardClassification::General,
    }
}

fn death(member: &Member) -> Option<(Date, ReasonOfLoss)> {
    member.death.map(|day| (calendar::next_day(day), ReasonOfLoss::Death))
}

fn earliest(
    one: Option<(Date, ReasonOfLoss)>,
    other: Option<(Date, ReasonOfLoss)>,
) -> Option<(Date, ReasonOfLoss)> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if other.0 < one.0 { other } else { one }),
        (one, other) => one.or(other),
    }
}
