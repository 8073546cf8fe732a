const mail = 'mail';
const database = 'a database';
const queue = 'a message broker';

/** Where something else than HTTP listens, by what people would want it for. Below the ports that systems give out by chance. */
const known: ReadonlyMap<number, string> = new Map([
  ...[25, 465, 587, 110, 109, 143, 993, 995, 220, 4190].map((port) => [port, mail] as const),
  ...[1433, 1434, 1521, 2483, 2484, 3050, 3306, 5432, 5433, 6379, 6380, 7687].map(
    (port) => [port, database] as const,
  ),
  ...[9042, 9160, 11211, 26257, 27017, 27018, 27019, 28015].map((port) => [port, database] as const),
  ...[1883, 4222, 5671, 5672, 8883, 9092, 9093, 9094].map((port) => [port, queue] as const),
  ...[22, 23, 3389, 5900, 5901].map((port) => [port, 'remote control of a machine'] as const),
  ...[135, 137, 139, 445, 2049].map((port) => [port, 'files of a network'] as const),
  ...[53, 853].map((port) => [port, 'names (DNS)'] as const),
  ...[389, 636, 3268, 3269].map((port) => [port, 'a directory (LDAP)'] as const),
  [2181, 'ZooKeeper'],
  [4369, 'Erlang'],
]);

/** The ports that browsers call by no HTTP: https://fetch.spec.whatwg.org/#port-blocking */
const badPorts: ReadonlySet<number> = new Set([
  ...[0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103],
  ...[104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513],
  ...[514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720],
  ...[1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080],
]);

/** What the port is for, where no webhook may be called at it; undefined for one where it may. */
export const portAgainst = (port: number): string | undefined =>
  known.get(port) ?? (badPorts.has(port) ? 'another protocol, and browsers refuse it too' : undefined);
