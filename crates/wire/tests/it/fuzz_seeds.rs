//! The fuzz targets' bodies over a seed corpus and cheap mutations of it, so that they run without a fuzzer.

use proptest::prelude::*;

use crate::{
    facts::{hanako, saburo},
    fuzz_bodies, fuzz_replay,
    samples::{REQUESTS, RESULTS, bytes},
};

fn coverage_file() -> Vec<u8> {
    use wire::insurer_file::CoverageFileWriter;
    let mut writer = CoverageFileWriter::new(Vec::new(), saburo().insurer_number).expect("starts");
    writer.write(&saburo()).expect("writes");
    writer.finish().expect("finishes").0
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = REQUESTS.iter().chain(&RESULTS).map(|name| bytes(name)).collect();
    seeds.push(bytes("observed_order_face.xml"));
    seeds.push(coverage_file());
    seeds.push(b"shikaku-insurers,1\nnumber,name\n138990,a\nEND,1,00\n".to_vec());
    seeds.push(b"shikaku-cards,1\nissuer,serial,person_key,registered,superseded_by_issuer,superseded_by_serial\n\"\n".to_vec());
    seeds.extend(REQUESTS.iter().chain(&RESULTS).map(|name| name.as_bytes().to_vec()));
    seeds
}

fn run_all(data: &[u8]) {
    fuzz_bodies::request_xml(data);
    fuzz_bodies::result_xml(data);
    fuzz_bodies::insurer_csv(data);
    fuzz_bodies::file_name(data);
}

#[test]
fn what_programs_tell_each_other() {
    fuzz_replay::replay("terminal_json", fuzz_bodies::terminal_json);
}

#[test]
fn seeds_pass_every_target() {
    assert_eq!(hanako().insured_number, "345");
    seeds().iter().for_each(|seed| run_all(seed));
}

#[test]
fn every_prefix_of_a_seed_passes() {
    for seed in seeds() {
        for end in (0..seed.len()).step_by(7) {
            run_all(&seed[..end]);
        }
    }
}

proptest! {
    #[test]
    fn mutated_seeds_pass(
        seed in any::<prop::sample::Index>(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..8),
    ) {
        let seeds = seeds();
        let mut data = seeds[seed.index(seeds.len())].clone();
        for (position, byte, kind) in edits {
            if data.is_empty() { break; }
            let at = position.index(data.len());
            match kind {
                0 => data[at] = byte,
                1 => { data.remove(at); }
                2 => data.insert(at, byte),
                _ => { let end = (at + usize::from(byte)).min(data.len()); let part = data[at..end].to_vec(); data.splice(at..at, part); }
            }
        }
        run_all(&data);
    }
}
