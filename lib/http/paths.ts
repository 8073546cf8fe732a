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

const patterns = Object.entries(paths).map(([path, methods]) => ({
  pattern: new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}$`),
  methods: Object.keys(methods),
}));

/** The methods that `path` takes, or undefined when it is no path of the interface. */
export const methodsAt = (path: string): readonly string[] | undefined => {
  const found = patterns.find(({ pattern }) => pattern.test(path));
  return found?.methods.includes('GET') ? [...found.methods, 'HEAD'] : found?.methods;
};
