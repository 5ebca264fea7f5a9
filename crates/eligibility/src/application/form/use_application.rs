//! オンライン資格確認利用開始・変更申請.

use serde::{Deserialize, Serialize};

use super::Filled;
use crate::{
    Date,
    application::YearMonth,
    field::{self, Fault, Faults, FieldErrors, FieldText},
    line::{CircuitKind, CustomerId},
};

/// Months ahead a planned month may lie.
const PLANNED_MAX_MONTHS: i32 = 24;

/// How a month is typed.
const MONTH_HINT: &str = "例：令和8年11月、2026-11。未定のときは空欄";

/// What was typed. Anything may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UseForm {
    /// 電気通信回線種別: a [`CircuitKind::name`].
    pub circuit_kind: String,
    /// お客さまID.
    pub customer_id: String,
    /// 利用開始予定年月.
    pub start_month: String,
    /// 疎通確認テスト開始予定年月.
    pub test_month: String,
}

/// What the institution uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UseApplication {
    /// 電気通信回線種別.
    pub circuit: CircuitKind,
    /// お客さまID: there exactly when the circuit has one.
    pub customer_id: Option<CustomerId>,
    /// 利用開始予定年月, when already planned.
    pub start_month: Option<YearMonth>,
    /// 疎通確認テスト開始予定年月, when already planned.
    pub test_month: Option<YearMonth>,
}

impl UseForm {
    /// The fields, in the order of the page.
    pub const FIELDS: &'static [FieldText] = &[
        FieldText { id: "circuit_kind", label: "電気通信回線種別", required: true, hint: "" },
        FieldText {
            id: "customer_id",
            label: "お客さまID",
            required: false,
            hint: "IP-VPN（NTT・光コラボ）のときは必須です。CAFまたはCOPで始まります",
        },
        FieldText { id: "start_month", label: "利用開始予定年月", required: false, hint: MONTH_HINT },
        FieldText {
            id: "test_month",
            label: "疎通確認テスト開始予定年月",
            required: false,
            hint: MONTH_HINT,
        },
    ];

    /// What was typed, in the order of [`Self::FIELDS`].
    #[must_use]
    pub fn texts(&self) -> [&str; 4] {
        [&self.circuit_kind, &self.customer_id, &self.start_month, &self.test_month]
    }
}

impl TryFrom<Filled<'_, UseForm>> for UseApplication {
    type Error = FieldErrors;

    fn try_from(Filled { form, today }: Filled<'_, UseForm>) -> Result<Self, FieldErrors> {
        let mut faults = Faults::default();
        let circuit = faults.keep("circuit_kind", circuit(&form.circuit_kind));
        let customer_id = faults.keep("customer_id", customer_id_for(&form.customer_id, circuit));
        let start = planned(&form.start_month, "利用開始予定年月", today);
        let start_month = faults.keep("start_month", start);
        let test = planned(&form.test_month, "疎通確認テスト開始予定年月", today);
        let test_month = faults.keep("test_month", test);
        if let (Some(Some(start)), Some(Some(test))) = (start_month, test_month)
            && test > start
        {
            let fault = Fault::new(
                "疎通確認テストが利用開始より後になっています。",
                "利用開始予定年月と同じか、それより前の年月を入力してください。",
            );
            faults.add("test_month", fault);
        }
        let whole = (|| {
            Some(Self {
                circuit: circuit?,
                customer_id: customer_id?,
                start_month: start_month?,
                test_month: test_month?,
            })
        })();
        faults.finish(whole)
    }
}

fn circuit(text: &str) -> Result<CircuitKind, Fault> {
    CircuitKind::from_name(text).ok_or_else(|| {
        Fault::new("電気通信回線種別が選ばれていません。", "契約している回線の種別を1つ選んでください。")
    })
}

/// The お客さまID that belongs to the circuit. Without a circuit only its form is looked at.
fn customer_id_for(text: &str, circuit: Option<CircuitKind>) -> Result<Option<CustomerId>, Fault> {
    let needed = circuit.map(CircuitKind::needs_line_authentication);
    if text.trim().is_empty() {
        return if needed == Some(true) { Err(customer_id_missing()) } else { Ok(None) };
    }
    if needed == Some(false) {
        return Err(Fault::new(
            "この回線種別にはお客さまIDがありません。",
            "お客さまIDを空欄にするか、回線種別を「IP-VPN（NTT・光コラボ）」にしてください。",
        ));
    }
    customer_id(text).map(Some)
}

fn customer_id_missing() -> Fault {
    Fault::new(
        "お客さまIDが入力されていません。",
        "回線事業者の「ご利用内容のご案内」などにある、CAFまたはCOPで始まるIDを入力してください。",
    )
}

/// An お客さまID that must be there.
pub(super) fn customer_id(text: &str) -> Result<CustomerId, Fault> {
    if text.trim().is_empty() {
        return Err(customer_id_missing());
    }
    CustomerId::parse(text).map_err(|refusal| {
        Fault::new(refusal.message(), "回線事業者からの書面のとおりに入力してください（例：CAF0123456789）。")
    })
}

fn planned(text: &str, label: &str, today: Date) -> Result<Option<YearMonth>, Fault> {
    let Some(text) = field::optional_line(text, label, 20)? else {
        return Ok(None);
    };
    let month = YearMonth::parse(&text).map_err(|_| {
        Fault::new(
            format!("{label}を年月として読み取れません。"),
            "「2026-11」「令和8年11月」のように入力してください。",
        )
    })?;
    match month.months_since(YearMonth::of(today)) {
        ..0 => Err(Fault::new(format!("{label}が過ぎています。"), "今月以降の年月を入力してください。")),
        0..=PLANNED_MAX_MONTHS => Ok(Some(month)),
        _ => Err(Fault::new(
            format!("{label}が先すぎます。"),
            format!("{PLANNED_MAX_MONTHS}か月以内の年月を入力するか、空欄にしてください。"),
        )),
    }
}
