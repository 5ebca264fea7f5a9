//! A private PostgreSQL for tests: started by the first test that needs it, shared by all processes of a
//! test run, stopped soon after the last of them ended. It listens on a Unix socket only.
//!
//! Test runners start a process for each test, so processes find each other through two lock files:
//! `start.lock` is held while the server is started, stopped or given a template; `users.lock` is held,
//! shared, by every process that uses it.

use std::{
    fs::{self, File},
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio_postgres::NoTls;

/// Versions looked for. The first, which Debian 12 has, is the one that what is promised about PostgreSQL is
/// tested with (`cargo xtask test`); newer ones are accepted, because nothing of 15 is known to be missing there.
pub const VERSIONS: [&str; 4] = ["15", "16", "17", "18"];
/// What runs the server when the tests run as root, which PostgreSQL refuses.
const SERVER_USER: &str = "postgres";
/// Tries of a statement on a template that another session has just left.
const TEMPLATE_TRIES: u32 = 100;

/// The running server, as this process uses it.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    /// Held shared until the process ends: the watcher stops the server when nobody holds it.
    _users: File,
}

static CLUSTER: OnceLock<Result<Cluster, String>> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The server of this test run, started if need be.
///
/// # Panics
/// With the reason and the remedy when there is no PostgreSQL or it does not start: a test that needs it must
/// fail, not be skipped.
pub fn cluster() -> &'static Cluster {
    match CLUSTER.get_or_init(Cluster::join) {
        Ok(cluster) => cluster,
        Err(reason) => panic!("{reason}"),
    }
}

impl Cluster {
    /// Joins the running server, or starts it.
    fn join() -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("shikaku-test-postgres-{}", own_uid()?));
        fs::create_dir_all(&folder).map_err(said("the folder of the test server"))?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).map_err(said("its permissions"))?;
        let start = lock_file(&folder, "start.lock")?;
        start.lock().map_err(said("start.lock"))?;
        let users = lock_file(&folder, "users.lock")?;
        if !is_up(&folder) {
            start_server(&folder)?;
        }
        users.lock_shared().map_err(said("users.lock"))?;
        Ok(Self { folder, _users: users })
    }

    /// The URL of a database of this server.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&user={SERVER_USER}", self.folder.display())
    }

    /// The version of the running server, as it tells it: `15.14 (Debian 15.14-0+deb12u1)`.
    ///
    /// # Errors
    /// What PostgreSQL said.
    pub async fn version(&self) -> Result<String, String> {
        let sql = "SELECT current_setting('server_version')";
        self.connect().await?.query_one(sql, &[]).await.map(|row| row.get(0)).map_err(said(sql))
    }

    /// Makes a database of its own for one test, copied from `template`. `prepare` fills the template once,
    /// given its URL; put everything that decides its content into the template's name.
    ///
    /// # Errors
    /// What PostgreSQL or `prepare` said.
    pub async fn database<F>(
        &self,
        template: &str,
        prepare: impl FnOnce(String) -> F,
    ) -> Result<String, String>
    where
        F: Future<Output = Result<(), String>>,
    {
        let start = lock_file(&self.folder, "start.lock")?;
        start.lock().map_err(said("start.lock"))?;
        let exists = format!("SELECT 1 FROM pg_database WHERE datname = '{template}'");
        if self.rows(&exists).await? == 0 {
            let unfinished = format!("{template}_unfinished");
            self.run(&format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)")).await?;
            self.run(&format!("CREATE DATABASE {unfinished} TEMPLATE template0")).await?;
            prepare(self.url(&unfinished)).await?;
            self.insist(&format!("ALTER DATABASE {unfinished} RENAME TO {template}")).await?;
        }
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        self.run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
        self.insist(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await?;
        Ok(self.url(&name))
    }

    async fn connect(&self) -> Result<tokio_postgres::Client, String> {
        let (client, connection) =
            tokio_postgres::connect(&self.url("postgres"), NoTls).await.map_err(said("connecting"))?;
        tokio::spawn(connection);
        Ok(client)
    }

    async fn rows(&self, sql: &str) -> Result<usize, String> {
        let client = self.connect().await?;
        client.query(sql, &[]).await.map(|rows| rows.len()).map_err(said(sql))
    }

    async fn run(&self, sql: &str) -> Result<(), String> {
        self.connect().await?.batch_execute(sql).await.map_err(said(sql))
    }

    /// Sessions of the template end a moment after their clients: tries until they have.
    async fn insist(&self, sql: &str) -> Result<(), String> {
        let client = self.connect().await?;
        for _ in 0..TEMPLATE_TRIES {
            match client.batch_execute(sql).await {
                Ok(()) => return Ok(()),
                Err(error) if error.code() == Some(&tokio_postgres::error::SqlState::OBJECT_IN_USE) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => return Err(said(sql)(error)),
            }
        }
        Err(format!("{sql}: the template stays in use"))
    }
}

pub(crate) fn said<E: std::fmt::Debug>(what: &str) -> impl FnOnce(E) -> String {
    let what = what.to_owned();
    move |error| format!("PostgreSQL for tests: {what}: {error:?}")
}

fn lock_file(folder: &Path, name: &str) -> Result<File, String> {
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join(name))
        .map_err(said("a lock file"))
}

