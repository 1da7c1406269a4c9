"""The README's pictures of every page: python -m tests.browser.pictures [--only TEXT].

Each page as somebody sees it first, light and dark, on a screen 1280 pixels wide and on a telephone; written to
assets/pages/, in few colours so that the repository stays small.
"""

import argparse
import io
import tempfile
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import CHROMIUM, QUIET, settle
from tests.server import PROJECT, run_server

FOLDER = PROJECT / "assets" / "pages"
SCREENS = {"wide": (1280, 800), "narrow": (390, 844)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
COLOURS = 128


def addresses() -> dict[str, str]:
    """Each page's name, and its address on the server."""
    pages = sorted(path.stem for path in (PROJECT / "pages").glob("*.py") if path.stem != "__init__")
    return {"overview": ""} | {name: name for name in pages}


def take(browser: Browser, url: str, path: Path, screen: str, scheme: Literal["light", "dark"]) -> None:
    """Write one picture."""
    width, height = SCREENS[screen]
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.set_default_timeout(60_000)
    page.goto(url)
    settle(page)
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")
    page.wait_for_timeout(2_000)  # what fades in
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    page.close()


def main() -> None:
    """Take all pictures, or those of some pages."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.pictures", description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="pages whose name contains it")
    asked = parser.parse_args()
    if CHROMIUM is None:
        parser.exit(2, "there is no Chromium on the path\n")
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, run_server(Path(folder)) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        for name, address in addresses().items():
            if asked.only in name:
                for screen in SCREENS:
                    for scheme in SCHEMES:
                        path = FOLDER / f"{name}-{screen}-{scheme}.png"
                        take(browser, f"{server.url}/{address}", path, screen, scheme)
        browser.close()


if __name__ == "__main__":
    main()
