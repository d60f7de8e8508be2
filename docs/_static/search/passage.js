// The section of a page that fits a query best, and the lines of it that show why.

import { cut } from "./words.js";

const LENGTH = 160; // characters; Chinese ones are twice as wide

const worth = (words, asked) => {
  const present = new Set(words.flatMap(({ word, parts = [] }) => [word, ...parts]).filter((word) => asked.has(word)));
  return [...present].reduce((sum, word) => sum + asked.get(word), 0);
};

// The first section is the page itself: another one has to be better.
export const bestSection = (page, asked) => {
  const score = ({ title, text, code }, i) =>
    worth(cut(text), asked) + 0.5 * worth(cut(title), asked) + 0.3 * worth(cut(code), asked) + (i ? 0 : 0.5);
  const scores = page.sections.map(score);
  return page.sections[scores.indexOf(Math.max(...scores))];
};

// Pieces of text, each with whether it is a word of the query.
export const passageOf = (text, asked) => {
  const hits = cut(text).filter(({ word, parts = [] }) => [word, ...parts].some((each) => asked.has(each)));
  const length = /\p{sc=Han}/u.test(text) ? LENGTH / 2 : LENGTH;
  const inWindow = (first) => hits.filter(({ start, end }) => start >= first && end <= first + length);
  const starts = hits.map(({ start }) => start);
  const values = starts.map((start) => worth(inWindow(start), asked));
  const start = starts[values.indexOf(Math.max(...values))] ?? 0;
  return mark(text, Math.max(0, start - length / 4), length * 1.25, hits);
};

const mark = (text, from, length, hits) => {
  // Not in the middle of a Latin word.
  const begin = from > 0 ? from + Math.max(0, text.slice(from, from + 20).search(/\s|\p{sc=Han}/u)) : 0;
  const end = Math.min(text.length, begin + length);
  const pieces = [[begin > 0 ? "… " : "", false]];
  let at = begin;
  for (const hit of hits.filter(({ start, end: last }) => start >= begin && last <= end)) {
    if (hit.end <= at) continue;
    pieces.push([text.slice(at, Math.max(at, hit.start)), false], [text.slice(Math.max(at, hit.start), hit.end), true]);
    at = hit.end;
  }
  pieces.push([text.slice(at, end).trimEnd(), false], [end < text.length ? " …" : "", false]);
  return pieces.filter(([piece]) => piece);
};
