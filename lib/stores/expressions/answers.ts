import type { JsonText } from '../../domain/json/text.ts';
import type { Failed, Judgement, Shaped } from '../expressions.ts';
import type { Mark } from './program.ts';

const failedOf = (mark: Mark): Failed => {
  const space = mark.indexOf(' ');
  return { kind: 'failed', code: mark.slice(1, space), reason: mark.slice(space + 1) };
};

export const judgementOf = (mark: Mark): Judgement =>
  mark === 't' || mark === 'f' ? { kind: 'judged', matches: mark === 't' } : failedOf(mark);

export const shapedOf = (mark: Mark): Shaped =>
  mark.startsWith('=') ? { kind: 'shaped', json: mark.slice(1) as JsonText } : failedOf(mark);
