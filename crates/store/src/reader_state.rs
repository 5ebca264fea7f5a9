//! Card readers: what their terminals told, and what people of the institution want them to do.

use eligibility::{
    Instant,
    institution::InstitutionCode,
    reader::{COMMAND_LIFE_MS, CommandOutcome, CommandStanding, ReaderCommand, ReaderMode, ReaderState},
};

use crate::{
    Error, Result, Store,
    audit::{AuditEvent, Chains},
    engine::{Row, Tx, bind},
    facility_settings,
    form_handed_in::{self, FormId},
    job::{Read, Write},
};

/// Readers listed at most.
pub const READERS_LIMIT: u32 = 200;
/// How old a stored report may get before the same is stored again, milliseconds: terminals report often, and most
/// reports say nothing new.
const STORED_FOR_MS: i64 = 3 * 60 * 1000;

/// What a terminal tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderTold {
    /// From the client certificate.
    pub institution_code: InstitutionCode,
    /// From the client certificate.
    pub terminal_name: String,
    /// How the reader stands.
    pub state: ReaderState,
    /// With [`ReaderState::Error`]: the code.
    pub error_code: Option<String>,
    /// How it proves who somebody is.
    pub mode: ReaderMode,
    /// When its program was last heard.
    pub heard_at: Option<Instant>,
    /// How a wish ended: its id and the outcome.
    pub done: Option<(String, CommandOutcome)>,
    /// Now.
    pub told_at: Instant,
}

/// A wish of somebody at the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderWish {
    /// Whose reader.
    pub institution_code: InstitutionCode,
    /// The terminal beside it.
    pub terminal_name: String,
    /// Names the wish.
    pub command_id: String,
    /// What is wanted.
    pub command: ReaderCommand,
    /// Who wants it.
    pub actor: String,
    /// The form it came with.
    pub form: FormId,
    /// Now.
    pub asked_at: Instant,
}

/// A wish as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCommand {
    /// Names it.
    pub command_id: String,
    /// What is wanted.
    pub command: ReaderCommand,
    /// When it was asked for.
    pub asked_at: Instant,
    /// Who asked.
    pub asked_by: String,
    /// When the terminal fetched it first.
    pub fetched_at: Option<Instant>,
    /// When the terminal said how it ended.
    pub ended_at: Option<Instant>,
    /// How.
    pub outcome: Option<CommandOutcome>,
}

impl StoredCommand {
    /// How it stands.
    #[must_use]
    pub fn standing(&self, now: Instant) -> CommandStanding {
        CommandStanding::of(self.asked_at, self.fetched_at.is_some(), self.outcome, now)
    }
}

/// A reader as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReader {
    /// The terminal beside it.
    pub terminal_name: String,
    /// How it stands.
    pub state: ReaderState,
    /// With [`ReaderState::Error`]: the code.
    pub error_code: Option<String>,
    /// How it proves who somebody is.
    pub mode: ReaderMode,
    /// Since when the state is what it is.
    pub changed_at: Instant,
    /// When the terminal was heard; up to a few minutes older than it was.
    pub told_at: Instant,
    /// When its program was last heard.
    pub heard_at: Option<Instant>,
    /// The newest wish.
    pub command: Option<StoredCommand>,
}

/// What a terminal hears back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReaderHears {
    /// The wish that is open.
    pub command: Option<(String, ReaderCommand)>,
    /// Whether somebody asked for something a moment ago, so that more may come.
    pub attended: bool,
    /// The version of the settings in force.
    pub settings_version: i64,
}

const COLUMNS_FOUND: &str = "SELECT r.terminal_name, r.state, r.error_code, r.mode, r.changed_at, r.told_at, r.heard_at, \
     c.command_id, c.command, c.asked_at, c.asked_by, c.fetched_at, c.ended_at, c.outcome \
     FROM reader r LEFT JOIN reader_command c \
     ON c.institution_code = r.institution_code AND c.terminal_name = r.terminal_name \
     WHERE r.institution_code = $1 AND r.terminal_name = $2";
const LIST: &str = "SELECT r.terminal_name, r.state, r.error_code, r.mode, r.changed_at, r.told_at, r.heard_at, \
     c.command_id, c.command, c.asked_at, c.asked_by, c.fetched_at, c.ended_at, c.outcome \
     FROM reader r LEFT JOIN reader_command c \
     ON c.institution_code = r.institution_code AND c.terminal_name = r.terminal_name \
     WHERE r.institution_code = $1 ORDER BY r.terminal_name LIMIT $2";
