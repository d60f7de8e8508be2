// Finds the error text that a reader has pasted among those that the pages provoke. Names, numbers and
// shapes differ between the reader's error and ours, so that pairs of neighbouring words are compared, without them.

import { cut } from "./words.js";

const RAISED = /(?:^|[\s.])\w*(?:Error|Exception|Warning|Unsupported): (?=\S)/g;
const FEWEST = 2; // pairs: two words next to each other may be chance
const ALIKE = 0.6; // share of the pairs of the shorter of the two texts

// What was raised in the end, out of a whole traceback.
export const lastMessage = (query) => {
  const last = [...query.matchAll(RAISED)].at(-1);
  return last ? query.slice(last.index + last[0].length) : query;
};

const pairs = (text) => {
  const words = cut(text).filter(({ number }) => !number).map(({ word }) => word);
  return new Set(words.slice(1).map((word, i) => `${words[i]} ${word}`));
};

const shared = (first, second) => [...first].filter((pair) => second.has(pair)).length;

// How well each page's errors agree with the query: a map from pages to numbers up to 1.
export const matchErrors = (collection, query) => {
  collection.errorPairs ??= collection.errors.map(({ text }) => pairs(text));
  const asked = pairs(query);
  const found = new Map();
  collection.errors.forEach((error, i) => {
    const known = collection.errorPairs[i];
    const common = shared(known, asked);
    const likeness = common / Math.min(known.size, asked.size);
    if (common < FEWEST || likeness < ALIKE) return;
    // The whole query counts as well: of two texts the one that has more of it.
    const score = likeness + common / asked.size;
    for (const page of error.pages) found.set(page, Math.max(found.get(page) ?? 0, score));
  });
  return found;
};
