//! Letters as the operator looks for them: by 医療機関コード, name or 引受番号, a page at a time.

use eligibility::{Instant, institution::InstitutionCode};

use super::{Letter, letter_read};
use crate::{
    Error, Result, Store,
    engine::{Tx, bind},
    job::Read,
};

/// Letters one page of a list shows at most.
pub const LETTERS_PAGE_LIMIT: u32 = 50;

/// Where the next page begins: behind this letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LettersFrom {
    /// When it was made.
    pub made_at: Instant,
    /// Its id.
    pub letter_id: String,
}

const FIND: &str = "SELECT l.institution_code, l.letter_id FROM certificate_letter l \
     WHERE (l.institution_code LIKE $1 ESCAPE '!' OR REPLACE(l.tracking_number, '-', '') LIKE $2 ESCAPE '!' \
     OR l.institution_code IN (SELECT i.code FROM institution i WHERE i.name LIKE $3 ESCAPE '!')) \
     AND (l.made_at < $4 OR (l.made_at = $5 AND l.letter_id > $6)) \
     ORDER BY l.made_at DESC, l.letter_id LIMIT $7";

struct Find {
    find: String,
    from: Option<LettersFrom>,
    limit: u32,
}

/// What `LIKE` takes for itself stands for itself.
fn literal(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

impl Read for Find {
    type Output = Vec<Letter>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let find = literal(&self.find);
        let (begins, holds) = (format!("{find}%"), format!("%{find}%"));
        // A 引受番号 is found with its hyphens and without them; nothing else is one.
        let digits: String = self.find.chars().filter(|letter| *letter != '-').collect();
        let numeric = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = if numeric { format!("{digits}%") } else { String::new() };
        let (made_at, letter_id) = match &self.from {
            Some(from) => (from.made_at.0, from.letter_id.as_str()),
            None => (i64::MAX, ""),
        };
        let row = bind![&begins, &number, &holds, made_at, made_at, letter_id, i64::from(self.limit)];
        let found = tx
            .query(FIND, row, |row| {
                let code = InstitutionCode::parse(row.text(0, "institution_code")?)
                    .map_err(|_| Error::Malformed { what: "institution_code" })?;
                Ok((code, row.text(1, "letter_id")?.to_owned()))
            })
            .await?;
        let mut letters = Vec::with_capacity(found.len());
        for (code, id) in found {
            letters.extend(letter_read::one(tx, &code, &id).await?);
        }
        Ok(letters)
    }
}

impl Store {
    /// Letters to institutions whose code begins with `find` or whose name holds it, and those whose 引受番号 begins with
    /// it, the newest first, behind `from`, at most `limit`. An empty `find` is every letter.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn letters_found(
        &self,
        find: &str,
        from: Option<LettersFrom>,
        limit: u32,
    ) -> Result<Vec<Letter>> {
        self.read(Find { find: find.to_owned(), from, limit }).await
    }
}
