//! The receipt computer: puts questions by number into `req` without end and reads `res`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
};

use eligibility::{Date, calendar};
use server::clock::Clock;

use super::{GLANCE, wait_until};

/// Questions that wait for an answer at most: the load.
const OUTSTANDING: usize = 16;
const DAY_ELEMENT: &str = "QualificationConfirmationDate";

/// What was asked and told.
#[derive(Default)]
pub(super) struct Ledger {
    /// The day asked about, for each question. No two are of one day: the audit log names the day, and so tells
    /// which question it has on record.
    pub(super) asked: BTreeMap<String, Date>,
    /// The first content seen under each name.
    pub(super) told: BTreeMap<String, Vec<u8>>,
    /// Names whose content changed after it was first seen.
    pub(super) changed: Vec<String>,
}

pub(super) struct Desk {
    drop: PathBuf,
    sample: String,
    today: Date,
    ledger: Mutex<Ledger>,
}

/// The answer's file name.
pub(super) fn answer_name(id: &str) -> String {
    format!("OQSsiquc01res_{id}.xml")
}

/// The sample with another day asked about.
fn asked_about(sample: &str, day: Date) -> String {
    let opening = format!("<{DAY_ELEMENT}>");
    let (before, rest) = sample.split_once(&opening).expect("the day");
    let (_, after) = rest.split_once("</").expect("its end");
    format!("{before}{opening}{}</{after}", day.to_string().replace('-', ""))
}

impl Desk {
    pub(super) fn open(data: &Path) -> Self {
        let sample = std::fs::read_to_string(data.join("samples/request.xml")).expect("the sample");
        let today = Clock::system().today();
        Self { drop: data.join("terminal/OQS"), sample, today, ledger: Mutex::default() }
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("nobody panicked")
    }

    pub(super) fn told(&self) -> usize {
        self.ledger().told.len()
    }

    /// Asks until `closing`, then waits for the last answers and looks once more for changed ones.
    pub(super) fn work(&self, closing: &AtomicBool) {
        while !closing.load(Ordering::Relaxed) {
            self.read_answers();
            for _ in self.waiting()..OUTSTANDING {
                self.ask();
            }
            std::thread::sleep(GLANCE);
        }
        wait_until("the last answers", || {
            self.read_answers();
            self.waiting() == 0
        });
        self.read_again();
    }

    /// Questions without an answer.
    pub(super) fn waiting(&self) -> usize {
        let ledger = self.ledger();
        ledger.asked.len() - ledger.told.len()
    }

    fn ask(&self) {
        let mut ledger = self.ledger();
        let number = ledger.asked.len();
        let id = format!("K{number:06}");
        let day = calendar::add_days(self.today, i32::try_from(number + 1).expect("few"));
        let beside = self.drop.join(format!("{id}.writing"));
        std::fs::write(&beside, asked_about(&self.sample, day).replace("SAMPLE0001", &id)).expect("written");
        std::fs::rename(&beside, self.drop.join(format!("req/OQSsiquc01req_{id}.xml"))).expect("renamed");
        ledger.asked.insert(id, day);
    }

    fn read_answers(&self) {
        let mut ledger = self.ledger();
        let open: Vec<String> =
            ledger.asked.keys().filter(|id| !ledger.told.contains_key(*id)).cloned().collect();
        for id in open {
            if let Ok(content) = std::fs::read(self.drop.join("res").join(answer_name(&id))) {
                ledger.told.insert(id, content);
            }
        }
    }

    /// An answer, once seen, stays as it was.
    fn read_again(&self) {
        let mut ledger = self.ledger();
        let Ledger { told, changed, .. } = &mut *ledger;
        for (id, first) in told {
            let now = std::fs::read(self.drop.join("res").join(answer_name(id)));
            if now.ok().as_ref() != Some(first) {
                changed.push(id.clone());
            }
        }
    }
}
