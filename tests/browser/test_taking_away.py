"""What a reader takes from the page: the winner's command, and a look at the calls of a point."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from infer_compare import api
from infer_compare.cli import main
from infer_compare.report import document
from infer_compare.report.html import HtmlReporter

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytestmark = pytest.mark.slow

RUN = Path(__file__).parents[2] / "docs" / "example"
POINTS = "return document.querySelector('.plot-calls').data.reduce((sum, trace) => sum + trace.x.length, 0)"


def test_the_copied_command_of_the_winner_is_accepted(
    opened: Chrome, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It plans to run the winner alone, at its batch size; under a bound that leaves one size, at that one."""
    best = document(api.load_run(RUN)).answers[0].answer.recommended
    assert best is not None
    path = tmp_path / "report.html"
    path.write_text(HtmlReporter().render(document(api.load_run(RUN))), encoding="utf-8")
    opened.get(path.as_uri())
    opened.find_element(By.CSS_SELECTOR, ".take .copy").click()
    copied = opened.execute_script("return getSelection().toString()").strip()
    assert copied.endswith(f"-b {best.contender} --batch-sizes {best.point.batch}")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main([*shlex.split(copied)[1:], "--dry-run"])
    printed = capsys.readouterr().out
    assert not ended.value.code
    assert best.contender in printed
    opened.execute_script(
        "const field = document.querySelector('.bound-ms'); field.value = '0.3';"
        "field.dispatchEvent(new Event('input', { bubbles: true }))"
    )
    assert opened.find_element(By.CSS_SELECTOR, ".take code").text.endswith("-b onnx --batch-sizes 1")


def test_the_calls_of_a_point_open_in_order_of_time(opened: Chrome) -> None:
    """From the list, by keyboard too, and closed with Escape."""
    dialog = opened.find_element(By.CSS_SELECTOR, "dialog.calls")
    assert not dialog.is_displayed()
    choice = opened.find_element(By.CSS_SELECTOR, ".of-calls select")
    choice.send_keys(Keys.ARROW_DOWN)
    WebDriverWait(opened, 15).until(lambda _: dialog.is_displayed())
    assert dialog.find_element(By.TAG_NAME, "h2").text == "onnx, batch 1: its calls"
    assert opened.execute_script(POINTS) > 50
    opened.switch_to.active_element.send_keys(Keys.ESCAPE)
    WebDriverWait(opened, 15).until(lambda _: not dialog.is_displayed())
