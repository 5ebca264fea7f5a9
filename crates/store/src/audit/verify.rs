//! The proof of a dump: a pure function over its bytes and the public key. Memory grows with the number of
//! institutions and heads, not with that of entries.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    io::{BufRead, Read},
};

use eligibility::merkle;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{FORMAT, PublicKey, TreeHead, digest, entry::Entry};

/// Bytes of a line at most.
const LINE_LIMIT: u64 = 64 * 1024;
/// Faults reported at most.
const FAULTS_LIMIT: usize = 100;

/// One thing that is wrong with a dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line of the dump, counted from 1; 0 when it concerns the whole.
    pub line: u64,
    /// What is wrong, with institution and sequence where they can be read.
    pub what: String,
}

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Entries read.
    pub entries: u64,
    /// Signed heads read.
    pub heads: u64,
    /// Institutions whose chains were followed.
    pub institutions: u64,
    /// Everything found wrong, at most 100; empty means that every byte is as it was written.
    pub faults: Vec<Fault>,
}

impl Report {
    /// Whether every byte is as it was written.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    tree_size: u64,
    heads: u64,
}

/// The last entry seen of an institution; `None` once a line of it could not be followed.
type Tips = HashMap<String, (i64, [u8; 32])>;

struct Verifier<'k> {
    key: &'k PublicKey,
    report: Report,
    line: u64,
    tips: Tips,
    tree: merkle::Tree,
    /// Heads still to be compared with the tree: size, root, line.
    ahead: VecDeque<(u64, [u8; 32], u64)>,
}

/// Verifies a dump. `witness` is head lines kept elsewhere, one or more: each must be among the heads.
///
/// # Errors
/// Only when the reader fails; whatever is wrong with the dump is in the report.
pub fn verify(mut dump: impl BufRead, key: &PublicKey, witness: Option<&str>) -> std::io::Result<Report> {
    let mut verifier = Verifier {
        key,
        report: Report::default(),
        line: 0,
        tips: HashMap::new(),
        tree: merkle::Tree::default(),
        ahead: VecDeque::new(),
    };
    let mut line = Vec::new();
    let Some(header) = verifier.header(&mut dump, &mut line)? else { return Ok(verifier.report) };
    if !verifier.heads(&header, &mut dump, &mut line, witness)? {
        return Ok(verifier.report);
    }
    verifier.entries(&header, &mut dump, &mut line)?;
    verifier.report.institutions = verifier.tips.len() as u64;
    Ok(verifier.report)
}

