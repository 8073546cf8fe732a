/** Where the keyring is kept: outside of the table that holds what it seals. */
export interface KeyringStore {
  /**
   * The keyring as it is stored, a secret itself.
   * @throws when there is none, or it cannot be read.
   */
  read(): Promise<string>;
}

/** The same for who makes a keyring and adds keys to it. */
export interface KeyringKeeper extends KeyringStore {
  /** Stores a first keyring; false where there is one: that stays as it is. */
  create(text: string): Promise<boolean>;
  /**
   * Puts what `change` makes of the keyring in its place.
   * @param merge one that holds everything of both: nothing is lost of what another stored at the same time.
   */
  change(change: (text: string) => string, merge: (mine: string, theirs: string) => string): Promise<void>;
}
