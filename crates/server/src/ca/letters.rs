//! 電子証明書発行通知書: number and secret are drawn here, written on paper, and kept only as a hash.

use std::sync::Arc;

use aws_lc_rs::rand;
use eligibility::Instant;
use eligibility::calendar::tokyo_date;
use eligibility::institution::InstitutionCode;
use eligibility::institution_certificate::CertificateUses;
use eligibility::retrieval::{RETRIEVAL_TRIES, Retrieval, RetrievalNumber, RetrievalSecret, SECRET_BYTES};
use pki::letter::{CertificateLetter, FontsOnDemand, Recipient, Sender};
use store::{ApplicationId, InstitutionAddress, LetterFiled, NewLetter};
use zeroize::Zeroizing;

use super::{Desk, NotIssued};
use crate::config::AuthorityLetters;
use crate::web::seal::{Seal, SealError};

/// Draws of a number until a free one is found; a million letters leave a million numbers for each.
const NUMBER_DRAWS: usize = 8;

/// Digits of a 文書番号 after the year. They only tell letters apart on the desk.
const DOCUMENT_DIGITS: usize = 8;

/// Writes letters.
pub struct LetterDesk {
    press: Arc<Press>,
    seal: Arc<Seal>,
}

/// How letters look and what all of them say.
struct Press {
    fonts: FontsOnDemand,
    sender: String,
    contact: String,
    retrieval_site: String,
}

/// What a letter is about.
#[derive(Clone, Debug)]
pub struct LetterFor {
    /// Whom it goes to.
    pub institution: InstitutionCode,
    /// What the certificate is issued for.
    pub order_id: String,
    /// The application that is carried out with it.
    pub application: Option<ApplicationId>,
    /// The void letter in whose place it is.
    pub in_place_of: Option<String>,
    /// 端末名称.
    pub terminal_name: String,
    /// What the certificate may be used for.
    pub uses: CertificateUses,
}

/// What became of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It waits to be posted.
    Filed,
    /// It was made before, or its application is not approved any more.
    Before,
    /// The register of institutions has no address to send it to.
    NoAddress,
}

impl LetterDesk {
    /// From the settings. The fonts are tried and not kept. Letters are sealed until they are printed.
    ///
    /// # Errors
    /// [`pki::Error::File`], [`pki::Error::Font`].
    pub fn new(settings: &AuthorityLetters, seal: Arc<Seal>) -> pki::Result<Self> {
        let files = pki::letter::FontFiles {
            regular: settings.regular.clone(),
            bold: settings.bold.clone(),
            fallback: settings.fallback.clone(),
            bold_fallback: settings.bold_fallback.clone(),
        };
        let press = Press {
            fonts: FontsOnDemand::new(files)?,
            sender: settings.sender.clone(),
            contact: settings.contact.clone(),
            retrieval_site: settings.retrieval_site.clone(),
        };
        Ok(Self { press: Arc::new(press), seal })
    }

    /// Draws number and secret, writes the letter, files both in one transaction with the application.
    ///
    /// # Errors
    /// [`NotIssued`]; nothing was filed then.
    pub async fn write(&self, desk: &Desk, letter: &LetterFor) -> Result<Written, NotIssued> {
        let Some(address) = desk.store().institution_address(&letter.institution).await? else {
            return Ok(Written::NoAddress);
        };
        let name = desk.name_of(&letter.institution).await?;
        for _ in 0..NUMBER_DRAWS {
            let now = desk.clock().now();
            let (number, secret) = draw()?;
            let document_number = document_number(now)?;
            let secret_hash = desk.secrets().hash(&number, &secret);
            let page = Page {
                letter: letter.clone(),
                address: address.clone(),
                name: name.clone(),
                document_number: document_number.clone(),
                number: number.clone(),
                secret,
                now,
            };
            let pdf = Zeroizing::new(self.print(page).await?);
            let letter_id = uuid::Uuid::now_v7().to_string();
            let owner = owner(&letter.institution, &letter_id);
            let sealed_pdf =
                self.seal.seal(&owner, &pdf).map_err(|_| pki::Error::Crypto("a letter was not sealed"))?;
            let retrieval = Retrieval { issued_at: now, retrieved_at: None, withdrawn_at: None };
            let new = NewLetter {
                institution_code: letter.institution.clone(),
                letter_id,
                order_id: letter.order_id.clone(),
                application: letter.application.clone(),
                in_place_of: letter.in_place_of.clone(),
                document_number,
                secret_hash,
                number,
                terminal_name: letter.terminal_name.clone(),
                uses: letter.uses,
                sealed_pdf,
                made_at: now,
                retrievable_until: retrieval.valid_until(),
            };
            match desk.store().file_letter(new).await? {
                LetterFiled::Fresh => return Ok(Written::Filed),
                LetterFiled::Before => return Ok(Written::Before),
                LetterFiled::NumberTaken => {}
            }
        }
        Err(pki::Error::Crypto("random numbers repeat themselves").into())
    }