const PUT: &str = "INSERT INTO reader (institution_code, terminal_name, state, error_code, mode, changed_at, told_at, \
     heard_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
     ON CONFLICT (institution_code, terminal_name) DO UPDATE SET state = excluded.state, \
     error_code = excluded.error_code, mode = excluded.mode, changed_at = excluded.changed_at, \
     told_at = excluded.told_at, heard_at = excluded.heard_at";
const FETCHED: &str = "UPDATE reader_command SET fetched_at = $1 \
     WHERE institution_code = $2 AND terminal_name = $3 AND command_id = $4 AND fetched_at IS NULL";
const ENDED: &str = "UPDATE reader_command SET ended_at = $1, outcome = $2 \
     WHERE institution_code = $3 AND terminal_name = $4 AND command_id = $5 AND fetched_at IS NOT NULL \
     AND ended_at IS NULL";
const WISH: &str = "INSERT INTO reader_command (institution_code, terminal_name, command_id, command, asked_at, asked_by) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (institution_code, terminal_name) DO UPDATE SET \
     command_id = excluded.command_id, command = excluded.command, asked_at = excluded.asked_at, \
     asked_by = excluded.asked_by, fetched_at = NULL, ended_at = NULL, outcome = NULL";

fn word<T>(read: impl Fn(&str) -> Option<T>, text: &str, what: &'static str) -> Result<T> {
    read(text).ok_or(Error::Malformed { what })
}

fn command(row: &Row<'_>) -> Result<Option<StoredCommand>> {
    let Some(command_id) = row.text_or_null(7, "command_id")? else { return Ok(None) };
    let outcome = row.text_or_null(13, "outcome")?;
    Ok(Some(StoredCommand {
        command_id: command_id.to_owned(),
        command: word(ReaderCommand::from_name, row.text(8, "command")?, "reader command")?,
        asked_at: Instant(row.int(9, "asked_at")?),
        asked_by: row.text(10, "asked_by")?.to_owned(),
        fetched_at: row.int_or_null(11, "fetched_at")?.map(Instant),
        ended_at: row.int_or_null(12, "ended_at")?.map(Instant),
        outcome: outcome.map(|text| word(CommandOutcome::from_name, text, "reader outcome")).transpose()?,
    }))
}

fn stored(row: &Row<'_>) -> Result<StoredReader> {
    Ok(StoredReader {
        terminal_name: row.text(0, "terminal_name")?.to_owned(),
        state: word(ReaderState::from_name, row.text(1, "state")?, "reader state")?,
        error_code: row.text_or_null(2, "error_code")?.map(str::to_owned),
        mode: word(ReaderMode::from_name, row.text(3, "mode")?, "reader mode")?,
        changed_at: Instant(row.int(4, "changed_at")?),
        told_at: Instant(row.int(5, "told_at")?),
        heard_at: row.int_or_null(6, "heard_at")?.map(Instant),
        command: command(row)?,
    })
}

fn event(actor: &str, action: &str, terminal: &str, (outcome, command): (&str, &str)) -> AuditEvent {
    AuditEvent {
        actor: actor.to_owned(),
        action: format!("reader.{action}"),
        object: format!("reader:{terminal}"),
        outcome: outcome.to_owned(),
        detail: format!("command={command}"),
    }
}

impl ReaderTold {
    fn hears(&self, found: Option<&StoredReader>) -> ReaderHears {
        let command = found.and_then(|reader| reader.command.as_ref());
        let attended =
            command.is_some_and(|one| self.told_at.0.saturating_sub(one.asked_at.0) < COMMAND_LIFE_MS);
        let open = command.filter(|one| one.standing(self.told_at).is_open());
        let command = open.map(|one| (one.command_id.clone(), one.command));
        ReaderHears { command, attended, settings_version: 0 }
    }

    fn is_same(&self, found: &StoredReader) -> bool {
        (found.state, &found.error_code, found.mode) == (self.state, &self.error_code, self.mode)
    }

