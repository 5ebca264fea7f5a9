//! The accounts of the demo's institution, for オンライン資格確認等システム: one for each kind of person. Their passwords
//! stand on the page, because it is a demo.

use anyhow::Result;
use eligibility::institution_account::InstitutionRole;
use serde_json::json;
use server::{
    Server,
    clock::Clock,
    institution::accounts::{DemoAccount, set_up},
};

use super::premises::institution;

/// An account and who has it.
pub(crate) struct Account {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    kana: &'static str,
    pub(crate) password: &'static str,
    role: InstitutionRole,
    /// Whether it is said to have signed in before.
    signed_in: bool,
    /// What this one does.
    pub(crate) does: &'static str,
}

/// All of them, the one that does most first.
pub(crate) const ACCOUNTS: [Account; 5] = [
    Account {
        id: "kanri01",
        name: "架空　管理子",
        kana: "カクウ　カンリコ",
        password: "demo-kanriko-2026",
        role: InstitutionRole::Administrator,
        signed_in: true,
        does: "アカウント・目視確認用パスコード・環境設定・URL・アクティベーションコードを扱います。",
    },
    Account {
        id: "uketsuke1",
        name: "架空　受子",
        kana: "カクウ　ウケコ",
        password: "demo-ukeko-2026",
        role: InstitutionRole::General,
        signed_in: true,
        does: "窓口で資格を確認します。",
    },
    Account {
        id: "ishi01",
        name: "架空　医師男",
        kana: "カクウ　イシオ",
        password: "demo-ishio-2026",
        role: InstitutionRole::Viewer,
        signed_in: false,
        does: "診察で医療情報を閲覧します。まだ一度もログインしていません。",
    },
    Account {
        id: "M1319990012",
        name: "架空　主",
        kana: "カクウ　アルジ",
        password: "demo-master-2026",
        role: InstitutionRole::Master,
        signed_in: false,
        does: "医療機関等管理者のアカウントを作ります。通知書で届くアカウントです。",
    },
    Account {
        id: "R1319990012",
        name: "架空　復子",
        kana: "カクウ　マタコ",
        password: "demo-matako-2026",
        role: InstitutionRole::MasterReset,
        signed_in: false,
        does: "マスタアカウントのパスワードが分からなくなったときに、初期パスワードを再発行します。通知書で届くアカウントです。",
    },
];

/// Who views medical information.
pub(crate) const VIEWER: &Account = &ACCOUNTS[2];

impl Account {
    /// 権限区分.
    pub(crate) fn role(&self) -> &'static str {
        self.role.label()
    }
}

/// Makes the accounts, or gives them the passwords that the page shows.
pub(crate) async fn settle(server: &Server, clock: &Clock) -> Result<()> {
    let accounts = ACCOUNTS.map(|account| DemoAccount {
        user_id: account.id,
        role: account.role,
        name: account.name,
        name_kana: account.kana,
        password: account.password,
        signed_in: account.signed_in,
    });
    Ok(set_up(server.store(), clock, &institution()?, &accounts).await?)
}

/// The accounts, for programs.
pub(crate) fn announced() -> serde_json::Value {
    let account = |account: &Account| {
        json!({
            "user_id": account.id,
            "password": account.password,
            "role": account.role.name(),
            "role_label": account.role(),
            "name": account.name,
        })
    };
    ACCOUNTS.iter().map(account).collect()
}
