import type { Example } from '../operation.ts';
import { sampleProblem } from '../problems.ts';

const time = '2026-03-10T05:16:23.000Z';

const event = {
  specversion: '1.0',
  id: 'order-4711-paid',
  source: '/shop',
  type: 'com.example.order.paid',
  partitionkey: 'customer-7',
  data: { total: 42 },
};
const oneResult = { results: [{ partition: 3, offset: 0, timestamp: time }] };

/** The first is what a page fills in that lets people try it out. */
export const produceExamples: readonly Example[] = [
  {
    name: 'one-record',
    summary: 'A record with a key and headers',
    path: { topic: 'orders' },
    body: { records: [{ key: 'customer-7', value: { total: 42 }, headers: { event: 'paid' } }] },
    status: 200,
    answer: { results: [{ partition: 3, offset: 0, timestamp: time }] },
  },
  {
    name: 'bytes',
    summary: 'A value that is no JSON, to a partition that is named, with a time of its own',
    path: { topic: 'orders' },
    body: { records: [{ valueBase64: 'AAECAw==', partition: 0, timestamp: '2024-05-01T12:00:00Z' }] },
    status: 200,
    answer: { results: [{ partition: 0, offset: 7, timestamp: '2024-05-01T12:00:00.000Z' }] },
  },
  {
    name: 'lines',
    summary: 'Each record in a line',
    path: { topic: 'orders' },
    contentType: 'application/x-ndjson',
    body: '{"key":"customer-7","value":{"total":42}}\n{"key":"customer-8","value":{"total":7}}\n',
    status: 200,
    answer: {
      results: [
        { partition: 3, offset: 1, timestamp: time },
        { partition: 0, offset: 8, timestamp: time },
      ],
    },
  },
  {
    name: 'event',
    summary: 'A CloudEvent',
    path: { topic: 'orders' },
    contentType: 'application/cloudevents+json',
    body: event,
    status: 200,
    answer: oneResult,
  },
  {
    name: 'events',
    summary: 'A batch of CloudEvents',
    path: { topic: 'orders' },
    contentType: 'application/cloudevents-batch+json',
    body: [event],
    status: 200,
    answer: oneResult,
  },
  {
    name: 'binary-event',
    summary: 'A CloudEvent whose attributes are headers',
    path: { topic: 'orders' },
    headers: {
      'ce-specversion': '1.0',
      'ce-id': 'order-4711-note',
      'ce-source': '/shop',
      'ce-type': 'com.example.order.note',
      'ce-partitionkey': 'customer-7',
    },
    contentType: 'text/plain',
    body: 'Please ring twice.',
    status: 200,
    answer: oneResult,
  },
  {
    name: 'raw',
    summary: 'A value as it is, with a key',
    path: { topic: 'orders' },
    query: { key: 'customer-7' },
    contentType: 'text/plain',
    body: 'Please ring twice.',
    status: 200,
    answer: oneResult,
  },
  {
    name: 'with-a-key',
    summary: 'Records that are written once, however often they are sent',
    path: { topic: 'orders' },
    headers: { 'Idempotency-Key': '4711-paid' },
    body: { records: [{ key: 'customer-7', value: { total: 42 } }] },
    status: 200,
    answer: oneResult,
  },
  {
    name: 'numbered',
    summary: 'The first append of a producer that numbers them',
    path: { topic: 'orders' },
    headers: { 'Producer-Id': 'till-7', 'Producer-Epoch': 0, 'Producer-Seq': 0 },
    body: { records: [{ key: 'customer-7', value: { total: 42 } }] },
    status: 200,
    answer: oneResult,
  },
  {
    name: 'gap',
    summary: 'An append of a producer before which another is missing',
    path: { topic: 'orders' },
    headers: { 'Producer-Id': 'till-8', 'Producer-Epoch': 2, 'Producer-Seq': 7 },
    body: { records: [{ key: 'customer-7', value: { total: 42 } }] },
    status: 409,
    answer: sampleProblem('sequence_gap'),
  },
  {
    name: 'unknown-field',
    summary: 'A field that a record does not have',
    path: { topic: 'orders' },
    body: { records: [{ value: 1, colour: 'red' }] },
    status: 400,
    answer: sampleProblem('invalid_request'),
  },
  {
    name: 'expected-offset',
    summary: 'Only if the partition ends at this offset, which it does not',
    path: { topic: 'orders' },
    body: { records: [{ value: 1, partition: 0 }], expectedOffset: 1000000 },
    status: 412,
    answer: sampleProblem('offset_mismatch'),
  },
  {
    name: 'mismatch',
    summary: 'A value that does not fit the schema of its topic',
    path: { topic: 'accounts' },
    body: { records: [{ value: { id: 'a-7', email: 'nobody' } }] },
    status: 422,
    answer: sampleProblem('schema_mismatch'),
  },
];
