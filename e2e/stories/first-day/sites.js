// The sites and their screens at the end of the day. `at` is an address, `:x` any one part of it, found by following
// links; the title is written out, so that a changed word is a decision. `files` are links that lead to no page.

import * as labels from './labels.js';
import { addAdministrator } from './operators.js';

/** What needs a script, as it asks the browser for a passkey; beside it stands the way without. */
const PASSKEY = ['', 'パスキーを登録する'];

const screen = (at, title, more = {}) => ({ at, title: new RegExp(`^${title}`), ...more });
const NOT_HERE = screen('/nowhere', 'ページが見つかりません');
const SECURITY = screen('/security', 'アカウントの安全設定');
const FACTOR = screen('/second-factor/setup', '2段階認証の設定', { scriptOnly: PASSKEY });
const FORBIDDEN = 'この権限では使えません';

/** Pages of the portal that everybody sees. */
const PUBLIC = [
  screen('/', labels.PORTAL),
  screen('/notices', 'お知らせ'),
  screen('/manual', '手順書'),
  screen('/manual/:page', ''),
  screen('/versions', 'アプリケーションバージョン情報'),
];

function portal({ about }) {
  const origin = about.portal;
  const visitor = [
    ...PUBLIC,
    screen('/register', labels.SIGN_UP),
    screen('/login', 'ログイン'),
    screen('/password-reset', 'パスワード再設定'),
    screen('/confirm?token=x', '新規ユーザー登録の確認'),
    screen('/password-reset/new?token=x', 'パスワード再設定'),
    NOT_HERE,
  ];
  const member = [
    ...PUBLIC,
    screen('/my-menu', labels.MY_MENU),
    screen('/applications', '各種申請'),
    screen('/applications/use-start', labels.USE),
    screen('/applications/use-change', ''),
    screen('/applications/certificate-issue', labels.CERTIFICATE),
    screen('/applications/certificate-renewal', ''),
    screen('/applications/certificate-revocation', ''),
    screen('/applications/succession', ''),
    screen('/applications/code-change', ''),
    screen('/applications/customer-id-change', ''),
    screen('/applications/use-start/:id', labels.USE),
    screen('/applications/certificate-issue/:id', labels.CERTIFICATE),
    SECURITY,
    FACTOR,
  ];
  return [
    { name: 'portal', origin, screens: visitor },
    { name: 'portal-member', origin, who: 'applicant', screens: member },
  ];
}

function operator(town, shikaku) {
  const origin = town.about.operator;
  const code = town.clinic.institution_code;
  const home = screen('/', '運営者トップ');
  const letters = screen('/letters', '簡易書留発送');
  const reviewer = [
    home,
    screen('/queues', '審査'),
    screen('/queues/:kind', ''),
    screen(`/applications/${code}/:id`, ''),
    screen('/registrants', '登録者'),
    screen(`/registrants/${code}`, ''),
    screen('/history', '承認履歴'),
    screen('/notices', 'お知らせの公開'),
    SECURITY,
    FACTOR,
    { ...letters, title: new RegExp(FORBIDDEN) },
    screen('/accounts', FORBIDDEN),
    NOT_HERE,
  ];
  const prepare = () => addAdministrator(town, shikaku);
  return [
    { name: 'operator', origin, screens: [screen('/login', 'ログイン')], others: true },
    { name: 'operator-reviewer', origin, who: 'shinsa-1', screens: reviewer, others: true },
    { name: 'operator-post-room', origin, who: 'yubin-1', screens: [home, letters, SECURITY, FACTOR], others: true },
    { name: 'operator-administrator', origin, who: 'kanri', prepare, screens: [home, screen('/accounts', 'アカウント'), SECURITY, FACTOR], others: true },
  ];
}

/** What the browser on a terminal's machine finds: the terminal's own pages, and the institution web behind them. */
function terminal({ clinic }) {
  const screens = [
    screen('/', '初期画面'),
    screen('/login', ''),
    screen('/certificate-renewal', '電子証明書の更新'),
    screen('/terminal/', '端末の状態'),
    screen('/terminal/certificate', '電子証明書'),
    screen('/terminal/certificate/letter', '通知書から電子証明書を導入'),
    screen('/terminal/certificate/file', 'ファイルから電子証明書を導入'),
    screen('/terminal/certificate/export', '電子証明書のバックアップ'),
    screen('/terminal/certificate/check', '電子証明書の確認方法'),
    screen('/terminal/network', 'ネットワークのトラブル'),
  ];
  return { name: 'terminal', origin: clinic.gateway, screens, others: true };
}

/** Every site of the town. */
export function sites(town, shikaku) {
  return [
    ...portal(town),
    ...operator(town, shikaku),
    { name: 'retrieval', origin: town.about.authority, screens: [screen('/certificate', ''), screen('/', '')], others: true },
    { name: 'line', origin: town.clinic.line_door, screens: [screen('/', ''), screen('/declined', '')], others: true },
    terminal(town),
    {
      name: 'demo',
      origin: town.landing,
      // The first page and the list of errors have a story of their own.
      screens: [screen('/first-day', 'はじめての一日'), screen('/mailbox', 'メールと郵便'), screen('/renewal', '電子証明書の更新を試す'), screen('/cards/hanako', ''), screen('/nowhere', 'ページがありません')],
      others: true,
    },
  ];
}
