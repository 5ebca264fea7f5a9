//! What a patient chooses at the reader, and what the clinic may then see.

use eligibility::{
    calendar::format_japanese,
    codes::{CeilingConsentFlag, ConsentStatus, PrescriptionIssue},
    consent::{CareForm, ConsentChoice, ConsentKind},
    facility_settings::Asked,
};
use kiosk::session::Choices;
use serde::Deserialize;
use wire::message::{Code, ConsentInfo, QualificationResult, ResultMessage};

use crate::demo::{
    earlier_consents::{HOME_VISIT_PERSONA, ONLINE_PERSONA},
    joining::NEW_CODE,
    landing::view::Seen,
    premises::INSTITUTION_CODE,
    system::Proven,
};

/// An answer to one question about consent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Choice {
    /// 同意する.
    #[default]
    Granted,
    /// 同意しない.
    Refused,
    /// The question was not asked.
    NotAsked,
}

/// All questions about consent, one field each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Consents {
    #[serde(default)]
    pub(crate) ceiling: Choice,
    #[serde(default)]
    pub(crate) specific_disease: Choice,
    #[serde(default)]
    pub(crate) checkup: Choice,
    #[serde(default)]
    pub(crate) medication: Choice,
    #[serde(default)]
    pub(crate) treatment: Choice,
    #[serde(default)]
    pub(crate) operation: Choice,
}

impl Consents {
    /// The same answer to every question.
    pub(crate) const fn all(choice: Choice) -> Self {
        Self {
            ceiling: choice,
            specific_disease: choice,
            checkup: choice,
            medication: choice,
            treatment: choice,
            operation: choice,
        }
    }

    /// The answer about one kind.
    pub(crate) const fn of(&self, kind: ConsentKind) -> Choice {
        match kind {
            ConsentKind::Ceiling => self.ceiling,
            ConsentKind::SpecificDisease => self.specific_disease,
            ConsentKind::Checkup => self.checkup,
            ConsentKind::Medication => self.medication,
            ConsentKind::Treatment => self.treatment,
            ConsentKind::Operation => self.operation,
        }
    }
}

/// Which receipt computer waits for the result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum Counter {
    /// The one that reads UTF-8.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// The one that reads Shift_JIS.
    #[serde(rename = "shift_jis")]
    ShiftJis,
    /// The one of the institution that joins.
    #[serde(rename = "new-clinic")]
    NewClinic,
}

impl Counter {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Utf8, Self::ShiftJis, Self::NewClinic];

    /// As forms send it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::ShiftJis => "shift_jis",
            Self::NewClinic => "new-clinic",
        }
    }

    /// As the page tells it.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8（受付1）",
            Self::ShiftJis => "Shift_JIS（受付2）— 代わりの字を使うことがあります",
            Self::NewClinic => "新しい診療所の受付（はじめての一日）",
        }
    }

    /// Whose counter it is.
    pub(crate) const fn institution(self) -> &'static str {
        match self {
            Self::Utf8 | Self::ShiftJis => INSTITUTION_CODE,
            Self::NewClinic => NEW_CODE,
        }
    }
}

/// One visit to the reader.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visit {
    pub(crate) proof: Proven,
    pub(crate) consents: Consents,
    pub(crate) care_form: CareForm,
    pub(crate) prescription: Option<PrescriptionIssue>,
    pub(crate) counter: Counter,
}

impl Visit {
    /// An outpatient who agrees to everything.
    pub(crate) fn agreeing(proof: Proven) -> Self {
        Self {
            proof,
            consents: Consents::default(),
            care_form: CareForm::Outpatient,
            prescription: None,
            counter: Counter::default(),
        }
    }

    /// As the reader of an institution asks that wants no more than this to be asked.
    pub(crate) fn asked(self, asked: &Asked) -> Self {
        let kept = |kind: ConsentKind, choice: Choice| {
            if asked.consents.contains(&kind) { choice } else { Choice::NotAsked }
        };
        let Consents { ceiling, specific_disease, checkup, medication, treatment, operation } = self.consents;
        let consents = Consents {
            ceiling: kept(ConsentKind::Ceiling, ceiling),
            specific_disease: kept(ConsentKind::SpecificDisease, specific_disease),
            checkup: kept(ConsentKind::Checkup, checkup),
            medication: kept(ConsentKind::Medication, medication),
            treatment: kept(ConsentKind::Treatment, treatment),
            operation: kept(ConsentKind::Operation, operation),
        };
        let prescription = self.prescription.filter(|_| asked.prescription_issue);
        Self { consents, prescription, ..self }
    }

