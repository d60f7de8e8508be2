// Cuts a text into the words that are looked up: the same for pages and for queries, in all languages.
// Latin words lose their endings, names of the API are found whole and by their parts, and Chinese text
// becomes pairs of neighbouring characters, so that nobody has to know where its words end.

const PIECE = /\p{sc=Han}+|[Cc]\+\+|(?:(?!\p{sc=Han})[\p{L}\p{M}\p{N}_])+/gu;
const HAN = /^\p{sc=Han}/u;
const NUMBER = /^\d+(?:e\d+)?$/;
const HUMP = /(?<=[a-z])(?=[A-Z][a-z])|(?<=[A-Za-z]{2})(?=\d+[a-z]?$)|_+/;
const DOUBLED = /([^aeiouls z])\1$/;

const stem = (word) => {
  if (word.length < 4 || /[^a-z]/.test(word)) return word;
  let short = word.replace(/ies$/, "y").replace(/(?<![su])s$/, "");
  const cut = short.replace(/(?:ing|ed)$/, "");
  if (cut !== short && /[aeiouy]/.test(cut) && cut.length > 2) short = cut.replace(DOUBLED, "$1");
  return short.replace(/(?<=..)e$/, "").replace(/y$/, "i");
};

const cutHan = (piece, start) => {
  if (piece.length === 1) return [{ word: piece, start, end: start + 1 }];
  return [...piece.slice(1)].map((_, i) => ({ word: piece.slice(i, i + 2), start: start + i, end: start + i + 2 }));
};

const cutLatin = (piece, start) => {
  const place = { start, end: start + piece.length };
  const parts = piece.split(HUMP).filter(Boolean);
  const name = parts.length > 1 || piece.includes("_");
  const whole = name ? piece.toLowerCase() : stem(piece.toLowerCase());
  return [{ word: whole, parts: name ? parts.map((part) => stem(part.toLowerCase())) : [], name, ...place }];
};

// Each word with its place, its parts if it is a name, and whether it is a number.
export const cut = (text) =>
  [...text.matchAll(PIECE)].flatMap(({ 0: piece, index }) => {
    if (HAN.test(piece)) return cutHan(piece, index);
    return cutLatin(piece, index).map((each) => ({ ...each, number: NUMBER.test(each.word) }));
  });

// The words of a text, one after the other, as an index counts them.
export const wordsOf = (text) => cut(text).flatMap(({ word, parts = [] }) => [word, ...parts]);

export const isHan = (word) => HAN.test(word);
