import { Problem } from '../../domain/errors.ts';
import type { SchemaVersion } from '../../domain/schemas.ts';
import { parseWhole } from '../../domain/text/decimals.ts';
import { timestampText } from '../../domain/text/timestamps.ts';
import type { SchemaObject } from '../../schemas/keywords.ts';
import {
  removeSchema,
  type ShownSchema,
  schemaInForce,
  schemaVersions,
  setCompatibility,
  setSchema,
  type TopicSchemaDeps,
  trySchema,
  type WantedSchema,
} from '../../schemas/versions.ts';
import type {
  SchemaAnswer,
  SchemaTrialAnswer,
  SchemaVersionAnswer,
  SchemaVersionsAnswer,
} from '../answers/schemas.ts';
import { type Api, type ApiContext, type ApiDeps, allow, pathParameter } from '../api.ts';
import { readJson } from '../body.ts';
import { flag, noQuery, readQuery } from '../query.ts';
import { check } from '../schemas/check.ts';
import { schemaChange, schemaSettings } from '../schemas/schemas.ts';

export interface SchemaDeps extends ApiDeps, TopicSchemaDeps {}

const path = '/v1/topics/:topic/schema';

const shownVersion = ({ version, createdAt, schemaJson }: SchemaVersion): SchemaVersionAnswer => ({
  version,
  createdAt: timestampText(createdAt),
  schema: JSON.parse(schemaJson) as unknown,
});

const shown = ({ version, compatibility }: ShownSchema): SchemaAnswer => ({
  ...shownVersion(version),
  compatibility,
});

const wantedIn = async (c: ApiContext): Promise<WantedSchema> => {
  const { schema, ...more } = check(schemaSettings, await readJson(c, { limit: 'settingsBytes' }));
  return { schema: schema as SchemaObject, ...more };
};

/** `PUT …/schema` */
const putSchema = (api: Api, deps: SchemaDeps): void => {
  api.put(path, allow(deps, 'admin'), async (c) => {
    const isTrial = flag('dryRun', readQuery(c, ['dryRun']).dryRun);
    const name = pathParameter(c, 'topic');
    const wanted = await wantedIn(c);
    if (isTrial) {
      const { errors, ...trial } = await trySchema(deps, name, wanted);
      const answer: SchemaTrialAnswer = { compatible: errors.length === 0, ...trial, errors };
      return c.json(answer);
    }
    const { created, ...set } = await setSchema(deps, name, wanted);
    return c.json(shown(set), created ? 201 : 200);
  });
};

/** `GET …/schema/versions` and `GET …/schema/versions/{version}` */
const getVersions = (api: Api, deps: SchemaDeps): void => {
  api.get(`${path}/versions`, allow(deps), async (c) => {
    noQuery(c);
    const { versions, inForce = null } = await schemaVersions(deps, pathParameter(c, 'topic'));
    const listed = versions.map(({ version, createdAt }) => ({
      version,
      createdAt: timestampText(createdAt),
    }));
    return c.json({ versions: listed, inForce } satisfies SchemaVersionsAnswer);
  });
  api.get(`${path}/versions/:version`, allow(deps), async (c) => {
    noQuery(c);
    const name = pathParameter(c, 'topic');
    const number = parseWhole(pathParameter(c, 'version'));
    const { versions } = await schemaVersions(deps, name);
    const found = versions.find(({ version }) => version === number);
    if (found !== undefined) return c.json(shownVersion(found));
    const has = versions.length === 0 ? 'It has none.' : `It has versions 1 to ${versions.length}.`;
    throw new Problem('schema_not_found', `The schema of topic "${name}" has no such version. ${has}`);
  });
};

/** The schema of a topic's values: set, shown, changed and deleted, and its versions. Whoever has a key for the topic may read it. */
export const schemaRoutes = (api: Api, deps: SchemaDeps): void => {
  putSchema(api, deps);
  getVersions(api, deps);
  api.get(path, allow(deps), async (c) => {
    noQuery(c);
    return c.json(shown(await schemaInForce(deps, pathParameter(c, 'topic'))));
  });
  api.patch(path, allow(deps, 'admin'), async (c) => {
    noQuery(c);
    const { compatibility } = check(schemaChange, await readJson(c, { limit: 'settingsBytes' }));
    return c.json(shown(await setCompatibility(deps, pathParameter(c, 'topic'), compatibility)));
  });
  api.delete(path, allow(deps, 'admin'), async (c) => {
    noQuery(c);
    await removeSchema(deps, pathParameter(c, 'topic'));
    return c.body(null, 204);
  });
};
