import { describe, expect, it } from 'vitest';
import { docsAssets } from '../../../lib/http/docs/page.ts';
import { call, newWorld } from '../world.ts';

const told: readonly (readonly [path: string, type: string])[] = [
  ['/v1/openapi.json', 'application/json'],
  ['/docs', 'text/html; charset=utf-8'],
  ['/docs/docs.js', 'text/javascript; charset=utf-8'],
  ...Object.entries(docsAssets).map(([name, type]) => [`/docs/${name}`, type] as const),
];

describe('what is told to everybody', () => {
  it.each(told)('%s needs no key, has its type, and is not sent again to who has it', async (path, type) => {
    const world = await newWorld();
    const answer = await call(world, `GET ${path}`, { key: null });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe(type);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    const etag = answer.headers.get('etag') ?? '';
    expect(etag).toMatch(/^W\/"[\w-]{22}"$/);
    for (const known of [etag, `"x", ${etag.replace('W/', '')}`, '*']) {
      const again = await call(world, `GET ${path}`, { key: null, headers: { 'if-none-match': known } });
      expect({ status: again.status, text: again.text }).toEqual({ status: 304, text: '' });
    }
    const other = await call(world, `GET ${path}`, { headers: { 'if-none-match': 'W/"another"' } });
    expect(other.status).toBe(200);
    expect((await call(world, `HEAD ${path}`, { key: null })).status).toBe(200);
  });

  it('is compressed for those who ask for it', async () => {
    const world = await newWorld();
    const accepts = { 'accept-encoding': 'gzip' };
    const plain = await call(world, 'GET /docs/swagger-ui.css');
    const answer = await world.apps.describe.request('/docs/swagger-ui.css', { headers: accepts });
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    const bytes = await answer.arrayBuffer();
    expect(bytes.byteLength).toBeLessThan(plain.text.length / 4);
    const image = await world.apps.describe.request('/docs/favicon-32x32.png', { headers: accepts });
    expect(image.headers.get('content-encoding')).toBeNull();
  });

  it('is kept for ever under the addresses that the page has, which change with it', async () => {
    const world = await newWorld();
    const { text } = await call(world, 'GET /docs');
    const links = [...text.matchAll(/(?:href|src)="(docs\/[^"]+)"/g)].map(([, link]) => `/${link}`);
    expect(links.length).toBe(Object.keys(docsAssets).length + 1);
    for (const link of links) {
      const answer = await call(world, `GET ${link}`, { key: null });
      expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      const stale = await call(world, `GET ${link}x`, { key: null });
      expect(stale.headers.get('cache-control')).toBe('no-cache');
    }
  });

  it('takes no script, style or answer from elsewhere, and none that is in the page', async () => {
    const { headers, text } = await call(await newWorld(), 'GET /docs');
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none'; /);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(text).not.toMatch(/https?:\/\/|<script>|<style>| on\w+=| style=/);
  });

  it('leads from /docs/ to the page, behind whatever stands before both', async () => {
    const answer = await call(await newWorld(), 'GET /docs/', { key: null });
    expect(answer.status).toBe(308);
    const location = answer.headers.get('location') ?? '';
    expect(new URL(location, 'https://broker.example.com/stage/docs/').pathname).toBe('/stage/docs');
  });

  it('says what is wrong with an address that is none', async () => {
    const world = await newWorld();
    for (const name of ['index.html', 'swagger-ui.js', 'package.json', '__proto__', 'constructor'])
      expect((await call(world, `GET /docs/${name}`)).json).toMatchObject({ code: 'not_found' });
    expect((await call(world, 'GET /docs?x=1')).json).toMatchObject({ code: 'invalid_request' });
  });
});
