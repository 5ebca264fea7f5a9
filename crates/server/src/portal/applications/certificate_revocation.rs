//! 電子証明書失効申請.

use eligibility::{application::RevocationApplication, institution_certificate::RevocationReason};

use super::kind_page::{KindPage, Offered};
use super::summary::{Row, contact_rows};
use crate::web::FormView;

pub(super) const PAGE: KindPage = KindPage {
    lead: "端末の紛失・盗難、使用終了などで、電子証明書を使えなくするときの申請です。",
    notes: &[
        "紛失・盗難のときは、まず端末の電源とLANケーブルを外してください。承認から1分以内に失効します。",
        "失効した電子証明書は元に戻せません。資格確認も請求もできなくなります。",
        "失効理由が鍵の漏えい・盗難のときは、その電子証明書から更新したものもすべて失効します。ほかの理由のときは、更新後のものは別に申請してください。",
    ],
    fields,
};

fn fields(view: &FormView, offered: &Offered) -> Vec<String> {
    let reasons = RevocationReason::ALL.iter().filter(|reason| reason.is_for_applicants());
    let reasons: Vec<_> = reasons.map(|reason| (reason.name(), reason.label())).collect();
    let serial = match offered.certificates.is_empty() {
        true => view.line("serial"),
        false => view.radio("serial", &offered.certificates),
    };
    vec![
        serial,
        view.radio("reason", &reasons),
        view.input("contact_name", "text", "name"),
        view.input("phone", "tel", "tel"),
        view.tick("understood"),
    ]
}

pub(super) fn rows(content: &RevocationApplication) -> Vec<Row> {
    let mut rows = vec![
        ("電子証明書のシリアル番号", content.serial.as_str().to_owned()),
        ("失効理由", content.reason.label().to_owned()),
    ];
    rows.extend(contact_rows(&content.contact));
    rows
}
