//! What an answer means at the counter (資格有効性): the word, what to do now in one sentence, and the steps.
//!
//! Whatever an answer says, nobody is sent away and nobody pays the whole price because of it: the steps lead from
//! what is at hand to a claim that can be made.

use crate::{Date, calendar, codes::Validity, coverage::CopayRatio};

/// How an answer is shown: colour and sign, never colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// All is well.
    Go,
    /// Something is to be done.
    Care,
    /// Not as things are.
    Stop,
}

/// What an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// How it is shown.
    pub tone: Tone,
    /// The sign beside the word.
    pub sign: &'static str,
    /// 資格有効性 in words.
    pub word: &'static str,
    /// What to do now, one sentence.
    pub now: &'static str,
    /// What to do one after the other; empty when one sentence is enough.
    pub steps: &'static [&'static str],
    /// What is charged and claimed meanwhile; empty when the answer says it.
    pub charge: &'static [&'static str],
}

/// What can stand in for an answer, from the surest to what is left.
const WITHOUT_COVERAGE: [&str; 4] = [
    "マイナンバーカードと、スマートフォンに表示したマイナポータルの資格情報画面（または保存したPDF）を見せてもらいます。",
    "画面がなければ、マイナンバーカードと「資格情報のお知らせ」、または資格確認書を見せてもらいます。",
    "再診の方でどれもないときは、前に確認した保険に変わりがないかを口頭で確かめ、その内容で受け付けます。",
    "初診の方でどれもないときは、被保険者資格申立書に書けるところまで書いてもらい、マイナンバーカードと見比べて受け付けます。申立書は請求が済むまで保管します。",
];

/// Charge and claim when there is no answer to rely on.
const CHARGE: &[&str] = &[
    "窓口では通常の割合（3割、未就学は2割、70歳以上は本人の申し出による1～3割）でいただきます。10割をいただくことはありません。",
    "請求は、新しい番号が分かればその番号で、分からなければ前の番号で行います。どちらも分からなければ番号の欄をすべて「7」で埋め、摘要欄に住所と連絡先を書きます。",
];

const INVALID: &[&str] = &[
    "資格喪失の日と事由を見ます。喪失の日より前の受診であれば、資格確認日をその日にして確認し直します。",
    "就職・退職・転居などで保険が変わっていないかを患者さんに聞き、新しい保険が分かればその番号で確認し直します。届け出てまもない資格は、まだ登録されていないことがあります。",
    "マイナンバーカードがあれば、カードリーダーで確認します。新しい資格が登録されていれば、そのまま分かります。",
    WITHOUT_COVERAGE[0],
    WITHOUT_COVERAGE[1],
    WITHOUT_COVERAGE[2],
    WITHOUT_COVERAGE[3],
];

const NEWER: &[&str] = &[
    "マイナンバーカードがあれば、カードリーダーで確認します。新しい資格がそのまま分かります。",
    "カードがなければ、新しい資格確認書や「資格情報のお知らせ」を見せてもらい、その番号で確認し直します。",
    "どちらもなければ、新しい保険の名前と勤め先などを聞き、被保険者資格申立書に書いてもらって受け付けます。",
];

const NO_MATCH: &[&str] = &[
    "入力を券面と見比べます。間違いの多いのは、記号と番号の区切り、3と8や1と7、生年月日の元号です。記号のない証では記号を空けます。",
    "枝番を入れていれば、空けて確認し直します。枝番がまだ登録されていないことがあります。",
    "合っていれば、まだ登録されていない資格かもしれません。事業主の届け出と保険者の登録にはそれぞれ5日ほどかかります。後日もう一度確認します。",
    WITHOUT_COVERAGE[0],
    WITHOUT_COVERAGE[1],
    WITHOUT_COVERAGE[2],
    WITHOUT_COVERAGE[3],
];

const SEVERAL: &[&str] = &[
    "券面の枝番（2桁）を入力して、もう一度確認します。",
    "券面に枝番がなければ、マイナンバーカードを使ってカードリーダーで確認します。",
    "どちらもできなければ、保険者に枝番を問い合わせます。",
];

const UNREGISTERED: &[&str] = &[
    "医療扶助の資格は有効です。受診を断る理由にはなりません。",
    "月の前半は、福祉事務所が医療券・調剤券をまだ登録していないことがあります。多くは20日ごろまでに登録されます。",
    "その月の初めての受診であれば、患者さんが福祉事務所に連絡してあるかを聞きます（急病のときは後からで構いません）。",
    "登録されたころに確認し直します。急ぐときは、表示された福祉事務所に問い合わせます。",
];

impl Meaning {
    /// What an answer means.
    #[must_use]
    pub const fn of(validity: Validity) -> Self {
        let (tone, sign, now, steps, charge): (_, _, _, &[_], &[_]) = match validity {
            Validity::Valid => {
                (Tone::Go, "✓", "資格があります。表示された保険者と負担割合で受け付けてください。", &[], &[])
            }
            Validity::Invalid => (
                Tone::Stop,
                "✕",
                "資格確認日に、この資格は使えません。受診は断らず、下の順に確かめてください。",
                INVALID,
                CHARGE,
            ),
            Validity::InvalidNewerExists => (
                Tone::Care,
                "!",
                "この資格は終わり、新しい資格があります。新しい資格で確認し直してください。",
                NEWER,
                CHARGE,
            ),
            Validity::NoMatch => (
                Tone::Stop,
                "?",
                "入力した内容に当てはまる資格が見つかりません。まず入力を見直してください。",
                NO_MATCH,
                CHARGE,
            ),
            Validity::SeveralMatch => (
                Tone::Care,
                "!",
                "当てはまる人が1人に決まりません。枝番を入力して確認し直してください。",
                SEVERAL,
                &[],
            ),
            Validity::ValidTicketUnregistered => (
                Tone::Care,
                "✓",
                "医療扶助の資格はありますが、この医療機関の医療券・調剤券がまだ登録されていません。",
                UNREGISTERED,
                &[],
            ),
        };
        Self { tone, sign, word: validity.label(), now, steps, charge }
    }
}

/// The share that the law gives a person of an age whose card names none: 2割 before school, 3割 until 70. From then on
/// only the card or the 高齢受給者証 knows. Not for 医療扶助.
#[must_use]
pub fn share_by_law(birthdate: Date, as_of: Date) -> Option<CopayRatio> {
    if calendar::is_preschool(birthdate, as_of) {
        return Some(CopayRatio::Twenty);
    }
    (birthdate <= as_of && as_of < calendar::elderly_from(birthdate)).then_some(CopayRatio::Thirty)
}
