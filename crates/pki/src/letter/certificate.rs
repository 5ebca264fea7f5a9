//! 電子証明書発行通知書: what an institution needs to fetch its certificate.

use eligibility::Date;

use super::canvas::{self, Canvas, Frame, Ink, Style};
use super::fonts::Fonts;
use super::{Recipient, Sender, accounts, grouped, written};
use crate::Result;
use crate::profile::ROOT_COMMON_NAME;

/// Digits of a リファレンスナンバー.
const REFERENCE_DIGITS: usize = 12;
/// Characters of an 認証ID.
const AUTHENTICATION_CHARS: usize = 16;
const LEFT: f32 = 20.0;
const WIDTH: f32 = 170.0;

/// The letter's content. It holds the 認証ID in plain text and has no `Debug`.
#[derive(Clone)]
pub struct CertificateLetter<'a> {
    /// Whom it is for.
    pub recipient: Recipient<'a>,
    /// Who sends it.
    pub sender: Sender<'a>,
    /// 文書番号 of this letter.
    pub document_number: &'a str,
    /// 端末名称.
    pub terminal_name: &'a str,
    /// リファレンスナンバー: twelve digits, hyphens do not matter.
    pub reference_number: &'a str,
    /// 認証ID: sixteen letters and digits, hyphens do not matter.
    pub authentication_id: &'a str,
    /// Date of the letter.
    pub issued_on: Date,
    /// Last day the certificate can be fetched.
    pub retrievable_until: Date,
    /// Wrong entries allowed before the number is locked.
    pub tries: u8,
    /// Last day of the certificate, where it is known already.
    pub valid_until: Option<Date>,
    /// Address of 電子証明書取得サイト.
    pub retrieval_site: &'a str,
}

impl CertificateLetter<'_> {
    /// The letter as PDF.
    ///
    /// # Errors
    /// [`crate::Error::Name`] for codes of the wrong length or a postal code that is none,
    /// [`crate::Error::Glyph`] for a character no font has.
    pub fn pdf(&self, fonts: &Fonts) -> Result<Vec<u8>> {
        let count = |code: &str| code.chars().filter(char::is_ascii_alphanumeric).count();
        if count(self.reference_number) != REFERENCE_DIGITS {
            return Err(crate::Error::Name("the reference number"));
        }
        if count(self.authentication_id) != AUTHENTICATION_CHARS {
            return Err(crate::Error::Name("the authentication id"));
        }
        canvas::document("電子証明書発行通知書", self.sender.name, fonts, |page| self.draw(page))
    }

    fn draw(&self, page: &mut Canvas<'_, '_>) -> Result<()> {
        let heading = accounts::Heading {
            recipient: &self.recipient,
            sender: &self.sender,
            document_number: self.document_number,
            issued_on: self.issued_on,
            title: "電子証明書発行通知書",
        };
        heading.draw(page)?;
        let intro = "ご申請いただいた電子証明書の発行の準備ができましたので、通知します。下記のリファレンスナンバーと認証IDを\
                     用いて、電子証明書を使用する端末から取得期限までに電子証明書を取得してください。";
        let mut y = page.paragraph((LEFT, 96.0), WIDTH, 5.6, Style::text(10.0), intro)?;
        y = self.facts(page, y + 0.5)?;
        y = self.codes(page, y + 4.0)?;
        y = self.steps(page, y + 9.0)?;
        y = checking(page, y + 5.0)?;
        self.handling(page, y + 6.0)
    }

    fn facts(&self, page: &mut Canvas<'_, '_>, y: f32) -> Result<f32> {
        let valid = self
            .valid_until
            .map_or_else(|| "取得した日から3年3か月".to_owned(), |date| format!("{}まで", written(date)));
        let rows = [
            ("医療機関コード", self.recipient.institution_code.to_owned()),
            ("医療機関等名称", self.recipient.institution_name.to_owned()),
            ("端末名称", self.terminal_name.to_owned()),
            ("電子証明書の有効期限", valid),
            (
                "取得期限",
                format!(
                    "{}まで（入力を{}回誤ると取得できなくなります）",
                    written(self.retrievable_until),
                    self.tries
                ),
            ),
        ];
        accounts::table(page, y, &rows)
    }

    /// The two codes, as large as a page allows: somebody will type them.
    fn codes(&self, page: &mut Canvas<'_, '_>, y: f32) -> Result<f32> {
        const HEIGHT: f32 = 31.0;
        let frame = Frame { x: LEFT, y, width: WIDTH, height: HEIGHT };
        page.tinted(frame);
        page.outline(frame, 0.5, Ink::Accent);
        let number = grouped(self.reference_number, " ");
        let secret = grouped(self.authentication_id, " ");
        for (line, label, note, code) in [
            (y + 10.4, "リファレンスナンバー", "数字12桁", number),
            (y + 25.4, "認証ID", "英数字16文字", secret),
        ] {
            page.text(LEFT + 5.0, line - 1.6, Style::bold(10.0), label)?;
            page.text(LEFT + 5.0, line + 2.2, Style::text(7.5).ink(Ink::Grey), note)?;
            page.text(LEFT + 50.0, line + 1.6, Style::bold(21.0).spaced(0.06), &code)?;
        }
        page.line((LEFT + 5.0, y + 15.5), (LEFT + WIDTH - 5.0, y + 15.5), 0.15, Ink::Accent);
        Ok(y + HEIGHT)
    }

    fn steps(&self, page: &mut Canvas<'_, '_>, y: f32) -> Result<f32> {
        let site = format!(
            "①の画面が使えないときは、電子証明書取得サイト {} を開き、同じ2つを入力します。",
            self.retrieval_site
        );
        let steps = [
            "資格確認端末の画面の「電子証明書」で「電子証明書発行通知書から導入する」を開き、リファレンスナンバーと認証IDを入力して《導入》を選択します。空白やハイフンは不要です。",
            site.as_str(),
            "取得サイトでは、取扱パスワード（12文字以上）を決めて《取得》を選択し、ダウンロードしたファイルを端末の「ファイルから導入する」で入れます。",
            "下の「確認の方法」のとおり、正しくインストールされたことを確認します。",
        ];
        accounts::numbered(page, y, "電子証明書の取得手順", &steps)
    }

    fn handling(&self, page: &mut Canvas<'_, '_>, y: f32) -> Result<()> {
        let note = "本通知書は、電子証明書の導入が済むまで鍵のかかる場所に保管し、第三者に見せないでください。導入を確認したら裁断して\
                    廃棄してください。紛失したとき、心当たりのないときは、すぐに下記へご連絡ください。";
        page.paragraph((LEFT, y), WIDTH, 4.4, Style::text(8.0), note)?;
        accounts::footer(page, &self.sender)
    }
}

/// How to see afterwards that the right certificate is installed.
fn checking(page: &mut Canvas<'_, '_>, y: f32) -> Result<f32> {
    let style = Style::text(8.5);
    page.text(LEFT, y, Style::bold(10.5).ink(Ink::Accent), "確認の方法")?;
    let text = format!(
        "①で導入したときは、資格確認端末の画面の「電子証明書」で、発行者と有効期限を確認します。取得サイトのファイルを\
         Windowsに取り込んだときは、Microsoft Edgeの「…」→「設定」→「プライバシー、検索、サービス」→「セキュリティ」の「証明書の管理」を開き、「個人」タブで、\
         発行者が「{ROOT_COMMON_NAME}」と表示されている電子証明書の有効期限を確認します。"
    );
    page.paragraph((LEFT, y + 5.2), WIDTH, 4.6, style, &text)
}
