// AssemblyAI's own SDK for Node.js, unchanged but for its base URL, against the whole service with the real model.

import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { AssemblyAI } from "assemblyai";

const { SCRIPTORIUM_URL, AUDIO } = process.env;
const GARDEN = /the garden behind the house was small/i;
const garden = join(AUDIO, "garden.flac");

const { files, transcripts } = new AssemblyAI({ apiKey: "none needed", baseUrl: SCRIPTORIUM_URL.replace(/\/$/, "") });
const quickly = { pollingInterval: 100 };

test("a file is uploaded, transcribed, polled and read in every way", async () => {
  const transcript = await transcripts.transcribe({ audio: garden, language_code: "en" }, quickly);
  assert.equal(transcript.status, "completed");
  assert.match(transcript.text, GARDEN);
  assert.equal(transcript.words.map(({ text }) => text).join(" "), transcript.text);
  assert.ok(transcript.words.every(({ start, end }) => Number.isInteger(start) && start < end && end < 5500));
  assert.equal(transcript.audio_duration, 5);
  const { id } = transcript;
  assert.match(await transcripts.subtitles(id, "srt"), /^1\n00:00:00,\d{3} --> /);
  assert.match(await transcripts.subtitles(id, "vtt", 32), /^WEBVTT\n/);
  assert.match((await transcripts.sentences(id)).sentences[0].text, /garden/);
  assert.match((await transcripts.paragraphs(id)).paragraphs[0].text, /garden/);
  assert.equal((await transcripts.wordSearch(id, ["garden"])).total_count, 1);
});

test("a file may be bytes or a stream, and what was uploaded is named", async () => {
  for (const audio of [await readFile(garden), createReadStream(garden)]) {
    const { id } = await transcripts.submit({ audio: await files.upload(audio) });
    const { status, text } = await transcripts.waitUntilReady(id, quickly);
    assert.equal(status, "completed");
    assert.match(text, GARDEN);
  }
});

test("transcripts are listed, newest first, and deleted", async () => {
  const { id } = await transcripts.transcribe({ audio: garden }, quickly);
  const page = await transcripts.list({ limit: 2, status: "completed" });
  assert.equal(page.transcripts[0].id, id);
  assert.equal((await transcripts.delete(id)).id, id);
  await assert.rejects(transcripts.get("0".repeat(32)), /There is no job/);
});

test("what can't be transcribed is an error with its reason", async () => {
  const list = Buffer.from("This is a shopping list, not a recording. ".repeat(50));
  await assert.rejects(files.upload(list), /plain text/);
  const whole = await readFile(join(AUDIO, "snow.flac"));
  const { status, error } = await transcripts.transcribe({ audio: whole.subarray(0, whole.length / 2) }, quickly);
  assert.equal(status, "error");
  assert.match(error, /cut short or damaged/);
});
