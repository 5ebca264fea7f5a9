//! What every site for browsers shares: its pages' frame, its guard, its sessions and its forms.
//!
//! A site is an axum router that [`Site::furnish`] makes ready and [`door::serve`] lets in:
//!
//! * [`guard`]: the site answers under its own name only, and a change comes from its own pages only;
//! * [`signed_in`]: extractors that let in who is signed in and send everybody else to the sign-in page;
//! * [`page`] and [`form`]: the frame of a page, fields with what is wrong beside them;
//! * `places`: room for heavy work, shared out between institutions;
//! * [`prose`]: texts that are compiled in;
//! * [`once`]: a form that is handed in twice has one effect;
//! * [`refused`]: what is said when there is nothing to show. What belongs to somebody else is not there.
//!
//! What must not live here: anything of one site alone.

pub mod csv;
pub mod door;
pub mod form;
pub mod guard;
pub mod guess;
pub mod housekeeping;
pub mod once;
pub mod page;
pub mod passkey;
pub mod password;
pub(crate) mod places;
pub mod prose;
pub mod refused;
pub mod seal;
pub(crate) mod secret_token;
pub mod session;
pub mod sign_in;
pub mod signed_in;
pub mod site;
pub mod style;
pub mod totp;

pub use form::{FormData, FormView};
pub(crate) use page::see;
pub use page::{Shell, render};
pub use secret_token::SecretToken;
pub use signed_in::{OperatorUser, PasswordGiven, PortalUser, SignedIn};
pub use site::{MenuEntry, Site};
