//! The signed receipt as a two-dimensional code.
//!
//! The code holds the receipt as it is: the JWS in its compact form, some 700 to 1,100 characters. So whoever scans it
//! needs nothing but a library for JWS (ES256) and the public keys of `GET /v1/receipt-keys` to check it, without any
//! network, and no part can get lost. Up to [`ROBUST_MAX`] characters it survives that a sixth of it is soiled, beyond
//! that less; what does not fit into one code ([`ONE_CODE_MAX`]) gets none.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use eligibility::Instant;
use fast_qr::ECL;
use fast_qr::qr::{QRBuilder, QRCode};
use wire::receipt::ReceiptClaims;

use crate::institution::days::moment;

/// Longest receipt that gets the sturdier code, characters.
const ROBUST_MAX: usize = 1_100;
/// Longest receipt that fits into one code, characters.
const ONE_CODE_MAX: usize = 2_900;
/// Blank modules around the code, as the standard asks.
const QUIET: usize = 4;

/// What a page shows of a receipt.
pub(super) struct Shown {
    /// When it ends.
    pub(super) until: String,
    /// The code as SVG; `None` once the receipt has ended: nobody should rely on it then.
    pub(super) code: Option<String>,
}

/// What to show of our own receipt; `None` when it does not fit into a code.
pub(super) fn shown(receipt: &str, now: Instant) -> Option<Shown> {
    let claims = URL_SAFE_NO_PAD.decode(receipt.split('.').nth(1)?).ok()?;
    let claims: ReceiptClaims = serde_json::from_slice(&claims).ok()?;
    let end = Instant(claims.exp.saturating_mul(1000));
    let code = picture(receipt)?;
    Some(Shown { until: moment(end), code: (now < end).then_some(code) })
}

/// The code as SVG; `None` when the receipt does not fit.
fn picture(receipt: &str) -> Option<String> {
    if receipt.is_empty() || receipt.len() > ONE_CODE_MAX {
        return None;
    }
    let level = if receipt.len() <= ROBUST_MAX { ECL::M } else { ECL::L };
    let code = QRBuilder::new(receipt.as_bytes()).ecl(level).build().ok()?;
    Some(svg(&code))
}

/// One stroke for each run of dark modules: a quarter of what a square for each would take.
fn svg(code: &QRCode) -> String {
    let side = code.size + 2 * QUIET;
    let mut strokes = String::new();
    for row in 0..code.size {
        let dark = |column: usize| column < code.size && code[row][column].value();
        let mut column = 0;
        while column < code.size {
            let run = (column..).take_while(|at| dark(*at)).count();
            if run > 0 {
                let (x, y) = (column + QUIET, row + QUIET);
                // Writing into a text cannot fail.
                let _ = write!(strokes, "M{x} {y}.5h{run}");
            }
            column += run.max(1);
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path stroke=\"#000\" d=\"{strokes}\"/></svg>"
    )
}