    /// What the card signs of it.
    pub(crate) fn choices(&self) -> Choices {
        let asked = |&kind: &ConsentKind| match self.consents.of(kind) {
            Choice::Granted => Some(ConsentChoice { kind, granted: true }),
            Choice::Refused => Some(ConsentChoice { kind, granted: false }),
            Choice::NotAsked => None,
        };
        Choices {
            consents: ConsentKind::ALL.iter().filter_map(asked).collect(),
            care_form: self.care_form,
            prescription_issue_select: self.prescription,
        }
    }

    /// What the answer lets the clinic see, beside what was chosen.
    pub(crate) fn seen(&self, message: &ResultMessage) -> Vec<Seen> {
        let Some(result) = message.body.results.first() else { return Vec::new() };
        ConsentKind::ALL.iter().map(|&kind| line(kind, self.consents.of(kind), result)).collect()
    }
}

fn line(kind: ConsentKind, choice: Choice, result: &QualificationResult) -> Seen {
    let chosen = match choice {
        Choice::Granted => "同意する",
        Choice::Refused => "同意しない",
        Choice::NotAsked => "聞いていない",
    };
    let (open, note) = match kind {
        ConsentKind::Ceiling => ceiling(result),
        ConsentKind::SpecificDisease => specific_disease(result),
        ConsentKind::Checkup => record(result.checkup.as_ref()),
        ConsentKind::Medication => record(result.medication.as_ref()),
        ConsentKind::Treatment => record(result.treatment.as_ref()),
        ConsentKind::Operation => record(result.operation.as_ref()),
    };
    Seen { kind: kind.label(), chosen, open, note }
}

fn ceiling(result: &QualificationResult) -> (bool, String) {
    let agreed = result.ceiling_consent.as_ref().is_some_and(|flag| flag.is(CeilingConsentFlag::Agreed));
    let note = match (&result.ceiling_certificate, agreed) {
        (Some(certificate), _) => {
            let class = certificate.class.known().map_or("—", |class| class.label());
            format!("適用区分 {class}")
        }
        (None, true) => "見られますが、認定証はありません".to_owned(),
        (None, false) => String::new(),
    };
    (agreed, note)
}

fn specific_disease(result: &QualificationResult) -> (bool, String) {
    let status = result.specific_disease_consent.as_ref().and_then(Code::known);
    let found = result.specific_disease_certificates.first().and_then(|found| found.disease.known());
    let note = match (status, found) {
        (Some(ConsentStatus::Agreed), Some(disease)) => disease.label().to_owned(),
        (Some(ConsentStatus::Agreed), None) => "見られますが、受療証はありません".to_owned(),
        (other, _) => other.map_or_else(String::new, without_view),
    };
    (status == Some(ConsentStatus::Agreed), note)
}

/// What is kept elsewhere: the answer says only whether and until when it may be looked at.
fn record(info: Option<&ConsentInfo>) -> (bool, String) {
    let Some((info, status)) = info.and_then(|info| Some((info, info.flag.known()?))) else {
        return (false, String::new());
    };
    let until = info.available_until.map(|until| {
        let (day, time) = (format_japanese(until.date()), until.time());
        format!("{day} {:02}:{:02} まで", time.hour(), time.minute())
    });
    match (status, until) {
        (ConsentStatus::Agreed, until) => (true, until.unwrap_or_else(|| "取り消されるまで".to_owned())),
        (status, Some(until)) => (false, format!("{}（{until}でした）", without_view(status))),
        (status, None) => (false, without_view(status)),
    }
}

/// The state in words, where the column beside does not say it already.
fn without_view(status: ConsentStatus) -> String {
    match status {
        ConsentStatus::Agreed | ConsentStatus::NotAgreed => String::new(),
        ConsentStatus::TermExpired | ConsentStatus::CannotBeAsked => status.label().to_owned(),
    }
}

