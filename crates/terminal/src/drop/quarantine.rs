//! The quarantine: what nobody should open, moved away as it is, with a reason beside it.

use std::{ffi::OsStr, io, path::Path};

use super::folder::Folder;

/// Things kept at most; the oldest make room, so that an attacker cannot fill the volume with names.
const MAX_ITEMS: usize = 1_000;

/// Ending of a thing in quarantine.
const ITEM: &str = ".item";
/// Ending of its reason.
const REASON: &str = ".reason.txt";

/// Why something was put away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The name tries something (path, device, control characters) or is not one the interface knows.
    Name,
    /// A link, folder, pipe or device, or a file with a second name.
    NotPlain,
    /// Over the size limit.
    TooLarge,
    /// The name was used before for another question.
    NameUsed,
    /// The name of the answer was taken by a stranger's file.
    AnswerNameTaken,
    /// What the terminal had staged was replaced by somebody who may write to the share.
    StagedReplaced,
}

impl Reason {
    /// The words for the person who finds the file.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Name => "ファイル名が規約に合いません。",
            Self::NotPlain => "通常のファイルではありません（リンク、フォルダー、デバイスなど）。",
            Self::TooLarge => "ファイルが大きすぎます（上限 10 MiB）。",
            Self::NameUsed => {
                "同じファイル名の要求が既に処理されています。ファイル名を変えてもう一度お送りください。"
            }
            Self::StagedReplaced => {
                "端末が準備した結果が共有フォルダーの中で差し替えられました。不正な操作の疑いがあります。"
            }
            Self::AnswerNameTaken => {
                "結果と同じ名前のファイルが既にあるため処理できません。ファイル名を変えてもう一度お送りください。"
            }
        }
    }
}

/// Moves `name` out of `folder` into the quarantine under a name of ours. Gone already is fine.
pub(crate) fn put_away(
    quarantine: &Folder,
    folder: &Folder,
    name: &OsStr,
    reason: Reason,
    now_ms: i64,
) -> io::Result<()> {
    let stem = format!("{now_ms:013}-{}", uuid::Uuid::now_v7().simple());
    match folder.move_to(name, quarantine, &format!("{stem}{ITEM}")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    }
    // `{:?}` escapes whatever the name tries to do to a screen.
    let text = format!("{}\r\n元のファイル名: {name:?}\r\n", reason.words());
    quarantine.create(&format!("{stem}{REASON}"), text.as_bytes())?;
    make_room(quarantine)
}

fn make_room(quarantine: &Folder) -> io::Result<()> {
    let mut items = Vec::new();
    quarantine.for_each_name(|name| {
        items.extend(name.to_str().filter(|name| name.ends_with(ITEM)).map(str::to_owned));
        true
    })?;
    // Names begin with their time.
    items.sort_unstable();
    let surplus = items.len().saturating_sub(MAX_ITEMS);
    for item in &items[..surplus] {
        erase(&quarantine.path().join(item))?;
        quarantine.remove(&item.replace(ITEM, REASON))?;
    }
    Ok(())
}

fn erase(path: &Path) -> io::Result<()> {
    // Neither follows links.
    if path.symlink_metadata()?.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }
}
