//! A PostgreSQL of one test that is reached over TLS only, with a certificate of an authority of its own: on a loopback
//! address, as a test has no second machine.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::postgres::{as_server_user, own_uid, programs, run_to_end, said, server_ids};

/// The name in the server's certificate, beside `localhost`.
pub const NAME: &str = "db.test";
const USER: &str = "postgres";
/// Who may come: nobody without TLS.
const ADMITTED: &str = "hostssl all all 127.0.0.1/32 trust\n";

/// A running server; it ends with this value, or with the process.
#[derive(Debug)]
pub struct OverTls {
    folder: PathBuf,
    programs: PathBuf,
    port: u16,
}

impl OverTls {
    /// Makes certificates and server, and waits until it answers.
    ///
    /// # Panics
    /// With the reason where there is no PostgreSQL or no `openssl`, or one of them fails.
    #[must_use]
    pub fn start() -> Self {
        Self::try_start().unwrap_or_else(|reason| panic!("{reason}"))
    }

    fn try_start() -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("shikaku-test-postgres-tls-{}", std::process::id()));
        let data = folder.join("data");
        fs::create_dir_all(&data).map_err(said("the folder of the server with TLS"))?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).map_err(said("its permissions"))?;
        give(&[&folder, &data])?;
        let programs = programs()?;
        let mut initdb = as_server_user(&programs.join("initdb"))?;
        initdb.args(["--auth=trust", "--no-sync", "--locale=C.UTF-8", "--encoding=UTF8", "-U", USER, "-D"]);
        run_to_end(initdb.arg(&data))?;
        make_certificates(&folder, &data)?;
        fs::write(data.join("pg_hba.conf"), ADMITTED).map_err(said("pg_hba.conf"))?;
        // Given back before the server takes it; whoever comes in between makes the start fail with words.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|taken| taken.local_addr());
        let port = port.map_err(said("a port"))?.port();
        let server = Self { folder, programs, port };
        server.launch(&data)?;
        Ok(server)
    }

    fn launch(&self, data: &Path) -> Result<(), String> {
        let settings = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories='' -c fsync=off -c ssl=on \
             -c ssl_cert_file=server.pem -c ssl_key_file=server.key",
            self.port
        );
        let log = data.join("server.log");
        let mut start = as_server_user(&self.programs.join("pg_ctl"))?;
        start.args(["start", "-w", "-s", "-l"]).arg(&log).arg("-D").arg(data).arg("-o").arg(settings);
        // Its output goes to the log: a pipe kept open by the server would never end.
        start.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if !start.status().map_err(said("pg_ctl"))?.success() {
            return Err(format!(
                "PostgreSQL with TLS does not start: {}",
                fs::read_to_string(log).unwrap_or_default()
            ));
        }
        self.watch(data)
    }

    /// Ends the server when this process is gone, however it went.
    fn watch(&self, data: &Path) -> Result<(), String> {
        let script = format!(
            "while test -d /proc/{process}; do sleep 1; done; {pg_ctl} stop -s -m immediate -D {data}; rm -rf {data}",
            process = std::process::id(),
            pg_ctl = self.programs.join("pg_ctl").display(),
            data = data.display(),
        );
        let mut watcher = as_server_user(Path::new("setsid"))?;
        watcher.args(["sh", "-c", &script]).current_dir("/");
        watcher.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        watcher.spawn().map(|_| ()).map_err(said("the watcher"))
    }

    /// The certificate of its authority, PEM.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.folder.join("authority.pem")
    }

    /// The URL of its database under a host's name; what else it says about the connection is `more`.
    #[must_use]
    pub fn url(&self, host: &str, more: &str) -> String {
        format!("postgres://{USER}@{host}:{}/postgres?hostaddr=127.0.0.1{more}", self.port)
    }
}

impl Drop for OverTls {
    fn drop(&mut self) {
        // What fails here the watcher does again.
        let _ = as_server_user(&self.programs.join("pg_ctl")).map(|mut stop| {
            stop.args(["stop", "-s", "-m", "immediate", "-D"]).arg(self.folder.join("data"));
            stop.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()
        });
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn make_certificates(folder: &Path, data: &Path) -> Result<(), String> {
    let openssl = |arguments: &[&str]| {
        let mut command = Command::new("openssl");
        run_to_end(command.arg("req").args(arguments).args([
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
        ]))
    };
    let path = |folder: &Path, name: &str| folder.join(name).display().to_string();
    let (ca, ca_key) = (path(folder, "authority.pem"), path(folder, "authority.key"));
    let (certificate, key) = (path(data, "server.pem"), path(data, "server.key"));
    let names = format!("subjectAltName=DNS:{NAME},DNS:localhost");
    openssl(&[
        "-x509",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=Database test CA",
        "-keyout",
        &ca_key,
        "-out",
        &ca,
    ])?;
    openssl(&[
        "-x509",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=db.test",
        "-addext",
        &names,
        "-addext",
        "basicConstraints=critical,CA:FALSE",
        "-CA",
        &ca,
        "-CAkey",
        &ca_key,
        "-keyout",
        &key,
        "-out",
        &certificate,
    ])?;
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).map_err(said("the key's permissions"))?;
    give(&[Path::new(&certificate), Path::new(&key)])
}

/// To the user that runs the server, where the tests run as root.
fn give(paths: &[&Path]) -> Result<(), String> {
    if own_uid()? != 0 {
        return Ok(());
    }
    let (uid, gid) = server_ids()?;
    paths.iter().try_for_each(|path| chown(path, Some(uid), Some(gid)).map_err(said("giving away a file")))
}
