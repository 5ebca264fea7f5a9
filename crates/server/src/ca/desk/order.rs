//! From an order to a certificate, in steps that a power cut may come between:
//!
//! 1. [`Desk::begin`]: key and serial number are on disk. A crash here wastes a number.
//! 2. [`Desk::sign`]: linted and signed. A crash here wastes the same; nobody has the certificate, nothing
//!    admits it.
//! 3. [`Desk::keep`]: recorded, logged, admitted, in one transaction. From here the order has its certificate,
//!    and asking again with the same key gives it again.

use std::sync::Arc;

use eligibility::Instant;
use eligibility::institution::InstitutionCode;
use eligibility::institution_certificate::{CertificatePeriod, CertificateUses};
use eligibility::retrieval::{FilePassword, RetrievalNumber};
use pki::csr;
use pki::keys::{PrivateKey, PublicKey};
use pki::serial::{Serial, StoredSerial};
use pki::{IssuedCertificate, pem};
use store::{InstitutionCertificate, Kept, NewCertificate, NewCertificateFile, Reservation, Reserved};

use super::kept_file::FileMark;
use super::{Desk, name_beside, subject};
use crate::ca::{NotIssued, Refusal, Signing};

/// Draws of a serial number: with 158 random bits one is enough.
const SERIAL_DRAWS: usize = 3;

/// A certificate that is to be issued: everything about it was checked.
#[derive(Clone, Debug)]
pub struct CertificateOrder {
    /// Whose it will be.
    pub institution: InstitutionCode,
    /// What it is issued for; one order, one certificate.
    pub order_id: String,
    /// 端末名称.
    pub terminal_name: String,
    /// What it may be used for.
    pub uses: CertificateUses,
    /// The key whose possession was shown.
    pub key: PublicKey,
    /// Serial number of the certificate it follows.
    pub predecessor: Option<String>,
    /// The letter it is fetched with.
    pub retrieval_number: Option<RetrievalNumber>,
    /// Who acts, for the audit log.
    pub actor: String,
}

/// An order whose number is on disk.
pub struct Begun {
    order: CertificateOrder,
    serial: StoredSerial,
}

/// An order whose certificate is signed, and known to nobody.
pub struct Signed {
    order: CertificateOrder,
    issued: IssuedCertificate,
    period: CertificatePeriod,
}

impl Signed {
    /// The certificate, DER.
    pub(super) fn der(&self) -> &[u8] {
        &self.issued.der
    }

    /// Serial number, lower-case hex.
    pub(super) fn serial(&self) -> &str {
        &self.issued.serial
    }

    /// 端末名称.
    pub(super) fn terminal_name(&self) -> &str {
        &self.order.terminal_name
    }
}

/// A certificate that is recorded and may be given out.
#[derive(Clone, Debug)]
pub struct Issued {
    /// What is recorded of it.
    pub certificate: InstitutionCertificate,
    /// DER.
    pub der: Vec<u8>,
    /// It and the authorities below the root, PEM.
    pub chain_pem: String,
}

/// Whether an order may be worked on.
enum Beginning {
    Begun(Box<Begun>),
    /// It has its certificate, for the same key.
    Done(Box<Issued>),
}

impl Desk {
    /// All steps. The same order with the same key again gives the same certificate.
    ///
    /// # Errors
    /// [`NotIssued`].
    pub async fn issue(&self, order: CertificateOrder) -> Result<Issued, NotIssued> {
        match self.try_beginning(order).await? {
            Beginning::Done(issued) => Ok(*issued),
            Beginning::Begun(begun) => {
                let signed = self.sign(*begun).await?;
                self.keep(signed).await
            }
        }
    }

    /// Puts key and serial number on disk.
    ///
    /// # Errors
    /// [`Refusal::Request`] for a key that came with another order or is compromised; [`Refusal::OrderDone`] when
    /// the order has its certificate.
    pub async fn begin(&self, order: CertificateOrder) -> Result<Begun, NotIssued> {
        match self.try_beginning(order).await? {
            Beginning::Begun(begun) => Ok(*begun),
            Beginning::Done(_) => Err(Refusal::OrderDone.into()),
        }
    }

    async fn try_beginning(&self, order: CertificateOrder) -> Result<Beginning, NotIssued> {
        for _ in 0..SERIAL_DRAWS {
            let serial = Serial::random()?;
            let reservation = Reservation {
                serial: serial.hex(),
                institution_code: order.institution.as_str().to_owned(),
                order_id: order.order_id.clone(),
                purpose: "terminal",
                key_fingerprint: order.key.fingerprint(),
                at: self.clock.now(),
            };
            match self.store.reserve_serial(reservation).await? {
                Reserved::Stored => {
                    return Ok(Beginning::Begun(Box::new(Begun { order, serial: serial.stored() })));
                }
                Reserved::Taken => {}
                Reserved::KeyUsed => return Err(csr::Refusal::ReusedKey.into()),
                Reserved::KeyCompromised => return Err(csr::Refusal::CompromisedKey.into()),
                Reserved::OrderDone(serial) => {
                    return Ok(Beginning::Done(Box::new(self.given_again(&order, &serial).await?)));
                }
            }
        }
        Err(pki::Error::Crypto("random numbers repeat themselves").into())
    }

