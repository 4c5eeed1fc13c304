"""Rows: nothing lost, nothing cut without need, the same every time; and no sequence sees another."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from core.errors import TrainingError
from tests.training.fitting.conftest import sequence, sequences, settings
from tests.training.small_models import SIZES, save_model
from training.fitting.models import load_model
from training.fitting.packing import Rows, collate, write_rows
from training.fitting.sequences import IGNORED


def pieces(row: dict[str, Any]) -> list[tuple[int, ...]]:
    """The sequences of a row."""
    starts = [i for i, position in enumerate(row["position_ids"]) if position == 0] + [len(row["input_ids"])]
    return [tuple(row["input_ids"][a:b]) for a, b in pairwise(starts)]


def test_every_sequence_of_every_epoch_is_in_one_row_uncut(tmp_path: Path) -> None:
    counts = write_rows(sequences, 2, 64, 1, tmp_path / "rows")
    rows = Rows(tmp_path / "rows")
    found = Counter(piece for i in range(len(rows)) for piece in pieces(rows[i]))
    assert found == Counter(tuple(s.input_ids) for epoch in (0, 1) for s in sequences(epoch))
    assert counts == {"rows": len(rows), "tokens": rows.tokens, "sequences": 120}
    assert max(rows.lengths) <= 64
    assert rows.tokens / (64 * len(rows)) > 0.9
    ends = [0, *rows.lengths.cumsum(), rows.tokens]  # beyond the last row nothing comes
    assert [rows.tokens_in(count) for count in range(len(rows) + 2)] == ends
    first = {p for i in range(counts["rows"] // 2 - 1) for p in pieces(rows[i])}
    assert first <= {tuple(s.input_ids) for s in sequences(0)}


def test_a_sequence_that_is_longer_than_a_row_is_cut_and_loses_nothing(tmp_path: Path) -> None:
    long = sequence(list(range(5, 155)))
    write_rows(lambda epoch: [long], 1, 64, 1, tmp_path / "rows")
    rows = Rows(tmp_path / "rows")
    found = sorted(p for i in range(len(rows)) for p in pieces(rows[i]))
    assert [token for piece in found for token in piece] == long.input_ids


def test_no_loss_is_taken_where_a_neighbour_or_padding_would_be_predicted(tmp_path: Path) -> None:
    write_rows(lambda epoch: [sequence([7, 8, 9]), sequence([5, 6])], 1, 16, 1, tmp_path / "rows")
    row = Rows(tmp_path / "rows")[0]
    assert row["labels"] == [IGNORED, 8, 9, IGNORED, 6]
    batch = collate([row, {k: v[:2] for k, v in row.items()}], pad_id=3)
    assert batch["input_ids"].tolist() == [[7, 8, 9, 5, 6], [7, 8, 3, 3, 3]]
    assert batch["labels"].tolist()[1] == [IGNORED, 8, IGNORED, IGNORED, IGNORED]
    assert batch["position_ids"].tolist()[1] == [0, 1, 0, 1, 2]
    assert collate([row], pad_id=3, length=16)["input_ids"].shape == (1, 16)


def test_rows_depend_on_the_seed_alone_and_are_left_where_they_are(tmp_path: Path) -> None:
    ways = [write_rows(sequences, 2, 64, seed, tmp_path / str(number)) for number, seed in enumerate((1, 1, 2))]
    one, same, other = (Rows(tmp_path / str(number)) for number in range(3))
    assert ways[0] == ways[1]
    assert [one[i] for i in range(len(one))] == [same[i] for i in range(len(same))]
    assert [one[i] for i in range(len(one))] != [other[i] for i in range(len(other))]

    def refuse(epoch: int) -> list[Any]:
        raise AssertionError("read again")

    assert write_rows(refuse, 2, 64, 1, tmp_path / "0") == ways[0]


def test_nothing_to_learn_is_said(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="there is nothing to learn"):
        write_rows(lambda epoch: [sequence([5])], 1, 64, 1, tmp_path / "rows")


@pytest.mark.parametrize("family", sorted(SIZES))
def test_no_gradient_flows_into_another_sequence(tmp_path: Path, family: str) -> None:
    folder = save_model(tmp_path / family, family, dtype=torch.float32)
    model: Any = load_model(folder, settings())
    model.train(True)
    write_rows(
        lambda epoch: [sequence(list(range(5, 5 + length))) for length in (20, 12, 9)], 1, 48, 1, tmp_path / "rows"
    )
    row = Rows(tmp_path / "rows")[0]
    begin, end = [i for i, position in enumerate(row["position_ids"]) if position == 0][1:3]
    batch = collate([row], pad_id=0, length=48)
    embedded = model.get_input_embeddings()(batch["input_ids"]).detach().requires_grad_()
    logits = model(inputs_embeds=embedded, position_ids=batch["position_ids"]).logits
    logits[0, begin:end].square().sum().backward()
    reached = embedded.grad[0].abs().sum(-1) > 0
    assert reached[begin:end].all()
    assert not reached[:begin].any()
    assert not reached[end:].any()


@pytest.mark.parametrize("family", ["Llama", "Mistral"])
def test_a_sequence_in_a_row_has_the_logits_that_it_has_alone(tmp_path: Path, family: str) -> None:
    model: Any = load_model(save_model(tmp_path / family, family, dtype=torch.float32), settings())
    write_rows(lambda epoch: [sequence(list(range(5, 25))), sequence(list(range(40, 52)))], 1, 48, 1, tmp_path / "rows")
    row = Rows(tmp_path / "rows")[0]
    batch = collate([row], pad_id=0)
    with torch.no_grad():
        together = model(input_ids=batch["input_ids"], position_ids=batch["position_ids"]).logits[0]
        apart = torch.cat([model(input_ids=torch.tensor([piece])).logits[0] for piece in pieces(row)])
    torch.testing.assert_close(together, apart, atol=1e-5, rtol=1e-5)
