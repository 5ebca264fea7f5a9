// The days after the first: what else is done at the portal and by the operator's people; and, when every screen was
// looked at, what goes wrong.

import { forgetPassword, keepFactors } from './factors.js';
import { beReturned, fillForms } from './forms.js';
import { beHeld } from './held.js';
import { tellPasskey } from './operators.js';
import { changeRegistration } from './registration.js';
import { keepLines, keepRegister, publishNotice } from './register.js';
import { beRefusedACertificate, installAForeignOne, loseTheLine, pressTooOften, revoke } from './troubles.js';

/** What is done on other days. */
export function tellAfterwards({ then, scene, account }) {
  then('the operator keeps the register of institutions, two people for a change', () => keepRegister(scene));
  then('the operator keeps the lines', () => keepLines(scene));
  then('the operator publishes an お知らせ, which is read on the portal', () => publishNotice(scene));
  then('the other applications, each up to its 確認画面', () => fillForms(scene));
  then('差戻し, 再申請, 却下', () => beReturned(scene));
  then('認証アプリ, 回復コード, パスワード再設定', async () => {
    const code = await keepFactors(scene, account.password);
    await forgetPassword(scene, { ...account, code });
  });
  then('登録情報の変更: another contact, and an address that is taken back', () => changeRegistration(scene));
  if (scene.town.javaScript) then('a person of the operator signs in with a passkey', () => tellPasskey(scene));
  then('電子証明書取得サイト refuses, and says why', () => beRefusedACertificate(scene));
  then("somebody else's certificate is not installed", () => installAForeignOne(scene));
}

/** What ends the day's states: the line, then the certificate. */
export function tellTroubles({ then, scene, album }) {
  then('the line is ended, declined, withdrawn, and connected again', () => loseTheLine(scene));
  then('失効: a person of the operator ends the certificate, and everybody is told', () => revoke(scene));
  then('手続きが止まっています: its registrant is stopped, and what was approved is ended', () => beHeld(scene));
  if (album) then('its buttons pressed too often', () => pressTooOften(scene));
}
