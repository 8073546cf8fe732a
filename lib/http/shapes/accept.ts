import { mediaType } from '../../domain/text/media-type.ts';

/** What an `Accept` asks for: a type, a kind of types (`text/*`) or anything. */
interface Range {
  readonly type: string;
  readonly quality: number;
}

const rangesIn = (header: string): readonly Range[] =>
  header.split(',').flatMap((part) => {
    const media = mediaType(part);
    if (media === undefined) return [];
    const [, quality = '1'] = /;[ \t]*q=([01](?:\.\d{0,3})?)[ \t]*(?:;|$)/i.exec(media.text) ?? [];
    return [{ type: media.type, quality: Math.min(1, Number(quality)) }];
  });

/** How well a range says a type: 3 by its name, 1 as anything, 0 not. */
const exactness = ({ type: range }: Range, type: string): number => {
  if (range === type) return 3;
  if (range === '*/*') return 1;
  return range.endsWith('/*') && type.startsWith(range.slice(0, -1)) ? 2 : 0;
};

/**
 * The one of `offered` that an `Accept` wants most (RFC 9110, 12.5.1): by its quality, then the one that is named rather than
 * one of a kind that is, then the one that is named first, then the one that is offered first. The first that is offered where
 * nothing is asked for; undefined where none is acceptable.
 */
export const negotiated = <Type extends string>(
  header: string | undefined,
  offered: readonly Type[],
): Type | undefined => {
  const ranges = rangesIn(header ?? '');
  if (ranges.length === 0) return offered[0];
  const wanted = offered.flatMap((type) => {
    const matching = ranges.filter((range) => exactness(range, type) > 0);
    const [range] = matching.toSorted((a, b) => exactness(b, type) - exactness(a, type));
    if (range === undefined || range.quality === 0) return [];
    return [{ type, quality: range.quality, exact: exactness(range, type), at: ranges.indexOf(range) }];
  });
  const [best] = wanted.toSorted((a, b) => b.quality - a.quality || b.exact - a.exact || a.at - b.at);
  return best?.type;
};
