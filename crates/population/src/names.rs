//! Names: common ones, rare characters (variation selectors included), and people from abroad.

use crate::dice::Dice;

/// A written name and how it is read.
pub(crate) type Name = (&'static str, &'static str);

/// Households with a name of rare characters, in a hundred thousand.
const RARE: u32 = 3_000;
/// Households from abroad.
const FROM_ABROAD: u32 = 2_400;

const FAMILY: &[Name] = &[
    ("佐藤", "サトウ"),
    ("鈴木", "スズキ"),
    ("高橋", "タカハシ"),
    ("田中", "タナカ"),
    ("伊藤", "イトウ"),
    ("渡辺", "ワタナベ"),
    ("山本", "ヤマモト"),
    ("中村", "ナカムラ"),
    ("小林", "コバヤシ"),
    ("加藤", "カトウ"),
    ("吉田", "ヨシダ"),
    ("山田", "ヤマダ"),
    ("佐々木", "ササキ"),
    ("山口", "ヤマグチ"),
    ("松本", "マツモト"),
    ("井上", "イノウエ"),
    ("木村", "キムラ"),
    ("林", "ハヤシ"),
    ("斎藤", "サイトウ"),
    ("清水", "シミズ"),
    ("山崎", "ヤマザキ"),
    ("森", "モリ"),
    ("池田", "イケダ"),
    ("橋本", "ハシモト"),
    ("阿部", "アベ"),
    ("石川", "イシカワ"),
    ("山下", "ヤマシタ"),
    ("中島", "ナカジマ"),
    ("石井", "イシイ"),
    ("小川", "オガワ"),
    ("前田", "マエダ"),
    ("岡田", "オカダ"),
    ("長谷川", "ハセガワ"),
    ("藤田", "フジタ"),
    ("後藤", "ゴトウ"),
    ("近藤", "コンドウ"),
    ("村上", "ムラカミ"),
    ("遠藤", "エンドウ"),
    ("青木", "アオキ"),
    ("坂本", "サカモト"),
    ("福田", "フクダ"),
    ("太田", "オオタ"),
    ("西村", "ニシムラ"),
    ("藤井", "フジイ"),
    ("金子", "カネコ"),
    ("岡本", "オカモト"),
    ("藤原", "フジワラ"),
    ("三浦", "ミウラ"),
    ("中野", "ナカノ"),
    ("原田", "ハラダ"),
    ("松田", "マツダ"),
    ("竹内", "タケウチ"),
    ("小野", "オノ"),
    ("田村", "タムラ"),
    ("中山", "ナカヤマ"),
    ("和田", "ワダ"),
    ("石田", "イシダ"),
    ("森田", "モリタ"),
    ("上田", "ウエダ"),
    ("原", "ハラ"),
    ("内田", "ウチダ"),
    ("柴田", "シバタ"),
    ("酒井", "サカイ"),
    ("宮崎", "ミヤザキ"),
    ("横山", "ヨコヤマ"),
    ("高木", "タカギ"),
    ("安藤", "アンドウ"),
    ("宮本", "ミヤモト"),
    ("大野", "オオノ"),
    ("小島", "コジマ"),
    ("谷口", "タニグチ"),
    ("工藤", "クドウ"),
    ("今井", "イマイ"),
    ("高田", "タカダ"),
    ("丸山", "マルヤマ"),
    ("増田", "マスダ"),
    ("杉山", "スギヤマ"),
    ("村田", "ムラタ"),
    ("大塚", "オオツカ"),
    ("新井", "アライ"),
];

/// Characters receipt computers stumble over: outside JIS X 0208, outside the BMP, and with variation
/// selectors (U+E0100 and on).
const RARE_FAMILY: &[Name] = &[
    ("髙橋", "タカハシ"),
    ("髙木", "タカギ"),
    ("山﨑", "ヤマザキ"),
    ("﨑田", "サキタ"),
    ("𠮷田", "ヨシダ"),
    ("𠮷村", "ヨシムラ"),
    ("辻\u{E0100}", "ツジ"),
    ("辻\u{E0100}本", "ツジモト"),
    ("葛\u{E0100}城", "カツラギ"),
    ("葛\u{E0100}西", "カサイ"),
    ("渡邊", "ワタナベ"),
    ("渡邉", "ワタナベ"),
    ("渡\u{9089}\u{E010A}", "ワタナベ"),
    ("齋藤", "サイトウ"),
    ("齊藤", "サイトウ"),
    ("濵田", "ハマダ"),
    ("桒原", "クワバラ"),
    ("栁田", "ヤナギダ"),
    ("德永", "トクナガ"),
    ("\u{FA10}本", "ツカモト"),
    ("鄧", "トウ"),
    ("曻田", "ノボリダ"),
    ("\u{FA26}築", "ツヅキ"),
    ("祇\u{E0100}園", "ギオン"),
    ("𡈽屋", "ツチヤ"),
    ("𡌛田", "ママダ"),
    ("槗本", "ハシモト"),
    ("冨樫", "トガシ"),
];

