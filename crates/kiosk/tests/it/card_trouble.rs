//! Cards that are none, cards that go, readers that fail: every trouble is named and has words for both sides.

use card::transport::{CardTransport, Disposition, TransportError};
use kiosk::{CardTrouble, LinkError, Trouble, session::AtReader};

/// A card that answers every command the same way.
struct Parrot(Result<Vec<u8>, TransportError>);

impl CardTransport for Parrot {
    fn transmit(&mut self, _command: &[u8]) -> Result<Vec<u8>, TransportError> {
        self.0.clone()
    }
    fn atr(&mut self) -> Result<Vec<u8>, TransportError> {
        Ok(vec![0x3b])
    }
    fn reset(&mut self) -> Result<(), TransportError> {
        Ok(())
    }
    fn disconnect(&mut self, _disposition: Disposition) -> Result<(), TransportError> {
        Ok(())
    }
}

fn detect(answer: Result<&[u8], TransportError>) -> CardTrouble {
    let transport = Parrot(answer.map(<[u8]>::to_vec));
    AtReader::detect(transport).map(drop).expect_err("no My Number card")
}

#[test]
fn each_has_its_name() {
    assert_eq!(detect(Ok(&[0x6a, 0x82])), CardTrouble::NotMyNumberCard);
    assert_eq!(detect(Ok(&[])), CardTrouble::Unreadable);
    assert_eq!(detect(Ok(&[0x6f, 0x00])), CardTrouble::Unreadable);
    assert_eq!(detect(Ok(&[0x90, 0x00])), CardTrouble::Unreadable);
    assert_eq!(detect(Err(TransportError::NoCard)), CardTrouble::NoCard);
    assert_eq!(detect(Err(TransportError::Removed)), CardTrouble::Removed);
    assert_eq!(detect(Err(TransportError::Mute)), CardTrouble::Unreadable);
    assert_eq!(detect(Err(TransportError::NoService)), CardTrouble::Reader(TransportError::NoService));
    assert_eq!(detect(Err(TransportError::InUse)), CardTrouble::Reader(TransportError::InUse));
}

#[test]
fn each_has_words_for_the_patient_and_for_the_staff_and_a_code() {
    let cards = [
        CardTrouble::NoCard,
        CardTrouble::NotMyNumberCard,
        CardTrouble::Removed,
        CardTrouble::Unreadable,
        CardTrouble::PinWrong { tries_left: 2 },
        CardTrouble::LastTry,
        CardTrouble::PinLocked,
        CardTrouble::PinlessRefused,
        CardTrouble::Reader(TransportError::NoReader),
    ];
    let links =
        [LinkError::Unreachable, LinkError::NotAdmitted, LinkError::NotUnderstood, LinkError::NotLoopback];
    let all = cards.into_iter().map(Trouble::Card).chain(links.into_iter().map(Trouble::Link));
    for trouble in all {
        assert!(trouble.for_patient().ends_with('。'), "{trouble:?}");
        assert!(trouble.for_staff().ends_with('。'), "{trouble:?}");
        assert!(eligibility::errors::ErrorCode::from_code(trouble.code()).is_some(), "{trouble:?}");
    }
    assert!(Trouble::Card(CardTrouble::PinWrong { tries_left: 2 }).for_patient().contains("あと2回"));
    // The last try is refused unless it is asked for: nobody is told that it can simply be used.
    let last = Trouble::Card(CardTrouble::PinWrong { tries_left: 1 }).for_patient();
    assert!(last.contains("最後の1回は残してあります") && !last.contains("入力できます"), "{last}");
    let kept = Trouble::Card(CardTrouble::LastTry);
    assert!(kept.for_patient().contains("確かめていません") && kept.for_staff().contains("照合していません"));
}
