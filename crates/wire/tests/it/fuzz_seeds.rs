//! The fuzz targets' bodies over a seed corpus and cheap mutations of it, so that they run without a fuzzer.

use proptest::prelude::*;

use crate::{
    facility,
    facts::{hanako, saburo},
    fuzz_bodies, fuzz_replay, hostile,
    samples::{REQUESTS, RESULTS, bytes},
};

fn coverage_file() -> Vec<u8> {
    use wire::insurer_file::CoverageFileWriter;
    let mut writer = CoverageFileWriter::new(Vec::new(), saburo().insurer_number).expect("starts");
    writer.write(&saburo()).expect("writes");
    writer.finish().expect("finishes").0
}

/// Targets, each with names and contents of its seeds.
type Seeds = Vec<(&'static str, Vec<(String, Vec<u8>)>)>;

fn seeds_by_target() -> Seeds {
    let samples = |names: &[&str]| -> Vec<(String, Vec<u8>)> {
        names.iter().map(|name| ((*name).to_owned(), bytes(name))).collect()
    };
    let mut results = samples(&RESULTS);
    results.push(("observed_order_face.xml".to_owned(), bytes("observed_order_face.xml")));
    let insurers = b"shikaku-insurers,1\nnumber,name\n138990,a\nEND,1,00\n".to_vec();
    let cards = b"shikaku-cards,1\nissuer,serial,person_key,registered,superseded_by_issuer,superseded_by_serial\n\"\n";
    let files =
        [("coverage.csv", coverage_file()), ("insurers.csv", insurers), ("cards.csv", cards.to_vec())];
    let names = REQUESTS.iter().chain(&RESULTS);
    let requests = [samples(&REQUESTS), hostile::seeds()].concat();
    vec![
        ("request_xml", requests),
        ("result_xml", results),
        ("facility_xml", facility::seeds()),
        ("bulk_xml", crate::bulk::samples()),
        ("insurer_csv", files.map(|(name, content)| (name.to_owned(), content)).into()),
        ("file_name", names.map(|name| ((*name).to_owned(), name.as_bytes().to_vec())).collect()),
    ]
}

fn seeds() -> Vec<Vec<u8>> {
    seeds_by_target().into_iter().flat_map(|(_, seeds)| seeds).map(|(_, content)| content).collect()
}

#[test]
#[ignore = "writes fuzz/seeds anew"]
fn write_seeds() {
    for (target, seeds) in seeds_by_target() {
        let folder = fuzz_replay::folder().join("seeds").join(target);
        std::fs::create_dir_all(&folder).expect("a folder");
        for (name, content) in seeds {
            std::fs::write(folder.join(name), content).expect("written");
        }
    }
}

fn run_all(data: &[u8]) {
    fuzz_bodies::request_xml(data);
    fuzz_bodies::result_xml(data);
    fuzz_bodies::facility_xml(data);
    fuzz_bodies::bulk_xml(data);
    fuzz_bodies::insurer_csv(data);
    fuzz_bodies::file_name(data);
}

#[test]
fn what_programs_tell_each_other() {
    fuzz_replay::replay("terminal_json", fuzz_bodies::terminal_json);
}

#[test]
fn files_of_receipt_computers_and_insurers() {
    fuzz_replay::replay("request_xml", fuzz_bodies::request_xml);
    fuzz_replay::replay("result_xml", fuzz_bodies::result_xml);
    fuzz_replay::replay("facility_xml", fuzz_bodies::facility_xml);
    fuzz_replay::replay("bulk_xml", fuzz_bodies::bulk_xml);
    fuzz_replay::replay("insurer_csv", fuzz_bodies::insurer_csv);
    fuzz_replay::replay("file_name", fuzz_bodies::file_name);
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
