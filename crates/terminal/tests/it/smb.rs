//! A drop folder on a network share: a real SMB server on the loopback of a network of its own, mounted through
//! FUSE. Such mounts report no events and cannot rename without replacing, so both fall-backs are taken here.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use terminal::config::WriteMode;
use testkit::own_world::{self, Tool};

use crate::{
    centre::Centre,
    counter::{Counter, names_in, put, request, wait_until},
};

const TOOLS: [Tool; 3] =
    [("/usr/sbin/smbd", "samba"), ("/usr/bin/smbnetfs", "smbnetfs"), ("/usr/bin/fusermount3", "fuse3")];
/// Requests answered over the mount.
const REQUESTS: usize = 30;

/// A share and its mount; both end with the world they are in.
struct Share {
    folder: tempfile::TempDir,
    server: Child,
}

impl Share {
    fn start() -> Self {
        let share = Self { folder: tempfile::tempdir().expect("a folder"), server: Self::placeholder() };
        share.serve().mount()
    }

    fn placeholder() -> Child {
        Command::new("true").spawn().expect("true runs")
    }

    fn path(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(&path).expect("a folder");
        path
    }

    /// What the receipt computer sees: the share's own folder.
    fn local(&self) -> PathBuf {
        self.path("share")
    }

    /// What the terminal sees: the same through SMB.
    fn mounted(&self) -> PathBuf {
        self.folder.path().join("mount/127.0.0.1/OQS")
    }

    fn serve(mut self) -> Self {
        let (state, share) = (self.path("state"), self.local());
        let (state, share) = (state.display(), share.display());
        let settings = format!(
            "[global]\nserver role = standalone server\ninterfaces = lo\nbind interfaces only = yes\n\
             smb ports = 445\ndisable netbios = yes\ndisable spoolss = yes\nload printers = no\n\
             map to guest = Bad User\nguest account = root\npid directory = {state}\nlock directory = {state}\n\
             state directory = {state}\ncache directory = {state}\nprivate dir = {state}\n\
             ncalrpc dir = {state}/ncalrpc\n\
             [OQS]\npath = {share}\nread only = no\nguest ok = yes\nforce user = root\n"
        );
        let file = self.folder.path().join("smbd.conf");
        std::fs::write(&file, settings).expect("writes");
        let mut smbd = Command::new("/usr/sbin/smbd");
        smbd.args(["--foreground", "--no-process-group", "--debug-stdout", "-s"]).arg(&file);
        self.server =
            smbd.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("smbd");
        own_world::wait_until("the SMB server", || std::net::TcpStream::connect("127.0.0.1:445").is_ok());
        self
    }

    fn mount(self) -> Self {
        let home = self.path("home");
        let settings = home.join(".smb");
        std::fs::create_dir_all(&settings).expect("a folder");
        for (name, text) in [
            ("smb.conf", "[global]\nclient min protocol = SMB2\nname resolve order = host\n"),
            ("smbnetfs.conf", "auth \"root\" \"\"\nhost 127.0.0.1 visible=true\n"),
        ] {
            let file = settings.join(name);
            std::fs::write(&file, text).expect("writes");
            std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).expect("permissions");
        }
        let mut mount = Command::new("/usr/bin/smbnetfs");
        mount.arg(self.path("mount")).args(["-o", "direct_io"]).env("HOME", home);
        let mounted = mount.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(mounted.expect("smbnetfs runs").success(), "smbnetfs cannot mount; is /dev/fuse there?");
        std::fs::write(self.local().join("probe"), "probe").expect("writes");
        let probe = self.mounted().join("probe");
        own_world::wait_until("the mount", || {
            std::fs::read_to_string(&probe).is_ok_and(|text| text == "probe")
        });
        self
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        // A failed unmount must not hide why the test failed; the world's end takes the mount with it.
        let _ = Command::new("/usr/bin/fusermount3").arg("-u").arg(self.folder.path().join("mount")).status();
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn answers_all_over_smb(test: &str, mode: WriteMode) {
    own_world::in_own_world(test, &TOOLS, || {
        let share = Share::start();
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(answer_all(&share.mounted(), &share.local(), mode));
    });
}

#[test]
fn every_request_on_an_smb_mount_is_answered_once() {
    answers_all_over_smb("smb::every_request_on_an_smb_mount_is_answered_once", WriteMode::Rename);
}

#[test]
fn every_answer_written_in_place_on_an_smb_mount_is_whole() {
    answers_all_over_smb("smb::every_answer_written_in_place_on_an_smb_mount_is_whole", WriteMode::InPlace);
}

async fn answer_all(mounted: &Path, local: &Path, mode: WriteMode) {
    let root = mounted.to_owned();
    let change = |config: &mut terminal::config::Config| {
        config.drop.root = root;
        config.drop.events = false;
        config.drop.poll_interval_ms = 100;
        config.drop.write_mode = mode;
    };
    let mut counter = Counter::open_with(change, Centre::default()).await;
    for n in 0..REQUESTS {
        put(local, &format!("OQSsiquc01req_{n}.xml"), request(&n.to_string()).as_bytes());
    }
    for n in 0..REQUESTS {
        let name = format!("OQSsiquc01res_{n}.xml");
        let path = local.join("res").join(&name);
        let read = || wire::message::read_result(&std::fs::read(&path).ok()?).ok();
        let result = wait_until(&format!("{name} on the share"), read).await;
        assert_eq!(result.message.header.arbitrary_file_identifier, Some(format!("K-{n}")));
    }
    // What the client takes is not written again, and an answered request is gone: on the share as well.
    std::fs::remove_file(local.join("res/OQSsiquc01res_0.xml")).expect("the client takes it");
    counter.stop().await;
    counter.start().await;
    put(local, "OQSsiquc01req_last.xml", request("last").as_bytes());
    let last = local.join("res/OQSsiquc01res_last.xml");
    wait_until("the answer after a restart", || last.exists().then_some(())).await;
    let gone = || names_in(&local.join("req")).is_empty().then_some(());
    wait_until("every request to be gone", gone).await;
    assert_eq!(names_in(&local.join("res")).len(), REQUESTS, "one answer each, none twice");
    for name in names_in(&local.join("res")) {
        let bytes = std::fs::read(local.join("res").join(&name)).expect("an answer");
        assert!(wire::message::read_result(&bytes).is_ok(), "{name} is not whole");
    }
    assert_eq!(names_in(&local.join("staging")), [""; 0]);
    assert!(names_in(&local.join("quarantine")).is_empty());
}
