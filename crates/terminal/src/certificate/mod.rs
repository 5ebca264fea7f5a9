//! 電子証明書 of this terminal: fetched, kept, looked after.
//!
//! What must hold here: there is always the certificate that worked last, whenever the power goes; a new one takes
//! over only after the centre has answered it; the key never leaves this folder but in a file with a password.
//!
//! * [`Held`]: a key and its certificate, and what it says.
//! * [`Keeping`]: the folder they lie in.
//! * [`Care`]: installing from letter or file, trying, switching, renewing, going back, exporting.
//! * [`CertificateView`]: how it stands, in words.

mod authority;
mod care;
mod export;
mod fault;
mod former;
mod held;
mod keeping;
mod renewal;
mod slot;
mod view;

pub use care::{Care, Known};
pub use export::{EXPORT_FOLDER, MAX_FILE_BYTES};
pub use fault::Fault;
pub(crate) use held::certificates;
pub use held::{Facts, Held, HeldError};
pub use keeping::{FOLDER, Keeping, KeepingError};
pub use slot::IdentitySlot;
pub use view::{CertificateView, Situation};
