"""AssemblyAI's API, asked by its own SDK with another base URL: on the real model, from the upload to the deletion."""

import io
from collections.abc import Iterator
from typing import Any

import assemblyai
import httpx
import pysubs2
import pytest
import webvtt
from assemblyai.prerecorded.v2 import api as transcripts

from tests.harness.file_server import File, FileServer
from tests.harness.service import Service, until
from tests.media import channels_wav, clip, references, speech_wav, text_named_mp3, word_error_rate

GARDEN = next(each for each in references() if each.id == "garden")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(
        tmp_path_factory.mktemp("assemblyai"),
        WORKER_CONCURRENCY="4",
        CLEAN_UP_SECONDS="1",
        OUTBOUND_ALLOWED_NETWORKS="127.0.0.1/32",
    ) as service:
        yield service


@pytest.fixture(scope="module")
def client(running: Service) -> assemblyai.Client:
    """Return the SDK as a user would set it up."""
    settings = assemblyai.Settings(
        base_url=f"http://127.0.0.1:{running.port}", api_key="whatever", polling_interval=0.1, http_timeout=60
    )
    return assemblyai.Client(settings=settings)


@pytest.fixture(scope="module")
def transcriber(client: assemblyai.Client) -> assemblyai.Transcriber:
    return assemblyai.Transcriber(client=client)


@pytest.fixture(scope="module")
def garden(transcriber: assemblyai.Transcriber) -> assemblyai.Transcript:
    return transcriber.transcribe(str(clip("garden")))


def test_a_file_is_uploaded_transcribed_and_polled(garden: assemblyai.Transcript) -> None:
    assert (garden.status, garden.error) == (assemblyai.TranscriptStatus.completed, None)
    assert word_error_rate([(GARDEN.text, garden.text or "")]) < 10
    assert garden.audio_duration == round(GARDEN.duration_seconds)
    assert garden.words
    assert [word.text for word in garden.words] == (garden.text or "").split()
    assert all(0 <= word.start < word.end <= 1000 * GARDEN.duration_seconds + 500 for word in garden.words)
    assert garden.words == sorted(garden.words, key=lambda word: word.start)
    assert 0.5 < (garden.confidence or 0) <= 1
    assert garden.json_response
    assert garden.json_response["language_code"] == "en"
    assert garden.json_response["language_confidence"] > 0.5


def test_captions_parse_and_are_no_longer_than_asked(garden: assemblyai.Transcript) -> None:
    srt = pysubs2.SSAFile.from_string(garden.export_subtitles_srt(chars_per_caption=20), format_="srt")
    assert len(srt) > 1
    assert all(len(caption.plaintext) <= 20 and "\n" not in caption.plaintext for caption in srt)
    vtt = webvtt.from_buffer(io.StringIO(garden.export_subtitles_vtt()))
    assert word_error_rate([(GARDEN.text, " ".join(caption.text for caption in vtt.captions))]) < 10


def test_sentences_paragraphs_and_words_are_found(transcriber: assemblyai.Transcriber) -> None:
    wav, _ = speech_wav()
    told = transcriber.transcribe(wav)
    sentences = told.get_sentences()
    assert len(sentences) >= 5
    assert " ".join(sentence.text for sentence in sentences) == told.text
    assert all(sentence.text[-1] in ".?!" for sentence in sentences[:-1])
    paragraphs = told.get_paragraphs()
    assert 1 < len(paragraphs) < len(sentences)
    assert " ".join(paragraph.text for paragraph in paragraphs) == told.text
    assert sum(len(paragraph.words) for paragraph in paragraphs) == len(told.words or ())
    first = sentences[0].words
    phrase = f"{first[0].text} {first[1].text}".upper()
    found = told.word_search([phrase, "zqnever"])
    assert [match.text for match in found] == [phrase]
    assert found[0].indexes[0] == 0
    assert found[0].timestamps[0] == (first[0].start, first[1].end)


