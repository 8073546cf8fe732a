import { type FieldError, Problem } from '../../domain/errors.ts';
import { storedKey, storedProducerId } from '../../domain/idempotency/keys.ts';
import type { Sequenced } from '../../domain/idempotency/producers.ts';
import { limits } from '../../domain/limits.ts';
import { parseWhole } from '../../domain/text/decimals.ts';
import type { AppendCall } from '../../log/append/appender.ts';
import type { ApiContext } from '../api.ts';

/** How a request says that it may be sent again. */
export type Repeat =
  /** `Idempotency-Key`, as it was sent. */
  | { readonly kind: 'key'; readonly key: string }
  /** `Producer-Id`, `Producer-Epoch` and `Producer-Seq`. */
  | { readonly kind: 'sequence'; readonly sequence: Omit<Sequenced, 'digest'> };

const producerHeaders = ['Producer-Id', 'Producer-Epoch', 'Producer-Seq'] as const;

const invalid = (errors: readonly FieldError[]): Problem =>
  new Problem('invalid_request', 'The request is not valid. Nothing was written.', { errors });

const named = new RegExp(`^[\\x20-\\x7e]{1,${limits.idempotencyKeyLength}}$`);

const requireNamed = (name: string, value: string): void => {
  if (named.test(value)) return;
  const message = `Give 1 to ${limits.idempotencyKeyLength} printable ASCII characters, as a UUID has.`;
  throw invalid([{ path: name, message }]);
};

const numberIn = (name: string, value: string): number => {
  const number = parseWhole(value);
  if (number === undefined)
    throw invalid([{ path: name, message: 'Give a whole number in decimal digits, 0 or more, below 2^53.' }]);
  return number;
};

const sequenceIn = (c: ApiContext): Repeat | undefined => {
  const [id, epoch, sequence] = producerHeaders.map((name) => c.req.header(name));
  if (id === undefined && epoch === undefined && sequence === undefined) return undefined;
  if (id === undefined || epoch === undefined || sequence === undefined) {
    const message = `${producerHeaders.join(', ')} go together: send all of them, or none.`;
    throw invalid([
      { path: producerHeaders.find((name) => c.req.header(name) === undefined) ?? '', message },
    ]);
  }
  requireNamed('Producer-Id', id);
  return {
    kind: 'sequence',
    sequence: {
      id: storedProducerId(id),
      epoch: numberIn('Producer-Epoch', epoch),
      sequence: numberIn('Producer-Seq', sequence),
    },
  };
};

/**
 * What the headers of a produce request say of sending it again; undefined where they say nothing.
 * @throws Problem `invalid_request`
 */
export const readRepeat = (c: ApiContext): Repeat | undefined => {
  const key = c.req.header('Idempotency-Key');
  const sequence = sequenceIn(c);
  if (key === undefined) return sequence;
  requireNamed('Idempotency-Key', key);
  if (sequence === undefined) return { kind: 'key', key };
  const message = 'Send either this or the Producer headers: each alone has the records written once.';
  throw invalid([{ path: 'Idempotency-Key', message }]);
};

/** What one append of a request is told of it. @param chunk counts the appends that one partition has of the request, from 0. */
export const repeatOfAppend = (
  repeat: Repeat | undefined,
  chunk: number,
): Pick<AppendCall, 'key' | 'sequence'> => {
  if (repeat === undefined) return {};
  return repeat.kind === 'key' ? { key: storedKey(repeat.key, chunk) } : { sequence: repeat.sequence };
};
