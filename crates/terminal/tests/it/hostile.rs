//! What an attacker, a broken client or a curious colleague may put into the folder.

use std::{
    ffi::OsStr,
    io::Write,
    os::unix::{ffi::OsStrExt, fs::symlink},
    path::Path,
    sync::atomic::Ordering,
};

use crate::{
    centre::Centre,
    counter::{Counter, PATIENCE, names_in, request, wait_until},
};

/// Every name but those here takes the same seed: the corpus is the same in every run.
const CORPUS: u64 = 240;
/// Anonymous memory the terminal may need on top of what the test had before, KiB.
const MEMORY_KIB: u64 = 128 * 1024;

struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }
}

fn anonymous_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).expect("a figure");
    line.split_whitespace().nth(1).expect("a number").parse().expect("a number")
}

/// One hostile file content.
fn content(n: u64, dice: &mut Dice) -> Vec<u8> {
    let good = request("1");
    // The largest once or twice; smaller kin of them often.
    let scale = |largest: usize| if n < 30 { largest } else { largest / 20 };
    let wrap = |inner: &str| format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{inner}").into_bytes();
    match n % 15 {
        0 => Vec::new(),
        1 => dice.bytes(4_096),
        2 => {
            let mut junk = b"<?xml version=\"1.0\" encoding=\"Shift_JIS\"?><XmlMsg>".to_vec();
            junk.extend(dice.bytes(2_000));
            junk
        }
        3 => good.as_bytes()[..(dice.next() as usize % good.len())].to_vec(),
        4 => wrap(&format!("{}{}", "<a>".repeat(scale(50_000)), "</a>".repeat(scale(50_000)))),
        5 => wrap(&format!("<XmlMsg>{}</XmlMsg>", "<a/>".repeat(scale(400_000)))),
        6 => wrap(
            "<!DOCTYPE lolz [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]><XmlMsg>&b;</XmlMsg>",
        ),
        7 => wrap("<!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><XmlMsg>&f;</XmlMsg>"),
        8 => vec![b'<'; scale(3_000_000)],
        9 => wrap(&format!("<XmlMsg {}='1'/>", "x".repeat(scale(1_000_000)))),
        10 => [b"\xff\xfe".as_slice(), &dice.bytes(1_001)].concat(),
        11 => good.replace("345", "\0\0").replace("K-1", &"長".repeat(100_000)).into_bytes(),
        12 => wrap(&format!(
            "<XmlMsg><MessageHeader/><MessageBody>{}</MessageBody></XmlMsg>",
            "&#x0;".repeat(1000)
        )),
        13 => vec![b' '; scale(9 * 1024 * 1024)],
        _ => {
            let mut torn = wrap("<XmlMsg><MessageHeader><ArbitraryFileIdentifier>");
            torn.extend([0x81, 0x40, 0x81]);
            torn
        }
    }
}

fn bomb(kind: u64, dice: &mut Dice) -> Vec<u8> {
    let options =
        zip::write::SimpleFileOptions::default().with_aes_encryption(zip::AesMode::Aes256, "ひみつ-123");
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    match kind {
        0..=2 => {
            zip.start_file("a.xml", options).expect("starts");
            // A thousand to one; past the absolute limit too.
            for _ in 0..11 {
                zip.write_all(&vec![b' '; 1024 * 1024]).expect("writes");
            }
        }
        // One more than allowed; each entry costs a key derivation, so only once.
        3 => {
            for n in 0..101 {
                zip.start_file(format!("../../{n}.xml"), options).expect("starts");
            }
        }
        4..=20 => {
            zip.start_file("/etc/passwd", options).expect("starts");
            zip.write_all(b"x").expect("writes");
        }
        _ => {
            zip.start_file("a.xml", options).expect("starts");
            zip.write_all(b"x").expect("writes");
        }
    }
    let mut bytes = zip.finish().expect("finishes").into_inner();
    let at = dice.next() as usize % bytes.len();
    if kind > 0 && dice.next().is_multiple_of(2) {
        bytes[at] ^= 0xff;
    }
    bytes
}

/// Puts something into the folder whole: what the terminal saw half made would be another thing to it, and however
/// slow the machine is, the count below must hold.
fn put_whole(making: &Path, target: &Path, make: impl FnOnce(&Path)) {
    let made = making.join("made");
    make(&made);
    std::fs::rename(made, target).expect("moves into the folder");
}

