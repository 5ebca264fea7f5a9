//! One persona for every state of a card, and for every error a card can cause.

use eligibility::{
    codes::{Sex, Validity},
    errors::ErrorCode,
};
use jiff::civil::date;

use super::{
    CardState, PinState,
    cast::{Cast, Draft},
};

pub(super) fn join(cast: &mut Cast) {
    expiry(cast);
    refused(cast);
    forged(cast);
    registration(cast);
    pins(cast);
    at_the_reader(cast);
}

fn ordinary(cast: &Cast, id: &'static str, title: &'static str, name: (&str, &str)) -> Draft {
    cast.draft(id, title, name, date(1979, 10, 8), Sex::Male).employed(date(2016, 4, 1), |_| {})
}

fn expiry(cast: &mut Cast) {
    let draft =
        ordinary(cast, "card-grace", "電子証明書の期限切れ（3か月以内）", ("期限　切太", "キゲン　キレタ"))
            .card(CardState::Grace)
            .by_card_with(
                Validity::Valid,
                ErrorCode::CardInGrace,
                "資格有効性 1（有効）。資格情報だけを表示し、OQSB1102W が付きます。",
            );
    cast.add(draft);
}

fn refused(cast: &mut Cast) {
    let cards = [
        (
            "card-expired",
            "電子証明書の期限切れ（3か月超）",
            ("失効　古男", "シッコウ　フルオ"),
            CardState::Expired,
            ErrorCode::CardExpired,
            "OQSB1103E。資格確認書などで確認します。",
        ),
        (
            "card-not-yet-valid",
            "電子証明書の有効期間前",
            ("未来　早子", "ミライ　ハヤコ"),
            CardState::NotYetValid,
            ErrorCode::CardCertificateNotYetValid,
            "OQSA9208E。資格確認書などで確認します。",
        ),
        (
            "card-revoked",
            "失効した電子証明書",
            ("紛失　済世", "フンシツ　スミヨ"),
            CardState::Revoked,
            ErrorCode::CardRevoked,
            "OQSB1104E。市区町村の窓口を案内します。",
        ),
        (
            "card-superseded",
            "新しいカードに替わった古いカード",
            ("更新　新一", "コウシン　シンイチ"),
            CardState::Superseded,
            ErrorCode::CardSuperseded,
            "OQSB1105E。新しいカードを案内します。",
        ),
    ];
    for (id, title, name, state, code, outcome) in cards {
        let draft = ordinary(cast, id, title, name).card(state).refused(code, outcome).by_number(
            0,
            Validity::Valid,
            "資格有効性 1（有効）。番号での照会はできます。",
        );
        cast.add(draft);
    }
}

fn forged(cast: &mut Cast) {
    let cards = [
        (
            "card-untrusted",
            "発行者を信頼できないカード",
            ("偽造　疑太", "ギゾウ　ギタ"),
            CardState::UntrustedIssuer,
            ErrorCode::CardCertificateUntrusted,
            "OQSA9206E。カードは使えません。",
        ),
        (
            "card-wrong-policy",
            "利用者証明用でない電子証明書",
            ("署名　専人", "ショメイ　セント"),
            CardState::WrongPolicy,
            ErrorCode::CardCertificateWrongPolicy,
            "OQSA9207E。カードは使えません。",
        ),
        (
            "card-wrong-key",
            "署名が合わないカード",
            ("鍵違　合也", "カギチガイ　アイヤ"),
            CardState::WrongKey,
            ErrorCode::BadSignature,
            "OQSA9204E。カードの署名を確認できません。",
        ),
        (
            "card-unreadable",
            "電子証明書を読めないカード",
            ("読取　不可", "ヨミトリ　フカ"),
            CardState::Unreadable,
            ErrorCode::CardCertificateUnreadable,
            "OQSA9205E。カードを置き直すよう案内します。",
        ),
        (
            "card-other",
            "マイナンバーカードではないカード",
            ("交通　札夫", "コウツウ　フダオ"),
            CardState::NotMyNumberCard,
            ErrorCode::NotMyNumberCard,
            "OQSR0002E。マイナンバーカードを案内します。",
        ),
    ];
    for (id, title, name, state, code, outcome) in cards {
        let draft = ordinary(cast, id, title, name).card(state).refused(code, outcome);
        cast.add(draft);
    }
}

