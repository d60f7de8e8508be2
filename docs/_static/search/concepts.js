// What a query asks for: its words, with what else they may be called, and how much each of them matters.

import { cut, isHan } from "./words.js";

const OTHER_WORDS = 0.65; // a page that uses the reader's own words is rather meant
const APART = 0.5; // the words of a phrase, but not next to each other, or not all of them
const ONLY_OTHERS = 2.5; // weight of a phrase that the pages know under other names only
const HAN_PAIR = 0.6; // weight of a pair of characters, which need not be a word
const UNKNOWN = 0.6; // of a word that stands nowhere
const NAME = 2; // of a name of the API
const PART = 0.4; // of a part of a name that stands nowhere

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

// A pair of characters lies across the border of two words, rather than being one, if it stands nowhere while a
// pair that shares one of them does, or if the pairs on both sides of it are far more common.
const acrossBorder = (pairs, i, collection) => {
  const { word, start, end } = pairs[i];
  const shares = [pairs[i - 1], pairs[i + 1]].filter((other) => other && other.start < end && other.end > start);
  if (!collection.knows(word)) return shares.some((other) => collection.knows(other.word));
  return shares.length === 2 &&
    shares.every((other) => collection.rarity(other.word) + 1 < collection.rarity(word));
};

const weightOf = (words, collection) => {
  const known = words.filter((word) => collection.knows(word) && !collection.ignored.has(word));
  if (!known.length) return ONLY_OTHERS;
  return known.reduce((sum, word) => sum + collection.rarity(word), 0) / known.length;
};

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
    add(own, group, weightOf(own, collection));
  }
  asked.forEach(({ word, parts = [], name }, i) => {
    if (taken.has(i) || isLetter(word) || collection.ignored.has(word) || acrossBorder(asked, i, collection)) return;
    if (collection.knows(word)) return add([word], [], collection.rarity(word) * (isHan(word) ? HAN_PAIR : name ? NAME : 1));
    // A name of the reader's own says only what its parts say.
    if (!name) return add([word], collection.formsOf(word).map((form) => [form]), collection.rarity(word) * UNKNOWN);
    for (const part of parts.filter((each) => collection.knows(each) && !collection.ignored.has(each)))
      add([part], [], collection.rarity(part) * PART);
  });
  return [...concepts.values()];
};

const standsAsPhrase = (list, page, { ignored }) => {
  const words = list.filter((word) => list.length === 1 || !ignored.has(word));
  if (words.length === 1) return page.words.has(words[0]);
  return words.slice(1).every((word, i) => page.pairs.some((pairs) => pairs.has(`${words[i]} ${word}`)));
};

// Whether a section, of which these are the words, speaks of a concept.
export const standsIn = ({ words, others }, present) =>
  [words, ...others].some((list) => list.every((word) => present.has(word)));

// Between 0 and 1: how far a page is about a concept.
export const presenceOf = ({ words, others }, page, collection) => {
  const presences = (list) =>
    list.filter((word) => list.length === 1 || !collection.ignored.has(word)).map((word) => collection.presence(word, page));
  const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  // A phrase cannot stand there more often than the rarest of its words.
  const asPhrase = (list) => (standsAsPhrase(list, page, collection) ? Math.min(...presences(list)) : 0);
  return Math.max(asPhrase(words), APART * mean(presences(words)), ...others.map((list) => OTHER_WORDS * asPhrase(list)));
};
