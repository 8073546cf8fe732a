import { Problem } from '../../domain/errors.ts';
import { type Api, pathParameter } from '../api.ts';
import { contentSecurityPolicy, type DocsAsset, docsAssets, page, script } from '../docs/page.ts';
import { answerVersioned, remembered, type Versioned, versioned } from '../docs/versioned.ts';
import { noQuery, readQuery } from '../query.ts';

export interface DocsDeps {
  /** Reads a file of Swagger UI. */
  readonly asset: (name: DocsAsset) => Promise<Uint8Array<ArrayBuffer>>;
}

const names = Object.keys(docsAssets) as readonly DocsAsset[];

const pageHeaders = {
  'content-security-policy': contentSecurityPolicy,
  'referrer-policy': 'no-referrer',
};

/**
 * `GET /docs`: the description for people, in a page that takes all it needs from here. Open to all, as the description is:
 * what it tries out takes the key that is typed in.
 */
export const docsPages = (api: Api, { asset }: DocsDeps): void => {
  const assets = Object.fromEntries(
    names.map((name) => [name, remembered(async () => versioned(await asset(name), docsAssets[name]))]),
  ) as Readonly<Record<DocsAsset, () => Promise<Versioned>>>;
  const ownScript = versioned(script, docsAssets['swagger-ui-bundle.js']);
  const shownPage = remembered(async () => {
    const versions = await Promise.all(
      names.map(async (name) => [name, (await assets[name]()).version] as const),
    );
    const all = { ...Object.fromEntries(versions), 'docs.js': ownScript.version };
    return versioned(page(all as Record<DocsAsset | 'docs.js', string>), 'text/html; charset=utf-8');
  });
  api.get('/docs', async (c) => {
    noQuery(c);
    return answerVersioned(c, await shownPage(), pageHeaders);
  });
  api.get('/docs/:file', async (c) => {
    readQuery(c, ['v']);
    const name = pathParameter(c, 'file');
    if (name === 'docs.js') return answerVersioned(c, ownScript);
    if (!Object.hasOwn(assets, name)) throw new Problem('not_found', 'The page has no such file.');
    return answerVersioned(c, await assets[name as DocsAsset]());
  });
};
