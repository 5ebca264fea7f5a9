//! What a result page shows, row by row, in the order of receipt computers. Days in 和暦 with 西暦 beside.

use eligibility::Date;
use eligibility::codes::{CardClassification, CeilingConsentFlag};
use eligibility::meaning::share_by_law;
use eligibility::visit_changes::{Change, ChangedItem};
use wire::message::{
    CeilingCertificateInfo, Code, CodeTable, ElderlyCertificateInfo, MedicalTicketInfo, QualificationResult,
    ResultMessage, SpecificDiseaseCertificateInfo,
};

use crate::institution::days::{day, month as month_of};

/// Stands where an answer says nothing.
const NOTHING: &str = "―";

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::institution) struct Row {
    /// What it is.
    pub(in crate::institution) label: &'static str,
    /// What the answer says.
    pub(in crate::institution) value: String,
    /// What the last answer said, where that was something else.
    pub(in crate::institution) before: Option<String>,
}

/// Rows under a heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::institution) struct Section {
    pub(in crate::institution) title: String,
    pub(in crate::institution) rows: Vec<Row>,
}

fn day_or_nothing(date: Option<Date>) -> String {
    date.map_or_else(|| NOTHING.to_owned(), day)
}

fn text(value: Option<&String>) -> String {
    value.filter(|text| !text.is_empty()).map_or_else(|| NOTHING.to_owned(), String::clone)
}

/// Labels of a code's table are named by the closure; a code the table lacks is shown as it came.
fn coded<T: CodeTable>(code: Option<&Code<T>>, label: impl Fn(T) -> &'static str) -> String {
    match code {
        None => NOTHING.to_owned(),
        Some(code) => code.known().map_or_else(|| code.as_text().to_owned(), |known| label(known).to_owned()),
    }
}

fn row(label: &'static str, value: String) -> Row {
    Row { label, value, before: None }
}

/// Marks rows with what they said before.
struct Marks<'a> {
    changes: &'a [Change],
    public_assistance: bool,
}

impl Marks<'_> {
    fn row(&self, item: ChangedItem, label: &'static str, value: String) -> Row {
        let before = self
            .changes
            .iter()
            .find(|change| change.item == item && change.public_assistance == self.public_assistance);
        Row { label, value, before: before.map(|change| change.old.clone()) }
    }
}

/// Every coverage with its certificates.
pub(in crate::institution) fn sections(
    message: &ResultMessage,
    as_of: Date,
    changes: &[Change],
) -> Vec<Section> {
    let mut sections = Vec::new();
    for shown in &message.body.results {
        let public_assistance = shown.card_classification.is(CardClassification::PublicAssistance);
        let marks = Marks { changes, public_assistance };
        let title = if public_assistance { "医療扶助" } else { "資格情報" };
        sections.push(Section { title: title.to_owned(), rows: coverage(shown, as_of, &marks) });
        sections.extend(shown.elderly_certificate.as_ref().map(elderly));
        sections.extend(ceiling(shown, &marks));
        sections.extend(shown.specific_disease_certificates.iter().map(specific_disease));
        sections.extend(shown.medical_tickets.iter().map(ticket));
    }
    sections
}

fn coverage(shown: &QualificationResult, as_of: Date, marks: &Marks<'_>) -> Vec<Row> {
    use ChangedItem as Item;
    let assisted = marks.public_assistance;
    let (insurer, number, name) = match assisted {
        true => ("公費負担者番号", "受給者番号", "福祉事務所名"),
        false => ("保険者番号", "番号", "保険者名称"),
    };
    let insurer_number = shown.insurer_number.as_ref().map(ToString::to_string);
    let mut rows = vec![
        marks.row(Item::Insurer, insurer, text(insurer_number.as_ref())),
        row(name, text(Some(&shown.insurer_name))),
    ];
    if !assisted {
        rows.push(marks.row(Item::Symbol, "記号", text(shown.insured_card_symbol.as_ref())));
    }
    rows.push(marks.row(Item::Number, number, text(shown.insured_identification_number.as_ref())));
    if !assisted {
        rows.push(marks.row(Item::Branch, "枝番", text(shown.insured_branch_number.as_ref())));
        rows.push(marks.row(
            Item::Relation,
            "本人・家族の別",
            coded(shown.relation.as_ref(), |code| code.label()),
        ));
        rows.push(row("被保険者証区分", coded(Some(&shown.card_classification), |code| code.label())));
    }
    rows.extend(person(shown, marks));
    rows.extend(period(shown, as_of, marks));
    rows
}

