/** JSONata as its module gives it, as far as it is used here. */
export type Jsonata = (
  expression: string,
  options: { readonly timeout: number; readonly stack: number; readonly sequence: number },
) => {
  evaluate(input: unknown, bindings?: Readonly<Record<string, unknown>>): Promise<unknown>;
  assign(name: string, value: unknown): void;
};

export type Purpose = 'judge' | 'shape';

/**
 * What came of one record: `t` and `f` of a filter; `=` and the JSON of a transform; `!`, a code and a space, where it failed, and
 * then why.
 */
export type Mark = string;

export interface Slice {
  readonly purpose: Purpose;
  readonly expression: string;
  readonly records: readonly string[];
  /** Where in `records` to begin. */
  readonly from: number;
}

export interface Bounds {
  /** Of one record. */
  readonly recordMs: number;
  /** After so long no further record is begun. */
  readonly sliceMs: number;
  /** Characters of what a transform gives. */
  readonly maxLength: number;
  readonly withheld: readonly string[];
}

/**
 * The part of the evaluation that runs in a context of its own, as a text: it may use nothing but its parameters and what
 * every context has. JSONata waits at each step, for promises of that context; so what calls it must be of there too.
 */
export const program = (jsonata: Jsonata, { recordMs, sliceMs, maxLength, withheld }: Bounds) => {
  const options = { timeout: recordMs, stack: 500, sequence: 100_000 };
  const compiled = new Map<string, ReturnType<Jsonata>>();
  const expressionOf = (text: string): ReturnType<Jsonata> => {
    const known = compiled.get(text);
    if (known !== undefined) return known;
    const made = jsonata(text, options);
    for (const name of withheld) made.assign(name, undefined);
    if (compiled.size >= 100) compiled.clear();
    compiled.set(text, made);
    return made;
  };
  const truth = jsonata('$boolean($given)', options);
  const marked = async ({ purpose, expression }: Slice, record: string): Promise<Mark> => {
    const given = await expressionOf(expression).evaluate(JSON.parse(record));
    if (purpose === 'judge') return (await truth.evaluate(null, { given })) === true ? 't' : 'f';
    const json = JSON.stringify(given);
    if (json === undefined) return '!nothing It gave nothing.';
    if (json.length > maxLength) return `!too-long It gave more than ${maxLength} characters.`;
    return `=${json}`;
  };
  const failed = (error: unknown): Mark => {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
    const shown = typeof code === 'string' && /^\w+$/.test(code) ? code : 'error';
    return `!${shown} ${String(message ?? 'It is not known why.').slice(0, 300)}`;
  };
  return {
    /** Adds to `marks` what comes of the records, until a slice's time is over. */
    run: async (slice: Slice, marks: Mark[]): Promise<void> => {
      const begun = Date.now();
      for (const record of slice.records.slice(slice.from)) {
        if (marks.length > 0 && Date.now() - begun >= sliceMs) return;
        marks.push(await marked(slice, record).catch(failed));
      }
    },
  };
};
