export type Part = 'produce' | 'consume' | 'pull' | 'acks' | 'admin' | 'describe';
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

const topics = '/v1/topics';
const topic = `${topics}/:topic`;
const group = `${topic}/groups/:group`;
const endpoints = `${group}/endpoints`;

/** Every path of the interface (DESIGN §10), its methods, and which function serves each. */
export const paths: Readonly<Record<string, Readonly<Partial<Record<Method, Part>>>>> = {
  [topics]: { GET: 'admin' },
  [topic]: { GET: 'admin', PUT: 'admin', PATCH: 'admin', DELETE: 'admin' },
  [`${topic}/records`]: { POST: 'produce', DELETE: 'admin' },
  [`${topic}/erasures`]: { GET: 'admin' },
  [`${topic}/erasures/:erasure`]: { GET: 'admin' },
  [`${topic}/schema`]: { GET: 'admin', PUT: 'admin', PATCH: 'admin', DELETE: 'admin' },
  [`${topic}/schema/versions`]: { GET: 'admin' },
  [`${topic}/schema/versions/:version`]: { GET: 'admin' },
  [`${topic}/partitions`]: { GET: 'consume' },
  [`${topic}/partitions/:partition/records`]: { GET: 'consume' },
  [`${topic}/groups`]: { GET: 'admin' },
  [group]: { GET: 'admin', PUT: 'admin', PATCH: 'admin', DELETE: 'admin' },
  [`${group}/attempts`]: { GET: 'admin' },
  [`${group}/seek`]: { POST: 'admin' },
  [`${group}/redrive`]: { POST: 'admin' },
  [`${group}/pause`]: { POST: 'admin' },
  [`${group}/resume`]: { POST: 'admin' },
  [`${group}/poll`]: { POST: 'pull' },
  [`${group}/ack`]: { POST: 'pull' },
  [`${group}/nack`]: { POST: 'pull' },
  [`${group}/leave`]: { POST: 'pull' },
  [endpoints]: { GET: 'admin', POST: 'admin' },
  [`${endpoints}/:endpoint/rotate-secret`]: { POST: 'admin' },
  [`${endpoints}/:endpoint`]: { GET: 'admin', PATCH: 'admin', DELETE: 'admin' },
  [`${endpoints}/:endpoint/resend`]: { GET: 'admin', POST: 'admin', DELETE: 'admin' },
  [`${endpoints}/:endpoint/test`]: { POST: 'admin' },
  '/v1/acks/:token': { POST: 'acks' },
  '/v1/keys': { GET: 'admin', POST: 'admin' },
  '/v1/keys/:key': { PATCH: 'admin', DELETE: 'admin' },
  '/v1/.well-known/webhook-keys': { GET: 'admin' },
  '/v1/health': { GET: 'admin' },
  '/v1/openapi.json': { GET: 'describe' },
  '/docs': { GET: 'describe' },
  // To the gateway this is another path, and no route of its own.
  '/docs/': { GET: 'admin' },
  '/docs/:file': { GET: 'describe' },
};

const namesAsPatterns = (path: string): string => path.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+');

const routes = Object.entries(paths).map(([path, methods]) => ({
  pattern: new RegExp(`^${namesAsPatterns(path)}$`),
  methods,
}));

const routeOf = (path: string) => routes.find(({ pattern }) => pattern.test(path));

/** The methods that `path` takes, or undefined when it is no path of the interface. */
export const methodsAt = (path: string): readonly string[] | undefined => {
  const route = routeOf(path);
  if (route === undefined) return undefined;
  const methods = Object.keys(route.methods);
  return methods.includes('GET') ? [...methods, 'HEAD'] : methods;
};

/** Which application serves a request. One that is for none goes to admin, whose answer says so. */
export const partFor = (method: string, path: string): Part =>
  routeOf(path)?.methods[(method === 'HEAD' ? 'GET' : method) as Method] ?? 'admin';
