/** The object is not there (any more). */
export class ObjectMissingError extends Error {
  override readonly name = 'ObjectMissingError';

  constructor(object: string) {
    super(`The archive has no object ${object}.`);
  }
}

/** Bytes of an object. */
export interface ByteRange {
  /** The first byte. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

export interface StoredObject {
  readonly name: string;
  readonly bytes: number;
  /** When it was stored, wall clock ms, by the store's clock. */
  readonly storedAt: number;
}

export interface ObjectPage {
  /** Those whose names begin so. */
  readonly prefix?: string;
  /** Those of greater names alone. */
  readonly after?: string;
  readonly limit: number;
}

/**
 * The archive's objects, by name. A name is used once, ever, and an object never changes: whoever reads one sees all of it
 * as it was put, or nothing. Every method may throw ThrottledError (nothing happened), or another error when no answer came.
 */
export interface ObjectStore {
  /**
   * Stores an object, unless one of its name is there: that is then the same, put by a request whose answer was lost, since
   * nobody else makes the name. Who has to know that it is all there reads it back. What it survives, an append survives.
   * @throws OutcomeUnknownError when it may have been stored, or may be yet; NotSentError or RefusedError when it certainly was
   *   not, RefusedError when it would be refused again.
   */
  put(object: string, body: Uint8Array): Promise<void>;
  /**
   * The bytes of a range that lies within the object.
   * @throws ObjectMissingError
   */
  read(object: string, range: ByteRange, signal?: AbortSignal): Promise<Uint8Array>;
  /** In order of name (of its UTF-8 bytes). Strongly consistent. */
  list(page: ObjectPage): Promise<readonly StoredObject[]>;
  /** Deletes objects; those that are not there do not matter. May be repeated. */
  delete(objects: readonly string[]): Promise<void>;
}