fn person(shown: &QualificationResult, marks: &Marks<'_>) -> Vec<Row> {
    let kana = |kana: &Option<wire::message::Kana>| kana.as_ref().map(|kana| kana.0.clone());
    let mut rows = vec![
        marks.row(ChangedItem::Name, "氏名", shown.name.clone()),
        row("氏名カナ", text(kana(&shown.name_kana).as_ref())),
    ];
    if shown.name_of_other.is_some() || shown.name_of_other_kana.is_some() {
        rows.push(row("氏名（その他）", text(shown.name_of_other.as_ref())));
        rows.push(row("氏名カナ（その他）", text(kana(&shown.name_of_other_kana).as_ref())));
    }
    if !marks.public_assistance {
        rows.push(row("被保険者氏名（世帯主氏名）", text(shown.insured_name.as_ref())));
    }
    // 性別2 is there where the front of the card hides the sex: then it is what is to be used.
    let sex = shown.sex2.as_ref().unwrap_or(&shown.sex1);
    rows.extend([
        row("生年月日", day(shown.birthdate)),
        row("性別", coded(Some(sex), |code| code.label())),
        row("郵便番号", text(shown.post_number.as_ref())),
        marks.row(ChangedItem::Address, "住所", text(shown.address.as_ref())),
    ]);
    rows
}

fn period(shown: &QualificationResult, as_of: Date, marks: &Marks<'_>) -> Vec<Row> {
    use ChangedItem as Item;
    let mut rows =
        vec![marks.row(Item::QualifiedOn, "資格取得年月日", day_or_nothing(shown.qualification_date))];
    if shown.disqualification_date.is_some() || shown.reason_of_loss.is_some() {
        rows.push(marks.row(
            Item::DisqualifiedOn,
            "資格喪失年月日",
            day_or_nothing(shown.disqualification_date),
        ));
        rows.push(row("資格喪失事由", coded(shown.reason_of_loss.as_ref(), |code| code.label())));
    }
    if !marks.public_assistance {
        rows.extend([
            row("交付年月日", day_or_nothing(shown.certificate_issuance_date)),
            row("有効開始年月日", day_or_nothing(shown.card_valid_date)),
            marks.row(Item::CardValidUntil, "有効終了年月日", day_or_nothing(shown.card_expiration_date)),
            marks.row(Item::Ratio, "一部負担金割合", share(shown, as_of)),
        ]);
        if shown.preschool.is_some() {
            rows.push(row("未就学区分", coded(shown.preschool.as_ref(), |code| code.label())));
        }
    }
    rows
}

/// The patient's share, and where it is known from.
fn share(shown: &QualificationResult, as_of: Date) -> String {
    if let Some(ratio) = &shown.contribution_ratio {
        return coded(Some(ratio), |ratio| ratio.label());
    }
    if let Some(elderly) = &shown.elderly_certificate {
        return format!("{}（高齢受給者証による）", coded(Some(&elderly.ratio), |ratio| ratio.label()));
    }
    match share_by_law(shown.birthdate, as_of) {
        Some(ratio) => format!("{}（証に記載がないときの割合）", ratio.label()),
        None => NOTHING.to_owned(),
    }
}

fn elderly(shown: &ElderlyCertificateInfo) -> Section {
    let rows = vec![
        row("交付年月日", day_or_nothing(shown.issued_on)),
        row("有効開始年月日", day_or_nothing(shown.valid_from)),
        row("有効終了年月日", day_or_nothing(shown.valid_until)),
        row("一部負担金割合", coded(Some(&shown.ratio), |ratio| ratio.label())),
    ];
    Section { title: "高齢受給者証".to_owned(), rows }
}

/// 限度額適用認定証: also said where there is none, so that nobody asks in vain.
fn ceiling(shown: &QualificationResult, marks: &Marks<'_>) -> Option<Section> {
    if marks.public_assistance {
        return None;
    }
    let agreed = shown.ceiling_consent.as_ref().is_some_and(|consent| consent.is(CeilingConsentFlag::Agreed));
    let rows = match &shown.ceiling_certificate {
        Some(certificate) => certificate_rows(certificate, marks),
        None if agreed => {
            vec![marks.row(ChangedItem::CeilingClass, "情報", "該当する認定証はありません".to_owned())]
        }
        None => vec![row("情報", "提供の同意がないため、確認していません".to_owned())],
    };
    Some(Section { title: "限度額適用認定証".to_owned(), rows })
}

fn certificate_rows(shown: &CeilingCertificateInfo, marks: &Marks<'_>) -> Vec<Row> {
    use ChangedItem as Item;
    let mut rows = vec![
        row("区分", coded(Some(&shown.kind), |code| code.label())),
        marks.row(Item::CeilingClass, "適用区分", coded(Some(&shown.class), |code| code.label())),
        row("交付年月日", day_or_nothing(shown.issued_on)),
        row("有効開始年月日", day_or_nothing(shown.valid_from)),
        marks.row(Item::CeilingValidUntil, "有効終了年月日", day_or_nothing(shown.valid_until)),
    ];
    if shown.long_term_on.is_some() {
        rows.push(row("長期入院該当年月日", day_or_nothing(shown.long_term_on)));
    }
    rows
}

fn specific_disease(shown: &SpecificDiseaseCertificateInfo) -> Section {
    let yen = shown.self_pay_yen.map_or_else(|| NOTHING.to_owned(), |yen| format!("{yen}円／月"));
    let rows = vec![
        row("疾病区分", coded(Some(&shown.disease), |code| code.label())),
        row("交付年月日", day_or_nothing(shown.issued_on)),
        row("有効開始年月日", day_or_nothing(shown.valid_from)),
        row("有効終了年月日", day_or_nothing(shown.valid_until)),
        row("自己負担限度額", yen),
    ];
    Section { title: "特定疾病療養受療証".to_owned(), rows }
}

