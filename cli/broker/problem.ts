/** What a broker refused, and said of it (RFC 9457). The gateway of AWS says less. */
export class BrokerProblem extends Error {
  override readonly name = 'BrokerProblem';
  readonly status: number;
  /** Empty where the answer is none of Millrace's. */
  readonly code: string;
  /** Of an answer that says where the partition ends. */
  readonly endOffset: number | undefined;
  readonly startOffset: number | undefined;
  readonly errors: readonly { readonly path: string; readonly message: string }[];

  constructor(status: number, body: string) {
    const said = parsed(body);
    const detail = typeof said['detail'] === 'string' ? said['detail'] : body.slice(0, 200);
    const errors = Array.isArray(said['errors']) ? (said['errors'] as BrokerProblem['errors']) : [];
    super(`The broker answered ${status}: ${[detail, ...errors.map(({ message }) => message)].join(' ')}`);
    this.status = status;
    this.code = typeof said['code'] === 'string' ? said['code'] : '';
    this.errors = errors;
    this.endOffset = wholeIn(said['endOffset']);
    this.startOffset = wholeIn(said['startOffset']);
  }
}

const wholeIn = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;

const parsed = (body: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
};

/** No answer came, or none that says whether the request was done. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}
