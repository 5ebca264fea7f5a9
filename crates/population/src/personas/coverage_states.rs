//! One persona for every 資格有効性.

use eligibility::{
    Date, calendar,
    codes::{
        CeilingCertificateKind, CeilingClass, ReasonOfLoss, Relation, Sex, SingleOrCombined, SocialInsurance,
        TicketType, Validity,
    },
    coverage::{CeilingCertificate, CopayRatio, Coverage},
    insurer::InsurerNumber,
    public_assistance::Prescriber,
    verification::NumberQuery,
};
use jiff::civil::date;

use super::cast::Cast;
use crate::{
    DEMO_INSTITUTION, DEMO_INSTITUTION_NAME,
    certificates::ticket,
    insurers::{PERSONA_LATE_ELDERLY, PERSONA_NATIONAL, PERSONA_SOCIETY, PERSONA_WELFARE},
};

/// An institution that is not the one of the demonstration: its code and name.
const OTHER_INSTITUTION: (&str, &str) = ("1319990020", "見本診療所");

pub(super) fn join(cast: &mut Cast) {
    valid(cast);
    lost(cast);
    not_yet(cast);
    changed_job(cast);
    turned_75(cast);
    nobody(cast);
    twins(cast);
    assisted(cast);
    assisted_beside_insurance(cast);
    died(cast);
}

/// A 限度額適用認定証 of the running fiscal year.
pub(super) fn ceiling(as_of: Date, class: CeilingClass) -> CeilingCertificate {
    let year = if as_of.month() >= 4 { as_of.year() } else { as_of.year() - 1 };
    let from = date(year, 4, 1);
    CeilingCertificate {
        kind: class.usual_kind(),
        class,
        issued_on: from,
        valid_from: from,
        valid_until: Some(date(year + 1, 3, 31)),
        long_term_on: None,
    }
}

fn lose(coverage: &mut Coverage, day: Date, reason: ReasonOfLoss) {
    coverage.disqualified_on = Some(day);
    coverage.reason_of_loss = Some(reason);
}

fn valid(cast: &mut Cast) {
    let as_of = cast.as_of;
    let draft = cast
        .draft(
            "hanako",
            "有効な資格（最初の人）",
            ("架空　花子", "カクウ　ハナコ"),
            date(1982, 5, 14),
            Sex::Female,
        )
        .employed(date(2018, 4, 1), |c| {
            c.insured_number = "345".to_owned();
            c.card_issued_on = Some(date(2018, 4, 5));
            c.ceiling_certificates.push(ceiling(as_of, CeilingClass::A03));
        })
        .by_card(Validity::Valid, "資格有効性 1（有効）。限度額適用認定証（ウ）も表示します。")
        .by_number(0, Validity::Valid, "資格有効性 1（有効）。")
        .by_changed_number(
            0,
            "生年月日を 1 日まちがえて照会します。",
            Validity::NoMatch,
            "資格有効性 4（該当資格なし）。番号がないときと同じ答えです。",
            |query| query.birthdate = date(1982, 5, 15),
        );
    cast.add(draft);
}

fn lost(cast: &mut Cast) {
    let day = calendar::first_of_month(cast.as_of);
    let draft = cast
        .draft("lost", "資格を喪失した人", ("退職　次郎", "タイショク　ジロウ"), date(1975, 8, 3), Sex::Male)
        .employed(date(2015, 4, 1), |c| lose(c, day, ReasonOfLoss::Other))
        .by_card(Validity::Invalid, "資格有効性 2（無効）。喪失年月日と事由を表示します。")
        .by_number(0, Validity::Invalid, "資格有効性 2（無効）。");
    cast.add(draft);
}

fn not_yet(cast: &mut Cast) {
    let day = calendar::first_of_next_month(cast.as_of);
    let draft = cast
        .draft(
            "not-yet",
            "資格がまだ始まっていない人",
            ("入社　三月", "ニュウシャ　ミツキ"),
            date(2002, 3, 9),
            Sex::Female,
        )
        .employed(day, |_| {})
        .by_card(Validity::Invalid, "資格有効性 2（無効）。翌月 1 日からの資格です。")
        .by_number(0, Validity::Invalid, "資格有効性 2（無効）。")
        .by_changed_number(
            0,
            "資格確認日を翌月 1 日にして照会します。",
            Validity::Valid,
            "資格有効性 1（有効）。",
            |query| query.as_of = day,
        );
    cast.add(draft);
}