def test_one_upload_serves_several_transcripts(
    transcriber: assemblyai.Transcriber, client: assemblyai.Client, running: Service
) -> None:
    upload_url = assemblyai.api.upload_file(client.http_client, clip("snow").read_bytes())
    whole = transcriber.transcribe(upload_url)
    part = transcriber.transcribe(
        upload_url, assemblyai.TranscriptionConfig(audio_start_from=1000, audio_end_at=2500, language_code="en_us")
    )
    assert whole.status == part.status == assemblyai.TranscriptStatus.completed
    assert 0 < len((part.text or "").split()) < len((whole.text or "").split())
    assert all(word.start >= 500 and word.end <= 3000 for word in part.words or ())
    assert whole.audio_url == part.audio_url == upload_url
    upload_id = upload_url.rpartition("/")[2]
    assert upload_id in running.media_files()  # nobody said that it isn't needed any more


def test_a_url_is_fetched(transcriber: assemblyai.Transcriber) -> None:
    with FileServer(lambda _: File.of(clip("garden").read_bytes())) as server:
        told = transcriber.transcribe(server.url("/garden.flac"))
    assert word_error_rate([(GARDEN.text, told.text or "")]) < 10


def test_what_cannot_be_done_is_an_error_of_the_transcript(transcriber: assemblyai.Transcriber) -> None:
    with FileServer(lambda _: File(status=404)) as server:
        failed = transcriber.transcribe(server.url())
    assert failed.status == assemblyai.TranscriptStatus.error
    assert "404" in (failed.error or "")
    with pytest.raises(assemblyai.TranscriptError, match="404"):
        failed.export_subtitles_srt()


def test_channels_are_transcribed_apart(transcriber: assemblyai.Transcriber) -> None:
    told = transcriber.transcribe(
        channels_wav("garden", "snow"), assemblyai.TranscriptionConfig(multichannel=True, language_code="en")
    )
    assert told.utterances
    assert {(utterance.channel, utterance.speaker) for utterance in told.utterances} == {("1", "A"), ("2", "B")}
    heard = {
        channel: " ".join(word.text for word in told.words or () if word.channel == channel) for channel in ("1", "2")
    }
    texts = {each.id: each.text for each in references()}
    assert word_error_rate([(texts["garden"], heard["1"]), (texts["snow"], heard["2"])]) < 20


def test_transcripts_are_listed_by_page_and_status(transcriber: assemblyai.Transcriber) -> None:
    made = [str(transcriber.transcribe(clip("garden").read_bytes()).id) for _ in range(3)]

    def page(**query: str | int | None) -> assemblyai.ListTranscriptResponse:
        return transcriber.list_transcripts(assemblyai.ListTranscriptParameters.model_validate(query))

    newest = page(limit=2)
    assert [each.id for each in newest.transcripts] == [made[2], made[1]]
    assert (newest.page_details.limit, newest.page_details.result_count) == (2, 2)
    older = page(limit=1, before_id=newest.page_details.before_id_of_prev_url)
    assert [each.id for each in older.transcripts] == [made[0]]
    newer = page(limit=1, after_id=made[0])
    assert [each.id for each in newer.transcripts] == [made[1]]
    assert [each.id for each in page(after_id=made[0]).transcripts] == [made[2], made[1]]
    assert page(after_id=made[2]).transcripts == []
    failed = page(status="error", limit=200).transcripts
    assert all(each.status == assemblyai.TranscriptStatus.error and each.error for each in failed)
    today = newest.transcripts[0].created.partition("T")[0]
    assert {made[0], made[2]} <= {each.id for each in page(created_on=today, limit=200).transcripts}
    assert page(created_on="2001-01-01").transcripts == []


def test_a_deleted_transcript_is_gone_with_its_audio_and_its_upload(
    transcriber: assemblyai.Transcriber, client: assemblyai.Client, running: Service
) -> None:
    told = transcriber.transcribe(clip("station").read_bytes())
    assert told.id
    upload_id = str(told.audio_url).rpartition("/")[2]
    assert upload_id in running.media_files()
    deleted = transcripts.delete_transcript(client.http_client, told.id)
    assert (deleted.id, deleted.text, deleted.words) == (told.id, None, None)
    assert not {told.id, upload_id} & set(running.media_files())
    with pytest.raises(assemblyai.TranscriptError, match="no job"):
        transcripts.get_transcript(client.http_client, told.id)
    assert running.client.get(f"/status/{told.id}").status_code == 404
    with pytest.raises(assemblyai.TranscriptError, match="upload it again"):
        transcriber.submit(str(told.audio_url))


# What is wrong is said in its words


