//! The search.

use super::{HISTORY_DAYS_AT_FIRST, HISTORY_DAYS_MAX, HistoryKind, is_refusal, words};
use crate::{
    Date,
    calendar::{add_days, days_between},
    field::{self, Fault, Faults, FieldErrors, FieldText},
};

/// The longest 操作した人, in characters.
const WHO_MAX: usize = 60;
/// The first day that can be typed: when the real system began.
const FIRST_DAY: Date = jiff::civil::date(2021, 3, 1);

const FROM: FieldText = FieldText { id: "from", label: "開始日", required: true, hint: "" };
const UNTIL: FieldText = FieldText { id: "until", label: "終了日", required: true, hint: "" };
const WHO: FieldText = FieldText {
    id: "who",
    label: "操作した人",
    required: false,
    hint: "ユーザーID、または端末名称。空欄のときは全員",
};
const KIND: FieldText = FieldText { id: "kind", label: "操作", required: false, hint: "" };
const OUTCOME: FieldText = FieldText { id: "outcome", label: "結果", required: false, hint: "" };

/// 操作履歴: what was typed. Anything may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryForm {
    /// 開始日.
    pub from: String,
    /// 終了日.
    pub until: String,
    /// 操作した人.
    pub who: String,
    /// 操作: a [`HistoryKind`]'s name, or empty.
    pub kind: String,
    /// 結果: `done`, `denied`, or empty.
    pub outcome: String,
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistorySearch {
    /// 開始日, included.
    pub from: Date,
    /// 終了日, included.
    pub until: Date,
    who: Option<String>,
    kind: Option<HistoryKind>,
    refused: Option<bool>,
}

impl HistoryForm {
    /// The fields, in the order of the page.
    pub const FIELDS: &'static [FieldText] = &[FROM, UNTIL, WHO, KIND, OUTCOME];
    /// 結果, as the form offers it.
    pub const OUTCOMES: &'static [(&'static str, &'static str)] =
        &[("", "すべて"), ("done", "行われた操作"), ("denied", "拒否された操作")];

    /// How the form is filled in at first: the last days.
    #[must_use]
    pub fn at_first(today: Date) -> Self {
        let from = add_days(today, 1 - HISTORY_DAYS_AT_FIRST);
        Self { from: from.to_string(), until: today.to_string(), ..Self::default() }
    }

    /// What is looked for.
    ///
    /// # Errors
    /// Every field that is wrong; more days than [`HISTORY_DAYS_MAX`] are.
    pub fn read(&self, today: Date) -> Result<HistorySearch, FieldErrors> {
        let mut faults = Faults::default();
        let from = field::date_between(&self.from, FROM.label, FIRST_DAY, today);
        let from = faults.keep(FROM.id, from);
        let until = field::date_between(&self.until, UNTIL.label, FIRST_DAY, today);
        let until = faults.keep(UNTIL.id, until);
        if let (Some(from), Some(until)) = (from, until) {
            if until < from {
                let message = "終了日が開始日より前です。";
                faults.add(UNTIL.id, Fault::new(message, "開始日以後の日付を入力してください。"));
            } else if days_between(from, until) >= HISTORY_DAYS_MAX {
                let message = format!("一度に検索できるのは{HISTORY_DAYS_MAX}日までです。");
                faults.add(FROM.id, Fault::new(message, "開始日を新しくするか、終了日を古くしてください。"));
            }
        }
        let who = faults.keep(WHO.id, field::optional_line(&self.who, WHO.label, WHO_MAX));
        let refused = match self.outcome.as_str() {
            "done" => Some(false),
            "denied" => Some(true),
            _ => None,
        };
        let kind = HistoryKind::from_name(&self.kind);
        let whole = (|| Some(HistorySearch { from: from?, until: until?, who: who?, kind, refused }))();
        faults.finish(whole)
    }
}

impl HistorySearch {
    /// Whether an entry is looked for: its actor, action and outcome as the audit log names them.
    #[must_use]
    pub fn fits(&self, actor: &str, action: &str, outcome: &str) -> bool {
        let by = |who: &String| {
            let told = words::actor(actor);
            let bare = told.strip_prefix("端末 ").unwrap_or(&told);
            bare.eq_ignore_ascii_case(who) || told == *who
        };
        self.who.as_ref().is_none_or(by)
            && self.kind.is_none_or(|kind| kind == HistoryKind::of(action))
            && self.refused.is_none_or(|refused| refused == is_refusal(outcome))
    }
}
