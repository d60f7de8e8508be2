// Puts pages in order: those that provoke the pasted error first, then those that speak most of what was asked.

import { pairsOf } from "./collection.js";
import { presenceOf, standsIn } from "./concepts.js";
import { wordsOf } from "./words.js";

// Share of what was asked that a page has to speak of, so as not to be a weak match.
const STRONG = 0.5;
// What two words next to each other count in the title, in lists that lead to the page, in headings, intro and text.
const NEIGHBOURS = [1.2, 0.8, 0.8, 0.5, 0.3];
// What counts beside how far a page is about each of the words.
const PHRASES = 0.3;
const NEAR = 0.2;
const TITLE = 0.3;
const ASIDE = 0.7; // of the score of a page about the site itself

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

// Whether a page speaks of a concept, or mentions it.
const spokenOf = (presence) => (presence > 0.2 ? 1 : presence > 0 ? 0.6 : 0);

// Share of what was asked that stands in one section of the page: words that belong together stand together.
const togetherIn = (page, concepts) => {
  page.present ??= page.sections.map(({ title, text, code }) => new Set([title, text, code].flatMap(wordsOf)));
  return Math.max(0, ...page.present.map((words) =>
    sum(concepts.map((concept) => (standsIn(concept, words) ? concept.weight : 0)))));
};

// The whole title in the query, or the whole query in the title.
const isTitle = (page, neighbours) => {
  const [title] = page.pairs;
  const shared = neighbours.filter((pair) => title.has(pair)).length;
  return shared > 0 && (shared === title.size || shared === neighbours.length);
};

// `errors` says for pages, by number, how well the errors that they provoke agree with the message.
export const rank = (all, message, concepts, errors) => {
  const neighbours = [...pairsOf(message, all.ignored)];
  const whole = sum(concepts.map(({ weight }) => weight)) || 1;
  return all.pages.map((page, number) => {
    const presences = concepts.map((concept) => presenceOf(concept, page, all));
    const covered = sum(concepts.map(({ weight }, i) => weight * spokenOf(presences[i]))) / whole;
    const said = sum(concepts.map(({ weight }, i) => weight * presences[i])) / whole;
    const phrases = sum(page.pairs.map((pairs, i) =>
      NEIGHBOURS[i] * neighbours.filter((pair) => pairs.has(pair)).length)) / Math.max(3, neighbours.length);
    const error = errors.get(number) ?? 0;
    const near = togetherIn(page, concepts) / whole;
    const fit = said + PHRASES * phrases + NEAR * near + TITLE * isTitle(page, neighbours);
    const score = fit * (page.aside ? ASIDE : 1);
    return { page, error, score, strong: error > 0 || covered >= STRONG };
  }).filter(({ score, error }) => score > 0 || error > 0)
    .sort((a, b) => b.error - a.error || b.score - a.score);
};