    /// Reading the fonts and drawing take long: not on the threads that serve.
    async fn print(&self, page: Page) -> pki::Result<Vec<u8>> {
        let press = Arc::clone(&self.press);
        let printed = tokio::task::spawn_blocking(move || press.print(&page)).await;
        printed.unwrap_or_else(|_| Err(pki::Error::Pdf("drawing was broken off".to_owned())))
    }
}

impl Press {
    fn print(&self, page: &Page) -> pki::Result<Vec<u8>> {
        let mut address = vec![page.address.first_line.as_str()];
        address.extend(page.address.second_line.as_deref());
        let retrieval = Retrieval { issued_at: page.now, retrieved_at: None, withdrawn_at: None };
        let secret = Zeroizing::new(page.secret.reveal().to_owned());
        let letter = CertificateLetter {
            recipient: Recipient {
                postal_code: &page.address.postal_code,
                address: &address,
                institution_name: &page.name,
                institution_code: page.letter.institution.as_str(),
            },
            sender: Sender { name: &self.sender, contact: &self.contact },
            document_number: &page.document_number,
            terminal_name: &page.letter.terminal_name,
            reference_number: page.number.as_str(),
            authentication_id: &secret,
            issued_on: tokyo_date(page.now),
            retrievable_until: retrieval.last_day(),
            tries: u8::try_from(RETRIEVAL_TRIES).unwrap_or(u8::MAX),
            valid_until: None,
            retrieval_site: &self.retrieval_site,
        };
        let fonts = self.fonts.take()?;
        letter.pdf(&fonts)
    }
}

impl std::fmt::Debug for LetterDesk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LetterDesk")
    }
}

/// What stands on the page.
struct Page {
    letter: LetterFor,
    address: InstitutionAddress,
    name: String,
    document_number: String,
    number: RetrievalNumber,
    secret: RetrievalSecret,
    now: Instant,
}

fn draw() -> Result<(RetrievalNumber, RetrievalSecret), NotIssued> {
    let (mut number, mut secret) = ([0; 8], Zeroizing::new([0; SECRET_BYTES]));
    let filled = rand::fill(&mut number).and_then(|()| rand::fill(&mut *secret));
    filled.map_err(|_| pki::Error::Crypto("random numbers"))?;
    Ok((RetrievalNumber::from_random(number), RetrievalSecret::from_random(*secret)))
}

/// 文書番号: the year and digits of its own. It stands on lists that people without the letter see, so it tells nothing of
/// the リファレンスナンバー.
fn document_number(now: Instant) -> Result<String, NotIssued> {
    let mut drawn = [0; 8];
    rand::fill(&mut drawn).map_err(|_| pki::Error::Crypto("random numbers"))?;
    let number = u64::from_be_bytes(drawn) % 10_u64.pow(u32::try_from(DOCUMENT_DIGITS).unwrap_or_default());
    Ok(format!("認発第{}-{number:0DOCUMENT_DIGITS$}号", tokyo_date(now).year()))
}

/// Whose seal it is: one letter is nothing in another one's place.
fn owner(institution: &InstitutionCode, letter_id: &str) -> String {
    format!("certificate-letter:{institution}:{letter_id}")
}

/// A letter as it is printed.
///
/// # Errors
/// [`SealError`] when it is another letter's, or was sealed with another key.
pub fn opened_letter(
    seal: &Seal,
    (institution, letter_id): (&InstitutionCode, &str),
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    seal.open(&owner(institution, letter_id), sealed)
}
