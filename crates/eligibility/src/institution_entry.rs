//! 医療機関マスタ: what the register says of an institution, and the form that enters it.
//!
//! Sign-up and applications are compared with the register, and letters go to the address in it: it is entered by the
//! operator, never by who applies.

use serde::{Deserialize, Serialize};

use crate::{
    field::{self, Fault, Faults, FieldErrors, FieldText},
    institution::InstitutionCode,
    insurer::check_digit,
    typed,
};

/// The longest name, in characters.
pub(crate) const ENTRY_NAME_MAX: usize = 80;
/// The longest line of an address, in characters.
pub(crate) const ENTRY_ADDRESS_LINE_MAX: usize = 60;
/// The longest reason for taking an institution out of use, in characters.
pub(crate) const CLOSING_REASON_MAX: usize = 200;
/// Digits of a 郵便番号.
const POSTAL_CODE_DIGITS: usize = 7;

/// 点数表区分, the third digit of a 医療機関コード: of what kind the institution is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FeeTable {
    /// 1: 医科.
    Medical,
    /// 3: 歯科.
    Dental,
    /// 4: 調剤 (薬局).
    Pharmacy,
    /// 6: 訪問看護.
    HomeNursing,
}

impl FeeTable {
    /// The Japanese label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Medical => "医科",
            Self::Dental => "歯科",
            Self::Pharmacy => "調剤（薬局）",
            Self::HomeNursing => "訪問看護",
        }
    }
}

/// 都道府県, by their numbers from 01 on.
const PREFECTURES: [&str; 47] = [
    "北海道",
    "青森県",
    "岩手県",
    "宮城県",
    "秋田県",
    "山形県",
    "福島県",
    "茨城県",
    "栃木県",
    "群馬県",
    "埼玉県",
    "千葉県",
    "東京都",
    "神奈川県",
    "新潟県",
    "富山県",
    "石川県",
    "福井県",
    "山梨県",
    "長野県",
    "岐阜県",
    "静岡県",
    "愛知県",
    "三重県",
    "滋賀県",
    "京都府",
    "大阪府",
    "兵庫県",
    "奈良県",
    "和歌山県",
    "鳥取県",
    "島根県",
    "岡山県",
    "広島県",
    "山口県",
    "徳島県",
    "香川県",
    "愛媛県",
    "高知県",
    "福岡県",
    "佐賀県",
    "長崎県",
    "熊本県",
    "大分県",
    "宮崎県",
    "鹿児島県",
    "沖縄県",
];

impl InstitutionCode {
    /// 都道府県, from the first two digits.
    #[must_use]
    pub fn prefecture(&self) -> &'static str {
        let number: usize = self.as_str()[..2].parse().unwrap_or(0);
        number.checked_sub(1).and_then(|at| PREFECTURES.get(at)).copied().unwrap_or("")
    }

    /// 点数表区分, from the third digit; `None` for a digit that stands for none.
    #[must_use]
    pub fn fee_table(&self) -> Option<FeeTable> {
        match self.as_str().as_bytes()[2] {
            b'1' => Some(FeeTable::Medical),
            b'3' => Some(FeeTable::Dental),
            b'4' => Some(FeeTable::Pharmacy),
            b'6' => Some(FeeTable::HomeNursing),
            _ => None,
        }
    }

    /// Whether the last digit is the 検証番号 of the six before it (郡市区番号 and 医療機関番号). Only a hint that a
    /// digit was mistyped: codes without it are in use.
    #[must_use]
    pub fn check_digit_ok(&self) -> bool {
        let own = &self.as_str()[3..];
        let (first, last) = own.split_at(own.len() - 1);
        last.parse() == Ok(check_digit(first))
    }
}

/// What the register says of an institution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstitutionEntry {
    /// 医療機関コード: says 都道府県 and 点数表区分 too.
    pub code: InstitutionCode,
    /// 医療機関等名称.
    pub name: String,
    /// 郵便番号: seven digits.
    pub postal_code: String,
    /// 住所, 1行目.
    pub first_line: String,
    /// 住所, 2行目.
    pub second_line: Option<String>,
    /// 電話番号: by it the operator makes sure who registered on the portal.
    pub phone: String,
}

/// What was typed into the form. Anything may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstitutionEntryForm {
    /// 医療機関コード.
    pub code: String,
    /// Ticked: the code is as it stands though its 検証番号 does not fit.
    pub code_as_is: String,
    /// 医療機関等名称.
    pub name: String,
    /// 郵便番号.
    pub postal_code: String,
    /// 住所, 1行目.
    pub first_line: String,
    /// 住所, 2行目.
    pub second_line: String,
    /// 電話番号.
    pub phone: String,
}

