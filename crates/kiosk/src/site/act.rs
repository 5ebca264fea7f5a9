//! Forms as presses.

use eligibility::{codes::PrescriptionIssue, consent::ConsentKind};
use zeroize::Zeroizing;

use crate::{machine::Act, view::Way, words::Language};

/// Longest list of letters of a pad.
const KEYS_MAX: usize = 32;

/// What a form of ours holds. Anything else is no form of ours.
#[derive(Default)]
pub(super) struct Form {
    revision: Option<u64>,
    value: String,
    keys: Zeroizing<String>,
    name: String,
    delete: bool,
}

impl Form {
    /// Reads `application/x-www-form-urlencoded`.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            match &*name {
                "revision" => form.revision = Some(value.parse().ok()?),
                "value" => form.value = value.into_owned(),
                "keys" if value.len() <= KEYS_MAX => form.keys = Zeroizing::new(value.into_owned()),
                // Of two fields the one that has a name in it: typed, or chosen.
                "name" if !value.trim().is_empty() => form.name = value.into_owned(),
                "name" => {}
                "delete" => form.delete = true,
                _ => return None,
            }
        }
        Some(form)
    }

    /// The press of this name, with the revision of the page it was made on.
    pub(super) fn act(self, name: &str) -> Option<(u64, Act)> {
        let revision = self.revision?;
        let on = || match self.value.as_str() {
            "on" => Some(true),
            "off" => Some(false),
            _ => None,
        };
        let yes = || match self.value.as_str() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        let act = match name {
            "language" => Act::Language(Language::of(&self.value)?),
            "contrast" => Act::Contrast(on()?),
            "voice" => Act::Voice(on()?),
            "seated" => Act::Seated(on()?),
            "help" => Act::Help(on()?),
            "more-time" => Act::MoreTime,
            "stop" => Act::Stop,
            "back" => Act::Back,
            "staff" => Act::Staff,
            "key" if self.delete => Act::Delete,
            "key" => Act::Keys(self.keys),
            "enter" => Act::Enter { keys: self.keys, name: self.name },
            "compared" => Act::Compared {
                same: match self.value.as_str() {
                    "same" => true,
                    "different" => false,
                    _ => return None,
                },
            },
            "way" => Act::Way(Way::of(&self.value)?),
            "camera" if self.value == "missing" => Act::NoCamera,
            "last-try" => Act::LastTry,
            "seen" => Act::Seen,
            "register" => Act::Register(yes()?),
            "consent" if self.value == "change" => Act::ByItem,
            "consent" => Act::Consent(yes()?),
            "item" => Act::Item(ConsentKind::ALL.iter().copied().find(|kind| kind.name() == self.value)?),
            "decide" => Act::Decide,
            "prescription" => Act::Prescription(match self.value.as_str() {
                "electronic" => PrescriptionIssue::Electronic,
                "paper" => PrescriptionIssue::Paper,
                _ => return None,
            }),
            _ => return None,
        };
        Some((revision, act))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(name: &str, body: &str) -> Option<(u64, Act)> {
        Form::read(body.as_bytes())?.act(name)
    }

    #[test]
    fn a_form_is_read_or_it_is_none() {
        assert!(matches!(act("consent", "revision=7&value=yes"), Some((7, Act::Consent(true)))));
        assert!(matches!(act("consent", "revision=7&value=change"), Some((7, Act::ByItem))));
        assert!(matches!(act("key", "revision=1&keys=&delete=1"), Some((1, Act::Delete))));
        assert!(matches!(
            act("item", "revision=1&value=operation"),
            Some((1, Act::Item(ConsentKind::Operation)))
        ));
        for (name, body) in [
            ("consent", "value=yes"),
            ("consent", "revision=x&value=yes"),
            ("consent", "revision=1&value=maybe"),
            ("consent", "revision=1&value=yes&more=1"),
            ("language", "revision=1&value=fr"),
            ("nothing", "revision=1"),
            ("", "revision=1"),
        ] {
            assert!(act(name, body).is_none(), "{name} {body}");
        }
    }

    #[test]
    fn of_a_typed_and_a_chosen_name_the_one_that_is_there_counts() {
        let Some((_, Act::Enter { name, .. })) =
            act("enter", "revision=1&keys=abcd&name=&name=%E5%8F%97%E4%BB%98")
        else {
            panic!("an entry")
        };
        assert_eq!(name, "受付");
    }
}