    /// Prepares, lints, signs.
    ///
    /// # Errors
    /// [`NotIssued::Signing`]; nothing is given out then.
    pub async fn sign(&self, begun: Begun) -> Result<Signed, NotIssued> {
        let Begun { order, serial } = begun;
        let subject = subject(&order.institution, &order.terminal_name)?;
        let name = name_beside(&self.name_of(&order.institution).await?);
        let period = Signing::period(self.clock.now())?;
        let (signing, key) = (Arc::clone(&self.signing), order.key.clone());
        // A token may take its time.
        let made = tokio::task::spawn_blocking(move || {
            signing.certify(&subject, name.as_ref(), serial, &key, period)
        });
        let issued = made.await.map_err(|_| NotIssued::Task)??;
        Ok(Signed { order, issued, period })
    }

    /// Records, logs and admits a certificate, and closes what it was issued for.
    ///
    /// # Errors
    /// [`Refusal::OrderDone`] when somebody else was faster with another key.
    pub async fn keep(&self, signed: Signed) -> Result<Issued, NotIssued> {
        self.keep_with(signed, None).await
    }

    /// All steps for a key that the authority makes and never stores, and its PKCS#12 file, which is written before the
    /// certificate is recorded: there is no certificate whose file nobody could get.
    pub(super) async fn issue_into_file(
        &self,
        order: CertificateOrder,
        (key, password): (PrivateKey, &FilePassword),
        mark: Option<&FileMark>,
    ) -> Result<(Issued, Vec<u8>), NotIssued> {
        let signed = self.sign(self.begin(order).await?).await?;
        let file = self.file(key, &signed, password.reveal()).await?;
        let kept = mark.map(|mark| mark.sealed(signed.serial(), &file, self.clock.now())).transpose()?;
        Ok((self.keep_with(signed, kept).await?, file))
    }

    async fn keep_with(&self, signed: Signed, file: Option<NewCertificateFile>) -> Result<Issued, NotIssued> {
        let Signed { order, issued, period } = signed;
        let now = self.clock.now();
        let new = NewCertificate {
            institution_code: order.institution.clone(),
            serial: issued.serial.clone(),
            order_id: order.order_id.clone(),
            fingerprint: issued.fingerprint.clone(),
            key_fingerprint: order.key.fingerprint(),
            terminal_name: order.terminal_name.clone(),
            uses: order.uses,
            certificate: issued.der.clone(),
            not_before: period.not_before,
            not_after: period.not_after,
            issued_at: now,
            predecessor: order.predecessor.clone(),
            retrieval_number: order.retrieval_number.as_ref().map(|number| number.as_str().to_owned()),
            actor: order.actor.clone(),
        };
        let kept = match file {
            None => self.store.keep_certificate(new).await?,
            Some(file) => self.store.keep_certificate_and_file(new, file).await?,
        };
        match kept {
            Kept::Fresh { leaf_index } => {
                self.bell.notify_one();
                let certificate = record(&order, &issued, period, now, leaf_index);
                self.with_chain(certificate, issued.der)
            }
            Kept::OrderDone(serial) => self.given_again(&order, &serial).await,
            Kept::TooLate => Err(Refusal::OrderDone.into()),
        }
    }

    /// The certificate that an order has already, for whoever has the same key.
    pub(super) async fn given_again(
        &self,
        order: &CertificateOrder,
        serial: &str,
    ) -> Result<Issued, NotIssued> {
        let known = self.store.certificate_of(&order.institution, serial).await?;
        let same = known.filter(|known| known.key_fingerprint == order.key.fingerprint());
        match same {
            // Nobody could work with it, and nobody should be told that it was installed.
            Some(InstitutionCertificate { revocation: Some(ended), .. }) => Err(Refusal::Ended(ended).into()),
            Some(certificate) => self.out_of_log(certificate).await,
            None => Err(Refusal::OrderDone.into()),
        }
    }

    /// A recorded certificate with its bytes, which the public log has.
    pub(super) async fn out_of_log(&self, certificate: InstitutionCertificate) -> Result<Issued, NotIssued> {
        let entries = self.store.log_entries(certificate.leaf_index, 1).await?;
        let entry = entries.into_iter().next().filter(|entry| entry.serial == certificate.serial);
        let entry = entry.ok_or(store::Error::Malformed { what: "certificate_log" })?;
        self.with_chain(certificate, entry.certificate)
    }

    fn with_chain(&self, certificate: InstitutionCertificate, der: Vec<u8>) -> Result<Issued, NotIssued> {
        let issuer = self.signing.authority().certificate_der();
        let chain_pem = pem::encode(pem::CERTIFICATE, &der)? + &pem::encode(pem::CERTIFICATE, issuer)?;
        Ok(Issued { certificate, der, chain_pem })
    }
}

fn record(
    order: &CertificateOrder,
    issued: &IssuedCertificate,
    period: CertificatePeriod,
    issued_at: Instant,
    leaf_index: i64,
) -> InstitutionCertificate {
    InstitutionCertificate {
        institution_code: order.institution.clone(),
        serial: issued.serial.clone(),
        order_id: order.order_id.clone(),
        fingerprint: issued.fingerprint.clone(),
        key_fingerprint: order.key.fingerprint(),
        terminal_name: order.terminal_name.clone(),
        uses: order.uses,
        period,
        issued_at,
        leaf_index,
        predecessor: order.predecessor.clone(),
        successor: None,
        superseded_at: None,
        first_used_at: None,
        revocation: None,
    }
}
