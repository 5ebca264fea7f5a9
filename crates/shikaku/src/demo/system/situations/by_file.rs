//! Request files that a terminal cannot answer as asked.

use std::{
    path::{Path, PathBuf},
    sync::atomic::Ordering,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use eligibility::{calendar::format_n14, codes::CharacterCode, institution::InstitutionCode};
use wire::{
    charset,
    message::{
        EligibilityRequest, Layout, ReferenceNumberResult, read_reference_number_result, read_result,
        write_request,
    },
};

use super::{System, Trial};
use crate::demo::{landing::view::File, premises::INSTITUTION_CODE, system::number_check::number_request};

/// Longest a terminal takes: it asks an unreachable centre for twenty seconds, and the machine may be busy.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);
/// How often the folder is looked at.
const ANSWER_POLL: Duration = Duration::from_millis(20);
/// One byte more than a request may have.
const TOO_MANY_BYTES: usize = 10 * 1024 * 1024 + 1;
/// Most of a file that is shown, characters.
const SHOWN_CHARS: usize = 4_000;
/// An institution code that is not this terminal's.
const OTHER_INSTITUTION: &str = "1319990020";
/// What an XML declaration of the other encoding looks like; `.err` files have none.
const SHIFT_JIS_DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"Shift_JIS\"?>";

/// A request file to be put into `req`.
pub(in crate::demo::system) struct Handed {
    pub(in crate::demo::system) name: String,
    pub(in crate::demo::system) bytes: Vec<u8>,
}

impl System {
    pub(super) async fn wrong_date(&self) -> Result<Trial> {
        let handed = self.changed_request("OQSsiquc01req", |xml| {
            xml.replace("<Birthdate>19820514</Birthdate>", "<Birthdate>19820230</Birthdate>")
        })?;
        self.hand_in(&self.folder.drop(), handed, "生年月日が 19820230（2 月 30 日）").await
    }

    pub(super) async fn other_institution(&self) -> Result<Trial> {
        let mut request = self.plain_request()?;
        request.institution_code = InstitutionCode::parse(OTHER_INSTITUTION)?;
        let bytes = write_request(&request, CharacterCode::Utf8, Layout::Indented).bytes;
        let handed = Handed { name: format!("OQSsiquc01req_{}.xml", self.free_part()), bytes };
        self.hand_in(&self.folder.drop(), handed, "医療機関コードが 1319990020").await
    }

    pub(super) async fn too_large(&self) -> Result<Trial> {
        let mut handed = self.changed_request("OQSsiquc01req", |xml| xml)?;
        handed.bytes.resize(TOO_MANY_BYTES, b' ');
        self.hand_in(&self.folder.drop(), handed, "空白で 10 MiB ＋ 1 バイトにふくらませた").await
    }

    pub(super) async fn broken_xml(&self) -> Result<Trial> {
        let handed = self.changed_request("OQSsiquc01req", |xml| xml.replace("</MessageHeader>", ""))?;
        self.hand_in(&self.folder.drop(), handed, "MessageHeader の終わりのタグがない").await
    }

    pub(super) async fn other_kind(&self) -> Result<Trial> {
        let handed = self.changed_request("OQSsidhc01req", |xml| xml)?;
        self.hand_in(&self.folder.drop(), handed, "名前がどの種類でもない（OQSsidhc01req_）").await
    }

    pub(super) async fn name_used_again(&self) -> Result<Trial> {
        let first = self.changed_request("OQSsiquc01req", |xml| xml)?;
        let again = Handed {
            name: first.name.clone(),
            bytes: String::from_utf8(first.bytes.clone())?.replace("19820514", "19820515").into_bytes(),
        };
        let result = self.folder.drop().join("res").join(first.name.replace("req_", "res_"));
        self.hand_in(&self.folder.drop(), first, "ふつうの").await?;
        // Read and taken away, as receipt computers do.
        tokio::fs::remove_file(&result).await.with_context(|| format!("{}", result.display()))?;
        let mut trial = self.hand_in(&self.folder.drop(), again, "同じ名前で生年月日だけ違う").await?;
        trial.steps.insert(0, "レセコンが同じ名前の要求を一度置き、結果を読んで消す".to_owned());
        Ok(trial)
    }

    /// The first person's question by number.
    pub(super) fn plain_request(&self) -> Result<EligibilityRequest> {
        let query = self.people.first().and_then(|person| person.number_query().cloned());
        number_request(query.context("the first person has a number")?, "DEMO")
    }

    /// A name part never used before, not even by the demo that ran on this folder before.
    pub(in crate::demo::system) fn free_part(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let now = self.clock.now();
        format!("{}{:03}{number:04}", format_n14(now), now.0.rem_euclid(1000))
    }

    /// That question as a file of this kind, changed.
    pub(super) fn changed_request(
        &self,
        kind: &str,
        change: impl FnOnce(String) -> String,
    ) -> Result<Handed> {
        let bytes = write_request(&self.plain_request()?, CharacterCode::Utf8, Layout::Indented).bytes;
        let bytes = change(String::from_utf8(bytes)?).into_bytes();
        Ok(Handed { name: format!("{kind}_{}.xml", self.free_part()), bytes })
    }

    /// Puts a file into the `req` of a terminal's share and waits for what comes into `res`.
    pub(in crate::demo::system) async fn exchanged(&self, share: &Path, handed: &Handed) -> Result<PathBuf> {
        let Handed { name, bytes } = handed;
        let asked = share.join("req").join(name);
        let beside = self.folder.root().join(format!("{name}.writing"));
        tokio::fs::write(&beside, bytes).await.with_context(|| format!("{}", beside.display()))?;
        tokio::fs::rename(&beside, &asked).await.with_context(|| format!("{}", asked.display()))?;
        answer_to(share, name).await
    }

    /// Puts a file into the `req` of a terminal's share and reads what comes into `res`.
    pub(super) async fn hand_in(&self, share: &Path, handed: Handed, what: &str) -> Result<Trial> {
        let answer = self.exchanged(share, &handed).await?;
        let Handed { name, bytes } = handed;
        let asked = share.join("req").join(&name);
        let came = read_answer(&answer)?;
        let steps = vec![
            format!("レセコンが、{what}要求ファイルを req フォルダに置く"),
            format!("端末が {} を res フォルダに書く", kind_of(&answer)),
        ];
        let (path, content) = (asked.display().to_string(), shown(&String::from_utf8_lossy(&bytes)));
        let asked = File { title: "レセコンが置いたファイル", path, content, wrap: false };
        let path = answer.display().to_string();
        let answered =
            File { title: "レセコンに届いたファイル", path, content: came.text, wrap: false };
        Ok(Trial {
            code: came.code,
            message: came.message,
            remedy: None,
            steps,
            files: vec![answered, asked],
            institution: INSTITUTION_CODE,
        })
    }
}

/// What a file in `res` says.
struct Came {
    code: String,
    message: String,
    text: String,
}

/// Waits for the result of a request, or for the words why there is none.
async fn answer_to(share: &Path, name: &str) -> Result<PathBuf> {
    let res = share.join("res");
    let (result, words) = (res.join(name.replace("req_", "res_")), res.join(name.replace(".xml", ".err")));
    let came = async {
        loop {
            if let Some(found) = [&words, &result].into_iter().find(|path| path.is_file()) {
                return found.clone();
            }
            tokio::time::sleep(ANSWER_POLL).await;
        }
    };
    tokio::time::timeout(ANSWER_TIMEOUT, came).await.with_context(|| format!("no answer to {name}"))
}

fn read_answer(path: &Path) -> Result<Came> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    if path.extension().is_some_and(|ending| ending == "err") {
        return read_words(&bytes);
    }
    let text = charset::decode(&bytes)?.1.into_owned();
    let of_registration =
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("OQSsiimm01res"));
    let (code, message) = if of_registration {
        let (_, result) =
            read_reference_number_result(&bytes).with_context(|| format!("{}", path.display()))?;
        let ReferenceNumberResult { header, body } = result;
        (
            header.error_code.or(body.processing_result_code),
            header.error_message.or(body.processing_result_message),
        )
    } else {
        let header = read_result(&bytes).with_context(|| format!("{}", path.display()))?.message.header;
        (header.error_code, header.error_message)
    };
    Ok(Came { code: code.unwrap_or_default(), message: message.unwrap_or_default(), text })
}

/// An `.err` file: `name：value` lines in Shift_JIS.
fn read_words(bytes: &[u8]) -> Result<Came> {
    let declared = [SHIFT_JIS_DECLARATION.as_bytes(), bytes].concat();
    let text = charset::decode(&declared)?.1.replace(SHIFT_JIS_DECLARATION, "");
    let value = |name: &str| {
        let lines = text.lines().filter_map(|line| line.split_once('：'));
        lines.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
    };
    let Some(code) = value("コード") else { bail!("an .err file without a code: {text}") };
    Ok(Came { code, message: value("内容").unwrap_or_default(), text: text.replace("\r\n", "\n") })
}

fn kind_of(path: &Path) -> &'static str {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.ends_with(".err") {
        "理由を書いた .err"
    } else if name.starts_with("OQSsiimm01res") {
        "照会番号登録の結果の XML"
    } else {
        "処理結果区分 9（異常終了）の結果の XML"
    }
}

fn shown(text: &str) -> String {
    let mut start: String = text.trim_end().chars().take(SHOWN_CHARS).collect();
    if text.len() > TOO_MANY_BYTES - 1 {
        start.push_str("\n（このあと空白が 10 MiB を超えるまで続きます）");
    }
    start
}