const MEN: &[Name] = &[
    ("太郎", "タロウ"),
    ("一郎", "イチロウ"),
    ("健一", "ケンイチ"),
    ("誠", "マコト"),
    ("大輔", "ダイスケ"),
    ("翔太", "ショウタ"),
    ("蓮", "レン"),
    ("陽翔", "ハルト"),
    ("湊", "ミナト"),
    ("和夫", "カズオ"),
    ("清", "キヨシ"),
    ("茂", "シゲル"),
    ("博", "ヒロシ"),
    ("正", "タダシ"),
    ("勝", "マサル"),
    ("隆", "タカシ"),
    ("浩二", "コウジ"),
    ("修", "オサム"),
    ("直樹", "ナオキ"),
    ("拓也", "タクヤ"),
    ("悠真", "ユウマ"),
    ("樹", "イツキ"),
    ("大翔", "ヒロト"),
    ("秀雄", "ヒデオ"),
    ("進", "ススム"),
    ("哲也", "テツヤ"),
    ("剛", "ツヨシ"),
    ("亮", "リョウ"),
    ("学", "マナブ"),
    ("純一", "ジュンイチ"),
];

const WOMEN: &[Name] = &[
    ("花子", "ハナコ"),
    ("幸子", "サチコ"),
    ("和子", "カズコ"),
    ("節子", "セツコ"),
    ("洋子", "ヨウコ"),
    ("陽子", "ヨウコ"),
    ("由美子", "ユミコ"),
    ("真由美", "マユミ"),
    ("智子", "トモコ"),
    ("美咲", "ミサキ"),
    ("陽菜", "ヒナ"),
    ("結衣", "ユイ"),
    ("さくら", "サクラ"),
    ("葵", "アオイ"),
    ("凛", "リン"),
    ("紬", "ツムギ"),
    ("恵子", "ケイコ"),
    ("久美子", "クミコ"),
    ("愛", "アイ"),
    ("彩", "アヤ"),
    ("千代", "チヨ"),
    ("ハナ", "ハナ"),
    ("トメ", "トメ"),
    ("ミヨ子", "ミヨコ"),
    ("文子", "フミコ"),
    ("京子", "キョウコ"),
    ("裕子", "ユウコ"),
    ("麻衣", "マイ"),
    ("莉子", "リコ"),
    ("芽依", "メイ"),
];

const ABROAD_FAMILY: &[Name] = &[
    ("ＮＧＵＹＥＮ", "グエン"),
    ("ＷＡＮＧ", "オウ"),
    ("ＫＩＭ", "キム"),
    ("ＳＡＮＴＯＳ", "サントス"),
    ("ＧＵＲＵＮＧ", "グルン"),
    ("ＳＩＬＶＡ", "シルバ"),
    ("ＷＩＪＡＹＡ", "ウィジャヤ"),
    ("ＳＭＩＴＨ", "スミス"),
];
const ABROAD_GIVEN: &[Name] = &[
    ("ＶＡＮ　ＡＮ", "ヴァン　アン"),
    ("ＬＩ", "リー"),
    ("ＭＩＮＪＵＮ", "ミンジュン"),
    ("ＭＡＲＩＡ", "マリア"),
    ("ＳＩＴＡ", "シタ"),
    ("ＡＮＡ　ＰＡＵＬＡ", "アナ　パウラ"),
    ("ＤＥＷＩ", "デウィ"),
    ("ＡＬＥＸ", "アレックス"),
];

/// The family name of a household.
#[derive(Clone, Copy)]
pub(crate) struct FamilyName {
    pub(crate) name: Name,
    pub(crate) from_abroad: bool,
}

impl FamilyName {
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        let from_abroad = dice.chance(FROM_ABROAD);
        let rare = dice.chance(RARE);
        // Common names are far more common than the others: the smaller of two draws.
        let common = dice.below(80).min(dice.below(80)) as usize;
        let name = match (from_abroad, rare) {
            (true, _) => *dice.pick(ABROAD_FAMILY),
            (_, true) => *dice.pick(RARE_FAMILY),
            _ => FAMILY[common % FAMILY.len()],
        };
        Self { name, from_abroad }
    }

    pub(crate) fn given(self, dice: &mut Dice, woman: bool) -> Name {
        match (self.from_abroad, woman) {
            (true, _) => *dice.pick(ABROAD_GIVEN),
            (_, true) => *dice.pick(WOMEN),
            _ => *dice.pick(MEN),
        }
    }
}

/// The other name (通称) people from abroad may be known by.
pub(crate) fn known_as(dice: &mut Dice, woman: bool) -> (String, String) {
    let family = dice.pick(FAMILY);
    let given = if woman { dice.pick(WOMEN) } else { dice.pick(MEN) };
    (full(family.0, given.0), full(family.1, given.1))
}

/// Family and given name with the full-width blank between.
pub(crate) fn full(family: &str, given: &str) -> String {
    let mut text = String::with_capacity(family.len() + given.len() + 3);
    text.push_str(family);
    text.push('　');
    text.push_str(given);
    text
}
