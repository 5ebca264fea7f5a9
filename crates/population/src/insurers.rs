//! The insurers: about a hundred that do not exist, with right check digits, of every kind; and the few the personas
//! belong to, whose numbers are those of the project's sample messages (check digits deliberately wrong).

use eligibility::insurer::{Insurer, InsurerNumber};

use crate::places::PLACES;

/// 健康保険組合 and how many of a hundred thousand of their members they have.
const SOCIETIES: [(&str, &str, u32); 12] = [
    ("0613901", "見本電機健康保険組合", 14),
    ("0613902", "例示自動車健康保険組合", 13),
    ("0613903", "仮名商事健康保険組合", 10),
    ("0613904", "模擬銀行健康保険組合", 9),
    ("0614901", "試験重工健康保険組合", 9),
    ("0623901", "例題製鋼健康保険組合", 9),
    ("0627901", "仮想家電健康保険組合", 8),
    ("0627902", "空想薬品健康保険組合", 7),
    ("0613905", "架空情報サービス健康保険組合", 9),
    ("0613906", "見本百貨店健康保険組合", 5),
    ("0640901", "例示製鉄健康保険組合", 4),
    ("0613907", "仮名出版健康保険組合", 3),
];
const GUILDS: [(&str, &str); 3] = [
    ("13391", "見本医師国民健康保険組合"),
    ("27391", "例示建設国民健康保険組合"),
    ("40391", "仮名食品国民健康保険組合"),
];
const MUTUALS: [(&str, &str); 4] = [
    ("3113901", "架空省共済組合"),
    ("3213901", "見本県職員共済組合"),
    ("3313901", "例示警察共済組合"),
    ("3413901", "仮名学校共済組合"),
];
const SINGLE: [(&str, &str); 4] = [
    ("0213901", "船員保険（見本）"),
    ("0713901", "自衛官診療証（見本）"),
    ("6313901", "見本電機健康保険組合（特例退職）"),
    ("0313901", "日雇特例（見本）"),
];
/// Insurers only the personas belong to, as the sample messages name them.
pub(crate) const PERSONA_SOCIETY: &str = "06139996";
pub(crate) const PERSONA_LATE_ELDERLY: &str = "39139991";
pub(crate) const PERSONA_WELFARE: &str = "12139999";
pub(crate) const PERSONA_NATIONAL: &str = "138990";
const PERSONA_INSURERS: [(&str, &str); 4] = [
    (PERSONA_SOCIETY, "架空製作所健康保険組合"),
    (PERSONA_LATE_ELDERLY, "架空県後期高齢者医療広域連合"),
    (PERSONA_WELFARE, "架空区福祉事務所"),
    (PERSONA_NATIONAL, "架空区（国民健康保険）"),
];

/// How an insurer writes 記号 and 番号.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbering {
    /// 8-digit symbol, number of up to seven digits (協会けんぽ).
    LongSymbol,
    /// 4-digit symbol and a short number (組合, 共済).
    ShortSymbol,
    /// A character, a full-width hyphen and digits (some 国保).
    CharacterSymbol(&'static str),
    /// No symbol; the number has eight digits (後期高齢, some 国保).
    NoSymbol,
    /// No symbol and no branch; seven digits (医療扶助).
    Recipient,
}

/// An insurer of the population.
pub(crate) struct Fund {
    pub(crate) insurer: Insurer,
    pub(crate) numbering: Numbering,
}

/// All funds, and where each kind stands.
pub(crate) struct Funds {
    pub(crate) all: Vec<Fund>,
    /// By place: 国保, 協会けんぽ, 後期高齢, 医療扶助.
    pub(crate) national: Vec<usize>,
    pub(crate) association: Vec<usize>,
    pub(crate) late_elderly: Vec<usize>,
    pub(crate) welfare: Vec<usize>,
    pub(crate) societies: Vec<usize>,
    pub(crate) guilds: Vec<usize>,
    pub(crate) mutuals: Vec<usize>,
    pub(crate) single: Vec<usize>,
    /// Weights of the societies.
    pub(crate) society_weights: Vec<u32>,
}

impl Funds {
    pub(crate) fn new() -> Self {
        let mut all: Vec<Fund> = Vec::new();
        let mut add = |first: &str, name: String, numbering| {
            // One fund for a prefecture serves every place in it.
            if let Some(known) = all.iter().position(|fund: &Fund| fund.insurer.name == name) {
                return known;
            }
            all.push(Fund { insurer: Insurer { number: number(first), name }, numbering });
            all.len() - 1
        };
        let by_place = |make: &mut dyn FnMut(usize) -> usize| (0..PLACES.len()).map(make).collect::<Vec<_>>();
        let national = by_place(&mut |at| {
            let place = &PLACES[at];
            let name = format!("{}{}（国民健康保険）", place.prefecture_name, place.municipality);
            add(&format!("{}9{:02}", place.prefecture, at + 1), name, national_numbering(at))
        });
        let association = by_place(&mut |at| {
            let place = &PLACES[at];
            let name = format!("全国健康保険協会（見本）{}支部", place.prefecture_name);
            add(&format!("01{}901", place.prefecture), name, Numbering::LongSymbol)
        });
        let late_elderly = by_place(&mut |at| {
            let place = &PLACES[at];
            let name = format!("{}後期高齢者医療広域連合（見本）", place.prefecture_name);
            add(&format!("39{}901", place.prefecture), name, Numbering::NoSymbol)
        });
        let welfare = by_place(&mut |at| {
            let place = &PLACES[at];
            let name = format!("{}見本福祉事務所", place.prefecture_name);
            add(&format!("12{}901", place.prefecture), name, Numbering::Recipient)
        });
        let mut several = |rows: &[(&str, &str)], numbering| {
            rows.iter().map(|(first, name)| add(first, (*name).to_owned(), numbering)).collect::<Vec<_>>()
        };
        let societies = several(&SOCIETIES.map(|(first, name, _)| (first, name)), Numbering::ShortSymbol);
        let guilds = several(&GUILDS, Numbering::CharacterSymbol("医"));
        let mutuals = several(&MUTUALS, Numbering::ShortSymbol);
        let single = several(&SINGLE, Numbering::LongSymbol);
        let society_weights = SOCIETIES.iter().map(|(_, _, weight)| *weight).collect();
        Self {
            all,
            national,
            association,
            late_elderly,
            welfare,
            societies,
            guilds,
            mutuals,
            single,
            society_weights,
        }
    }
}

fn national_numbering(place: usize) -> Numbering {
    match place % 4 {
        0 => Numbering::CharacterSymbol("架"),
        1 => Numbering::NoSymbol,
        2 => Numbering::CharacterSymbol("国"),
        _ => Numbering::ShortSymbol,
    }
}

fn number(first: &str) -> InsurerNumber {
    InsurerNumber::with_check_digit(first)
        .expect("the tables above hold 5 or 7 digits; a test reads them all")
}

/// Every insurer of a population, those of the personas last.
#[must_use]
pub fn insurers() -> Vec<Insurer> {
    let generated = Funds::new().all.into_iter().map(|fund| fund.insurer);
    let persona = PERSONA_INSURERS.iter().map(|(number, name)| Insurer {
        number: InsurerNumber::parse(number)
            .expect("the table above holds insurer numbers; a test reads them all"),
        name: (*name).to_owned(),
    });
    generated.chain(persona).collect()
}
