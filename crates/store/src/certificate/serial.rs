//! A serial number is stored, with the key it is for, before anything is signed with it.

use eligibility::Instant;

use super::AUTHORITY;
use crate::{
    Result, Store,
    audit::Chains,
    engine::{Tx, bind},
    job::Write,
};

/// A serial number to be stored.
#[derive(Clone, Debug)]
pub struct Reservation {
    /// Lower-case hex.
    pub serial: String,
    /// Whose certificate it will be; [`AUTHORITY`] for the authority's own signers.
    pub institution_code: String,
    /// What it is issued for: one order, one certificate.
    pub order_id: String,
    /// `terminal` or `ocsp_signer`.
    pub purpose: &'static str,
    /// Lower-case hex SHA-256 of the key that will be certified.
    pub key_fingerprint: String,
    /// Now.
    pub at: Instant,
}

/// What became of a reservation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// The number is on disk: it may be signed with, once.
    Stored,
    /// The number was there already: draw another.
    Taken,
    /// The key came with another order before.
    KeyUsed,
    /// The key is known to be compromised.
    KeyCompromised,
    /// This order has its certificate already; its serial number.
    OrderDone(String),
}

const DONE: &str = "SELECT serial FROM institution_certificate WHERE institution_code = $1 AND order_id = $2";
/// Takes the key for this order, or says whose it is.
const TAKE_KEY: &str = "INSERT INTO certificate_key (key_fingerprint, institution_code, order_id, compromised) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (key_fingerprint) \
     DO UPDATE SET compromised = certificate_key.compromised \
     RETURNING institution_code, order_id, compromised";
const PUT: &str = "INSERT INTO certificate_serial \
     (serial, institution_code, order_id, purpose, reserved_at) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (serial) DO NOTHING";

struct Reserve(Reservation);

impl Write for Reserve {
    type Output = Reserved;

    fn key(&self) -> &str {
        &self.0.institution_code
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<Reserved> {
        let new = &self.0;
        let order = bind![&new.institution_code, &new.order_id];
        let done = tx.query_one(DONE, order, |row| Ok(row.text(0, "serial")?.to_owned())).await?;
        if let Some(serial) = done {
            return Ok(Reserved::OrderDone(serial));
        }
        let key = bind![&new.key_fingerprint, &new.institution_code, &new.order_id, false];
        let own = tx.query_one(TAKE_KEY, key, |row| {
            let same = row.text(0, "institution_code")? == new.institution_code
                && row.text(1, "order_id")? == new.order_id;
            Ok((same, row.bool(2, "compromised")?))
        });
        match own.await? {
            Some((_, true)) => return Ok(Reserved::KeyCompromised),
            Some((true, false)) => {}
            _ => return Ok(Reserved::KeyUsed),
        }
        let row = bind![&new.serial, &new.institution_code, &new.order_id, new.purpose, new.at.0];
        Ok(if tx.execute(PUT, row).await? == 1 { Reserved::Stored } else { Reserved::Taken })
    }
}

impl Store {
    /// Stores a serial number before it is signed with, and takes the key for this order. What comes back is
    /// durable.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn reserve_serial(&self, reservation: Reservation) -> Result<Reserved> {
        debug_assert!(reservation.institution_code == AUTHORITY || !reservation.order_id.is_empty());
        self.write(Reserve(reservation)).await
    }
}
