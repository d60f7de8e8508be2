// Answers queries: pages that provoke the pasted error first, then those that speak most of what was asked.

import { load, pairsOf } from "./collection.js";
import { conceptsOf, presenceOf } from "./concepts.js";
import { lastMessage, matchErrors } from "./errors.js";
import { bestSection, passageOf } from "./passage.js";

// Share of what was asked that a page has to speak of, so as not to be a weak match.
const STRONG = 0.55;
// What two words next to each other count in the title, in lists that lead to the page, in headings, intro and text.
const NEIGHBOURS = [1.2, 0.8, 0.8, 0.5, 0.3];

let collection;
export const ready = () => (collection ??= load().catch((error) => {
  collection = undefined; // another attempt may succeed
  throw error;
}));

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

const spokenOf = (presence) => (presence > 0.2 ? 1 : presence > 0 ? 0.6 : 0);

const rank = (query, all) => {
  const message = lastMessage(query);
  const errors = matchErrors(all, message);
  const concepts = conceptsOf(message, all);
  const together = [...pairsOf(message, all.ignored)];
  const whole = sum(concepts.map(({ weight }) => weight)) || 1;
  return all.pages.map((page, number) => {
    const presences = concepts.map((concept) => presenceOf(concept, page, all));
    const covered = sum(concepts.map(({ weight }, i) => weight * spokenOf(presences[i]))) / whole;
    const said = sum(concepts.map(({ weight }, i) => weight * presences[i])) / whole;
    const phrases = sum(page.pairs.map((pairs, i) =>
      NEIGHBOURS[i] * together.filter((pair) => pairs.has(pair)).length)) / Math.max(3, together.length);
    const error = errors.get(number) ?? 0;
    return { page, error, score: (said + 0.25 * phrases) * (0.3 + covered), strong: error > 0 || covered >= STRONG };
  }).filter(({ score, error }) => score > 0 || error > 0)
    .sort((a, b) => b.error - a.error || b.score - a.score);
};

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

// The best pages, as many as `most`: address, title, passage, and whether the match is weak.
export const search = async (query, most = 8) => {
  const all = await ready();
  const message = lastMessage(query);
  const asked = new Map(conceptsOf(message, all).flatMap(({ words, others }) =>
    [words, ...others].flat().map((word) => [word, all.rarity(word)])));
  return rank(query, all).slice(0, most).map((found) => describe(found, asked));
};
