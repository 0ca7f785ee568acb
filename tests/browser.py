"""Chromium, driven over its own DevTools protocol: what tests of the published site see and do with it."""

import base64
import io
import json
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
PATIENCE = (
    120  # seconds until what is waited for is held to have failed; a busy machine may take many
)
KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "0": 48, "+": 187, "-": 189, "/": 191}
KEYS |= {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
OPTIONS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]

# texts that stand out too little from what is behind them, and their contrast
CONTRAST = """(() => {
    const parse = (text) => text.startsWith("rgb") ? text.match(/[\\d.]+/g).map(Number) : null;
    const light = (rgb) => {
        const [r, g, b] = rgb.map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const color = parse(getComputedStyle(at).backgroundColor);
            if (color && (color[3] ?? 1) === 1) return color.slice(0, 3);
        }
        return [255, 255, 255];
    };
    const weak = [];
    for (const element of document.querySelectorAll("body *")) {
        const has = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (!has || !element.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue;
        const style = getComputedStyle(element), color = parse(style.color);
        if (!color || element.getBoundingClientRect().width < 2) continue;
        const [a, b] = [light(color.slice(0, 3)), light(ground(element))].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05), large = parseFloat(style.fontSize) >= 24;
        if (ratio < (large ? 3 : 4.5)) weak.push([element.outerHTML.slice(0, 120), ratio]);
    }
    return weak;
})()"""

# what the Tab key must reach
REACHABLE = """[...document.querySelectorAll("a[href], button, summary, input, select, [tabindex]")]
    .filter((one) => one.tabIndex >= 0 && !one.disabled && !one.closest("[inert]") && one.checkVisibility({visibilityProperty: true}))"""


