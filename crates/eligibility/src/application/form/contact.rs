//! 担当者: whom the operator asks, on every form that is not about the line alone.

use serde::{Deserialize, Serialize};

use crate::{
    account::MailAddress,
    field::{self, Faults},
};

/// The longest name of a department or person, in characters.
const NAME_MAX: usize = 40;

/// Who answers questions about an application: somebody of the institution, not of its supplier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// 担当部署.
    pub department: Option<String>,
    /// 担当者.
    pub name: String,
    /// 電話番号.
    pub phone: String,
    /// メールアドレス that is told what becomes of the application besides the account's own.
    pub mail: Option<MailAddress>,
}

/// The fields of a contact as typed.
pub(super) struct ContactTexts<'f> {
    pub(super) department: &'f str,
    pub(super) name: &'f str,
    pub(super) phone: &'f str,
    pub(super) mail: &'f str,
}

impl ContactTexts<'_> {
    /// Reads the contact, noting faults under `department`, `contact_name`, `phone` and `mail`.
    pub(super) fn read(&self, department_required: bool, faults: &mut Faults) -> Option<Contact> {
        let label = "担当部署";
        let department = if department_required {
            field::required_line(self.department, label, NAME_MAX).map(Some)
        } else {
            field::optional_line(self.department, label, NAME_MAX)
        };
        let department = faults.keep("department", department);
        let name = faults.keep("contact_name", field::required_line(self.name, "担当者", NAME_MAX));
        let phone = faults.keep("phone", field::phone(self.phone));
        let blank = self.mail.trim().is_empty();
        let mail = faults.keep("mail", if blank { Ok(None) } else { field::mail(self.mail).map(Some) });
        Some(Contact { department: department?, name: name?, phone: phone?, mail: mail? })
    }
}
