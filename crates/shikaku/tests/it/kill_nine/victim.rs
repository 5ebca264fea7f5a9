//! A process that is killed and started again.

use std::{
    path::Path,
    process::{Child, Stdio},
    time::Instant,
};

use crate::program::shikaku;

pub(super) struct Victim {
    arguments: Vec<String>,
    child: Child,
}

impl Victim {
    pub(super) fn start(command: &[&str], settings: &Path) -> Self {
        let settings = settings.to_str().expect("UTF-8");
        let arguments: Vec<String> =
            command.iter().chain(&["--config", settings]).map(ToString::to_string).collect();
        let child = Self::spawn(&arguments);
        Self { arguments, child }
    }

    fn spawn(arguments: &[String]) -> Child {
        shikaku(arguments)
            .env("SHIKAKU_LOG", "error")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts")
    }

    /// `Child::kill` is SIGKILL: nothing of the program runs any more. Gives the moment before.
    pub(super) fn kill(&mut self) -> Instant {
        assert!(self.child.try_wait().expect("a state").is_none(), "{:?} ended by itself", self.arguments);
        let blow = Instant::now();
        self.child.kill().expect("killed");
        self.child.wait().expect("waited for");
        blow
    }

    pub(super) fn kill_and_restart(&mut self) -> Instant {
        let blow = self.kill();
        self.child = Self::spawn(&self.arguments);
        blow
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
