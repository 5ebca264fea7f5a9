//! Personas for certificates, ages, names and protected people.

use eligibility::{
    calendar,
    codes::{CeilingClass, Relation, Sex, SpecificDisease, Validity},
    coverage::{CeilingCertificate, CopayRatio, ElderlyCertificate, SpecificDiseaseCertificate},
    errors::ErrorCode,
};
use jiff::civil::date;

use super::{
    CardState,
    cast::Cast,
    coverage_states::{ceiling, meals},
};
use crate::{
    certificates::{year_from, year_until},
    insurers::{PERSONA_LATE_ELDERLY, PERSONA_NATIONAL},
};

pub(super) fn join(cast: &mut Cast) {
    late_elderly(cast);
    elderly(cast);
    children(cast);
    certificates(cast);
    national_household(cast);
    rare_names(cast);
    other_names(cast);
    protected(cast);
}

fn renal(from: jiff::civil::Date) -> SpecificDiseaseCertificate {
    SpecificDiseaseCertificate {
        disease: SpecificDisease::ChronicRenalFailure,
        issued_on: calendar::add_days(from, 9),
        valid_from: from,
        valid_until: None,
        self_pay_yen: 10_000,
    }
}

fn late_elderly(cast: &mut Cast) {
    let as_of = cast.as_of;
    let draft = cast
        .draft(
            "taro",
            "後期高齢者（電子証明書の期限が近い）",
            ("見本　太郎", "ミホン　タロウ"),
            date(1944, 2, 3),
            Sex::Male,
        )
        .person(|p| {
            p.address = Some("東京都架空区例示二丁目５番地".to_owned());
            p.postcode = Some("100-0098".to_owned());
        })
        .covered(PERSONA_LATE_ELDERLY, date(2019, 2, 3), |c| {
            c.insured_number = "01234567".to_owned();
            c.copay_ratio = Some(CopayRatio::Twenty);
            c.ceiling_certificates.push(ceiling(as_of, CeilingClass::B09));
            c.specific_disease_certificates.push(renal(date(2024, 1, 1)));
        })
        .card(CardState::ExpiresSoon)
        .by_card_with(
            Validity::Valid,
            ErrorCode::CardExpiresSoon,
            "資格有効性 1（有効）。期限が 3か月以内のお知らせ（OQSB1101I）が付きます。",
        )
        .by_number(0, Validity::Valid, "資格有効性 1（有効）。一部負担金割合は 2 割です。");
    cast.add(draft);
}

fn elderly(cast: &mut Cast) {
    let as_of = cast.as_of;
    let born = calendar::birthday(date(as_of.year(), 1, 20), -72);
    let from = year_from(as_of);
    let certificate = ElderlyCertificate {
        issued_on: from,
        valid_from: from,
        valid_until: Some(year_until(as_of)),
        ratio: CopayRatio::Twenty,
    };
    let draft = cast
        .draft("elderly", "70 から 74 歳（高齢受給者証）", ("古希　八重", "コキ　ヤエ"), born, Sex::Female)
        .employed(date(2010, 4, 1), |c| {
            c.elderly_certificates.push(certificate);
            c.ceiling_certificates.push(meals(as_of, CeilingClass::B05));
        })
        .by_card(
            Validity::Valid,
            "資格有効性 1（有効）。高齢受給者証（2 割）と限度額（低所得Ⅱ）を表示します。",
        )
        .by_number(0, Validity::Valid, "資格有効性 1（有効）。");
    cast.add(draft);
}

fn children(cast: &mut Cast) {
    let as_of = cast.as_of;
    let born = calendar::add_days(calendar::birthday(as_of, -4), -50);
    let draft = cast
        .draft("preschool", "未就学の子", ("未就学　九太", "ミシュウガク　キュウタ"), born, Sex::Male)
        .employed(born, |c| {
            c.branch_number = Some("02".to_owned());
            c.relation = Some(Relation::Family);
            c.insured_name = Some("未就学　父雄".to_owned());
        })
        .by_card(Validity::Valid, "資格有効性 1（有効）。未就学区分を表示します。")
        .by_number(0, Validity::Valid, "資格有効性 1（有効）。");
    cast.add(draft);
    let born = calendar::add_days(as_of, -20);
    let draft = cast
        .draft("newborn", "枝番がまだない新生児", ("新生　十和", "シンセイ　トワ"), born, Sex::Female)
        .without_card()
        .employed(born, |c| {
            c.branch_number = None;
            c.relation = Some(Relation::Family);
            c.insured_name = Some("新生　母恵".to_owned());
        })
        .by_number(0, Validity::Valid, "資格有効性 1（有効）。枝番なしで照会します。")
        .by_changed_number(
            0,
            "枝番 03 を入れて照会します。",
            Validity::NoMatch,
            "資格有効性 4（該当資格なし）。枝番はまだ登録されていません。",
            |query| query.branch_number = Some("03".to_owned()),
        );
    cast.add(draft);
}

