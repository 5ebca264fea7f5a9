//! The operator's people of a demo: two who decide, so that there are two pairs of eyes, and one who posts letters.
//! Their passwords are printed on the page; what their telephones show stands there too.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use eligibility::{
    Instant,
    account::{MailAddress, OperatorRole},
};
use pki::keys::write_private;
use serde::{Deserialize, Serialize};
use server::{
    Server,
    web::{password::Passwords, seal::Seal, totp},
};
use store::{NewOperator, OperatorAccount};

use super::{ACTOR, settings::SECRETS_KEY};
use crate::folder::DataFolder;

/// Somebody of the operator.
#[derive(Clone, Copy)]
pub(crate) struct Member {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) password: &'static str,
    pub(crate) role: OperatorRole,
    /// What this one does on the first day.
    pub(crate) does: &'static str,
}

/// All of them.
pub(crate) const STAFF: [Member; 3] = [
    Member {
        id: "shinsa-1",
        name: "審査　一郎",
        password: "demo-ichiro-2026",
        role: OperatorRole::Reviewer,
        does: "登録者を電話で確認し、申請を審査して1人目として承認します。",
    },
    Member {
        id: "shinsa-2",
        name: "審査　二葉",
        password: "demo-futaba-2026",
        role: OperatorRole::Reviewer,
        does: "電子証明書発行申請を、2人目として承認します。",
    },
    Member {
        id: "yubin-1",
        name: "郵送　三郎",
        password: "demo-saburo-2026",
        role: OperatorRole::PostRoom,
        does: "電子証明書発行通知書を簡易書留で発送します。",
    },
];

/// File with the secrets of the telephones.
const TELEPHONES: &str = "demo-telephones.json";

/// One person's telephone.
#[derive(Clone, Serialize, Deserialize)]
struct Telephone {
    id: String,
    /// Secret of the one-time codes, hex.
    secret: String,
}

/// What a telephone shows now.
pub(crate) struct Shown {
    pub(crate) member: Member,
    /// Six digits.
    pub(crate) code: String,
}

/// Makes the accounts that are not there.
pub(super) async fn settle(server: &Server, folder: &DataFolder, now: Instant) -> Result<()> {
    let mut missing = Vec::new();
    for member in STAFF {
        if server.store().operator(member.id).await?.is_none() {
            missing.push(member);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let telephones = telephones(folder)?;
    let seal = seal(&folder.key(SECRETS_KEY))?;
    let passwords = Passwords::new()?;
    let mut hashing = tokio::task::JoinSet::new();
    for member in missing {
        let passwords = passwords.clone();
        hashing.spawn(async move { (member, passwords.hash_text(member.password).await) });
    }
    while let Some(hashed) = hashing.join_next().await {
        let (member, password_hash) = hashed?;
        let secret = secret_of(&telephones, member.id)?;
        let account = OperatorAccount {
            id: member.id.to_owned(),
            name: member.name.to_owned(),
            mail: MailAddress::parse(&format!("{}@operator.example", member.id))
                .map_err(anyhow::Error::new)?,
            role: member.role,
            created_by: ACTOR.to_owned(),
            created_at: now,
            closed_at: None,
        };
        let sealed_totp_secret = seal.seal(member.id, &secret)?;
        let new = NewOperator { account, password_hash: password_hash?, sealed_totp_secret };
        server.store().add_operator(new).await?;
    }
    Ok(())
}

/// What the telephones show at this moment.
pub(crate) fn shown(folder: &DataFolder, now: Instant) -> Result<Vec<Shown>> {
    let telephones = telephones(folder)?;
    STAFF
        .iter()
        .map(|&member| {
            let code = totp::code_at(&secret_of(&telephones, member.id)?, now).context("no code")?;
            Ok(Shown { member, code })
        })
        .collect()
}

/// The telephones, made when they are not there.
fn telephones(folder: &DataFolder) -> Result<Vec<Telephone>> {
    let file: PathBuf = folder.key(TELEPHONES);
    if let Ok(text) = std::fs::read_to_string(&file) {
        return Ok(serde_json::from_str(&text)?);
    }
    let made = STAFF.iter().map(|member| {
        let secret = totp::new_secret().map_err(|_| anyhow::anyhow!("the system has no randomness"))?;
        Ok(Telephone { id: member.id.to_owned(), secret: hex::encode(&*secret) })
    });
    let made: Vec<Telephone> = made.collect::<Result<_>>()?;
    write_private(&file, serde_json::to_string_pretty(&made)?.as_bytes())?;
    Ok(made)
}

fn secret_of(telephones: &[Telephone], id: &str) -> Result<Vec<u8>> {
    let found =
        telephones.iter().find(|one| one.id == id).with_context(|| format!("{id} has no telephone"))?;
    Ok(hex::decode(&found.secret)?)
}

/// What the server seals with.
pub(super) fn seal(key: &Path) -> Result<Seal> {
    let text = std::fs::read_to_string(key)?;
    let mut key = [0; 32];
    hex::decode_to_slice(text.trim(), &mut key)?;
    Ok(Seal::new(&key)?)
}
