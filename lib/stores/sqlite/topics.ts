import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../../domain/errors.ts';
import type { NewTopic, Topic, TopicChange } from '../../domain/topics.ts';
import type { TopicPage, TopicStore } from '../topics.ts';
import type { Database } from './database.ts';
import type { Deleted } from './deleted.ts';

interface Row {
  readonly topic: string;
}

const toTopic = ({ topic }: Row): Topic => JSON.parse(topic) as Topic;

/** Topics on SQLite. */
export const sqliteTopicStore = (database: Database, deleted: Deleted): TopicStore => {
  const find = (name: string): Topic | undefined => {
    const row = database.one<Row>('SELECT topic FROM topics WHERE name = ?', name);
    return row && toTopic(row);
  };

  const keep = (topic: Topic): Topic => {
    const sql = 'INSERT OR REPLACE INTO topics (name, topic) VALUES (?, ?)';
    database.run(sql, topic.name, JSON.stringify(topic));
    return topic;
  };

  const create = (topic: NewTopic): { created: boolean; topic: Topic } => {
    const standing = find(topic.name);
    if (standing === undefined && deleted.has(topic.topicId))
      throw new Problem('conflict', `Topic "${topic.name}" was deleted meanwhile.`);
    const kept = standing ?? keep({ ...topic, version: 1 });
    return { created: kept.topicId === topic.topicId, topic: kept };
  };

  const update = ({ name, topicId, version }: Topic, change: TopicChange): Topic | undefined => {
    const standing = find(name);
    if (standing?.topicId !== topicId) return undefined;
    const changed = { ...standing, ...change, version: version + 1 };
    if (isDeepStrictEqual(standing, changed)) return standing;
    return standing.version === version ? keep(changed) : undefined;
  };

  const list = ({ limit, after = '' }: { limit: number; after?: string }): TopicPage => {
    // One more than asked, to know whether there is another page.
    const sql = 'SELECT topic FROM topics WHERE name > ? ORDER BY name LIMIT ?';
    const found = database.all<Row>(sql, after, limit + 1).map(toTopic);
    const topics = found.slice(0, limit);
    const last = topics.at(-1);
    return { topics, ...(found.length > limit && last && { nextAfter: last.name }) };
  };

  return {
    create: (topic) => database.write('disk', () => create(topic)),
    get: async (name) => find(name),
    list: async (page) => list(page),
    update: (topic, change) => database.write('disk', () => update(topic, change)),
    delete: (name, topicId) =>
      database.write('disk', () => {
        const standing = find(name);
        if (standing?.topicId !== topicId || standing.deletingSince === undefined) return;
        database.run('DELETE FROM topics WHERE name = ?', name);
        deleted.add(topicId);
      }),
  };
};