fn changed_job(cast: &mut Cast) {
    let day = calendar::first_of_month(cast.as_of);
    let draft = cast
        .draft(
            "job-change",
            "転職して新しい資格がある人",
            ("転職　美恵", "テンショク　ミエ"),
            date(1990, 7, 21),
            Sex::Female,
        )
        .employed(date(2016, 10, 1), |c| lose(c, day, ReasonOfLoss::OtherInsurance))
        .covered(PERSONA_NATIONAL, day, |c| {
            c.insured_symbol = Some("架－３４".to_owned());
            c.card_valid_until = Some(crate::certificates::year_until(day));
        })
        .by_card(Validity::Valid, "資格有効性 1（有効）。新しい国民健康保険の資格を表示します。")
        .by_number(
            0,
            Validity::InvalidNewerExists,
            "資格有効性 3（無効（新しい資格あり））。古い資格を表示します。",
        )
        .by_number(1, Validity::Valid, "資格有効性 1（有効）。新しい番号での照会です。");
    cast.add(draft);
}

fn turned_75(cast: &mut Cast) {
    let day = calendar::first_of_month(cast.as_of);
    let born = calendar::birthday(day, -75);
    let draft = cast
        .draft("turned-75", "今月 75 歳になった人", ("喜寿　前夫", "キジュ　サキオ"), born, Sex::Male)
        .employed(calendar::birthday(day, -30), |c| lose(c, day, ReasonOfLoss::OtherInsurance))
        .covered(PERSONA_LATE_ELDERLY, day, |c| {
            c.insured_number = "07500001".to_owned();
            c.copay_ratio = Some(CopayRatio::Ten);
        })
        .by_card(
            Validity::Valid,
            "資格有効性 1（有効）。75 歳の誕生日からの後期高齢者医療の資格を表示します。",
        )
        .by_number(0, Validity::InvalidNewerExists, "資格有効性 3（無効（新しい資格あり））。")
        .by_number(1, Validity::Valid, "資格有効性 1（有効）。");
    cast.add(draft);
}

fn nobody(cast: &mut Cast) {
    let born = date(1999, 9, 9);
    let query = NumberQuery {
        as_of: cast.as_of,
        insurer_number: InsurerNumber::parse(PERSONA_SOCIETY).expect("a number of this crate"),
        insured_symbol: Some("9999".to_owned()),
        insured_number: "999999".to_owned(),
        branch_number: None,
        birthdate: born,
        ceiling_consent: false,
    };
    let draft = cast
        .draft(
            "no-match",
            "資格がまだ登録されていない人",
            ("未届　四郎", "ミトドケ　シロウ"),
            born,
            Sex::Male,
        )
        .by_card(Validity::NoMatch, "資格有効性 4（該当資格なし）。OQSB1001W を表示します。")
        .by_query(query, Validity::NoMatch, "資格有効性 4（該当資格なし）。");
    cast.add(draft);
}

fn twins(cast: &mut Cast) {
    let names =
        [("twin-a", "双子　一葉", "フタゴ　カズハ", "01"), ("twin-b", "双子　二葉", "フタゴ　フタバ", "02")];
    for (id, name, kana, branch) in names {
        let draft = cast
            .draft(id, "同じ生年月日の双子", (name, kana), date(2015, 2, 11), Sex::Female)
            .employed(date(2015, 2, 11), |c| {
                c.insured_number = "2222".to_owned();
                c.branch_number = Some(branch.to_owned());
                c.relation = Some(Relation::Family);
                c.insured_name = Some("双子　父雄".to_owned());
            })
            .by_card(Validity::Valid, "資格有効性 1（有効）。カードは 1 人を指します。")
            .by_changed_number(
                0,
                "枝番を入れずに照会します。",
                Validity::SeveralMatch,
                "資格有効性 5（複数該当）。OQSB1002W を表示します。",
                |query| query.branch_number = None,
            )
            .by_number(0, Validity::Valid, "資格有効性 1（有効）。枝番で 1 人に決まります。");
        cast.add(draft);
    }
}

