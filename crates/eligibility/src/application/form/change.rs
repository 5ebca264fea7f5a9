//! 承継, 医療機関等コード変更 and お客さまID変更.

use serde::{Deserialize, Serialize};

use super::{Contact, Filled, contact::ContactTexts, use_application::customer_id};
use crate::{
    Date,
    calendar::add_days,
    field::{self, Fault, Faults, FieldErrors, FieldText},
    institution::InstitutionCode,
    line::CustomerId,
};

/// Days back a change may lie: paper comes late.
const CHANGE_PAST_DAYS: i32 = 90;
/// Days ahead a change may lie.
const CHANGE_AHEAD_DAYS: i32 = 180;
/// The longest name of an owner, in characters.
const OWNER_MAX: usize = 80;

const CONTACT_NAME: FieldText =
    FieldText {
        id: "contact_name", label: "担当者", required: true, hint: "医療機関等の職員の方"
    };
const PHONE: FieldText =
    FieldText { id: "phone", label: "電話番号", required: true, hint: "例：03-0000-0000" };

fn change_date(text: &str, label: &str, today: Date) -> Result<Date, Fault> {
    let (first, last) = (add_days(today, -CHANGE_PAST_DAYS), add_days(today, CHANGE_AHEAD_DAYS));
    field::date_between(text, label, first, last)
}

/// 承継申請 as typed. Anything may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SuccessionForm {
    /// 承継元の医療機関コード.
    pub predecessor_code: String,
    /// 承継日.
    pub date: String,
    /// 新しい開設者.
    pub owner: String,
    /// 担当者.
    pub contact_name: String,
    /// 電話番号.
    pub phone: String,
}

/// That the applying institution takes over from another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Succession {
    /// 承継元の医療機関コード.
    pub predecessor: InstitutionCode,
    /// 承継日.
    pub date: Date,
    /// 新しい開設者.
    pub owner: String,
    /// Who answers questions.
    pub contact: Contact,
}

impl SuccessionForm {
    /// The fields, in the order of the page.
    pub const FIELDS: &'static [FieldText] = &[
        FieldText {
            id: "predecessor_code",
            label: "承継元の医療機関コード",
            required: true,
            hint: "10桁の数字",
        },
        FieldText { id: "date", label: "承継日", required: true, hint: "例：令和8年11月22日" },
        FieldText { id: "owner", label: "新しい開設者", required: true, hint: "" },
        CONTACT_NAME,
        PHONE,
    ];

    /// What was typed, in the order of [`Self::FIELDS`].
    #[must_use]
    pub fn texts(&self) -> [&str; 5] {
        [&self.predecessor_code, &self.date, &self.owner, &self.contact_name, &self.phone]
    }
}

impl TryFrom<Filled<'_, SuccessionForm>> for Succession {
    type Error = FieldErrors;

    fn try_from(Filled { form, today }: Filled<'_, SuccessionForm>) -> Result<Self, FieldErrors> {
        let mut faults = Faults::default();
        let code = field::institution_code(&form.predecessor_code, "承継元の医療機関コード");
        let predecessor = faults.keep("predecessor_code", code);
        let date = faults.keep("date", change_date(&form.date, "承継日", today));
        let owner = faults.keep("owner", field::required_line(&form.owner, "新しい開設者", OWNER_MAX));
        let texts = ContactTexts { department: "", name: &form.contact_name, phone: &form.phone, mail: "" };
        let contact = texts.read(false, &mut faults);
        let whole =
            (|| Some(Self { predecessor: predecessor?, date: date?, owner: owner?, contact: contact? }))();
        faults.finish(whole)
    }
}

/// 医療機関等コード変更申請 as typed. Anything may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CodeChangeForm {
    /// 新しい医療機関コード.
    pub new_code: String,
    /// 変更日.
    pub date: String,
    /// 担当者.
    pub contact_name: String,
    /// 電話番号.
    pub phone: String,
}

/// That the applying institution has another code. Its certificates end, new ones are issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeChange {
    /// 新しい医療機関コード.
    pub new_code: InstitutionCode,
    /// 変更日.
    pub date: Date,
    /// Who answers questions.
    pub contact: Contact,
}

impl CodeChangeForm {
    /// The fields, in the order of the page.
    pub const FIELDS: &'static [FieldText] = &[
        FieldText {
            id: "new_code", label: "新しい医療機関コード", required: true, hint: "10桁の数字"
        },
        FieldText { id: "date", label: "変更日", required: true, hint: "例：令和8年11月22日" },
        CONTACT_NAME,
        PHONE,
    ];

    /// What was typed, in the order of [`Self::FIELDS`].
    #[must_use]
    pub fn texts(&self) -> [&str; 4] {
        [&self.new_code, &self.date, &self.contact_name, &self.phone]
    }
}

impl TryFrom<Filled<'_, CodeChangeForm>> for CodeChange {
    type Error = FieldErrors;

    fn try_from(Filled { form, today }: Filled<'_, CodeChangeForm>) -> Result<Self, FieldErrors> {
        let mut faults = Faults::default();
        let code = field::institution_code(&form.new_code, "新しい医療機関コード");
        let new_code = faults.keep("new_code", code);
        let date = faults.keep("date", change_date(&form.date, "変更日", today));
        let texts = ContactTexts { department: "", name: &form.contact_name, phone: &form.phone, mail: "" };
        let contact = texts.read(false, &mut faults);
        let whole = (|| Some(Self { new_code: new_code?, date: date?, contact: contact? }))();
        faults.finish(whole)
    }
}

/// お客さまID変更申請 as typed. Anything may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomerIdChangeForm {
    /// 新しいお客さまID.
    pub customer_id: String,
    /// 切替日.
    pub date: String,
    /// 担当者.
    pub contact_name: String,
    /// 電話番号.
    pub phone: String,
}

/// That the line has another お客さまID (another contract, a move to a 光コラボ).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerIdChange {
    /// 新しいお客さまID.
    pub customer_id: CustomerId,
    /// 切替日.
    pub date: Date,
    /// Who answers questions.
    pub contact: Contact,
}

impl CustomerIdChangeForm {
    /// The fields, in the order of the page.
    pub const FIELDS: &'static [FieldText] = &[
        FieldText {
            id: "customer_id",
            label: "新しいお客さまID",
            required: true,
            hint: "CAFまたはCOPで始まります",
        },
        FieldText { id: "date", label: "切替日", required: true, hint: "例：令和8年11月22日" },
        CONTACT_NAME,
        PHONE,
    ];

    /// What was typed, in the order of [`Self::FIELDS`].
    #[must_use]
    pub fn texts(&self) -> [&str; 4] {
        [&self.customer_id, &self.date, &self.contact_name, &self.phone]
    }
}

impl TryFrom<Filled<'_, CustomerIdChangeForm>> for CustomerIdChange {
    type Error = FieldErrors;

    fn try_from(Filled { form, today }: Filled<'_, CustomerIdChangeForm>) -> Result<Self, FieldErrors> {
        let mut faults = Faults::default();
        let customer_id = faults.keep("customer_id", customer_id(&form.customer_id));
        let date = faults.keep("date", change_date(&form.date, "切替日", today));
        let texts = ContactTexts { department: "", name: &form.contact_name, phone: &form.phone, mail: "" };
        let contact = texts.read(false, &mut faults);
        let whole = (|| Some(Self { customer_id: customer_id?, date: date?, contact: contact? }))();
        faults.finish(whole)
    }
}
