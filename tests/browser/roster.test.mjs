// The road to work is cut: a staff member reports for duty at home. The operator there sees who came, confirms
// and gives more; both rosters know where the person is and since when; the employer calls back.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { finish, isAccessible, launch, photograph, t } from './harness/browser.mjs';
import { openConsole, signIn } from './harness/people.mjs';
import { Server } from './harness/server.mjs';

let server;
let browser;

before(async () => {
  server = await Server.start();
  browser = await launch();
});

after(async () => {
  // The answer that is lost on purpose.
  browser?.forgive(/ERR_FAILED/);
  await finish(browser, server);
});

/** The table of a roster whose caption begins like this text with another number. */
const table = (page, key, n) => page.getByRole('table', { name: t(key, { n }) });

test('an arrival is seen, confirmed once and raised; both rosters show it; the employer calls back', async () => {
  const { towns } = await server.region();
  const [own, employer] = towns;
  const name = '佐藤 花子';
  const staff = await server.account('sato', name, employer.code, 'field', own.code);
  const there = await browser.page('desk');
  await openConsole(there, server, await server.account('suzuki', '鈴木 一郎', own.code, 'operator'));
  const home = await browser.page('desk');
  await openConsole(home, server, await server.account('tanaka', '田中 次郎', employer.code, 'operator'));
  await home.getByText(`${name}（${t('role.field')}）`).waitFor();

  const phone = await browser.page('phone', own.label);
  await signIn(phone, `${server.url}/field`, staff);
  await phone.getByRole('button', { name: t('field.duty.home', { office: own.name }) }).click();
  await phone.getByText(t('field.unconfirmed')).waitFor();

  // Arrived: the office there and the employer see it at once.
  const arrived = table(there, 'console.here', 1).getByRole('row').filter({ hasText: name });
  await arrived.getByText(t('console.unconfirmed')).waitFor();
  await arrived.getByText(t('console.employed_by', { office: employer.name })).waitFor();
  const away = table(home, 'console.elsewhere', 1).getByRole('row').filter({ hasText: name });
  await away.getByText(own.name).waitFor();
  await home.getByRole('heading', { name: t('console.not_checked_in', { n: 1 }) }).waitFor();
  const since = /\d\d:\d\d:\d\d/;
  const [seenThere, seenAtHome] = [await arrived.textContent(), await away.textContent()];
  assert.match(seenThere, since);
  assert.equal(since.exec(seenAtHome)[0], since.exec(seenThere)[0], 'both rosters name the same time');
  await isAccessible(there, 'the roster with somebody unconfirmed');
  await photograph(there, 'roster-arrived');

  // The answer is lost on its way: the live roster shows all the same what was done.
  await there.route(
    '**/confirm',
    async (route) => {
      await route.fetch();
      await route.abort();
    },
    { times: 1 },
  );
  const give = (role) => arrived.getByRole('button', { name: t('console.confirm_named', { name, role: t(role) }) });
  await give('role.field').click();
  await arrived.getByText(t('console.confirmed_by', { name: '鈴木 一郎' })).waitFor();
  await there.getByText(t('network.unreachable')).waitFor();

  await give('role.operator').click();
  await give('role.field').waitFor();
  await give('role.operator').waitFor({ state: 'detached' });
  await there.getByText(t('network.unreachable')).waitFor({ state: 'detached' });
  await photograph(there, 'roster-raised');

  // The phone hears of it at its next look, and may now do what an operator may.
  await phone.reload();
  await phone.getByText(t('field.confirmed', { name: '鈴木 一郎' })).waitFor();
  await phone.getByText(t('role.operator'), { exact: true }).waitFor();

  await isAccessible(home, 'the roster with somebody elsewhere');
  await photograph(home, 'roster-elsewhere');
  await away.getByRole('button', { name: t('console.call_back_named', { name }) }).click();
  await table(home, 'console.elsewhere', 0).waitFor();
  await table(there, 'console.here', 0).waitFor();
  await phone.reload();
  await phone.getByText(t('field.acting', { office: employer.name })).waitFor();
  await phone.getByRole('alert').getByText(employer.name).waitFor();
});
