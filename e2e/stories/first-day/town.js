// Who takes part in the day: the institution's applicant, the operator's people, whoever sits at the terminal.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LINE_NAME } from '../../browser.js';
import { People } from '../../people.js';
import { openProfile } from '../../profile.js';

/** The institution and its people. */
export class Town extends People {
  constructor({ browser, demo, folder, ...way }) {
    super({ browser, ...way });
    this.folder = folder;
    this.about = demo.about;
    this.clinic = demo.about.new_clinic;
    this.landing = demo.about.landing_page.replace(/\/$/, '');
    this.data = demo.data;
  }

  /** The browser of the machine the terminal runs on: it trusts the network's root and uses the institution's line. */
  pc() {
    return this.person('pc', async () => {
      await mkdir(this.folder, { recursive: true });
      const line = new URL(this.clinic.line_authentication).host;
      const profile = await openProfile(this.folder, {
        root: join(this.data, 'ca', 'root.cert.pem'),
        javaScript: this.javaScript,
        rules: `MAP ${LINE_NAME}:443 ${line}`,
      });
      return this.join('pc', profile.context);
    });
  }
}