pub(crate) fn own_uid() -> Result<u32, String> {
    fs::metadata("/proc/self").map(|meta| meta.uid()).map_err(said("/proc/self"))
}

/// Where the server's programs are.
pub(crate) fn programs() -> Result<PathBuf, String> {
    if let Ok(folder) = std::env::var("SHIKAKU_POSTGRES_BIN") {
        return Ok(PathBuf::from(folder));
    }
    let folders = VERSIONS.map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")));
    folders.into_iter().find(|folder| folder.join("initdb").exists()).ok_or_else(|| {
        "no PostgreSQL found under /usr/lib/postgresql. Install it with `apt-get install postgresql-15`, \
         or set SHIKAKU_POSTGRES_BIN to the folder of its initdb"
            .to_owned()
    })
}

/// A command as the user that may run the server.
pub(crate) fn as_server_user(program: &Path) -> Result<Command, String> {
    if own_uid()? != 0 {
        return Ok(Command::new(program));
    }
    let mut command = Command::new("runuser");
    command.args(["-u", SERVER_USER, "--"]).arg(program);
    Ok(command)
}

pub(crate) fn run_to_end(command: &mut Command) -> Result<(), String> {
    let output =
        command.current_dir("/").stdin(Stdio::null()).output().map_err(said("starting a program"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("PostgreSQL for tests: {command:?}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn is_up(folder: &Path) -> bool {
    // The socket stays behind a killed server, so it is the connection that counts.
    std::os::unix::net::UnixStream::connect(folder.join(".s.PGSQL.5432")).is_ok()
}

fn start_server(folder: &Path) -> Result<(), String> {
    let programs = programs()?;
    let data = folder.join("data");
    if data.exists() {
        fs::remove_dir_all(&data).map_err(said("removing the old data"))?;
    }
    fs::create_dir(&data).map_err(said("the data folder"))?;
    if own_uid()? == 0 {
        let (uid, gid) = server_ids()?;
        for path in [folder, &data] {
            chown(path, Some(uid), Some(gid)).map_err(said("giving the folder to the server's user"))?;
        }
    }
    let mut initdb = as_server_user(&programs.join("initdb"))?;
    initdb.args([
        "--auth=trust",
        "--locale=C.UTF-8",
        "--encoding=UTF8",
        "--no-sync",
        "-U",
        SERVER_USER,
        "-D",
    ]);
    run_to_end(initdb.arg(&data))?;
    // Nothing here outlives the tests, so nothing needs to reach the disk.
    let settings = format!(
        "-c listen_addresses='' -c unix_socket_directories='{}' -c fsync=off -c full_page_writes=off \
         -c max_connections=400 -c shared_buffers=64MB",
        folder.display()
    );
    let mut pg_ctl = as_server_user(&programs.join("pg_ctl"))?;
    pg_ctl.args(["start", "-w", "-s", "-l"]).arg(data.join("server.log")).arg("-D").arg(&data).arg("-o");
    // Its output goes to the log: a pipe kept open by the server would never end.
    let status = pg_ctl
        .arg(settings)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(said("pg_ctl"))?;
    if !status.success() {
        let log = fs::read_to_string(data.join("server.log")).unwrap_or_default();
        return Err(format!("PostgreSQL for tests does not start: {log}"));
    }
    watch(folder, &programs, &data)
}

/// Stops the server once nobody holds `users.lock`; a process of its own, as no test knows to be the last.
fn watch(folder: &Path, programs: &Path, data: &Path) -> Result<(), String> {
    let script = format!(
        "cd {folder}; while sleep 3; do \
         flock start.lock sh -c 'flock -n -x users.lock {pg_ctl} stop -s -m immediate -D {data}' && exit 0; \
         test -e {data}/postmaster.pid || exit 0; done",
        folder = folder.display(),
        pg_ctl = programs.join("pg_ctl").display(),
        data = data.display(),
    );
    let mut watcher = as_server_user(Path::new("setsid"))?;
    watcher.args(["sh", "-c", &script]).current_dir("/");
    watcher.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    watcher.spawn().map(|_| ()).map_err(said("the watcher"))
}

pub(crate) fn server_ids() -> Result<(u32, u32), String> {
    let passwd = fs::read_to_string("/etc/passwd").map_err(said("/etc/passwd"))?;
    let line = passwd.lines().find(|line| line.starts_with(&format!("{SERVER_USER}:")));
    let mut fields = line.unwrap_or_default().split(':').skip(2).map(str::parse);
    match (fields.next(), fields.next()) {
        (Some(Ok(uid)), Some(Ok(gid))) => Ok((uid, gid)),
        _ => Err("PostgreSQL for tests: there is no user postgres; install postgresql-15".to_owned()),
    }
}

/// Every row of every table of a database as text, bytes in hex: for looking whether something stands there.
///
/// # Panics
/// When the database cannot be read, or is no database of ours.
pub async fn rows(url: &str) -> String {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the database");
    tokio::spawn(connection);
    let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'";
    let tables = client.query(tables, &[]).await.expect("its tables");
    assert!(tables.len() > 20, "{} tables", tables.len());
    let mut text = String::new();
    for table in tables {
        let rows = format!("SELECT whole::text FROM \"{}\" AS whole", table.get::<_, String>(0));
        for row in client.query(&rows, &[]).await.expect("its rows") {
            text.push_str(row.get(0));
            text.push('\n');
        }
    }
    text
}
