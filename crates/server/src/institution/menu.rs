//! [メニュー]: its groups, and what of them each 権限区分 sees, on the page itself and left of every page.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::institution_account::InstitutionAction;

use super::consents::{patients, search};
use super::user::InstitutionUser;
use super::{
    accounts, activation, bulk, days, entry, help, history, home_visit_url, master_reset, notices,
    number_check, passcode, passkeys, password, readers, settings,
};
use crate::web::page::{MenuGroup, MenuLine};
use crate::web::signed_in::OnSite;
use crate::web::{Shell, Site, refused, render};

/// Where it is.
pub const PATH: &str = "/menu";
/// What it is called.
pub const TITLE: &str = "メニュー";

/// One line of the menu.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its label: that of the procedure.
    pub label: &'static str,
    /// Where it leads.
    pub href: &'static str,
    /// Who sees it: the roles that may do one of these; empty = everybody who is signed in.
    pub needs: &'static [InstitutionAction],
}

/// One group of the menu; without lines it is not shown.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// Its label.
    pub label: &'static str,
    /// Its lines.
    pub entries: &'static [Entry],
}

/// The menu, in the order of the page.
pub const GROUPS: &[Group] = &[
    Group {
        label: "資格確認",
        entries: &[
            Entry {
                label: number_check::TITLE,
                href: number_check::PATH,
                needs: &[InstitutionAction::CheckByNumber],
            },
            Entry {
                label: number_check::CEILING_TITLE,
                href: number_check::CEILING_PATH,
                needs: &[InstitutionAction::CheckByNumber],
            },
            Entry { label: bulk::TITLE, href: bulk::PATH, needs: &[InstitutionAction::BulkCheck] },
            Entry {
                label: bulk::ENTRUSTED_TITLE,
                href: bulk::ENTRUSTED_PATH,
                needs: &[InstitutionAction::EntrustedEligibility],
            },
            Entry {
                label: number_check::REFERENCE_TITLE,
                href: number_check::REFERENCE_PATH,
                needs: &[InstitutionAction::RegisterReferenceNumber],
            },
        ],
    },
    Group {
        label: "訪問診療等・オンライン診療等",
        entries: &[Entry {
            label: search::LINE,
            href: search::PATH,
            needs: &[InstitutionAction::ReadConsented],
        }],
    },
    Group {
        label: "医療情報閲覧",
        entries: &[Entry {
            label: patients::TITLE,
            href: patients::PATH,
            needs: &[InstitutionAction::ViewMedicalInformation],
        }],
    },
    Group {
        label: "アカウント情報管理",
        entries: &[
            Entry { label: accounts::NEW_TITLE, href: accounts::NEW_PATH, needs: accounts::NEEDS },
            Entry { label: accounts::TITLE, href: accounts::PATH, needs: accounts::NEEDS },
            Entry {
                label: passcode::TITLE,
                href: passcode::PATH,
                needs: &[InstitutionAction::IssueVisualCheckPasscode],
            },
            Entry {
                label: master_reset::TITLE,
                href: master_reset::PATH,
                needs: &[InstitutionAction::ResetMaster],
            },
            Entry { label: password::TITLE, href: password::PATH, needs: &[] },
            Entry { label: passkeys::TITLE, href: passkeys::PATH, needs: &[] },
        ],
    },
    Group {
        label: "環境設定情報管理",
        entries: &[Entry {
            label: settings::TITLE,
            href: settings::PATH,
            needs: &[InstitutionAction::UpdateFacilitySettings],
        }],
    },
    Group {
        label: "マイナ在宅受付web管理",
        entries: &[Entry {
            label: home_visit_url::TITLE,
            href: home_visit_url::PATH,
            needs: &[InstitutionAction::ManageHomeVisitUrl],
        }],
    },
    Group {
        label: "マイナ資格確認アプリ管理",
        entries: &[Entry {
            label: activation::TITLE,
            href: activation::PATH,
            needs: &[InstitutionAction::ManageActivation],
        }],
    },
    Group {
        label: "顔認証付きカードリーダー操作",
        entries: &[Entry {
            label: readers::TITLE,
            href: readers::PATH,
            needs: &[InstitutionAction::OperateReaders],
        }],
    },
    Group { label: "緊急時医療情報・資格確認機能", entries: &[] },
    Group {
        label: "お知らせ・操作履歴",
        entries: &[
            Entry { label: notices::TITLE, href: notices::PATH, needs: &[InstitutionAction::ReadNotices] },
            Entry { label: history::TITLE, href: history::PATH, needs: &[InstitutionAction::ReadHistory] },
            Entry { label: help::TITLE, href: help::PATH, needs: &[] },
        ],
    },
];

fn groups(user: &InstitutionUser, path: &str) -> Vec<MenuGroup> {
    let under = |href: &str| path == href || path.strip_prefix(href).is_some_and(|p| p.starts_with('/'));
    // Of two lines that fit, the longer one is the page's: `/accounts/new` is not also `/accounts`.
    let current = GROUPS
        .iter()
        .flat_map(|group| group.entries)
        .filter(|entry| under(entry.href))
        .max_by_key(|entry| entry.href.len())
        .map(|entry| entry.href);
    let sees =
        |entry: &&Entry| entry.needs.is_empty() || entry.needs.iter().any(|action| user.role.may(*action));
    let line = |entry: &Entry| MenuLine {
        href: entry.href,
        label: entry.label,
        current: current == Some(entry.href),
        unread: if entry.href == notices::PATH { user.unread } else { 0 },
    };
    GROUPS
        .iter()
        .map(|group| MenuGroup {
            label: group.label,
            lines: group.entries.iter().filter(sees).map(line).collect(),
        })
        .filter(|group| !group.lines.is_empty())
        .collect()
}

/// The frame of a page for who is signed in, with the menu on the left. `path`: the page's place, which marks its line.
#[must_use]
pub fn shell(site: &Site, title: impl Into<String>, path: &str, user: &InstitutionUser) -> Shell {
    let mut shell = Shell::new(site, title, path, Some(&user.signed_in));
    shell.home = PATH;
    shell.menu = vec![MenuLine { href: PATH, label: TITLE, current: path == PATH, unread: 0 }];
    shell.groups = groups(user, path);
    shell.idle = true;
    if let Some(person) = &mut shell.person {
        person.role = user.role.label();
    }
    shell
}

#[derive(Template)]
#[template(path = "institution/menu.html")]
struct Page {
    shell: Shell,
    terminal_name: String,
    last_day: String,
    days_left: i32,
    /// Little time is left: the page says it louder.
    soon: bool,
}

/// Days left from which [メニュー] says it louder: that is when a certificate may be renewed.
const SOON_DAYS: i32 = 90;

/// The page.
pub(super) async fn page(OnSite(site): OnSite, user: InstitutionUser) -> Response {
    let known = match entry::known(&site, &user.terminal).await {
        Ok(known) => known,
        Err(error) => return refused::by_store(&error),
    };
    let days_left = known.period.days_left(site.clock.today());
    let page = Page {
        shell: shell(&site, TITLE, PATH, &user).with_help("/help/menu"),
        terminal_name: user.terminal.terminal_name.clone(),
        last_day: days::day(known.period.last_day()),
        days_left,
        soon: days_left <= SOON_DAYS,
    };
    render(StatusCode::OK, &page)
}
