//! オンライン資格確認利用開始・変更申請（変更）: the same form as the first application, for who uses it already.

use super::kind_page::KindPage;
use super::use_start;

pub(super) const PAGE: KindPage = KindPage {
    lead: "利用開始の申請の内容（回線種別や予定年月）を変更するときの申請です。",
    notes: &[
        "現在の内容が入力されています。変更する項目だけを直してください。",
        "お客さまIDだけが変わるときは「お客さまID変更申請」を使ってください。",
    ],
    fields: use_start::fields,
};
