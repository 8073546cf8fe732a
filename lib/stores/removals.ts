/**
 * What a deleted topic or group leaves behind, written down *before* its name is removed, so that whatever crash comes
 * in between, sweep finds it and finishes.
 */
export type Removal = TopicRemoval | GroupRemoval;

export interface TopicRemoval {
  readonly kind: 'topic';
  readonly id: string;
  readonly name: string;
  /** All that it ever had: a topic that is being deleted gets no more. */
  readonly partitions: number;
  /** Wall clock ms. */
  readonly requestedAt: number;
  /** Wall clock ms by which every partition was closed. Set by sweep, which deletes nothing before. */
  readonly closedAt?: number;
}

export interface GroupRemoval {
  readonly kind: 'group';
  readonly id: string;
  readonly name: string;
  /** Where the group stood. */
  readonly topicId: string;
  /** Wall clock ms. */
  readonly requestedAt: number;
}

export type RemovalKind = Removal['kind'];

export interface RemovalPage {
  readonly limit: number;
  /** Those of greater ids alone. */
  readonly after?: string;
}

/** Removals by kind and id; both are unique for ever. Reads are strongly consistent. */
export interface RemovalStore {
  /** Stores the removal unless there is one of its kind and id. */
  put(removal: Removal): Promise<void>;
  /** Those of one kind, in order of id. */
  list<Kind extends RemovalKind>(
    kind: Kind,
    page: RemovalPage,
  ): Promise<readonly Extract<Removal, { kind: Kind }>[]>;
  /** Notes that every partition of the topic is closed, unless it is noted already. Nothing when there is no such removal. */
  noteClosed(topicId: string, closedAt: number): Promise<void>;
  /** Ends it: all of it is gone. */
  delete(removal: Removal): Promise<void>;
}
