/**
 * Writes a segment of as many bytes of payload as the first argument says, its records made as they are taken, and says on
 * standard output, as JSON, what the process took at most, and before it began, bytes.
 */
import { ParquetSegmentWriter } from '../../lib/archive/parquet/segment-writer.ts';
import { orders } from './payloads.ts';

const rawBytes = Number(process.argv[2]);
const batchRecords = 50;
const take = orders(true);
const about = { topic: 'orders', topicId: 'orders-1', partition: 0, start: 0 };
const atRest = process.memoryUsage().rss;
const writer = new ParquetSegmentWriter(about);
while (writer.rawBytes < rawBytes) writer.add(take(batchRecords));
writer.finish(writer.records);
const most = process.resourceUsage().maxRSS * 1024;
process.stdout.write(JSON.stringify({ atRest, most }));