class Browser:
    """One tab of a headless Chromium, and everything it asked for and complained about.

    Attributes
    ----------
    requests
        The address of every request.
    complaints
        Errors and warnings of the console, exceptions, requests that failed or were refused.
    """

    def __init__(self, folder):
        import websocket

        self.downloads = Path(folder) / "downloads"
        profile = Path(folder) / "profile"
        self._process = subprocess.Popen(
            [CHROMIUM, *OPTIONS, f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            port, path = self.wait_for(lambda: self._port(profile / "DevToolsActivePort"))
            self._socket = websocket.create_connection(
                f"ws://127.0.0.1:{port}{path}", timeout=PATIENCE, suppress_origin=True
            )
        except BaseException:
            self._process.kill()
            raise
        self._number, self._events, self._session = 0, [], None
        self.requests, self.complaints = [], []
        self._new_tab()
        self.command(
            "Browser.setDownloadBehavior",
            behavior="allow",
            downloadPath=str(self.downloads),
            eventsEnabled=True,
        )

    def _new_tab(self):
        """Open a tab, which everything goes to from now on; its name."""
        target = self.command("Target.createTarget", url="about:blank")["targetId"]
        attached = self.command("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.command(f"{domain}.enable")
        alarm = "alert = (...words) => console.error('alert', ...words)"  # a dialogue would wait
        self.command("Page.addScriptToEvaluateOnNewDocument", source=alarm)
        return target

    @contextmanager
    def aside(self):
        """Look at something in a tab of its own, while what is open stays open."""
        before = self._session
        target = self._new_tab()
        try:
            self.show()
            yield self
        finally:
            self.command("Target.closeTarget", targetId=target)
            self._session = before

    @staticmethod
    def _port(path):
        """Where the browser listens, once it has written it down."""
        lines = path.read_text().split() if path.is_file() else []
        return lines if len(lines) == 2 else None

    @staticmethod
    def wait_for(get):
        """What `get` gives, as soon as it gives something."""
        end = time.monotonic() + PATIENCE
        while not (found := get()):
            assert time.monotonic() < end, "the browser did not do in time what was waited for"
            time.sleep(0.02)
        return found

    def forget(self):
        """Begin to listen anew."""
        self.evaluate("0")
        self.requests.clear()
        self.complaints.clear()

    def close(self):
        """End the browser."""
        self._socket.close()
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()

    # The protocol

    def command(self, method, **parameters):
        """Send a command and return its result; what happens meanwhile is noted."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        # commands to the browser as a whole go without a session
        if self._session and not method.startswith(("Target.", "Browser.")):
            message["sessionId"] = self._session
        self._socket.send(json.dumps(message))
        while (answer := json.loads(self._socket.recv())).get("id") != self._number:
            self._note(answer)
        assert "error" not in answer, (method, answer.get("error"))
        return answer["result"]

    def _note(self, event):
        """Remember an event."""
        name, facts = event.get("method"), event.get("params", {})
        self._events.append((name, facts))
        if name == "Network.requestWillBeSent":
            self.requests.append(facts["request"]["url"])
        elif name == "Network.responseReceived" and facts["response"]["status"] >= 400:
            self.complaints.append(f"{facts['response']['status']} {facts['response']['url']}")
        elif name == "Network.loadingFailed" and not facts.get("canceled"):
            self.complaints.append(f"{facts['errorText']} {facts.get('blockedReason', '')}")
        elif name == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(facts["exceptionDetails"]))
        elif name == "Runtime.consoleAPICalled" and facts["type"] in ("error", "warning", "assert"):
            self.complaints.append(json.dumps(facts["args"]))
        elif name == "Log.entryAdded" and facts["entry"]["level"] in ("error", "warning"):
            self.complaints.append(facts["entry"]["text"])

    def _happened(self, name, **facts):
        """Whether an event with these facts has come since it was last looked for."""
        self.command("Browser.getVersion")  # events come with answers, and this has one at any time
        for place, (other, all_facts) in enumerate(self._events):
            if other == name and facts.items() <= all_facts.items():
                del self._events[: place + 1]
                return True
        return False

    # What a reader does

    def open(self, address):
        """Go to an address and wait until the page stands."""
        if self.evaluate("location.href").split("#")[0] == address.split("#")[0]:
            self.open("about:blank")  # or another place of the same page would load nothing
        self._events.clear()
        failed = self.command("Page.navigate", url=address).get("errorText")
        assert not failed, f"{address}: {failed}"
        self.wait_for_page()

    def wait_for_page(self):
        """Wait until a page has loaded."""
        self.wait_for(lambda: self._happened("Page.loadEventFired"))

    def wait(self, expression):
        """Wait until an expression is true on the page."""
        self.wait_for(lambda: self.evaluate(f"Boolean({expression})"))

    def show(
        self,
        *,
        width=1280,
        height=900,
        scheme="light",
        touch=False,
        sharpness=1,
        media="",
        forced=False,
    ):
        """Take a size of window, a colour scheme or the reader's own colours, fingers or a mouse, a screen or paper."""
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=sharpness,
            mobile=width < 600,
        )
        features = {"prefers-color-scheme": scheme, "forced-colors": "active" if forced else "none"}
        features = [{"name": name, "value": value} for name, value in features.items()]
        self.command("Emulation.setEmulatedMedia", media=media, features=features)
        self.command("Emulation.setTouchEmulationEnabled", enabled=touch, maxTouchPoints=2)

    def evaluate(self, expression):
        """The value of an expression of JavaScript on the page."""
        answer = self.command(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def click(self, selector, *, loads=False):
        """Click with the mouse where an element is, which must be what lies there."""
        place = self.evaluate(
            f"""(() => {{
                const element = document.querySelector({json.dumps(selector)});
                if (!element) return null;
                element.scrollIntoView({{block: "center", behavior: "instant"}});
                const box = element.getBoundingClientRect();
                const [x, y] = [box.x + Math.min(box.width / 2, 100), box.y + box.height / 2];
                const hit = document.elementFromPoint(x, y);
                return [x, y, element.contains(hit) || Boolean(hit?.contains(element))];
            }})()"""
        )
        assert place and place[2], f"nothing to click at {selector}: {place}"
        self._events.clear()
        self.drag(place[:2])
        if loads:
            self.wait_for_page()

    def point(self, x, y, *, kind="mouseMoved", **facts):
        """Move the mouse to a place, or do something else with it there."""
        self.command("Input.dispatchMouseEvent", type=kind, x=x, y=y, **facts)

    def drag(self, *places, shift=False):
        """Press the mouse at the first place, and let it go at the last; a click, if there is one."""
        facts = {"button": "left", "clickCount": 1, "modifiers": 8 if shift else 0}
        self.point(*places[0], kind="mousePressed", **facts)
        for place in places[1:]:
            self.point(*place, buttons=1, **facts)
        self.point(*places[-1], kind="mouseReleased", **facts)

    def wheel(self, x, y, turn):
        """Turn the wheel of the mouse at a place."""
        self.point(x, y, kind="mouseWheel", deltaX=0, deltaY=turn)

    def touch(self, *steps):
        """Put fingers down at the places of the first step, move them to those of the others, lift them."""
        for kind, places in zip(["touchStart", *["touchMove"] * len(steps)], steps, strict=False):
            points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
            self.command("Input.dispatchTouchEvent", type=kind, touchPoints=points)
        self.command("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def press(self, key, *, shift=False, loads=False):
        """Press a key."""
        self._events.clear()
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else None)
        facts = {"key": key, "code": "Space" if key == " " else key}
        facts |= {"windowsVirtualKeyCode": KEYS[key], "modifiers": 8 if shift else 0}
        down = {"type": "keyDown", "text": text} if text else {"type": "rawKeyDown"}
        self.command("Input.dispatchKeyEvent", **down, **facts)
        self.command("Input.dispatchKeyEvent", type="keyUp", **facts)
        if loads:
            self.wait_for_page()

    def walk(self):
        """Walk through the page with Tab.

        Returns the number of what is to be reached, the places among it of what was, and the beginning of that
        which did not show that it had the focus.
        """
        self.evaluate(f"{REACHABLE}.forEach((one, place) => one.dataset.place = place)")
        places, hidden = [], []
        n = self.evaluate(f"{REACHABLE}.length")
        for _ in range(n + 5):
            self.press("Tab")
            place, outlined, text = self.evaluate("""(() => {
                const one = document.activeElement, style = getComputedStyle(one);
                const lined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
                return [one.dataset.place, lined || style.boxShadow !== "none", one.outerHTML.slice(0, 150)];
            })()""")
            if place is None or int(place) in places:
                break
            places.append(int(place))
            if not outlined:
                hidden.append(text)
        return n, places, hidden

    def type(self, text):
        """Write into what has the focus."""
        self.command("Input.insertText", text=text)

    def download(self, selector):
        """Click on something that downloads a file; return the file."""
        self.click(selector)
        self.wait_for(lambda: self._happened("Browser.downloadProgress", state="completed"))
        return max(self.downloads.iterdir(), key=lambda path: path.stat().st_mtime_ns)

    def look(self, left, top, width, height):
        """The pixels of a part of the window: rows, columns, red, green and blue."""
        clip = {"x": left, "y": top, "width": width, "height": height, "scale": 1}
        picture = self.command("Page.captureScreenshot", clip=clip)["data"]
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB"))

    def screenshot(self, path, *, whole=False):
        """Save a picture of the page, or of what stands in the window."""
        picture = self.command("Page.captureScreenshot", captureBeyondViewport=whole)
        Path(path).write_bytes(base64.b64decode(picture["data"]))
