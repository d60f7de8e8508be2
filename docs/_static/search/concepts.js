// What a query asks for: its words, with what else they may be called, and how much each of them matters.

import { cut, isHan } from "./words.js";

const OTHER_WORDS = 0.85; // a page that uses the reader's own words is rather meant

const startsAt = (words, phrase, at) => phrase.every((word, i) => words[at + i] === word);

const isLetter = (word) => word.length === 1 && !isHan(word);

// The longest phrases of the lists of synonyms in `words`: where they begin, how long they are, and their group.
const findPhrases = (words, same) => {
  const found = same.flatMap((group) =>
    group.flatMap((phrase) =>
      words.flatMap((_, at) => (startsAt(words, phrase, at) ? [{ at, length: phrase.length, group }] : []))));
  const taken = new Set();
  return found.sort((a, b) => b.length - a.length).filter(({ at, length }) => {
    const places = Array.from({ length }, (_, i) => at + i);
    if (places.some((place) => taken.has(place))) return false;
    places.forEach((place) => taken.add(place));
    return true;
  });
};

// A pair of characters across the border of two words is none, if its neighbours are known.
const acrossBorder = (words, i, collection) =>
  isHan(words[i]) && !collection.knows(words[i]) &&
  [words[i - 1], words[i + 1]].some((word) => word && collection.knows(word));

export const conceptsOf = (query, collection) => {
  const asked = cut(collection.withGaps(query)).filter(({ number }) => !number);
  const words = asked.map(({ word }) => word);
  const concepts = new Map();
  const taken = new Set();
  const add = (wordsOfIt, others, weight) => {
    const key = wordsOfIt.join(" ");
    if (!concepts.has(key)) concepts.set(key, { words: wordsOfIt, others, weight });
  };
  for (const { at, length, group } of findPhrases(words, collection.same)) {
    const own = words.slice(at, at + length);
    own.forEach((_, i) => taken.add(at + i));
    const known = own.filter((word) => collection.knows(word) && !collection.ignored.has(word));
    add(own, group, known.length ? Math.max(...known.map((word) => collection.rarity(word))) + 1 : 3);
  }
  asked.forEach(({ word, parts = [], name }, i) => {
    if (taken.has(i) || isLetter(word) || collection.ignored.has(word) || acrossBorder(words, i, collection)) return;
    if (collection.knows(word)) return add([word], [], collection.rarity(word) * (isHan(word) ? 0.6 : 1));
    // A name of the reader's own says only what its parts say.
    if (!name) return add([word], [], collection.rarity(word) * 0.6);
    for (const part of parts.filter((each) => collection.knows(each) && !collection.ignored.has(each)))
      add([part], [], collection.rarity(part) * 0.4);
  });
  return [...concepts.values()];
};

// Between 0 and 1: how far a page is about a concept.
export const presenceOf = ({ words, others }, page, collection) => {
  const presences = (list) =>
    list.filter((word) => list.length === 1 || !collection.ignored.has(word)).map((word) => collection.presence(word, page));
  const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const complete = others.map(presences).filter((numbers) => Math.min(...numbers) > 0);
  return Math.max(mean(presences(words)), ...complete.map((numbers) => OTHER_WORDS * mean(numbers)));
};
