// Everything that can be found: fetched once, and counted word by word.

import { cut, isHan, wordsOf } from "./words.js";

// How much a word counts by where it stands: a page is about what its title says, and mentions much else.
const WEIGHTS = { title: 8, called: 5, headings: 4, intro: 2, text: 0.5, code: 0.5 };
const LONG = 0.5; // how much a long field is held against a page
const ENOUGH = 5; // beyond that, further occurrences add little

const fieldsOf = ({ title, called, sections: [first, ...others] }) => ({
  title,
  called: called.join("\n"), // by lists on other pages
  headings: others.map((section) => section.title).join("\n"),
  intro: first?.text ?? "",
  text: others.map((section) => section.text).join("\n"),
  code: [first, ...others].map((section) => section?.code ?? "").join("\n"),
});

const count = (words) => {
  const counts = new Map();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
};

// Words that follow each other, leaving out those that say nothing.
export const pairsOf = (text, ignored) => {
  const words = cut(text).map(({ word }) => word).filter((word) => !ignored.has(word));
  return new Set(words.slice(1).map((word, i) => `${words[i]} ${word}`));
};

export class Collection {
  constructor({ pages, errors, ignored, same }) {
    this.ignored = new Set(ignored.filter((word) => !isHan(word)).flatMap(wordsOf));
    // Chinese words are not apart from each other: the longest first.
    this.gaps = ignored.filter(isHan).sort((a, b) => b.length - a.length);
    this.errors = errors;
    this.same = same.map((group) => group.map((phrase) => cut(phrase).map(({ word }) => word)));
    this.pages = pages.map((page) => ({ ...page, ...this.#read(fieldsOf(page)) }));
    this.known = new Set(this.pages.flatMap(({ words }) => [...words]));
    this.lengths = Object.keys(WEIGHTS).map((_, field) => this.#meanLength(field));
    this.rarities = new Map();
  }

  #read(fields) {
    const names = Object.keys(WEIGHTS);
    const counts = names.map((name) => count(wordsOf(fields[name])));
    const pairs = ["title", "called", "headings", "intro", "text"].map((name) => pairsOf(fields[name], this.ignored));
    return { words: new Set(counts.flatMap((each) => [...each.keys()])), counts, pairs };
  }

  // How rare pages about a word are: many may mention it in passing. One that stands nowhere is as rare as can be.
  rarity(word) {
    if (!this.rarities.has(word)) {
      const about = this.pages.reduce((sum, page) => sum + this.presence(word, page), 0);
      this.rarities.set(word, Math.log(1 + (this.pages.length - about + 0.5) / (about + 0.5)));
    }
    return this.rarities.get(word);
  }

  // A query without the Chinese words that say nothing.
  withGaps(query) {
    return this.gaps.reduce((text, word) => text.replaceAll(word, " "), query);
  }

  knows(word) {
    return this.known.has(word);
  }

  // Words of the pages that begin as this one does and differ in their ending only: "dict" for "dictionary".
  formsOf(word) {
    const alike = (other) => {
      let same = 0;
      while (same < other.length && other[same] === word[same]) same += 1;
      const [short, long] = [word.length, other.length].sort((a, b) => a - b);
      return same >= 4 && 2 * same >= long - 2 && (same === short || (same >= 6 && same >= short - 2));
    };
    return isHan(word) ? [] : [...this.known].filter(alike);
  }

  // Between 0, it does not stand there, and 1, the page is about it.
  presence(word, page) {
    let sum = 0;
    Object.values(WEIGHTS).forEach((weight, field) => {
      const found = page.counts[field].get(word);
      if (found) sum += (weight * found) / (1 - LONG + (LONG * page.counts[field].size) / this.lengths[field]);
    });
    return sum / (sum + ENOUGH);
  }

  #meanLength(field) {
    return this.pages.reduce((sum, page) => sum + page.counts[field].size, 0) / this.pages.length || 1;
  }
}

// The data lie beside the pages of the language, two folders above this file.
export const load = async () => {
  const response = await fetch(new URL("../../search.json", import.meta.url));
  if (!response.ok) throw new Error(`search.json: ${response.status}`);
  return new Collection(await response.json());
};
