"""A real browser without a window, and pages for it to open from files."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

from infer_compare.report import document
from infer_compare.report.html import HtmlReporter
from infer_compare.results import Died, OutOfMemory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.report import ReportDocument
    from infer_compare.results import Run

STORIES = Path(__file__).parents[1] / "core" / "report" / "conftest.py"
NAMES = ("chromium", "chromium-browser", "google-chrome")
DRAWN = "return [...document.querySelectorAll('.plot')].every((one) => one.data)"
"""Charts are drawn one after the other."""
HOSTILE = "<b>a</b>&lt;<script>window.taken=1</script><img src=x onerror=window.taken=2>%{x}"


def _missing(what: str) -> None:
    """Skips on a machine without a browser, and fails where the tests must not be skipped."""
    why = f"{what} is not installed; on Debian: apt-get install chromium chromium-driver"
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    """One window of 1280 by 900 for all tests."""
    binary = next((found for name in NAMES if (found := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    if binary is None:
        _missing("chromium")
    if driver is None:
        _missing("chromedriver")
    options = Options()
    options.binary_location = str(binary)
    for argument in ("--headless=new", "--no-sandbox", "--window-size=1280,900", "--force-device-scale-factor=1"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    window = webdriver.Chrome(options=options, service=Service(str(driver)))
    try:
        yield window
    finally:
        window.quit()


@pytest.fixture(scope="session")
def stories() -> Any:
    """The module that makes runs out of what happened in them, which the tests of reports share."""
    spec = importlib.util.spec_from_file_location("report_stories", STORIES)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def made_run(stories: Any) -> Run:
    """Four contenders, one with a hostile name, end to end under a latency bound; one runs out of memory, one dies."""
    curves = {
        label: {2**power: 0.3 + 0.2 * place + (0.05 + 0.04 * place) * 2**power for power in range(8)}
        for place, label in enumerate(("onnx", "torch", "tensorflow", HOSTILE))
    }
    oom = OutOfMemory(reason="its resident memory reached the cap of 8 GiB", evidence="cap", phase="explore")
    died = Died(exit_code=-11, signal="SIGSEGV", phase="explore", stderr_tail="Segmentation fault\n")
    story = stories.Story(
        curves=curves,
        model=f"model {HOSTILE}",
        outcomes={("torch", 128): oom, ("tensorflow", 128): died},
        imported=("torch",),
        plan={"latency_bound_ns": 4_000_000, "scope": "end_to_end"},
    )
    run: Run = story.run()
    return run


@pytest.fixture(scope="session")
def made(made_run: Run) -> ReportDocument:
    """Return the document of that run."""
    return document(made_run)


@pytest.fixture(scope="session")
def page(made: ReportDocument, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of its report, in a folder with nothing else."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(HtmlReporter().render(made), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def opened(browser: webdriver.Chrome, page: str) -> Iterator[webdriver.Chrome]:
    """The report, freshly opened on a light screen 1280 wide."""
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"media": "screen", "features": [{"name": "prefers-color-scheme", "value": "light"}]},
    )
    browser.get_log("browser")
    browser.get(page)
    WebDriverWait(browser, 30).until(lambda one: one.execute_script(DRAWN))
    yield browser
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
