//! 登録情報の変更: what a registrant keeps true of the registration, and the form of each.

use super::MailAddress;
use crate::field::{self, Fault, Faults, FieldErrors, FieldText};

/// The longest name of a person, in characters.
pub(super) const PERSON_NAME_MAX: usize = 40;
/// The longest name of a department, in characters.
const DEPARTMENT_MAX: usize = 40;

/// Who answers questions about the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrantContact {
    /// 担当者氏名.
    pub name: String,
    /// 担当部署; `None` when left blank.
    pub department: Option<String>,
    /// 電話番号.
    pub phone: String,
}

/// What was typed about the contact. Anything may be empty.
#[derive(Clone, Debug, Default)]
pub struct RegistrantContactForm {
    /// 担当者氏名.
    pub name: String,
    /// 担当部署.
    pub department: String,
    /// 電話番号.
    pub phone: String,
}

impl RegistrantContactForm {
    /// The fields, in the order of the page.
    pub const FIELDS: &'static [FieldText] = &[
        FieldText {
            id: "name",
            label: "担当者氏名",
            required: true,
            hint: "医療機関等の職員の方（委託事業者は不可）",
        },
        FieldText { id: "department", label: "担当部署", required: false, hint: "例：医事課" },
        FieldText { id: "phone", label: "電話番号", required: true, hint: "例：03-0000-0000" },
    ];

    /// Reads the form as a whole.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(&self) -> Result<RegistrantContact, FieldErrors> {
        let mut faults = Faults::default();
        let name = faults.keep("name", field::required_line(&self.name, "担当者氏名", PERSON_NAME_MAX));
        let department = field::optional_line(&self.department, "担当部署", DEPARTMENT_MAX);
        let department = faults.keep("department", department);
        let phone = faults.keep("phone", field::phone(&self.phone));
        let whole = (|| Some(RegistrantContact { name: name?, department: department?, phone: phone? }))();
        faults.finish(whole)
    }
}

impl RegistrantContact {
    /// Labels of what differs from what stood there before: for the record and the mail, which repeat no value.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Vec<&'static str> {
        [
            (self.name != before.name, "担当者氏名"),
            (self.department != before.department, "担当部署"),
            (self.phone != before.phone, "電話番号"),
        ]
        .into_iter()
        .filter_map(|(differs, label)| differs.then_some(label))
        .collect()
    }
}

/// The form of a new mail address.
#[derive(Clone, Copy, Debug)]
pub struct NewMailForm;

impl NewMailForm {
    /// The one field.
    pub const FIELDS: &'static [FieldText] = &[FieldText {
        id: "mail",
        label: "新しいメールアドレス",
        required: true,
        hint: "ログインに使います。施設ごとに別のものが必要です",
    }];

    /// Reads the new address; `present` is the one that the account has.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(typed: &str, present: &MailAddress) -> Result<MailAddress, FieldErrors> {
        let mut faults = Faults::default();
        let mail = field::mail(typed).and_then(|mail| match mail.key() == present.key() {
            false => Ok(mail),
            true => Err(Fault::new(
                "現在のメールアドレスと同じです。",
                "新しいメールアドレスを入力してください。",
            )),
        });
        let mail = faults.keep("mail", mail);
        faults.finish(mail)
    }
}
