//! What a card says, in words for the front desk.

use anyhow::{Context, Result};
use card::{
    pin::PinKind,
    session::{CardSession, PinState, SessionError, TokenLabel},
    transport::CardTransport,
};
use eligibility::{Instant, calendar::tokyo_date};
use serde_json::{Value, json};
use server::clock::Clock;
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use crate::report::Report;

/// Days before the end of a certificate from which on a renewal is advised: about three months.
const RENEWAL_DAYS: i64 = 92;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What a card said without any PIN.
pub(crate) struct Description {
    kind: String,
    certificate: Certificate,
    authentication_pin: PinState,
    signature_pin: Option<PinState>,
}

/// The authentication certificate's own words.
struct Certificate {
    issuer: String,
    serial: String,
    not_before: Instant,
    not_after: Instant,
}

impl Description {
    /// Asks a card everything that costs no PIN and no try.
    pub(crate) fn of<T: CardTransport>(session: &mut CardSession<T>) -> Result<Self, SessionError> {
        let kind = match session.token_label()? {
            TokenLabel::PlasticCard => "マイナンバーカード".to_owned(),
            TokenLabel::Android => "スマートフォンのマイナンバーカード（Android）".to_owned(),
            TokenLabel::Iphone => "スマートフォンのマイナンバーカード（iPhone）".to_owned(),
            TokenLabel::Other(label) => format!("不明なカード({label})"),
        };
        let certificate = Certificate::read(&session.auth_certificate()?)
            .map_err(|_| SessionError::BadFile("the authentication certificate"))?;
        let authentication_pin = session.pin_state(PinKind::Authentication)?;
        // Children's cards have no signature key; that is nothing wrong.
        let signature_pin = session.pin_state(PinKind::Signature).ok();
        Ok(Self { kind, certificate, authentication_pin, signature_pin })
    }

    /// The description as a result.
    pub(crate) fn report(&self, place: &str) -> Report {
        let certificate = &self.certificate;
        let advice = certificate.advice(Clock::system().now());
        let mut lines = vec![
            format!("{place}: {}", self.kind),
            "利用者証明用電子証明書".to_owned(),
            format!("  発行者　　　　{}", certificate.issuer),
            format!("  シリアル番号　{}", certificate.serial),
            format!(
                "  有効期間　　　{} から {} まで",
                tokyo_date(certificate.not_before),
                tokyo_date(certificate.not_after)
            ),
            format!("  状態　　　　　{advice}"),
            format!("暗証番号(4桁)　　　　　{}", tries(self.authentication_pin)),
        ];
        if let Some(state) = self.signature_pin {
            lines.push(format!("署名用の暗証番号(6~16桁)　{}", tries(state)));
        }
        Report::new(lines.join("\n"), self.document(place, advice))
    }

    fn document(&self, place: &str, advice: &str) -> Value {
        json!({
            "place": place,
            "kind": self.kind,
            "certificate": {
                "issuer": self.certificate.issuer,
                "serial": self.certificate.serial,
                "not_before": tokyo_date(self.certificate.not_before).to_string(),
                "not_after": tokyo_date(self.certificate.not_after).to_string(),
                "advice": advice,
            },
            "authentication_pin_tries": count(self.authentication_pin),
            "signature_pin_tries": self.signature_pin.and_then(count),
        })
    }
}

impl Certificate {
    fn read(der: &[u8]) -> Result<Self> {
        let (_, certificate) = X509Certificate::from_der(der).context("not a certificate")?;
        let validity = certificate.validity();
        Ok(Self {
            issuer: certificate.issuer().to_string(),
            serial: certificate.tbs_certificate.serial.to_str_radix(16),
            not_before: Instant(validity.not_before.timestamp() * 1000),
            not_after: Instant(validity.not_after.timestamp() * 1000),
        })
    }

    fn advice(&self, now: Instant) -> &'static str {
        if now < self.not_before {
            "まだ有効期間が始まっていません。"
        } else if now > self.not_after {
            "期限が切れています。お住まいの市区町村の窓口で更新してください。"
        } else if self.not_after.0 - now.0 <= RENEWAL_DAYS * DAY_MS {
            "まもなく期限が切れます。お住まいの市区町村の窓口で更新できます。"
        } else {
            "有効期間内です。"
        }
    }
}

fn tries(state: PinState) -> String {
    match state {
        PinState::Left(left) => format!("あと{left}回まで間違えられます"),
        PinState::Locked => "ロックされています。お住まいの市区町村の窓口で解除してください".to_owned(),
        PinState::Verified => "照合済みです".to_owned(),
    }
}

fn count(state: PinState) -> Option<u8> {
    match state {
        PinState::Left(left) => Some(left),
        PinState::Locked => Some(0),
        PinState::Verified => None,
    }
}
