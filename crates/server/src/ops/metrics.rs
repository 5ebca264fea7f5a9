//! Numbers for Prometheus: counts and times, never who or what.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::State;
use metrics::{Counter, Histogram, counter, gauge, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use store::Store;

use super::health::StoreHandle;

/// Upper ends of the latency histogram, seconds.
const LATENCY_BUCKETS: [f64; 12] =
    [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0];

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Installs the process's recorder once; every crate's metrics arrive here.
fn recorder() -> Option<&'static PrometheusHandle> {
    let install = || {
        let builder = PrometheusBuilder::new().set_buckets(&LATENCY_BUCKETS).ok()?;
        // Fails when the program around us installed its own recorder: then that one shows the numbers.
        builder.install_recorder().ok()
    };
    RECORDER.get_or_init(install).as_ref()
}

/// Must come before a counter that is kept: one looked up earlier would count for nobody.
pub(crate) fn install() {
    recorder();
}

/// Sorts the times that came in into their histograms. Without it each would be kept as it is until somebody asks for
/// the numbers, which may be never.
pub(crate) fn tidy() {
    if let Some(recorder) = recorder() {
        recorder.run_upkeep();
    }
}

/// Counters looked up once, so that a check only adds to them.
pub(crate) struct RouteMetrics {
    pub(crate) seconds: Histogram,
    by_status_class: [Counter; 6],
}

impl RouteMetrics {
    pub(crate) fn new(route: &'static str) -> Self {
        recorder();
        let by_status_class = std::array::from_fn(
            |class| counter!("shikaku_requests_total", "route" => route, "status" => format!("{class}xx")),
        );
        Self { seconds: histogram!("shikaku_request_seconds", "route" => route), by_status_class }
    }

    pub(crate) fn observe(&self, status: u16, took: Duration) {
        self.seconds.record(took.as_secs_f64());
        self.by_status_class[usize::from(status / 100).min(5)].increment(1);
    }
}

/// Renders the numbers, with the store's own read at that moment.
#[derive(Clone)]
pub struct Exposition {
    store: Arc<StoreHandle>,
}

impl Exposition {
    /// Shows this store's numbers beside all others.
    #[must_use]
    pub fn new(store: Store) -> Self {
        recorder();
        Self { store: Arc::new(StoreHandle(store)) }
    }

    fn render(&self) -> String {
        let counters = self.store.0.counters();
        counter!("shikaku_store_reads_total").absolute(counters.reads);
        counter!("shikaku_store_read_batches_total").absolute(counters.read_batches);
        counter!("shikaku_store_writes_total").absolute(counters.writes);
        counter!("shikaku_store_write_groups_total").absolute(counters.write_groups);
        counter!("shikaku_store_regrouped_total").absolute(counters.regrouped);
        counter!("shikaku_store_retries_total").absolute(counters.retries);
        counter!("shikaku_store_overloads_total").absolute(counters.overloads);
        let failed = counters.storage_failed || counters.write_fails;
        gauge!("shikaku_store_storage_failed").set(f64::from(u8::from(failed)));
        recorder().map_or_else(String::new, PrometheusHandle::render)
    }
}

pub(crate) async fn show(State(exposition): State<Exposition>) -> String {
    exposition.render()
}
