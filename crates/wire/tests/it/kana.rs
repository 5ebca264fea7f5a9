//! Widths of kana.

use proptest::prelude::*;
use wire::kana::{narrow, widen};

#[test]
fn narrowing_and_widening() {
    for (full, half) in [
        ("カクウ　ハナコ", "ｶｸｳ ﾊﾅｺ"),
        ("レイダイ　サブロウ", "ﾚｲﾀﾞｲ ｻﾌﾞﾛｳ"),
        ("ヴァッポーヺ・", "ｳﾞｧｯﾎﾟｰｦﾞ･"),
        ("スミス　Ｊ．", "ｽﾐｽ J."),
        ("「゛゜」、。", "｢ﾞﾟ｣､｡"),
    ] {
        assert_eq!(narrow(full), half);
        assert_eq!(widen(half), full);
    }
    assert_eq!(narrow("はなこ"), "ﾊﾅｺ", "hiragana counts as katakana");
    assert_eq!(narrow("ヰヱヵヶヮ"), "ｲｴｶｹﾜ");
    assert_eq!(narrow("ｶﾞ"), "ｶﾞ", "narrow already");
    assert_eq!(narrow("か\u{3099}"), "ｶﾞ", "a combining mark counts as one");
    assert_eq!(narrow("髙"), "髙", "no half-width form");
}

proptest! {
    #[test]
    fn half_width_survives(text in "[ -~｡-ﾝ]([ -~｡-ﾝ]|[ｶ-ﾄ]ﾞ|[ﾊ-ﾎ]ﾟ){0,30}") {
        prop_assert_eq!(narrow(&widen(&text)), text);
    }

    #[test]
    fn narrowing_is_stable(text in any::<String>()) {
        let half = narrow(&text);
        prop_assert_eq!(narrow(&widen(&half)), half.clone());
        prop_assert_eq!(narrow(&half), half);
    }
}
