//! A disk without room: reading goes on, every check is refused, and readiness says so until there is room again.

use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};

use eligibility::Date;
use testkit::own_world::in_own_world;
use testkit::people;
use testkit::system::Engine;

use crate::ops::get;
use crate::support::{Desk, insurer, number_question, validity};

const BORN: Date = Date::constant(1980, 2, 17);
/// Room for keys and an almost empty database.
const DISK: &str = "size=48m";
/// Checks that may still find room, in pages the database has already.
const CHECKS_UNTIL_FULL: u32 = 5_000;
/// How long readiness may take to turn.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn readiness_is_red_while_nothing_can_be_written() {
    in_own_world("full_disk::readiness_is_red_while_nothing_can_be_written", &[], || {
        // All temporary folders of this test lie on it.
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", DISK, "tmpfs"]).arg(std::env::temp_dir());
        let mounted = mount.status().expect("mount runs");
        assert!(mounted.success());
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(Box::pin(a_disk_fills_up_and_is_emptied()));
    });
}

async fn a_disk_fills_up_and_is_emptied() {
    let desk = Desk::open(Engine::Sqlite).await;
    let person = people::coverage(&insurer(), "p", "901", "試験　花子", BORN);
    desk.system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;
    let ops = desk.system.server.ops();
    let ask = async |id: &str| {
        let question = number_question(id, &insurer(), "901", None, BORN, desk.system.today());
        desk.check_number(&question).await
    };
    assert_eq!(validity(&ask("before").await), "1");
    assert_eq!(get(ops, "/readyz").await.0, 200, "{}", get(ops, "/readyz").await.1);

    let filler = desk.system.folder().join("filler");
    fill(&filler);
    let mut asked = 0;
    while ask(&format!("full-{asked}")).await.status < 500 {
        asked += 1;
        assert!(asked < CHECKS_UNTIL_FULL, "the disk never got full");
    }
    let (status, body) = get(ops, "/readyz").await;
    assert!(status == 503 && body.contains(r#""database":false"#), "{body}");
    let metrics = get(ops, "/metrics").await.1;
    assert!(metrics.contains("shikaku_store_storage_failed 1"), "{metrics}");

    std::fs::remove_file(filler).expect("removed");
    // Nobody asks: the server itself finds out.
    let deadline = Instant::now() + PATIENCE;
    while get(ops, "/readyz").await.0 != 200 {
        assert!(Instant::now() < deadline, "{}", get(ops, "/readyz").await.1);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(get(ops, "/metrics").await.1.contains("shikaku_store_storage_failed 0"));
    assert_eq!(validity(&ask("after").await), "1");
    desk.system.stop().await;
}

fn fill(path: &std::path::Path) {
    let mut file = std::fs::File::create(path).expect("a file");
    for size in [1 << 20, 4096, 1] {
        let block = vec![1; size];
        while file.write_all(&block).is_ok() {}
    }
}
