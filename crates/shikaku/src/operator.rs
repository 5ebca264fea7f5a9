//! `shikaku operator`: the operator's people, made where the server is.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use eligibility::account::{MailAddress, NewPassword, OperatorRole, OwnWords};
use serde_json::json;
use server::clock::Clock;
use server::config::Config;
use server::web::guess::Guess;
use server::web::password::Passwords;
use server::web::seal::Seal;
use server::web::totp;
use store::{
    Audience, FreshFactors, NewOperator, OperatorAccount, OperatorAdded, OperatorHelp, is_operator_id,
};
use zeroize::Zeroizing;

use crate::{
    folder::{Place, open_current_store, open_store},
    report::{Report, WrongUsage},
    runtime::block_on,
};

/// Who made an account that was made here.
const MADE_BY: &str = "command-line";
/// What an authenticator app calls the accounts.
const ISSUER: &str = "Shikaku operator";
/// A password file is not longer, bytes.
const PASSWORD_FILE_MAX: u64 = 4096;

/// The operator's people.
#[derive(Subcommand)]
#[command(
    after_help = "Example:\n  shikaku operator add sato --name 佐藤花子 --mail sato@example.jp --role reviewer"
)]
pub(crate) enum Command {
    Add(Box<Add>),
    Restore(Restore),
}

/// Add an account of the operator's side.
///
/// The password comes from --password-file, else from standard input (first line). The address for the authenticator
/// app is printed once and never again. Two reviewers are needed before certificates can be approved.
#[derive(Args)]
#[command(after_help = "\
Examples:
  shikaku operator add sato --name 佐藤花子 --mail sato@example.jp --role reviewer < password.txt
  shikaku operator add kanri --name 管理者 --mail kanri@example.jp --role administrator \\
      --password-file password.txt --config server.toml")]
