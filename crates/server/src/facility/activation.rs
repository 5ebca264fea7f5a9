//! アクティベーションコード, issued.

use eligibility::Instant;
use eligibility::activation::{Activation, ActivationCode, DeviceMemo};
use eligibility::institution::InstitutionCode;
use store::{ActivationIssued, FormId, NewActivation, Store};

use super::secrets::random;
use super::{FacilityDesk, FacilityError, SHOWN_AGAIN_MS};

const PURPOSE: &str = "activation-code";
/// Draws until a code is one that the institution does not have: two in a row are never needed in practice.
const DRAWS: usize = 8;

/// Who wants a code.
pub(crate) struct ActivationWish {
    /// Whose.
    pub(crate) institution_code: InstitutionCode,
    /// For which device.
    pub(crate) device_memo: DeviceMemo,
    /// Who, as the audit log names him.
    pub(crate) actor: String,
    /// The form or request.
    pub(crate) form: FormId,
    /// Now.
    pub(crate) now: Instant,
}

/// What there is to show.
#[derive(Debug)]
pub(crate) enum ActivationShown {
    /// The code, this once, and when it is taken.
    Code(ActivationCode, Activation),
    /// It was shown before.
    AlreadyShown,
    /// The institution has all the devices it may have.
    Full,
}

fn new_activation(issued_at: Instant) -> Activation {
    Activation { issued_at, used_at: None, invalidated_at: None }
}

impl FacilityDesk {
    /// Issues a code. The same form within two minutes is shown the same one again.
    pub(crate) async fn issue_activation(
        &self,
        store: &Store,
        wish: ActivationWish,
    ) -> Result<ActivationShown, FacilityError> {
        let secrets = self.secrets()?;
        let institution = wish.institution_code.as_str();
        let owner = format!("{PURPOSE}:{institution}:{}:{}", wish.form.subject, wish.form.form_id);
        for _ in 0..DRAWS {
            let code = ActivationCode::from_random(*random()?);
            let new = NewActivation {
                institution_code: wish.institution_code.clone(),
                activation_id: uuid::Uuid::now_v7().to_string(),
                code_hash: secrets.hash(PURPOSE, institution, code.reveal()),
                device_memo: wish.device_memo.clone(),
                actor: wish.actor.clone(),
                form: wish.form.clone(),
                outcome: secrets.outcome(&owner, code.reveal(), wish.now)?,
                issued_at: wish.now,
            };
            return Ok(match store.issue_activation(new).await? {
                ActivationIssued::Collided => continue,
                ActivationIssued::Fresh => ActivationShown::Code(code, new_activation(wish.now)),
                ActivationIssued::Full => ActivationShown::Full,
                ActivationIssued::Repeated { outcome } => {
                    let recalled = secrets.recall(&owner, &outcome, wish.now, SHOWN_AGAIN_MS);
                    let code = recalled.and_then(|(code, at)| Some((ActivationCode::parse(&code).ok()?, at)));
                    code.map_or(ActivationShown::AlreadyShown, |(code, at)| {
                        ActivationShown::Code(code, new_activation(at))
                    })
                }
            });
        }
        Err(FacilityError::Secret)
    }
}
