/** What an endpoint saw of its callers, by the one true clock. */
export class SeenEndpoint {
  /** When each request came, in order. */
  readonly sent: number[] = [];
  /** By who sent it. */
  readonly by = new Map<string, number>();
  #underWay = 0;
  /** The most that were under way at once. */
  most = 0;

  begin(now: number, who: string): void {
    this.sent.push(now);
    this.by.set(who, (this.by.get(who) ?? 0) + 1);
    this.#underWay += 1;
    this.most = Math.max(this.most, this.#underWay);
  }

  end(): void {
    this.#underWay -= 1;
  }

  /** The most requests that came within any `windowMs`. */
  mostWithin(windowMs: number): number {
    let most = 0;
    let from = 0;
    for (const [index, at] of this.sent.entries()) {
      while (at - (this.sent[from] ?? at) >= windowMs) from += 1;
      most = Math.max(most, index - from + 1);
    }
    return most;
  }

  /** Requests a second between two times. */
  perSecond(from: number, to: number): number {
    return (this.sent.filter((at) => at >= from && at < to).length * 1000) / (to - from);
  }
}