/// A named person in a state of consent, for the list.
pub(crate) struct Example {
    /// The state.
    pub(crate) title: &'static str,
    /// Who.
    pub(crate) persona: &'static str,
    /// The state in 同意区分 it is there to show; none where nothing was asked.
    pub(crate) status: Option<ConsentStatus>,
    /// What the patient does.
    pub(crate) consents: Consents,
    /// How they are treated.
    pub(crate) care_form: CareForm,
    /// What the clinic then may see.
    pub(crate) outcome: &'static str,
}

const ALL: Consents = Consents::all(Choice::Granted);
const NONE: Consents = Consents::all(Choice::Refused);
const SILENT: Consents = Consents::all(Choice::NotAsked);

/// Every state of consent, each with the person who shows it.
pub(crate) const EXAMPLES: &[Example] = &[
    Example {
        title: "すべて同意する",
        persona: "hanako",
        status: Some(ConsentStatus::Agreed),
        care_form: CareForm::Outpatient,
        consents: ALL,
        outcome: "限度額、健診、薬剤、診療、手術のすべてが 24 時間見られます。",
    },
    Example {
        title: "すべて同意しない",
        persona: "hanako",
        status: Some(ConsentStatus::NotAgreed),
        care_form: CareForm::Outpatient,
        consents: NONE,
        outcome: "資格だけが見え、限度額も情報も見られません。",
    },
    Example {
        title: "薬剤情報だけ同意する",
        persona: "hanako",
        status: Some(ConsentStatus::Agreed),
        care_form: CareForm::Outpatient,
        consents: Consents { medication: Choice::Granted, ..NONE },
        outcome: "薬剤情報だけが見られます。",
    },
    Example {
        title: "限度額の提供を断る",
        persona: "low-income",
        status: Some(ConsentStatus::NotAgreed),
        care_form: CareForm::Outpatient,
        consents: Consents { ceiling: Choice::Refused, ..ALL },
        outcome: "認定証を持っていますが、限度額は見えません。",
    },
    Example {
        title: "特定疾病の提供に同意する",
        persona: "dialysis",
        status: Some(ConsentStatus::Agreed),
        care_form: CareForm::Outpatient,
        consents: Consents { specific_disease: Choice::Granted, ..NONE },
        outcome: "特定疾病療養受療証だけが見えます。",
    },
    Example {
        title: "聞いていない",
        persona: "dialysis",
        status: None,
        care_form: CareForm::Outpatient,
        consents: Consents::all(Choice::NotAsked),
        outcome: "カードを使うことで限度額だけが見え、ほかは見えません。",
    },
    Example {
        title: "40 歳未満の健診",
        persona: "national",
        status: None,
        care_form: CareForm::Outpatient,
        consents: ALL,
        outcome: "健診情報は 40 歳からなので、同意しても見られません。",
    },
    Example {
        title: "電子証明書の期限切れ（3か月以内）",
        persona: "card-grace",
        status: None,
        care_form: CareForm::Outpatient,
        consents: ALL,
        outcome: "同意は受け付けず、資格だけが見えます。",
    },
    Example {
        title: "前の同意が続いている（訪問診療等）",
        persona: HOME_VISIT_PERSONA,
        status: Some(ConsentStatus::Agreed),
        care_form: CareForm::HomeVisit,
        consents: SILENT,
        outcome: "30 日前の訪問で同意した薬剤と診療が、聞き直さなくても見られます。",
    },
    Example {
        title: "同意の有効期限切れ（オンライン診療等）",
        persona: ONLINE_PERSONA,
        status: Some(ConsentStatus::TermExpired),
        care_form: CareForm::Online,
        consents: SILENT,
        outcome: "きのうのオンライン診療での同意は、その日かぎりでした。薬剤と診療は期限切れと出ます。",
    },
    Example {
        title: "同意を得るのが難しい（救急時）",
        persona: "hanako",
        status: Some(ConsentStatus::CannotBeAsked),
        care_form: CareForm::Emergency,
        consents: SILENT,
        outcome: "意思を確かめられない救急の患者さんです。どの情報も同意取得困難と出ます。",
    },
];

#[cfg(test)]
mod tests {
    use super::{ConsentStatus, EXAMPLES};

    #[test]
    fn every_state_of_consent_has_its_person() {
        let shows = |status| EXAMPLES.iter().any(|example| example.status == status);
        for &status in ConsentStatus::ALL {
            assert!(shows(Some(status)), "{}", status.label());
        }
        assert!(shows(None), "not asked");
    }
}
