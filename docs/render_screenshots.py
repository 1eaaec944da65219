"""Photographs the HTML report of the example run for the README and the documentation, light and dark.

It needs Debian's chromium and chromium-driver, and selenium.

    python docs/render_screenshots.py
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

from infer_compare import api
from infer_compare.report import document
from infer_compare.report.html import HtmlReporter

DOCS = Path(__file__).parent
PICTURES = {"light": DOCS / "images" / "report.png", "dark": DOCS / "images" / "report-dark.png"}
SIZE = (1280, 1090)


def main() -> None:
    """Opens the page once for each colour scheme."""
    html = HtmlReporter().render(document(api.load_run(DOCS / "example")))
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "report.html")
        page.write_text(html, encoding="utf-8")
        for scheme, picture in PICTURES.items():
            options = Options()
            options.binary_location = shutil.which("chromium") or ""
            for argument in (
                "--headless=new",
                "--no-sandbox",
                f"--window-size={SIZE[0]},{SIZE[1] + 150}",
                "--hide-scrollbars",
            ):
                options.add_argument(argument)
            with webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver"))) as browser:
                features = [{"name": "prefers-color-scheme", "value": scheme}]
                browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
                metrics = {"width": SIZE[0], "height": SIZE[1], "deviceScaleFactor": 1, "mobile": False}
                browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
                browser.get(page.as_uri())
                WebDriverWait(browser, 20).until(
                    lambda one: one.execute_script("return document.querySelectorAll('.main-svg').length") > 0
                )
                browser.save_screenshot(str(picture))


if __name__ == "__main__":
    main()
