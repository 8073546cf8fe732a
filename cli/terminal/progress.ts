/** What there is to do, and how much of it is done. */
export interface Work {
  readonly records: number;
  /** Bytes of the records, as they are written. */
  readonly bytes: number;
  /** From 0 to 1. */
  readonly fraction: number;
}

export interface ProgressDeps {
  readonly write: (text: string) => void;
  /** One line that is written over, else a line now and then. */
  readonly isTerminal: boolean;
  /** Monotonic ms. */
  readonly now: () => number;
}

const pauseMs = { terminal: 250, lines: 10_000 };

const number = new Intl.NumberFormat('en-US');

const timeText = (seconds: number): string => {
  const whole = Math.ceil(seconds);
  if (whole < 120) return `${whole} s`;
  return whole < 7200 ? `${Math.ceil(whole / 60)} min` : `${(whole / 3600).toFixed(1)} h`;
};

/** Tells how far something has come: records, speed, and how long it may take yet. */
export class Progress {
  readonly #deps: ProgressDeps;
  readonly #begunAt: number;
  /** What was done before: it says nothing of the speed. */
  #before = 0;
  #toldAt: number;

  constructor(deps: ProgressDeps) {
    this.#deps = deps;
    this.#begunAt = deps.now();
    this.#toldAt = this.#begunAt;
  }

  /** What is not to be done any more, as a fraction. */
  resumeAt(fraction: number): void {
    this.#before = fraction;
  }

  tell(work: Work): void {
    const { now, isTerminal, write } = this.#deps;
    if (now() - this.#toldAt < (isTerminal ? pauseMs.terminal : pauseMs.lines)) return;
    this.#toldAt = now();
    const text = this.#text(work);
    write(isTerminal ? `\r\u001b[K${text}` : `${text}\n`);
  }

  /** The last word, whatever was told before. */
  end(work: Pick<Work, 'records' | 'bytes'>, what: string): void {
    const { isTerminal, write } = this.#deps;
    const { records, speed, seconds } = this.#sums(work);
    write(`${isTerminal ? '\r\u001b[K' : ''}${what} ${records}, ${speed}, in ${timeText(seconds)}.\n`);
  }

  #sums({ records, bytes }: Pick<Work, 'records' | 'bytes'>) {
    const seconds = Math.max(0.001, (this.#deps.now() - this.#begunAt) / 1000);
    return {
      seconds,
      records: `${number.format(records)} ${records === 1 ? 'record' : 'records'}`,
      speed: `${(bytes / 1e6 / seconds).toFixed(1)} MB/s`,
    };
  }

  #text(work: Work): string {
    const { records, speed, seconds } = this.#sums(work);
    const done = work.fraction - this.#before;
    const left = done > 0 ? `, ${timeText((seconds / done) * (1 - work.fraction))} left` : '';
    return `${records}, ${speed}, ${Math.floor(100 * work.fraction)} %${left}`;
  }
}
