//! アカウント管理: the forms of an account, and the one of the own password.

use super::{InstitutionRole, UsePeriod, UserId};
use crate::{
    Date,
    account::{NewPassword, NewPasswordForm, OwnWords},
    calendar::add_months,
    field::{self, Fault, Faults, FieldErrors, FieldText},
};

/// The longest ユーザ名 and ユーザ名(カナ), in characters.
const NAME_MAX: usize = 40;
/// Own passwords of an account, the newest, that it may not take again.
pub const PASSWORDS_BARRED: usize = 5;
/// How far 利用開始年月日 may lie ahead, months.
const AHEAD_MONTHS: i32 = 12;
/// The last day anything ends on.
const LAST_DAY: Date = jiff::civil::date(2099, 12, 31);
/// The first day that can be typed: when the real system began.
const FIRST_DAY: Date = jiff::civil::date(2021, 3, 1);

const ROLE: FieldText = FieldText { id: "role", label: "権限区分", required: true, hint: "" };
const USER_ID: FieldText = FieldText {
    id: "user_id",
    label: "ユーザーID",
    required: true,
    hint: "半角英数字4～20文字（大文字と小文字は区別しません）。顔認証用は F0 で始まる8文字以内",
};
const NAME: FieldText = FieldText {
    id: "name",
    label: "ユーザ名",
    required: true,
    hint: "40文字以内。前後の空白は除いて登録します",
};
const NAME_KANA: FieldText = FieldText {
    id: "name_kana",
    label: "ユーザ名(カナ)",
    required: true,
    hint: "全角カタカナ40文字以内。ひらがなと半角カナは全角カタカナに直し、前後の空白は除いて登録します",
};
const STARTS_ON: FieldText = FieldText {
    id: "starts_on",
    label: "利用開始年月日",
    required: true,
    hint: "例：令和8年11月22日、2026-11-22",
};
const ENDS_ON: FieldText = FieldText {
    id: "ends_on",
    label: "利用終了年月日",
    required: false,
    hint: "この日まで使えます。決まっていないときは空欄",
};
const EMERGENCY: FieldText = FieldText {
    id: "emergency_view",
    label: "救急時閲覧権限",
    required: false,
    hint: "救急時医療情報閲覧を行う方（医療機関等管理者または医療情報閲覧）に付けます",
};

/// アカウント管理(登録): what was typed. Anything may be empty.
#[derive(Clone, Debug, Default)]
pub struct AccountForm {
    /// 権限区分, by its name in records.
    pub role: String,
    /// ユーザーID.
    pub user_id: String,
    /// ユーザ名.
    pub name: String,
    /// ユーザ名(カナ).
    pub name_kana: String,
    /// 利用開始年月日.
    pub starts_on: String,
    /// 利用終了年月日.
    pub ends_on: String,
    /// 救急時閲覧権限: a ticked box.
    pub emergency_view: String,
}

/// An account that can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccount {
    /// 権限区分.
    pub role: InstitutionRole,
    /// ユーザーID.
    pub user_id: UserId,
    /// Everything that can be changed later.
    pub change: AccountChange,
}

/// What of an account can be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChange {
    /// ユーザ名.
    pub name: String,
    /// ユーザ名(カナ).
    pub name_kana: String,
    /// 利用開始年月日 and 利用終了年月日.
    pub period: UsePeriod,
    /// 救急時閲覧権限.
    pub emergency_view: bool,
}

impl AccountForm {
    /// The fields, in the order of the page.
    pub const FIELDS: &'static [FieldText] = &[ROLE, USER_ID, NAME, NAME_KANA, STARTS_ON, ENDS_ON, EMERGENCY];

    /// The roles that `by` may give, in the order of the form.
    pub fn roles(by: InstitutionRole) -> impl Iterator<Item = InstitutionRole> {
        let may = move |role: &InstitutionRole| role.managed_by().is_some_and(|action| by.may(action));
        InstitutionRole::ALL.iter().copied().filter(may)
    }

