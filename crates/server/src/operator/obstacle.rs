//! What an approved application waits for, in words: the reason, and what a person of the operator does about it.

use store::{Obstacle, Obstructed};

use crate::portal::applications::summary;

/// Reason and remedy.
pub(super) struct ObstacleView {
    pub(super) since: String,
    pub(super) reason: &'static str,
    pub(super) remedy: &'static str,
}

impl ObstacleView {
    pub(super) fn of((obstacle, since): (Obstacle, eligibility::Instant)) -> Self {
        let (reason, remedy) = words(obstacle);
        Self { since: summary::moment(since), reason, remedy }
    }
}

/// One line of the list of all that waits.
pub(super) struct ObstructedView {
    pub(super) number: String,
    pub(super) href: String,
    pub(super) kind: &'static str,
    pub(super) obstacle: ObstacleView,
}

impl ObstructedView {
    pub(super) fn of(one: &Obstructed) -> Self {
        Self {
            number: one.reception_number.clone(),
            href: format!("/applications/{}/{}", one.institution, one.id),
            kind: one.kind.label(),
            obstacle: ObstacleView::of((one.obstacle, one.since)),
        }
    }
}

const fn words(obstacle: Obstacle) -> (&'static str, &'static str) {
    match obstacle {
        Obstacle::CustomerIdTaken => (
            "お客さまIDは、ほかの医療機関等の回線に登録されています。",
            "回線事業者にお客さまIDを確認し、誤りがある場合は、医療機関等に「オンライン資格確認利用開始・変更申請（変更）」を依頼してください。",
        ),
        Obstacle::SharedOtherwise => (
            "お客さまIDの回線を使うほかの医療機関等と、回線種別またはアドレスが異なります。",
            "回線事業者に回線種別とアドレスを確認し、誤りがある医療機関等に「オンライン資格確認利用開始・変更申請（変更）」を依頼してください。一致すると、自動的に手続きを再開します。",
        ),
        Obstacle::PrefixOverlap => (
            "回線のアドレスが、ほかの回線のアドレスと重なっています。",
            "回線事業者にアドレスを確認し、正しいアドレスの通知を受けてください。重なりがなくなると、自動的に手続きを再開します。",
        ),
        Obstacle::LineFull => (
            "この回線を使う医療機関等が、登録できる数の上限に達しています。",
            "回線を使わなくなった医療機関等がないか確認してください。登録が減ると、自動的に手続きを再開します。",
        ),
        Obstacle::NoAddress => (
            "医療機関等の台帳に住所がないため、電子証明書発行通知書を作成できません。",
            "台帳に住所を登録してください。登録すると、自動的に通知書を作成します。",
        ),
        Obstacle::LetterNotWritten => (
            "電子証明書発行通知書を作成できません。",
            "サーバーのログで原因を確認し、システム管理者に連絡してください。解消すると、自動的に通知書を作成します。",
        ),
        Obstacle::RegistrantStopped => (
            "申請した登録者は、承認の後に、医療機関等の方ではないとして停止されました。申請された手続きは行いません。",
            "理由を入力して却下してください。医療機関等が同じ手続きを必要としているときは、新しい登録者に申請し直すよう案内してください。",
        ),
        Obstacle::InstitutionClosed => (
            "医療機関等は、承認の後に、医療機関マスタで廃止にされました。申請された手続きは行いません。",
            "理由を入力して却下してください。廃止が誤りのときは、システム管理者に相談してください。",
        ),
        Obstacle::NoSuchCertificate => (
            "申請された電子証明書は、この医療機関等にありません。",
            "医療機関等にシリアル番号を確認し、正しい番号での再申請を依頼してください。",
        ),
    }
}
