"""The page against a real `flotilla serve --http` with the demo model."""
import json, re
from browser import SAMPLES, answers, ask, axe_finds, drop, ended, message
from mocked import until

# What the little model must not say where an answer has to go on: its end, and whatever else is no text.
SPECIAL = json.loads((SAMPLES.parent / "demo/added_tokens.json").read_text()).values()

class Live:
    def __init__(self, browser, address, watch):
        self.browser, self.address, self.watch = browser, address, watch

    def page(self, **options):
        context = self.browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **options})
        page = context.new_page()
        self.watch.follow(page)
        response = page.goto(self.address)
        assert "require-trusted-types-for 'script'; trusted-types 'none'" in response.headers["content-security-policy"]
        message(page).wait_for()
        page.locator(".model", has_text=re.compile(".")).wait_for()
        return page

    def lengthen(self, page):
        """What is asked is answered at random and without an end, which a page has no setting for: it is put into what it sends."""
        def endless(route):
            body = {**route.request.post_data_json, "temperature": 4, "seed": 7}
            body["logit_bias"] = {str(token): -100 for token in SPECIAL}
            route.continue_(post_data=json.dumps(body))
        page.route("**/v1/chat/completions", endless)

    def narrow(self, page, bytes_per_second):
        """What the server answers in a moment comes slowly, so that there is time to do something meanwhile; -1: as it was."""
        # The narrowest of all sessions counts, so it is one.
        if not hasattr(self, "network") or self.network[0] != page:
            self.network = page, page.context.new_cdp_session(page)
            self.network[1].send("Network.enable")
        self.network[1].send("Network.emulateNetworkConditions",
                             {"offline": False, "latency": 0, "downloadThroughput": bytes_per_second, "uploadThroughput": -1})

    def question_and_answer(self):
        page = self.page()
        drop(page, SAMPLES / "sum.png")
        page.get_by_label("Reasoning").select_option("on")
        message(page).fill("compute the expression")
        until(page, "the server's tokens", lambda: re.search(r"\d tokens", page.locator(".estimate").inner_text() or "") or re.search(r"\d+ of", page.locator(".estimate").inner_text()))
        message(page).press("Enter")
        answers(page).wait_for(state="attached")
        ended(page)
        answer = answers(page)
        assert answer.locator(".boxed").inner_text().replace("\n", "").startswith("Result12"), answer.inner_text()
        thinking = answer.get_by_role("group", name="Thinking")
        assert not thinking.evaluate("(fold) => fold.open")
        thinking.locator("summary").click()
        thinking.get_by_text("7 + 5").first.wait_for()
        facts = answer.locator(".foot .facts").inner_text()
        assert "seed" in facts and "tokens/s" in facts and "first after" in facts, facts
        # The same seed gives the same answer; and a second question sees the first.
        before = answer.locator(".prose").last.inner_text()
        answer.get_by_role("button", name="Ask again with the same seed").click()
        ended(page)
        assert answers(page).locator(".prose").last.inner_text() == before and page.get_by_text("2 / 2").is_visible()
        page.get_by_label("Reasoning").select_option("off")
        ask(page, "what is 3 plus 4?")
        ended(page)
        assert "7" in answers(page).last.inner_text()
        page.context.close()

    def tiles(self):
        """What the page draws is what the server cuts."""
        page = self.page()
        sizes = {}
        def counted(response):
            if response.url.endswith("/input_tokens"): sizes.update(response.json())
        page.on("response", counted)
        page.get_by_role("switch", name="Show tiles").count()
        for name in ("long-number.png", "row.png", "where.jpg"):
            sizes.clear()
            page.get_by_label("Add pictures").set_input_files(SAMPLES / name)
            until(page, f"a count of {name}", lambda: sizes)
            page.wait_for_timeout(200)
            d = page.locator(".tray svg.tiles path").last.get_attribute("d")
            columns, rows = map(int, re.match(r"M0 0H(\d+)V(\d+)H0Z", d).groups())
            assert columns * rows + (columns * rows > 1) == sizes["tiles"][-1], (name, d, sizes)
            if "grid" in sizes: assert [columns, rows] == list(sizes["grid"][-1]), (name, d, sizes)
            page.get_by_role("button", name=f"Take {name} away").click()
        page.context.close()

    def stopping_and_reloading(self):
        page = self.page()
        self.lengthen(page)
        self.narrow(page, 20_000)
        ask(page, "say something")
        until(page, "some text", lambda: len(answers(page).locator(".prose").last.inner_text()) > 20)
        page.get_by_role("button", name="Stop").click()
        ended(page)
        assert "Stopped." in answers(page).inner_text()
        ask(page, "say something else")
        until(page, "some text", lambda: len(answers(page).last.locator(".prose").last.inner_text()) > 20)
        before = answers(page).last.locator(".prose").last.inner_text()
        self.narrow(page, -1)
        page.reload()
        answers(page).last.wait_for()
        after = answers(page).last.locator(".prose").last.inner_text()
        assert after.startswith(before[:20]) and len(after) >= len(before) - 8, (len(before), len(after))
        page.unroute_all()
        page.get_by_role("button", name="New conversation").click()
        ask(page, "what is 3 plus 4?")
        ended(page)
        assert page.locator(".entry").count() == 2
        page.context.close()

    def cluster(self):
        page = self.page()
        page.get_by_role("button", name="Cluster").click()
        region = page.get_by_role("region", name="Cluster")
        until(page, "ranks", lambda: region.locator(".rank").count() == 3)
        until(page, "paces", lambda: "steps/s" in region.inner_text() and "ready" in region.inner_text())
        page.context.close()

    def accessibility(self):
        found = []
        for scheme in ("light", "dark"):
            page = self.page(color_scheme=scheme)
            drop(page, SAMPLES / "sum.png")
            page.locator(".tray li").first.wait_for()
            ask(page, "compute the expression")
            ended(page)
            page.get_by_role("button", name="Cluster").click()
            page.locator(".rank").first.wait_for()
            lines = axe_finds(page, scheme)
            if lines is None: return "axe is not installed"
            found += lines
            page.context.close()
        assert not found, "\n".join(found)
        return None

    def take_pictures(self, folder):
        """The README's pictures: an answer about a picture of several tiles, in light; the cluster at work, in dark."""
        for scheme in ("light", "dark"):
            page = self.page(color_scheme=scheme, viewport={"width": 1320, "height": 780})
            for name, text in (("three-shapes.png", "describe the image"), ("count.png", "how many shapes are there?")):
                page.get_by_label("Add pictures").set_input_files(SAMPLES / name)
                page.locator(".tray li").first.wait_for()
                ask(page, text)
                ended(page)
                page.get_by_role("button", name="New conversation").click()
            page.get_by_label("Reasoning").select_option("on")
            page.get_by_label("Add pictures").set_input_files(SAMPLES / "sum.png")
            page.get_by_role("switch", name="Show tiles").check()
            ask(page, "compute the expression")
            ended(page)
            answers(page).get_by_role("group", name="Thinking").locator("summary").click()
            if scheme == "dark":
                page.get_by_role("button", name="Cluster").click()
                for _ in range(20):
                    answers(page).last.get_by_role("button", name="Ask again with a new seed").click()
                    ended(page)
                    page.wait_for_timeout(700)
            page.mouse.move(600, 5)
            page.evaluate("document.activeElement.blur()")
            page.wait_for_timeout(400)
            page.screenshot(path=f"{folder}/page-{scheme}.png")
            page.context.close()

    ALL = ["question_and_answer", "tiles", "stopping_and_reloading", "cluster", "accessibility"]
