//! Where letters to an institution go.

use eligibility::institution::InstitutionCode;

use crate::{
    Result, Store, application,
    audit::Chains,
    engine::{Tx, bind},
    job::{Read, Write},
};

/// Where letters to an institution go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstitutionAddress {
    /// Seven digits.
    pub postal_code: String,
    /// First line of the address.
    pub first_line: String,
    /// Second line, where there is one.
    pub second_line: Option<String>,
}

const PUT_ADDRESS: &str = "INSERT INTO institution_address \
     (institution_code, postal_code, first_line, second_line) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (institution_code) DO UPDATE SET postal_code = excluded.postal_code, \
     first_line = excluded.first_line, second_line = excluded.second_line";
const ADDRESS: &str =
    "SELECT postal_code, first_line, second_line FROM institution_address WHERE institution_code = $1";
struct PutAddress(InstitutionCode, InstitutionAddress);

impl Write for PutAddress {
    type Output = ();

    fn key(&self) -> &str {
        self.0.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<()> {
        let address = &self.1;
        let row =
            bind![self.0.as_str(), &address.postal_code, &address.first_line, address.second_line.as_deref()];
        tx.execute(PUT_ADDRESS, row).await?;
        // A letter that waited for it is written at once.
        application::try_again_now(tx, &self.0).await
    }
}

struct Address(InstitutionCode);

impl Read for Address {
    type Output = Option<InstitutionAddress>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        tx.query_one(ADDRESS, bind![self.0.as_str()], |row| {
            Ok(InstitutionAddress {
                postal_code: row.text(0, "postal_code")?.to_owned(),
                first_line: row.text(1, "first_line")?.to_owned(),
                second_line: row.text_or_null(2, "second_line")?.map(str::to_owned),
            })
        })
        .await
    }
}

impl Store {
    /// Where letters to an institution go, from the register of institutions.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn put_institution_address(
        &self,
        institution: &InstitutionCode,
        address: InstitutionAddress,
    ) -> Result<()> {
        self.write(PutAddress(institution.clone(), address)).await
    }

    /// Where letters to an institution go.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn institution_address(
        &self,
        institution: &InstitutionCode,
    ) -> Result<Option<InstitutionAddress>> {
        self.read(Address(institution.clone())).await
    }
}
