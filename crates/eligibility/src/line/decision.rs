//! Whether a line is let through, and what the page of line authentication says.

use std::net::IpAddr;

use super::{AddressPrefix, CircuitKind, CustomerId, LineSession, SessionEndReason};
use crate::Instant;

/// The button that connects the line.
pub const CHOICE_WISH: &str = "希望する";
/// The button that leaves the line unconnected.
pub const CHOICE_DECLINE: &str = "希望しない";
/// Said after 「希望する」 was pressed and the line is connected.
pub const SUCCEEDED: &str = "回線認証に成功しました。";
/// Said after 「希望しない」 was pressed.
pub const DECLINED: &str = "回線認証接続を行いませんでした。資格確認を行うには、この画面をもう一度開いて「希望する」を押してください。";

/// What is registered of an institution's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// 回線種別.
    pub circuit: CircuitKind,
    /// お客さまID; `None` for circuits that have none.
    pub customer_id: Option<&'a CustomerId>,
    /// The prefixes the carrier notified, IPv4 and IPv6 together.
    pub prefixes: &'a [AddressPrefix],
}

/// How the line of a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineDecision {
    /// 「回線認証接続済み」.
    Connected {
        /// First moment the session no longer holds, unless renewed.
        until: Instant,
    },
    /// The line is known and not connected: 「希望する」 or 「希望しない」.
    OfferChoice(OfferReason),
    /// A circuit that is let through by its prefix alone.
    NotNeeded,
    /// The address belongs to no registered line of this institution.
    NotALine,
    /// The circuit needs an お客さまID and none is registered.
    NoCustomerId,
}

/// Why a line is not connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferReason {
    /// It never was, or not by this address family.
    Never,
    /// Its session ran out unused.
    Expired,
    /// Its prefix is another than when it was connected.
    PrefixChanged,
    /// It was declined here.
    Declined,
    /// It was ended by the operator or by a change of the お客さまID.
    Ended,
}

/// Decides for one request. `session` is the newest session of the line for the peer's address family, if any.
///
/// A session counts only when it is of this お客さまID, its prefix is still registered, and the peer is in it.
#[must_use]
pub fn line_decision(
    line: &Line<'_>,
    peer: IpAddr,
    session: Option<&LineSession>,
    now: Instant,
) -> LineDecision {
    if !line.prefixes.iter().any(|prefix| prefix.contains(peer)) {
        return LineDecision::NotALine;
    }
    if !line.circuit.needs_line_authentication() {
        return LineDecision::NotNeeded;
    }
    let Some(customer_id) = line.customer_id else {
        return LineDecision::NoCustomerId;
    };
    let Some(session) = session.filter(|session| session.customer_id == *customer_id) else {
        return LineDecision::OfferChoice(OfferReason::Never);
    };
    if let Some(end) = session.end.filter(|end| end.at <= now) {
        return LineDecision::OfferChoice(match end.reason {
            SessionEndReason::Declined => OfferReason::Declined,
            SessionEndReason::PrefixChanged => OfferReason::PrefixChanged,
            SessionEndReason::CustomerIdChanged | SessionEndReason::Operator => OfferReason::Ended,
        });
    }
    if !line.prefixes.contains(&session.prefix) {
        return LineDecision::OfferChoice(OfferReason::PrefixChanged);
    }
    if !session.prefix.contains(peer) {
        return LineDecision::OfferChoice(OfferReason::Never);
    }
    if !session.is_live(now) {
        return LineDecision::OfferChoice(OfferReason::Expired);
    }
    LineDecision::Connected { until: session.valid_until }
}

/// The words of the page for one decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinePage {
    /// The large words.
    pub heading: &'static str,
    /// What they mean and what to do now.
    pub sentence: &'static str,
    /// The buttons, in this order; empty when there is nothing to choose.
    pub choices: &'static [&'static str],
}

impl LineDecision {
    /// Whether requests of this line are answered. Otherwise they get `OQSA9110E`, the ネットワークエラー.
    #[must_use]
    pub const fn lets_through(self) -> bool {
        matches!(self, Self::Connected { .. } | Self::NotNeeded)
    }

    /// The words of the page.
    #[must_use]
    pub const fn page(self) -> LinePage {
        let choices: &[&str] = match self {
            Self::OfferChoice(_) => &[CHOICE_WISH, CHOICE_DECLINE],
            _ => &[],
        };
        LinePage { heading: self.heading(), sentence: self.sentence(), choices }
    }

    const fn heading(self) -> &'static str {
        match self {
            Self::Connected { .. } => "回線認証接続済み",
            Self::OfferChoice(_) => "回線認証接続を希望しますか",
            Self::NotNeeded => "回線認証は不要です",
            Self::NotALine => "登録された回線ではありません",
            Self::NoCustomerId => "お客さまIDが登録されていません",
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::Connected { .. } => "この回線は接続されています。資格確認を続けられます。",
            Self::NotNeeded => "この回線種別は回線認証の対象外です。そのままご利用いただけます。",
            Self::NotALine => {
                "LANケーブルとルーターの接続先を確認し、ルーターを再起動してください。回線の契約を変更した\
                 ときは、ポータルサイトから変更申請またはお客さまID変更申請を行ってください。"
            }
            Self::NoCustomerId => {
                "ポータルサイトの「オンライン資格確認利用開始・変更申請」でお客さまIDを申請してください。"
            }
            Self::OfferChoice(reason) => match reason {
                OfferReason::Never => "この回線はまだ接続されていません。「希望する」を押すと接続します。",
                OfferReason::Expired => {
                    "しばらく利用がなかったため切断されました。「希望する」を押すと再接続します。"
                }
                OfferReason::PrefixChanged => {
                    "回線のアドレスが変わったため切断されました。「希望する」を押すと再接続します。"
                }
                OfferReason::Declined => {
                    "「希望しない」が選ばれたため接続していません。「希望する」を押すと接続します。"
                }
                OfferReason::Ended => "回線認証が切断されています。「希望する」を押すと再接続します。",
            },
        }
    }
}
