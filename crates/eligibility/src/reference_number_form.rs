//! The form of 照会番号登録 on the web.

use crate::{
    field::{Fault, Faults, FieldErrors, FieldText},
    reference_number::{InvalidReferenceNumber, ReferenceNumber},
};

const REMEDY: &str = "半角の英数字とハイフンで、1文字以上20文字以内で入力してください。";

/// What was typed into the form.
#[derive(Clone, Debug, Default)]
pub struct ReferenceNumberForm {
    /// 照会番号.
    pub reference_number: String,
}

impl ReferenceNumberForm {
    /// The fields.
    pub const FIELDS: &'static [FieldText] = &[FieldText {
        id: "reference_number",
        label: "照会番号",
        required: true,
        hint: "この患者さんの診察券番号など。半角の英数字とハイフンで20文字以内。登録し直すと置き換わります",
    }];

    /// Reads the number.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(&self) -> Result<ReferenceNumber, FieldErrors> {
        let mut faults = Faults::default();
        let read = ReferenceNumber::parse_typed(&self.reference_number);
        let number = faults.keep("reference_number", read.map_err(|why| Fault::new(message(why), REMEDY)));
        faults.finish(number)
    }

    /// What is wrong with a number that another patient of the institution has.
    #[must_use]
    pub fn taken() -> FieldErrors {
        let mut faults = Faults::default();
        let message = "この照会番号は、ほかの患者さんに登録されています。";
        faults.add("reference_number", Fault::new(message, "番号を確かめて入力し直してください。"));
        faults.into_errors()
    }
}

const fn message(why: InvalidReferenceNumber) -> &'static str {
    match why {
        InvalidReferenceNumber::Empty => "照会番号が入力されていません。",
        InvalidReferenceNumber::TooLong => "照会番号が長すぎます。",
        InvalidReferenceNumber::Character => "照会番号に使えない文字があります。",
    }
}
