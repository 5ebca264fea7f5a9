//! 承継申請.

use eligibility::{application::Succession, calendar::format_japanese};

use super::kind_page::{KindPage, Offered};
use super::summary::{Row, contact_rows};
use crate::web::FormView;

pub(super) const PAGE: KindPage = KindPage {
    lead: "ほかの開設者から医療機関等を引き継いだときの申請です。新しい医療機関コードのアカウントで申請してください。",
    notes: &[
        "承継元の電子証明書は使えません。承認後に、新しい医療機関コードで電子証明書発行申請を行ってください。",
    ],
    fields,
};

fn fields(view: &FormView, _: &Offered) -> Vec<String> {
    vec![
        view.line("predecessor_code"),
        view.line("date"),
        view.line("owner"),
        view.input("contact_name", "text", "name"),
        view.input("phone", "tel", "tel"),
    ]
}

pub(super) fn rows(content: &Succession) -> Vec<Row> {
    let mut rows = vec![
        ("承継元の医療機関コード", content.predecessor.to_string()),
        ("承継日", format_japanese(content.date)),
        ("新しい開設者", content.owner.clone()),
    ];
    rows.extend(contact_rows(&content.contact));
    rows
}
