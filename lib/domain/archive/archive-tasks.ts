/** A partition in which the archiver has something to do: to seal, to let go of by retention, or to delete. */
export interface ArchiveTask {
  /** The topic's name. */
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
}
