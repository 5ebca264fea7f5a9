//! オンライン資格確認利用開始・変更申請（利用開始）.

use eligibility::{application::UseApplication, line::CircuitKind};

use super::kind_page::{KindPage, Offered};
use super::summary::Row;
use crate::web::FormView;

pub(super) const PAGE: KindPage = KindPage {
    lead: "オンライン資格確認を新しく利用するときの申請です。",
    notes: &[
        "回線事業者の「ご利用内容のご案内」など、お客さまIDが書かれた書面をご用意ください。",
        "承認されると、最初のアカウントを記載した通知書をダウンロードできます。続けて電子証明書発行申請を行ってください。",
    ],
    fields,
};

pub(super) fn fields(view: &FormView, _: &Offered) -> Vec<String> {
    let circuits: Vec<_> = CircuitKind::ALL.iter().map(|kind| (kind.name(), kind.label())).collect();
    vec![
        view.radio("circuit_kind", &circuits),
        view.line("customer_id"),
        view.line("start_month"),
        view.line("test_month"),
    ]
}

pub(super) fn rows(content: &UseApplication) -> Vec<Row> {
    let month = |month: Option<eligibility::application::YearMonth>| {
        month.map_or_else(|| "未定".to_owned(), eligibility::application::YearMonth::label)
    };
    let customer_id = content.customer_id.as_ref().map_or_else(|| "なし".to_owned(), ToString::to_string);
    vec![
        ("電気通信回線種別", content.circuit.label().to_owned()),
        ("お客さまID", customer_id),
        ("利用開始予定年月", month(content.start_month)),
        ("疎通確認テスト開始予定年月", month(content.test_month)),
    ]
}
