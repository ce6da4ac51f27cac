// Debian's Chromium, headless, and what every journey asks of a page: no error in its console, nothing
// blocked by the content security policy, no serious finding of axe.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { chromium } from 'playwright-core';

/** How long something may take on a machine that is busy. */
const PATIENCE_MS = 30_000;

const SIZES = { phone: { width: 390, height: 844 }, desk: { width: 1920, height: 1080 } };

const catalogue = JSON.parse(readFileSync(join(import.meta.dirname, '../../../web/src/i18n/lang/ja.json'), 'utf8'));

/** A text of the screens, from their own catalogue. */
export function t(key, values = {}) {
  const found = catalogue[key];
  assert.ok(found, `the catalogue has no ${key}`);
  return (typeof found === 'string' ? found : found.other).replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** A camera and a microphone that Chromium plays itself, and a person who allows them. */
export const CAMERA = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

/** `more`: arguments for Chromium beside the usual ones. */
export async function launch(more = []) {
  const browser = await chromium.launch({
    executablePath: process.env.SOKUHO_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--use-gl=angle',
      '--use-angle=swiftshader',
      '--enable-unsafe-swiftshader',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      ...more,
    ],
  });
  return new Browser(browser);
}

class Browser {
  #browser;
  #troubles = [];
  #foreign = [];

  constructor(browser) {
    this.#browser = browser;
  }

  /** A page in a browser of its own, `phone` or `desk`; `at` is where the device is: `{ lat, lon }`. */
  async page(size, at) {
    const context = await this.#browser.newContext({
      viewport: SIZES[size],
      locale: 'ja-JP',
      timezoneId: 'Asia/Tokyo',
      reducedMotion: 'reduce',
      hasTouch: size === 'phone',
      isMobile: size === 'phone',
      ...(at && {
        geolocation: { latitude: at.lat, longitude: at.lon, accuracy: 8 },
        permissions: ['geolocation'],
      }),
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    page.on('pageerror', (error) => this.#troubles.push(`${page.url()}: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.#troubles.push(`${page.url()}: ${message.text()}`);
    });
    page.on('request', (request) => {
      if (/^(https?|wss?):/.test(request.url()) && new URL(request.url()).hostname !== '127.0.0.1') {
        this.#foreign.push(request.url());
      }
    });
    return page;
  }

  /** Forgets troubles that a journey causes on purpose, such as a server that is down. */
  forgive(pattern) {
    this.#troubles = this.#troubles.filter((trouble) => !pattern.test(trouble));
  }

  /** No page so far had an error in its console. */
  isUntroubled() {
    assert.deepEqual(this.#troubles, [], 'errors on the pages');
  }

  async finish() {
    await this.#browser.close();
    this.isUntroubled();
    assert.deepEqual(this.#foreign, [], 'a page talked to somebody else');
  }
}

/** Where pictures of the screens lie, for a person to look at. */
const FOLDER = join(import.meta.dirname, '../../../var/screenshots');

/** Takes a picture of what the screen shows. */
export async function photograph(page, name) {
  const { width, height } = page.viewportSize();
  mkdirSync(FOLDER, { recursive: true });
  await page.screenshot({ path: join(FOLDER, `${name}-${width}x${height}.png`) });
}

/** Ends both, whatever the one finds in the other's way: what runs on would hold up the runner. */
export async function finish(browser, server) {
  try {
    await browser?.finish();
  } finally {
    await server?.finish();
  }
}

/** WCAG 2.2 A and AA: nothing serious or critical. */
export async function isAccessible(page, name) {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
  const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const told = grave.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(' ')}`);
  assert.deepEqual(told, [], `axe on ${name}`);
}

/** Waits until every picture in the place has been drawn. */
export async function picturesAreDrawn(place) {
  const pictures = place.locator('img');
  await pictures.first().waitFor();
  for (const picture of await pictures.all()) {
    await picture.scrollIntoViewIfNeeded();
    await picture.evaluate((img) => img.decode());
  }
}
