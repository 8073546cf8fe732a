/**
 * `npm run test:browser`: the page at `/docs` in Chromium, at the broker's own address and behind a stage: it shows every
 * operation, its requests go to the broker and nowhere else, and what is tried out in it is done.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { operations } from '../../lib/http/description/operations.ts';
import { startRuntime } from '../../lib/local/runtime.ts';
import { noTelemetry } from '../../lib/surroundings/telemetry.ts';
import { type Program, runProgram } from '../harness/program.ts';
import { step } from '../harness/progress.ts';
import { startChromium } from './chromium.ts';
import { DocsPage } from './docs-page.ts';
import { startStage } from './stage.ts';

const tryPage = async (browser: Browser, url: string, key: string, topic: string): Promise<void> => {
  const page = await DocsPage.open(browser, url);
  assert.match(await page.title(), /^Millrace/);
  assert.equal(await page.operations(), operations.length);
  const refused = await page.tryOut('Topics', 'listTopics');
  assert.equal(refused.status, '401');
  await page.authorize(key);
  const created = await page.tryOut('Topics', 'createTopic', { topic });
  assert.equal(created.status, '201', created.body);
  const produced = await page.tryOut('Records', 'produceRecords', { topic });
  assert.equal(produced.status, '200', produced.body);
  assert.match(produced.body, /"offset": 0/);
  assert.ok(produced.curl.includes(`${url}/v1/topics/${topic}/records`), produced.curl);
  const there = await fetch(`${url}/v1/topics/${topic}`, { headers: { authorization: `Bearer ${key}` } });
  assert.equal(there.status, 200);
  page.requireQuiet();
  assert.ok(!(await page.stored()).includes(key), 'the key is not kept');
};

const test = async ({ folder, atEnd }: Program): Promise<void> => {
  const browser = await step('Chromium', startChromium);
  atEnd(() => browser.close());
  const broker = await step('A broker', () =>
    startRuntime({ folder: join(folder, 'data'), port: 0, telemetry: noTelemetry }),
  );
  atEnd(() => broker.stop());
  const stage = await startStage(new URL(broker.url), 'prod');
  atEnd(stage.stop);
  await step('The page at the address of the broker', () =>
    tryPage(browser, broker.url, broker.adminKey, 'browsed'),
  );
  await step('The page behind a stage', () => tryPage(browser, stage.url, broker.adminKey, 'staged'));
};

await runProgram('browser', test);
