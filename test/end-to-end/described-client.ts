import { type Description, DescriptionCheck, type GivenAnswer } from '../harness/description.ts';
import { Client } from './client.ts';

const checks = new Map<string, Promise<DescriptionCheck>>();

/** Holds answers against what the broker at this address says of itself. */
const checkOf = (url: string): Promise<DescriptionCheck> => {
  const known =
    checks.get(url) ??
    fetch(new URL('/v1/openapi.json', url)).then(
      async (response) => new DescriptionCheck((await response.json()) as Description),
    );
  checks.set(url, known);
  return known;
};

/** A client for which an answer that is not as the broker's own description says is a failure. */
export class DescribedClient extends Client {
  protected override async answered(method: string, path: string, answer: GivenAnswer): Promise<void> {
    (await checkOf(this.url)).require(method, path, answer);
  }
}
