export interface TopicSettings {
  readonly partitions: number;
  /** null: kept for ever. */
  readonly retentionHours: number | null;
  readonly archive: boolean;
}

export interface Topic extends TopicSettings {
  readonly name: string;
  /** Unique for ever: a topic deleted and created again has another. */
  readonly topicId: string;
  /** Wall clock ms. */
  readonly createdAt: number;
}

export const topicDefaults: TopicSettings = { partitions: 8, retentionHours: 168, archive: true };
