//! The signed receipt as a two-dimensional code.
//!
//! The code holds the receipt as it is: the JWS in its compact form, some 700 to 1,100 characters. So whoever scans it
//! needs nothing but a library for JWS (ES256) and the public keys of `GET /v1/receipt-keys` to check it, without any
//! network, and no part can get lost. Up to [`ROBUST_MAX`] characters it survives that a sixth of it is soiled, beyond
//! that less; what does not fit into one code ([`ONE_CODE_MAX`]) gets none.

use fast_qr::ECL;
use fast_qr::convert::{Builder as _, Shape, svg::SvgBuilder};
use fast_qr::qr::QRBuilder;

/// Longest receipt that gets the sturdier code, characters.
const ROBUST_MAX: usize = 1_100;
/// Longest receipt that fits into one code, characters.
const ONE_CODE_MAX: usize = 2_900;
/// Blank modules around the code, as the standard asks.
const QUIET: usize = 4;

/// The code as SVG; `None` when the receipt does not fit.
pub(super) fn picture(receipt: &str) -> Option<String> {
    if receipt.is_empty() || receipt.len() > ONE_CODE_MAX {
        return None;
    }
    let level = if receipt.len() <= ROBUST_MAX { ECL::M } else { ECL::L };
    let code = QRBuilder::new(receipt.as_bytes()).ecl(level).build().ok()?;
    Some(SvgBuilder::default().margin(QUIET).shape(Shape::Square).to_str(&code))
}
