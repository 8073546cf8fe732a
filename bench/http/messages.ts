/** What a server of the benchmark tells when it listens. */
export interface Ready {
  readonly port: number;
  /** What requests to it bring along, or nothing. */
  readonly key: string;
}

/** What it answers whenever it is asked: CPU time of the whole process so far, µs. */
export interface Taken {
  readonly cpuMicros: number;
}

/** Tells the parent process that this one listens, and from then on answers its questions. Ends with the parent. */
export const serveParent = (ready: Ready): void => {
  const tell = (message: Ready | Taken): void => void process.send?.(message);
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    tell({ cpuMicros: user + system });
  });
  process.once('disconnect', () => process.exit(0));
  tell(ready);
};
