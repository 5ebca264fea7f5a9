//! Runs a fuzz target's body without a fuzzer: over its seeds, over everything that ever made it fail, and over cheap
//! changes of both. Used by the ordinary tests of the crates.

use std::path::PathBuf;

/// Changes of each input.
const CHANGES: u64 = 300;
/// Larger inputs are changed less often: some targets take a while for each.
const LARGE: usize = 4 * 1024;

/// The folder of the fuzz targets.
pub fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz"))
}

/// Runs `body` over all of it; at least one seed must be there.
pub fn replay(target: &str, mut body: impl FnMut(&[u8])) {
    let seeds = inputs("seeds", target);
    assert!(!seeds.is_empty(), "no seeds for {target}");
    for input in seeds.into_iter().chain(inputs("regressions", target)) {
        body(&input);
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        let changes = if input.len() > LARGE { CHANGES / 10 } else { CHANGES };
        for _ in 0..changes {
            body(&changed(&input, &mut dice));
        }
    }
}

fn inputs(kind: &str, target: &str) -> Vec<Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(folder().join(kind).join(target)) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("readable")).collect()
}

fn changed(input: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut data = input.to_vec();
    for _ in 0..=dice.below(3) {
        if data.is_empty() {
            return data;
        }
        let at = dice.below(data.len());
        match dice.below(5) {
            0 => data[at] ^= 1 << dice.below(8),
            1 => drop(data.remove(at)),
            2 => data.insert(at, dice.below(256) as u8),
            3 => data.truncate(at),
            _ => {
                let end = (at + dice.below(64)).min(data.len());
                let part = data[at..end].to_vec();
                data.splice(at..at, part);
            }
        }
    }
    data
}

/// The same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}
