/** Where the keyring is kept: outside of the table that holds what it seals. */
export interface KeyringStore {
  /**
   * The keyring as it is stored, a secret itself.
   * @throws when there is none, or it cannot be read.
   */
  read(): Promise<string>;
}
