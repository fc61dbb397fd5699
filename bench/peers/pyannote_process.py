"""`python -m bench.peers.pyannote_process`: diarization error rates by pyannote.metrics, from JSON on the input.

The input is a list of pairs of lists of turns, reference and hypothesis, each `[start, end, speaker]` in seconds. The
output is an object of seconds over all of them: `total`, `missed detection`, `false alarm`, `confusion`; overlapping
speech counts, and there is no collar.
"""

import json
import sys
from collections.abc import Sequence

from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate


def _annotation(turns: Sequence[tuple[float, float, str]]) -> Annotation:
    annotation = Annotation()
    for number, (start, end, speaker) in enumerate(turns):
        annotation[Segment(start, end), number] = str(speaker)
    return annotation


def _main() -> None:
    metric = DiarizationErrorRate()
    for reference, hypothesis in json.load(sys.stdin):
        whole = Timeline([Segment(0, max(turn[1] for turn in (*reference, *hypothesis)))])
        metric(_annotation(reference), _annotation(hypothesis), uem=whole)
    json.dump({name: metric[name] for name in metric.components_}, sys.stdout)


if __name__ == "__main__":
    _main()
