//! 医療機関等コード変更申請.

use eligibility::{application::CodeChange, calendar::format_japanese};

use super::kind_page::{KindPage, Offered};
use super::summary::{Row, contact_rows};
use crate::web::FormView;

pub(super) const PAGE: KindPage = KindPage {
    lead: "移転などで医療機関コードが変わるときの申請です。現在の医療機関コードのアカウントで申請してください。",
    notes: &[
        "電子証明書は医療機関コードごとに必要です。変更後に、新しいコードで新規ユーザー登録と電子証明書発行申請を行ってください。",
    ],
    fields,
};

fn fields(view: &FormView, _: &Offered) -> Vec<String> {
    vec![
        view.line("new_code"),
        view.line("date"),
        view.input("contact_name", "text", "name"),
        view.input("phone", "tel", "tel"),
    ]
}

pub(super) fn rows(content: &CodeChange) -> Vec<Row> {
    let mut rows = vec![
        ("新しい医療機関コード", content.new_code.to_string()),
        ("変更日", format_japanese(content.date)),
    ];
    rows.extend(contact_rows(&content.contact));
    rows
}