    /// The account that `by` may make.
    ///
    /// # Errors
    /// Every field that is wrong; a role that `by` may not give is one.
    pub fn read(&self, by: InstitutionRole, today: Date) -> Result<NewAccount, FieldErrors> {
        let mut faults = Faults::default();
        let role = Self::roles(by).find(|role| role.name() == self.role);
        let role = faults.keep(ROLE.id, role.ok_or_else(no_role));
        let user_id = faults.keep(USER_ID.id, user_id(&self.user_id, role));
        let typed = ChangeForm {
            name: self.name.clone(),
            name_kana: self.name_kana.clone(),
            starts_on: self.starts_on.clone(),
            ends_on: self.ends_on.clone(),
            emergency_view: self.emergency_view.clone(),
        };
        let change = typed.keep(&mut faults, role, today);
        let whole = (|| Some(NewAccount { role: role?, user_id: user_id?, change: change? }))();
        faults.finish(whole)
    }
}

/// アカウント管理(変更): what was typed.
#[derive(Clone, Debug, Default)]
pub struct ChangeForm {
    /// ユーザ名.
    pub name: String,
    /// ユーザ名(カナ).
    pub name_kana: String,
    /// 利用開始年月日.
    pub starts_on: String,
    /// 利用終了年月日.
    pub ends_on: String,
    /// 救急時閲覧権限: a ticked box.
    pub emergency_view: String,
}

impl ChangeForm {
    /// The fields, in the order of the page.
    pub const FIELDS: &'static [FieldText] = &[NAME, NAME_KANA, STARTS_ON, ENDS_ON, EMERGENCY];

    /// The change of an account of this role.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn read(&self, role: InstitutionRole, today: Date) -> Result<AccountChange, FieldErrors> {
        let mut faults = Faults::default();
        let change = self.keep(&mut faults, Some(role), today);
        faults.finish(change)
    }

    fn keep(&self, faults: &mut Faults, role: Option<InstitutionRole>, today: Date) -> Option<AccountChange> {
        let name = faults.keep(NAME.id, field::required_line(&self.name, NAME.label, NAME_MAX));
        let name_kana = faults.keep(NAME_KANA.id, kana(&self.name_kana));
        let latest = add_months(today, AHEAD_MONTHS);
        let starts_on = field::date_between(&self.starts_on, STARTS_ON.label, FIRST_DAY, latest);
        let starts_on = faults.keep(STARTS_ON.id, starts_on);
        let ends_on = faults.keep(ENDS_ON.id, ends_on(&self.ends_on));
        if let (Some(first), Some(Some(last))) = (starts_on, ends_on)
            && last < first
        {
            let message = "利用終了年月日が利用開始年月日より前です。";
            faults.add(
                ENDS_ON.id,
                Fault::new(message, "利用開始年月日以後の日付にするか、空欄にしてください。"),
            );
        }
        let emergency_view = field::ticked(&self.emergency_view);
        let suits = |role| matches!(role, InstitutionRole::Administrator | InstitutionRole::Viewer);
        if emergency_view && !role.is_none_or(suits) {
            let message = "この権限区分には救急時閲覧権限を付けられません。";
            let remedy = "医療機関等管理者または医療情報閲覧にだけ付けてください。";
            faults.add(EMERGENCY.id, Fault::new(message, remedy));
        }
        let period = UsePeriod { starts_on: Some(starts_on?), ends_on: ends_on? };
        Some(AccountChange { name: name?, name_kana: name_kana?, period, emergency_view })
    }
}

/// How 利用開始年月日 is filled in at first: today.
#[must_use]
pub fn starts_on(today: Date) -> String {
    today.to_string()
}

fn no_role() -> Fault {
    Fault::new("権限区分が選択されていません。", "権限区分を1つ選択してください。")
}

fn user_id(text: &str, role: Option<InstitutionRole>) -> Result<UserId, Fault> {
    field::required_line(text, USER_ID.label, 100)?;
    let read = UserId::parse(text).map_err(|_| {
        Fault::new(
            "ユーザーIDの形式が正しくありません。",
            "半角英数字4～20文字で入力してください（記号と空白は使えません）。",
        )
    })?;
    if read.is_from_the_office() {
        let message = "この形のユーザーIDは、通知書のアカウントのためのものです。";
        return Err(Fault::new(message, "別のユーザーIDを入力してください。"));
    }
    if role.is_some_and(|role| !read.suits(role)) {
        let message = "顔認証用のユーザーIDの形式が正しくありません。";
        return Err(Fault::new(message, "F0 で始まる8文字以内の半角英数字を入力してください。"));
    }
    Ok(read)
}

