//! What the fuzz target of `eligibility` does with its bytes.

use std::fmt::Debug;

use eligibility::{
    account::MailAddress,
    activation::ActivationCode,
    bulk::ReceptionNumber,
    calendar,
    home_visit_url::UrlSecret,
    institution::InstitutionCode,
    institution_account::UserId,
    institution_certificate::TerminalName,
    insurer::InsurerNumber,
    line::{AddressPrefix, CustomerId},
    reader::ReaderSerial,
    reference_number::ReferenceNumber,
    retrieval::{RetrievalNumber, RetrievalSecret},
    visual_check_passcode::Passcode,
};

/// What people and programs type: read or refused, and what was read is read again as the same.
pub fn typed_text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    again(text, |text| InstitutionCode::parse(text).ok(), |code| code.as_str().to_owned());
    again(text, |text| InsurerNumber::parse(text).ok(), |number| number.as_str().to_owned());
    again(text, |text| TerminalName::parse(text).ok(), |name| name.as_str().to_owned());
    again(text, |text| MailAddress::parse(text).ok(), |address| address.as_str().to_owned());
    again(text, |text| UserId::parse(text).ok(), |id| id.as_str().to_owned());
    again(text, |text| CustomerId::parse(text).ok(), |id| id.as_str().to_owned());
    again(text, |text| AddressPrefix::parse(text).ok(), ToString::to_string);
    again(text, |text| ReferenceNumber::parse_typed(text).ok(), |number| number.as_str().to_owned());
    again(text, |text| ReferenceNumber::parse(text).ok(), |number| number.as_str().to_owned());
    again(text, |text| ReceptionNumber::parse(text).ok(), |number| number.as_str().to_owned());
    again(text, |text| ReaderSerial::parse(text).ok(), |serial| serial.as_str().to_owned());
    again(text, |text| calendar::parse_date(text).ok(), ToString::to_string);
    // Secrets have no form to be shown in; reading them must end all the same.
    let _ = (Passcode::parse(text), ActivationCode::parse(text), UrlSecret::parse(text));
    let _ = (RetrievalNumber::parse(text), RetrievalSecret::parse(text));
    let _ = (calendar::parse_n8(text), calendar::parse_n6(text), calendar::parse_n14(text));
}

fn again<T: Debug + PartialEq>(text: &str, read: impl Fn(&str) -> Option<T>, write: impl Fn(&T) -> String) {
    let Some(value) = read(text) else { return };
    let written = write(&value);
    assert_eq!(read(&written).as_ref(), Some(&value), "{text:?} was read, {written:?} was not");
}
