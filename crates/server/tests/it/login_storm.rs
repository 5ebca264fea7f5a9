//! While people storm the sign-in of an institution, the counter's checks are answered.

use eligibility::Date;
use testkit::client::Http;
use testkit::people;
use testkit::system::{Engine, INSTITUTION};
use wire::terminal_api::NUMBER_VERIFICATIONS_PATH;

use crate::institution_support::{Web, login};
use crate::support::{insurer, number_question, validity};

crate::on_both_engines! { checks_go_on_during_a_storm_of_sign_ins }

/// Far more than are compared at once.
const STORM: usize = 48;
const CHECKS: usize = 20;
const BORN: Date = Date::constant(1980, 2, 17);

async fn checks_go_on_during_a_storm_of_sign_ins(engine: Engine) {
    let web = Web::open(engine).await;
    let person = people::coverage(&insurer(), "p-1", "101", "試験　花子", BORN);
    web.system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;
    let terminal = web.system.terminal(INSTITUTION, "会計1").await;
    let counter = terminal.connect(Http::Two).await.expect("connects");
    let browser = web.browser();
    let ids: Vec<String> = (0..STORM).map(|number| format!("nobody{number}")).collect();
    let storm = futures_util::future::join_all(ids.iter().map(|id| login(&browser, id, "wrong-password-1")));
    let checks = async {
        let mut answered = 0;
        for number in 0..CHECKS {
            let id = format!("storm-{number}");
            let question = number_question(&id, &insurer(), "101", None, BORN, web.system.today());
            let reply = counter.send(hyper::Method::POST, NUMBER_VERIFICATIONS_PATH, Some(&question)).await;
            assert_eq!(validity(&reply.expect("an answer")), "1");
            answered += 1;
        }
        answered
    };
    let (signed_in, answered) = tokio::join!(storm, checks);
    assert_eq!(answered, CHECKS, "every check was answered, none was told to come again");
    // Nobody of the storm got in: the password was wrong, the guesses were too many, or there was no turn.
    for page in signed_in {
        assert!(page.status >= 400, "{} {}", page.status, page.to());
    }
    web.system.stop().await;
}