    /// Whether there is something to write down.
    fn is_news(&self, found: Option<&StoredReader>) -> bool {
        let Some(found) = found else { return true };
        let fresh = self.told_at.0.saturating_sub(found.told_at.0) < STORED_FOR_MS;
        let open = found.command.as_ref().filter(|one| one.standing(self.told_at).is_open());
        !fresh
            || !self.is_same(found)
            || self.done.is_some()
            || open.is_some_and(|one| one.fetched_at.is_none())
    }
}

struct Look {
    institution: InstitutionCode,
    terminal: String,
}

impl Read for Look {
    type Output = (Option<StoredReader>, i64);

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let institution = self.institution.as_str();
        let found = tx.query_one(COLUMNS_FOUND, bind![institution, &self.terminal], stored).await?;
        Ok((found, facility_settings::current(tx, institution).await?.version))
    }
}

impl Write for ReaderTold {
    type Output = ReaderHears;

    fn key(&self) -> &str {
        self.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<ReaderHears> {
        let (code, terminal, now) = (self.institution_code.as_str(), &self.terminal_name, self.told_at);
        if let Some((id, outcome)) = &self.done {
            let ended = tx.execute(ENDED, bind![now.0, outcome.name(), code, terminal, id]).await?;
            if ended > 0 {
                let actor = format!("terminal:{terminal}");
                let told = event(&actor, "confirm", terminal, (outcome.name(), id));
                chains.append(tx, code, now, &told).await?;
            }
        }
        let found = tx.query_one(COLUMNS_FOUND, bind![code, terminal], stored).await?;
        let changed_at = match &found {
            Some(found) if self.is_same(found) => found.changed_at,
            _ => now,
        };
        let (state, mode, heard) = (self.state.name(), self.mode.name(), self.heard_at.map(|at| at.0));
        let error = self.error_code.as_deref();
        tx.execute(PUT, bind![code, terminal, state, error, mode, changed_at.0, now.0, heard]).await?;
        let hears = self.hears(found.as_ref());
        if let Some((id, _)) = &hears.command {
            tx.execute(FETCHED, bind![now.0, code, terminal, id]).await?;
        }
        Ok(hears)
    }
}

impl Write for ReaderWish {
    type Output = bool;

    fn key(&self) -> &str {
        self.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        let (code, terminal, now) = (self.institution_code.as_str(), &self.terminal_name, self.asked_at);
        if form_handed_in::take(tx, &self.form, now).await?.is_some() {
            return Ok(true);
        }
        if tx.query_one(COLUMNS_FOUND, bind![code, terminal], stored).await?.is_none() {
            form_handed_in::forget(tx, &self.form).await?;
            return Ok(false);
        }
        let row = bind![code, terminal, &self.command_id, self.command.name(), now.0, &self.actor];
        tx.execute(WISH, row).await?;
        let told = event(&self.actor, "command", terminal, ("queued", self.command.name()));
        chains.append(tx, code, now, &told).await?;
        form_handed_in::settle(tx, &self.form, &self.command_id).await?;
        Ok(true)
    }
}

struct List(InstitutionCode);

impl Read for List {
    type Output = Vec<StoredReader>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        tx.query(LIST, bind![self.0.as_str(), i64::from(READERS_LIMIT)], stored).await
    }
}

impl Store {
    /// Takes what a terminal tells of its reader and gives it the wish that is open. What says nothing new is written
    /// every few minutes only. How a wish ended is audited, once.
    ///
    /// # Errors
    /// Any read or write error of the store.
    pub async fn tell_reader(&self, told: ReaderTold) -> Result<ReaderHears> {
        let (institution, terminal) = (told.institution_code.clone(), told.terminal_name.clone());
        let (found, settings_version) = self.read(Look { institution, terminal }).await?;
        let hears =
            if told.is_news(found.as_ref()) { self.write(told).await? } else { told.hears(found.as_ref()) };
        Ok(ReaderHears { settings_version, ..hears })
    }

    /// Puts a wish in the place of the reader's last one, audited; `false` when the institution has no such reader. The
    /// same form twice is one wish.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn wish_of_reader(&self, wish: ReaderWish) -> Result<bool> {
        self.write(wish).await
    }

    /// The institution's readers by name, at most [`READERS_LIMIT`].
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn readers(&self, institution: &InstitutionCode) -> Result<Vec<StoredReader>> {
        self.read(List(institution.clone())).await
    }
}
