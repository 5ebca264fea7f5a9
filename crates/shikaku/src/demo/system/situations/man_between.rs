//! A man between terminal and centre who holds the centre's own key: he passes every question on and changes what comes
//! back. What the centre signed with its answer gives him away.

use std::{io, net::SocketAddr, sync::Arc};

use anyhow::{Context, Result};
use axum::{
    Router,
    body::Bytes,
    extract::{OriginalUri, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{System, Trial, by_line::plan, line::Line};
use crate::demo::premises::{SERVER_CERTIFICATE, SERVER_KEY};

/// What the man changes: "valid" becomes "invalid".
const TRUE_WORD: &str = "\"QualificationValidity\":\"1\"";
const HIS_WORD: &str = "\"QualificationValidity\":\"2\"";

impl System {
    pub(super) async fn changed_answer(&self) -> Result<Trial> {
        let place = self.admitted(plan("changed-answer", "途中で書き換えられる端末"), None).await?;
        let man = ManBetween::start(self.tls_of_centre()?, self.line_of(&place)?).await?;
        let first = [
            "端末と中央のあいだに、中央の秘密鍵を盗んだ者が入る",
            "その者は質問をそのまま中央に渡し、答えの資格有効性だけを 1 から 2 に書き換える",
        ];
        let trial = self.ask_at(&place, man.address, &first).await;
        man.serving.abort();
        let mut trial = trial?;
        trial.steps.push("中央が署名したレシートと答えが食い違うので、端末は答えを使わない".to_owned());
        Ok(trial)
    }

    /// TLS as the centre itself speaks it, but for the client certificate, which he does not ask for.
    fn tls_of_centre(&self) -> Result<TlsAcceptor> {
        let chain: Vec<CertificateDer<'static>> =
            CertificateDer::pem_file_iter(self.folder.key(SERVER_CERTIFICATE))?.collect::<Result<_, _>>()?;
        let key = PrivateKeyDer::from_pem_file(self.folder.key(SERVER_KEY))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

struct ManBetween {
    address: SocketAddr,
    serving: JoinHandle<io::Result<()>>,
}

impl ManBetween {
    async fn start(tls: TlsAcceptor, to_centre: Line) -> Result<Self> {
        let tcp = TcpListener::bind("127.0.0.1:0").await.context("cannot listen")?;
        let address = tcp.local_addr()?;
        let router = Router::new().fallback(pass_on).with_state(to_centre);
        let serving = tokio::spawn(async move { axum::serve(Door { tcp, tls }, router).await });
        Ok(Self { address, serving })
    }
}

async fn pass_on(
    State(centre): State<Line>,
    method: Method,
    OriginalUri(path): OriginalUri,
    body: Bytes,
) -> Response {
    let asked = Some(body).filter(|_| method == Method::POST);
    match centre.pass_on(path.path(), asked).await {
        Ok(heard) => {
            let status = StatusCode::from_u16(heard.status).unwrap_or(StatusCode::BAD_GATEWAY);
            let body = heard.body.replace(TRUE_WORD, HIS_WORD);
            (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

/// A TLS listener for axum.
struct Door {
    tcp: TcpListener,
    tls: TlsAcceptor,
}

impl axum::serve::Listener for Door {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            if let Ok((stream, peer)) = self.tcp.accept().await
                && let Ok(stream) = self.tls.accept(stream).await
            {
                return (stream, peer);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}
