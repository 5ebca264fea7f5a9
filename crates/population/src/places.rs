//! Places to live: real prefectures, municipalities and streets that do not exist.

use crate::dice::Dice;

/// A municipality that does not exist, in a prefecture that does.
pub(crate) struct Place {
    /// 都道府県 code, two digits.
    pub(crate) prefecture: &'static str,
    /// 都道府県 name.
    pub(crate) prefecture_name: &'static str,
    /// Municipality.
    pub(crate) municipality: &'static str,
    /// First three digits of the postcode.
    pub(crate) postcode: &'static str,
}

macro_rules! places {
    ($($prefecture:literal $name:literal $municipality:literal $postcode:literal $weight:literal;)+) => {
        /// Every place. Insurers of places stand in the same order.
        pub(crate) const PLACES: &[Place] = &[$(Place {
            prefecture: $prefecture, prefecture_name: $name, municipality: $municipality,
            postcode: $postcode,
        },)+];
        /// How many of a hundred thousand people live at each.
        const WEIGHTS: &[u32] = &[$($weight),+];
    };
}

places! {
    "01" "北海道" "架空市" "060" 4_300;
    "04" "宮城県" "見本市" "980" 5_500;
    "08" "茨城県" "例示市" "310" 4_000;
    "11" "埼玉県" "仮名市" "330" 6_500;
    "12" "千葉県" "模擬市" "260" 6_000;
    "13" "東京都" "架空区" "100" 6_000;
    "13" "東京都" "見本区" "101" 5_500;
    "14" "神奈川県" "試験市" "220" 8_000;
    "15" "新潟県" "例題市" "950" 4_000;
    "20" "長野県" "仮想市" "380" 4_000;
    "22" "静岡県" "空想市" "420" 5_000;
    "23" "愛知県" "見本市" "450" 8_000;
    "26" "京都府" "架空市" "600" 4_500;
    "27" "大阪府" "例示市" "530" 7_500;
    "28" "兵庫県" "仮名市" "650" 5_500;
    "34" "広島県" "模擬市" "730" 4_500;
    "37" "香川県" "試験町" "760" 2_200;
    "40" "福岡県" "例題市" "810" 6_000;
    "46" "鹿児島県" "仮想町" "890" 2_000;
    "47" "沖縄県" "空想村" "900" 1_000;
}

const TOWNS: &[&str] = &[
    "見本町",
    "例示町",
    "中央",
    "本町",
    "桜台",
    "緑が丘",
    "旭町",
    "栄町",
    "若葉台",
    "大字空想",
    "港町",
    "東雲台",
];
const BUILDINGS: &[&str] = &["見本ハイツ", "例示マンション", "コーポ架空", "グリーンハイム", "メゾン仮名"];
/// Households in a building with a name and a room number.
const IN_BUILDING: u32 = 42_000;

/// The place in [`PLACES`] of a household.
pub(crate) fn draw(dice: &mut Dice) -> usize {
    dice.weighted(WEIGHTS)
}

/// An address and its postcode at a place.
pub(crate) fn address(dice: &mut Dice, place: &Place) -> (String, String) {
    let (block, lot, house) = (dice.between(1, 6), dice.between(1, 40), dice.between(1, 30));
    let town = dice.pick(TOWNS);
    let mut address = format!("{}{}{town}", place.prefecture_name, place.municipality);
    let numbers = match dice.below(3) {
        0 => format!("{block}丁目{lot}番{house}号"),
        1 => format!("{block}－{lot}－{house}"),
        _ => format!("{lot}番地{house}"),
    };
    address.push_str(&widen(&numbers));
    if dice.chance(IN_BUILDING) {
        let room = dice.between(1, 14) * 100 + dice.between(1, 12);
        address.push('　');
        let building: &str = dice.pick::<&str>(BUILDINGS);
        address.push_str(building);
        address.push_str(&widen(&format!("{room}号室")));
    }
    let postcode = format!("{}-{:04}", place.postcode, dice.below(10_000));
    (address, postcode)
}

fn widen(text: &str) -> String {
    let wide = |c: char| if c.is_ascii_digit() { char::from_u32(c as u32 + 0xFEE0).unwrap_or(c) } else { c };
    text.chars().map(wide).collect()
}
