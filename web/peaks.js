// How loud audio is over time, for its waveform.

const BUCKETS = 1500;
const RATE = 8000; // what is decoded is resampled to this, which keeps half an hour below 60 MB
const LONGEST_SECONDS = 1800;

/**
 * Return the peak, 0 to 1, of each of equal stretches of audio; null where that would take too much, or can't be done.
 * @param {() => Promise<ArrayBuffer>} load
 * @param {number} seconds
 * @returns {Promise<Float32Array | null>}
 */
export async function peaksOf(load, seconds) {
  if (seconds > LONGEST_SECONDS) return null;
  try {
    const audio = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await load());
    const samples = audio.getChannelData(0);
    const width = Math.max(1, Math.floor(samples.length / BUCKETS));
    const peaks = new Float32Array(Math.ceil(samples.length / width));
    for (let at = 0; at < samples.length; at += 1) {
      const bucket = Math.floor(at / width);
      peaks[bucket] = Math.max(peaks[bucket] ?? 0, Math.abs(samples[at] ?? 0));
    }
    const loudest = Math.max(...peaks) || 1;
    return peaks.map((peak) => peak / loudest);
  } catch {
    return null; // a format that this browser doesn't decode
  }
}

/**
 * Return an outline in the place of peaks: where something is said.
 * @param {import("./client.js").Segment[]} segments
 * @param {number} seconds
 */
export function outlineOf(segments, seconds) {
  const peaks = new Float32Array(BUCKETS).fill(0.04);
  for (const { start, end, text } of segments) {
    const level = Math.min(1, 0.35 + text.length / (end - start + 0.1) / 40);
    peaks.fill(level, Math.floor((start / seconds) * BUCKETS), Math.ceil((end / seconds) * BUCKETS));
  }
  return peaks;
}
