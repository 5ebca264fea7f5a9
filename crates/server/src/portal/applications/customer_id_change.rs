//! お客さまID変更申請.

use eligibility::{application::CustomerIdChange, calendar::format_japanese};

use super::kind_page::{KindPage, Offered};
use super::summary::{Row, contact_rows};
use crate::web::FormView;

pub(super) const PAGE: KindPage = KindPage {
    lead: "回線の契約変更や光コラボへの切替えなどで、お客さまIDが変わるときの申請です。",
    notes: &[
        "切替日から新しい回線で回線認証が必要です。端末で https://www.lineauth.mnw を開き、「希望する」を押してください。",
    ],
    fields,
};

fn fields(view: &FormView, _: &Offered) -> Vec<String> {
    vec![
        view.line("customer_id"),
        view.line("date"),
        view.input("contact_name", "text", "name"),
        view.input("phone", "tel", "tel"),
    ]
}

pub(super) fn rows(content: &CustomerIdChange) -> Vec<Row> {
    let mut rows = vec![
        ("新しいお客さまID", content.customer_id.to_string()),
        ("切替日", format_japanese(content.date)),
    ];
    rows.extend(contact_rows(&content.contact));
    rows
}
