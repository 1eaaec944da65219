"""The network that torchao quantizes, beside the one in float32."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "int8_torch.py"


@pytest.mark.slow
@pytest.mark.skipif(
    find_spec("torchao") is None, reason="torchao is not installed: pip install --no-deps torchao==0.18.0"
)
def test_a_network_that_torchao_quantized_agrees_in_int8(tmp_path: Path) -> None:
    """What it computes in is seen, so its outputs are compared by the tolerance of int8."""
    command = [
        sys.executable,
        "-m",
        "infer_compare",
        "check",
        f"{EXAMPLE}:make",
        "-b",
        "torch",
        "-b",
        "torch:label=int8",
    ]
    done = subprocess.run(
        [*command, "--model", f"int8={EXAMPLE}:int8", "--batch-sizes", "1,3", "--threads", "1", "--json"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert {contender["label"]: contender["precision"] for contender in report["contenders"]} == {
        "torch": "float32",
        "int8": "int8",
    }
    assert {agreement["verdict"] for agreement in report["agreements"]} == {"agrees"}
