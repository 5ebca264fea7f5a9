// The procedures word for word, and which of their words were met on the screens.

import assert from 'node:assert/strict';

/** 目視確認用パスコード発行 (S9). */
const PASSCODE =
  '① オンライン資格確認システムへログインし[メニュー]の《アカウント情報管理》から《目視確認用パスコード発行》をクリックします。 ② [目視確認用パスコード発行]が表示されますので《発行》をクリックします。 ③ [目視確認用パスコード発行]の確認メッセージが表示されますので《OK》をクリックします ④ [目視確認用パスコード発行]の完了メッセージが表示されます。 ⑤ 4桁のパスコードを確認後、《OK》をクリックします。';
/** 環境設定情報の変更 (S12). */
const SETTINGS =
  '・資格確認端末のオンライン資格確認等システムを開きます。 [メニュー]にある《環境設定情報管理》から《環境設定情報更新》をクリックします。 クリックすると「環境設定情報更新」画面が開きます。 ・《訪問診療等・オンライン診療等・外来診療等(通常とは異なる動線)関連項目》の 「オンライン資格確認等システム利用規約」を確認した上で《訪問診療等機能》を「利用する」に変更してください。';
/** URL・二次元バーコード (S13). */
const ADDRESS =
  '・資格確認端末のオンライン資格確認等システムを開きます。 [メニュー]にある《マイナ在宅受付web管理》から《医療機関等別URL取得・変更》をクリックします。 クリックすると、「マイナ在宅受付Web」のURL・二次元バーコードを生成します。 ・表示されたURLをコピー、または二次元バーコードをダウンロードして、ご利用ください。';
/** アクティベーションコードの発行 (S15). */
const ACTIVATION =
  '・資格確認端末のオンライン資格確認等システムを開きます。 [メニュー]にある《マイナ資格確認アプリ管理》から《アクティベーション管理》をクリックします。 ・端末識別メモ情報を入力し《発行》をクリックします。 ・アクティベーションコードが発行されます。 発行されたアクティベーションコードは10分程度経過してから利用してください。';
/** アカウントの作成 (S16). */
const ACCOUNT =
  '・オンライン資格確認等システムを開きます。 [メニュー]にある《アカウント情報管理》から《アカウント管理(登録)》をクリックします。 ・権限区分、ユーザーID、ユーザ名、ユーザ名(カナ)、利用開始年月日を入力し《登録》をクリックします。 ・作成したアカウントでオンライン資格確認等システムにログインします。 一度もアカウントにログインしていないとアプリを利用することができないためご注意ください。';

/** 医療情報の閲覧 (S6). */
const VIEWING =
  '① オンライン資格確認等システムに接続し、医療情報閲覧アカウントの ID、パスワードを入力してログインします。 ② メニューの《医療情報閲覧》から《同意取得済み患者一覧(訪問診療等・オンライン診療等)》をクリックします。 ③ [同意取得済み患者一覧(訪問診療等・オンライン診療等)]が表示されます。 ④ 一覧から閲覧する患者情報をクリックします。 ⑤ [患者情報詳細]が表示されます。 薬剤情報を閲覧する場合は、「手術・診療・薬剤情報閲覧(処方・調剤情報含む)」の「診療年月(自)」「診療年月(至)」を選択し、《薬剤閲覧》をクリックします。 ⑥ 診療・薬剤情報(処方・調剤情報)が表示されますので内容を確認します。';

/** What is not in brackets and stands on a screen all the same. */
const PLAIN = {
  S6: ['診療・薬剤情報(処方・調剤情報)'],
  S9: ['確認メッセージ', '完了メッセージ'],
  S12: [],
  S13: ['URL', '二次元バーコード', 'コピー', 'ダウンロード'],
  S15: ['端末識別メモ情報', '発行されたアクティベーションコードは10分程度経過してから利用してください。'],
  S16: ['権限区分', 'ユーザーID', 'ユーザ名', 'ユーザ名(カナ)', '利用開始年月日'],
};
const TEXTS = { S6: VIEWING, S9: PASSCODE, S12: SETTINGS, S13: ADDRESS, S15: ACTIVATION, S16: ACCOUNT };

/** The chapters of the album: what a clinic calls the rows that the story counts by. */
export const CHAPTERS = {
  '—': 'ヘルプと権限',
  T: '[メニュー]の画面',
  T01: '初期画面',
  T02: 'ログイン',
  T03: 'パスワード',
  T04: '[メニュー]・お知らせ・操作履歴',
  T05: '資格確認(被保険者証等)',
  T06: '資格確認結果',
  T07: '照会番号',
  T08: '一括照会',
  T09: '限度額適用認定証',
  T10: '同意済資格情報取得(訪問診療等・オンライン診療等)',
  T11: '同意取得済み患者一覧(訪問診療等・オンライン診療等)',
  T12: '患者情報詳細',
  T13: '診療・薬剤情報(処方・調剤情報)',
  T14: 'アカウント情報管理',
  T19: '顔認証付きカードリーダー',
  T24: '委託先資格情報',
  S9: '目視確認用パスコード',
  S12: '環境設定情報管理',
  S13: 'マイナ在宅受付web管理',
  S15: 'マイナ資格確認アプリ管理',
  S16: 'アカウントの登録',
};

/** A procedure that is being followed. */
export class Procedure {
  #row;
  #open;

  constructor(row) {
    const text = TEXTS[row];
    const plain = PLAIN[row];
    for (const word of plain) assert.ok(text.includes(word), `${row} has no ${word}`);
    const marked = [...text.matchAll(/《([^》]+)》|\[([^\]]+)\]|「([^」]+)」/g)].map((found) => found[1] ?? found[2] ?? found[3]);
    this.#row = row;
    this.#open = new Set([...marked, ...plain]);
    assert.ok(this.#open.size > 3, `${row} names almost nothing`);
  }

  /** This word of the procedure, which is being met on a screen now. */
  word(word) {
    assert.ok(TEXTS[this.#row].includes(word), `${this.#row} does not say ${word}`);
    this.#open.delete(word);
    return word;
  }

  /** Every word of the procedure was met. */
  done() {
    assert.deepEqual([...this.#open], [], `${this.#row}: words that no screen had`);
  }
}
