//! Whatever a crash leaves at the journal's end, nothing that was acknowledged is lost.

use proptest::prelude::*;

use super::*;

/// Keys so few that records replace each other.
fn any_record() -> impl Strategy<Value = Record> {
    let delivery = any::<bool>().prop_map(|in_place| Delivery {
        staged: "s".into(),
        folder: Target::Res,
        name: "OQSsiquc01res_1.xml".into(),
        in_place,
        digest: "00".into(),
        bytes: 2,
    });
    let state = prop_oneof![
        Just(State::Seen),
        proptest::collection::vec(delivery, 0..3).prop_map(State::Answered),
        Just(State::Done),
        Just(State::Shown("名\n前".into())),
    ];
    (0_u8..6, any::<u128>(), state).prop_map(|(key, id, state)| Record {
        key: format!("key-{key}"),
        digest: "00".into(),
        request_id: Uuid::from_u128(id),
        at: 1_000,
        state,
    })
}

/// What follows the last acknowledged line.
#[derive(Clone, Debug)]
enum Tail {
    /// The beginning of a record that was never acknowledged, so many parts in 256 of it.
    Torn(Record, u8),
    /// The same with one byte changed.
    Corrupted(Record, usize, u8),
    /// The last acknowledged line again, so many times: a write that was repeated.
    Repeated(u8),
    /// Anything: a disk that gave back other blocks.
    Garbage(Vec<u8>),
}

fn any_tail() -> impl Strategy<Value = Tail> {
    prop_oneof![
        (any_record(), any::<u8>()).prop_map(|(record, parts)| Tail::Torn(record, parts)),
        (any_record(), any::<usize>(), 1..=255_u8)
            .prop_map(|(record, at, change)| Tail::Corrupted(record, at, change)),
        (1..4_u8).prop_map(Tail::Repeated),
        proptest::collection::vec(any::<u8>(), 0..200).prop_map(Tail::Garbage),
    ]
}

impl Tail {
    fn bytes(&self, last: Option<&Record>) -> Vec<u8> {
        let line = |record: &Record| line_of(record).expect("a line").into_bytes();
        match self {
            Self::Torn(record, parts) => {
                let whole = line(record);
                // Never its line break: with that it would be whole.
                let length = (whole.len() - 2) * usize::from(*parts) / 256;
                whole[..length].to_vec()
            }
            Self::Corrupted(record, at, change) => {
                let mut whole = line(record);
                let at = at % (whole.len() - 1);
                whole[at] ^= change;
                whole
            }
            Self::Repeated(times) => {
                last.map_or_else(Vec::new, |last| line(last).repeat(usize::from(*times)))
            }
            Self::Garbage(bytes) => bytes.clone(),
        }
    }
}

fn last_words(records: &[Record]) -> HashMap<String, Record> {
    records.iter().map(|record| (record.key.clone(), record.clone())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Killed at any byte of what was written: every record whose line was whole is known, no other is.
    #[test]
    fn a_journal_cut_anywhere_keeps_every_whole_line(
        records in proptest::collection::vec(any_record(), 1..12),
        cut in any::<proptest::sample::Index>(),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal");
        let lines: Vec<String> = records.iter().map(|record| line_of(record).expect("a line")).collect();
        let whole = [line(HEADER), lines.concat()].concat();
        let cut = cut.index(whole.len() + 1);
        std::fs::write(&path, &whole.as_bytes()[..cut]).expect("writes");
        let mut end = line(HEADER).len();
        let kept = lines.iter().take_while(|line| {
            end += line.len();
            // A line without its break is whole already: its check says so.
            end - 1 <= cut
        });
        let kept = kept.count();
        prop_assert_eq!(read(&path).expect("reads"), last_words(&records[..kept]));
    }

    /// The same through the door the terminal uses, and again after the first life that followed.
    #[test]
    fn no_tail_costs_an_acknowledged_record(
        records in proptest::collection::vec(any_record(), 0..8),
        tail in any_tail(),
        later in any_record(),
        can_be_shortened in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal");
        let lines: Vec<String> = records.iter().map(|record| line_of(record).expect("a line")).collect();
        let acknowledged = [line(HEADER), lines.concat()].concat().into_bytes();
        std::fs::write(&path, [acknowledged, tail.bytes(records.last())].concat()).expect("writes");

        let entries = read(&path).expect("reads");
        prop_assert_eq!(&entries, &last_words(&records));
        let mut writer = match can_be_shortened {
            true => Writer::rewrite(path.clone(), &entries),
            false => Writer::resume(path.clone(), entries.len()),
        }
        .expect("goes on");
        writer.append([&later].into_iter()).expect("writes");
        let expected = last_words(&[records, vec![later]].concat());
        prop_assert_eq!(read(&path).expect("reads again"), expected);
    }
}
