"""Runs the page's tests: against the mock, and against a live server where its address is given."""
import argparse, sys, time, traceback
from playwright.sync_api import sync_playwright
import mock
from browser import Watch, launch
from mocked import Mocked

def play(suite, names, watch):
    failed = 0
    for name in names:
        began = time.monotonic()
        watch.complaints.clear()
        try:
            note = getattr(suite, name)()
            if watch.complaints: raise AssertionError("the console says: " + "\n".join(watch.complaints))
            if watch.strangers: raise AssertionError(f"other hosts were asked: {watch.strangers}")
            print(f"test-page: {'SKIPPED' if note else 'ok     '} {name} ({time.monotonic() - began:.1f} s){': ' + note if note else ''}", flush=True)
        except Exception:
            failed += 1
            traceback.print_exc()
            print(f"test-page: FAILED  {name}", flush=True)
            for context in suite.browser.contexts:
                for page in context.pages: page.screenshot(path=f"{options.failures}/{type(suite).__name__}-{name}.png")
        for context in suite.browser.contexts: context.close()
        watch.expected, watch.strangers = [], []
    return failed

parser = argparse.ArgumentParser()
parser.add_argument("--url", help="a live server, too")
parser.add_argument("--only", nargs="*", default=[])
parser.add_argument("--failures", default="/tmp")
parser.add_argument("--pictures", help="a folder for the README's pictures; nothing else is done")
options = parser.parse_args()
failed = 0
with sync_playwright() as playwright:
    browser = launch(playwright)
    if not options.url:
        state = mock.State()
        address, _ = mock.start(state)
        watch = Watch(address)
        suite = Mocked(browser, state, address, watch)
        failed += play(suite, [name for name in suite.ALL if not options.only or name in options.only], watch)
    else:
        from live import Live
        watch = Watch(options.url)
        suite = Live(browser, options.url, watch)
        if options.pictures: suite.take_pictures(options.pictures)
        else: failed += play(suite, [name for name in suite.ALL if not options.only or name in options.only], watch)
    browser.close()
sys.exit(1 if failed else 0)