fn ends_on(text: &str) -> Result<Option<Date>, Fault> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    field::date_between(text, ENDS_ON.label, FIRST_DAY, LAST_DAY).map(Some)
}

/// Full-width katakana with blanks between names; hiragana and half-width katakana are taken as that.
fn kana(text: &str) -> Result<String, Fault> {
    use unicode_normalization::UnicodeNormalization as _;
    let line = field::required_line(text, NAME_KANA.label, NAME_MAX * 2)?;
    let wide: String = line.nfkc().map(to_katakana).collect();
    let reads = |letter: char| matches!(letter, 'ァ'..='ヶ' | 'ー' | '・' | '\u{3000}');
    if wide.chars().count() > NAME_MAX {
        return Err(Fault::new("ユーザ名(カナ)が長すぎます。", "40文字以内で入力してください。"));
    }
    if !wide.chars().all(reads) {
        let message = "ユーザ名(カナ)に使えない文字があります。";
        return Err(Fault::new(message, "全角カタカナで入力してください。"));
    }
    Ok(wide)
}

fn to_katakana(letter: char) -> char {
    match letter {
        'ぁ'..='ゖ' => char::from_u32(u32::from(letter) + 0x60).unwrap_or(letter),
        ' ' => '\u{3000}',
        // How a long vowel is typed by hand.
        '-' | '‐' | '−' | '―' => 'ー',
        other => other,
    }
}

/// パスワード変更: what was typed. Not printable: it carries passwords.
#[derive(Clone, Default)]
pub struct OwnPasswordForm {
    /// 現在のパスワード.
    pub current: String,
    /// 新しいパスワード.
    pub password: String,
    /// 新しいパスワード(確認).
    pub password_again: String,
}

impl OwnPasswordForm {
    /// The fields, in the order of the page.
    pub const FIELDS: &'static [FieldText] = &[
        FieldText { id: "current", label: "現在のパスワード", required: true, hint: "" },
        FieldText {
            id: "password",
            label: "新しいパスワード",
            required: true,
            hint: "12～64文字。文字の種類は自由です",
        },
        FieldText {
            id: "password_again", label: "新しいパスワード(確認)", required: true, hint: ""
        },
    ];

    /// The password to hash; whether the current one is right is for the caller to see.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn read(&self, own: &OwnWords<'_>) -> Result<NewPassword, FieldErrors> {
        let mut faults = Faults::default();
        if self.current.is_empty() {
            faults.add("current", Fault::new("現在のパスワードが入力されていません。", "入力してください。"));
        }
        let new =
            NewPasswordForm { password: self.password.clone(), password_again: self.password_again.clone() };
        let password = new.keep(own, &mut faults);
        if !self.password.is_empty() && self.password == self.current {
            let message = "現在のパスワードと同じです。";
            faults.add("password", Fault::new(message, "別のパスワードを入力してください。"));
        }
        faults.finish(password)
    }

    /// That the current password is not right.
    #[must_use]
    pub fn wrong_current() -> FieldErrors {
        let mut faults = Faults::default();
        let message = "現在のパスワードが正しくありません。";
        faults.add("current", Fault::new(message, "確認して、もう一度入力してください。"));
        faults.into_errors()
    }
}

/// That the account had the new password lately.
#[must_use]
pub fn password_barred() -> FieldErrors {
    let mut faults = Faults::default();
    let message = format!("直近{PASSWORDS_BARRED}回のパスワードは、もう一度使えません。");
    faults.add("password", Fault::new(message, "別のパスワードを入力してください。"));
    faults.into_errors()
}

impl std::fmt::Debug for OwnPasswordForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OwnPasswordForm(****)")
    }
}

impl AccountForm {
    /// That the ユーザーID is taken.
    #[must_use]
    pub fn id_taken() -> FieldErrors {
        let mut faults = Faults::default();
        let message = "このユーザーIDはすでに登録されています。";
        faults.add(USER_ID.id, Fault::new(message, "別のユーザーIDを入力してください。"));
        faults.into_errors()
    }
}
