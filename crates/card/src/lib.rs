//! The My Number card (個人番号カード): APDU, applications, PC/SC, simulator, vpcd bridge, JPKI checks.
//!
//! Two sides live here. At the counter, a [`session::CardSession`] speaks to a card over any
//! [`transport::CardTransport`]: a reader through PC/SC, or the simulated card of [`simulator`], in
//! process or through vpcd. At the centre, [`jpki`] checks what the card signed: certificate path,
//! policy, key, signature and revocation. What is signed is the business of the two sides
//! (`wire::card_statement`); here it is bytes.
//!
//! What must not live here: HTTP, SQL, who a card belongs to, and the rule how long an expired
//! certificate is still good for (the dates are reported, the domain decides).
//!
//! Nothing official describes the card's commands; what is implemented follows public descriptions by
//! people who looked at their own cards. What is not publicly known is marked where it is simulated.

pub mod apdu;
pub mod applications;
pub mod jpki;
pub mod photo;
pub mod pin;
pub mod session;
pub mod simulator;
pub mod tlv;
pub mod transport;
pub mod vpcd;
