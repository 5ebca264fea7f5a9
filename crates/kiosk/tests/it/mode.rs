//! 無人運転 and 目視確認, switched by people at the desk, over centre and terminal.

use std::time::Duration;

use eligibility::{
    institution::InstitutionCode,
    reader::{CommandOutcome, CommandStanding, ReaderCommand, ReaderMode, ReaderState},
};
use store::{FormId, ReaderWish, StoredReader};
use testkit::system::INSTITUTION;

use crate::desk::Desk;

/// Waits for what the centre knows of the reader.
async fn known(desk: &Desk, fits: impl Fn(&StoredReader) -> bool) -> StoredReader {
    let code = InstitutionCode::parse(INSTITUTION).expect("a code");
    loop {
        let readers = desk.system.store().readers(&code).await.expect("reads");
        if let Some(reader) = readers.into_iter().find(&fits) {
            return reader;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_desk_switches_reaches_the_reader_and_is_confirmed() {
    let mut desk = Desk::open().await;
    let fresh = known(&desk, |_| true).await;
    assert_eq!(
        (fresh.state, fresh.mode, fresh.heard_at),
        (ReaderState::Absent, ReaderMode::Unattended, None)
    );
    assert_eq!(desk.link.mode().await, Ok(ReaderMode::Unattended));
    let ready = known(&desk, |reader| reader.state == ReaderState::Ready).await;
    assert!(ready.heard_at.is_some());
    let wish = ReaderWish {
        institution_code: InstitutionCode::parse(INSTITUTION).expect("a code"),
        terminal_name: ready.terminal_name,
        command_id: "w1".into(),
        command: ReaderCommand::Visual,
        actor: "account:kanri01".into(),
        form: FormId { subject: format!("{INSTITUTION}:kanri01"), form_id: "f1".into() },
        asked_at: desk.system.clock.now(),
    };
    assert_eq!(desk.system.store().wish_of_reader(wish).await, Ok(true));
    // A session begins: the terminal tells, and hears what is wanted.
    desk.link.nonce().await.expect("a nonce");
    let switched = known(&desk, |reader| reader.mode == ReaderMode::Visual).await;
    let command = switched.command.expect("the wish");
    let standing = command.standing(desk.system.clock.now());
    assert_eq!(standing, CommandStanding::Ended(CommandOutcome::Done));
    assert_eq!(desk.link.mode().await, Ok(ReaderMode::Visual));
    desk.close_terminal().await;
}