impl Verifier<'_> {
    fn fault(&mut self, line: u64, what: impl Into<String>) {
        if self.report.faults.len() < FAULTS_LIMIT {
            self.report.faults.push(Fault { line, what: what.into() });
        }
    }

    /// The next line without its line feed; `false` at the end of the dump.
    fn next(&mut self, dump: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<bool> {
        line.clear();
        if dump.by_ref().take(LINE_LIMIT).read_until(b'\n', line)? == 0 {
            return Ok(false);
        }
        self.line += 1;
        if line.last() == Some(&b'\n') {
            line.pop();
        } else {
            self.fault(self.line, "the line does not end with a line feed, or is too long");
        }
        Ok(true)
    }

    /// Reads a value whose only writing is the canonical one.
    fn canonical<T: DeserializeOwned + Serialize>(&mut self, line: &[u8], what: &str) -> Option<T> {
        match serde_json::from_slice::<T>(line) {
            Err(_) => self.fault(self.line, format!("this is no {what}")),
            Ok(value) if serde_json::to_vec(&value).ok().as_deref() != Some(line) => {
                self.fault(self.line, format!("this {what} is not written in the canonical form"));
            }
            Ok(value) => return Some(value),
        }
        None
    }

    fn header(&mut self, dump: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<Option<Header>> {
        if !self.next(dump, line)? {
            self.fault(0, "the dump is empty");
            return Ok(None);
        }
        let Some(header) = self.canonical::<Header>(line, "header") else { return Ok(None) };
        if header.format != FORMAT {
            self.fault(1, format!("the format is not {FORMAT}"));
            return Ok(None);
        }
        if header.heads == 0 {
            self.fault(1, "there is no signed head");
            return Ok(None);
        }
        Ok(Some(header))
    }

    /// Reads all heads; `false` when the entries cannot be told from them.
    fn heads(
        &mut self,
        header: &Header,
        dump: &mut impl BufRead,
        line: &mut Vec<u8>,
        witness: Option<&str>,
    ) -> std::io::Result<bool> {
        let mut previous: Option<TreeHead> = None;
        let kept = witness.unwrap_or_default().lines().map(str::trim).filter(|line| !line.is_empty());
        let mut missing: HashSet<[u8; 32]> = kept.map(|line| digest(line.as_bytes())).collect();
        if witness.is_some() && missing.is_empty() {
            self.fault(0, "the witness holds no head");
        }
        for _ in 0..header.heads {
            if !self.next(dump, line)? {
                self.fault(0, format!("only {} of {} heads are there", self.report.heads, header.heads));
                return Ok(false);
            }
            missing.remove(&digest(line));
            let Some(head) = self.canonical::<TreeHead>(line, "tree head") else { return Ok(false) };
            self.head(&head, previous.as_ref());
            self.report.heads += 1;
            previous = Some(head);
        }
        if previous.is_some_and(|last| last.tree_size != header.tree_size) {
            self.fault(1, "the header's size is not that of the last head");
        }
        if !missing.is_empty() {
            self.fault(0, format!("{} witnessed heads are not in this log", missing.len()));
        }
        Ok(true)
    }

    fn head(&mut self, head: &TreeHead, previous: Option<&TreeHead>) {
        if head.head_number != previous.map_or(1, |p| p.head_number.saturating_add(1)) {
            self.fault(self.line, format!("head {} is out of order", head.head_number));
        }
        if head.previous_head_hash != previous.map_or([0; 32], TreeHead::hash) {
            self.fault(self.line, format!("head {} does not follow the head before it", head.head_number));
        }
        if previous.is_some_and(|p| head.tree_size <= p.tree_size) {
            self.fault(self.line, format!("head {} covers no more than the one before", head.head_number));
        }
        if !head.is_signed_by(self.key) {
            self.fault(self.line, format!("head {} is not signed by this key", head.head_number));
        }
        self.ahead.push_back((head.tree_size, head.root_hash, self.line));
    }

    fn entries(
        &mut self,
        header: &Header,
        dump: &mut impl BufRead,
        line: &mut Vec<u8>,
    ) -> std::io::Result<()> {
        self.compare_roots();
        while self.next(dump, line)? {
            self.report.entries += 1;
            if self.report.entries > header.tree_size {
                self.fault(self.line, "the last head does not cover this line");
                return Ok(());
            }
            self.entry(line);
            self.tree.push(merkle::leaf(line));
            self.compare_roots();
        }
        if self.report.entries < header.tree_size {
            let (found, size) = (self.report.entries, header.tree_size);
            self.fault(0, format!("only {found} of {size} entries are there"));
        }
        Ok(())
    }

    fn entry(&mut self, line: &[u8]) {
        // Not through `canonical`: an entry borrows from its line.
        let Ok(entry) = serde_json::from_slice::<Entry<'_>>(line) else {
            return self.fault(self.line, "this is no entry");
        };
        let named = format!("entry {} of {}", entry.sequence, entry.institution_code);
        let mut written = Vec::with_capacity(line.len());
        if entry.write_line(&mut written).is_err() || written != line {
            self.fault(self.line, format!("{named} is not written in the canonical form"));
        }
        let (last, hash) = self.tips.get(entry.institution_code.as_ref()).copied().unwrap_or((0, [0; 32]));
        let expected = last.saturating_add(1);
        if entry.sequence != expected {
            self.fault(self.line, format!("{named} stands where entry {expected} should"));
        }
        if entry.previous_hash != hash {
            self.fault(self.line, format!("{named} does not follow the entry before it"));
        }
        self.tips.insert(entry.institution_code.into_owned(), (entry.sequence, digest(line)));
    }

    /// Compares the tree with every head of its present size.
    fn compare_roots(&mut self) {
        while let Some((size, root, line)) = self.ahead.front().copied() {
            if size > self.tree.size() {
                return;
            }
            self.ahead.pop_front();
            if size == self.tree.size() && root != self.tree.root() {
                self.fault(line, format!("the first {size} entries do not have the root that was signed"));
            }
        }
    }
}
