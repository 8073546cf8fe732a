/** Which request fails, from 1 on, of all that are made to the stores together. */
export interface Failure {
  readonly request: number;
  /** Whether it takes effect, and its answer alone is lost. */
  readonly after: boolean;
}

/** The same stores, of which one request fails. */
export const failing = <Stores extends Readonly<Record<string, object>>>(
  stores: Stores,
  { request, after }: Failure,
): Stores => {
  let requests = 0;
  const wrapped = (store: object): object =>
    new Proxy(store, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name, target);
        if (typeof method !== 'function') return method;
        return async (...given: unknown[]): Promise<unknown> => {
          requests += 1;
          const isNow = requests === request;
          if (isNow && !after) throw new Error('It failed.');
          const answer: unknown = await Reflect.apply(method, target, given);
          if (isNow) throw new Error('Its answer was lost.');
          return answer;
        };
      },
    });
  return Object.fromEntries(Object.entries(stores).map(([name, store]) => [name, wrapped(store)])) as Stores;
};