fn certificates(cast: &mut Cast) {
    let as_of = cast.as_of;
    let draft = cast
        .draft(
            "low-income",
            "限度額適用・標準負担額減額認定証",
            ("減額　十一", "ゲンガク　ジュウイチ"),
            date(1971, 11, 11),
            Sex::Male,
        )
        .employed(date(2020, 5, 1), |c| {
            let certificate = meals(as_of, CeilingClass::A05);
            // In hospital for more than ninety days of the year: meals cost less still.
            let long_term_on = Some(calendar::first_of_month(as_of));
            c.ceiling_certificates.push(CeilingCertificate { long_term_on, ..certificate });
        })
        .by_card(Validity::Valid, "資格有効性 1（有効）。適用区分オと長期入院該当年月日を表示します。")
        .by_changed_number(
            0,
            "限度額の提供に同意して照会します。",
            Validity::Valid,
            "資格有効性 1（有効）。適用区分オを表示します。",
            |query| query.ceiling_consent = true,
        )
        .by_changed_number(
            0,
            "限度額の提供に同意せずに照会します。",
            Validity::Valid,
            "資格有効性 1（有効）。限度額は出ません。",
            |query| query.ceiling_consent = false,
        );
    cast.add(draft);
    let draft = cast
        .draft(
            "dialysis",
            "特定疾病療養受療証",
            ("透析　十二", "トウセキ　ジュウジ"),
            date(1966, 12, 12),
            Sex::Male,
        )
        .employed(date(2012, 7, 1), |c| {
            let valid_until = Some(year_until(as_of));
            c.specific_disease_certificates
                .push(SpecificDiseaseCertificate { valid_until, ..renal(date(2023, 6, 1)) });
        })
        .by_card(Validity::Valid, "資格有効性 1（有効）。同意すると特定疾病療養受療証を表示します。")
        .by_number(0, Validity::Valid, "資格有効性 1（有効）。番号での照会では特定疾病は出ません。");
    cast.add(draft);
}

fn national_household(cast: &mut Cast) {
    let as_of = cast.as_of;
    let draft = cast
        .draft(
            "national",
            "国民健康保険の世帯員",
            ("国保　十三代", "コクホ　トミヨ"),
            date(1988, 1, 3),
            Sex::Female,
        )
        .covered(PERSONA_NATIONAL, date(2021, 8, 1), |c| {
            c.insured_symbol = Some("杉－１２".to_owned());
            c.insured_number = "778800".to_owned();
            c.branch_number = Some("02".to_owned());
            c.relation = Some(Relation::Family);
            c.insured_name = Some("国保　世帯主".to_owned());
            c.card_valid_from = Some(year_from(as_of));
            c.card_valid_until = Some(year_until(as_of));
        })
        .by_card(Validity::Valid, "資格有効性 1（有効）。世帯主の氏名を表示します。")
        .by_changed_number(
            0,
            "記号を「杉-12」（半角）で照会します。",
            Validity::Valid,
            "資格有効性 1（有効）。全角・半角・ハイフンの違いは吸収します。",
            |query| query.insured_symbol = Some("杉-12".to_owned()),
        );
    cast.add(draft);
}

fn rare_names(cast: &mut Cast) {
    let people = [
        ("rare-takasaki", "はしご高・たつ崎", "髙﨑　𠮷美", "タカサキ　ヨシミ"),
        ("rare-tsuji", "一点しんにょうの辻", "辻\u{E0100}　邦彥", "ツジ　クニヒコ"),
        ("rare-katsuragi", "葛の異体字", "葛\u{E0100}城　\u{FA46}", "カツラギ　ナギサ"),
    ];
    for (at, (id, title, name, kana)) in (0_i8..).zip(people) {
        let draft = cast
            .draft(id, title, (name, kana), date(1993, 4, 10 + at), Sex::Female)
            .employed(date(2019, 4, 1), |_| {})
            .by_card(Validity::Valid, "資格有効性 1（有効）。UTF-8 では氏名の文字をすべて保ち、Shift_JIS では代わりの字を使います。")
            .by_number(0, Validity::Valid, "資格有効性 1（有効）。");
        cast.add(draft);
    }
}

fn other_names(cast: &mut Cast) {
    let draft = cast
        .draft(
            "other-name",
            "通称があり、性別が裏面の人",
            ("ＮＧＵＹＥＮ　ＶＡＮ　ＡＮ", "グエン　ヴァン　アン"),
            date(1996, 10, 2),
            Sex::NotSet,
        )
        .person(|p| {
            p.other_name = Some("山田　安".to_owned());
            p.other_kana = Some("ヤマダ　アン".to_owned());
            p.sex_on_back = Some(Sex::Male);
        })
        .employed(date(2023, 9, 1), |_| {})
        .by_card(Validity::Valid, "資格有効性 1（有効）。氏名（その他）と性別2を表示します。")
        .by_number(0, Validity::Valid, "資格有効性 1（有効）。");
    cast.add(draft);
}

fn protected(cast: &mut Cast) {
    let draft = cast
        .draft(
            "address-withheld",
            "不開示該当フラグの人",
            ("秘匿　十四", "ヒトク　トシ"),
            date(1987, 3, 14),
            Sex::Female,
        )
        .person(|p| p.protection.address_withheld = true)
        .employed(date(2020, 4, 1), |_| {})
        .by_card(Validity::Valid, "資格有効性 1（有効）。住所と郵便番号は表示しません。")
        .by_number(0, Validity::Valid, "資格有効性 1（有効）。住所と郵便番号は表示しません。");
    cast.add(draft);
    let draft = cast
        .draft(
            "self-access-blocked",
            "自己情報提供不可フラグの人",
            ("保護　十五", "ホゴ　トウゴ"),
            date(1984, 8, 15),
            Sex::Female,
        )
        .person(|p| p.protection.self_access_blocked = true)
        .employed(date(2017, 4, 1), |_| {})
        .refused(
            ErrorCode::SelfAccessBlocked,
            "カードは使えません。利用登録のないカードと同じ案内（OQSB1106E）です。",
        )
        .by_number(0, Validity::Valid, "資格有効性 1（有効）。住所と郵便番号は表示しません。");
    cast.add(draft);
}
