// The words of a segment, each with its time and its place in the text.

/** @typedef {{from: number, to: number, start: number, end: number}} PlacedWord */

/**
 * Return a text's words in order. Times are the model's where the text is as it was heard; else each word has its share
 * of the segment's, by its length.
 * @param {import("./client.js").Segment} segment
 * @param {string} text what is shown of it: as it was heard, or as it was corrected
 * @returns {PlacedWord[]}
 */
export function placedWords(segment, text) {
  return (text === segment.text && segment.words && heardWords(text, segment.words)) || sharedOut(segment, text);
}

/**
 * @param {string} text
 * @param {import("./client.js").Word[]} words
 * @returns {PlacedWord[] | null} null if they aren't those of the text
 */
function heardWords(text, words) {
  const placed = [];
  let at = 0;
  for (const { word, start, end } of words) {
    const from = text.indexOf(word, at);
    if (from < 0) return null;
    at = from + word.length;
    placed.push({ from, to: at, start, end });
  }
  return placed;
}

/**
 * @param {import("./client.js").Segment} segment
 * @param {string} text
 * @returns {PlacedWord[]}
 */
function sharedOut({ start, end }, text) {
  const rate = (end - start) / Math.max(1, text.length);
  return [...text.matchAll(/\S+/g)].map(({ index, 0: word }) => ({
    from: index,
    to: index + word.length,
    start: start + index * rate,
    end: start + (index + word.length) * rate,
  }));
}
