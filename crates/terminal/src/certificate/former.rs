//! Going back to the certificate that was used before the one in use, while that is still taken.

use eligibility::{
    Instant,
    calendar::{tokyo_date, tokyo_second},
};
use serde_json::json;

use super::{
    Care, Facts, Fault, Held, Keeping, KeepingError, Situation, authority, keeping::Alone, renewal::LAST_DAYS,
};
use crate::central::{Identity, roots};

/// Where a certificate of this terminal lies.
///
/// In the order in which they are put to use: what was brought comes before all of our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// Where somebody put it by hand.
    Brought,
    /// In the folder, under this number.
    Own(u64),
}

const BROUGHT: &str = "brought";

impl Place {
    /// Reads what [`std::fmt::Display`] writes.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            BROUGHT => Some(Self::Brought),
            number => number.parse().ok().map(Self::Own),
        }
    }

    /// Where the former is of one that was put to use before formers were written down.
    pub(super) fn before(in_use: Self) -> Option<Self> {
        match in_use {
            Self::Brought => None,
            Self::Own(number) if number > 1 => Some(Self::Own(number - 1)),
            Self::Own(_) => Some(Self::Brought),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Own(number) => write!(f, "{number}"),
            Self::Brought => f.write_str(BROUGHT),
        }
    }
}

/// What happened to the certificate in use, for the record of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Installed from a letter or a file, or renewed.
    TakenOver,
    /// Back to the former, by hand.
    RolledBack,
}

impl Change {
    const fn name(self) -> &'static str {
        match self {
            Self::TakenOver => "taken-over",
            Self::RolledBack => "rolled-back",
        }
    }
}

impl Keeping {
    /// The certificate that was used before the one in use, if it is still there.
    pub(super) fn former(&self) -> Result<Option<(Place, Held)>, KeepingError> {
        let Some(place) = self.former_place()? else { return Ok(None) };
        let held = match place {
            Place::Own(number) => Some(self.own(number)?),
            Place::Brought => self.brought_one()?,
        };
        Ok(held.map(|held| (place, held)))
    }
}

impl Care {
    /// The certificate that can be gone back to: the one used before, while its dates allow it.
    #[must_use]
    pub fn former(&self) -> Option<Facts> {
        let former = self.keeping().former().inspect_err(|error| {
            tracing::warn!(%error, "the former certificate cannot be read");
        });
        let facts = former.ok().flatten().map(|(_, held)| held.facts().clone())?;
        let standing = facts.standing(&self.config().institution_code, authority::now());
        standing.may_be_used().then_some(facts)
    }

    /// Uses the certificate again that was used before, when the centre still takes it; the one in use stays beside it,
    /// so that the same leads back. Both serial numbers are on record.
    ///
    /// # Errors
    /// [`Fault::NoFormer`], or why the former cannot be used; the one in use stays in use then.
    pub async fn roll_back(&self) -> Result<Facts, Fault> {
        let _busy = self.turn()?;
        let alone = self.keeping().alone()?;
        self.reload()?;
        let (place, held) = self.keeping().former()?.ok_or(Fault::NoFormer)?;
        self.check_fit(&held)?;
        let facts = held.facts().clone();
        let identity = Identity::of(held, roots(&self.config().central.ca_file)?)?;
        self.trial(&identity).await?;
        let before = self.facts();
        self.keeping().change_to(&alone, place)?;
        self.put_to_use(identity);
        self.record(&alone, Change::RolledBack, before.as_ref(), &facts)?;
        Ok(facts)
    }

    /// Whether somebody went back, and the one in use is not to be renewed by itself: it was renewed already, or it has
    /// days enough. One that nothing followed is not left to run out.
    pub(super) fn stays_back(&self) -> bool {
        let today = tokyo_date(authority::now());
        let renewed = self.view().situation == Situation::Overlap;
        let has_days = || self.facts().is_some_and(|facts| facts.period.days_left(today) > LAST_DAYS);
        self.went_back() && (renewed || has_days())
    }

    /// Whether somebody went back: the former came after the one in use.
    fn went_back(&self) -> bool {
        let in_use = self.keeping().number_in_use().ok().map(|own| own.map_or(Place::Brought, Place::Own));
        let former = self.keeping().former_place().ok().flatten();
        former.zip(in_use).is_some_and(|(former, in_use)| former > in_use)
    }

    /// Uses the newer one again after somebody went back, once the older one is not taken any more,
    /// for whatever reason: the centre is asked about the newer one before.
    pub(super) async fn go_forward(&self) {
        let view = self.view();
        let over = view.is_void() || view.situation == Situation::Expired;
        if over
            && self.went_back()
            && let Err(fault) = self.roll_back().await
        {
            tracing::warn!(%fault, "the newer certificate could not be put to use again");
        }
    }

    /// Writes down what changed: in the folder, and in the log.
    pub(super) fn record(
        &self,
        alone: &Alone,
        change: Change,
        before: Option<&Facts>,
        now_used: &Facts,
    ) -> Result<(), Fault> {
        let at: Instant = authority::now();
        let before = before.map(|facts| facts.serial.clone());
        tracing::info!(
            change = change.name(),
            before,
            serial = now_used.serial,
            "another certificate is in use"
        );
        let line = json!({
            "at": format!("{}+09:00", tokyo_second(at)),
            "change": change.name(),
            "before": before,
            "serial": now_used.serial,
        });
        Ok(self.keeping().record(alone, &line.to_string())?)
    }
}
