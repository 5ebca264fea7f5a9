//! Whether every part of the demo runs.

use std::time::Duration;

use super::System;
use crate::demo::landing::view::Lamp;

/// How long the landing page waits for the server's own word.
pub(super) const LAMP_TIMEOUT: Duration = Duration::from_secs(2);

impl System {
    /// How every part is now.
    pub(crate) async fn lamps(&self) -> Vec<Lamp> {
        let ready = self.http.get(format!("http://{}/readyz", self.ports.ops())).send().await;
        let ready = ready.is_ok_and(|answer| answer.status().is_success());
        let database = self.server.store().ping().await.is_ok();
        let terminal = self.terminal.status().report();
        let jlis = tokio::net::TcpStream::connect(self.ports.jlis()).await.is_ok();
        let state = |well: bool| if well { "動いています" } else { "止まっています" }.to_owned();
        vec![
            Lamp { name: "中央のサーバー", well: ready, state: state(ready) },
            Lamp { name: "データベース", well: database, state: state(database) },
            Lamp { name: "資格確認端末", well: terminal.healthy, state: state(terminal.healthy) },
            Lamp { name: "模擬 J-LIS", well: jlis, state: state(jlis) },
        ]
    }
}
