//! An installation to be killed: made by the demo, on SQLite or moved to PostgreSQL by the program's own commands.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{
    demo::once,
    program::{empty_postgres_database, succeed},
};

/// The demo's institution and its terminal.
const INSTITUTION: [&str; 3] = ["1319990012", "受付1", "架空内科医院"];
const SQLITE_URL: &str = "database_url = \"sqlite:shikaku.db\"";
const LINE_REQUIRED: &str = "required = true";

pub(super) struct Site {
    pub(super) folder: TempDir,
    pub(super) data: PathBuf,
    pub(super) server_settings: PathBuf,
    /// The centre's database.
    pub(super) database_url: String,
}

pub(super) fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

impl Site {
    pub(super) fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        once(&data, &["--json"]);
        let server_settings = data.join("server.toml");
        let database_url = format!("sqlite:{}", data.join("shikaku.db").display());
        Self { folder, data, server_settings, database_url }
    }

    /// The same people, cards and keys; an empty database that is filled as an operator would fill it.
    pub(super) fn on_postgres() -> Self {
        let mut site = Self::on_sqlite();
        let settings = std::fs::read_to_string(&site.server_settings).expect("settings");
        assert!(settings.contains(SQLITE_URL), "{settings}");
        site.database_url = empty_postgres_database();
        let url = format!("database_url = {:?}", site.database_url);
        site.server_settings = site.data.join("server-on-postgres.toml");
        // No operator has registered a line in the new database.
        assert!(settings.contains(LINE_REQUIRED), "{settings}");
        let settings = settings.replace(SQLITE_URL, &url).replace(LINE_REQUIRED, "required = false");
        std::fs::write(&site.server_settings, settings).expect("written");
        let (config, keys) = (text(&site.server_settings), site.data.join("keys"));
        succeed(["migrate", "--config", config]);
        succeed(["insurer", "import", "--config", config, text(&site.data.join("population"))]);
        for file in ["terminal.key.pem", "terminal.cert.pem"] {
            std::fs::remove_file(keys.join(file)).expect("the demo's terminal certificate");
        }
        let [code, terminal, name] = INSTITUTION;
        let authority = site.data.join("ca");
        let whose = ["--institution", code, "--terminal", terminal, "--institution-name", name];
        let places = ["--dir", text(&authority), "--out", text(&keys), "--config", config];
        succeed(["ca", "issue"].iter().chain(&whose).chain(&places));
        site
    }

    pub(super) fn terminal_settings(&self) -> PathBuf {
        self.data.join("terminal.toml")
    }

    /// A folder of the terminal's share.
    pub(super) fn share(&self, folder: &str) -> PathBuf {
        self.data.join("terminal/OQS").join(folder)
    }
}
