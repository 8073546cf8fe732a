import type { JsonText } from '../../domain/json/text.ts';
import type { Judgement, Shaped } from '../expressions.ts';
import type { Mark } from './program.ts';

export const judgementOf = (mark: Mark): Judgement =>
  mark === 't' || mark === 'f'
    ? { kind: 'judged', matches: mark === 't' }
    : { kind: 'failed', reason: mark.slice(1) };

export const shapedOf = (mark: Mark): Shaped =>
  mark.startsWith('=')
    ? { kind: 'shaped', json: mark.slice(1) as JsonText }
    : { kind: 'failed', reason: mark.slice(1) };
