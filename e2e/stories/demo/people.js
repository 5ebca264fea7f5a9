// Who is asked about, and what a front desk must see. Written here in full words, not taken from the
// program, so that a changed word is a decision.

/** The button of one way to ask. `index` is its place among the person's ways by number. */
const card = (proof = 'pin') => ({ way: 'card', proof });
const number = (index = 0) => ({ way: 'number', index });

/** One for each 資格有効性. */
export const VALIDITIES = [
  {
    validity: '1', person: 'hanako', name: '架空　花子', ask: card(),
    tone: 'go', icon: '✓', word: '有効', next: 'このまま受付してください。', folder: 'face',
  },
  {
    validity: '2', person: 'lost', name: '退職　次郎', ask: card(),
    tone: 'stop', icon: '×', word: '無効', folder: 'face',
    next: '資格確認日には資格がありません。加入している保険を患者さんに確かめてください。',
  },
  {
    validity: '3', person: 'job-change', name: '転職　美恵', ask: number(0),
    tone: 'stop', icon: '×', word: '無効（新しい資格あり）', folder: 'res',
    next: '保険が変わっています。カードで照会し直すか、新しい資格の番号を確かめてください。',
  },
  {
    validity: '4', person: 'no-match', name: '未届　四郎', ask: number(0), code: 'OQSB1001W',
    tone: 'stop', icon: '？', word: '該当資格なし', folder: 'res',
    next: '入力した番号と生年月日を確かめ、もう一度照会してください。',
  },
  {
    validity: '5', person: 'twin-a', name: '双子　一葉', ask: number(0), code: 'OQSB1002W',
    tone: 'stop', icon: '？', word: '複数該当', folder: 'res',
    next: '枝番を入れて、もう一度照会してください。',
  },
  {
    validity: '6', person: 'assistance-no-ticket', name: '無券　五月', ask: card(),
    tone: 'care', icon: '!', word: '有効（未登録）', folder: 'face',
    next: '医療券・調剤券がまだ届いていません。福祉事務所に確かめてください。',
  },
];

/** By card nobody typed a number: the desk is told something else than after a question by number. */
export const NO_MATCH_BY_CARD = {
  validity: '4', person: 'no-match', name: '未届　四郎', ask: card(), code: 'OQSB1001W',
  tone: 'stop', icon: '？', word: '該当資格なし', folder: 'face',
  next: '保険者の登録がまだのようです。資格確認書などで確認し、加入先を患者さんに確かめてください。',
};

const NOTICE = 'このまま受付できます。下のお知らせを患者さんに伝えてください。';

/** Cards whose certificate still gives an answer, with something to tell. */
export const NOTICED_CARDS = [
  {
    person: 'taro', name: '見本　太郎', code: 'OQSB1101I', tone: 'care',
    icon: '✓', word: '有効', next: NOTICE, ask: card(), validity: '1', folder: 'face',
  },
  {
    person: 'card-grace', name: '期限　切太', code: 'OQSB1102W', tone: 'care',
    icon: '✓', word: '有効', next: NOTICE, ask: card(), validity: '1', folder: 'face',
  },
];

/** Cards that give no answer: what happened, and what the front desk does now. */
export const REFUSED_CARDS = [
  {
    person: 'card-expired', name: '失効　古男', code: 'OQSB1103E',
    cause: '電子証明書の有効期限が切れて3か月を過ぎています。',
    remedy: '資格確認書などで確認し、患者さんに市区町村の窓口での更新を案内してください。',
  },
  {
    person: 'card-not-yet-valid', name: '未来　早子', code: 'OQSA9208E',
    cause: 'カードの電子証明書の有効期間が始まっていません。',
    remedy: '資格確認書などで確認してください。',
  },
  {
    person: 'card-revoked', name: '紛失　済世', code: 'OQSB1104E',
    cause: 'マイナンバーカードの電子証明書が失効しています。',
    remedy: '資格確認書などで確認し、患者さんに市区町村の窓口での手続きを案内してください。',
  },
  {
    person: 'card-superseded', name: '更新　新一', code: 'OQSB1105E',
    cause: '新しい電子証明書が発行されています。新しいカードをお使いください。',
    remedy: '新しいカードを持っているか患者さんに確かめ、なければ資格確認書などで確認してください。',
  },
  {
    person: 'card-untrusted', name: '偽造　疑太', code: 'OQSA9206E',
    cause: 'カードの電子証明書の発行者を確認できません。',
    remedy: 'このカードは使えません。資格確認書などで確認してください。',
  },
  {
    person: 'card-wrong-policy', name: '署名　専人', code: 'OQSA9207E',
    cause: '利用者証明用の電子証明書ではありません。',
    remedy: 'このカードは使えません。資格確認書などで確認してください。',
  },
  {
    person: 'card-wrong-key', name: '鍵違　合也', code: 'OQSA9204E',
    cause: 'カードの署名を確認できません。',
    remedy: 'カードを置き直して、もう一度読み取ってください。',
  },
  {
    person: 'card-unreadable', name: '読取　不可', code: 'OQSA9205E',
    cause: 'カードの電子証明書を読み取れません。',
    remedy: 'カードを置き直して、もう一度読み取ってください。',
  },
  {
    person: 'card-other', name: '交通　札夫', code: 'OQSR0002E',
    cause: 'このカードは使えません。マイナンバーカードを置いてください。',
    remedy: 'マイナンバーカード以外のカードです。マイナンバーカードがなければ資格確認書などで確認してください。',
  },
  {
    person: 'card-not-registered', name: '登録　前一', code: 'OQSB1106E',
    cause: '健康保険証としての利用登録がされていません。',
    remedy: 'リーダーまたはマイナポータルで利用登録を案内するか、資格確認書などで確認してください。',
  },
  {
    person: 'card-unknown', name: '無縁　久人', code: 'OQSB1106E',
    cause: '健康保険証としての利用登録がされていません。',
    remedy: 'リーダーまたはマイナポータルで利用登録を案内するか、資格確認書などで確認してください。',
  },
  {
    person: 'pin-locked', name: '閉錠　三回', code: 'OQSR0004E',
    cause: '暗証番号が使えなくなっています。顔認証にするか、受付にお声がけください。',
    remedy: '暗証番号がロックされているか、暗証番号のないカード（券面に「顔認証」とあるもの）です。顔認証または目視確認で確認できます。ロックの解除は住所地の市区町村の窓口です。',
  },
  {
    person: 'pin-not-set', name: '顔認　証代', code: 'OQSR0006E',
    cause: '暗証番号を設定していないカードです。',
    remedy: '顔認証か目視確認で確認してください。',
  },
  {
    person: 'pin-wrong', name: '忘却　番子', code: 'OQSR0003W', proof: 'wrong_pin',
    cause: '暗証番号が違います。あと2回入力できます。顔認証にすることもできます。',
    remedy: '暗証番号の誤りです（残り2回）。顔認証または目視確認に切り替えられます。',
  },
];
