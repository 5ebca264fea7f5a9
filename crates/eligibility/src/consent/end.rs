//! 同意取消: the form.

use crate::{
    codes::ConsentEndReason,
    field::{Fault, Faults, FieldErrors, FieldText},
};

/// What was chosen on the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsentEndForm {
    /// 取消の理由: a code of OQSCD031.
    pub reason: String,
}

impl ConsentEndForm {
    /// The field.
    pub const REASON: &'static str = "reason";
    /// The fields.
    pub const FIELDS: &'static [FieldText] =
        &[FieldText { id: Self::REASON, label: "取消の理由", required: true, hint: "" }];

    /// Code and words of each reason that somebody can have: a consent that ends by itself needs none.
    #[must_use]
    pub fn reasons() -> Vec<(&'static str, &'static str)> {
        let chosen = ConsentEndReason::ALL.iter().filter(|reason| **reason != ConsentEndReason::Normal);
        chosen.map(|reason| (reason.code(), reason.label())).collect()
    }

    /// Reads the reason.
    ///
    /// # Errors
    /// That none was chosen.
    pub fn read(&self) -> Result<ConsentEndReason, FieldErrors> {
        let mut faults = Faults::default();
        let read = ConsentEndReason::from_code(&self.reason).ok();
        let reason = read.filter(|reason| *reason != ConsentEndReason::Normal);
        let missing = || Fault::new("取消の理由が選択されていません。", "理由を1つ選んでください。");
        let reason = faults.keep(Self::REASON, reason.ok_or_else(missing));
        faults.finish(reason)
    }
}
