//! Which revocation lists the server takes over, and which would hide a revocation.

use std::sync::Arc;

use card::jpki::{CardTrust, TEST_AUTH_POLICY};
use eligibility::Instant;
use pki::jlis::{CardAuthority, CardAuthorityKind, JlisOptions, SimulatedJlis};
use server::card_revocation::{CardRevocation, LIST_BYTES_MAX, RefreshError};
use store::{Options, Store};
use testkit::system::{Engine, TestSystem};

use crate::on_both_engines;

on_both_engines! { an_older_list_is_refused_after_a_restart_too }

const NOW: Instant = Instant(1_795_000_000_000);

struct Lists {
    folder: tempfile::TempDir,
    jlis: SimulatedJlis,
    revocation: CardRevocation,
}

impl Lists {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let jlis = SimulatedJlis::create(&folder.path().join("jlis"), &JlisOptions::default(), NOW)
            .expect("an authority");
        let anchor = jlis.generations(CardAuthorityKind::Authentication)[0].certificate_der().to_vec();
        let trust = CardTrust::new(&[anchor], &[TEST_AUTH_POLICY]).expect("trust");
        let source = folder.path().join("list.crl").to_string_lossy().into_owned();
        let revocation = CardRevocation::new(&[source], Arc::new(trust)).expect("a source");
        Self { folder, jlis, revocation }
    }

    fn authority(&self) -> &CardAuthority {
        &self.jlis.generations(CardAuthorityKind::Authentication)[0]
    }

    async fn take(&self, list: &[u8]) -> Result<(), RefreshError> {
        std::fs::write(self.folder.path().join("list.crl"), list).expect("writes");
        self.revocation.refresh(NOW).await
    }
}

#[tokio::test]
async fn an_older_list_never_takes_a_newer_ones_place() {
    let lists = Lists::new();
    let list = |seconds: i64| lists.authority().crl(Instant(NOW.0 + seconds * 1000)).expect("a list");
    let (yesterday, first, second) = (list(-86_400), list(0), list(0));
    assert_ne!(first, second, "two lists of one second have two numbers");
    lists.take(&first).await.expect("the first");
    lists.take(&second).await.expect("a later one of the same second");
    lists.take(&second).await.expect("the same again");
    for older in [&first, &yesterday] {
        assert!(matches!(lists.take(older).await, Err(RefreshError::Older)));
    }
    assert!(lists.revocation.is_fresh(NOW), "the newest stays in use");
}

#[tokio::test]
async fn a_file_too_large_for_a_list_is_not_read() {
    let lists = Lists::new();
    let outcome = lists.take(&vec![0; LIST_BYTES_MAX + 1]).await;
    assert!(matches!(outcome, Err(RefreshError::Fetch(_))), "{outcome:?}");
}

async fn an_older_list_is_refused_after_a_restart_too(engine: Engine) {
    let system = TestSystem::start(engine).await;
    let now = system.clock.now();
    let jlis = &system.server.simulated_jlis().expect("a simulated J-LIS").authority;
    let authority = &jlis.generations(CardAuthorityKind::Authentication)[0];
    let trust = Arc::new(
        CardTrust::new(&[authority.certificate_der().to_vec()], &[TEST_AUTH_POLICY]).expect("trust"),
    );
    let name = trust.authorities().next().expect("an authority").0.to_string();
    // The running server remembers the list it began with.
    let begun = system.store().newest_revocation_list(&name).await.expect("reads").expect("a list");

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("list.crl");
    let source = file.to_string_lossy().into_owned();
    // A process of its own each time: nothing is known but what the database holds.
    let process = async || {
        let store = Store::open(system.database_url(), Options::default()).await.expect("opens");
        let fresh = CardRevocation::new(std::slice::from_ref(&source), Arc::clone(&trust)).expect("a source");
        fresh.remembering(store)
    };
    let list = |seconds: i64| authority.crl(Instant(now.0 + seconds * 1000)).expect("a list");
    let (yesterday, earlier, newest) = (list(-86_400), list(1), list(1));
    std::fs::write(&file, &newest).expect("writes");
    let later = Instant(now.0 + 2_000);
    process().await.refresh(later).await.expect("the newest");
    let remembered = system.store().newest_revocation_list(&name).await.expect("reads").expect("a list");
    assert!(begun.is_older_than(&remembered));

    for older in [&yesterday, &earlier] {
        std::fs::write(&file, older).expect("writes");
        let restarted = process().await;
        let outcome = restarted.refresh(later).await;
        assert!(matches!(outcome, Err(RefreshError::Older)), "{outcome:?}");
        assert!(!restarted.is_fresh(later), "it must not be relied on");
    }
    std::fs::write(&file, &newest).expect("writes");
    let restarted = process().await;
    restarted.refresh(later).await.expect("the newest again");
    assert!(restarted.is_fresh(later));
    system.stop().await;
}
