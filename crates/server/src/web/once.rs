//! A form that is handed in twice has one effect.
//!
//! The page puts [`Once::field`] into its form; the handler reads it back with [`Once::of_form`] and gives it to the
//! store, which does the work and writes the outcome down in one commit ([`store::FormId`]).

use store::FormId;

use super::form::FormData;

/// Bytes of a form's id.
const ID_BYTES: usize = 16;
/// The hidden field.
pub const FIELD: &str = "form_id";

/// The one-time id of a form that is about to be shown.
#[derive(Clone, Debug)]
pub struct Once(String);

impl Once {
    /// A new id.
    #[must_use]
    pub fn new() -> Self {
        let mut bytes = [0_u8; ID_BYTES];
        // Unpredictability is not what it is for: a UUID would do as well if there were no randomness.
        if aws_lc_rs::rand::fill(&mut bytes).is_err() {
            bytes = *uuid::Uuid::now_v7().as_bytes();
        }
        Self(hex::encode(bytes))
    }

    /// The hidden field, as HTML: `{{ once.field()|safe }}`.
    #[must_use]
    pub fn field(&self) -> String {
        format!("<input type=\"hidden\" name=\"{FIELD}\" value=\"{}\">", self.0)
    }

    /// The id that a form was handed in with; `None` when it has none that we made.
    #[must_use]
    pub fn of_form(form: &FormData) -> Option<Self> {
        let id = form.get(FIELD);
        let ours =
            id.len() == 2 * ID_BYTES && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        ours.then(|| Self(id.to_owned()))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as the store wants it. `subject`: the account that hands in.
    #[must_use]
    pub fn of_subject(&self, subject: &str) -> FormId {
        FormId { subject: subject.to_owned(), form_id: self.0.clone() }
    }
}

impl Default for Once {
    fn default() -> Self {
        Self::new()
    }
}
