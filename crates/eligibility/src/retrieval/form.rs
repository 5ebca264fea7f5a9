//! The form of 電子証明書取得サイト, and the password of the file that it gives.

use super::{MistypedRetrieval, RetrievalNumber, RetrievalSecret};
use crate::field::{Fault, Faults, FieldErrors, FieldText};

/// Shortest 取扱パスワード, in characters: the file may travel.
pub const FILE_PASSWORD_MIN_CHARS: usize = 12;
/// Longest 取扱パスワード, in characters.
pub const FILE_PASSWORD_MAX_CHARS: usize = 128;

const PASSWORD: FieldText = FieldText {
    id: "password",
    label: "取扱パスワード",
    required: true,
    hint: "ご自身で決めてください。半角の英数字と記号で12文字以上。証明書を端末に導入するときに入力します。再表示はできません",
};
const PASSWORD_AGAIN: FieldText = FieldText {
    id: "password_again",
    label: "取扱パスワード（確認）",
    required: true,
    hint: "同じものをもう一度入力してください",
};

/// A 取扱パスワード: opens one PKCS#12 file. Never stored, never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct FilePassword(String);

impl FilePassword {
    /// Takes [`FILE_PASSWORD_MIN_CHARS`] to [`FILE_PASSWORD_MAX_CHARS`] visible ASCII characters: programs that
    /// read such files disagree about all others.
    ///
    /// # Errors
    /// What is wrong and what to do, in Japanese.
    pub fn parse(text: &str) -> Result<Self, (&'static str, &'static str)> {
        let remedy = "半角の英数字と記号で、12文字以上128文字以内で決めてください。";
        if text.is_empty() {
            return Err(("取扱パスワードが入力されていません。", remedy));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(("取扱パスワードに使えない文字（全角文字や空白）があります。", remedy));
        }
        match text.len() {
            ..FILE_PASSWORD_MIN_CHARS => Err(("取扱パスワードが短すぎます。", remedy)),
            FILE_PASSWORD_MIN_CHARS..=FILE_PASSWORD_MAX_CHARS => Ok(Self(text.to_owned())),
            _ => Err(("取扱パスワードが長すぎます。", remedy)),
        }
    }

    /// The password, to write the file with.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for FilePassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FilePassword(****)")
    }
}

/// What was typed on 電子証明書取得サイト. Not printable: it carries secrets.
#[derive(Clone, Default)]
pub struct RetrievalForm {
    /// リファレンスナンバー.
    pub retrieval_number: String,
    /// 認証ID.
    pub secret: String,
    /// 取扱パスワード.
    pub password: String,
    /// 取扱パスワード（確認）.
    pub password_again: String,
}

/// A wish that can be tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetrievalWish {
    /// リファレンスナンバー.
    pub number: RetrievalNumber,
    /// 認証ID.
    pub secret: RetrievalSecret,
    /// 取扱パスワード.
    pub password: FilePassword,
}

impl RetrievalForm {
    /// The fields, in the order of the page.
    pub const FIELDS: &'static [FieldText] = &[
        FieldText {
            id: "retrieval_number",
            label: "リファレンスナンバー",
            required: true,
            hint: "電子証明書発行通知書にある12桁の数字。空白やハイフンは省略できます",
        },
        FieldText {
            id: "secret",
            label: "認証ID",
            required: true,
            hint: "電子証明書発行通知書にある16文字の英数字。大文字と小文字は区別しません",
        },
        PASSWORD,
        PASSWORD_AGAIN,
    ];
}

fn mistyped(what: MistypedRetrieval) -> Fault {
    Fault::new(what.message(), what.remedy())
}

fn password(first: &str, again: &str, faults: &mut Faults) -> Option<FilePassword> {
    let read = FilePassword::parse(first).map_err(|(message, remedy)| Fault::new(message, remedy));
    let password = faults.keep("password", read);
    if first != again {
        let fault = Fault::new("取扱パスワードが一致しません。", "2つの欄に同じものを入力してください。");
        faults.add("password_again", fault);
    }
    password
}

impl TryFrom<&RetrievalForm> for RetrievalWish {
    type Error = FieldErrors;

    fn try_from(form: &RetrievalForm) -> Result<Self, FieldErrors> {
        let mut faults = Faults::default();
        let number = RetrievalNumber::parse(&form.retrieval_number).map_err(mistyped);
        let number = faults.keep("retrieval_number", number);
        let secret = faults.keep("secret", RetrievalSecret::parse(&form.secret).map_err(mistyped));
        let password = password(&form.password, &form.password_again, &mut faults);
        let whole = (|| Some(Self { number: number?, secret: secret?, password: password? }))();
        faults.finish(whole)
    }
}

/// What was typed on 電子証明書更新申請サイト. Not printable: it carries a secret.
#[derive(Clone, Default)]
pub struct FilePasswordForm {
    /// 取扱パスワード.
    pub password: String,
    /// 取扱パスワード（確認）.
    pub password_again: String,
}

impl FilePasswordForm {
    /// The fields, in the order of the page.
    pub const FIELDS: &'static [FieldText] = &[PASSWORD, PASSWORD_AGAIN];
}

impl TryFrom<&FilePasswordForm> for FilePassword {
    type Error = FieldErrors;

    fn try_from(form: &FilePasswordForm) -> Result<Self, FieldErrors> {
        let mut faults = Faults::default();
        let password = password(&form.password, &form.password_again, &mut faults);
        faults.finish(password)
    }
}

#[cfg(test)]
mod tests {
    use super::{FilePassword, RetrievalForm, RetrievalWish};

    #[test]
    fn everything_wrong_with_a_form_is_told_at_once() {
        let form = RetrievalForm {
            retrieval_number: "12".to_owned(),
            secret: "K7QM-3RXT-9WHC-4VDU".to_owned(),
            password: "短いパスワード".to_owned(),
            password_again: "another".to_owned(),
        };
        let errors = RetrievalWish::try_from(&form).expect_err("faults");
        let fields: Vec<_> = errors.as_slice().iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["retrieval_number", "secret", "password", "password_again"]);
    }

    #[test]
    fn what_is_typed_from_the_letter_is_forgiven_its_form() {
        let form = RetrievalForm {
            retrieval_number: "１２３４ ５６７８-9012".to_owned(),
            secret: "k7qm 3rxt 9whc 4vdn".to_owned(),
            password: "correct-horse-9".to_owned(),
            password_again: "correct-horse-9".to_owned(),
        };
        let wish = RetrievalWish::try_from(&form).expect("a wish");
        assert_eq!((wish.number.as_str(), wish.secret.reveal()), ("123456789012", "K7QM3RXT9WHC4VDN"));
        assert!(!format!("{wish:?}").contains("horse"));
        assert!(
            FilePassword::parse("elevenchars").is_err() && FilePassword::parse(&"x".repeat(129)).is_err()
        );
    }
}
