//! How the catalogue is declared: the enum, its order and its texts from one list.

use super::Severity;
use crate::codes::{ProcessingStatus, ResultSegment};

/// What of an entry follows from how a message carries it.
pub(super) const fn place(carried: Carried) -> (ResultSegment, ProcessingStatus) {
    match carried {
        Carried::Refusal => (ResultSegment::Failed, ProcessingStatus::Error),
        Carried::Nobody => (ResultSegment::Done, ProcessingStatus::Error),
        Carried::BesideAnswer => (ResultSegment::Done, ProcessingStatus::Ok),
    }
}

/// How a result message carries a code.
#[derive(Clone, Copy)]
pub(super) enum Carried {
    /// In the header: there is no answer (処理結果区分 9).
    Refusal,
    /// In the body, with 処理結果状況 2: the answer is that there is nobody to show.
    Nobody,
    /// In the body, beside a full answer.
    BesideAnswer,
}

/// The severity a code's last letter tells.
pub(super) const fn severity(code: &str) -> Severity {
    match code.as_bytes()[code.len() - 1] {
        b'I' => Severity::Information,
        b'W' => Severity::Warning,
        _ => Severity::Error,
    }
}

macro_rules! catalogue {
    ($($(#[$doc:meta])* $name:ident = $code:literal $carried:ident $http:literal
        ja: $ja:literal, $ja_desk:literal, $ja_supplier:literal;
        en: $en:literal, $en_desk:literal, $en_supplier:literal;)+) => {
        /// Everything that can go wrong, or be said beside an answer.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)+
            /// An insurer's flag forbids the card of a protected person. Inside (logs, audit) it is told apart;
            /// outside it has code and words of [`ErrorCode::CardNotRegistered`], so that nobody learns of it.
            SelfAccessBlocked,
        }

        impl ErrorCode {
            /// Every outward code, in the order of the catalogue; [`ErrorCode::SelfAccessBlocked`] has none
            /// of its own.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The entry of the catalogue.
            #[must_use]
            pub const fn entry(self) -> &'static ErrorEntry {
                match self {
                    $(Self::$name => const {
                        let (segment, status) = place(Carried::$carried);
                        &ErrorEntry {
                            code: $code, severity: severity($code), segment, status, http_status: $http,
                            ja: Guidance { what: $ja, desk: $ja_desk, supplier: $ja_supplier },
                            en: Guidance { what: $en, desk: $en_desk, supplier: $en_supplier },
                        }
                    },)+
                    Self::SelfAccessBlocked => Self::CardNotRegistered.entry(),
                }
            }

            /// The name inside the system (logs, audit): never shown outside.
            #[must_use]
            pub const fn internal_name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                    Self::SelfAccessBlocked => "SelfAccessBlocked",
                }
            }
        }
    };
}

pub(super) use catalogue;
