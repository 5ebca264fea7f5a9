//! 目視確認用パスコード: issued for the web or a receipt computer, checked for a reader.

use eligibility::facility_settings::Setting;
use eligibility::institution::InstitutionCode;
use eligibility::reader::ReaderSerial;
use eligibility::visual_check_passcode::{Passcode, ends_at};
use eligibility::{Instant, visual_check_passcode};
use store::{FormId, NewPasscode, PasscodeEntered, PasscodeEntry, PasscodeIssued, Store};

use super::secrets::random;
use super::{FacilityDesk, FacilityError, SHOWN_AGAIN_MS};

const PURPOSE: &str = "visual-check-passcode";

/// Who wants a passcode.
pub(crate) struct PasscodeWish {
    /// Whose.
    pub(crate) institution_code: InstitutionCode,
    /// Who, as the audit log names him.
    pub(crate) actor: String,
    /// The form or request.
    pub(crate) form: FormId,
    /// Issued only while this setting is on.
    pub(crate) needs: Option<Setting>,
    /// Now.
    pub(crate) now: Instant,
}

/// What there is to show.
#[derive(Debug)]
pub(crate) enum PasscodeShown {
    /// The passcode, this once, and when it ends.
    Code(Passcode, Instant),
    /// It was shown before.
    AlreadyShown,
    /// The function is off.
    FunctionOff,
}

fn owner(wish: &PasscodeWish) -> String {
    format!("{PURPOSE}:{}:{}:{}", wish.institution_code, wish.form.subject, wish.form.form_id)
}

impl FacilityDesk {
    /// Issues a passcode; an older one is dead. The same form within two minutes is shown the same one again.
    pub(crate) async fn issue_passcode(
        &self,
        store: &Store,
        wish: PasscodeWish,
    ) -> Result<PasscodeShown, FacilityError> {
        let secrets = self.secrets()?;
        let code = Passcode::from_random(*random()?);
        let owner = owner(&wish);
        let now = wish.now;
        let new = NewPasscode {
            code_hash: secrets.hash(PURPOSE, wish.institution_code.as_str(), code.reveal()),
            outcome: secrets.outcome(&owner, code.reveal(), now)?,
            passcode_id: uuid::Uuid::now_v7().to_string(),
            institution_code: wish.institution_code,
            actor: wish.actor,
            form: wish.form,
            needs: wish.needs,
            issued_at: now,
        };
        Ok(match store.issue_visual_check_passcode(new).await? {
            PasscodeIssued::Fresh => PasscodeShown::Code(code, ends_at(now)),
            PasscodeIssued::FunctionOff => PasscodeShown::FunctionOff,
            PasscodeIssued::Repeated { outcome } => {
                let recalled = secrets.recall(&owner, &outcome, now, SHOWN_AGAIN_MS);
                let code = recalled.and_then(|(code, at)| Some((Passcode::parse(&code).ok()?, ends_at(at))));
                code.map_or(PasscodeShown::AlreadyShown, |(code, ends_at)| PasscodeShown::Code(code, ends_at))
            }
        })
    }

    /// Whether it is the institution's passcode. Every entry that is compared was counted on disk before; entries at
    /// more than a few institutions within an hour ring the operator's alarm.
    pub(crate) async fn enter_passcode(
        &self,
        store: &Store,
        institution: &InstitutionCode,
        entered: (&Passcode, &ReaderSerial, Option<&str>),
        actor: String,
        now: Instant,
    ) -> Result<PasscodeEntered, FacilityError> {
        let (passcode, reader, staff_name) = entered;
        let entry = PasscodeEntry {
            institution_code: institution.clone(),
            code_hash: self.secrets()?.hash(PURPOSE, institution.as_str(), passcode.reveal()),
            actor,
            reader_serial: reader.as_str().to_owned(),
            staff_name: staff_name.map(str::to_owned),
            entered_at: now,
        };
        let entered = store.enter_visual_check_passcode(entry).await?;
        if let PasscodeEntered::Wrong { institutions_failing } = entered {
            self.alarm.failed(
                visual_check_passcode::is_alarming(institutions_failing),
                institutions_failing,
                now,
            );
        }
        Ok(entered)
    }
}
