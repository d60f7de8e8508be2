// Answers queries: the way from what somebody typed to the results that are shown.

import { load } from "./collection.js";
import { conceptsOf } from "./concepts.js";
import { lastMessage, matchErrors } from "./errors.js";
import { bestSection, passageOf } from "./passage.js";
import { rank } from "./ranking.js";

let collection;
export const ready = () => (collection ??= load().catch((error) => {
  collection = undefined; // another attempt may succeed
  throw error;
}));

// Word by word, how much each says.
const rarities = (words, all) => new Map(words.filter((word) => !all.ignored.has(word)).map((word) => [word, all.rarity(word)]));

const describe = ({ page, strong }, asked) => {
  const section = bestSection(page, asked);
  const first = section === page.sections[0];
  return {
    url: new URL(`../../${page.url}${first ? "" : `#${section.id}`}`, import.meta.url).href,
    title: first || section.title === page.title ? page.title : `${page.title} › ${section.title}`,
    passage: passageOf(section.text || page.sections[0].text, asked),
    weak: !strong,
  };
};

// A page may be found only by a phrase that stands for a word of the query: then it shows the words of that phrase.
const describeBy = (found, asked, others) => {
  const described = describe(found, asked);
  return described.passage.some(([, marked]) => marked) ? described : describe(found, others);
};

// The best pages, as many as `most`: address, title, passage, and whether the match is weak.
export const search = async (query, most = 8) => {
  const all = await ready();
  const message = lastMessage(query);
  const concepts = conceptsOf(message, all);
  const asked = rarities(concepts.flatMap(({ words, others }) =>
    [...words, ...others.filter((list) => list.length === 1).flat()]), all);
  const others = rarities(concepts.flatMap((concept) => concept.others.flat()), all);
  const ranked = rank(all, message, concepts, matchErrors(all, message));
  return ranked.slice(0, most).map((found) => describeBy(found, asked, others));
};
