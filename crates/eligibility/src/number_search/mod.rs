//! The form of a check by typed insurance data (資格確認): forgiving about how things are written, exact about what
//! they say.
//!
//! Width, blanks and hyphens are forgiven, dates are taken as people write them. What was typed is never changed: the
//! form reads it, and pages show it again as it was. Every wrong field is named at once, with what to do.

mod date;
mod insurer_hint;

use crate::{
    Date, calendar,
    coverage::NUMBER_MAX_CHARS,
    field::{Fault, Faults, FieldErrors, FieldText, ticked},
    insurer::InsurerNumber,
    matching::NumberKey,
    typed,
    verification::NumberQuery,
};

pub use insurer_hint::InsurerNumberHint;

/// How many years back a 資格確認日 may lie: claims are corrected for that long.
pub(crate) const AS_OF_YEARS_BACK: i16 = 10;
/// How many months ahead a 資格確認日 may lie: appointments.
pub(crate) const AS_OF_MONTHS_AHEAD: i32 = 12;
/// Nobody is older, in years.
pub(crate) const AGE_MAX_YEARS: i16 = 130;

/// What was typed into the form. Not printable: it is about a person.
#[derive(Clone, Default)]
pub struct NumberSearchForm {
    /// 保険者番号.
    pub insurer_number: String,
    /// Whether the 保険者番号 is meant as typed although its check digit does not fit.
    pub insurer_number_as_is: String,
    /// 記号.
    pub insured_symbol: String,
    /// 番号.
    pub insured_number: String,
    /// 枝番.
    pub branch_number: String,
    /// 生年月日.
    pub birthdate: String,
    /// 資格確認日; blank is today.
    pub as_of: String,
    /// 限度額適用認定証提供同意.
    pub ceiling_consent: String,
}

impl NumberSearchForm {
    /// The box that says that a 保険者番号 is meant as typed: shown only where its check digit does not fit.
    pub const INSURER_NUMBER_AS_IS: &'static str = "insurer_number_as_is";

    /// The fields, in the order of the page.
    pub const FIELDS: &'static [FieldText] = &[
        FieldText {
            id: "insurer_number",
            label: "保険者番号",
            required: true,
            hint: "8桁、国民健康保険は6桁。全角でも、空白やハイフンが入っていても読み取ります",
        },
        FieldText {
            id: Self::INSURER_NUMBER_AS_IS,
            label: "券面と見比べました。入力した保険者番号のまま確認します",
            required: false,
            hint: "",
        },
        FieldText {
            id: "insured_symbol",
            label: "記号",
            required: false,
            hint: "記号のない証（後期高齢者医療など）では空けておきます",
        },
        FieldText {
            id: "insured_number", label: "番号", required: true, hint: "券面のとおりに入力します"
        },
        FieldText {
            id: "branch_number",
            label: "枝番",
            required: false,
            hint: "2桁。券面になければ空けておきます",
        },
        FieldText {
            id: "birthdate",
            label: "生年月日",
            required: true,
            hint: "例：昭和55年1月2日、S55.1.2、3550102、1980-01-02",
        },
        FieldText {
            id: "as_of",
            label: "資格確認日",
            required: false,
            hint: "空けておくと今日です。過去の日も先の日も確認できます",
        },
        FieldText {
            id: "ceiling_consent",
            label: "限度額適用認定証提供同意",
            required: false,
            hint: "患者さんが限度額適用認定証の情報の提供に口頭で同意したときにチェックします",
        },
    ];

    /// Reads the question.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the fields.
    pub fn read(&self, today: Date) -> Result<NumberQuery, FieldErrors> {
        let (faults, query) = self.look_at(today);
        faults.finish(query)
    }

    /// Reads a question for 限度額適用認定証, which is not asked without the patient's consent.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the fields.
    pub fn read_for_ceiling(&self, today: Date) -> Result<NumberQuery, FieldErrors> {
        let (mut faults, query) = self.look_at(today);
        if !ticked(&self.ceiling_consent) {
            let message = "限度額適用認定証の情報の提供に、患者さんの同意がありません。";
            let remedy = "患者さんに口頭で確かめ、同意があればチェックしてください。";
            faults.add("ceiling_consent", Fault::new(message, remedy));
        }
        faults.finish(query)
    }

    fn look_at(&self, today: Date) -> (Faults, Option<NumberQuery>) {
        let mut faults = Faults::default();
        let insurer_number =
            faults.keep("insurer_number", insurer(&self.insurer_number, ticked(&self.insurer_number_as_is)));
        let insured_symbol = faults.keep("insured_symbol", insured_text(&self.insured_symbol, "記号"));
        let insured_number = faults.keep("insured_number", number(&self.insured_number));
        let branch_number = faults.keep("branch_number", branch(&self.branch_number));
        let birthdate = faults.keep("birthdate", date::birthdate(&self.birthdate, today));
        let as_of = faults.keep("as_of", date::as_of(&self.as_of, today));
        let ceiling_consent = ticked(&self.ceiling_consent);
        let whole = || {
            Some(NumberQuery {
                as_of: as_of?,
                insurer_number: insurer_number?,
                insured_symbol: insured_symbol?,
                insured_number: insured_number?,
                branch_number: branch_number?,
                birthdate: birthdate?,
                ceiling_consent,
            })
        };
        (faults, whole())
    }

    /// The form as it stands before anything was typed.
    #[must_use]
    pub fn new(today: Date) -> Self {
        Self { as_of: today.to_string(), ..Self::default() }
    }

    /// The form filled in again from a question, to correct it.
    #[must_use]
    pub fn of(query: &NumberQuery) -> Self {
        let tick = |is: bool| if is { "on" } else { "" }.to_owned();
        Self {
            insurer_number: query.insurer_number.to_string(),
            insurer_number_as_is: tick(!query.insurer_number.check_digit_ok()),
            insured_symbol: query.insured_symbol.clone().unwrap_or_default(),
            insured_number: query.insured_number.clone(),
            branch_number: query.branch_number.clone().unwrap_or_default(),
            birthdate: calendar::format_japanese(query.birthdate),
            as_of: query.as_of.to_string(),
            ceiling_consent: tick(query.ceiling_consent),
        }
    }

    /// Whether the 保険者番号 is one but for its check digit: then the box to insist is offered.
    #[must_use]
    pub fn may_insist(&self) -> bool {
        let digits = typed::bare(&self.insurer_number).unwrap_or_default();
        InsurerNumber::parse(&digits).is_ok_and(|number| !number.check_digit_ok())
    }
}

