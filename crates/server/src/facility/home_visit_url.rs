//! 医療機関等別URL: drawn, shown again, changed.

use eligibility::Instant;
use eligibility::codes::AccessUrlUse;
use eligibility::home_visit_url::{GraceDays, UrlSecret, is_offered};
use eligibility::institution::InstitutionCode;
use store::{FormId, HomeVisitUrl, NewHomeVisitUrl, Store, UrlChange, UrlOutcome};

use super::secrets::{Secrets, random};
use super::{FacilityDesk, FacilityError};

const PURPOSE: &str = "home-visit-url";
/// Looks at an address that several people make at once.
const LOOKS: usize = 3;

/// Who looks at or changes an address.
#[derive(Clone)]
pub(crate) struct UrlWish {
    /// Whose.
    pub(crate) institution_code: InstitutionCode,
    /// What for.
    pub(crate) url_use: AccessUrlUse,
    /// Who, as the audit log names him.
    pub(crate) actor: String,
    /// Now.
    pub(crate) now: Instant,
}

/// An address as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownUrl {
    /// The whole address.
    pub address: String,
    /// 1 for the first, one more with each change.
    pub generation: i64,
    /// When it was made.
    pub made_at: Instant,
}

/// What there is to show.
#[derive(Debug)]
pub(crate) enum UrlShown {
    /// The address in use.
    InUse(ShownUrl),
    /// The function is off.
    FunctionOff,
    /// Somebody else changed it meanwhile.
    Conflict,
}

/// An address can be opened as that of its institution and use only.
fn owner(institution: &InstitutionCode, url_use: AccessUrlUse) -> String {
    format!("{PURPOSE}:{institution}:{}", url_use.code())
}

fn draw(secrets: &Secrets, wish: &UrlWish) -> Result<NewHomeVisitUrl, FacilityError> {
    let secret = UrlSecret::from_random(*random()?);
    Ok(NewHomeVisitUrl {
        institution_code: wish.institution_code.clone(),
        url_use: wish.url_use,
        sealed_secret: secrets.seal(&owner(&wish.institution_code, wish.url_use), secret.reveal())?,
        // Whoever comes with an address says nothing but the address.
        url_hash: secrets.hash(PURPOSE, "", secret.reveal()),
        actor: wish.actor.clone(),
        made_at: wish.now,
    })
}

impl FacilityDesk {
    /// The address in use, as it is: nothing is made. `None`: the function is on, and no address was made yet.
    pub(crate) async fn known_home_visit_url(
        &self,
        store: &Store,
        wish: &UrlWish,
    ) -> Result<Option<UrlShown>, FacilityError> {
        let settings = store.facility_settings(&wish.institution_code).await?.settings;
        if !is_offered(&settings, wish.url_use) {
            return Ok(Some(UrlShown::FunctionOff));
        }
        let known = store.home_visit_urls(&wish.institution_code, wish.now).await?;
        let in_use = known.into_iter().find(|url| url.url_use == wish.url_use && url.ends_at.is_none());
        in_use.map(|found| self.shown(&wish.institution_code, found).map(UrlShown::InUse)).transpose()
    }

    /// The address in use; one is made where there is none.
    pub(crate) async fn home_visit_url(
        &self,
        store: &Store,
        wish: &UrlWish,
    ) -> Result<UrlShown, FacilityError> {
        for _ in 0..LOOKS {
            if let Some(known) = self.known_home_visit_url(store, wish).await? {
                return Ok(known);
            }
            let outcome = store.ensure_home_visit_url(draw(self.secrets()?, wish)?).await?;
            // Somebody else was first: his address is there now.
            if outcome != UrlOutcome::Conflict {
                return self.told(wish, outcome);
            }
        }
        Ok(UrlShown::Conflict)
    }

    /// Another address in its place. The same form again shows the same one.
    pub(crate) async fn change_home_visit_url(
        &self,
        store: &Store,
        wish: &UrlWish,
        expected_generation: Option<i64>,
        grace: GraceDays,
        form: FormId,
    ) -> Result<UrlShown, FacilityError> {
        let new = draw(self.secrets()?, wish)?;
        let change = UrlChange { new, expected_generation, grace, form };
        let outcome = store.change_home_visit_url(change).await?;
        self.told(wish, outcome)
    }

    fn told(&self, wish: &UrlWish, outcome: UrlOutcome) -> Result<UrlShown, FacilityError> {
        match outcome {
            UrlOutcome::InUse(url) => self.shown(&wish.institution_code, url).map(UrlShown::InUse),
            UrlOutcome::FunctionOff => Ok(UrlShown::FunctionOff),
            UrlOutcome::Conflict => Ok(UrlShown::Conflict),
        }
    }

    fn shown(&self, institution: &InstitutionCode, url: HomeVisitUrl) -> Result<ShownUrl, FacilityError> {
        let secret = self.secrets()?.open(&owner(institution, url.url_use), &url.sealed_secret)?;
        let secret = UrlSecret::parse(&secret).ok_or(FacilityError::Secret)?;
        let address = secret.address(&self.home_visit_origin);
        Ok(ShownUrl { address, generation: url.generation, made_at: url.made_at })
    }
}
