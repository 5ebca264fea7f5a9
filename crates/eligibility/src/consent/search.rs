//! 同意済資格情報取得: what is searched for.

use super::{CareForm, PLANNED_DAY_MAX_DAYS};
use crate::{
    Date, Instant,
    calendar::{add_days, days_between, end_of_day, start_of_day},
    codes::TreatmentCategory,
    field::{self, Fault, Faults, FieldErrors, FieldText},
};

/// Days of the search that the form offers at first.
pub const SEARCH_DAYS_AT_FIRST: i32 = 31;
/// Days of one search at most.
pub const SEARCH_DAYS_MAX: i32 = 400;
/// The first day that can be typed: when the real system began.
const FIRST_DAY: Date = jiff::civil::date(2021, 3, 1);

const CONSENTED_FROM: FieldText = FieldText {
    id: "consented_from",
    label: "同意年月日（自）",
    required: false,
    hint: "例：令和8年11月22日、2026-11-22",
};
const CONSENTED_UNTIL: FieldText =
    FieldText { id: "consented_until", label: "同意年月日（至）", required: false, hint: "" };
const PLANNED_FROM: FieldText = FieldText {
    id: "planned_from",
    label: "受診予定日（自）",
    required: false,
    hint: "オンライン診療等だけにあります。空欄のときは、受診予定日で絞り込みません",
};
const PLANNED_UNTIL: FieldText =
    FieldText { id: "planned_until", label: "受診予定日（至）", required: false, hint: "" };
const CARE_FORM: FieldText = FieldText { id: "care_form", label: "診療区分", required: false, hint: "" };

/// What was typed. Anything may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsentSearchForm {
    /// 同意年月日（自）.
    pub consented_from: String,
    /// 同意年月日（至）.
    pub consented_until: String,
    /// 受診予定日（自）.
    pub planned_from: String,
    /// 受診予定日（至）.
    pub planned_until: String,
    /// 診療区分: a code of OQSCD028; empty = both.
    pub care_form: String,
}

/// What is looked for: moments, the first included, the last not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsentSearch {
    /// When the consent was given.
    pub given: Option<(Instant, Instant)>,
    /// When the planned day ends.
    pub planned: Option<(Instant, Instant)>,
    /// For which form of care; `None` = both.
    pub care_form: Option<CareForm>,
}

impl ConsentSearchForm {
    /// The fields, in the order of the page.
    pub const FIELDS: &'static [FieldText] =
        &[CARE_FORM, CONSENTED_FROM, CONSENTED_UNTIL, PLANNED_FROM, PLANNED_UNTIL];
    /// 診療区分, as the form offers it.
    pub const CARE_FORMS: &'static [(&'static str, &'static str)] = &[
        ("", "すべて"),
        (TreatmentCategory::HomeVisit.code(), TreatmentCategory::HomeVisit.label()),
        (TreatmentCategory::Online.code(), TreatmentCategory::Online.label()),
    ];

    /// How the form is filled in at first: the last days.
    #[must_use]
    pub fn at_first(today: Date) -> Self {
        let from = add_days(today, 1 - SEARCH_DAYS_AT_FIRST);
        Self { consented_from: from.to_string(), consented_until: today.to_string(), ..Self::default() }
    }

    /// What is looked for.
    ///
    /// # Errors
    /// Every field that is wrong; a search by nothing; more days than [`SEARCH_DAYS_MAX`].
    pub fn read(&self, today: Date) -> Result<ConsentSearch, FieldErrors> {
        let mut faults = Faults::default();
        let care_form = match CareForm::from_code(&self.care_form) {
            Ok(form) if form.keeps_consent() => Some(form),
            _ => None,
        };
        let given = span(
            &mut faults,
            (&CONSENTED_FROM, &self.consented_from),
            (&CONSENTED_UNTIL, &self.consented_until),
            today,
        );
        let last = add_days(today, PLANNED_DAY_MAX_DAYS);
        let planned = span(
            &mut faults,
            (&PLANNED_FROM, &self.planned_from),
            (&PLANNED_UNTIL, &self.planned_until),
            last,
        );
        if planned.flatten().is_some() && care_form == Some(CareForm::HomeVisit) {
            let message = "訪問診療等に受診予定日はありません。";
            let remedy = "受診予定日を空けるか、診療区分を「オンライン診療等」にしてください。";
            faults.add(CARE_FORM.id, Fault::new(message, remedy));
        }
        if (given, planned) == (Some(None), Some(None)) {
            let message = "同意年月日と受診予定日が、どちらも入力されていません。";
            faults.add(CONSENTED_FROM.id, Fault::new(message, "どちらかの期間を入力してください。"));
        }
        let whole = (|| {
            // The planned day ends with the consent: the moment behind its last one.
            let ends = |(from, until): (Date, Date)| {
                (Instant(start_of_day(from).0 + 1), Instant(end_of_day(until).0 + 1))
            };
            Some(ConsentSearch {
                given: given?.map(|(from, until)| (start_of_day(from), end_of_day(until))),
                planned: planned?.map(ends),
                care_form,
            })
        })();
        faults.finish(whole)
    }
}

/// Two days, the first not after the second. Both blank is no span; `None` when something is wrong.
fn span(
    faults: &mut Faults,
    (from_text, from): (&FieldText, &str),
    (until_text, until): (&FieldText, &str),
    last: Date,
) -> Option<Option<(Date, Date)>> {
    if from.trim().is_empty() && until.trim().is_empty() {
        return Some(None);
    }
    let first = faults.keep(from_text.id, field::date_between(from, from_text.label, FIRST_DAY, last));
    let until = faults.keep(until_text.id, field::date_between(until, until_text.label, FIRST_DAY, last));
    let (first, until) = (first?, until?);
    if until < first {
        let message = format!("{}が{}より前です。", until_text.label, from_text.label);
        faults.add(until_text.id, Fault::new(message, "日付を見直してください。"));
        return None;
    }
    if days_between(first, until) >= SEARCH_DAYS_MAX {
        let message = format!("一度に検索できるのは{SEARCH_DAYS_MAX}日までです。");
        faults.add(from_text.id, Fault::new(message, "期間を短くしてください。"));
        return None;
    }
    Some(Some((first, until)))
}