/// 保険者番号: what is wrong is told digit by digit.
fn insurer(text: &str, as_is: bool) -> Result<InsurerNumber, Fault> {
    const REMEDY: &str = "券面の保険者番号を、8桁（国民健康保険は6桁）の数字で入力してください。";
    let Some(digits) = typed::bare(text) else {
        return Err(Fault::new("保険者番号が長すぎます。", REMEDY));
    };
    if digits.is_empty() {
        return Err(Fault::new("保険者番号が入力されていません。", REMEDY));
    }
    if let Some(place) = digits.chars().position(|c| !c.is_ascii_digit()) {
        let message = format!("保険者番号の{}文字目が数字ではありません。", place + 1);
        return Err(Fault::new(message, format!("Oと0、Iと1を取り違えていないか見てください。{REMEDY}")));
    }
    let Ok(number) = InsurerNumber::parse(&digits) else {
        let message = format!("保険者番号が{}桁になっています。", digits.len());
        return Err(Fault::new(message, REMEDY));
    };
    if number.check_digit_ok() || as_is {
        return Ok(number);
    }
    let hint = InsurerNumberHint::of(&number);
    Err(Fault::new("保険者番号の検証番号が合いません。どこかの桁が違っているようです。", hint.sentence()))
}

/// 記号: as typed, `None` when blank.
fn insured_text(text: &str, label: &str) -> Result<Option<String>, Fault> {
    let remedy = || format!("券面のとおりに、{NUMBER_MAX_CHARS}文字以内で入力してください。");
    if text.len() > typed::TYPED_MAX_BYTES || text.trim().chars().count() > NUMBER_MAX_CHARS {
        return Err(Fault::new(format!("{label}が長すぎます。"), remedy()));
    }
    if text.chars().any(char::is_control) {
        let message = format!("{label}に使えない文字（改行やタブなど）があります。");
        return Err(Fault::new(message, "1行で入力し直してください。"));
    }
    let typed = text.trim();
    Ok((!NumberKey::of(typed).is_empty()).then(|| typed.to_owned()))
}

/// 番号: as typed.
fn number(text: &str) -> Result<String, Fault> {
    let missing = || Fault::new("番号が入力されていません。", "券面の番号を入力してください。");
    insured_text(text, "番号")?.ok_or_else(missing)
}

/// 枝番: as typed, `None` when blank.
fn branch(text: &str) -> Result<Option<String>, Fault> {
    let Some(typed) = insured_text(text, "枝番")? else { return Ok(None) };
    let key = NumberKey::of_branch(Some(&typed));
    let two_digits =
        |key: &NumberKey| key.as_str().len() == 2 && key.as_str().bytes().all(|b| b.is_ascii_digit());
    if key.as_ref().is_some_and(two_digits) {
        return Ok(Some(typed));
    }
    Err(Fault::new(
        "枝番が2桁の数字ではありません。",
        "券面の枝番（2桁の数字）を入力してください。なければ空けてください。",
    ))
}
