//! パスワード再設定: the form that sets another password.

use super::{NewPassword, OwnWords};
use crate::field::{Fault, Faults, FieldErrors, FieldText};

/// What was typed. Not serialisable and not printable: it carries a password.
#[derive(Clone, Default)]
pub struct NewPasswordForm {
    /// 新しいパスワード.
    pub password: String,
    /// 新しいパスワード（確認）.
    pub password_again: String,
}

impl NewPasswordForm {
    /// The fields, in the order of the page.
    pub const FIELDS: &'static [FieldText] = &[
        FieldText {
            id: "password",
            label: "新しいパスワード",
            required: true,
            hint: "12～64文字。文字の種類は自由です",
        },
        FieldText {
            id: "password_again", label: "新しいパスワード（確認）", required: true, hint: ""
        },
    ];

    /// The password to hash.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn read(&self, own: &OwnWords<'_>) -> Result<NewPassword, FieldErrors> {
        let mut faults = Faults::default();
        let password = self.keep(own, &mut faults);
        faults.finish(password)
    }

    /// The password, for a form that asks for more than this one.
    pub(crate) fn keep(&self, own: &OwnWords<'_>, faults: &mut Faults) -> Option<NewPassword> {
        let password = if self.password.is_empty() {
            Err(Fault::new("新しいパスワードが入力されていません。", "新しいパスワードを入力してください。"))
        } else {
            NewPassword::parse(&self.password, own).map_err(Fault::from)
        };
        let password = faults.keep("password", password);
        if !self.password.is_empty() && self.password != self.password_again {
            let fault =
                Fault::new("2回のパスワードが一致しません。", "同じパスワードをもう一度入力してください。");
            faults.add("password_again", fault);
        }
        password
    }
}

impl std::fmt::Debug for NewPasswordForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewPasswordForm(****)")
    }
}