fn assisted(cast: &mut Cast) {
    let month = calendar::first_of_month(cast.as_of);
    let mut here = ticket(DEMO_INSTITUTION, DEMO_INSTITUTION_NAME, month, "00012345");
    here.injury_names = ["高血圧症", "脂質異常症", "変形性膝関節症"].map(str::to_owned).to_vec();
    here.remarks = ["見本の備考その一", "見本の備考その二", "見本の備考その三"].map(str::to_owned).to_vec();
    let elsewhere = ticket(OTHER_INSTITUTION.0, OTHER_INSTITUTION.1, month, "00012346");
    let draft = cast
        .draft(
            "assistance",
            "医療扶助（この医院の医療券あり）",
            ("例題　三郎", "レイダイ　サブロウ"),
            date(1970, 12, 31),
            Sex::Male,
        )
        .person(|p| {
            p.address = Some("東京都架空区試験３－４－５".to_owned());
            p.postcode = Some("100-0097".to_owned());
        })
        .covered(PERSONA_WELFARE, date(2025, 6, 1), |c| {
            c.insured_number = "7654321".to_owned();
            c.medical_tickets = vec![here];
        })
        .by_card(Validity::Valid, "資格有効性 1（有効）。医療券を表示します。")
        .by_number(0, Validity::Valid, "資格有効性 1（有効）。公費負担者番号と受給者番号で照会します。");
    cast.add(draft);
    let draft = cast
        .draft(
            "assistance-no-ticket",
            "医療扶助（この医院の医療券なし）",
            ("無券　五月", "ムケン　サツキ"),
            date(1968, 5, 5),
            Sex::Female,
        )
        .covered(PERSONA_WELFARE, date(2024, 2, 1), |c| c.medical_tickets = vec![elsewhere])
        .by_card(Validity::ValidTicketUnregistered, "資格有効性 6（有効（未登録））。医療券は表示しません。")
        .by_number(0, Validity::ValidTicketUnregistered, "資格有効性 6（有効（未登録））。");
    cast.add(draft);
}

fn assisted_beside_insurance(cast: &mut Cast) {
    let month = calendar::first_of_month(cast.as_of);
    let mut here = ticket(DEMO_INSTITUTION, DEMO_INSTITUTION_NAME, month, "00012347");
    here.single_or_combined = SingleOrCombined::Combined;
    here.social_insurance = SocialInsurance::Yes;
    // What the office knows of the insurance does not agree with what the insurer notified.
    let mut dispensing = ticket(DEMO_INSTITUTION, DEMO_INSTITUTION_NAME, month, "00012348");
    dispensing.ticket_type = TicketType::Dispensing;
    dispensing.prescriber =
        Some(Prescriber { code: OTHER_INSTITUTION.0.to_owned(), name: OTHER_INSTITUTION.1.to_owned() });
    dispensing.inconsistent = true;
    let draft = cast
        .draft(
            "assistance-and-insurance",
            "医療保険と医療扶助の併用",
            ("併用　六実", "ヘイヨウ　ムツミ"),
            date(1985, 6, 6),
            Sex::Female,
        )
        .employed(date(2022, 4, 1), |_| {})
        .covered(PERSONA_WELFARE, date(2025, 1, 10), |c| c.medical_tickets = vec![here, dispensing])
        .by_card(
            Validity::Valid,
            "資格有効性 1（有効）。医療保険と医療扶助の 2 件を、医療券・調剤券とともに表示します。",
        )
        .by_number(0, Validity::Valid, "資格有効性 1（有効）。2 件を表示します。");
    cast.add(draft);
}

fn died(cast: &mut Cast) {
    let day = calendar::first_of_month(cast.as_of);
    let draft = cast
        .draft(
            "died",
            "死亡により資格を喪失した人",
            ("故人　七之助", "コジン　シチノスケ"),
            date(1938, 7, 7),
            Sex::Male,
        )
        .without_card()
        .covered(PERSONA_LATE_ELDERLY, date(2013, 7, 7), |c| {
            c.insured_number = "07700001".to_owned();
            lose(c, day, ReasonOfLoss::Death);
        })
        .by_number(0, Validity::Invalid, "資格有効性 2（無効）。喪失事由は死亡です。");
    cast.add(draft);
}

/// The kind of a class, as personas of other parts need it.
pub(super) fn meals(as_of: Date, class: CeilingClass) -> CeilingCertificate {
    CeilingCertificate { kind: CeilingCertificateKind::CeilingAndMeals, ..ceiling(as_of, class) }
}
