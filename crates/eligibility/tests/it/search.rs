//! Searching as people type.

use eligibility::search::{Folded, words};

fn finds(text: &str, typed: &str) -> bool {
    let text = Folded::of(text);
    let words = words(typed);
    assert!(!words.is_empty(), "{typed}");
    words.iter().all(|word| text.find(word).is_some())
}

#[test]
fn what_differs_in_writing_only_is_found() {
    let text = "顔認証付きカードリーダーとルーターなどをLANケーブルでつなぎ、PKCS#12 のファイル（ウィザード）を開きます。";
    for typed in [
        "カードリーダー",
        "かーどりーだー",
        "ｶｰﾄﾞﾘｰﾀﾞｰ",
        "カード・リーダ",
        "ｶﾄﾞﾘﾀﾞ",
        "カ-ドリ－ダ",
        "るーた",
        "lanけーぶる",
        "ＬＡＮ　ケ－ブル",
        "pkcs#12",
        "ＰＫＣＳ＃１２",
        "PKCS#12のファイル",
        "ふあいる",
        "ウイザード",
        "認証 るーたー",
    ] {
        assert!(finds(text, typed), "{typed}");
    }
    for typed in ["カートリータ", "回線認証", "認証 スキャナー", "LAMケーブル", "はーど"]
    {
        assert!(!finds(text, typed), "{typed}");
    }
    // A voiced letter in two halves is one.
    assert!(finds("か\u{3099}そ\u{309A}", "が"));
    assert!(words(" ・　ー - ").is_empty());
}

#[test]
fn it_is_known_where_a_word_stands() {
    let text = "端末の ｶｰﾄﾞﾘｰﾀﾞｰ をつなぐ";
    let place = |typed: &str| Folded::of(text).find(&words(typed)[0]);
    let at = |letter: char| text.chars().position(|one| one == letter).expect("there");
    // From ｶ to the ﾀ that its mark follows: what the fold drops behind it is not of the word.
    assert_eq!(place("カードリーダー"), Some((at('ｶ'), at('ﾀ'))));
    assert_eq!(place("つなぐ"), Some((at('つ'), at('ぐ'))));
    assert_eq!(place("㍿"), None);
    // One letter that is several when it is folded.
    let text = Folded::of("①㍿の件");
    assert_eq!(text.find(&words("株式会社の")[0]), Some((1, 2)));
}
