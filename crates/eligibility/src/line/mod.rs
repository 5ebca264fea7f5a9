//! 回線認証: which line an institution is reached by, and whether that line is let through.
//!
//! A line is known by its お客さまID and the address prefixes its carrier gave it. Line authentication says
//! only where a request comes from: who asks is told by the client certificate, never by the line.

mod customer_id;
mod decision;
mod prefix;
mod prefix_form;
mod session;

pub use customer_id::{CUSTOMER_ID_DIGITS, CUSTOMER_ID_PREFIXES, CustomerId, InvalidCustomerId};
pub use decision::{
    CHOICE_DECLINE, CHOICE_WISH, DECLINED, Line, LineDecision, LinePage, OfferReason, SUCCEEDED,
    line_decision,
};
pub use prefix::{AddressPrefix, InvalidPrefix, SHORTEST_V4, SHORTEST_V6};
pub use prefix_form::{FORM_PREFIXES_MAX, LinePrefixForm};
pub use session::{LINE_SESSION_DAYS, LineSession, SessionEnd, SessionEndReason};

use serde::{Deserialize, Serialize};

/// 回線種別: how an institution is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CircuitKind {
    /// IP-VPN over NTT or a 光コラボ: has an お客さまID and needs line authentication.
    IpVpnNtt,
    /// IP-VPN of another carrier.
    IpVpnOther,
    /// IPsec with IKE over the internet: the tunnel has its own authentication.
    IpsecIke,
}

impl CircuitKind {
    /// Every kind, in the order of the form.
    pub const ALL: &'static [Self] = &[Self::IpVpnNtt, Self::IpVpnOther, Self::IpsecIke];

    /// The name in forms and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::IpVpnNtt => "ip_vpn_ntt",
            Self::IpVpnOther => "ip_vpn_other",
            Self::IpsecIke => "ipsec_ike",
        }
    }

    /// Reads [`Self::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// The Japanese label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::IpVpnNtt => "IP-VPN（NTT・光コラボ）",
            Self::IpVpnOther => "IP-VPN（その他の事業者）",
            Self::IpsecIke => "IPsec+IKE",
        }
    }

    /// Whether the line has an お客さまID, and so must be authenticated before it is let through.
    #[must_use]
    pub const fn needs_line_authentication(self) -> bool {
        matches!(self, Self::IpVpnNtt)
    }
}
