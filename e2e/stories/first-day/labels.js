// What the procedures call things: written out here, so that a changed word is a decision.

/** オンライン資格確認導入までの作業の流れ. */
export const PORTAL = '医療機関等向け総合ポータルサイト';
export const SIGN_UP = '新規ユーザー登録';
export const MY_MENU = 'マイメニュー';
export const USE = 'オンライン資格確認利用開始・変更申請（利用開始）';
export const USE_CHANGE = 'オンライン資格確認利用開始・変更申請（変更）';
export const CERTIFICATE = '電子証明書発行申請';
export const RENEWAL = '電子証明書更新申請';
export const REVOCATION = '電子証明書失効申請';
export const SUCCESSION = '承継申請';
export const CODE_CHANGE = '医療機関等コード変更申請';
export const CUSTOMER_ID_CHANGE = 'お客さまID変更申請';
export const SHARED = '※オンライン資格確認端末とオンライン請求用端末を兼用する場合、電子証明書は共通になります。';
export const LETTER = '電子証明書発行通知書';
export const REGISTERED_MAIL = '簡易書留';

/** 回線認証. */
export const LINE_SITE = 'https://www.lineauth.mnw';
export const CONNECTED = '回線認証接続済み';
export const WISH = '希望する';
export const DECLINE = '希望しない';
export const NETWORK_ERROR = 'ネットワークエラー';

/** 証明書の確認. */
export const ISSUER = 'Online Billing NW Common RootCA';
export const CHECK_STEPS = [
  '《 電子証明書更新申請サイトから更新した際、正しくインストールされていることを確認する方法 》',
  '① 電子証明書の更新を実施する端末のタスクバーのスタートメニューをクリックします。',
  '※もしスタートメニューがない場合は検索バーをクリックします。',
  '② 検索欄に「Microsoft Edge」を入力し、「Microsoft Edge」のアプリをクリックします。',
  '③ 画面右上の「…」をクリックし、「設定」をクリックします。',
  '④ 「プライバシー、検索、サービス」を選択し、「セキュリティ」内にある「証明書の管理」をクリックします。',
  '⑤ 「個人」タブを開き、発行者が「Online Billing NW Common RootCA」と表示されている電子証明書の有効期限を確認します。',
];
/** With the page of line authentication where this terminal finds it. */
export const networkSteps = (page = LINE_SITE) => [
  '《 オンライン資格確認端末のネットワーク関連のトラブル時にチェックしていただきたいこと 》',
  '① PCとルーター等を繋ぐLANケーブルをしっかりと差し込み直してください',
  'LANケーブルが接続口(LANポート)にしっかりと接続されていないと「ネットワークエラー」となり、顔認証付きカードリーダー等が止まる可能性があります。',
  'PCとルーター等を繋ぐLANケーブルがしっかりと差し込まれているか、接続口(LANポート)を触り確認してください。差し込みが甘い場合は、しっかり差し直し等を行ってください。',
  '② PCの電源オンオフや再起動(復旧しない場合はルーターの再起動)を実施してください',
  'PCの電源オンオフや再起動を試してください。PCの電源オンオフや再起動でも解消しない場合は、ルーターを再起動してください。',
  '③ 回線認証状態を確認し、切断されている場合は再接続してください',
  '回線認証接続が切れていると「ネットワークエラー」となります。以下の【確認手順】に従って回線認証の状態を確認し、切断されている場合は【接続手順】に従って接続してください。',
  '【確認手順】',
  '① オンライン資格確認端末でブラウザ(Microsoft Edge )を立ち上げてください。',
  `② ブラウザの検索ボックスに、${page}を入力し、開いてください。`,
  '③ 回線認証接続されている場合、遷移後の画面に「回線認証接続済み」と表示されます。回線認証が切断されている場合、遷移後の画面に「希望する/希望しない」ボタンが表示されます。',
  '【接続手順】',
  '④ ③の遷移後の画面において表示された「希望する」ボタンを押下してください。',
];

/** The chapters of the album of a day. */
export const CHAPTERS = {
  '—': 'はじめに',
  'sign-up': '① ポータルサイトの新規ユーザー登録',
  use: '② オンライン資格確認の利用申請',
  certificate: '③ 電子証明書の発行申請',
  letter: '④ 電子証明書発行通知書の郵送',
  setup: '⑤ 端末の導入と設定',
  check: '電子証明書の確認',
  others: 'そのほかの申請',
  line: 'ネットワークと回線認証',
  renewal: '電子証明書の更新',
  運営: '運用窓口の作業（医療機関等の操作はありません）',
};

/** The pictures of the day that 手順書 shows, by their names in the album. */
export const MANUAL_PICTURES = [
  'second-factor',
  'use-confirm',
  'install',
  'line-choice',
  'line-connected',
  'registration-confirm',
];
