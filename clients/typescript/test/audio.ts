/** Audio for tests. */

/** Return a WAV of 8 bits at 8 kHz: a faint sawtooth, of which each pitch (1 to 100) is other audio than the next. */
export function wav(seconds: number, pitch = 1): Uint8Array<ArrayBuffer> {
  const bytes = 8000 * seconds;
  const file = new Uint8Array(44 + bytes);
  const view = new DataView(file.buffer);
  const text = (at: number, value: string): void => {
    file.set(new TextEncoder().encode(value), at);
  };
  text(0, "RIFF");
  view.setUint32(4, 36 + bytes, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, 8000, true);
  view.setUint32(28, 8000, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  text(36, "data");
  view.setUint32(40, bytes, true);
  for (let sample = 0; sample < bytes; sample += 1) file[44 + sample] = 128 + ((sample * pitch) % 16);
  return file;
}
