"""Chromium, and a watch over what a page says and whom it asks."""
import pathlib, re, shutil, sys
from urllib.parse import urlparse

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PICTURES = ROOT / "Tests/Fixtures/images"
SAMPLES = ROOT / "Sources/Tools/DemoModel/Resources/samples"

class Watch:
    """Everything that pages complain about, and every host that they ask."""
    def __init__(self, address):
        self.host = urlparse(address).netloc
        self.complaints, self.strangers = [], []
        self.expected = []            # statuses that the test at hand brings about

    def follow(self, page):
        page.on("console", lambda message: self.hear(message.type, message.text))
        page.on("pageerror", lambda error: self.hear("error", str(error)))
        page.on("request", lambda request: self.see(request.url))

    def hear(self, kind, text):
        if kind not in ("error", "warning"): return
        # Chromium reports every answer with a status from 400 on; some are what a test is about.
        found = re.search(r"status of (\d+)|net::ERR_\w+", text)
        if found and (found[1] or "away") in self.expected: return
        self.complaints.append(f"{kind}: {text}")

    def see(self, address):
        parsed = urlparse(address)
        if parsed.scheme in ("blob", "data"): return
        if parsed.netloc != self.host: self.strangers.append(address)

def chromium():
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if not found: sys.exit("test-page: no chromium: scripts/setup --page installs it")
    return found

def launch(playwright):
    # Chromium's own sandbox needs namespaces that containers and CI often keep from it; it opens nothing but our own page.
    return playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])

def drop(page, path, kind="image/png"):
    """Lets go of a file over the page, as a hand would."""
    import base64
    page.evaluate("""async ([data, name, type]) => {
        const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], name, { type }));
        for (const kind of ["dragover", "drop"])
            document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }""", [base64.b64encode(path.read_bytes()).decode(), path.name, kind])

def paste(page, path, kind="image/png"):
    import base64
    page.get_by_role("textbox", name="Message").evaluate("""async (element, [data, name, type]) => {
        const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], name, { type }));
        element.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true }));
    }""", [base64.b64encode(path.read_bytes()).decode(), path.name, kind])

def message(page): return page.get_by_role("textbox", name="Message")
def answers(page): return page.get_by_role("article", name="Answer")

def ask(page, text):
    before = answers(page).count()
    message(page).fill(text)
    message(page).press("Enter")
    # Until the question stands there nothing is under way, and the button still says Send.
    answers(page).nth(before).wait_for(state="attached")

def ended(page, patience=30_000):
    """Waits until nothing is under way in what is shown."""
    page.get_by_role("button", name="Send").wait_for(timeout=patience)
    # The button comes back a moment before the answer shows what has become of it.
    page.locator(".answer.running").first.wait_for(state="detached", timeout=patience)

def axe_finds(page, about):
    """What axe has to say; None where it is not installed."""
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        return None
    page.wait_for_timeout(250)
    found = Axe().run(page).response["violations"]
    return [f"{about}: {v['id']}: {v['help']}: {'; '.join(n['html'][:160] + ' ' + (n.get('failureSummary') or '')[:200] for n in v['nodes'][:3])}" for v in found]