pub(crate) struct Add {
    #[command(flatten)]
    place: Place,
    /// The name to sign in with: 3 to 32 small letters, digits and hyphens.
    id: String,
    /// The person's name.
    #[arg(long)]
    name: String,
    /// The person's mail address. Nobody decides about an application made under their own address.
    #[arg(long)]
    mail: String,
    /// reviewer, post-room, line-keeper, administrator or auditor.
    #[arg(long)]
    role: String,
    /// File with the password in its first line.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// Give an account back to its owner who lost the password or the second factor, or is locked out.
///
/// A new password is read as for `add`, a new address for the authenticator app is printed once, passkeys and recovery
/// codes are taken away, sessions end, and counts of wrong guesses begin anew. The audit log tells of it.
#[derive(Args)]
#[command(after_help = "Example:\n  shikaku operator restore sato --config server.toml < password.txt")]
pub(crate) struct Restore {
    #[command(flatten)]
    place: Place,
    /// The name to sign in with.
    id: String,
    /// File with the password in its first line.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// Runs one of them.
pub(crate) fn run(command: &Command) -> Result<Report> {
    match command {
        Command::Add(arguments) => add(arguments),
        Command::Restore(arguments) => restore(arguments),
    }
}

fn restore(arguments: &Restore) -> Result<Report> {
    let id = &arguments.id;
    let settings = arguments.place.settings()?;
    let seal = seal(&settings)?;
    let secret = totp::new_secret().map_err(|_| anyhow::anyhow!("the system has no randomness"))?;
    let sealed_totp_secret = seal.seal(id, &secret)?;
    let restored = block_on(async {
        let store = open_store(&settings).await?;
        let account = store.operator(id).await?.filter(|account| account.closed_at.is_none());
        let Some(account) = account else { return Ok(false) };
        let password = password(arguments.password_file.as_deref(), id, &account.name, &account.mail)?;
        let password_hash = Passwords::new()?.hash(&password).await?;
        let freed = Guess::places_of(&store, Audience::Operator, id, id).await?;
        let fresh = Some(FreshFactors { password_hash, sealed_totp_secret });
        let (by, now) = (MADE_BY.to_owned(), Clock::system().now());
        Ok(store.help_operator(OperatorHelp { id: id.clone(), freed, fresh, by, now }).await?)
    })?;
    if !restored {
        bail!("there is no open account {id}; `shikaku operator add` makes one");
    }
    let address = authenticator_address(&secret, id);
    let text = format!(
        "{id} can sign in with the new password. Put this address into the authenticator app now; it is not shown \
         again:\n{}",
        *address
    );
    Ok(Report::new(text, json!({ "id": id, "totp": *address })))
}

fn add(arguments: &Add) -> Result<Report> {
    if !is_operator_id(&arguments.id) {
        let text = "the id has 3 to 32 small letters, digits and hyphens, a letter first".to_owned();
        return Err(WrongUsage(text).into());
    }
    let role = OperatorRole::from_name(&arguments.role.replace('-', "_")).ok_or_else(|| {
        WrongUsage("--role is reviewer, post-room, line-keeper, administrator or auditor".to_owned())
    })?;
    let mail =
        MailAddress::parse(&arguments.mail).map_err(|refusal| WrongUsage(format!("--mail: {refusal}")))?;
    let settings = arguments.place.settings()?;
    let seal = seal(&settings)?;
    let password = password(arguments.password_file.as_deref(), &arguments.id, &arguments.name, &mail)?;
    let secret = totp::new_secret().map_err(|_| anyhow::anyhow!("the system has no randomness"))?;
    let sealed = seal.seal(&arguments.id, &secret)?;
    let account = OperatorAccount {
        id: arguments.id.clone(),
        name: arguments.name.clone(),
        mail,
        role,
        created_by: MADE_BY.to_owned(),
        created_at: Clock::system().now(),
        closed_at: None,
    };
    let added = block_on(async {
        let password_hash = Passwords::new()?.hash(&password).await?;
        let store = open_current_store(&settings).await?;
        Ok(store.add_operator(NewOperator { account, password_hash, sealed_totp_secret: sealed }).await?)
    })?;
    match added {
        OperatorAdded::Added => {}
        OperatorAdded::IdTaken => bail!("there is an account {} already; choose another id", arguments.id),
        OperatorAdded::MailTaken => {
            bail!("another account has this mail address; one person has one account")
        }
    }
    let address = authenticator_address(&secret, &arguments.id);
    let text = format!(
        "{} ({}) can sign in. Put this address into the authenticator app now; it is not shown again:\n{}",
        arguments.id,
        role.label(),
        *address
    );
    Ok(Report::new(text, json!({ "id": arguments.id, "role": role.name(), "totp": *address })))
}

/// The key that seals second factors.
fn seal(settings: &Config) -> Result<Seal> {
    let path = settings.secrets_key.as_ref().context(
        "the server's settings name no secrets_key; write 32 random bytes in hex into a file (openssl rand -hex 32) \
         and name it",
    )?;
    let text = std::fs::read_to_string(path).with_context(|| format!("secrets_key: {}", path.display()))?;
    let mut key = Zeroizing::new([0_u8; 32]);
    hex::decode_to_slice(text.trim(), &mut *key)
        .with_context(|| format!("secrets_key: {} must hold 32 bytes in hex", path.display()))?;
    Ok(Seal::new(&key)?)
}

fn password(file: Option<&Path>, id: &str, name: &str, mail: &MailAddress) -> Result<NewPassword> {
    let mut text = Zeroizing::new(String::new());
    match file {
        Some(path) => {
            let file = std::fs::File::open(path).with_context(|| format!("{}", path.display()))?;
            file.take(PASSWORD_FILE_MAX).read_to_string(&mut text)?;
        }
        None => {
            std::io::stdin().take(PASSWORD_FILE_MAX).read_to_string(&mut text)?;
        }
    }
    let line = text.lines().next().unwrap_or_default();
    let own = OwnWords { names: &[name], mail: Some(mail), institution: &[id] };
    NewPassword::parse(line, &own).map_err(|refusal| {
        anyhow::anyhow!("the password is {refusal}\n{}{}", refusal.message(), refusal.remedy())
    })
}

/// The address that authenticator apps read (`otpauth:`).
fn authenticator_address(secret: &[u8], id: &str) -> Zeroizing<String> {
    let secret = Zeroizing::new(totp::typed_secret(secret).replace(' ', ""));
    let issuer = ISSUER.replace(' ', "%20");
    Zeroizing::new(format!("otpauth://totp/{issuer}:{id}?secret={}&issuer={issuer}", *secret))
}
