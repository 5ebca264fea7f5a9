//! What changed since the institution last got an answer about a person: item by item, old and new.
//!
//! An address is compared only when both answers show one. Otherwise the page would tell that a protected person's
//! address is withheld now, and show the one that is.

use crate::{
    Date,
    calendar::format_both,
    codes::{CeilingChange, Validity},
    coverage::CopayRatio,
};

/// One coverage as an answer showed it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShownCoverage {
    /// Whether it is 医療扶助 and not insurance.
    pub public_assistance: bool,
    /// 保険者番号.
    pub insurer_number: String,
    /// 保険者名称.
    pub insurer_name: String,
    /// 記号.
    pub symbol: Option<String>,
    /// 番号.
    pub number: Option<String>,
    /// 枝番.
    pub branch: Option<String>,
    /// 本人・家族の別.
    pub relation: Option<&'static str>,
    /// 氏名.
    pub name: String,
    /// 住所.
    pub address: Option<String>,
    /// 資格取得年月日.
    pub qualified_on: Option<Date>,
    /// 資格喪失年月日.
    pub disqualified_on: Option<Date>,
    /// 証有効終了年月日.
    pub card_valid_until: Option<Date>,
    /// 一部負担金割合, from the insurance or the 高齢受給者証.
    pub ratio: Option<CopayRatio>,
    /// 限度額適用認定証; `None` = the answer was not allowed to show it.
    pub ceiling: Option<ShownCeiling>,
}

/// What an answer that may show it says of 限度額適用認定証.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShownCeiling {
    /// 適用区分; `None` = there is no certificate.
    pub class: Option<&'static str>,
    /// Last valid day.
    pub valid_until: Option<Date>,
}

/// An answer about one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownAnswer {
    /// 資格有効性.
    pub validity: Validity,
    /// The coverages: one, or two when 医療扶助 stands beside insurance.
    pub coverages: Vec<ShownCoverage>,
}

/// One item that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The item, as the page names it.
    pub item: ChangedItem,
    /// Whether it is of 医療扶助.
    pub public_assistance: bool,
    /// What it was; [`NOTHING`] when there was none.
    pub old: String,
    /// What it is; [`NOTHING`] when there is none.
    pub new: String,
}

/// Stands where there is no value.
pub const NOTHING: &str = "なし";

/// What can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangedItem {
    /// 資格有効性.
    Validity,
    /// 保険者.
    Insurer,
    /// 記号.
    Symbol,
    /// 番号.
    Number,
    /// 枝番.
    Branch,
    /// 本人・家族の別.
    Relation,
    /// 氏名.
    Name,
    /// 住所.
    Address,
    /// 資格取得年月日.
    QualifiedOn,
    /// 資格喪失年月日.
    DisqualifiedOn,
    /// 有効終了年月日.
    CardValidUntil,
    /// 一部負担金割合.
    Ratio,
    /// 限度額適用認定証 適用区分.
    CeilingClass,
    /// 限度額適用認定証 有効終了年月日.
    CeilingValidUntil,
    /// 医療扶助 beside insurance, or insurance beside 医療扶助.
    Coverage,
}

impl ChangedItem {
    /// The item's name.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Validity => "資格有効性",
            Self::Insurer => "保険者",
            Self::Symbol => "記号",
            Self::Number => "番号",
            Self::Branch => "枝番",
            Self::Relation => "本人・家族の別",
            Self::Name => "氏名",
            Self::Address => "住所",
            Self::QualifiedOn => "資格取得年月日",
            Self::DisqualifiedOn => "資格喪失年月日",
            Self::CardValidUntil => "有効終了年月日",
            Self::Ratio => "一部負担金割合",
            Self::CeilingClass => "限度額適用認定証の適用区分",
            Self::CeilingValidUntil => "限度額適用認定証の有効終了年月日",
            Self::Coverage => "資格",
        }
    }
}

/// Everything that is not what it was, in the order of the page. Both answers are about the same person.
#[must_use]
pub fn changes(old: &ShownAnswer, new: &ShownAnswer) -> Vec<Change> {
    let mut found = Found { changes: Vec::new(), public_assistance: false };
    found.add(ChangedItem::Validity, old.validity.label().to_owned(), new.validity.label().to_owned());
    for public_assistance in [false, true] {
        found.public_assistance = public_assistance;
        let of = |answer: &ShownAnswer| {
            answer.coverages.iter().find(|shown| shown.public_assistance == public_assistance).cloned()
        };
        match (of(old), of(new)) {
            (None, None) => {}
            (Some(old), Some(new)) => found.of_coverage(&old, &new),
            (old, new) => {
                let told = |shown: Option<ShownCoverage>| shown.map(|shown| insurer(&shown));
                found.add(ChangedItem::Coverage, text(told(old)), text(told(new)));
            }
        }
    }
    found.changes
}

/// 限度額情報変更有無: whether what an institution was last shown of 限度額適用認定証 still holds. `known`: what the last
/// answer showed, `None` when it was not allowed to show it or is not kept; `now`: what an answer of today would show.
#[must_use]
pub fn ceiling_change<C: PartialEq>(known: Option<&C>, now: Option<&C>) -> CeilingChange {
    match (known, now) {
        (Some(known), Some(now)) if known == now => CeilingChange::Unchanged,
        _ => CeilingChange::ChangedOrUnknown,
    }
}

struct Found {
    changes: Vec<Change>,
    public_assistance: bool,
}

impl Found {
    fn add(&mut self, item: ChangedItem, old: String, new: String) {
        if old != new {
            self.changes.push(Change { item, public_assistance: self.public_assistance, old, new });
        }
    }

    fn of_coverage(&mut self, old: &ShownCoverage, new: &ShownCoverage) {
        use ChangedItem as Item;
        // The name of an insurer alone is no news: it is the central register's, not the person's.
        if old.insurer_number != new.insurer_number {
            self.add(Item::Insurer, insurer(old), insurer(new));
        }
        self.add(Item::Symbol, text(old.symbol.clone()), text(new.symbol.clone()));
        self.add(Item::Number, text(old.number.clone()), text(new.number.clone()));
        self.add(Item::Branch, text(old.branch.clone()), text(new.branch.clone()));
        self.add(Item::Relation, text(old.relation), text(new.relation));
        self.add(Item::Name, old.name.clone(), new.name.clone());
        if let (Some(old), Some(new)) = (&old.address, &new.address) {
            self.add(Item::Address, old.clone(), new.clone());
        }
        self.add(Item::QualifiedOn, day(old.qualified_on), day(new.qualified_on));
        self.add(Item::DisqualifiedOn, day(old.disqualified_on), day(new.disqualified_on));
        self.add(Item::CardValidUntil, day(old.card_valid_until), day(new.card_valid_until));
        let ratio = |shown: &ShownCoverage| text(shown.ratio.map(CopayRatio::label));
        self.add(Item::Ratio, ratio(old), ratio(new));
        // Who did not agree to it being shown has not lost it.
        if let (Some(old), Some(new)) = (&old.ceiling, &new.ceiling) {
            self.add(Item::CeilingClass, text(old.class), text(new.class));
            self.add(Item::CeilingValidUntil, day(old.valid_until), day(new.valid_until));
        }
    }
}

fn insurer(shown: &ShownCoverage) -> String {
    format!("{} {}", shown.insurer_number, shown.insurer_name).trim_end().to_owned()
}

fn text(value: Option<impl Into<String>>) -> String {
    value.map_or_else(|| NOTHING.to_owned(), Into::into)
}

fn day(value: Option<Date>) -> String {
    text(value.map(format_both))
}
