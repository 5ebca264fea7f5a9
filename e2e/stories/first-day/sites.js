// The sites and their screens at the end of the day. `at` is an address, `:x` any one part of it, found by following
// links; the title is written out, so that a changed word is a decision. `files` are links that lead to no page.

import { NOTICE } from './register.js';
import * as labels from './labels.js';
import { addColleague } from './operators.js';

/** What needs a script, as it asks the browser for a passkey; beside it stands the way without. */
const PASSKEY = ['', 'パスキーを登録する'];

const screen = (at, title, more = {}) => ({ at, title: new RegExp(`^${title}`), ...more });
const NOT_HERE = screen('/nowhere', 'ページが見つかりません');
const SECURITY = screen('/security', 'アカウントの安全設定');
const FACTOR = screen('/second-factor/setup', '2段階認証の設定', { scriptOnly: PASSKEY });
const PROOF = screen('/security/proof', 'ご本人の確認');
const FORBIDDEN = 'この権限では使えません';

/** Pages of the portal that everybody sees. */
const PUBLIC = [
  screen('/', labels.PORTAL),
  screen('/notices', 'お知らせ'),
  screen('/notices/:id', NOTICE.title),
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
    screen('/registration/mail/confirm?token=x', 'メールアドレスの変更の確認'),
    NOT_HERE,
  ];
  const member = [
    ...PUBLIC,
    screen('/my-menu', labels.MY_MENU),
    screen('/registration', '登録情報の変更'),
    screen('/security/proof?next=/registration', 'ご本人の確認'),
    screen('/applications', '各種申請'),
    screen('/applications/use-start', labels.USE),
    screen('/applications/use-change', labels.USE_CHANGE),
    screen('/applications/certificate-issue', labels.CERTIFICATE),
    screen('/applications/certificate-renewal', labels.RENEWAL),
    screen('/applications/certificate-revocation', labels.REVOCATION),
    screen('/applications/succession', labels.SUCCESSION),
    screen('/applications/code-change', labels.CODE_CHANGE),
    screen('/applications/customer-id-change', labels.CUSTOMER_ID_CHANGE),
    screen('/applications/use-start/:id', labels.USE),
    screen('/applications/use-change/:id', labels.USE_CHANGE),
    screen('/applications/certificate-issue/:id', labels.CERTIFICATE),
    screen('/applications/succession/:id', labels.SUCCESSION),
    screen('/applications/succession/:id/edit', labels.SUCCESSION),
    screen('/applications/code-change/:id', labels.CODE_CHANGE),
    screen('/applications/code-change/:id/edit', labels.CODE_CHANGE),
    screen('/applications/customer-id-change/:id', labels.CUSTOMER_ID_CHANGE),
    SECURITY,
    PROOF,
    FACTOR,
  ];
  return [
    { name: 'portal', origin, screens: visitor },
    { name: 'portal-member', origin, who: 'applicant', screens: member },
  ];
}

/** The operator's site, as each role finds it: whatever a page leads to is in the role's table. */
function operator(town, scene) {
  const origin = town.about.operator;
  const code = town.clinic.institution_code;
  const home = screen('/', '運営者トップ');
  /** Who cares for letters sees them all; only who sends them opens what is in them. */
  const letters = [
    screen('/letters', '簡易書留発送'),
    screen('/letters/find', '通知書を探す'),
    screen('/letters/:institution/:letter', '通知書の状態'),
  ];
  const denied = (at) => screen(at, FORBIDDEN);
  /** What everybody of the operator may see. */
  const everybody = [
    home,
    screen('/institutions', '医療機関マスタ'),
    screen('/institutions/:code', '架空'),
    screen('/lines', '回線'),
    screen('/lines/:code', '回線（'),
    SECURITY,
    PROOF,
    FACTOR,
    NOT_HERE,
  ];
  const applications = [
    screen('/queues', '審査'),
    screen('/queues/:kind', ''),
    screen('/registrants', '登録者'),
    screen('/registrants?institution=:code', '登録者'),
    screen(`/registrants/${code}`, ''),
  ];
  const history = screen('/history', '承認履歴');
  const one = screen(`/applications/${code}/:id`, '');
  const reviewer = [
    ...everybody,
    ...applications,
    screen('/institutions/new', '医療機関の登録'),
    screen('/institutions/:code/change', '医療機関の変更'),
    history,
    one,
    screen('/notices', 'お知らせの公開'),
    ...letters,
    denied('/accounts'),
  ];
  const post = [...everybody, ...letters, denied('/queues'), denied('/history'), denied('/notices')];
  const keeper = [...everybody, ...applications, denied('/letters'), denied('/institutions/new')];
  const administrator = [...everybody, history, screen('/accounts', 'アカウント'), denied('/queues'), denied('/letters')];
  const auditor = [...everybody, ...applications, history, one, denied('/notices'), denied('/accounts')];
  const files = ['/letters/:institution/:letter/pdf'];
  const join = (id) => ({ prepare: () => addColleague(scene, id) });
  return [
    { name: 'operator', origin, screens: [screen('/', 'ログイン'), screen('/login', 'ログイン')] },
    { name: 'operator-reviewer', origin, who: 'shinsa-1', screens: reviewer },
    { name: 'operator-post-room', origin, who: 'yubin-1', screens: post, files },
    { name: 'operator-line-keeper', origin, who: 'kaisen', screens: keeper },
    { name: 'operator-administrator', origin, who: 'kanri', ...join('kanri'), screens: administrator },
    { name: 'operator-auditor', origin, who: 'kansa', ...join('kansa'), screens: auditor },
  ];
}

/** The terminal has asked the centre about the certificate it uses now, and was answered: its pages say one thing. */
async function rest(town) {
  const page = await town.pc();
  await page.goto(`${town.clinic.gateway}/terminal/`);
  await town.until(page, page.getByText('接続しています'), 'the answer of the centre to the terminal');
}

/** What the browser on a terminal's machine finds: the terminal's own pages, and the institution web behind them. */
function terminal(town) {
  const { clinic } = town;
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
  return { name: 'terminal', origin: clinic.gateway, screens, others: true, prepare: () => rest(town) };
}

/** Every site of the town. */
export function sites(town, scene) {
  return [
    ...portal(town),
    ...operator(town, scene),
    { name: 'retrieval', origin: town.about.authority, screens: [screen('/certificate', '電子証明書の取得'), screen('/', '電子証明書の取得')] },
    { name: 'line', origin: town.clinic.line_door, screens: [screen('/', labels.CONNECTED), screen('/declined', labels.CONNECTED)] },
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
