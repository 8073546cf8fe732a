import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { linesIn } from '../../unit/functions/emitted.ts';
import { environmentsOf, synthesise } from '../template.ts';
import { causes } from './causes.ts';
import { published, wrongWith } from './published.ts';
import { type Reference, referencesOf } from './references.ts';
import { type Emitted, emittedIn } from './state.ts';

const namespace = 'millrace-production';
let template: Template;
const emitted: Emitted[] = [];

beforeAll(async () => {
  template = synthesise();
  const environments = environmentsOf(template);
  for (const { by, happens } of Object.values(causes))
    emitted.push(...emittedIn(await linesIn(environments.get(by) ?? {}, happens)));
});

/** What is wrong with what is looked at; undefined if nothing is. */
const wrong = (reference: Reference): string | undefined => {
  if (reference.namespace.startsWith('AWS/')) return wrongWith(template, reference);
  const names = Object.keys(reference.dimensions).toSorted().join();
  const isEmitted = emitted.some(
    (each) =>
      each.namespace === reference.namespace &&
      each.name === reference.name &&
      Object.keys(each.dimensions).toSorted().join() === names &&
      Object.entries(reference.dimensions).every(
        ([name, value]) => value === undefined || each.dimensions[name] === value,
      ),
  );
  return isEmitted ? undefined : 'No code sends it so';
};

const told = (references: readonly Reference[]): string[] =>
  references.flatMap((reference) => {
    const reason = wrong(reference);
    return reason === undefined ? [] : [`${reference.by}: ${JSON.stringify(reference)}: ${reason}`];
  });

describe('every metric of the alarms and the dashboard', () => {
  it('is sent by the functions with that namespace, name and dimensions, or published by AWS', () => {
    const references = referencesOf(template);
    const own = references.filter((reference) => reference.namespace === namespace);
    expect(own.length).toBeGreaterThan(20);
    expect(references.length - own.length).toBeGreaterThan(20);
    expect(told(references)).toEqual([]);
  });

  it('would be missed if it had another namespace, name, dimension or value', () => {
    const references = referencesOf(template);
    const metricOf = ({ by: _by, ...metric }: Reference): string => JSON.stringify(metric);
    // Without its dimension one metric may be another that is sent too.
    const right = new Set(references.map(metricOf));
    for (const reference of references) {
      const { name, dimensions } = reference;
      const [first] = Object.keys(dimensions);
      const others: Reference[] = [
        { ...reference, namespace: `${reference.namespace}-2` },
        { ...reference, namespace: 'AWS/Kinesis' },
        { ...reference, name: `${name}s` },
        { ...reference, dimensions: { ...dimensions, colour: 'red' } },
      ];
      if (first !== undefined) {
        const { [first]: value, ...rest } = dimensions;
        others.push({ ...reference, dimensions: rest });
        others.push({ ...reference, dimensions: { ...rest, [`${first}s`]: value } });
        if (value !== undefined)
          others.push({ ...reference, dimensions: { ...dimensions, [first]: `${value}-2` } });
      }
      for (const other of others.filter((each) => !right.has(metricOf(each))))
        expect(told([other]), JSON.stringify(other)).toHaveLength(1);
    }
  });

  it('is looked at somewhere: nothing is sent, and paid for, that nobody sees', () => {
    const brief = ({ name, dimensions }: Pick<Reference, 'name' | 'dimensions'>): string =>
      [name, ...Object.keys(dimensions).toSorted()].join(' ');
    const seen = new Set(referencesOf(template).map(brief));
    expect([...new Set(emitted.map(brief))].filter((each) => !seen.has(each))).toEqual([]);
  });

  it('of AWS is in the list because something looks at it', () => {
    const references = referencesOf(template);
    for (const [of, { metrics }] of Object.entries(published))
      for (const metric of metrics)
        expect(references.some(({ namespace, name }) => namespace === of && name === metric)).toBe(true);
  });
});

describe('what the functions send', () => {
  it('has the unit that its name says', () => {
    for (const { name, unit } of emitted) {
      const expected = /^Bytes/.test(name)
        ? 'Bytes'
        : /Duration$|Age$|AppendToAcknowledgement/.test(name)
          ? 'Milliseconds'
          : 'Count';
      expect({ name, unit }).toEqual({ name, unit: expected });
    }
  });

  it('is nothing at all while a stack is idle: each metric is paid for by the hour in which it is sent', async () => {
    const environment = environmentsOf(template).get('sweep') ?? {};
    const lines = await linesIn(environment, causes.anIdleSweep.happens);
    expect(lines.map((line) => line['message'])).toEqual(['swept', 'swept']);
    expect(emittedIn(lines)).toEqual([]);
  });
});
