//! What the surface and text applications say, once opened.

use eligibility::Date;
use zeroize::Zeroizing;

use crate::session::SessionError;
use crate::tlv;

/// The template both files begin with.
const TEMPLATE: u32 = 0xFF20;

/// The card's face (券面事項): images of the print, and the photo. Not for keeping: wiped when dropped.
pub struct CardFace {
    /// Birth date.
    pub birthdate: Date,
    /// Sex: `1`, `2` or `9`.
    pub sex: String,
    /// Name as a one-bit PNG image.
    pub name_png: Zeroizing<Vec<u8>>,
    /// Address as a one-bit PNG image.
    pub address_png: Zeroizing<Vec<u8>>,
    /// Photo as a JPEG 2000 file; see [`crate::photo::decode`].
    pub photo_jp2: Zeroizing<Vec<u8>>,
    /// Last day the card is valid.
    pub expires_on: Date,
}

impl CardFace {
    pub(crate) fn parse(file: &[u8]) -> Result<Self, SessionError> {
        let fields = Fields::parse(file)?;
        Ok(Self {
            birthdate: fields.date(0xDF22)?,
            sex: fields.text(0xDF23)?.to_string(),
            name_png: fields.bytes(0xDF25)?,
            address_png: fields.bytes(0xDF26)?,
            photo_jp2: fields.bytes(0xDF27)?,
            expires_on: fields.date(0xDF29)?,
        })
    }
}

/// Name, address, birth date and sex as text. Not for keeping: wiped when dropped.
pub struct TextAttributes {
    /// Name.
    pub name: Zeroizing<String>,
    /// Address.
    pub address: Zeroizing<String>,
    /// Birth date.
    pub birthdate: Date,
    /// Sex: `1`, `2` or `9`.
    pub sex: String,
}

impl TextAttributes {
    pub(crate) fn parse(file: &[u8]) -> Result<Self, SessionError> {
        let fields = Fields::parse(file)?;
        Ok(Self {
            name: fields.text(0xDF22)?,
            address: fields.text(0xDF23)?,
            birthdate: fields.date(0xDF24)?,
            sex: fields.text(0xDF25)?.to_string(),
        })
    }
}

struct Fields<'a>(Vec<tlv::Tlv<'a>>);

impl<'a> Fields<'a> {
    fn parse(file: &'a [u8]) -> Result<Self, SessionError> {
        let malformed = |_| SessionError::BadFile("malformed elements");
        let (template, _) = tlv::parse(file).map_err(malformed)?;
        if template.tag != TEMPLATE {
            return Err(SessionError::BadFile("another template"));
        }
        Ok(Self(tlv::parse_all(template.value).map_err(malformed)?))
    }

    fn find(&self, tag: u32) -> Result<&'a [u8], SessionError> {
        self.0
            .iter()
            .find(|e| e.tag == tag)
            .map(|e| e.value)
            .ok_or(SessionError::BadFile("an element is missing"))
    }

    fn bytes(&self, tag: u32) -> Result<Zeroizing<Vec<u8>>, SessionError> {
        Ok(Zeroizing::new(self.find(tag)?.to_vec()))
    }

    fn text(&self, tag: u32) -> Result<Zeroizing<String>, SessionError> {
        let text =
            std::str::from_utf8(self.find(tag)?).map_err(|_| SessionError::BadFile("text is not UTF-8"))?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    fn date(&self, tag: u32) -> Result<Date, SessionError> {
        let text = self.text(tag)?;
        if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(SessionError::BadFile("a date is not eight digits"));
        }
        let number = |range: std::ops::Range<usize>| text[range].parse::<i16>().unwrap_or(0);
        Date::new(number(0..4), number(4..6) as i8, number(6..8) as i8)
            .map_err(|_| SessionError::BadFile("a date does not exist"))
    }
}
