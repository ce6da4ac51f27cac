// The four screens after a night of rain: nothing that axe finds serious, and pictures of each for a person
// to look at (var/screenshots/).

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { finish, isAccessible, launch, t } from './harness/browser.mjs';
import { openWall, signIn } from './harness/people.mjs';
import { beside, Server } from './harness/server.mjs';

const FOLDER = join(import.meta.dirname, '../../var/screenshots');

let server;
let browser;
let town;
let staff;
let operator;

before(async () => {
  server = await Server.start();
  browser = await launch();
  const { towns } = await server.region();
  town = towns[0];
  staff = await server.account('sato', '佐藤 花子', towns[1].code, 'field', town.code);
  operator = await server.account('suzuki', '鈴木 一郎', town.code, 'operator');
  // The night of `make demo`, three hundred times faster than life.
  const night = ['--url', server.url, '--data', server.data, '--speed', '300', '--once'];
  execFileSync(beside('demo'), night, { stdio: 'ignore' });
  mkdirSync(FOLDER, { recursive: true });
});

after(async () => {
  await finish(browser, server);
});

const SCREENS = {
  resident: async (page) => {
    await page.goto(server.url);
    await page.getByRole('radio', { name: t('category.road_damage') }).check();
  },
  field: async (page) => {
    await signIn(page, `${server.url}/field`, staff);
    await page.getByRole('heading', { name: t('field.report'), exact: true }).waitFor();
  },
  wall: async (page) => {
    await openWall(page, await server.wallAddress(town.code));
    await page.locator('#newest > li').first().waitFor();
    await mapIsDrawn(page);
  },
  console: async (page) => {
    await signIn(page, `${server.url}/console`, operator);
    await page.getByRole('heading', { name: t('console.inbox') }).waitFor();
    await mapIsDrawn(page);
  },
};

for (const [name, open] of Object.entries(SCREENS)) {
  for (const size of ['desk', 'phone']) {
    test(`${name} on a ${size} has no serious accessibility violation and its picture is taken`, async () => {
      const page = await browser.page(size, town.label);
      await open(page);
      await page.waitForLoadState('networkidle').catch(() => undefined);
      const { width, height } = page.viewportSize();
      await page.screenshot({ path: join(FOLDER, `${name}-${width}x${height}.png`) });
      await isAccessible(page, `${name} on a ${size}`);
      await page.context().close();
    });
  }
}

/** The map is drawn when its picture has stayed the same for a while: what it shows comes bit by bit. */
async function mapIsDrawn(page) {
  const canvas = page.locator('canvas.maplibregl-canvas').first();
  await canvas.waitFor();
  let last = null;
  for (let alike = 0, tries = 0; alike < 3 && tries < 30; tries += 1) {
    await page.waitForTimeout(700);
    const picture = await canvas.screenshot();
    alike = last?.equals(picture) ? alike + 1 : 0;
    last = picture;
  }
}