impl InstitutionEntryForm {
    /// The fields, in the order of the page.
    pub const FIELDS: &'static [FieldText] = &[
        FieldText {
            id: "code",
            label: "医療機関コード",
            required: true,
            hint: "10桁の数字（都道府県番号2桁・点数表区分1桁・番号7桁）",
        },
        FieldText {
            id: "code_as_is",
            label: "検証番号が合わなくても、この医療機関コードで登録する",
            required: false,
            hint: "指定通知書などで番号を確かめたときだけチェックします",
        },
        FieldText { id: "name", label: "医療機関等名称", required: true, hint: "80文字以内" },
        FieldText { id: "postal_code", label: "郵便番号", required: true, hint: "例：100-0013" },
        FieldText {
            id: "first_line",
            label: "住所（1行目）",
            required: true,
            hint: "都道府県から番地まで。通知書はこの住所へ簡易書留で送ります",
        },
        FieldText {
            id: "second_line", label: "住所（2行目）", required: false, hint: "建物名・階など"
        },
        FieldText {
            id: "phone",
            label: "電話番号",
            required: true,
            hint: "例：03-0000-0000。登録者の確認に使います",
        },
    ];
}

fn code(form: &InstitutionEntryForm) -> Result<InstitutionCode, Fault> {
    let code = field::institution_code(&form.code, "医療機関コード")?;
    if code.fee_table().is_none() {
        return Err(Fault::new(
            "医療機関コードの3桁目（点数表区分）が正しくありません。",
            "3桁目は、医科は1、歯科は3、薬局は4、訪問看護は6です。",
        ));
    }
    if !code.check_digit_ok() && !field::ticked(&form.code_as_is) {
        return Err(Fault::new(
            "医療機関コードの検証番号（末尾の桁）が合いません。どこかの桁が違っているようです。",
            "番号を確かめてください。正しいときは「検証番号が合わなくても…」にチェックを入れてください。",
        ));
    }
    Ok(code)
}

fn postal_code(text: &str) -> Result<String, Fault> {
    field::required_line(text, "郵便番号", 20)?;
    let digits = typed::bare(text).unwrap_or_default();
    let digits = digits.strip_prefix('〒').unwrap_or(&digits);
    if digits.len() != POSTAL_CODE_DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Fault::new(
            "郵便番号の形式が正しくありません。",
            "7桁の数字で入力してください（例：100-0013）。",
        ));
    }
    Ok(digits.to_owned())
}

impl TryFrom<&InstitutionEntryForm> for InstitutionEntry {
    type Error = FieldErrors;

    fn try_from(form: &InstitutionEntryForm) -> Result<Self, FieldErrors> {
        let mut faults = Faults::default();
        let code = faults.keep("code", code(form));
        let name = faults.keep("name", field::required_line(&form.name, "医療機関等名称", ENTRY_NAME_MAX));
        let postal_code = faults.keep("postal_code", postal_code(&form.postal_code));
        let first = field::required_line(&form.first_line, "住所（1行目）", ENTRY_ADDRESS_LINE_MAX);
        let first_line = faults.keep("first_line", first);
        let second = field::optional_line(&form.second_line, "住所（2行目）", ENTRY_ADDRESS_LINE_MAX);
        let second_line = faults.keep("second_line", second);
        let phone = faults.keep("phone", field::phone(&form.phone));
        let whole = (|| {
            Some(Self {
                code: code?,
                name: name?,
                postal_code: postal_code?,
                first_line: first_line?,
                second_line: second_line?,
                phone: phone?,
            })
        })();
        faults.finish(whole)
    }
}

/// What was typed to take an institution out of use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstitutionClosingForm {
    /// Why.
    pub reason: String,
}

impl InstitutionClosingForm {
    /// The fields, in the order of the page.
    pub const FIELDS: &'static [FieldText] = &[FieldText {
        id: "reason",
        label: "廃止の理由",
        required: true,
        hint: "200文字以内。例：廃止届（令和8年11月30日付）",
    }];

    /// The reason.
    ///
    /// # Errors
    /// When it is missing or too long.
    pub fn read(&self) -> Result<String, FieldErrors> {
        let mut faults = Faults::default();
        let reason = field::required_line(&self.reason, "廃止の理由", CLOSING_REASON_MAX);
        let reason = faults.keep("reason", reason);
        faults.finish(reason)
    }
}

/// The form with an entry's present values, to change them.
impl From<&InstitutionEntry> for InstitutionEntryForm {
    fn from(entry: &InstitutionEntry) -> Self {
        Self {
            code: entry.code.to_string(),
            // Whoever entered it has looked at the 検証番号.
            code_as_is: if entry.code.check_digit_ok() { String::new() } else { "on".to_owned() },
            name: entry.name.clone(),
            postal_code: entry.postal_code.clone(),
            first_line: entry.first_line.clone(),
            second_line: entry.second_line.clone().unwrap_or_default(),
            phone: entry.phone.clone(),
        }
    }
}
