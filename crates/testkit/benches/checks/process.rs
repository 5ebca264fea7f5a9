//! What a child process used, from `/proc`.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

/// Longest wait for a child that was asked to end.
const ENDS_WITHIN: Duration = Duration::from_secs(20);

/// A child that is ended when dropped, so that a failed run leaves nothing behind. It is asked first: a program built to
/// count what it does writes that down when it ends.
pub(crate) struct Running(Child);

impl Running {
    /// Starts a program with its output on ours' standard error.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        Ok(Self(child.with_context(|| format!("starting {}", command.get_program().display()))?))
    }

    /// Whether it has ended, which it must have done well.
    pub(crate) fn has_ended(&mut self) -> Result<bool> {
        let ended = self.0.try_wait()?;
        ensure!(ended.is_none_or(|status| status.success()), "a measured command failed");
        Ok(ended.is_some())
    }

    /// CPU time used so far, user and system, microseconds.
    pub(crate) fn cpu_us(&self) -> Result<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/schedstat", self.0.id()))?;
        let main: f64 = text.split_whitespace().next().context("schedstat")?.parse()?;
        let mut total_ns = 0.0;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.0.id()))? {
            let text = std::fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
            total_ns += text.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0);
        }
        Ok(total_ns.max(main) / 1000.0)
    }

    /// Anonymous resident memory (RssAnon), MiB.
    pub(crate) fn rss_anon_mib(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find(|line| line.starts_with("RssAnon:")).context("RssAnon")?;
        let kib: f64 = line.split_whitespace().nth(1).context("RssAnon")?.parse()?;
        Ok(kib / 1024.0)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let asked = Instant::now();
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        while matches!(self.0.try_wait(), Ok(None)) && asked.elapsed() < ENDS_WITHIN {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
