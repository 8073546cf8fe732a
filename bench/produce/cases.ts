import { type Case, produceCase } from '../http/cases.ts';

/** How a request says that it may be sent again, if at all. */
export const modes: Readonly<Record<'plain' | 'keyed' | 'sequenced', Case['headersOf']>> = {
  plain: undefined,
  keyed:
    ({ id }) =>
    (request) =>
      `Idempotency-Key: ${id}-${request}\r\n`,
  sequenced:
    ({ id }) =>
    (request) =>
      `Producer-Id: ${id}\r\nProducer-Epoch: 0\r\nProducer-Seq: ${request}\r\n`,
};
export type Mode = keyof typeof modes;

const shapes = [
  { connections: 1, records: 1 },
  { connections: 16, records: 1 },
  { connections: 64, records: 1 },
  { connections: 8, records: 100 },
];

export interface ProduceCase extends Case {
  readonly mode: Mode;
}

/** Each shape in each mode, on one partition. */
export const produceCases: readonly ProduceCase[] = shapes.flatMap(({ connections, records }) =>
  (Object.keys(modes) as Mode[]).map((mode): ProduceCase => {
    const label = `${connections} × ${records}, ${mode}`;
    const headersOf = modes[mode];
    return {
      ...produceCase(label, '', connections, { records }),
      mode,
      ...(headersOf !== undefined && { headersOf }),
    };
  }),
);
