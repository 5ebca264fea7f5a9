//! PostgreSQL over TLS: a real server that lets nobody in without it.

use store::{DatabaseLine, Error, Options, Store};
use testkit::postgres_over_tls::{NAME, OverTls};

use crate::people::verification;

async fn open(url: &str) -> Result<Store, Error> {
    Store::open(url, Options::default()).await
}

async fn refusal(url: &str) -> String {
    match open(url).await {
        Ok(_) => panic!("{url} was opened"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_spoken_to_over_tls_and_only_under_its_own_name_and_authority() {
    let server = OverTls::start();
    let own = format!("&sslrootcert={}", server.authority().display());
    // It is the server that refuses this: nothing else gets in below.
    let clear = refusal(&server.url("localhost", "&sslmode=disable")).await;
    assert!(clear.contains("no encryption"), "{clear}");

    for (host, mode) in [(NAME, "&sslmode=verify-full"), ("localhost", "&sslmode=require")] {
        let url = server.url(host, &format!("{mode}{own}"));
        let line = DatabaseLine::of(&url).expect("a line");
        assert_eq!(line, DatabaseLine::Tls { authorities: Some(server.authority()) });
        let store = open(&url).await.unwrap_or_else(|error| panic!("{host} {mode}: {error}"));
        store.migrate().await.expect("the schema is made");
        store.record_verification(verification(u32::from(host == NAME), "a")).await.expect("written");
    }
    let other_name = refusal(&server.url("other.test", &format!("&sslmode=verify-full{own}"))).await;
    assert!(other_name.contains("certificate") && other_name.contains("other.test"), "{other_name}");
    // The authorities of the system do not know this one; where it trusts none at all, that is said.
    let stranger = refusal(&server.url(NAME, "&sslmode=require")).await;
    assert!(stranger.contains("UnknownIssuer") || stranger.contains("trusts no authority"), "{stranger}");
    let empty = server.authority().with_extension("empty");
    std::fs::write(&empty, "").expect("a file");
    let nobody =
        refusal(&server.url(NAME, &format!("&sslmode=require&sslrootcert={}", empty.display()))).await;
    assert!(nobody.contains("no certificate in it"), "{nobody}");
}

#[tokio::test]
async fn another_machine_without_tls_is_refused_before_anything_is_sent() {
    // Nobody is there: a try would say so, after a while.
    let refused = refusal("postgres://u:hidden@192.0.2.1/d?sslmode=prefer").await;
    assert!(refused.contains("database_url") && refused.contains("sslmode=verify-full"), "{refused}");
    assert!(!refused.contains("hidden"), "{refused}");
}
