//! How often a 目視確認用パスコード was entered, day by day: the record of each entry is the audit log's, but no page reads
//! a day of checks to count a few of them.

use eligibility::{
    Date, Instant,
    calendar::{add_days, tokyo_date},
    institution::InstitutionCode,
};

use crate::{
    Error, Result, Store,
    audit::Chains,
    engine::{Row, Tx, bind},
    job::{Read, Write},
};

/// Days that are kept besides today.
const KEPT_DAYS: i32 = 7;
/// Lines that are read at most: a day has one for each terminal.
const LINES_MAX: i64 = 1_000;

const COUNT: &str = "INSERT INTO visual_check_use (institution_code, day, actor, accepted, refused) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (institution_code, day, actor) DO UPDATE SET \
     accepted = visual_check_use.accepted + excluded.accepted, \
     refused = visual_check_use.refused + excluded.refused";
const FORGET: &str = "DELETE FROM visual_check_use WHERE institution_code = $1 AND day < $2";
const SINCE: &str = "SELECT day, actor, accepted, refused FROM visual_check_use \
     WHERE institution_code = $1 AND day >= $2 ORDER BY day DESC, actor LIMIT $3";

/// Entries of one day by one terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisualCheckUse {
    /// The day in Japan.
    pub day: Date,
    /// Who, as the audit log names it.
    pub actor: String,
    /// Entries that were right.
    pub accepted: u32,
    /// Entries that were not.
    pub refused: u32,
}

fn line(row: &Row<'_>) -> Result<VisualCheckUse> {
    let malformed = || Error::Malformed { what: "visual_check_use" };
    let count = |index, what| {
        let count = row.int(index, what)?;
        u32::try_from(count).map_err(|_| malformed())
    };
    Ok(VisualCheckUse {
        day: row.text(0, "day")?.parse().map_err(|_| malformed())?,
        actor: row.text(1, "actor")?.to_owned(),
        accepted: count(2, "accepted")?,
        refused: count(3, "refused")?,
    })
}

/// Counts one entry, within the transaction that settles it, and forgets days that are long over.
pub(crate) async fn count(
    tx: &Tx<'_>,
    (institution, actor): (&str, &str),
    now: Instant,
    right: bool,
) -> Result<()> {
    let today = tokyo_date(now);
    let (day, kept_from) = (today.to_string(), add_days(today, -KEPT_DAYS).to_string());
    let row = bind![institution, &day, actor, i64::from(right), i64::from(!right)];
    tx.execute(COUNT, row).await?;
    tx.execute(FORGET, bind![institution, &kept_from]).await.map(drop)
}

struct Uncompared {
    institution: InstitutionCode,
    actor: String,
    now: Instant,
}

impl Write for Uncompared {
    type Output = ();

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<()> {
        count(tx, (self.institution.as_str(), &self.actor), self.now, false).await
    }
}

struct Since(InstitutionCode, String);

impl Read for Since {
    type Output = Vec<VisualCheckUse>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        tx.query(SINCE, bind![self.0.as_str(), &self.1, LINES_MAX], line).await
    }
}

impl Store {
    /// Counts an entry that was refused without being compared.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn count_uncompared_visual_check(
        &self,
        institution: &InstitutionCode,
        actor: &str,
        now: Instant,
    ) -> Result<()> {
        self.write(Uncompared { institution: institution.clone(), actor: actor.to_owned(), now }).await
    }

    /// Entries of an institution from a day on, the newest day first.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn visual_check_uses(
        &self,
        institution: &InstitutionCode,
        from: Date,
    ) -> Result<Vec<VisualCheckUse>> {
        self.read(Since(institution.clone(), from.to_string())).await
    }
}
