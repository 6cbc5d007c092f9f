"""The page against a server that can be made to do anything: all states, and those that a real cluster rarely shows."""
import json, pathlib, random, re, tempfile, time
import mock
from browser import PICTURES, answers, ask, axe_finds, drop, ended, message, paste

def wait(what, condition, patience=15):
    end = time.monotonic() + patience
    while not (found := condition()):
        if time.monotonic() > end: raise AssertionError(f"never came: {what}")
        time.sleep(0.03)
    return found

def until(page, what, condition, patience=15):
    """As `wait`, for what the page itself must have a chance to do."""
    end = time.monotonic() + patience
    while not (found := condition()):
        if time.monotonic() > end: raise AssertionError(f"never came: {what}")
        page.wait_for_timeout(40)
    return found

def said(page): return page.locator("#announcements").inner_text()

class Mocked:
    def __init__(self, browser, state, address, watch):
        self.browser, self.state, self.address, self.watch = browser, state, address, watch

    def page(self, **options):
        context = self.browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **options})
        page = context.new_page()
        self.watch.follow(page)
        page.goto(self.address)
        message(page).wait_for()
        return page

    def pure_parts(self):
        page = self.page()
        found = page.evaluate("import('/tests/pure.js').then((tests) => tests.run())")
        assert not found["failures"], "\n".join(found["failures"])
        chance = random.Random(1)
        sizes = [[chance.randint(1, 5000), chance.randint(1, 5000), chance.randint(1, 24)] for _ in range(2000)]
        sizes += [[448 * a, 448 * b, most] for a in range(1, 9) for b in range(1, 9) for most in (4, 10, 12)]
        grids = page.evaluate("(sizes) => import('/tests/pure.js').then((tests) => tests.gridsOf(sizes))", sizes)
        assert grids == [list(mock.grid(*size)) for size in sizes]
        assert found["checks"] > 3000

    def question_and_answer(self):
        page = self.page()
        drop(page, PICTURES / "wide.png")
        page.get_by_text("900 × 300").wait_for()
        until(page, "the server's tokens", lambda: "3 × 1 tiles and a thumbnail · 1 024 tokens" in page.locator(".tray").inner_text().replace("\u202f", " "))
        page.get_by_role("switch", name="Show tiles").check()
        assert page.locator(".tray svg.tiles path").last.get_attribute("d") == "M0 0H3V1H0ZM1 0V1M2 0V1"
        assert page.locator(".tray .tiles").evaluate("(element) => getComputedStyle(element).opacity") != "" and page.locator(".tray .thumbnail").is_visible()
        ask(page, "compute the shaded area")
        page.get_by_role("button", name="Stop").wait_for()
        thinking = answers(page).get_by_role("group", name="Thinking")
        thinking.wait_for()
        assert thinking.evaluate("(fold) => fold.open"), "thinking is open while it runs"
        ended(page)
        assert not thinking.evaluate("(fold) => fold.open"), "thinking folds behind"
        assert re.search(r"Thought for .* · 29 tokens", thinking.inner_text())
        thinking.locator("summary").click()
        thinking.get_by_text("antiderivative").wait_for()
        answer = answers(page)
        assert answer.locator("math").count() >= 8 and answer.locator("math msubsup, math munderover").count() >= 1
        assert "ℝ" in answer.locator("math").nth(2).text_content() + answer.inner_text()
        assert answer.locator("table td").count() == 9 and answer.locator("pre").inner_text().startswith("area = sum")
        assert answer.locator(".boxed").inner_text().replace("\n", "").startswith("Result9")
        assert "184 tokens" in answer.locator(".foot .facts").inner_text() and "seed 4711" in answer.locator(".foot .facts").inner_text()
        assert "The model is thinking." in said(page) and "The answer is complete" in said(page) and "The result is 9." in said(page)
        first = self.state.bodies[-1]
        assert first["orient"] is True and first["messages"][0]["content"][0]["image_url"]["url"].startswith("data:image/png;base64,")
        # What the server knows by now goes by its name, and thinking is no part of a prompt.
        ask(page, "and the boats?")
        ended(page)
        second = self.state.bodies[-1]["messages"]
        assert second[0]["content"][0]["image_url"]["url"].startswith("sha256:")
        assert second[1]["role"] == "assistant" and "antiderivative" not in second[1]["content"] and len(second) == 3
        # And what it has forgotten is sent again, once.
        mock.KNOWN.clear()
        self.watch.expected = ["400"]
        ask(page, "once more")
        ended(page)
        self.watch.expected = []
        assert answers(page).last.inner_text().count("three boats") == 1
        assert self.state.bodies[-1]["messages"][0]["content"][0]["image_url"]["url"].startswith("data:")
        page.context.close()

    def stopping(self):
        page = self.page()
        for way in ("button", "Esc"):
            cut = self.state.cut
            ask(page, "endless words")
            until(page, "some text", lambda: answers(page).last.inner_text().count("word") > 10)
            if way == "button": page.get_by_role("button", name="Stop").click()
            else: page.keyboard.press("Escape")
            ended(page)
            wait("the server noticing", lambda: self.state.cut > cut)
            answer = answers(page).last.inner_text()
            assert "Stopped." in answer and answer.count("word") > 10
        page.context.close()

    def reloading(self):
        page = self.page()
        ask(page, "endless words")
        until(page, "some text", lambda: answers(page).inner_text().count("word") > 40)
        before = answers(page).locator(".prose").last.inner_text().count("word")
        page.reload()
        answers(page).wait_for()
        after = answers(page).locator(".prose").last.inner_text().count("word")
        assert after >= before, f"{before} words before, {after} behind"
        assert "What had come is kept." in answers(page).inner_text()
        assert page.get_by_role("button", name="Send").is_visible()
        page.context.close()

    def conversations(self):
        page = self.page()
        ask(page, "about boats")
        ended(page)
        page.get_by_role("button", name="New conversation").click()
        assert answers(page).count() == 0
        drop(page, PICTURES / "photo420.jpg", "image/jpeg")
        page.locator(".tray li").first.wait_for()
        ask(page, "endless words about trains")
        page.get_by_role("button", name="Stop").wait_for()
        # Another conversation is looked at meanwhile; the answer goes on.
        page.get_by_role("button", name="about boats", exact=True).click()
        assert "three boats" in answers(page).inner_text() and page.get_by_role("button", name="Send").is_visible()
        page.go_back()
        page.get_by_role("button", name="Stop").click()
        ended(page)
        page.get_by_label("Search conversations").fill("TRAINS words")
        assert page.locator(".entry").count() == 1
        page.get_by_label("Search conversations").fill("")
        page.get_by_role("button", name="Rename about boats").click()
        page.get_by_label("Title").fill("Harbour")
        page.get_by_label("Title").press("Enter")
        page.get_by_role("button", name="Harbour", exact=True).wait_for()
        with page.expect_download() as download: page.get_by_role("button", name="Export all conversations").click()
        file = pathlib.Path(tempfile.mkdtemp()) / "all.json"
        download.value.save_as(file)
        exported = json.loads(file.read_text())
        assert len(exported["conversations"]) == 2 and len(exported["pictures"]) == 1
        page.get_by_role("button", name="Delete Harbour").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        until(page, "one conversation", lambda: page.locator(".entry").count() == 1)
        page.get_by_role("button", name="Delete all conversations").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete all").click()
        until(page, "no conversation", lambda: page.locator(".entry").count() == 0)
        count = "indexedDB.databases().then(() => new Promise((done) => { const open = indexedDB.open('flotilla', 1); open.onsuccess = () => { const all = open.result.transaction('pictures').objectStore('pictures').count(); all.onsuccess = () => done(all.result); }; }))"
        until(page, "no picture", lambda: page.evaluate(count) == 0)
        page.get_by_label("Import conversations").set_input_files(file)
        page.get_by_role("dialog").get_by_role("button", name="Close").click()
        until(page, "both are back", lambda: page.locator(".entry").count() == 2)
        assert page.evaluate(count) == 1
        page.get_by_role("button", name="endless words about trains", exact=True).click()
        page.locator(".question img").first.wait_for()
        page.context.close()

    def two_tabs(self):
        page = self.page()
        other = page.context.new_page()
        self.watch.follow(other)
        other.goto(self.address)
        message(other).wait_for()
        ask(page, "endless words")
        other.get_by_role("button", name="endless words", exact=True).click()
        until(other, "what the other tab gets", lambda: answers(other).inner_text().count("word") > 60)
        assert other.get_by_role("button", name="Send").is_visible(), "it is not this tab's to stop"
        # One that is deleted while its answer comes does not come back.
        page.get_by_role("button", name="Delete endless words").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        until(page, "nothing", lambda: page.locator(".entry").count() == 0)
        until(other, "nothing", lambda: other.locator(".entry").count() == 0)
        page.wait_for_timeout(600)
        page.reload()
        message(page).wait_for()
        page.wait_for_timeout(300)
        assert page.locator(".entry").count() == 0
        page.context.close()

    def branches(self):
        page = self.page()
        drop(page, PICTURES / "wide.png")
        page.locator(".tray li").first.wait_for()
        ask(page, "what is it")
        ended(page)
        answers(page).get_by_role("button", name="Ask again with the same seed").click()
        ended(page)
        assert self.state.bodies[-1]["seed"] == 4711
        assert page.get_by_text("2 / 2").is_visible()
        answers(page).get_by_role("button", name="Ask again with a new seed").click()
        ended(page)
        assert "seed" not in self.state.bodies[-1] and page.get_by_text("3 / 3").is_visible()
        page.get_by_role("button", name="Branch before").click()
        assert page.get_by_text("2 / 3").is_visible()
        # A question is edited, without its picture and with another.
        page.get_by_role("button", name="Edit and ask as a branch").click()
        page.get_by_label("Edited text").fill("compute it")
        page.locator(".edit").get_by_role("button", name="Take wide.png away").click()
        page.get_by_label("More pictures for this question").set_input_files([PICTURES / "tall.png", PICTURES / "photo420.jpg"])
        until(page, "two pictures", lambda: page.locator(".edit .chips li:not(.of-all)").count() == 2)
        page.get_by_role("button", name="Ask as a branch", exact=True).click()
        ended(page)
        assert len(self.state.bodies[-1]["messages"]) == 1 and len(self.state.bodies[-1]["messages"][0]["content"]) == 3
        assert answers(page).locator(".boxed").is_visible()
        page.locator(".question").get_by_role("button", name="Branch before").click()
        assert page.locator(".bubble").inner_text() == "what is it"
        page.locator(".question").get_by_role("button", name="Delete the question").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        until(page, "the other branch", lambda: page.locator(".bubble").inner_text() == "compute it")
        page.context.close()

    def refusals(self):
        page = self.page()
        self.watch.expected = ["429", "503", "away"]
        self.state.refusals = [(429, "busy"), (503, "loading")]
        ask(page, "anything")
        page.get_by_text("Many requests are in line. Trying again in").wait_for()
        page.get_by_text("The model is being loaded. Trying again in").wait_for()
        ended(page)
        assert "three boats" in answers(page).inner_text()
        self.state.refusals = [(503, "draining")]
        ask(page, "anything else")
        ended(page)
        assert "takes no new questions" in answers(page).last.inner_text()
        for text, wanted in (("error amid", "The ranks were lost four times."), ("break off", "The connection was lost. What came is kept.")):
            ask(page, text)
            ended(page)
            shown = answers(page).last.inner_text()
            assert wanted in shown or "broke off" in shown, shown
            assert "It begins" in shown or "The picture" in shown
        self.watch.expected = []
        page.context.close()

    def replacement(self):
        page = self.page()
        ask(page, "wait in line, then lose a rank")
        page.get_by_text("Place 3 in line").wait_for()
        page.get_by_text("Next in line").wait_for()
        page.get_by_text("Ranks are being replaced: the answer goes on when they are back").wait_for()
        ended(page)
        assert "three boats" in answers(page).inner_text() and "ranks replaced once" in answers(page).inner_text()
        page.context.close()

    def token(self):
        self.state.token = "right"
        self.watch.expected = ["401"]
        page = self.page()
        # Looking at the cluster asks for no token once a second, when somebody does not want to give one.
        page.get_by_role("button", name="Cancel").click()
        page.get_by_text("token needed").wait_for()
        page.get_by_role("button", name="Cluster").click()
        page.get_by_text("This server needs a token.").wait_for()
        page.wait_for_timeout(1500)
        assert page.get_by_role("dialog").count() == 0
        page.get_by_role("button", name="Close this view").click()
        ask(page, "first")
        for word in ("wrong", "right"):
            page.get_by_label("Token", exact=True).fill(word)
            page.get_by_role("button", name="Use it").click()
            page.wait_for_timeout(200)
        ended(page)
        page.locator(".model", has_text="SAIL").wait_for()
        self.watch.expected = []
        assert "three boats" in answers(page).inner_text()
        assert page.evaluate("[sessionStorage.getItem('flotilla-token'), localStorage.getItem('flotilla-token'), location.href.includes('right')]") == ["right", None, False]
        page.reload()
        page.locator(".model", has_text="SAIL").wait_for()
        self.state.token = None
        page.context.close()

    def hostile_answers(self):
        page = self.page()
        ask(page, "hostile")
        ended(page)
        page.wait_for_timeout(300)
        assert "owned" not in page.title()
        answer = answers(page)
        assert answer.locator("img, script, a, iframe").count() == 0 and "<img src=x" in answer.inner_text()
        assert answer.locator("[style], [href]").count() == 0
        answer.get_by_role("button", name="a site").click()
        anchor = answer.get_by_role("link", name="https://example.invalid/", exact=True)
        assert anchor.get_attribute("rel") == "noopener noreferrer" and anchor.get_attribute("href") == "https://example.invalid/"
        page.context.close()

    def pictures(self):
        page = self.page()
        folder = pathlib.Path(tempfile.mkdtemp())
        (folder / "moving.gif").write_bytes(b"GIF89a" + bytes(40))
        (folder / "notes.txt").write_text("hello")
        (folder / "huge.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(33_600_000))
        (folder / "broken.png").write_bytes((PICTURES / "wide.png").read_bytes()[:600])
        page.get_by_label("Add pictures").set_input_files([folder / name for name in ("moving.gif", "notes.txt", "huge.jpg", "broken.png")])
        notice = page.get_by_role("alert")
        for wanted in ("moving.gif is a GIF file", "notes.txt is no picture", "huge.jpg has 33.6 MB; 34 MB are allowed", "broken.png is damaged"):
            until(page, wanted, lambda: wanted in notice.inner_text())
        assert page.locator(".tray li").count() == 0
        paste(page, PICTURES / "tall.png")
        page.get_by_text("130 × 700").wait_for()
        # The same picture again is the same picture.
        drop(page, PICTURES / "tall.png")
        page.wait_for_timeout(300)
        assert page.locator(".chips li:not(.of-all)").count() == 1
        page.get_by_role("button", name="Take tall.png away").click()
        # A photo that a phone took upright: as it was meant, and as stored where the server does not turn it.
        for turned, facts in ((True, "2 × 3"), (False, "3 × 2")):
            self.state.orients = turned
            page.get_by_label("Add pictures").set_input_files(PICTURES / "rotated_exif.jpg")
            until(page, "the tray", lambda: page.locator(".tray .facts").count() and facts.split()[0] in page.locator(".tray .facts").first.inner_text())
            page.wait_for_timeout(300)
            shape = page.locator(".tray .over img").evaluate("(image) => [image.clientWidth, image.clientHeight]")
            assert (shape[0] < shape[1]) == turned, f"{shape}, {turned}"
            page.get_by_role("button", name="Take rotated_exif.jpg away").click()
        self.state.orients = True
        page.context.close()

    def cluster(self):
        page = self.page()
        page.wait_for_timeout(1200)
        assert self.state.stats_asked == 0, "nobody has looked yet"
        page.get_by_role("button", name="Cluster").click()
        region = page.get_by_role("region", name="Cluster")
        region.wait_for()
        until(page, "rates", lambda: "steps/s" in region.inner_text())
        text = region.inner_text().replace("\u202f", " ")
        for wanted in ("node1", "node5", "vision", "computes", "8 heads · 3 072 rows", "reads memory", "5.3 GB resident", "KV cache in use", "Ranks"): assert wanted in text, wanted
        assert region.locator("path.line-0").first.get_attribute("d").startswith("M")
        before, began = self.state.stats_asked, time.monotonic()
        page.wait_for_timeout(3000)
        rate = (self.state.stats_asked - before) / (time.monotonic() - began)
        assert rate <= 1.4, f"asked {rate} times a second"
        page.get_by_role("button", name="Cluster", exact=True).click()
        page.wait_for_timeout(300)
        before = self.state.stats_asked
        page.wait_for_timeout(1500)
        assert self.state.stats_asked == before, "nobody looks, and it was asked"
        page.context.close()

    def settings(self):
        page = self.page()
        page.get_by_role("button", name="Settings").click()
        dialog = page.get_by_role("dialog", name="Settings")
        dialog.get_by_label("Temperature").fill("0.7")
        dialog.get_by_label("Seed").fill("12")
        dialog.get_by_label("System text").fill("Be brief")
        dialog.get_by_label("Think", exact=True).select_option("on")
        dialog.get_by_label("Thinking tokens at most").fill("64")
        assert '"temperature": 0.7' in dialog.inner_text() and 'extra_body={"think_budget": 64, "think": "on", "orient": True}' in dialog.inner_text()
        page.keyboard.press("Escape")
        assert page.get_by_label("Reasoning").input_value() == "on"
        ask(page, "anything")
        ended(page)
        body = self.state.bodies[-1]
        assert [body[name] for name in ("temperature", "seed", "think", "think_budget")] == [0.7, 12, "on", 64]
        assert body["messages"][0] == {"role": "system", "content": "Be brief"}
        assert "the budget was used up" in answers(page).inner_text()
        page.reload()
        assert page.get_by_label("Reasoning").input_value() == "on"
        page.context.close()

    def server_away(self):
        state = mock.State()
        address, end = mock.start(state)
        page = self.page()
        ask(page, "about boats")
        ended(page)
        self.watch.expected = ["away"]
        page.route("**/v1/**", lambda route: route.abort("connectionrefused"))
        page.route("**/flotilla/**", lambda route: route.abort("connectionrefused"))
        page.reload()
        page.get_by_text("server away").wait_for()
        assert "three boats" in answers(page).inner_text()
        ask(page, "anybody there?")
        ended(page)
        assert "The server cannot be reached." in answers(page).last.inner_text()
        end()
        self.watch.expected = []
        page.context.close()

    def keyboard(self):
        page = self.page()
        page.keyboard.press("Shift+Enter")
        message(page).press_sequentially("two")
        message(page).press("Shift+Enter")
        message(page).press_sequentially("lines")
        assert message(page).input_value().endswith("two\nlines")
        seen = set()
        for _ in range(40):
            page.keyboard.press("Tab")
            seen.add(page.evaluate("""(() => { const e = document.activeElement;
                const box = (e.closest("label") ?? e).getBoundingClientRect(), style = getComputedStyle(e.closest("label") ?? e);
                return (e.getAttribute("aria-label") ?? e.textContent) + "|" + (box.width > 8 && style.outlineStyle !== "none" || e.id === "message") })()"""))
        names = {entry.split("|")[0] for entry in seen}
        for wanted in ("Skip to the message", "Conversations", "New conversation", "Cluster", "Settings", "Message", "Add pictures", "Reasoning", "Send"):
            assert wanted in names, f"{wanted} is not reached by Tab: {sorted(names)}"
        unseen = [entry for entry in seen if entry.endswith("|false") and not entry.startswith("|") and "Describe" not in entry]
        assert not unseen, f"no focus is seen on {unseen}"
        page.context.close()

    def accessibility(self):
        found = []
        # Colours do not depend on the width, nor places on the colours; and the live test looks at dark and wide.
        for scheme, width in (("light", 1280), ("dark", 360)):
            page = self.page(color_scheme=scheme, viewport={"width": width, "height": 800})
            about = f"{scheme}, {width} px"
            checks = [axe_finds(page, f"{about}, empty")]
            if checks[0] is None: return "axe is not installed: skipped"
            drop(page, PICTURES / "wide.png")
            page.locator(".tray li").first.wait_for()
            message(page).fill("compute the area")
            checks.append(axe_finds(page, f"{about}, a question"))
            message(page).press("Enter")
            page.get_by_role("button", name="Stop").wait_for()
            checks.append(axe_finds(page, f"{about}, running"))
            ended(page)
            answers(page).get_by_role("group", name="Thinking").locator("summary").click()
            checks.append(axe_finds(page, f"{about}, an answer"))
            wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth, document.querySelector('.scroller').scrollWidth - document.querySelector('.scroller').clientWidth]")
            assert wide[0] <= wide[1] and wide[2] <= 0, f"{about}: wider than the window: {wide}"
            page.get_by_role("button", name="Edit and ask as a branch").click()
            checks.append(axe_finds(page, f"{about}, editing"))
            page.get_by_role("button", name="Settings").click()
            checks.append(axe_finds(page, f"{about}, settings"))
            page.keyboard.press("Escape")
            page.get_by_role("button", name="Cluster").click()
            page.wait_for_timeout(2500)
            checks.append(axe_finds(page, f"{about}, the cluster"))
            page.get_by_role("button", name="Close this view").click()
            if width == 360: page.get_by_role("button", name="Conversations", exact=True).click()
            checks.append(axe_finds(page, f"{about}, the list"))
            page.get_by_role("button", name="Delete compute the area").click()
            checks.append(axe_finds(page, f"{about}, a dialog"))
            found += [line for lines in checks for line in lines]
            page.context.close()
        assert not found, "\n".join(found)
        return None

    ALL = ["pure_parts", "question_and_answer", "stopping", "reloading", "conversations", "two_tabs", "branches", "refusals", "replacement", "token",
           "hostile_answers", "pictures", "cluster", "settings", "server_away", "keyboard", "accessibility"]