fn ticket(shown: &MedicalTicketInfo) -> Section {
    let month = shown.treatment_month.as_ref().map(|month| month_of(month.0));
    let names: Vec<&str> = [&shown.injury_name1, &shown.injury_name2, &shown.injury_name3]
        .into_iter()
        .filter_map(|name| name.as_deref())
        .collect();
    let names = names.join("、");
    let yen = shown.self_pay_yen.map_or_else(|| NOTHING.to_owned(), |yen| format!("{yen}円"));
    let rows = vec![
        row("交付番号", text(shown.issue_number.as_ref())),
        row("診療年月", text(month.as_ref())),
        row("有効開始年月日", day_or_nothing(shown.valid_from)),
        row("有効終了年月日", day_or_nothing(shown.valid_until)),
        row("指定医療機関", text(shown.institution_name.as_ref())),
        row("傷病名", text(Some(&names))),
        row("診療別", coded(shown.treatment_type.as_ref(), |code| code.label())),
        row("単独・併用別", coded(shown.single_or_combined.as_ref(), |code| code.label())),
        row("本人支払額", yen),
        row("地区担当員名", text(shown.district_contact.as_ref())),
        row("取扱担当者名", text(shown.handling_contact.as_ref())),
    ];
    let title = coded(Some(&shown.ticket_type), |code| code.label());
    Section { title, rows }
}

/// Characters of a value that fit beside its label on paper, in the type that is used while there is room.
const VALUE_CHARS: usize = 15;
/// The same of a label.
const LABEL_CHARS: usize = 9;
/// Lines that a heading takes.
const HEADING_LINES: usize = 2;
/// Columns of rows on a sheet.
const COLUMNS: usize = 2;
/// Characters of what is to be done that fit beside each other: it stands above the columns.
const STEP_CHARS: usize = 50;
/// Lines up to which one sheet has room in the usual type, and up to which in smaller type. Measured in a browser, as
/// that the smallest holds 150.
const ROOMY_LINES: usize = 60;
const DENSE_LINES: usize = 92;

/// How closely a sheet must be printed, so that all of it is on one page: the name of the style. `steps`: what is to be
/// done, where the sheet says it.
pub(super) fn density(sections: &[Section], steps: &[&str]) -> &'static str {
    let lines_of = |text: &str, width: usize| text.chars().count().div_ceil(width).max(1);
    let lines_of_row = |row: &Row| {
        let before = row.before.as_ref().map_or(0, |before| before.chars().count() + 8);
        let value = (row.value.chars().count() + before).div_ceil(VALUE_CHARS);
        value.max(lines_of(row.label, LABEL_CHARS))
    };
    let lines_of_section =
        |section: &Section| HEADING_LINES + section.rows.iter().map(lines_of_row).sum::<usize>();
    let guide = steps.iter().map(|step| lines_of(step, STEP_CHARS)).sum::<usize>();
    let above = if steps.is_empty() { 0 } else { COLUMNS * (HEADING_LINES + guide) };
    match above + sections.iter().map(lines_of_section).sum::<usize>() {
        ..=ROOMY_LINES => "",
        lines if lines <= DENSE_LINES => "dense",
        _ => "tight",
    }
}

/// What was asked.
pub(super) fn question(message: &ResultMessage) -> Vec<Row> {
    let Some(asked) = &message.body.search_info else { return Vec::new() };
    vec![
        row("保険者番号", asked.insurer_number.to_string()),
        row("記号", text(asked.insured_card_symbol.as_ref())),
        row("番号", asked.insured_identification_number.clone()),
        row("枝番", text(asked.insured_branch_number.as_ref())),
        row("生年月日", day(asked.birthdate)),
    ]
}

#[cfg(test)]
mod tests {
    use super::{Section, VALUE_CHARS, density, row};

    /// A section whose rows take so many lines, its heading included.
    fn section(lines: usize) -> Section {
        let rows = (2..lines).map(|_| row("氏名", "鷗".repeat(VALUE_CHARS))).collect();
        Section { title: "資格情報".to_owned(), rows }
    }

    /// The story of the printed sheet measures in a browser that each style holds as much as it is chosen for.
    #[test]
    fn the_more_there_is_the_closer_it_is_printed() {
        for (lines, style) in [(60, ""), (61, "dense"), (92, "dense"), (93, "tight")] {
            assert_eq!(density(&[section(lines)], &[]), style, "{lines}");
        }
        // What is to be done stands above both columns.
        assert_eq!(density(&[section(54)], &["1行です。"]), "");
        assert_eq!(density(&[section(55)], &["1行です。"]), "dense");
        let long =
            Section { title: String::new(), rows: vec![row("住所", "鷗".repeat(VALUE_CHARS * 60))] };
        assert_eq!(density(&[long], &[]), "dense", "a long value is many lines");
    }
}
