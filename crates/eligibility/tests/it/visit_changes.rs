use eligibility::{
    codes::Validity,
    coverage::CopayRatio,
    visit_changes::{ChangedItem, NOTHING, ShownAnswer, ShownCeiling, ShownCoverage, changes},
};
use jiff::civil::date;

fn coverage() -> ShownCoverage {
    ShownCoverage {
        insurer_number: "01130012".to_owned(),
        insurer_name: "試験健康保険組合".to_owned(),
        symbol: Some("12".to_owned()),
        number: Some("345".to_owned()),
        branch: Some("01".to_owned()),
        name: "葛\u{E0100}城　花子".to_owned(),
        address: Some("東京都千代田区".to_owned()),
        qualified_on: Some(date(2020, 4, 1)),
        ratio: Some(CopayRatio::Twenty),
        ceiling: Some(ShownCeiling { class: Some("ウ"), valid_until: Some(date(2027, 7, 31)) }),
        ..ShownCoverage::default()
    }
}

fn answer(coverages: &[ShownCoverage]) -> ShownAnswer {
    ShownAnswer { validity: Validity::Valid, coverages: coverages.to_vec() }
}

/// Item, old and new of every change.
fn told(old: &ShownAnswer, new: &ShownAnswer) -> Vec<(ChangedItem, String, String)> {
    changes(old, new).into_iter().map(|change| (change.item, change.old, change.new)).collect()
}

#[test]
fn what_is_the_same_is_no_change() {
    assert_eq!(changes(&answer(&[coverage()]), &answer(&[coverage()])), []);
    let renamed = ShownCoverage { insurer_name: "新しい名の組合".to_owned(), ..coverage() };
    assert_eq!(changes(&answer(&[coverage()]), &answer(&[renamed])), [], "only the insurer's name");
}

#[test]
fn each_item_is_told_with_old_and_new() {
    let mut moved = ShownCoverage {
        insurer_number: "138057".to_owned(),
        insurer_name: "試験区".to_owned(),
        symbol: None,
        branch: Some("02".to_owned()),
        name: "葛城　花子".to_owned(),
        address: Some("大阪府大阪市".to_owned()),
        disqualified_on: Some(date(2026, 11, 1)),
        ratio: Some(CopayRatio::Thirty),
        ..coverage()
    };
    moved.ceiling = Some(ShownCeiling { class: Some("エ"), valid_until: None });
    let mut new = answer(&[moved]);
    new.validity = Validity::Invalid;
    let text = str::to_owned;
    assert_eq!(
        told(&answer(&[coverage()]), &new),
        [
            (ChangedItem::Validity, text("有効"), text("無効")),
            (ChangedItem::Insurer, text("01130012 試験健康保険組合"), text("138057 試験区")),
            (ChangedItem::Symbol, text("12"), text(NOTHING)),
            (ChangedItem::Branch, text("01"), text("02")),
            (ChangedItem::Name, text("葛\u{E0100}城　花子"), text("葛城　花子")),
            (ChangedItem::Address, text("東京都千代田区"), text("大阪府大阪市")),
            (ChangedItem::DisqualifiedOn, text(NOTHING), text("令和8年11月1日（2026年11月1日）")),
            (ChangedItem::Ratio, text("2割"), text("3割")),
            (ChangedItem::CeilingClass, text("ウ"), text("エ")),
            (ChangedItem::CeilingValidUntil, text("令和9年7月31日（2027年7月31日）"), text(NOTHING)),
        ]
    );
}

#[test]
fn nothing_tells_that_an_address_is_withheld_now() {
    let withheld = ShownCoverage { address: None, ..coverage() };
    assert_eq!(changes(&answer(&[coverage()]), &answer(std::slice::from_ref(&withheld))), []);
    assert_eq!(changes(&answer(&[withheld]), &answer(&[coverage()])), []);
}

#[test]
fn a_ceiling_that_may_not_be_shown_is_not_lost() {
    let unasked = ShownCoverage { ceiling: None, ..coverage() };
    assert_eq!(changes(&answer(&[coverage()]), &answer(&[unasked])), []);
    let none = ShownCoverage { ceiling: Some(ShownCeiling::default()), ..coverage() };
    assert_eq!(told(&answer(&[coverage()]), &answer(&[none]))[0].2, NOTHING);
}

#[test]
fn assistance_is_compared_with_assistance() {
    let assistance = ShownCoverage {
        public_assistance: true,
        insurer_number: "12130018".to_owned(),
        number: Some("9".to_owned()),
        ..coverage()
    };
    let both = answer(&[coverage(), assistance.clone()]);
    let told = changes(&answer(&[coverage()]), &both);
    assert_eq!((told.len(), told[0].item, told[0].public_assistance), (1, ChangedItem::Coverage, true));
    assert_eq!(told[0].old, NOTHING);
    let other = ShownCoverage { number: Some("10".to_owned()), ..assistance };
    let told = changes(&both, &answer(&[other, coverage()]));
    assert_eq!((told.len(), told[0].item, told[0].public_assistance), (1, ChangedItem::Number, true));
}
