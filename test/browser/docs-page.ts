import assert from 'node:assert/strict';
import type { Browser, Locator, Page } from 'playwright-core';

const timeout = 60_000;

const textOf = async (element: Locator): Promise<string> => (await element.textContent()) ?? '';

/** The page at `/docs` in a browser. */
export class DocsPage {
  readonly #page: Page;
  readonly #requests: string[] = [];
  readonly #complaints: string[] = [];

  private constructor(page: Page) {
    this.#page = page;
    page.setDefaultTimeout(timeout);
    page.on('request', (request) => this.#requests.push(request.url()));
    page.on('pageerror', (error) => this.#complaints.push(String(error)));
    page.on('console', (message) => {
      const text = message.text();
      // Of an answer that the test means to get.
      const isMeant = /^Failed to load resource: .* status of 401\b/.test(text);
      if (['error', 'warning'].includes(message.type()) && !isMeant) this.#complaints.push(text);
    });
  }

  static async open(browser: Browser, url: string): Promise<DocsPage> {
    const page = new DocsPage(await browser.newPage());
    await page.#page.goto(`${url}/docs`);
    await page.#page.locator('.opblock').first().waitFor();
    return page;
  }

  operations(): Promise<number> {
    return this.#page.locator('.opblock').count();
  }

  title(): Promise<string> {
    return textOf(this.#page.locator('.info .title'));
  }

  async authorize(key: string): Promise<void> {
    await this.#page.locator('.auth-wrapper .authorize').first().click();
    await this.#page.locator('.dialog-ux input[type=text]').first().fill(key);
    await this.#page.locator('.dialog-ux .modal-btn.authorize').first().click();
    await this.#page.locator('.dialog-ux .modal-btn.btn-done').first().click();
  }

  #operation(tag: string, id: string): Locator {
    return this.#page.locator(`#operations-${tag}-${id}`);
  }

  /** Tries an operation out, with these parameters and the body of its first example. @returns status and answer. */
  async tryOut(
    tag: string,
    id: string,
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly status: string; readonly body: string; readonly curl: string }> {
    const operation = this.#operation(tag, id);
    await operation.locator('.opblock-summary-control').click();
    await operation.locator('.try-out__btn').click();
    for (const [name, value] of Object.entries(parameters))
      await operation.locator(`tr[data-param-name="${name}"] input`).fill(value);
    await operation.locator('.execute').click();
    const live = operation.locator('.live-responses-table .response');
    await live.waitFor();
    return {
      status: (await textOf(live.locator('.response-col_status'))).trim(),
      body: await textOf(live.locator('.highlight-code code').first()),
      curl: await textOf(operation.locator('.curl-command')),
    };
  }

  /** Nothing was asked of another origin, nothing was refused by the policy, nothing failed. */
  requireQuiet(): void {
    const { origin } = new URL(this.#page.url());
    const elsewhere = this.#requests.filter(
      (url) => !url.startsWith(`${origin}/`) && !url.startsWith('data:'),
    );
    assert.deepEqual(elsewhere, [], 'no request leaves the origin');
    assert.deepEqual(this.#complaints, [], 'the browser complains of nothing');
    assert.ok(this.#requests.some((url) => url.endsWith('/v1/openapi.json')));
  }

  async stored(): Promise<string> {
    return this.#page.evaluate('JSON.stringify({ ...localStorage, ...sessionStorage })');
  }
}