fn registration(cast: &mut Cast) {
    let draft = ordinary(
        cast,
        "card-not-registered",
        "利用登録をしていないカード",
        ("登録　前一", "トウロク　ゼンイチ"),
    )
    .card_with(|card| card.registered = false)
    .refused(ErrorCode::CardNotRegistered, "OQSB1106E。利用登録か、資格確認書などを案内します。")
    .by_number(0, Validity::Valid, "資格有効性 1（有効）。番号での照会はできます。");
    cast.add(draft);
    let draft =
        ordinary(cast, "card-unknown", "誰のものか登録のないカード", ("無縁　久人", "ムエン　ヒサト"))
            .card_with(|card| card.known = false)
            .refused(ErrorCode::CardNotRegistered, "OQSB1106E。利用登録のないカードと同じ案内です。");
    cast.add(draft);
}

fn pins(cast: &mut Cast) {
    let draft =
        ordinary(cast, "pin-locked", "暗証番号がロックされたカード", ("閉錠　三回", "ヘイジョウ　サンカイ"))
            .card_with(|card| card.pin = PinState::Locked)
            .refused_when(
                "暗証番号で本人確認します。",
                ErrorCode::PinLocked,
                "OQSR0004E。顔認証か目視確認に切り替えると、資格有効性 1（有効）になります。",
            );
    cast.add(draft);
    let draft = ordinary(
        cast,
        "pin-not-set",
        "暗証番号のないカード（顔認証マイナンバーカード）",
        ("顔認　証代", "カオニン　アカシヨ"),
    )
    .card_with(|card| card.pin = PinState::NotSet)
    .refused_when(
        "暗証番号で本人確認します。",
        ErrorCode::PinNotSet,
        "OQSR0006E。顔認証か目視確認に切り替えると、資格有効性 1（有効）になります。",
    );
    cast.add(draft);
    let draft = ordinary(cast, "pin-wrong", "暗証番号をまちがえる人", ("忘却　番子", "ボウキャク　バンコ"))
        .refused_when(
            "暗証番号 9999 を入力します。",
            ErrorCode::PinWrong,
            "OQSR0003W。残りの回数を表示します。",
        )
        .by_card(Validity::Valid, "資格有効性 1（有効）。暗証番号 1234 なら確認できます。");
    cast.add(draft);
}

fn at_the_reader(cast: &mut Cast) {
    let draft = ordinary(cast, "card-mute", "応答しないカード", ("無言　応次", "ムゴン　オウジ"))
        .card(CardState::Mute)
        .refused(ErrorCode::CardNotRecognised, "OQSR0001E。カードを置き直すよう案内します。");
    cast.add(draft);
    let draft =
        ordinary(cast, "card-taken-away", "途中でカードを取ってしまう人", ("早業　取男", "ハヤワザ　トルオ"))
            .card(CardState::TakenAway)
            .refused(ErrorCode::CardRemoved, "OQSR0005E。終わるまでカードを置いたままにするよう案内します。");
    cast.add(draft);
    let draft = ordinary(
        cast,
        "card-pin-only",
        "顔認証・目視確認では署名しないカード",
        ("番号　必要子", "バンゴウ　イルコ"),
    )
    .card(CardState::PinOnly)
    .refused_when("顔認証で本人確認します。", ErrorCode::ProofFailed, "OQSR0007W。暗証番号を案内します。")
    .by_card(Validity::Valid, "資格有効性 1（有効）。暗証番号 1234 なら確認できます。");
    cast.add(draft);
}
