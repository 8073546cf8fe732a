import type { FieldError } from '../../domain/errors.ts';
import type { Node } from './nodes.ts';

/** What the rules of a comparison ask of it. A reader has to take whatever a writer may write. */
export interface Comparing {
  /**
   * What keeps values that fit all of `writer` from fitting `reader`; empty when it is shown that nothing does.
   * @param writer with all that applies beside each of them.
   * @param path where in a value, as `value/address/*`.
   */
  admits(reader: Node, writer: readonly Node[], path: string): readonly FieldError[];
  /** Whether it is shown that no value fits both all of `a` and all of `b`. */
  disjoint(a: readonly Node[], b: readonly Node[]): boolean;
}

/** A keyword that is compared: the reader that has it, and what the writer has. */
export interface Place {
  readonly reader: Node;
  readonly writer: readonly Node[];
  readonly path: string;
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

const writerName = ({ writer, reader }: Place): string =>
  writer[0]?.side.name ?? (reader.side.name === 'the new schema' ? 'the version in force' : 'the new schema');

/** What the writer allows and the reader does not. */
export const allows = (place: Place, what: string): FieldError => ({
  path: place.path,
  message: `${capital(writerName(place))} allows ${what}, ${place.reader.side.name} does not.`,
});

/** What cannot be told. */
export const untold = (place: Place, keyword: string): FieldError => ({
  path: place.path,
  message: `${capital(place.reader.side.name)} has "${keyword}" otherwise than ${writerName(place)}: whether it allows as much cannot be told.`,
});
