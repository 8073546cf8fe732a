export type Part = 'produce' | 'consume' | 'admin';
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

const topics = '/v1/topics';
const topic = `${topics}/:topic`;
const group = `${topic}/groups/:group`;
const endpoints = `${group}/endpoints`;

/** Every path of the interface (DESIGN §10), its methods, and which function serves each. */
export const paths: Readonly<Record<string, Readonly<Partial<Record<Method, Part>>>>> = {
  [topics]: { GET: 'admin' },
  [topic]: { GET: 'admin', PUT: 'admin', PATCH: 'admin', DELETE: 'admin' },
  [`${topic}/records`]: { POST: 'produce' },
  [`${topic}/partitions`]: { GET: 'consume' },
  [`${topic}/partitions/:partition/records`]: { GET: 'consume' },
  [`${topic}/groups`]: { GET: 'admin' },
  [group]: { GET: 'admin', PUT: 'admin', DELETE: 'admin' },
  [endpoints]: { GET: 'admin', POST: 'admin' },
  [`${endpoints}/:endpoint`]: { GET: 'admin', DELETE: 'admin' },
  '/v1/keys': { GET: 'admin', POST: 'admin' },
  '/v1/keys/:key': { DELETE: 'admin' },
  '/v1/health': { GET: 'admin' },
};

const routes = Object.entries(paths).map(([path, methods]) => ({
  pattern: new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}$`),
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
