//! 新規ユーザー登録: the form that makes a portal account for a 医療機関コード.

use super::{MailAddress, NewPassword, OwnWords, registrant::PERSON_NAME_MAX};
use crate::{
    field::{self, Fault, Faults, FieldErrors, FieldText},
    institution::InstitutionCode,
};

/// The longest name of an institution, in characters.
const INSTITUTION_NAME_MAX: usize = 80;

/// What was typed. Anything may be empty. Not serialisable and not printable: it carries a password.
#[derive(Clone, Default)]
pub struct RegistrationForm {
    /// 医療機関コード.
    pub institution_code: String,
    /// 医療機関等名称.
    pub institution_name: String,
    /// 担当者氏名.
    pub name: String,
    /// 電話番号.
    pub phone: String,
    /// メールアドレス: the user id.
    pub mail: String,
    /// パスワード.
    pub password: String,
    /// パスワード（確認）.
    pub password_again: String,
    /// 利用規約 agreed to: a ticked box.
    pub terms: String,
}

/// A registration that can be taken. The account begins when the link in the mail is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// 医療機関コード.
    pub institution_code: InstitutionCode,
    /// 医療機関等名称, as the applicant writes it.
    pub institution_name: String,
    /// 担当者氏名.
    pub name: String,
    /// 電話番号.
    pub phone: String,
    /// メールアドレス.
    pub mail: MailAddress,
    /// The password to hash.
    pub password: NewPassword,
}

impl RegistrationForm {
    /// The fields, in the order of the page.
    pub const FIELDS: &'static [FieldText] = &[
        FieldText {
            id: "institution_code",
            label: "医療機関コード",
            required: true,
            hint: "10桁の数字（都道府県番号から）",
        },
        FieldText { id: "institution_name", label: "医療機関等名称", required: true, hint: "" },
        FieldText {
            id: "name",
            label: "担当者氏名",
            required: true,
            hint: "医療機関等の職員の方（委託事業者は不可）",
        },
        FieldText { id: "phone", label: "電話番号", required: true, hint: "例：03-0000-0000" },
        FieldText {
            id: "mail",
            label: "メールアドレス",
            required: true,
            hint: "ログインに使います。施設ごとに別のものが必要です",
        },
        FieldText {
            id: "password",
            label: "パスワード",
            required: true,
            hint: "12～64文字。文字の種類は自由です",
        },
        FieldText { id: "password_again", label: "パスワード（確認）", required: true, hint: "" },
        FieldText { id: "terms", label: "利用規約に同意する", required: true, hint: "" },
    ];
}

impl RegistrationForm {
    /// What is wrong when the register of institutions says that the institution is out of use.
    #[must_use]
    pub fn out_of_use() -> FieldErrors {
        let mut faults = Faults::default();
        let remedy =
            "医療機関コードを確認してください。新しいコードが指定されているときは、そのコードで登録します。";
        faults.add("institution_code", Fault::new("この医療機関コードは廃止されています。", remedy));
        faults.into_errors()
    }
}

impl std::fmt::Debug for RegistrationForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RegistrationForm(****)")
    }
}

impl TryFrom<&RegistrationForm> for Registration {
    type Error = FieldErrors;

    fn try_from(form: &RegistrationForm) -> Result<Self, FieldErrors> {
        let mut faults = Faults::default();
        let code = field::institution_code(&form.institution_code, "医療機関コード");
        let institution_code = faults.keep("institution_code", code);
        let line = field::required_line(&form.institution_name, "医療機関等名称", INSTITUTION_NAME_MAX);
        let institution_name = faults.keep("institution_name", line);
        let name = faults.keep("name", field::required_line(&form.name, "担当者氏名", PERSON_NAME_MAX));
        let phone = faults.keep("phone", field::phone(&form.phone));
        let mail = faults.keep("mail", field::mail(&form.mail));
        let password = faults.keep("password", read_password(form, mail.as_ref()));
        if !form.password.is_empty() && form.password != form.password_again {
            let fault =
                Fault::new("2回のパスワードが一致しません。", "同じパスワードをもう一度入力してください。");
            faults.add("password_again", fault);
        }
        if !field::ticked(&form.terms) {
            let fault = Fault::new("利用規約に同意していません。", "利用規約を確認し、同意してください。");
            faults.add("terms", fault);
        }
        let whole = (|| {
            Some(Self {
                institution_code: institution_code?,
                institution_name: institution_name?,
                name: name?,
                phone: phone?,
                mail: mail?,
                password: password?,
            })
        })();
        faults.finish(whole)
    }
}

fn read_password(form: &RegistrationForm, mail: Option<&MailAddress>) -> Result<NewPassword, Fault> {
    if form.password.is_empty() {
        return Err(Fault::new("パスワードが入力されていません。", "パスワードを入力してください。"));
    }
    let own = OwnWords {
        names: &[&form.name],
        mail,
        institution: &[&form.institution_name, &form.institution_code, &form.phone],
    };
    Ok(NewPassword::parse(&form.password, &own)?)
}
