//! 電子証明書発行申請.

use eligibility::application::CertificateApplication;

use super::kind_page::{KindPage, Offered};
use super::summary::{Row, contact_rows};
use crate::web::FormView;

pub(super) const PAGE: KindPage = KindPage {
    lead: "端末に入れる電子証明書の発行を申請します。端末1台につき1件の申請が必要です。",
    notes: &[
        "※オンライン資格確認端末とオンライン請求用端末を兼用する場合、電子証明書は共通になります。用途で両方を選び、申請は1件だけ行ってください。",
        "電子証明書が発行されると「電子証明書発行通知書」を簡易書留で郵送します。",
    ],
    fields,
};

/// Above the two boxes: one of them must be ticked, which no box can say of itself.
const USES: &str = "<h2>端末の用途 <span class=\"must\">必須</span></h2>\
    <p class=\"hint\">1つ以上選んでください。請求用端末と兼用する場合は両方を選びます。電子証明書は共通です。</p>";

fn fields(view: &FormView, _: &Offered) -> Vec<String> {
    vec![
        view.line("department"),
        view.input("contact_name", "text", "name"),
        view.input("phone", "tel", "tel"),
        view.input("mail", "email", "email"),
        view.line("terminal_name"),
        USES.to_owned(),
        view.tick("for_eligibility"),
        view.tick("for_billing"),
    ]
}

pub(super) fn rows(content: &CertificateApplication) -> Vec<Row> {
    let mut rows = contact_rows(&content.contact);
    rows.push(("端末名称", content.terminal_name.to_string()));
    rows.push(("用途", content.uses.label().to_owned()));
    rows
}
