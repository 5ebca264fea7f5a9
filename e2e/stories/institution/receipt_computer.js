// The receipt computer asks by file for what the screens show: OQSsiurl (医療機関アクセスURL取得).

import assert from 'node:assert/strict';
import { readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../../people.js';
import { scanned, scannedFromPaper } from './papers.js';

/** OQSCD033 and OQSCD034. */
const HOME_VISIT = '2';
const PICTURES = { png: '2', pdf: '1' };

const question = (code, format) =>
  `<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<XmlMsg>
  <MessageHeader>
    <MedicalInstitutionCode>${code}</MedicalInstitutionCode>
    <ArbitraryFileIdentifier>K-${format}</ArbitraryFileIdentifier>
  </MessageHeader>
  <MessageBody>
    <UrlClassification>${HOME_VISIT}</UrlClassification>
    <FileFormat>${format}</FileFormat>
    <UrlChangeFlag>0</UrlChangeFlag>
  </MessageBody>
</XmlMsg>
`;

/** The address that the screen shows comes by file, with its picture beside it in each form. */
export async function askForAddress({ clinic, page }) {
  await clinic.go(page, 'マイナ在宅受付web管理', '医療機関等別URL取得・変更');
  const address = await page.locator('#address-visit').innerText();
  const { drop, institution_code: code } = clinic.about;
  for (const [kind, format] of Object.entries(PICTURES)) {
    const name = `20261123001${format}`;
    // Written beside and then renamed, as a receipt computer does: nobody reads half a file.
    await writeFile(join(drop, `${name}.tmp`), question(code, format));
    const before = await readdir(join(drop, 'res'));
    await rename(join(drop, `${name}.tmp`), join(drop, 'req', `OQSsiurl01req_${name}.xml`));
    const answer = `OQSsiurl01res_${name}.xml`;
    await waitFor(async () => (await readdir(join(drop, 'res'))).includes(answer), answer);
    const xml = await readFile(join(drop, 'res', answer), 'utf8');
    const value = (element) => xml.match(new RegExp(`<${element}>([^<]*)</${element}>`))?.[1];
    assert.equal(value('ProcessingResultStatus'), '1', xml);
    assert.equal(value('AccessUrl'), address, xml);
    assert.equal(value('ArbitraryFileIdentifier'), `K-${format}`, xml);
    const pictures = (await readdir(join(drop, 'res'))).filter((file) => !before.includes(file) && file.endsWith(`.${kind}`));
    assert.equal(pictures.length, 1, `${pictures}`);
    const picture = join(drop, 'res', pictures[0]);
    assert.equal(await (kind === 'pdf' ? scannedFromPaper(picture) : scanned(picture)), address, pictures[0]);
  }
}
