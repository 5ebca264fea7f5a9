//! Writing and reading back gives the same message, in both encodings, XML and JSON, any order of elements.

use eligibility::codes::CharacterCode;
use proptest::prelude::*;
use wire::{
    charset,
    message::{Layout, ResultMessage, read_request, read_result, write_request, write_result},
};

use crate::random::Source;

const ENCODINGS: [CharacterCode; 2] = [CharacterCode::Utf8, CharacterCode::ShiftJis];

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..600)
}

fn source(bytes: &[u8], encoding: CharacterCode) -> Source<'_> {
    Source { bytes: bytes.iter(), wide: encoding == CharacterCode::Utf8 }
}

proptest! {
    #[test]
    fn requests(bytes in bytes(), compact in any::<bool>()) {
        for encoding in ENCODINGS {
            let request = source(&bytes, encoding).request();
            let layout = if compact { Layout::Compact } else { Layout::Indented };
            let written = write_request(&request, encoding, layout);
            prop_assert_eq!(&written.substitutions, &[]);
            let read = read_request(&written.bytes).expect("reads");
            prop_assert_eq!(read.encoding, encoding);
            prop_assert_eq!(read.request, Ok(request));
        }
    }

    #[test]
    fn results(bytes in bytes(), compact in any::<bool>()) {
        for encoding in ENCODINGS {
            let mut message = source(&bytes, encoding).message();
            message.header.character_code_identifier = encoding.into();
            let layout = if compact { Layout::Compact } else { Layout::Indented };
            let written = write_result(&message, encoding, layout);
            prop_assert_eq!(&written.substitutions, &[]);
            let read = read_result(&written.bytes).expect("reads");
            prop_assert_eq!(read.encoding, encoding);
            prop_assert_eq!(read.message, message);
        }
    }

    #[test]
    fn results_in_any_order(bytes in bytes()) {
        for encoding in ENCODINGS {
            // Without line breaks in texts, so that the shuffling can go line by line.
            let mut source = Source { bytes: bytes.iter(), wide: false };
            let mut message = source.message();
            message.header.character_code_identifier = encoding.into();
            let written = write_result(&message, encoding, Layout::Indented);
            let text = charset::decode(&written.bytes).expect("text").1.into_owned();
            let shuffled = source.shuffle(&text);
            let (encoded, _) = charset::encode(&shuffled, encoding);
            prop_assert_eq!(read_result(&encoded).expect("reads").message, message);
        }
    }

    #[test]
    fn results_as_json(bytes in bytes()) {
        let message = source(&bytes, CharacterCode::Utf8).message();
        let json = serde_json::to_string(&message).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<ResultMessage>(&json).expect("reads"), message.clone());
        // The same through a tree, whose keys come in another order.
        let tree: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        prop_assert_eq!(serde_json::from_value::<ResultMessage>(tree).expect("reads"), message);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_request(&bytes);
        let _ = read_result(&bytes);
    }

    #[test]
    fn any_text_can_be_written(name in any::<String>()) {
        for encoding in ENCODINGS {
            let mut message = source(&[], encoding).message();
            message.header.arbitrary_file_identifier = Some(name.clone());
            let written = write_result(&message, encoding, Layout::Compact);
            let read = read_result(&written.bytes).expect("reads").message;
            if written.substitutions.is_empty() && !name.is_empty() {
                prop_assert_eq!(read.header.arbitrary_file_identifier.as_ref(), Some(&name));
            }
        }
    }
}

#[test]
fn no_blank_ever_stands_inside_a_leaf_tag() {
    let message = source(&[255; 600], CharacterCode::Utf8).message();
    for layout in [Layout::Indented, Layout::Compact] {
        let written = write_result(&message, CharacterCode::Utf8, layout);
        let text = String::from_utf8(written.bytes).expect("UTF-8");
        let identifier = message.header.arbitrary_file_identifier.clone().expect("present");
        let escaped =
            identifier.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#13;");
        assert!(text.contains(&format!("<ArbitraryFileIdentifier>{escaped}</ArbitraryFileIdentifier>")));
    }
}