def errors(answer: httpx.Response) -> str:
    document: dict[str, str] = answer.json()
    assert set(document) == {"error", "code"}
    return document["error"]


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({}, "audio_url"),
        ({"audio_url": "ftp://example.com/a"}, "audio_url"),
        ({"audio_url": "http://169.254.169.254/latest"}, "audio_url"),
        ({"audio_url": "http://[/v2/upload/x"}, "audio_url"),
        ({"audio_url": f"https://example.com/v2/upload/{'f' * 32}"}, "audio_url"),
        ({"summarization": True}, "summarization"),
        ({"a_feature_of_next_year": True}, "a_feature_of_next_year"),
        ({"custom_spelling": [{"from": ["a"], "to": "b"}]}, "custom_spelling"),
        ({"language_code": "tlh"}, "language_code"),
        ({"keyterms_prompt": ["x" * 200] * 6}, "keyterms_prompt"),
        ({"audio_start_from": 2000, "audio_end_at": 1000}, "audio_end_at"),
        ({"speakers_expected": 0}, "speakers_expected"),
        ({"webhook_url": "https://example.com/hooks"}, "webhook_url"),
        ({"webhook_auth_header_name": "Host", "webhook_auth_header_value": "a"}, "webhook_auth_header_name"),
        ({"webhook_auth_header_name": "X-Secret"}, "webhook_auth_header_value"),
        ({"webhook_auth_header_name": "X-Secret", "webhook_auth_header_value": "a\r\nb"}, "webhook_auth_header_value"),
    ],
    ids=str,
)
def test_what_is_not_valid_or_not_had_is_named(running: Service, asked: dict[str, Any], named: str) -> None:
    given = {"audio_url": "https://example.com/a.mp3", **asked} if asked else {}
    answer = running.client.post("/v2/transcript", json=given)
    assert answer.status_code == 400
    assert named in errors(answer)


def test_features_that_are_not_wanted_are_no_reason_to_refuse(running: Service) -> None:
    answer = running.client.post(
        "/v2/transcript",
        json={
            "audio_url": "https://example.com/a.mp3",
            "auto_chapters": False,
            "summary_model": None,
            "custom_spelling": [],
            "speech_models": ["universal"],
            "punctuate": False,
            "boost_param": "high",
        },
    )
    assert answer.status_code == 200
    assert running.client.delete(f"/v2/transcript/{answer.json()['id']}").status_code == 200


def test_uploads_that_are_none_are_refused(running: Service) -> None:
    for content, status, said in (
        (b"", 400, "no bytes"),
        (text_named_mp3(), 400, "plain text"),
        (bytes(101 * 1024 * 1024), 413, "MAX_FILE_SIZE_MB"),
    ):
        answer = running.client.post("/v2/upload", content=content)
        assert (answer.status_code, said in errors(answer)) == (status, True)
    assert running.client.post("/v2/transcript", content=b"{").status_code == 400


def test_what_is_not_ready_is_said(running: Service, client: assemblyai.Client) -> None:
    upload_url = assemblyai.api.upload_file(client.http_client, speech_wav()[0])
    asked = {"audio_url": upload_url, "keyterms_prompt": ["nothing that was asked for before"]}
    made = running.client.post("/v2/transcript", json=asked).json()
    assert (made["status"], made["text"], made["words"]) == ("queued", None, None)
    answer = running.client.get(f"/v2/transcript/{made['id']}/sentences")
    assert (answer.status_code, answer.json()["code"]) == (400, "job_not_finished")
    gone = running.client.delete(f"/v2/transcript/{made['id']}")
    assert gone.json()["status"] in {"processing", "error"}

    def look() -> bool | None:
        answer = running.client.get(f"/v2/transcript/{made['id']}")
        return True if answer.status_code == 404 or answer.json()["status"] == "error" else None

    until(look, 30, running.output)


@pytest.mark.parametrize("path", ["", "/srt", "/vtt", "/sentences", "/paragraphs", "/word-search?words=a"])
def test_a_transcript_that_is_none_is_not_found(running: Service, path: str) -> None:
    for transcript_id in ("nonsense", "0" * 32):
        answer = running.client.get(f"/v2/transcript/{transcript_id}{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")
    assert errors(running.client.get("/v2/nothing"))
