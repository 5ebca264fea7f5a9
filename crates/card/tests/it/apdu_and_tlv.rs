//! Bytes to commands, elements, and back.

use card::apdu::{ApduError, Command, LE_EXTENDED_MAX, MAX_DATA, Response};
use card::tlv::{self, TlvError};
use proptest::prelude::*;

fn commands() -> impl Strategy<Value = Command> {
    let data = prop_oneof![
        Just(Vec::new()),
        proptest::collection::vec(any::<u8>(), 1..=255),
        proptest::collection::vec(any::<u8>(), 256..=MAX_DATA),
    ];
    let le = proptest::option::of(prop_oneof![1..=256u32, 1..=LE_EXTENDED_MAX]);
    (any::<[u8; 4]>(), data, le).prop_map(|([cla, ins, p1, p2], data, le)| {
        let command = Command::new(cla, ins, p1, p2).data(&data);
        match le {
            Some(le) => command.le(le),
            None => command,
        }
    })
}

fn tags() -> impl Strategy<Value = u32> {
    prop_oneof![
        (0u32..=0xFF).prop_filter("one byte", |t| t & 0x1F != 0x1F),
        (0u32..8, 1u32..0x80).prop_map(|(class, number)| (class << 5 | 0x1F) << 8 | number),
        (0u32..8, 1u32..0x80, 0u32..0x80).prop_map(|(class, high, low)| ((class << 5 | 0x1F) << 8
            | 0x80
            | high)
            << 8
            | low),
    ]
}

proptest! {
    #[test]
    fn a_written_command_reads_back(command in commands()) {
        let bytes = command.write().unwrap();
        prop_assert_eq!(Command::parse(&bytes).unwrap(), command);
    }

    #[test]
    fn any_bytes_are_a_command_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        if let Ok(command) = Command::parse(&bytes) {
            let again = Command::parse(&command.write().unwrap()).unwrap();
            prop_assert_eq!(again, command);
        }
    }

    #[test]
    fn a_response_reads_back(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        match Response::parse(&bytes) {
            Ok(response) => prop_assert_eq!(response.write(), bytes),
            Err(error) => prop_assert_eq!((error, bytes.len() < 2), (ApduError::TooShort, true)),
        }
    }

    #[test]
    fn written_elements_read_back(
        elements in proptest::collection::vec((tags(), proptest::collection::vec(any::<u8>(), 0..400)), 0..6),
    ) {
        let mut bytes = Vec::new();
        for (tag, value) in &elements {
            tlv::write(&mut bytes, *tag, value).unwrap();
        }
        let read: Vec<_> = tlv::parse_all(&bytes).unwrap().iter().map(|e| (e.tag, e.value.to_vec())).collect();
        prop_assert_eq!(read, elements);
    }

    #[test]
    fn any_bytes_are_elements_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok((element, rest)) = tlv::parse(&bytes) {
            prop_assert_eq!(tlv::total_length(&bytes).unwrap() + rest.len(), bytes.len());
            let mut written = Vec::new();
            tlv::write(&mut written, element.tag, element.value).unwrap();
            prop_assert_eq!(tlv::parse(&written).unwrap().0, element);
        }
    }
}

#[test]
fn lengths_around_their_limits_are_encoded_the_shortest_way() {
    for (length, header) in [(0x7F, 2), (0x80, 3), (0xFF, 3), (0x100, 4), (0xFFFF, 4)] {
        let mut bytes = Vec::new();
        tlv::write(&mut bytes, 0x04, &vec![0; length]).unwrap();
        assert_eq!(bytes.len(), header + length);
    }
    assert_eq!(tlv::write(&mut Vec::new(), 0x04, &vec![0; 0x1_0000]), Err(TlvError::Length));
}

#[test]
fn malformed_commands_are_told_apart() {
    let parse = |bytes: &[u8]| Command::parse(bytes).unwrap_err();
    assert_eq!(parse(&[0, 0xA4, 4]), ApduError::TooShort);
    assert_eq!(parse(&[0, 0xA4, 4, 0, 2, 1]), ApduError::Lengths);
    assert_eq!(parse(&[0, 0xA4, 4, 0, 1, 1, 0, 0]), ApduError::Lengths);
    assert_eq!(parse(&[0, 0xA4, 4, 0, 0, 0]), ApduError::Lengths);
    assert_eq!(parse(&[0, 0xA4, 4, 0, 0, 0, 0, 1]), ApduError::Lengths);
}

#[test]
fn a_command_with_a_secret_does_not_show_it() {
    let command = Command::new(0x00, 0x20, 0x00, 0x80).data(b"1234");
    assert_eq!(format!("{command:?}"), "00 20 00 80 lc=4 le=None");
}