fn strange_things(req: &Path, outside: &Path, making: &Path) {
    let name = |n: &str| req.join(format!("OQSsiquc01req_{n}.xml"));
    symlink("/etc/passwd", name("link-file")).expect("links");
    symlink("/dev/zero", name("link-device")).expect("links");
    symlink(name("loop"), name("loop")).expect("links");
    symlink(outside, name("link-folder")).expect("links");
    put_whole(making, &name("folder"), |folder| {
        std::fs::create_dir(folder).expect("creates");
        std::fs::write(folder.join("inside"), "x").expect("writes");
    });
    let fifo = std::process::Command::new("mkfifo").arg(name("fifo")).status().expect("mkfifo of coreutils");
    assert!(fifo.success());
    std::fs::write(outside.join("precious"), request("7")).expect("writes");
    std::fs::hard_link(outside.join("precious"), name("hard-link")).expect("links");
    put_whole(making, &name("huge"), |huge| {
        std::fs::File::create(huge).expect("creates").set_len(20 << 30).expect("a sparse file");
    });
    let _socket = std::os::unix::net::UnixListener::bind(name("socket")).expect("binds");
    for bad in [
        "CON",
        "nul.xml",
        "COM1.txt",
        "..\\..\\x.xml",
        "C:evil.xml",
        "OQSsiquc01req_1.xml:stream",
        "OQSsiquc01req_a\nb.xml",
        "OQSsiquc01req_\u{1b}[2J.xml",
        "OQSsiquc01req_a b.xml",
        "OQSsiquc01req_..xml",
        "OQSsiquc01req_.xml",
        "OQSsiquc01req_患者.xml",
        "OQSsiquc01req_x.exe",
    ] {
        put_whole(making, &req.join(bad), |file| std::fs::write(file, request("8")).expect("writes"));
    }
    let long = format!("OQSsiquc01req_{}.xml", "x".repeat(200));
    for bad in [OsStr::new(&long), OsStr::from_bytes(b"OQSsiquc01req_\x83\x5c\xff.xml")] {
        put_whole(making, &req.join(bad), |file| std::fs::write(file, request("8")).expect("writes"));
    }
}

/// What [`strange_things`] puts down: nine links, folders, pipes and the like; 13 bad names; two more.
const STRANGE: usize = 9 + 13 + 2;

fn with_password(config: &mut terminal::config::Config) {
    std::fs::create_dir_all(&config.state).expect("a folder");
    let file = config.state.join("password");
    std::fs::write(&file, "ひみつ-123").expect("writes");
    config.drop.encryption.password_file = Some(file);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_in_the_folder_crashes_hangs_escapes_or_bloats() {
    let counter = Counter::open_with(with_password, Centre::default()).await;
    let req = counter.folder("req");
    let outside = counter.dir.path().join("outside");
    let making = counter.dir.path().join("making");
    for folder in [&outside, &making] {
        std::fs::create_dir(folder).expect("creates");
    }
    counter.put("OQSsiquc01req_first.xml", request("1"));
    counter.result("OQSsiquc01res_first.xml").await;
    let before = anonymous_kib();
    let peak = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let watch = tokio::spawn({
        let peak = std::sync::Arc::clone(&peak);
        async move {
            loop {
                peak.fetch_max(anonymous_kib(), Ordering::Relaxed);
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        }
    });

    strange_things(&req, &outside, &making);
    let mut dice = Dice(0x5eed);
    for n in 0..CORPUS {
        let (name, bytes) = match n % 6 {
            5 => (format!("OQSsiquc01req_c{n}.zip"), bomb(n / 6, &mut dice)),
            _ => (format!("OQSsiquc01req_c{n}.xml"), content(n, &mut dice)),
        };
        put_whole(&making, &req.join(name), |file| std::fs::write(file, bytes).expect("writes"));
        if n % 50 == 0 {
            // The next good file is answered while the rest is still lying there.
            let good = format!("good-{n}");
            counter.put(&format!("OQSsiquc01req_{good}.xml"), request(&n.to_string()));
            counter.result(&format!("OQSsiquc01res_{good}.xml")).await;
        }
    }
    wait_until("the folder to be empty", || names_in(&req).is_empty().then_some(())).await;
    watch.abort();

    let res = counter.names("res");
    for n in 0..CORPUS {
        // Answered with an error result or given back with words: never nothing.
        let answered = res.contains(&format!("OQSsiquc01res_c{n}.xml"))
            || res.contains(&format!("OQSsiquc01req_c{n}.err"));
        assert!(answered, "nothing became of file {n} within {PATIENCE:?}");
    }
    let put_away =
        |ending: &str| counter.names("quarantine").iter().filter(|name| name.ends_with(ending)).count();
    // A thing is away a moment before its reason is written.
    wait_until("every reason", || (put_away(".reason.txt") == STRANGE).then_some(())).await;
    assert_eq!(put_away(".item"), STRANGE);
    assert_eq!(names_in(&outside), ["precious"], "nothing was written or removed outside");
    let asked = counter.centre.asked.lock().expect("no panics").clone();
    assert!(
        !asked.iter().any(|(number, _)| number == "7" || number == "8"),
        "no hostile file was asked about"
    );
    let grown = peak.load(Ordering::Relaxed).saturating_sub(before);
    println!("anonymous memory: {before} KiB before, at most {grown} KiB more");
    assert!(grown < MEMORY_KIB, "{grown} KiB");
    assert!(counter.status().report().healthy);
}
