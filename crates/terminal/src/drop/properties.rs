//! Names are nobody's to choose but the sender's: whatever they are, the verdict keeps the folder safe.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

use proptest::prelude::*;

use super::names::{Verdict, asks_something, classify, concerns_us};

/// Names as requests have them, names near to those, and any bytes a file system allows.
fn any_name() -> impl Strategy<Value = Vec<u8>> {
    let near = (
        "(OQS|YZK|TKK|CIP|EPS|oqs)(si|mu)",
        "(quc|imm|hvq|QUC|qu)(01|02|03)(req|res)_?",
        "[0-9A-Za-z_.~ :\\\\患-]{0,70}",
        "(\\.(xml|XML|zip|err|tmp|exe|xml\\.tmp|xml~))?",
    )
        .prop_map(|(start, step, free, end)| format!("{start}{step}{free}{end}").into_bytes());
    let good = "(OQSsiquc01|OQSmuquc02|YZKsiquc01)req_[0-9A-Za-z_-]{1,64}\\.(xml|zip|XML)"
        .prop_map(String::into_bytes);
    let bytes = proptest::collection::vec(any::<u8>(), 1..255);
    prop_oneof![near, good, bytes].prop_filter("no file has this name", |name| {
        !name.is_empty() && name != b"." && name != b".." && !name.contains(&0) && !name.contains(&b'/')
    })
}

fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        && name.matches('.').count() == 1
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_048))]

    #[test]
    fn every_name_gets_one_verdict_that_keeps_the_folder_safe(name in any_name()) {
        let name = OsStr::from_bytes(&name);
        let verdict = classify(name);
        prop_assert_eq!(&verdict, &classify(name), "the same name, the same verdict");
        match verdict {
            Verdict::Foreign => {}
            // The scan, which is cheaper, must not pass over it.
            Verdict::Hostile => prop_assert!(concerns_us(name)),
            Verdict::Request(file) => {
                prop_assert!(concerns_us(name) && asks_something(name));
                prop_assert_eq!(OsStr::new(&file.name), name, "it is found again under its name");
                let (answer, sealed, error) = (file.answer_name(false), file.answer_name(true), file.error_name());
                for made in [&file.name, &answer, &sealed, &error] {
                    prop_assert!(is_plain(made), "{}", made);
                }
                prop_assert!(answer.ends_with(".xml") && sealed.ends_with(".zip") && error.ends_with(".err"));
                // No answer is mistaken for a request when the client puts it back.
                for made in [&answer, &sealed, &error] {
                    let again = classify(OsStr::new(made));
                    prop_assert!(!matches!(again, Verdict::Request(_)), "{} is a request", made);
                }
                // Names a Windows client cannot tell apart share one answer.
                let upper = file.name.rsplit_once('.').map(|(stem, _)| format!("{stem}.XML")).unwrap_or_default();
                if let Verdict::Request(other) = classify(OsStr::new(&upper)) {
                    prop_assert_eq!(other.key, file.key);
                }
            }
        }
    }

    #[test]
    fn whatever_is_a_proper_request_is_taken_for_one(
        start in "(OQS|YZK|TKK|CIP)si",
        function in "[a-z]{3}",
        step in "0[12]",
        free in "[0-9A-Za-z_-]{1,64}",
        end in "(xml|XML|Xml|zip|ZIP)",
    ) {
        let name = format!("{start}{function}{step}req_{free}.{end}");
        prop_assert!(matches!(classify(OsStr::new(&name)), Verdict::Request(_)), "{}", name);
    }
}
